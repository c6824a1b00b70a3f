//! Files that the view does not show but a declaration reaches: below an ignored directory, behind a link, or matched
//! by `cache.inputs.ignored`.

use std::path::{Path, PathBuf};

use super::error::InputError;
use super::view::is_excluded_name;
use crate::path::RelPath;
use crate::stamp::is_absence;

/// How to walk.
pub(super) struct Walk<'w> {
    /// The workspace root.
    pub(super) root: &'w Path,
    /// The same without links.
    pub(super) canonical_root: &'w Path,
    /// Whether directories named `node_modules` are entered.
    pub(super) node_modules: bool,
    /// Whether a directory is entered, by its path relative to the workspace root.
    pub(super) enter: &'w dyn Fn(&str) -> bool,
    /// Whether a file whose name is not UTF-8 would be an input, by its path with what is not UTF-8 replaced.
    pub(super) would_take: &'w dyn Fn(&str) -> bool,
}

impl Walk<'_> {
    /// Every file and link at or below `start`, relative to the workspace root. A link to a directory is listed, and
    /// so is what lies behind it, under the link's path; a link back to a directory that the walk is in, or to one that
    /// holds the workspace, is only listed. Nothing at `start`: an empty list.
    pub(super) fn files(&self, start: &RelPath) -> Result<Vec<RelPath>, InputError> {
        let mut found = Vec::new();
        self.visit(start.clone(), &mut Vec::new(), &mut found)?;
        Ok(found)
    }

    /// `chain`: the canonical paths of the directories that the walk is in.
    fn visit(
        &self,
        path: RelPath,
        chain: &mut Vec<PathBuf>,
        found: &mut Vec<RelPath>,
    ) -> Result<(), InputError> {
        let on_disk = path.on(self.root);
        let Some(metadata) = present(&on_disk, on_disk.symlink_metadata())? else {
            return Ok(());
        };
        if metadata.is_dir() {
            let canonical = chain.last().map(|parent| parent.join(path.file_name()));
            return self.enter(&path, &on_disk, canonical, chain, found);
        }
        if metadata.is_symlink() && leads_to_directory(&on_disk)? {
            found.push(path.clone());
            return self.enter(&path, &on_disk, None, chain, found);
        }
        if metadata.is_file() || metadata.is_symlink() {
            found.push(path);
        }
        Ok(())
    }

    /// `canonical`: of the directory, where it is known already.
    fn enter(
        &self,
        path: &RelPath,
        on_disk: &Path,
        canonical: Option<PathBuf>,
        chain: &mut Vec<PathBuf>,
        found: &mut Vec<RelPath>,
    ) -> Result<(), InputError> {
        let canonical = match canonical {
            Some(canonical) => canonical,
            None => match present(on_disk, on_disk.canonicalize())? {
                Some(canonical) => canonical,
                None => return Ok(()),
            },
        };
        if self.is_cycle(&canonical, chain) || !(self.enter)(path.as_str()) {
            return Ok(());
        }
        let Some(entries) = present(on_disk, on_disk.read_dir())? else {
            return Ok(());
        };
        chain.push(canonical);
        for entry in entries {
            let entry =
                entry.map_err(|source| InputError::List { path: on_disk.to_owned(), source })?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                self.refuse_input(path, &entry)?;
                continue;
            };
            let excluded = is_excluded_name(name) && !(self.node_modules && name == "node_modules");
            if let (false, Ok(name)) = (excluded, RelPath::new(name)) {
                self.visit(path.join(&name), chain, found)?;
            }
        }
        chain.pop();
        Ok(())
    }

    fn is_cycle(&self, canonical: &Path, chain: &[PathBuf]) -> bool {
        let holds_workspace =
            self.canonical_root.starts_with(canonical) && self.canonical_root != canonical;
        holds_workspace || chain.iter().any(|dir| dir == canonical)
    }

    fn refuse_input(&self, dir: &RelPath, entry: &std::fs::DirEntry) -> Result<(), InputError> {
        let lossy = entry.file_name().to_string_lossy().into_owned();
        let lossy = if dir.is_root() { lossy } else { format!("{dir}/{lossy}") };
        // Of a directory, what lies in it would be the input.
        let is_dir = entry.path().is_dir();
        if (self.would_take)(&lossy) || is_dir && (self.would_take)(&format!("{lossy}/x")) {
            return Err(InputError::NotUtf8 { path: entry.path() });
        }
        Ok(())
    }
}

/// What `result` says of `path`, with `None` for nothing there, or nothing that this user, and so the task, may see.
fn present<T>(path: &Path, result: std::io::Result<T>) -> Result<Option<T>, InputError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_dangling(&error) => Ok(None),
        Err(source) => Err(InputError::List { path: path.to_owned(), source }),
    }
}

/// Whether a link resolves to a directory. One that resolves to nothing does not.
pub(super) fn leads_to_directory(link: &Path) -> Result<bool, InputError> {
    match link.metadata() {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(error) if is_dangling(&error) => Ok(false),
        Err(source) => Err(InputError::Read { path: link.to_owned(), source }),
    }
}

/// Whether following a link failed because it leads nowhere, or nowhere that this user, and so the task, may go.
pub(super) fn is_dangling(error: &std::io::Error) -> bool {
    is_absence(error) || error.kind() == std::io::ErrorKind::PermissionDenied
}
