//! The identity of one file on disk, read only when nothing else vouches for it.
//!
//! A file is read until its stamp is the same before and after, so that an identity always belongs to the stamp it is
//! returned with; only then is it given to the memo.

use std::fs::File;
use std::path::Path;
use std::time::SystemTime;

use super::disk::is_dangling;
use super::error::InputError;
use crate::error::Result;
use crate::file_id::{FileId, ObjectFormat, Oid};
use crate::git::{blob_oid, blob_oid_of_reader};
use crate::memo::Memo;
use crate::stamp::{Stamp, lstat};

/// How often a file that changes under the reader is read again.
const ATTEMPTS: usize = 5;

/// The identity of one file on disk: of a link, its text and what it resolves to (design section 5).
///
/// # Errors
/// [`InputError`]: nothing there, a directory, not readable, or never still.
pub fn hash_file(path: &Path, format: ObjectFormat) -> Result<FileId> {
    match identify(path, format, &Memo::default(), None)? {
        Some(identity) => Ok(identity.id),
        None if path.exists() => Err(InputError::NotAFile { path: path.to_owned() }.into()),
        None => {
            let source = std::io::ErrorKind::NotFound.into();
            Err(InputError::Read { path: path.to_owned(), source }.into())
        }
    }
}

/// The identity of one regular file and the stamp that it belongs to, remembered by `memo`. `None`: there is no regular
/// file at `path`; a link is none.
///
/// # Errors
/// [`InputError`]: not readable, or never still.
pub fn regular_file(
    path: &Path,
    format: ObjectFormat,
    memo: &Memo,
) -> Result<Option<(FileId, Stamp)>, InputError> {
    let identity = identify(path, format, memo, None)?;
    Ok(identity.filter(|it| it.stamp.is_file()).map(|it| (it.id, it.stamp)))
}

/// What a file is, and the stamps that go with it.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) id: FileId,
    pub(super) stamp: Stamp,
    /// Of the file that a link resolves to.
    pub(super) target_stamp: Option<Stamp>,
}

/// Looks at `path` and reads what has to be read. `None`: neither a file nor a link, any more. `by_index` is what
/// git's index says of the bytes; that they do give this oid is all that the memo has to remember then.
pub(super) fn identify(
    path: &Path,
    format: ObjectFormat,
    memo: &Memo,
    by_index: Option<&Oid>,
) -> Result<Option<Identity>, InputError> {
    for _ in 0..ATTEMPTS {
        let looked_at = SystemTime::now();
        let Some(stamp) = look(path)? else { return Ok(None) };
        if stamp.is_file() {
            let look = Look { stamp, at: looked_at };
            if let Some(oid) = content(path, &look, format, memo, by_index)? {
                let id = FileId::regular(&oid, stamp.is_executable());
                return Ok(Some(Identity { id, stamp, target_stamp: None }));
            }
        } else if stamp.is_symlink() {
            if let Some(identity) = link(path, stamp, format, memo)? {
                return Ok(Some(identity));
            }
        } else {
            return Ok(None);
        }
    }
    Err(InputError::Unstable { path: path.to_owned() })
}

/// One `lstat`, and when it was made at the latest.
struct Look {
    stamp: Stamp,
    at: SystemTime,
}

fn look(path: &Path) -> Result<Option<Stamp>, InputError> {
    lstat(path).map_err(|source| InputError::Read { path: path.to_owned(), source })
}

/// The oid of a regular file's bytes; `None` when it changed meanwhile.
fn content(
    path: &Path,
    &Look { stamp, at }: &Look,
    format: ObjectFormat,
    memo: &Memo,
    by_index: Option<&Oid>,
) -> Result<Option<Oid>, InputError> {
    if let Some(oid) = memo.recall(path, &stamp, format) {
        return Ok(Some(oid));
    }
    match read(path, &stamp, format) {
        Ok(Some(oid)) if look(path)? == Some(stamp) => {
            if by_index == Some(&oid) {
                memo.confirm(path, &stamp, &oid, at);
            } else {
                memo.learn(path, stamp, &oid, at);
            }
            Ok(Some(oid))
        }
        Err(source) if look(path)? == Some(stamp) => {
            Err(InputError::Read { path: path.to_owned(), source })
        }
        Ok(_) | Err(_) => Ok(None),
    }
}

/// `None` when what was opened is not what was looked at.
fn read(path: &Path, stamp: &Stamp, format: ObjectFormat) -> std::io::Result<Option<Oid>> {
    let mut file = File::open(path)?;
    if Stamp::of(&file.metadata()?) != *stamp {
        return Ok(None);
    }
    blob_oid_of_reader(format, stamp.size, &mut file).map(Some)
}

/// A link's text, and the file that it resolves to; `None` when it changed meanwhile.
fn link(
    path: &Path,
    stamp: Stamp,
    format: ObjectFormat,
    memo: &Memo,
) -> Result<Option<Identity>, InputError> {
    let failed = |source| InputError::Read { path: path.to_owned(), source };
    let text = match path.read_link() {
        Ok(text) => text,
        Err(_) if look(path)? != Some(stamp) => return Ok(None),
        Err(source) => return Err(failed(source)),
    };
    let text = blob_oid(format, text.as_os_str().as_encoded_bytes());
    let target = match path.canonicalize() {
        Ok(target) => match look(&target)? {
            // The canonical path has no link left: what is there is a file, or no input.
            Some(target_stamp) if target_stamp.is_file() => {
                let look = Look { stamp: target_stamp, at: SystemTime::now() };
                let Some(oid) = content(&target, &look, format, memo, None)? else {
                    return Ok(None);
                };
                Some((FileId::regular(&oid, target_stamp.is_executable()), target_stamp))
            }
            _ => None,
        },
        Err(error) if is_dangling(&error) => None,
        Err(source) => return Err(failed(source)),
    };
    if look(path)? != Some(stamp) {
        return Ok(None);
    }
    let id = FileId::symlink(&text, target.as_ref().map(|(id, _)| id));
    Ok(Some(Identity { id, stamp, target_stamp: target.map(|(_, stamp)| stamp) }))
}
