//! The one walk over the declared outputs, which listing, comparing and cleaning share.
//!
//! Starts at the globs' roots, goes from open directory to open directory, and follows no link on its way.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use cap_fs_ext::DirExt;
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::error::{OutputError, is_absent, is_escape};
use super::scope::Scope;
use super::spec::OutputSpec;
use crate::artifact::Anchor;
use crate::path::RelPath;

/// What the walk came upon.
pub(super) struct Found<'a> {
    pub(super) anchor: Anchor,
    /// Where it lies on disk, for messages.
    pub(super) anchor_dir: &'a Path,
    /// The open directory that holds it.
    pub(super) parent: &'a Dir,
    pub(super) name: &'a OsStr,
    /// Relative to the anchor.
    pub(super) path: &'a str,
    /// Whether `path` is its name indeed: one that is not UTF-8 has replacements in it.
    pub(super) exact: bool,
    pub(super) is_dir: bool,
}

impl Found<'_> {
    pub(super) fn on_disk(&self) -> PathBuf {
        self.anchor_dir.join(self.path)
    }
}

/// What a visitor made of what it was shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    Gone,
}

/// What is done about the outputs.
pub(super) trait Visitor {
    /// A file, a link, anything else that is no directory, or an empty directory, that is an output.
    fn output(&mut self, found: &Found<'_>) -> Result<Fate, OutputError>;

    /// A file that is no output, in a directory that may hold outputs.
    fn other(&mut self, _parent: &Dir, _name: &OsStr) -> Fate {
        Fate::Stays
    }

    /// The directory that holds a root, which is not walked as a whole.
    fn above_root(&mut self, _dir: &Dir) {}

    /// A directory at or below a root whose content is [`Fate::Gone`], all of it.
    fn emptied(&mut self, _found: &Found<'_>) -> Result<Fate, OutputError> {
        Ok(Fate::Stays)
    }
}

/// Shows all outputs to `visitor`, in no order.
pub(super) fn walk(spec: &OutputSpec, visitor: &mut dyn Visitor) -> Result<(), OutputError> {
    for anchor in [Anchor::Project, Anchor::Workspace] {
        let scope = Scope::new(spec, anchor);
        if scope.globs.is_empty() {
            continue;
        }
        let dir = spec.anchors.dir(anchor).ok_or(OutputError::NoWorkspace)?;
        let base = match Dir::open_ambient_dir(dir, ambient_authority()) {
            Ok(base) => base,
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(OutputError::io("open", dir)(error)),
        };
        let mut walk =
            Walk { scope: &scope, anchor_dir: dir, visitor: &mut *visitor, path: String::new() };
        for root in scope.globs.roots() {
            walk.root(&base, &root)?;
        }
    }
    Ok(())
}

struct Walk<'a> {
    scope: &'a Scope<'a>,
    anchor_dir: &'a Path,
    visitor: &'a mut dyn Visitor,
    /// Where the walk is.
    path: String,
}

impl Walk<'_> {
    fn root(&mut self, base: &Dir, root: &RelPath) -> Result<(), OutputError> {
        self.path.clear();
        let Some(above) = root.parent() else {
            return self.contents(base, true).map(drop);
        };
        if self.scope.bars(root.as_str()) {
            return Ok(());
        }
        let parent;
        let parent = if above.is_root() {
            base
        } else {
            match self.open_above(base, root, &above)? {
                Some(dir) => {
                    parent = dir;
                    &parent
                }
                None => return Ok(()),
            }
        };
        self.visitor.above_root(parent);
        root.as_str().clone_into(&mut self.path);
        let metadata = match parent.symlink_metadata(root.file_name()) {
            Ok(metadata) => metadata,
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(OutputError::io("look at", &self.on_disk())(error)),
        };
        if metadata.is_symlink() && !self.scope.takes(root.as_str()) {
            return self.linked_root(base, root);
        }
        self.entry(parent, OsStr::new(root.file_name()), metadata.is_dir(), true).map(drop)
    }

    /// Opens the directory above a root. It may be reached through links, as long as they end where outputs
    /// may be.
    fn open_above(
        &self,
        base: &Dir,
        root: &RelPath,
        above: &RelPath,
    ) -> Result<Option<Dir>, OutputError> {
        let opened = base
            .canonicalize(above.as_str())
            .and_then(|real| Ok((base.open_dir(above.as_str())?, real)));
        match opened {
            Ok((dir, real)) => {
                let lies_at = real.join(root.file_name()).to_string_lossy().replace('\\', "/");
                if real != Path::new(above.as_str()) && self.scope.bars(&lies_at) {
                    Err(self.leads_out(root))
                } else {
                    Ok(Some(dir))
                }
            }
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) if is_escape(&error) => Err(self.leads_out(root)),
            Err(error) => Err(OutputError::io("open", &above.on(self.anchor_dir))(error)),
        }
    }

    /// A root that is a link and no output itself: what it points to decides whether files are missed.
    fn linked_root(&self, base: &Dir, root: &RelPath) -> Result<(), OutputError> {
        match base.metadata(root.as_str()) {
            Ok(metadata) if !metadata.is_dir() => Ok(()),
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) if is_escape(&error) => Err(self.leads_out(root)),
            Err(error) => Err(OutputError::io("look at", &self.on_disk())(error)),
            Ok(_) => Err(OutputError::RootIsLink { path: self.on_disk() }),
        }
    }

    fn entry(
        &mut self,
        parent: &Dir,
        name: &OsStr,
        is_dir: bool,
        exact: bool,
    ) -> Result<Fate, OutputError> {
        if !is_dir {
            return if self.scope.takes(&self.path) {
                let (visitor, found) = self.found(parent, name, is_dir, exact);
                visitor.output(&found)
            } else {
                Ok(self.visitor.other(parent, name))
            };
        }
        if !self.scope.enters(&self.path) {
            return Ok(Fate::Stays);
        }
        let dir = match parent.open_dir_nofollow(name) {
            Ok(dir) => dir,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Fate::Gone),
            Err(error) => return Err(OutputError::io("open", &self.on_disk())(error)),
        };
        let content = self.contents(&dir, exact)?;
        // Some systems do not remove what is open.
        drop(dir);
        match content {
            Content::None if self.scope.takes(&self.path) => {
                let (visitor, found) = self.found(parent, name, is_dir, exact);
                visitor.output(&found)
            }
            Content::Gone => {
                let (visitor, found) = self.found(parent, name, is_dir, exact);
                visitor.emptied(&found)
            }
            Content::None | Content::Some => Ok(Fate::Stays),
        }
    }

    fn contents(&mut self, dir: &Dir, exact: bool) -> Result<Content, OutputError> {
        let entries = self.read(dir)?;
        let mut content = Content::None;
        for (name, is_dir) in entries {
            let length = self.path.len();
            if length > 0 {
                self.path.push('/');
            }
            let text = name.to_string_lossy();
            self.path.push_str(&text);
            let exact = exact && matches!(text, std::borrow::Cow::Borrowed(_));
            let fate = self.entry(dir, &name, is_dir, exact)?;
            self.path.truncate(length);
            content = match (content, fate) {
                (Content::None | Content::Gone, Fate::Gone) => Content::Gone,
                _ => Content::Some,
            };
        }
        Ok(content)
    }

    /// All names first: what is removed while a directory is being read may hide what is still to come.
    fn read(&self, dir: &Dir) -> Result<Vec<(OsString, bool)>, OutputError> {
        let mut all = Vec::new();
        let entries = dir.entries().map_err(OutputError::io("read", &self.on_disk()))?;
        for entry in entries {
            let entry = entry.map_err(OutputError::io("read", &self.on_disk()))?;
            let kind = entry.file_type().map_err(OutputError::io("read", &self.on_disk()))?;
            let is_dir = if kind.is_dir() || kind.is_file() || kind.is_symlink() {
                kind.is_dir()
            } else {
                // Some file systems do not tell.
                entry.metadata().is_ok_and(|metadata| metadata.is_dir())
            };
            all.push((entry.file_name(), is_dir));
        }
        Ok(all)
    }

    fn found<'f>(
        &'f mut self,
        parent: &'f Dir,
        name: &'f OsStr,
        is_dir: bool,
        exact: bool,
    ) -> (&'f mut dyn Visitor, Found<'f>) {
        let found = Found {
            anchor: self.scope.anchor,
            anchor_dir: self.anchor_dir,
            parent,
            name,
            path: &self.path,
            exact,
            is_dir,
        };
        (self.visitor, found)
    }

    fn on_disk(&self) -> PathBuf {
        self.anchor_dir.join(&self.path)
    }

    fn leads_out(&self, path: &RelPath) -> OutputError {
        OutputError::LeadsOut { path: path.on(self.anchor_dir), anchor: self.anchor_dir.to_owned() }
    }
}

/// What a directory holds once its entries have been visited.
#[derive(Clone, Copy)]
enum Content {
    /// It was empty.
    None,
    /// Something stays.
    Some,
    /// There was something, and all of it is gone.
    Gone,
}
