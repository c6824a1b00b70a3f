//! What can go wrong while a task's inputs are found and read.

use std::path::PathBuf;

use crate::error::Coded;

/// Why the inputs of a task could not be found or read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file that is an input has a name that no key can hold.
    #[error(
        "the input {path:?} has a name that is not valid UTF-8, so it cannot be part of a cache key; rename the file, ignore it, or exclude it from the inputs"
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A file that is an input could not be read.
    #[error(
        "the input {path:?} cannot be read: {source}; make it readable or exclude it from the inputs"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file kept changing while it was read.
    #[error(
        "the input {path:?} kept changing while it was read; wait for what writes it, or exclude it from the inputs"
    )]
    Unstable {
        /// The file.
        path: PathBuf,
    },
    /// A path that should be a file or a link to one is something else.
    #[error("{path:?} is not a file")]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The workspace could not be walked.
    #[error("the directory {path:?} cannot be listed: {source}")]
    List {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Coded for InputError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8 { .. } => "VX_INPUT_NOT_UTF8",
            Self::Read { .. } => "VX_INPUT_READ",
            Self::Unstable { .. } => "VX_INPUT_UNSTABLE",
            Self::NotAFile { .. } => "VX_INPUT_NOT_A_FILE",
            Self::List { .. } => "VX_INPUT_LIST",
        }
    }
}
