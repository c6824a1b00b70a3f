//! What lies in the worktree beside what the index names: a walk under git's own exclude rules.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use gix::bstr::{BStr, BString, ByteSlice};
use gix::dir::EntryRef;
use gix::dir::entry::{Kind, Property, Status};
use gix::dir::walk::{Action, Delegate, EmissionMode, ForDeletionMode};
use gix::discover::DOT_GIT_DIR as DOT_GIT;
use gix::worktree::stack::state::ignore::Source;

use super::attributes::{is_attributes, is_named};
use super::error::GitError;
use super::index::Index;
use super::repo::Repo;
use super::scope::Scope;
use super::tracked::on_disk;
use super::walked::Recording;
use crate::stamp::is_absence;

/// How often a walk is begun again when something goes away under it.
const ATTEMPTS: usize = 3;

/// What a walk met, in paths relative to the worktree. What the index names is left out, except where noted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Met {
    /// Files and links that are neither tracked nor ignored.
    pub(super) files: Vec<BString>,
    /// Links that are not tracked, ignored or not: git sees nothing below them.
    pub(super) links: Vec<BString>,
    /// Repositories that are neither tracked nor ignored.
    pub(super) repositories: Vec<BString>,
    /// `.gitattributes` files, ignored or not.
    pub(super) attributes: Vec<BString>,
    /// Directories that were read and have something ignored in them.
    pub(super) holding_ignored: BTreeSet<BString>,
    /// Some directory could not be read.
    pub(super) incomplete: bool,
}

/// A walk that was made.
pub(super) struct Made {
    pub(super) met: Met,
    /// The exclude rules, for later questions.
    pub(super) rules: gix::worktree::Stack,
    /// What it went by, if that was asked for.
    pub(super) recording: Option<Recording>,
}

/// Walks what `scope` asks for, without what lies in directories called like one of `never`.
pub(super) fn walk(
    repo: &Repo,
    index: &Index,
    scope: &Scope,
    never: &[&str],
    records: bool,
) -> Result<Made, GitError> {
    let mut careful = false;
    let mut attempt = 1;
    loop {
        let recording = (records && !careful).then(Recording::begin);
        match walk_once(repo, index, scope, never, careful, recording) {
            Ok(done) => return Ok(done),
            Err(_) if attempt < ATTEMPTS => {
                // A directory that cannot be read, or went away: look before every descent.
                careful = true;
                attempt += 1;
            }
            Err(error) => return Err(GitError::walk(repo.worktree(), &error)),
        }
    }
}

fn walk_once(
    repo: &Repo,
    index: &Index,
    scope: &Scope,
    never: &[&str],
    careful: bool,
    recording: Option<Recording>,
) -> Result<Made, gix::Error> {
    let local = repo.inner.to_thread_local();
    let worktree = repo.worktree();
    let mut collect = Collect { met: Met::default(), scope, never, worktree, careful, recording };
    let starts = starts(repo.worktree(), scope);
    let part = (!starts.contains(&None) && !index.is_sparse()).then(|| index.part(scope));
    let index = part.as_ref().unwrap_or(index);
    let mut rules = None;
    for start in starts {
        let options = local
            .dirwalk_options()?
            .emit_untracked(EmissionMode::Matching)
            .emit_ignored(Some(EmissionMode::Matching))
            .emit_tracked(false)
            .emit_pruned(false)
            .emit_empty_directories(false)
            // Else gix begins at the top whatever the pathspec says. Without one it would begin where the process is.
            .empty_patterns_match_prefix(start.is_some());
        let never = AtomicBool::new(false);
        let outcome = local.dirwalk(index, start, &never, options, &mut collect)?;
        rules = Some(outcome.excludes.detach());
    }
    let rules = match rules {
        Some(rules) => rules,
        None => local.excludes(index, None, EXCLUDES)?.detach(),
    };
    Ok(Made { met: collect.met, rules, recording: collect.recording })
}

/// The exclude rules alone, without a walk.
pub(super) fn rules(repo: &Repo, index: &Index) -> Result<gix::worktree::Stack, GitError> {
    let local = repo.inner.to_thread_local();
    let rules = local.excludes(index, None, EXCLUDES);
    Ok(rules.map_err(|error| GitError::walk(repo.worktree(), &error))?.detach())
}

/// Where git takes exclude rules from.
const EXCLUDES: Source = Source::WorktreeThenIdMappingIfNotSkipped;

/// The pathspec to begin each walk with; none: the whole worktree.
type Start = Option<BString>;

/// Where walks begin: at each path asked for, where nothing but plain directories of this repository lead there; else
/// one at the top, which meets what stands in the way.
fn starts(worktree: &Path, scope: &Scope) -> Vec<Start> {
    if scope.is_everything() || !scope.on_the_way().all(|dir| is_plain(worktree, dir)) {
        return vec![None];
    }
    let mut starts = Vec::with_capacity(scope.roots().len());
    for root in scope.roots() {
        let Some(on_disk) = on_disk(worktree, root.as_bstr()) else { return vec![None] };
        match on_disk.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {
                if !is_plain(worktree, root) {
                    return vec![None];
                }
                starts.push(Some([LITERAL, root, b"/"].concat().into()));
            }
            Ok(_) => starts.push(Some([LITERAL, root].concat().into())),
            Err(error) if is_absence(&error) => {}
            Err(_) => return vec![None],
        }
    }
    starts
}

/// What makes git take the rest of a pathspec as the name that it is, from the top of the worktree.
const LITERAL: &[u8] = b":(top,literal)";

/// Whether `dir` is, or could be, a directory of this very repository: neither a link nor the root of another one.
fn is_plain(worktree: &Path, dir: &[u8]) -> bool {
    on_disk(worktree, dir.as_bstr()).is_some_and(|dir| {
        let absent = |path: &Path| path.symlink_metadata().is_err_and(|error| is_absence(&error));
        match dir.symlink_metadata() {
            Ok(metadata) => metadata.is_dir() && absent(&dir.join(DOT_GIT)),
            Err(error) => is_absence(&error),
        }
    })
}

struct Collect<'s> {
    met: Met,
    scope: &'s Scope,
    never: &'s [&'s str],
    worktree: &'s Path,
    /// Directories are opened once more before they are entered, because one of them made a walk fail.
    careful: bool,
    recording: Option<Recording>,
}

impl Collect<'_> {
    fn can_be_read(&self, dir: &BStr) -> bool {
        let opens = |dir: &Path| std::fs::read_dir(dir).is_ok();
        !self.careful || on_disk(self.worktree, dir).is_some_and(|dir| opens(&dir))
    }

    fn is_never_entered(&self, dir: &BStr) -> bool {
        let name = &dir[dir.rfind_byte(b'/').map_or(0, |slash| slash + 1)..];
        self.never.iter().any(|never| name == never.as_bytes())
    }
}

impl Delegate for Collect<'_> {
    fn emit(&mut self, entry: EntryRef<'_>, _collapsed: Option<Status>) -> Action {
        let path = entry.rela_path.as_ref();
        let ignored = matches!(entry.status, Status::Ignored(_));
        if ignored {
            let parent = path[..path.rfind_byte(b'/').unwrap_or(0)].as_bstr();
            if !self.met.holding_ignored.contains(parent) {
                self.met.holding_ignored.insert(parent.to_owned());
            }
        }
        if !ignored && entry.status != Status::Untracked {
            return ControlFlow::Continue(());
        }
        if is_named(path, b".gitignore")
            && let Some(recording) = &mut self.recording
        {
            recording.goes_by(self.worktree, path);
        }
        let in_scope = self.scope.covers(path.as_bytes());
        match entry.disk_kind {
            Some(Kind::File) => {
                if is_attributes(path) {
                    self.met.attributes.push(path.to_owned());
                }
                if !ignored && in_scope {
                    self.met.files.push(path.to_owned());
                }
            }
            Some(Kind::Symlink) => {
                if is_attributes(path) {
                    self.met.attributes.push(path.to_owned());
                }
                self.met.links.push(path.to_owned());
                // A link on the way stands where directories of the scope are expected.
                if !ignored && self.scope.touches(path.as_bytes()) {
                    self.met.files.push(path.to_owned());
                }
            }
            Some(Kind::Repository) if !ignored && self.scope.touches(path.as_bytes()) => {
                self.met.repositories.push(path.to_owned());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn can_recurse(
        &mut self,
        entry: EntryRef<'_>,
        for_deletion: Option<ForDeletionMode>,
        root_is_repository: bool,
    ) -> bool {
        let path = entry.rela_path.as_ref();
        let is_root = path.is_empty();
        // A directory that is folded in a sparse index may still hold files on disk.
        let folded = entry.property == Some(Property::TrackedExcluded)
            && entry.disk_kind == Some(Kind::Directory);
        let by_git = entry.status.can_recurse(
            entry.disk_kind,
            entry.pathspec_match,
            for_deletion,
            root_is_repository,
        );
        let wanted = is_root || self.scope.touches(path.as_bytes()) && !self.is_never_entered(path);
        if !(folded || by_git) || !wanted {
            return false;
        }
        if let Some(recording) = &mut self.recording {
            recording.goes_by(self.worktree, path);
        }
        let readable = self.can_be_read(path);
        self.met.incomplete |= !readable;
        readable
    }
}
