//! The anchors of an artifact's outputs, open: every path below them is resolved from here, so that nothing
//! above or beside them can be reached.

use std::io::ErrorKind;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder};

use super::error::{OutputError, is_absent, is_escape};
use super::place::what;
use crate::artifact::{Anchor, Anchors, Item};
use crate::path::RelPath;

/// One open anchor.
pub(super) struct Base<'a> {
    pub(super) dir: Dir,
    /// Where it lies on disk, for messages.
    pub(super) path: &'a Path,
}

/// The open anchors.
pub(super) struct Bases<'a> {
    project: Option<Base<'a>>,
    workspace: Option<Base<'a>>,
}

impl<'a> Bases<'a> {
    /// Opens those that the items need.
    pub(super) fn open(items: &[Item], anchors: &'a Anchors) -> Result<Self, OutputError> {
        let open = |anchor| {
            if !items.iter().any(|item| item.output.anchor == anchor) {
                return Ok(None);
            }
            let path = anchors.dir(anchor).ok_or(OutputError::NoWorkspace)?;
            let dir = Dir::open_ambient_dir(path, ambient_authority())
                .map_err(OutputError::io("open", path))?;
            Ok(Some(Base { dir, path }))
        };
        Ok(Self { project: open(Anchor::Project)?, workspace: open(Anchor::Workspace)? })
    }

    /// The one that an item needs.
    pub(super) fn of(&self, item: &Item) -> Result<&Base<'a>, OutputError> {
        let base = match item.output.anchor {
            Anchor::Project => &self.project,
            Anchor::Workspace => &self.workspace,
        };
        base.as_ref().ok_or(OutputError::NoWorkspace)
    }
}

impl Base<'_> {
    /// Opens a directory, made with its parents if it is not there.
    pub(super) fn make_dir(&self, path: &RelPath) -> Result<Dir, OutputError> {
        match self.dir.open_dir(path.as_str()) {
            Err(error) if is_absent(&error) => {}
            result => return result.map_err(|error| self.refused(path, error)),
        }
        let above = path.parent().unwrap_or_default();
        let opened;
        let parent = if above.is_root() {
            &self.dir
        } else {
            opened = self.make_dir(&above)?;
            &opened
        };
        match parent.create_dir_with(path.file_name(), &directory_builder()) {
            // Another thread may have been quicker, or something is in the way: opening tells.
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                let path = path.on(self.path);
                Err(OutputError::io("create the directory", &path)(error))
            }
            _ => self.dir.open_dir(path.as_str()).map_err(|error| self.refused(path, error)),
        }
    }

    /// Refuses a path below a link that leads out. Only reads.
    pub(super) fn check_above(&self, path: &RelPath) -> Result<(), OutputError> {
        let mut above = path.parent();
        while let Some(dir) = above.filter(|dir| !dir.is_root()) {
            match self.dir.open_dir(dir.as_str()) {
                Ok(_) => return Ok(()),
                // Not there yet, or in the way and perhaps about to be removed: further up.
                Err(error) if is_absent(&error) => above = dir.parent(),
                Err(error) => return Err(self.refused(&dir, error)),
            }
        }
        Ok(())
    }

    /// Why a directory could not be opened.
    fn refused(&self, path: &RelPath, error: std::io::Error) -> OutputError {
        let on_disk = path.on(self.path);
        if is_escape(&error) {
            OutputError::LeadsOut { path: on_disk, anchor: self.path.to_owned() }
        } else if is_absent(&error) {
            let found = self.dir.symlink_metadata(path.as_str());
            let found = found.map_or("something", |metadata| what(&metadata));
            OutputError::InTheWay { path: on_disk, wanted: "a directory", found }
        } else {
            OutputError::io("open the directory", &on_disk)(error)
        }
    }
}

fn directory_builder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only unix has modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    cap_std::fs::DirBuilderExt::mode(&mut builder, 0o755);
    builder
}
