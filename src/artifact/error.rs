//! Everything that can keep an artifact from being written or read, each with a stable code.

use std::io;
use std::path::{Path, PathBuf};

use super::meta::VERSION;
use crate::error::Coded;
use crate::key::Key;

/// Why an artifact could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// No such file.
    #[error("there is no artifact at {path:?}")]
    Missing {
        /// The artifact.
        path: PathBuf,
    },
    /// Truncated, altered, or made to do harm.
    #[error("the artifact {path:?} is damaged and cannot be used: {reason}")]
    Corrupt {
        /// The artifact.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A sound artifact of another task or another state.
    #[error("the artifact {path:?} belongs to the key {found}, not to {expected}")]
    OtherKey {
        /// The artifact.
        path: PathBuf,
        /// The key that was asked for.
        expected: Key,
        /// The key inside.
        found: Key,
    },
    /// Written in another version of the format.
    #[error("the artifact {path:?} has format version {found}, this vx reads version {VERSION}")]
    OtherVersion {
        /// The artifact.
        path: PathBuf,
        /// The version inside.
        found: u64,
    },
    /// The system refused.
    #[error("cannot {action} {path:?}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An output is a symbolic link to somewhere outside of the workspace.
    #[error(
        "the output {path:?} is a symbolic link to {target:?}, which is absolute or lies outside of the workspace; link to a path inside the workspace with a relative target, or take the link out of the outputs"
    )]
    LinkEscapes {
        /// The link.
        path: PathBuf,
        /// Its text.
        target: String,
    },
    /// An output is neither a file, a directory nor a symbolic link.
    #[error("the output {path:?} is {kind}, which cannot be stored; take it out of the outputs")]
    Unsupported {
        /// The output.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// A link text that is not UTF-8.
    #[error(
        "the output {path:?} is a symbolic link whose text is not valid UTF-8, so it cannot be stored"
    )]
    NotUtf8 {
        /// The link.
        path: PathBuf,
    },
    /// A name that no artifact may hold.
    #[error("the output {path:?} cannot be stored: {reason}")]
    Name {
        /// The output.
        path: PathBuf,
        /// Which rule it breaks.
        reason: String,
    },
    /// An output changed between the moment it was found and the moment it was stored.
    #[error(
        "the output {path:?} {how} while it was being stored; something still writes to the outputs after the task has ended"
    )]
    OutputMoved {
        /// The output.
        path: PathBuf,
        /// What happened to it.
        how: &'static str,
    },
    /// The metadata does not fit its limit.
    #[error("the metadata of {task_id} takes {size} bytes; an artifact holds at most {limit}")]
    MetaTooLarge {
        /// The task.
        task_id: String,
        /// What it takes.
        size: usize,
        /// What an artifact holds.
        limit: u64,
    },
    /// What is to be stored unpacks to more than an artifact of its size may.
    #[error(
        "the outputs of {task_id} take {unpacked} bytes, and an artifact that compresses this well may hold {limit}; take what holds nothing but zeros or repetitions out of the outputs"
    )]
    TooLarge {
        /// The task.
        task_id: String,
        /// What it takes.
        unpacked: u64,
        /// What an artifact of that size may hold.
        limit: u64,
    },
    /// An output of the workspace without a workspace.
    #[error("{path:?} is relative to the workspace, but no workspace directory was given")]
    NoWorkspace {
        /// The output, relative to the workspace root.
        path: PathBuf,
    },
}

impl Coded for ArtifactError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "VX_ARTIFACT_MISSING",
            Self::Corrupt { .. } => "VX_ARTIFACT_CORRUPT",
            Self::OtherKey { .. } => "VX_ARTIFACT_OTHER_KEY",
            Self::OtherVersion { .. } => "VX_ARTIFACT_OTHER_VERSION",
            Self::Io { .. } => "VX_ARTIFACT_IO",
            Self::LinkEscapes { .. } => "VX_OUTPUT_LINK_ESCAPES",
            Self::Unsupported { .. } => "VX_OUTPUT_UNSUPPORTED",
            Self::NotUtf8 { .. } => "VX_OUTPUT_NOT_UTF8",
            Self::Name { .. } => "VX_OUTPUT_NAME",
            Self::OutputMoved { .. } => "VX_OUTPUT_MOVED",
            Self::MetaTooLarge { .. } => "VX_ARTIFACT_META_TOO_LARGE",
            Self::TooLarge { .. } => "VX_ARTIFACT_TOO_LARGE",
            Self::NoWorkspace { .. } => "VX_OUTPUT_NO_WORKSPACE",
        }
    }
}

impl ArtifactError {
    pub(super) fn corrupt(path: &Path, reason: impl Into<String>) -> Self {
        Self::Corrupt { path: path.to_owned(), reason: reason.into() }
    }

    /// For `map_err`: the system refused `action` on `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// For `map_err` on anything that reads through the decoders: an error that carries a system's number
    /// came from the disk, any other from what the bytes say.
    pub(super) fn reading(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| {
            if source.raw_os_error().is_some() {
                Self::Io { action: "read", path: path.to_owned(), source }
            } else {
                Self::corrupt(path, source.to_string())
            }
        }
    }
}
