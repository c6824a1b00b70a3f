//! One workspace with one project and a cache, in a temporary directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use tempfile::TempDir;
use vx::artifact::{Anchor, Anchors, Captured, Logs, OutputPath};
use vx::cache::{Cache, CacheError, Entry, RestoreSpec, RestoreTarget, Restored, SaveRequest};
use vx::error::Coded;
use vx::glob::Globs;
use vx::key::Key;
use vx::outputs::OutputSpec;
use vx::path::RelPath;

pub(super) struct Fixture {
    temporary: TempDir,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let fixture = Self { temporary: tempfile::tempdir().unwrap() };
        fs::create_dir_all(fixture.project()).unwrap();
        fixture
    }

    pub(super) fn root(&self) -> &Path {
        self.temporary.path()
    }

    pub(super) fn project(&self) -> PathBuf {
        self.root().join("packages/a")
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.root().join(".vx/cache")
    }

    pub(super) fn database(&self) -> PathBuf {
        self.dir().join("cache.db")
    }

    pub(super) fn artifact(&self, n: u32) -> PathBuf {
        self.dir().join(format!("{}.tar.zst", key(n)))
    }

    pub(super) fn open(&self) -> Cache {
        Cache::open(&self.dir()).unwrap()
    }

    pub(super) fn anchors(&self) -> Anchors {
        Anchors { project: self.project(), workspace: Some(self.root().to_owned()) }
    }

    pub(super) fn declared(&self) -> OutputSpec {
        OutputSpec {
            anchors: self.anchors(),
            files: Globs::new(&["dist/**"]).unwrap(),
            workspace_files: Globs::new(&["reports/*.txt"]).unwrap(),
            nested: Vec::new(),
        }
    }

    /// Writes a file below the project.
    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.project().join(path)).ok()
    }

    /// "Runs" a task that writes `dist/a.js` and prints a line, and saves its result.
    pub(super) fn run_and_save(&self, cache: &Cache, n: u32) -> Entry {
        self.write("dist/a.js", &format!("result {n}"));
        self.save(cache, n, &[project("dist/a.js")], &logs(b"built\n", b""))
    }

    pub(super) fn save(&self, cache: &Cache, n: u32, outputs: &[OutputPath], logs: &Logs) -> Entry {
        self.try_save(cache, n, outputs, logs).unwrap()
    }

    pub(super) fn try_save(
        &self,
        cache: &Cache,
        n: u32,
        outputs: &[OutputPath],
        logs: &Logs,
    ) -> Result<Entry, CacheError> {
        let request = SaveRequest {
            key: &key(n),
            task_id: "a#build",
            command: "tsc -p .",
            duration_ms: 1_234,
            logs,
            outputs,
            anchors: &self.anchors(),
            worktree: Some(self.root()),
            components: None,
        };
        cache.save(request).map(|saved| saved.entry)
    }

    pub(super) fn restore(&self, cache: &Cache, n: u32) -> Result<Restored, CacheError> {
        let declared = self.declared();
        let target = RestoreTarget::Declared(&declared);
        cache.restore(&key(n), &RestoreSpec { target, found: None, worktree: Some(self.root()) })
    }

    /// The database as another program sees it, with all that is in its log folded in.
    pub(super) fn sql(&self) -> Connection {
        let connection = Connection::open(self.database()).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        connection
    }

    /// The names in the cache directory that start with `start`.
    pub(super) fn names(&self, start: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(start))
            .collect();
        names.sort();
        names
    }
}

pub(super) fn key(n: u32) -> Key {
    Key::parse(&format!("{n:032x}")).unwrap()
}

pub(super) fn project(path: &str) -> OutputPath {
    OutputPath { anchor: Anchor::Project, path: RelPath::new(path).unwrap() }
}

pub(super) fn workspace(path: &str) -> OutputPath {
    OutputPath { anchor: Anchor::Workspace, path: RelPath::new(path).unwrap() }
}

pub(super) fn logs(stdout: &[u8], stderr: &[u8]) -> Logs {
    Logs { stdout: Captured::from(stdout.to_vec()), stderr: Captured::from(stderr.to_vec()) }
}

/// Sets a file's times to `age` ago.
pub(super) fn age(path: &Path, age: Duration) {
    let then = SystemTime::now() - age;
    let times = fs::FileTimes::new().set_accessed(then).set_modified(then);
    fs::File::open(path).unwrap().set_times(times).unwrap();
}

/// The code of an error.
pub(super) fn code<T>(result: Result<T, CacheError>) -> &'static str {
    result.err().map_or("no error", |error| error.code())
}
