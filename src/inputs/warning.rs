//! What a user should know about a task's declared inputs although the run goes on.

use std::fmt;

/// One doubtful declaration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InputWarning {
    /// A plain path that names nothing on disk.
    MissingLiteral {
        /// Which list of the config, such as `cache.inputs.files`.
        list: &'static str,
        /// The path as declared.
        pattern: String,
    },
    /// A list that is not empty and matches no file.
    MatchesNothing {
        /// Which list of the config.
        list: &'static str,
    },
    /// A pattern whose directory is there, but nothing in it is visible: it is ignored, or excluded always.
    SeesNoIgnoredFiles {
        /// Which list of the config.
        list: &'static str,
        /// The pattern as declared.
        pattern: String,
    },
    /// A pattern for something in a `.git` or `.vx`.
    NeverAnInput {
        /// Which list of the config.
        list: &'static str,
        /// The pattern as declared.
        pattern: String,
    },
    /// A plain path in a project nested in this one.
    OfAnotherProject {
        /// Which list of the config.
        list: &'static str,
        /// The path as declared.
        pattern: String,
    },
}

impl fmt::Display for InputWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingLiteral { list, pattern } => {
                write!(f, "{list} declares {pattern:?}, which does not exist")
            }
            Self::MatchesNothing { list } => {
                write!(
                    f,
                    "{list} matches no file, so no change to a file invalidates the cache through it"
                )
            }
            Self::SeesNoIgnoredFiles { list, pattern } => write!(
                f,
                "{list} declares {pattern:?}, but what lies there is ignored and therefore not an input; list it in cache.inputs.ignored if the task reads it"
            ),
            Self::NeverAnInput { list, pattern } => {
                write!(
                    f,
                    "{list} declares {pattern:?}, but nothing in a .git or .vx is ever an input"
                )
            }
            Self::OfAnotherProject { list, pattern } => write!(
                f,
                "{list} declares {pattern:?}, which belongs to a nested project and is therefore not an input; depend on that project's task, or use cache.inputs.workspaceFiles"
            ),
        }
    }
}
