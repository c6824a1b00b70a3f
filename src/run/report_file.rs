//! The files that a run is asked to write about itself: looked at before anything runs, written when all has ended.

use std::fs::OpenOptions;
use std::io::{BufWriter, Error, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::Coded;

/// What a run can write about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// `--summarize`.
    Summary,
    /// `--profile`.
    Profile,
}

impl Report {
    const fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Profile => "profile",
        }
    }

    const fn flag(self) -> &'static str {
        match self {
            Self::Summary => "--summarize",
            Self::Profile => "--profile",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Summary => "json",
            Self::Profile => "profile.json",
        }
    }
}

/// A report of a run could not be written.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot write the {name} to {path:?}: {source}; name another file with {flag}=<file>",
    name = report.name(), flag = report.flag()
)]
pub(super) struct ReportError {
    report: Report,
    path: PathBuf,
    source: Error,
}

impl Coded for ReportError {
    fn code(&self) -> &'static str {
        match self.report {
            Report::Summary => "VX_SUMMARY",
            Report::Profile => "VX_PROFILE",
        }
    }
}

/// A file that a report can be written to.
#[derive(Debug)]
pub(super) struct ReportFile {
    report: Report,
    path: PathBuf,
}

impl ReportFile {
    /// The file as named in `cwd`, or one named after the run in `.vx/runs` below `root`, its directories made.
    ///
    /// # Errors
    /// [`ReportError`], when it cannot be written.
    pub(super) fn prepare(
        report: Report,
        named: Option<&Path>,
        cwd: &Path,
        root: &Path,
        run_id: &str,
    ) -> Result<Self, ReportError> {
        let path = named.map_or_else(
            || root.join(".vx/runs").join(format!("{run_id}.{}", report.extension())),
            |named| cwd.join(named),
        );
        let ready = probe(&path).and_then(|()| {
            // What vx makes in a workspace by itself, git is not to see.
            let own = path.parent().filter(|_| named.is_none());
            own.map_or(Ok(()), |dir| std::fs::write(dir.join(".gitignore"), "*\n"))
        });
        match ready {
            Ok(()) => Ok(Self { report, path }),
            Err(source) => Err(ReportError { report, path, source }),
        }
    }

    /// The same file, unless a summary that goes to `summary` as named in `cwd` would take its place.
    ///
    /// # Errors
    /// [`ReportError`], when it would.
    pub(super) fn apart_from(
        self,
        summary: Option<&Path>,
        cwd: &Path,
    ) -> Result<Self, ReportError> {
        if summary.is_none_or(|summary| cwd.join(summary) != self.path) {
            return Ok(self);
        }
        let Self { report, path } = self;
        Err(ReportError { report, path, source: Error::other("the summary goes there") })
    }

    /// Writes the report.
    ///
    /// # Errors
    /// [`ReportError`].
    pub(super) fn write(self, content: &impl Serialize) -> Result<(), ReportError> {
        let Self { report, path } = self;
        let written = std::fs::File::create(&path).and_then(|file| {
            let mut file = BufWriter::new(file);
            match report {
                Report::Summary => serde_json::to_writer_pretty(&mut file, content)?,
                // Large, and read by programs.
                Report::Profile => serde_json::to_writer(&mut file, content)?,
            }
            file.write_all(b"\n")?;
            file.flush()
        });
        written.map_err(|source| ReportError { report, path, source })
    }
}

/// Opens the file for writing. An earlier report stays until there is another one, and none is left behind empty.
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
