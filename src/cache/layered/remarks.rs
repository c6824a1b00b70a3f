//! What there is to say of the remote at the end: each reason once, however often it was met.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::key::Key;

/// More reasons than these are not told one by one.
const MOST: usize = 4;

/// Reasons, with how often each was met and an example.
#[derive(Debug, Default)]
pub(super) struct Remarks(Mutex<BTreeMap<String, (usize, Key)>>);

impl Remarks {
    /// Counts a reason.
    pub(super) fn add(&self, reason: String, key: &Key) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(reason).or_insert_with(|| (0, key.clone())).0 += 1;
    }

    /// One line for each reason, and none of them again; `fate` is what became of the artifacts.
    pub(super) fn take(&self, fate: &str) -> Vec<String> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let line = |(reason, (count, key)): (&String, &(usize, Key))| {
            if *count == 1 {
                format!("the remote's artifact {key} is {fate}: {reason}")
            } else {
                format!("{count} artifacts of the remote, such as {key}, are {fate}: {reason}")
            }
        };
        let mut lines: Vec<String> = all.iter().take(MOST).map(line).collect();
        let rest: usize = all.values().skip(MOST).map(|(count, _)| count).sum();
        if rest > 0 {
            lines.push(format!("{fate} for other reasons: {rest} more of the remote's artifacts"));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_once_with_its_count() {
        let remarks = Remarks::default();
        let key = |n: u8| Key::parse(&format!("{n:032x}")).unwrap();
        for n in 1..=3 {
            remarks.add("it is not signed".to_owned(), &key(n));
        }
        remarks.add("it is damaged".to_owned(), &key(9));
        let lines = remarks.take("not used");
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains(&key(9).to_string()) && lines[0].ends_with("it is damaged"));
        assert!(lines[1].starts_with("3 artifacts") && lines[1].contains(&key(1).to_string()));
        assert!(remarks.take("not used").is_empty());
    }
    #[test]
    fn reasons_without_end_are_counted() {
        let remarks = Remarks::default();
        for n in 0..20_u8 {
            remarks.add(format!("reason {n:02}"), &Key::parse(&format!("{n:032x}")).unwrap());
        }
        let lines = remarks.take("not used");
        assert_eq!(lines.len(), MOST + 1);
        assert!(lines[MOST].contains("16 more"), "{lines:?}");
    }
}
