//! Opening a repository, and what holds for all of it.
//!
//! The user's configuration counts as it does for git, from every file and from `GIT_CONFIG_*`. The variables by
//! which git hands *its* repository to the programs it starts (`GIT_DIR`, `GIT_WORK_TREE`, `GIT_INDEX_FILE`) do not:
//! a directory's repository is the one that holds it, also when vx is started from a hook.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use gix::ThreadSafeRepository;
use gix::discover::upwards;
use gix::sec::trust::Mapping;

use super::error::GitError;
use super::index::Decoded;
use super::{oid, trust};
use crate::file_id::ObjectFormat;

/// A repository with a worktree.
#[derive(Clone)]
pub struct Repo {
    pub(super) inner: ThreadSafeRepository,
    worktree: PathBuf,
    format: ObjectFormat,
    pub(super) decoded: Decoded,
    /// Asked once: what git's configuration says of the index's oids.
    trusted: Arc<OnceLock<bool>>,
}

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo").field("worktree", &self.worktree).finish_non_exhaustive()
    }
}

impl Repo {
    /// Opens the repository whose worktree holds `dir`; `None` when there is none, or only a bare one.
    ///
    /// # Errors
    /// [`GitError::Open`] for a repository that is there but cannot be opened.
    pub fn discover(dir: &Path) -> Result<Option<Self>, GitError> {
        let failed = |error: &gix::Error| GitError::open(dir, error);
        let absolute = std::path::absolute(dir)
            .map_err(|source| GitError::Look { path: dir.to_owned(), source })?;
        let opened = ThreadSafeRepository::discover_opts(&absolute, search(), Mapping::default());
        match opened {
            Ok(repo) => {
                let inferred = || {
                    let (path, _trust) = gix::discover::upwards_opts(&absolute, search())?;
                    Ok(path.into_repository_and_work_tree_directories().1)
                };
                Self::of(&repo, inferred).map_err(|error| failed(&error))
            }
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Opens the repository whose worktree is `root` itself; `None` when there is none.
    pub(super) fn at(root: &Path) -> Result<Option<Self>, GitError> {
        let failed = |error: &gix::Error| GitError::open(root, error);
        if gix::discover::is_git(&root.join(gix::discover::DOT_GIT_DIR)).is_err() {
            return Ok(None);
        }
        let mut repo = gix::open(root).map_err(|error| failed(&error))?;
        repo.set_workdir(root.to_owned()).map_err(|error| failed(&error))?;
        Self::of(&repo.into_sync(), || Ok(Some(root.to_owned()))).map_err(|error| failed(&error))
    }

    /// `inferred` is the worktree that the place of the repository implies; the repository's own configuration may
    /// name another, the environment may not.
    fn of(
        inner: &ThreadSafeRepository,
        inferred: impl FnOnce() -> Result<Option<PathBuf>, gix::Error>,
    ) -> Result<Option<Self>, gix::Error> {
        let mut repo = inner.to_thread_local();
        if std::env::var_os("GIT_WORK_TREE").is_some() {
            repo.set_workdir(inferred()?)?;
        }
        let Some(worktree) = repo.workdir().map(Path::to_owned) else {
            return Ok(None);
        };
        let format = oid::format(repo.object_hash());
        Ok(Some(Self {
            inner: repo.into_sync(),
            worktree,
            format,
            decoded: Decoded::default(),
            trusted: Arc::default(),
        }))
    }

    /// The hash that names this repository's blobs.
    #[must_use]
    pub fn object_format(&self) -> ObjectFormat {
        self.format
    }

    /// The absolute root of this worktree.
    #[must_use]
    pub fn worktree(&self) -> &Path {
        &self.worktree
    }

    /// In a linked worktree, the root of the main worktree of the same repository. `None` in the main worktree
    /// itself, and where the repository is bare.
    #[must_use]
    pub fn main_worktree(&self) -> Option<PathBuf> {
        let repo = self.inner.to_thread_local();
        if repo.kind() != gix::repository::Kind::LinkedWorkTree {
            return None;
        }
        let main = repo.main_repo().ok()?;
        let root = main.workdir()?;
        Some(root.canonicalize().unwrap_or_else(|_| root.to_owned()))
    }

    /// Whether the rules of trust hold that the whole repository decides.
    pub(super) fn may_be_trusted(&self, local: &gix::Repository) -> bool {
        *self.trusted.get_or_init(|| trust::repository_may_be_trusted(local))
    }

    /// Where the index of this worktree lies, whatever the environment says.
    pub(super) fn index_path(&self) -> PathBuf {
        self.inner.git_dir().join("index")
    }
}

/// As git searches, except that a ceiling that does not lie above the start is no error.
fn search() -> upwards::Options<'static> {
    upwards::Options {
        match_ceiling_dir_or_error: false,
        cross_fs: crosses_file_systems(),
        ..upwards::Options::default()
    }
    .apply_environment()
}

/// Nothing found on the way up, as opposed to something that cannot be read.
fn is_absence(error: &gix::Error) -> bool {
    error.downcast_any_ref::<upwards::Error>().is_some()
}

fn crosses_file_systems() -> bool {
    std::env::var("GIT_DISCOVERY_ACROSS_FILESYSTEM").is_ok_and(|value| {
        matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
    })
}
