//! The last lines of a run, for people.

use std::time::Duration;

use crate::run::console::{Colour, Style, count, duration};
use crate::run::outcome::{Outcome, Status};

/// The counts that people look for at the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Tasks that ran or were found.
    pub good: usize,
    /// Tasks that failed.
    pub failed: usize,
    /// Tasks that were never started.
    pub skipped: usize,
    /// Found in the cache.
    pub hits: usize,
    /// Of those, how many had files put into place.
    pub restored: usize,
    /// Ran although they can be cached.
    pub misses: usize,
    /// What the hits would have taken.
    pub saved: Duration,
}

impl Counts {
    /// Counts the outcomes of tasks that have a command, each with whether it can be cached.
    pub(super) fn of<'a>(outcomes: impl IntoIterator<Item = (&'a Outcome, bool)>) -> Self {
        let mut counts = Self::default();
        for (outcome, cacheable) in outcomes {
            match outcome.status {
                Status::Success => counts.good += 1,
                Status::CacheHit | Status::CacheHitRemote => {
                    counts.good += 1;
                    counts.hits += 1;
                    counts.restored += usize::from(outcome.restored);
                    counts.saved += outcome.saved;
                }
                Status::Failed => counts.failed += 1,
                Status::Skipped => counts.skipped += 1,
            }
            let ran = matches!(outcome.status, Status::Success | Status::Failed);
            counts.misses += usize::from(ran && cacheable);
        }
        counts
    }

    /// The summary, a line each.
    #[must_use]
    pub(super) fn lines(&self, took: Duration, style: Style) -> Vec<String> {
        let total = self.good + self.failed + self.skipped;
        let mut tasks = vec![style.paint(Colour::Green, &format!("{} succeeded", self.good))];
        if self.failed > 0 {
            tasks.push(style.paint(Colour::Red, &format!("{} failed", self.failed)));
        }
        if self.skipped > 0 {
            tasks.push(style.paint(Colour::Yellow, &format!("{} skipped", self.skipped)));
        }
        let restored = if self.restored > 0 {
            format!(" ({} restored)", self.restored)
        } else {
            String::new()
        };
        let saved = if self.saved.is_zero() {
            String::new()
        } else {
            format!(", saved {}", duration(self.saved))
        };
        vec![
            format!("Tasks: {}, {total} total", tasks.join(", ")),
            format!(
                "Cache: {}{restored}, {}",
                count(self.hits, "hit", "hits"),
                count(self.misses, "miss", "misses")
            ),
            format!("Time:  {}{saved}", duration(took)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        let hit = Outcome {
            status: Status::CacheHit,
            restored: true,
            saved: Duration::from_secs(3),
            ..Outcome::skipped(Duration::ZERO, "")
        };
        let ran = Outcome { status: Status::Success, ..hit.clone() };
        let skipped = Outcome::skipped(Duration::ZERO, "x");
        let counts = Counts::of([(&hit, true), (&ran, true), (&ran, false), (&skipped, true)]);
        assert_eq!(
            counts.lines(Duration::from_millis(40), Style::default()),
            [
                "Tasks: 3 succeeded, 1 skipped, 4 total",
                "Cache: 1 hit (1 restored), 1 miss",
                "Time:  40ms, saved 3.0s"
            ]
        );
    }
}
