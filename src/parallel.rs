//! The same work on many items, side by side where there are enough of them.
//!
//! Handing items to other threads and waking these costs more than a few items take; so few are worked on right here.

use rayon::prelude::*;

/// What `work` makes of each item, in their order. Fewer than `share` items are no work for two threads.
pub fn map<T: Sync, U: Send>(
    items: &[T],
    share: usize,
    work: impl Fn(&T) -> U + Send + Sync,
) -> Vec<U> {
    if items.len() < 2 * share {
        items.iter().map(work).collect()
    } else {
        items.par_iter().with_min_len(share).map(work).collect()
    }
}

/// The same until the first error; which one of several it is, is left open.
///
/// # Errors
/// What `work` says of one of the items.
pub fn try_map<T: Sync, U: Send, E: Send>(
    items: &[T],
    share: usize,
    work: impl Fn(&T) -> Result<U, E> + Send + Sync,
) -> Result<Vec<U>, E> {
    if items.len() < 2 * share {
        items.iter().map(work).collect()
    } else {
        items.par_iter().with_min_len(share).map(work).collect()
    }
}

/// Two pieces of work: side by side if they are `large`, else one after the other.
pub fn join<A: Send, B: Send>(
    large: bool,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    if large { rayon::join(first, second) } else { (first(), second()) }
}

/// Frees a large value beside what goes on; at the end of a process nobody waits for it.
pub fn drop_aside<T: Send + 'static>(value: T) {
    // Without a thread for it, it is freed where the closure goes.
    drop(std::thread::Builder::new().name("vx-drop".to_owned()).spawn(move || drop(value)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_come_out_the_same() {
        for count in [0, 1, 7, 8, 9, 1000] {
            let items: Vec<u32> = (0..count).collect();
            let expected: Vec<u32> = items.iter().map(|item| item + 1).collect();
            assert_eq!(map(&items, 4, |item| item + 1), expected);
            let all: Result<Vec<u32>, ()> = try_map(&items, 4, |item| Ok(item + 1));
            assert_eq!(all, Ok(expected));
            let odd = try_map(&items, 4, |item| if *item == 5 { Err(*item) } else { Ok(*item) });
            assert_eq!(odd.is_err(), count > 5);
        }
    }
}
