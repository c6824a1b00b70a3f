//! Whether a filter could stand between a file's bytes and the blob that git keeps of it.
//!
//! Where one of the attributes `text`, `eol`, `crlf`, `ident`, `filter` or `working-tree-encoding` is set on a path,
//! the blob's oid may name other bytes than those on disk. Setting counts, whatever the value; a value taken away
//! (`-text`, and so the built-in macro `binary`, which only takes away) cannot filter anything.

use std::path::Path;

use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::entry::Mode;
use gix::worktree::stack::state::attributes::Source;
use rayon::prelude::*;

use super::index::Index;
use super::installations;
use super::repo::Repo;
use super::tracked::{Seen, on_disk};
use crate::stamp::is_absence;

const FILTERING: [&str; 6] = ["text", "eol", "crlf", "ident", "filter", "working-tree-encoding"];

/// What the attribute sources of a worktree say, all of them together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// No source sets a filtering attribute: no path has one.
    Nothing,
    /// Some source does, or defines macros: each path must be asked about.
    SomePaths,
    /// A source sets one on every path, or cannot be understood.
    AllPaths,
}

/// Takes the oid from each file to which a filter could apply. `found` are the `.gitattributes` files that the walk of
/// the worktree met.
pub(super) fn distrust_filtered(
    repo: &Repo,
    index: &Index,
    found: &[BString],
    seen: &mut [Seen<'_>],
) {
    let local = repo.inner.to_thread_local();
    match reach(&local, repo.worktree(), index, found) {
        Reach::Nothing => {}
        Reach::SomePaths => ask_each(repo, &local, index, seen),
        Reach::AllPaths => seen.iter_mut().for_each(|seen| seen.oid = None),
    }
}

fn reach(local: &gix::Repository, worktree: &Path, index: &Index, found: &[BString]) -> Reach {
    let Ok(mut everywhere) = local.attribute_global_paths() else { return Reach::AllPaths };
    everywhere.push(local.common_dir().join("info").join("attributes"));
    let mut reach = Reach::Nothing;
    for path in everywhere {
        reach = reach.max(of_file(&path, true));
    }
    for path in installations::attribute_files() {
        // The attribute stack does not read these: what they say cannot be asked path by path.
        if of_file(&path, true) > Reach::Nothing {
            return Reach::AllPaths;
        }
    }
    for path in found {
        reach = reach.max(of_worktree_file(worktree, path.as_ref()).unwrap_or(Reach::Nothing));
    }
    for entry in index.attributes() {
        let path = entry.path(index);
        let said = of_worktree_file(worktree, path)
            // Not checked out: git falls back to the index.
            .or_else(|| {
                local.find_object(entry.id).ok().map(|blob| of_text(&blob.data, is_top(path)))
            })
            .unwrap_or(Reach::AllPaths);
        reach = reach.max(said);
    }
    reach
}

/// Whether `path` is a `.gitattributes` file.
pub(super) fn is_attributes(path: &BStr) -> bool {
    is_named(path, b".gitattributes")
}

/// Whether the last name of `path` is `name`, also as a file system that folds case finds it.
pub(super) fn is_named(path: &BStr, name: &[u8]) -> bool {
    path.len().checked_sub(name.len()).is_some_and(|start| {
        path[start..].eq_ignore_ascii_case(name) && (start == 0 || path[start - 1] == b'/')
    })
}

fn is_top(path: &BStr) -> bool {
    !path.contains(&b'/')
}

/// `None` when there is no such file.
fn of_worktree_file(worktree: &Path, path: &BStr) -> Option<Reach> {
    let on_disk = on_disk(worktree, path)?;
    let metadata = on_disk.symlink_metadata().ok()?;
    // Git of different ages does or does not follow a link here.
    Some(if metadata.is_file() { of_file(&on_disk, is_top(path)) } else { Reach::AllPaths })
}

/// A file that is not there says nothing; one that cannot be read says everything.
fn of_file(path: &Path, for_all: bool) -> Reach {
    match std::fs::read(path) {
        Ok(text) => of_text(&text, for_all),
        Err(error) if is_absence(&error) => Reach::Nothing,
        Err(_) => Reach::AllPaths,
    }
}

/// `for_all`: a line for `*` in this source covers the whole worktree.
fn of_text(text: &[u8], for_all: bool) -> Reach {
    let line_reach = |line: &[u8]| {
        let mut words = line.fields_with(|c| c.is_ascii_whitespace());
        let first = words.next().unwrap_or_default();
        if first.starts_with(b"#") {
            Reach::Nothing
        } else if first.starts_with(b"[attr]") {
            Reach::SomePaths
        } else if !line.fields_with(|c| c.is_ascii_whitespace()).any(sets_a_filter) {
            Reach::Nothing
        } else if for_all && first == b"*" {
            Reach::AllPaths
        } else {
            Reach::SomePaths
        }
    };
    text.lines().map(line_reach).max().unwrap_or(Reach::Nothing)
}

/// `name` or `name=value`; `-name` and `!name` only take away.
fn sets_a_filter(word: &[u8]) -> bool {
    let name = word.split(|byte| *byte == b'=').next().unwrap_or_default();
    FILTERING.iter().any(|filtering| name == filtering.as_bytes())
}

fn ask_each(repo: &Repo, local: &gix::Repository, index: &Index, seen: &mut [Seen<'_>]) {
    let Ok(stack) = local.attributes_only(index, Source::WorktreeThenIdMapping) else {
        return seen.iter_mut().for_each(|seen| seen.oid = None);
    };
    let stack = stack.detach();
    seen.par_chunks_mut(1024).for_each(|seen| {
        let local = repo.inner.to_thread_local();
        let mut stack = stack.clone();
        let mut answer = stack.selected_attribute_matches(FILTERING);
        for seen in seen.iter_mut().filter(|seen| seen.oid.is_some()) {
            let unfiltered = stack
                .at_entry(seen.path.as_ref(), Some(Mode::FILE), &local.objects)
                .is_ok_and(|path| {
                    path.matching_attributes(&mut answer);
                    answer.iter_selected().all(|found| takes_away(found.assignment.state))
                });
            if !unfiltered {
                seen.oid = None;
            }
        }
    });
}

const fn takes_away(state: gix::attrs::StateRef<'_>) -> bool {
    use gix::attrs::StateRef::{Unset, Unspecified};
    matches!(state, Unset | Unspecified)
}
