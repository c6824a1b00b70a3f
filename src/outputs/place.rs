//! Puts one output at its place in an open directory: made beside it under a temporary name, given its mode
//! and time, then renamed, so that nobody sees half of it.

use std::fs::{File, FileTimes};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use cap_fs_ext::{DirExt, SystemTimeSpec};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, OpenOptions};

use super::error::OutputError;
use super::stat::{stamp, time};
use super::temporary::Temporary;
use crate::artifact::{Content, Item, ItemKind};
use crate::fault;
use crate::stamp::Stamp;

/// Puts `item` into `dir`, which is where it belongs, and takes its stamp. `at` is its path on disk, for
/// messages.
pub(super) fn place(dir: &Dir, item: &Item, at: &Path) -> Result<Stamp, OutputError> {
    let name = item.output.path.file_name();
    let (wanted, placed) = match &item.kind {
        ItemKind::File(Content::Memory(bytes)) => {
            ("a file", place_bytes(dir, name, item, &mut bytes.as_slice()))
        }
        ItemKind::File(Content::Staged(staged)) => {
            ("a file", place_staged(dir, name, item, &staged.path()))
        }
        ItemKind::Symlink(target) => ("a symbolic link", place_link(dir, name, item, target)),
        ItemKind::Directory => ("a directory", place_directory(dir, name, item)),
    };
    placed.map_err(|source| {
        let is_directory = matches!(item.kind, ItemKind::Directory);
        match dir.symlink_metadata(name) {
            // A directory does not give way to a file, nor anything else to a directory.
            Ok(there) if there.is_dir() != is_directory => {
                OutputError::InTheWay { path: at.to_owned(), wanted, found: what(&there) }
            }
            _ => OutputError::io("put the output at", at)(source),
        }
    })
}

/// What stands at a place, with its article.
pub(super) fn what(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() {
        "a directory"
    } else if metadata.is_symlink() {
        "a symbolic link"
    } else {
        "a file"
    }
}

fn place_bytes(dir: &Dir, name: &str, item: &Item, from: &mut dyn io::Read) -> io::Result<Stamp> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let (temporary, file) = Temporary::create(dir, |name| dir.open_with(name, &options))?;
    let mut file = file.into_std();
    io::copy(from, &mut file)?;
    file.flush()?;
    settle(&file, item)?;
    fault::point("restore.placing")?;
    temporary.rename_to(name)?;
    Ok(Stamp::of(&file.metadata()?))
}

/// Moves a staged file, or copies it where it lies on another file system.
fn place_staged(dir: &Dir, name: &str, item: &Item, staged: &Path) -> io::Result<Stamp> {
    let (Some(staging), Some(staged_name)) = (staged.parent(), staged.file_name()) else {
        return Err(ErrorKind::NotFound.into());
    };
    let file = File::options().read(true).write(true).open(staged)?;
    settle(&file, item)?;
    let staging = Dir::open_ambient_dir(staging, ambient_authority())?;
    match staging.rename(staged_name, dir, name) {
        Ok(()) => Ok(Stamp::of(&file.metadata()?)),
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            place_bytes(dir, name, item, &mut &file)
        }
        Err(error) => Err(error),
    }
}

fn place_link(dir: &Dir, name: &str, item: &Item, target: &str) -> io::Result<Stamp> {
    let (temporary, ()) = Temporary::create(dir, |name| make_link(dir, target, name))?;
    set_time(dir, &temporary.name, item)?;
    temporary.rename_to(name)?;
    Ok(stamp(&dir.symlink_metadata(name)?))
}

#[cfg(unix)]
fn make_link(dir: &Dir, target: &str, name: &str) -> io::Result<()> {
    dir.symlink_contents(target, name)
}

/// Windows wants to know what the link will point to.
#[cfg(windows)]
fn make_link(dir: &Dir, target: &str, name: &str) -> io::Result<()> {
    if dir.metadata(target).is_ok_and(|metadata| metadata.is_dir()) {
        DirExt::symlink_dir(dir, target, name)
    } else {
        DirExt::symlink_file(dir, target, name)
    }
}

fn place_directory(dir: &Dir, name: &str, item: &Item) -> io::Result<Stamp> {
    match dir.create_dir(name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if !dir.symlink_metadata(name)?.is_dir() {
                return Err(error);
            }
        }
        result => result?,
    }
    #[cfg(unix)]
    dir.set_permissions(name, cap_std::fs::PermissionsExt::from_mode(item.mode & 0o777))?;
    set_time(dir, name, item)?;
    Ok(stamp(&dir.symlink_metadata(name)?))
}

/// Gives an open file its mode and time.
fn settle(file: &File, item: &Item) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(item.mode & 0o777))?;
    file.set_times(FileTimes::new().set_modified(time(item.mtime_ns)))
}

/// Gives a link or a directory its time.
fn set_time(dir: &Dir, name: &str, item: &Item) -> io::Result<()> {
    let time = cap_std::time::SystemTime::from_std(time(item.mtime_ns));
    dir.set_symlink_times(name, None, Some(SystemTimeSpec::Absolute(time)))
}
