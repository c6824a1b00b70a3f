//! What is wrong in config files: all of it, each problem with its place and its remedy.

use std::fmt;
use std::path::PathBuf;

use crate::error::Coded;

/// One problem of one config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The config file.
    pub file: PathBuf,
    /// Where in its value, such as `tasks.build.cache.inputs.files[0]`; empty for the value itself, `None` when
    /// the file has no value.
    pub path: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to write instead, where that can be said apart.
    pub fix: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.path.as_deref() {
            None => "cannot be evaluated",
            Some("") => "the default export",
            Some(path) => path,
        };
        write!(f, "{}: {place}\n  {}", self.file.display(), self.what.replace('\n', "\n  "))?;
        self.fix.as_ref().map_or(Ok(()), |fix| write!(f, "\n  {fix}"))
    }
}

/// All problems of the config files that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Never empty; in the order of the files.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl Coded for ConfigError {
    fn code(&self) -> &'static str {
        "VX_CONFIG_INVALID"
    }
}
