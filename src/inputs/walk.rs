//! The workspace without git: what is on disk, less what `.gitignore` files in the workspace exclude.
//!
//! Only those files count: what a user's own git configuration ignores elsewhere must not make two machines see
//! different inputs.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::error::InputError;
use super::view::{NotUtf8, Visible, is_excluded_name};
use crate::git::Scope;
use crate::path::{PathError, RelPath};
use crate::stamp::{Stamp, is_absence};

/// The visible files below `root`, sorted, and those whose names are not UTF-8. `under`: as for the view.
pub(super) fn walk(
    root: &Path,
    under: &[RelPath],
) -> Result<(Vec<Visible>, Vec<NotUtf8>), InputError> {
    let scope = std::sync::Arc::new(Scope::new(under));
    let met: Mutex<Met> = Mutex::default();
    let walker = WalkBuilder::new(root)
        .standard_filters(false)
        .git_ignore(true)
        .require_git(false)
        .filter_entry({
            let (scope, root) = (std::sync::Arc::clone(&scope), root.to_owned());
            move |entry| {
                let excluded = entry.file_name().to_str().is_some_and(is_excluded_name);
                entry.depth() == 0
                    || !excluded && below(&root, entry.path()).is_some_and(|p| scope.touches(&p))
            }
        })
        .build_parallel();
    walker.run(|| {
        let (met, scope) = (&met, &scope);
        Box::new(move |entry| {
            let failed = match entry {
                Ok(entry) => look(root, &entry, scope, met).err(),
                Err(error) => of_walker(root, error),
            };
            let Some(failed) = failed else { return WalkState::Continue };
            lock(met).failed.get_or_insert(failed);
            WalkState::Quit
        })
    });
    let mut met = met.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failed) = met.failed {
        return Err(failed);
    }
    met.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    met.not_utf8.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok((met.files, met.not_utf8))
}

#[derive(Default)]
struct Met {
    files: Vec<Visible>,
    not_utf8: Vec<NotUtf8>,
    failed: Option<InputError>,
}

fn lock(met: &Mutex<Met>) -> std::sync::MutexGuard<'_, Met> {
    met.lock().unwrap_or_else(PoisonError::into_inner)
}

fn look(root: &Path, entry: &DirEntry, scope: &Scope, met: &Mutex<Met>) -> Result<(), InputError> {
    let file_or_link = |kind: std::fs::FileType| kind.is_file() || kind.is_symlink();
    if entry.depth() == 0 || !entry.file_type().is_some_and(file_or_link) {
        return Ok(());
    }
    let path = match RelPath::below(root, entry.path()) {
        Ok(path) => path,
        Err(PathError::NotUtf8(_)) => {
            let rest = entry.path().strip_prefix(root).unwrap_or_else(|_| entry.path());
            lock(met).not_utf8.extend(NotUtf8::new(rest));
            return Ok(());
        }
        Err(_) => return Ok(()),
    };
    let stamp = match entry.path().symlink_metadata() {
        Ok(metadata) => Stamp::of(&metadata),
        Err(error) if is_absence(&error) => return Ok(()),
        Err(source) => return Err(InputError::List { path: entry.path().to_owned(), source }),
    };
    // A link on the way stands where a directory of the scope is expected; a file there does not.
    if scope.covers(path.as_str().as_bytes()) || stamp.is_symlink() {
        lock(met).files.push(Visible { path, stamp, trusted: None });
    }
    Ok(())
}

/// What went away, or may not be read, is not visible.
fn of_walker(root: &Path, error: ignore::Error) -> Option<InputError> {
    let text = error.to_string();
    let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other(text));
    let hidden = is_absence(&source) || source.kind() == std::io::ErrorKind::PermissionDenied;
    (!hidden).then(|| InputError::List { path: root.to_owned(), source })
}

/// The bytes of `path` below `root`, with `/` between segments.
fn below(root: &Path, path: &Path) -> Option<Vec<u8>> {
    let rest = path.strip_prefix(root).ok()?;
    let rest = rest.as_os_str().as_encoded_bytes().to_vec();
    let slash = |byte| if byte == std::path::MAIN_SEPARATOR as u8 { b'/' } else { byte };
    Some(rest.into_iter().map(slash).collect())
}
