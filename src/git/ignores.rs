//! Git's exclude rules as they were when a listing was made, for questions about single directories.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use gix::ThreadSafeRepository;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::entry::Mode;

/// The rules of one repository, and below them those of the repositories nested in it.
pub(super) struct Ignores {
    /// Where the repository lies in the outermost one; empty for that itself.
    prefix: BString,
    repo: ThreadSafeRepository,
    stack: Mutex<gix::worktree::Stack>,
    /// Directories with something ignored in them.
    holding: BTreeSet<BString>,
    nested: Vec<Self>,
}

impl Ignores {
    pub(super) fn new(
        repo: ThreadSafeRepository,
        stack: gix::worktree::Stack,
        holding: BTreeSet<BString>,
    ) -> Self {
        let stack = Mutex::new(stack);
        Self { prefix: BString::default(), repo, stack, holding, nested: Vec::new() }
    }

    /// Adds the rules of a repository that lies at `prefix`.
    pub(super) fn nest(&mut self, prefix: &BStr, mut nested: Self) {
        nested.prefix = prefix.to_owned();
        self.nested.push(nested);
    }

    /// Whether the walk met something ignored at any depth below `dir`.
    pub(super) fn holds_ignored(&self, dir: &BStr) -> bool {
        let (rules, dir) = self.responsible(dir);
        let below: BString = [dir.as_bytes(), b"/"].concat().into();
        let mut next = rules.holding.range(below.clone()..);
        dir.is_empty() && !rules.holding.is_empty()
            || rules.holding.contains(dir)
            || next.next().is_some_and(|first| first.starts_with(&below))
    }

    /// Whether the rules exclude the directory `dir`, itself or through one above it. What cannot be asked counts as
    /// excluded.
    pub(super) fn excludes(&self, dir: &BStr) -> bool {
        let (rules, dir) = self.responsible(dir);
        if dir.is_empty() {
            return false;
        }
        let repo = rules.repo.to_thread_local();
        let mut stack = rules.stack.lock().unwrap_or_else(PoisonError::into_inner);
        !stack.at_entry(dir, Some(Mode::DIR), &repo.objects).is_ok_and(|dir| !dir.is_excluded())
    }

    /// The innermost repository that holds `dir`, and what `dir` is called there.
    fn responsible<'d>(&self, dir: &'d BStr) -> (&Self, &'d BStr) {
        for nested in &self.nested {
            let rest = dir.strip_prefix(nested.prefix.as_bytes());
            let rest =
                rest.and_then(
                    |rest| if rest.is_empty() { Some(rest) } else { rest.strip_prefix(b"/") },
                );
            if let Some(rest) = rest {
                return nested.responsible(rest.as_bstr());
            }
        }
        (self, dir)
    }
}

impl std::fmt::Debug for Ignores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ignores").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
