//! A workspace that can be looked at again and again: its repository is opened once.
//!
//! What is visible at one moment is a [`View`].

use std::path::{Path, PathBuf};

use super::error::InputError;
use super::view::View;
use crate::error::Result;
use crate::git::{Repo, Walked};
use crate::path::RelPath;

/// A workspace's root, and the repository that it is part of.
#[derive(Debug)]
pub struct Tree {
    /// As it was given, absolute.
    pub(super) root: PathBuf,
    /// The root without links.
    pub(super) canonical: PathBuf,
    pub(super) repository: Option<Repository>,
}

/// The repository whose worktree holds the workspace.
#[derive(Debug)]
pub(super) struct Repository {
    pub(super) repo: Repo,
    /// The workspace root in the worktree.
    pub(super) prefix: RelPath,
}

impl Tree {
    /// Finds out where the workspace at `root` lies.
    ///
    /// # Errors
    /// [`InputError`], when there is no such directory; [`crate::git::GitError`], when its repository cannot be
    /// opened.
    pub fn open(root: &Path) -> Result<Self> {
        let failed = |source| InputError::List { path: root.to_owned(), source };
        let root = std::path::absolute(root).map_err(failed)?;
        let canonical = root.canonicalize().map_err(failed)?;
        let repository = match Repo::discover(&canonical)? {
            Some(repo) => Repository::holding(&canonical, repo)?,
            None => None,
        };
        Ok(Self { root, canonical, repository })
    }

    /// Looks at the whole workspace.
    ///
    /// # Errors
    /// [`crate::git::GitError`] and [`InputError`], when the workspace cannot be listed.
    pub fn view(&self) -> Result<View> {
        View::of(self, &[], None)
    }

    /// The same, without a walk of its own where `walked` says that it would meet what an earlier one met.
    ///
    /// # Errors
    /// As [`Self::view`].
    pub fn view_again(&self, walked: Option<&Walked>) -> Result<View> {
        View::of(self, &[], walked)
    }

    /// Looks at the paths `under` (relative to the workspace root) and what lies below them; none: everything.
    ///
    /// # Errors
    /// As [`Self::view`].
    pub fn view_under(&self, under: &[RelPath]) -> Result<View> {
        View::of(self, under, None)
    }
}

impl Repository {
    /// `None`: the workspace is no part of the worktree.
    fn holding(workspace: &Path, repo: Repo) -> Result<Option<Self>> {
        let worktree =
            repo.worktree().canonicalize().unwrap_or_else(|_| repo.worktree().to_owned());
        if !workspace.starts_with(&worktree) {
            return Ok(None);
        }
        let prefix = RelPath::below(&worktree, workspace)?;
        Ok(Some(Self { repo, prefix }))
    }
}
