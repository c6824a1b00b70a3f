//! Where the workspace begins: the walk up from a directory.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use super::manifest::Manifest;
use super::members::{Members, Negation};
use super::pnpm;
use super::project::WORKSPACE_CONFIG_NAMES;
use crate::path::RelPath;

/// A workspace's root and what it declares.
#[derive(Debug)]
pub(super) struct Root {
    /// Absolute, links resolved.
    pub(super) dir: PathBuf,
    /// Its `vx.workspace.*`.
    pub(super) config_file: Option<PathBuf>,
    /// Its member patterns; `None` for a single package.
    pub(super) members: Option<Members>,
}

impl Root {
    /// The workspace that holds `cwd`: the first directory upwards with `vx.workspace.*`, with
    /// `pnpm-workspace.yaml`, or with a package.json whose `workspaces` take in the package of `cwd`;
    /// else the package of `cwd` alone.
    pub(super) fn find(cwd: &Path) -> Result<Self, WorkspaceError> {
        let cwd = resolved(cwd)?;
        let mut package: Option<&Path> = None;
        for dir in cwd.ancestors() {
            let config_file = first_config(dir, &WORKSPACE_CONFIG_NAMES)?;
            let pnpm = read(&dir.join("pnpm-workspace.yaml"))?;
            let manifest_path = dir.join("package.json");
            let manifest = read(&manifest_path)?;
            if manifest.is_some() {
                package = package.or(Some(dir));
            }
            let marked = config_file.is_some() || pnpm.is_some();
            let members = members(dir, pnpm, manifest.as_deref())?;
            let holds = members
                .as_ref()
                .zip(package)
                .is_some_and(|(members, package)| takes(members, dir, package));
            if marked || holds {
                return Ok(Self { dir: dir.to_owned(), config_file, members });
            }
        }
        let package = package.ok_or_else(|| WorkspaceError::NoWorkspace(cwd.clone()))?;
        Ok(Self { dir: package.to_owned(), config_file: None, members: None })
    }
}

fn takes(members: &Members, root: &Path, package: &Path) -> bool {
    RelPath::below(root, package).is_ok_and(|dir| dir.is_root() || members.includes(&dir))
}

/// What `dir` declares: `packages` of pnpm-workspace.yaml, else `workspaces` of its package.json.
fn members(
    dir: &Path,
    pnpm: Option<Vec<u8>>,
    manifest: Option<&[u8]>,
) -> Result<Option<Members>, WorkspaceError> {
    let compile = |path: PathBuf, patterns: &[String], negation| {
        Members::new(patterns, negation)
            .map(Some)
            .map_err(|source| WorkspaceError::Pattern { path, source })
    };
    if let Some(bytes) = pnpm {
        let path = dir.join("pnpm-workspace.yaml");
        if let Some(patterns) = pnpm::packages(&path, &bytes)? {
            return compile(path, &patterns, Negation::Always);
        }
    }
    let Some(bytes) = manifest else { return Ok(None) };
    let path = dir.join("package.json");
    let workspaces = Manifest::parse(&path, bytes)?.workspaces;
    workspaces.map_or(Ok(None), |patterns| compile(path, &patterns, Negation::InOrder))
}

/// The one config file in `dir` that has one of `names`.
pub(super) fn first_config(dir: &Path, names: &[&str]) -> Result<Option<PathBuf>, WorkspaceError> {
    let mut found = names.iter().map(|name| dir.join(name)).filter(|path| path.is_file());
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => Err(WorkspaceError::TwoConfigs { first, second }),
        (first, _) => Ok(first),
    }
}

/// The bytes of a file; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, WorkspaceError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(source) => Err(WorkspaceError::Unreadable { path: path.to_owned(), source }),
    }
}

/// `dir` with its links resolved, so that one directory has one name. On Windows only made absolute:
/// resolving there yields the `\\?\` form, which many programs refuse.
pub(super) fn resolved(dir: &Path) -> Result<PathBuf, WorkspaceError> {
    let resolved = if cfg!(windows) { std::path::absolute(dir) } else { dir.canonicalize() };
    resolved.map_err(|source| WorkspaceError::Unreadable { path: dir.to_owned(), source })
}
