//! What can go wrong while git's view of a worktree is read.

use std::path::{Path, PathBuf};

use crate::error::Coded;

/// Why git's view of a worktree could not be read. The reason holds the whole chain of causes.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is a repository, but it cannot be opened.
    #[error(
        "the git repository at {path:?} cannot be opened: {reason}; check it with `git -C {path:?} status`"
    )]
    Open {
        /// The directory that was asked for.
        path: PathBuf,
        /// What the repository code said.
        reason: String,
    },
    /// The index is there but cannot be read.
    #[error(
        "the git index {path:?} cannot be read: {reason}; `git status` in the worktree tells more"
    )]
    Index {
        /// The index file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// The worktree could not be walked.
    #[error("the git worktree {path:?} cannot be walked: {reason}")]
    Walk {
        /// The root of the worktree.
        path: PathBuf,
        /// What failed.
        reason: String,
    },
    /// A file that git knows could not be looked at.
    #[error("{path:?} cannot be looked at: {source}")]
    Look {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl GitError {
    pub(super) fn open(path: &Path, error: &gix::Error) -> Self {
        Self::Open { path: path.to_owned(), reason: chain(error) }
    }

    pub(super) fn index(path: &Path, error: &gix::Error) -> Self {
        Self::Index { path: path.to_owned(), reason: chain(error) }
    }

    pub(super) fn walk(path: &Path, error: &gix::Error) -> Self {
        Self::Walk { path: path.to_owned(), reason: chain(error) }
    }
}

impl Coded for GitError {
    fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "VX_GIT_OPEN",
            Self::Index { .. } => "VX_GIT_INDEX",
            Self::Walk { .. } => "VX_GIT_WALK",
            Self::Look { .. } => "VX_GIT_LOOK",
        }
    }
}

/// An error and its causes on one line.
fn chain(error: &gix::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.iter_errors() {
        let text = cause.to_string();
        if !text.is_empty() && !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}
