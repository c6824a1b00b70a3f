//! A walk that need not be made again: what it met, and all that must be as it was for another one to meet the same.
//!
//! A directory's own times move whenever a name in it comes, goes or is replaced. So the names in the worktree are as
//! they were while every directory that was entered has its stamp, and what git makes of them is the same while the
//! index, the rules of exclusion and the configuration are. Anything that is not understood makes for another walk.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use gix::bstr::{BStr, BString, ByteSlice};

use super::index::Index;
use super::list::Look;
use super::repo::Repo;
use super::scope::Scope;
use super::tracked::on_disk;
use super::untracked::Met;
use crate::key::Framing;
use crate::parallel;
use crate::stamp::{self, Stamp};

/// One walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// A digest of what decides beside the places.
    pub(super) circumstances: u128,
    /// Directories that were entered and files of rules, relative to the worktree; `None`: nothing was there.
    pub(super) places: Vec<(BString, Option<Stamp>)>,
    pub(super) met: Met,
}

/// What a walk goes by, collected while it is on.
#[derive(Debug)]
pub(super) struct Recording {
    began: SystemTime,
    places: Vec<(BString, Option<Stamp>)>,
    is_sound: bool,
}

impl Recording {
    pub(super) fn begin() -> Self {
        Self { began: SystemTime::now(), places: Vec::new(), is_sound: true }
    }

    /// A directory that is about to be entered, or a file of rules.
    pub(super) fn goes_by(&mut self, worktree: &Path, path: &BStr) {
        match look(worktree, path) {
            // What a link leads to may move without it.
            Ok(stamp) if !stamp.is_some_and(|stamp| stamp.is_symlink()) => {
                self.places.push((path.to_owned(), stamp));
            }
            _ => self.is_sound = false,
        }
    }

    /// The record of a walk that is over; `None` when it says nothing of the next one.
    pub(super) fn end(
        mut self,
        repo: &Repo,
        index: &Index,
        scope: &Scope,
        asked: &Look<'_>,
        met: &Met,
    ) -> Option<Walked> {
        for rules in index.ignores() {
            self.goes_by(repo.worktree(), rules);
        }
        for dir in scope.on_the_way() {
            // What would be rules there, and what would make it another repository.
            for name in [&b".gitignore"[..], b".git"] {
                self.goes_by(repo.worktree(), [dir, b"/", name].concat().as_bstr());
            }
        }
        self.goes_by(repo.worktree(), b".gitignore".as_bstr());
        let settled_before = self.began.checked_sub(asked.settled)?;
        let has_settled = |(_, stamp): &(BString, Option<Stamp>)| {
            stamp.is_none_or(|stamp| stamp.is_proof(settled_before))
        };
        if !self.is_sound || met.incomplete || !self.places.iter().all(has_settled) {
            return None;
        }
        let circumstances = circumstances(repo, index, scope, asked.never, Some(settled_before))?;
        Some(Walked { circumstances, places: self.places, met: met.clone() })
    }
}

impl Walked {
    /// Whether another walk would meet the same now.
    pub(super) fn holds(&self, repo: &Repo, index: &Index, scope: &Scope, never: &[&str]) -> bool {
        let stands = |(path, then): &(BString, Option<Stamp>)| {
            look(repo.worktree(), path.as_ref()).is_ok_and(|now| now == *then)
        };
        circumstances(repo, index, scope, never, None) == Some(self.circumstances)
            && parallel::map(&self.places, 256, stands).into_iter().all(|stands| stands)
    }
}

/// A digest of everything outside of the worktree that a walk goes by, and of what it was asked for. `None`: it cannot
/// be told, or some of it moved after `settled_before`.
fn circumstances(
    repo: &Repo,
    index: &Index,
    scope: &Scope,
    never: &[&str],
    settled_before: Option<SystemTime>,
) -> Option<u128> {
    let local = repo.inner.to_thread_local();
    let mut digest = Framing::hashing();
    digest.text(env!("CARGO_PKG_VERSION")).count(scope.roots().len());
    for root in scope.roots() {
        digest.bytes(root);
    }
    digest.count(never.len());
    for name in never {
        digest.text(name);
    }
    digest.bytes(&local.config_snapshot().plumbing().to_bstring());
    let mut add = |stamp: Option<Stamp>| {
        let Stamp { size, mtime_ns, ctime_ns, inode, mode } = stamp.unwrap_or_default();
        let numbers =
            [size, mtime_ns.cast_unsigned(), ctime_ns.cast_unsigned(), inode, mode.into()];
        for number in numbers {
            digest.bytes(&number.to_le_bytes());
        }
    };
    add(Some(index.stamp?));
    for path in rules_elsewhere(repo, &local) {
        let found = stamp::stat(&path).ok()?;
        if let (Some(found), Some(settled_before)) = (found, settled_before)
            && !found.is_proof(settled_before)
        {
            return None;
        }
        add(found);
    }
    Some(digest.digest())
}

/// Files of exclusion rules that are not part of the worktree.
fn rules_elsewhere(repo: &Repo, local: &gix::Repository) -> Vec<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let configured = local.config_snapshot().trusted_path("core.excludesFile").ok().flatten();
    let user = variable("XDG_CONFIG_HOME").map(|home| home.join("git/ignore"));
    let home = variable("HOME").map(|home| home.join(".config/git/ignore"));
    let own = [repo.inner.git_dir().to_owned(), local.common_dir().to_owned()];
    let own = own.map(|dir| Some(dir.join("info/exclude")));
    [configured, user, home].into_iter().chain(own).flatten().collect()
}

/// `None`: there is nothing.
fn look(worktree: &Path, path: &BStr) -> io::Result<Option<Stamp>> {
    let path = on_disk(worktree, path).ok_or(io::ErrorKind::InvalidFilename)?;
    stamp::lstat(&path)
}
