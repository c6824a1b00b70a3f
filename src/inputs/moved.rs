//! Whether anything that a task reads changed between two looks.

use std::cmp::Ordering;
use std::fmt;

use super::harvest::Harvest;
use crate::path::RelPath;

/// The first input that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// There is another content, or the file was written, replaced or chmod'ed.
    Changed(RelPath),
    /// It was no input before.
    Appeared(RelPath),
    /// It is no input any more.
    Vanished(RelPath),
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(path) => write!(f, "{path} changed"),
            Self::Appeared(path) => write!(f, "{path} appeared"),
            Self::Vanished(path) => write!(f, "{path} vanished"),
        }
    }
}

impl Harvest {
    /// The first input, by path, that was added, removed or touched between this look and a later one. A file that
    /// was written again with the same bytes counts: what the task read of it meanwhile is not known.
    #[must_use]
    pub fn moved(&self, later: &Self) -> Option<Moved> {
        let (mut before, mut after) = (self.files.iter().peekable(), later.files.iter().peekable());
        loop {
            let order = match (before.peek(), after.peek()) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(before), Some(after)) => before.path.cmp(&after.path),
            };
            match order {
                Ordering::Less => return before.next().map(|f| Moved::Vanished(f.path.clone())),
                Ordering::Greater => return after.next().map(|f| Moved::Appeared(f.path.clone())),
                Ordering::Equal if before.peek() != after.peek() => {
                    return before.next().map(|f| Moved::Changed(f.path.clone()));
                }
                Ordering::Equal => {
                    before.next();
                    after.next();
                }
            }
        }
    }
}
