//! How long and how much the cache keeps.

use std::time::Duration;

use super::reader::Place;
use super::units::{parse_duration, parse_size};

/// What automatic pruning at the end of a run leaves alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Entries that nobody used for longer go.
    pub older_than: Duration,
    /// In bytes: beyond it the least recently used entries go.
    pub max_size: u64,
}

impl Default for Retention {
    /// 30 days and 20 GiB.
    fn default() -> Self {
        Self { older_than: Duration::from_hours(30 * 24), max_size: 20 << 30 }
    }
}

impl Retention {
    /// `{ olderThan, maxSize }`, each with its default, or `false`.
    pub(super) fn read(place: &Place<'_>) -> Option<Self> {
        if place.is_false() {
            return None;
        }
        let mut retention = Self::default();
        let example = "{ olderThan: \"30d\", maxSize: \"20GiB\" }, or false to remove nothing";
        let given = place.object(&["olderThan", "maxSize"], example)?;
        if let Some(older_than) = given.get("olderThan") {
            retention.older_than =
                older_than.parsed("30d", parse_duration).unwrap_or(retention.older_than);
        }
        if let Some(max_size) = given.get("maxSize") {
            retention.max_size = max_size.parsed("20GiB", parse_size).unwrap_or(retention.max_size);
        }
        Some(retention)
    }
}
