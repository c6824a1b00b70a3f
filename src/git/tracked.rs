//! The files that the index names: which of them are on disk, and which of their oids may be trusted so far.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::State;
use gix::index::entry::Mode;

use super::error::GitError;
use super::index::Index;
use super::scope::Scope;
use super::siblings::Directory;
use super::trust;
use crate::parallel;
use crate::stamp::{Stamp, is_absence};

/// What the index names within a scope.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Positions of files, one for each path, in the index's order.
    pub(super) files: Vec<Position>,
    /// Submodules.
    pub(super) submodules: Vec<BString>,
    /// Directories that a sparse index left folded, without their trailing slash.
    pub(super) folded: Vec<(BString, gix::ObjectId)>,
}

/// One path of the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    at: usize,
    /// All rules hold that the entry alone decides.
    may_be_trusted: bool,
}

impl Named {
    pub(super) fn in_scope(index: &Index, scope: &Scope) -> Self {
        let mut named = Self::default();
        if scope.is_everything() {
            named.take(index, 0..index.entries().len());
            return named;
        }
        for dir in scope.on_the_way() {
            // A submodule, a link or a folded directory may stand where a directory is expected.
            named.take(index, index.equal_to(dir));
            named.take(index, index.equal_to(&[dir, b"/"].concat()));
        }
        for root in scope.roots() {
            named.take(index, index.equal_to(root));
            named.take(index, index.below(root));
        }
        named.files.sort_unstable_by_key(|position| position.at);
        named
    }

    fn take(&mut self, index: &Index, range: Range<usize>) {
        for at in range {
            let entry = &index.entries()[at];
            let path = entry.path(index);
            match entry.mode {
                Mode::COMMIT => self.submodules.push(path.to_owned()),
                Mode::DIR => {
                    self.folded.push((path.trim_end_with(|c| c == '/').into(), entry.id));
                }
                _ => {
                    let same = self.files.last_mut().filter(|last| {
                        last.at + 1 == at && index.entries()[last.at].path(index) == path
                    });
                    if let Some(other_stage) = same {
                        other_stage.may_be_trusted = false;
                        other_stage.at = at;
                    } else {
                        let may_be_trusted = index.may_be_trusted(at);
                        self.files.push(Position { at, may_be_trusted });
                    }
                }
            }
        }
        self.submodules.dedup();
    }
}

/// A file or link on disk, with the oid that the index has for it where that may stand for its bytes.
#[derive(Debug)]
pub(super) struct Seen<'i> {
    pub(super) path: Cow<'i, BStr>,
    pub(super) stamp: Stamp,
    pub(super) looked_at: SystemTime,
    pub(super) oid: Option<gix::ObjectId>,
}

/// Looks at the files at `positions`; those that are not there, or no longer a file or link, are left out.
pub(super) fn look<'i>(
    worktree: &Path,
    index: &'i State,
    positions: &[Position],
) -> Result<Vec<Seen<'i>>, GitError> {
    let path_of = |position: &Position| index.entries()[position.at].path(index);
    let home = |position: &Position| split(path_of(position)).0;
    let siblings: Vec<&[Position]> =
        positions.chunk_by(|one, other| home(one) == home(other)).collect();
    let look = |siblings: &&[Position]| -> Result<Vec<Seen<'i>>, GitError> {
        let Some(first) = siblings.first() else { return Ok(Vec::new()) };
        let Some(directory) = Directory::open(worktree, home(first)) else { return Ok(Vec::new()) };
        let mut all = Vec::with_capacity(siblings.len());
        for position in *siblings {
            let path = path_of(position);
            let looked_at = SystemTime::now();
            let Some(stamp) = directory.stamp_of(split(path).1)? else { continue };
            let entry = &index.entries()[position.at];
            let trusted =
                position.may_be_trusted && trust::file_is_as_recorded(entry, index, &stamp);
            let oid = trusted.then_some(entry.id);
            all.push(Seen { path: Cow::Borrowed(path), stamp, looked_at, oid });
        }
        Ok(all)
    };
    Ok(parallel::try_map(&siblings, 16, look)?.into_iter().flatten().collect())
}

/// The directory of a path, empty at the top, and the name in it.
fn split(path: &BStr) -> (&BStr, &BStr) {
    let name = path.rfind_byte(b'/').map_or(0, |slash| slash + 1);
    (path[..name.saturating_sub(1)].as_bstr(), path[name..].as_bstr())
}

/// The same for paths that the index does not vouch for.
pub(super) fn look_at_paths(
    worktree: &Path,
    paths: &[BString],
) -> Result<Vec<Seen<'static>>, GitError> {
    let one = |path: &BString| -> Result<Option<Seen<'static>>, GitError> {
        let looked_at = SystemTime::now();
        let Some(on_disk) = on_disk(worktree, path.as_ref()) else { return Ok(None) };
        let stamp = stamp_of(&on_disk)?;
        let path = Cow::Owned(path.clone());
        Ok(stamp.map(|stamp| Seen { path, stamp, looked_at, oid: None }))
    };
    Ok(parallel::try_map(paths, 256, one)?.into_iter().flatten().collect())
}

/// Where `path` is on disk; `None` for bytes that this system cannot have as a name.
pub(super) fn on_disk(worktree: &Path, path: &BStr) -> Option<PathBuf> {
    Some(worktree.join(gix::path::from_bstr(path).ok()?))
}

/// The stamp of a file or link; `None` where there is none, or none that can be reached.
pub(super) fn stamp_of(path: &Path) -> Result<Option<Stamp>, GitError> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => {
            let stamp = Stamp::of(&metadata);
            Ok((stamp.is_file() || stamp.is_symlink()).then_some(stamp))
        }
        Err(error) if is_absence(&error) || error.kind() == ErrorKind::PermissionDenied => Ok(None),
        Err(source) => Err(GitError::Look { path: path.to_owned(), source }),
    }
}
