//! Whether a body still moves: bytes against the time that was spent waiting for them.
//!
//! Time in which nobody waits, because what came is being written to the disk, does not count.

use std::time::Duration;

/// The pace of one body.
#[derive(Debug)]
pub(super) struct Pace {
    slowest: u64,
    over: Duration,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    pub(super) fn new(slowest: u64, over: Duration) -> Self {
        Self { slowest, over, waited: Duration::ZERO, bytes: 0 }
    }

    /// Notes that `bytes` came after waiting for them, and says whether that is still fast enough.
    pub(super) fn moves(&mut self, bytes: u64, waited: Duration) -> bool {
        self.bytes += bytes;
        self.waited += waited;
        if self.waited < self.over {
            return true;
        }
        let least = u128::from(self.slowest) * self.waited.as_millis() / 1000;
        let moves = u128::from(self.bytes) >= least;
        (self.waited, self.bytes) = (Duration::ZERO, 0);
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trickle_ends_after_the_window() {
        let mut pace = Pace::new(16 * 1024, Duration::from_secs(5));
        for _ in 0..4 {
            assert!(pace.moves(1, Duration::from_secs(1)));
        }
        assert!(!pace.moves(1, Duration::from_secs(1)));
    }

    #[test]
    fn a_slow_line_that_is_fast_enough_goes_on() {
        let mut pace = Pace::new(16 * 1024, Duration::from_secs(5));
        assert!((0..100).all(|_| pace.moves(16 * 1024, Duration::from_secs(1))));
    }

    #[test]
    fn what_was_fast_before_does_not_excuse_a_trickle() {
        let mut pace = Pace::new(16 * 1024, Duration::from_secs(5));
        assert!(pace.moves(1 << 30, Duration::from_secs(5)));
        assert!(!pace.moves(1, Duration::from_secs(5)));
    }
}
