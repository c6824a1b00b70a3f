//! The JSON file of `--summarize`: looked at before anything runs, written when all has ended.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::report::RunReport;
use crate::error::Coded;

/// A JSON summary could not be written.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot write the summary to {path:?}: {source}; name another file with --summarize=<file>"
)]
pub(super) struct SummaryError {
    path: PathBuf,
    source: std::io::Error,
}

impl Coded for SummaryError {
    fn code(&self) -> &'static str {
        "VX_SUMMARY"
    }
}

/// A file that a summary can be written to.
#[derive(Debug)]
pub(super) struct SummaryFile(PathBuf);

impl SummaryFile {
    /// The file as named in `cwd`, or `.vx/runs/<run id>.json` below `root`, its directories made.
    ///
    /// # Errors
    /// [`SummaryError`], when it cannot be written.
    pub(super) fn prepare(
        named: Option<&Path>,
        cwd: &Path,
        root: &Path,
        run_id: &str,
    ) -> Result<Self, SummaryError> {
        let path = named.map_or_else(
            || root.join(".vx/runs").join(format!("{run_id}.json")),
            |named| cwd.join(named),
        );
        let ready = probe(&path).and_then(|()| {
            // What vx makes in a workspace by itself, git is not to see.
            let own = path.parent().filter(|_| named.is_none());
            own.map_or(Ok(()), |dir| std::fs::write(dir.join(".gitignore"), "*\n"))
        });
        match ready {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(SummaryError { path, source }),
        }
    }

    /// Writes the summary.
    ///
    /// # Errors
    /// [`SummaryError`].
    pub(super) fn write(self, report: &RunReport) -> Result<(), SummaryError> {
        // Only strings, numbers and lists: it always has a JSON form.
        let json = serde_json::to_string_pretty(report).unwrap_or_default();
        std::fs::write(&self.0, json + "\n").map_err(|source| SummaryError { path: self.0, source })
    }
}

/// Opens the file for writing. An earlier summary stays until there is another one, and none is left behind empty.
fn probe(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(_) => std::fs::remove_file(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            OpenOptions::new().write(true).open(path).map(drop)
        }
        Err(error) => Err(error),
    }
}
