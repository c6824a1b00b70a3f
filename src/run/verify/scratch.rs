//! The scratch workspace of one task.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::Coded;
use crate::graph::{TaskGraph, TaskIx};
use crate::key::FINGERPRINT_FILES;
use crate::path::RelPath;
use crate::workspace::Workspace;

/// A scratch workspace could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the scratch copy of {path:?} cannot be made: {source}")]
pub(super) struct ScratchError {
    path: PathBuf,
    source: io::Error,
}

impl Coded for ScratchError {
    fn code(&self) -> &'static str {
        "VX_SCRATCH"
    }
}

/// Names what could not be copied.
pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> ScratchError + '_ {
    |source| ScratchError { path: path.to_owned(), source }
}

/// The task and all that it waits for, directly or not.
pub(super) fn closure(graph: &TaskGraph, task: TaskIx) -> BTreeSet<TaskIx> {
    let mut found = BTreeSet::from([task]);
    let mut open = vec![task];
    while let Some(next) = open.pop() {
        for upstream in &graph[next].upstream {
            if found.insert(upstream.task) {
                open.push(upstream.task);
            }
        }
    }
    found
}

/// A directory outside of the workspace, gone when dropped.
pub(super) struct Scratch {
    dir: TempDir,
}

impl Scratch {
    /// An empty one.
    pub(super) fn new() -> Result<Self, ScratchError> {
        let dir = tempfile::Builder::new().prefix("vx-verify-").tempdir();
        Ok(Self { dir: dir.map_err(failed(&std::env::temp_dir()))? })
    }

    /// Its root.
    pub(super) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Copies one file or link of the workspace to its place here. What is not there any more is left out:
    /// the task will miss it, as it would in the workspace.
    pub(super) fn add(&self, workspace: &Path, path: &RelPath) -> Result<(), ScratchError> {
        let from = path.on(workspace);
        copy(&from, &path.on(self.root())).map_err(failed(&from))
    }

    /// Copies what every task of the workspace may read: the files of the fingerprint, the root's manifest
    /// and those of the given projects.
    pub(super) fn add_manifests<'p>(
        &self,
        workspace: &Workspace,
        manifests: impl Iterator<Item = &'p RelPath>,
    ) -> Result<(), ScratchError> {
        let known = FINGERPRINT_FILES.into_iter().chain(["package.json"]);
        let known = known.filter_map(|name| RelPath::new(name).ok());
        for path in known.chain(manifests.cloned()) {
            self.add(workspace.root(), &path)?;
        }
        Ok(())
    }

    /// Copies the `node_modules` of the workspace: of its root and of every project.
    pub(super) fn add_modules(&self, workspace: &Workspace) -> Result<(), ScratchError> {
        let dirs: BTreeSet<PathBuf> = std::iter::once(PathBuf::new())
            .chain(workspace.projects().iter().map(|project| PathBuf::from(project.dir.as_str())))
            .map(|dir| dir.join("node_modules"))
            .collect();
        for dir in dirs {
            let from = workspace.root().join(&dir);
            copy(&from, &self.root().join(&dir)).map_err(failed(&from))?;
        }
        Ok(())
    }
}

/// Copies a file, a link as it is, or a directory with all below it, modes included. What is not there is no
/// error, and neither is what is neither.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = match std::fs::symlink_metadata(from) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent)?;
    }
    if metadata.is_dir() {
        std::fs::create_dir_all(to)?;
        for entry in std::fs::read_dir(from)? {
            let name = entry?.file_name();
            copy(&from.join(&name), &to.join(&name))?;
        }
    } else if metadata.is_symlink() {
        link(&std::fs::read_link(from)?, to)?;
    } else if metadata.is_file() {
        std::fs::copy(from, to)?;
    }
    Ok(())
}

#[cfg(unix)]
fn link(target: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(windows)]
fn link(target: &Path, at: &Path) -> io::Result<()> {
    let resolved = at.parent().map_or_else(|| target.to_owned(), |parent| parent.join(target));
    if resolved.is_dir() {
        std::os::windows::fs::symlink_dir(target, at)
    } else {
        std::os::windows::fs::symlink_file(target, at)
    }
}
