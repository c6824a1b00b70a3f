//! Removes the declared outputs, so that a run or a restore starts from nothing.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use super::error::OutputError;
use super::spec::OutputSpec;
use super::temporary::remove_abandoned;
use super::walk::{Fate, Found, Visitor, walk};
use crate::fault;

/// Removes every output, never through a link, and then the directories at or below the globs' roots that
/// held nothing else. The anchors themselves stay.
///
/// What a killed process left of outputs in the making goes too.
///
/// # Errors
/// [`OutputError`]; what was removed until then stays removed.
pub fn clean(spec: &OutputSpec) -> Result<(), OutputError> {
    walk(spec, &mut Cleaner)
}

struct Cleaner;

impl Visitor for Cleaner {
    fn output(&mut self, found: &Found<'_>) -> Result<Fate, OutputError> {
        let removed = if found.is_dir {
            found.parent.remove_dir(found.name)
        } else {
            found.parent.remove_file_or_symlink(found.name)
        };
        fate(found, removed)
    }

    fn other(&mut self, parent: &Dir, name: &OsStr) -> Fate {
        let abandoned = name.to_str().is_some_and(|name| remove_abandoned(parent, name));
        if abandoned { Fate::Gone } else { Fate::Stays }
    }

    fn above_root(&mut self, dir: &Dir) {
        for entry in dir.entries().into_iter().flatten().flatten() {
            self.other(dir, &entry.file_name());
        }
    }

    fn emptied(&mut self, found: &Found<'_>) -> Result<Fate, OutputError> {
        fate(found, found.parent.remove_dir(found.name))
    }
}

/// What someone else removed is gone too, and a directory that someone else fills meanwhile stays.
fn fate(found: &Found<'_>, removed: io::Result<()>) -> Result<Fate, OutputError> {
    let removed = removed.and_then(|()| fault::point("restore.cleaning"));
    match removed.map_err(|error| (error.kind(), error)) {
        Ok(()) | Err((ErrorKind::NotFound, _)) => Ok(Fate::Gone),
        Err((ErrorKind::DirectoryNotEmpty, _)) if found.is_dir => Ok(Fate::Stays),
        Err((_, error)) => Err(OutputError::io("remove the output", &found.on_disk())(error)),
    }
}
