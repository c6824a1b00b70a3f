//! Directories that a sparse index left folded, and submodules without a repository: what is on disk there.
//!
//! Nothing found here is ever trusted: git does not watch it.

use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};

use super::repo::Repo;
use super::scope::Scope;
use super::tracked::on_disk;

/// The paths below a folded directory that its tree names and that are on disk in some form.
///
/// Where a tree cannot be read (a partial clone), everything on disk there is listed instead.
pub(super) fn unfold(repo: &Repo, dir: &BStr, tree: ObjectId, scope: &Scope) -> Vec<BString> {
    let local = repo.inner.to_thread_local();
    let mut files = Vec::new();
    if unfold_tree(&local, repo.worktree(), dir, tree, scope, &mut files).is_err() {
        files = on_disk_below(repo.worktree(), dir, scope);
    }
    files
}

fn unfold_tree(
    repo: &gix::Repository,
    worktree: &Path,
    dir: &BStr,
    tree: ObjectId,
    scope: &Scope,
    files: &mut Vec<BString>,
) -> Result<(), gix::Error> {
    if !scope.touches(dir.as_bytes()) || !is_directory(worktree, dir) {
        return Ok(());
    }
    for entry in repo.find_tree(tree)?.iter() {
        let entry = entry?;
        let path = join(dir, entry.filename());
        if entry.mode().is_tree() {
            unfold_tree(repo, worktree, path.as_ref(), entry.object_id(), scope, files)?;
        } else if entry.mode().is_commit() {
            files.extend(on_disk_below(worktree, path.as_ref(), scope));
        } else if scope.covers(path.as_bytes()) {
            files.push(path);
        }
    }
    Ok(())
}

/// Every file and link on disk below `dir`, ignored or not, except what is in a `.git`.
pub(super) fn on_disk_below(worktree: &Path, dir: &BStr, scope: &Scope) -> Vec<BString> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        if !scope.touches(dir.as_bytes()) || !is_directory(worktree, dir.as_ref()) {
            continue;
        }
        let Some(entries) = on_disk(worktree, dir.as_ref()).and_then(|dir| dir.read_dir().ok())
        else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Ok(name) = gix::path::os_str_into_bstr(&name) else { continue };
            if name.eq_ignore_ascii_case(b".git") {
                continue;
            }
            let path = join(dir.as_ref(), name);
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(_) if scope.covers(path.as_bytes()) => files.push(path),
                _ => {}
            }
        }
    }
    files
}

/// Whether a directory itself, not a link to one, is there.
fn is_directory(worktree: &Path, dir: &BStr) -> bool {
    on_disk(worktree, dir)
        .and_then(|dir| dir.symlink_metadata().ok())
        .is_some_and(|metadata| metadata.is_dir())
}

fn join(dir: &BStr, name: &BStr) -> BString {
    if dir.is_empty() {
        name.to_owned()
    } else {
        [dir.as_bytes(), b"/", name.as_bytes()].concat().into()
    }
}
