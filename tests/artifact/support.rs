//! A workspace on disk with one project in it, and artifacts made of it.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;
use vx::artifact::{
    Anchor, Anchors, ArtifactError, Content, ItemKind, Logs, Meta, OutputPath, Unpacked, pack,
    unpack,
};
use vx::key::Key;
use vx::path::RelPath;

pub fn key() -> Key {
    Key::parse("0123456789abcdef0123456789abcdef").unwrap()
}

pub fn meta() -> Meta {
    Meta {
        key: key(),
        task_id: "pkg#build".into(),
        command: "tsc -p .".into(),
        duration_ms: 1234,
        stored_at: "2026-01-02T03:04:05Z".into(),
    }
}

pub fn logs(stdout: &[u8], stderr: &[u8]) -> Logs {
    Logs { stdout: stdout.to_vec().into(), stderr: stderr.to_vec().into() }
}

pub fn project(path: &str) -> OutputPath {
    OutputPath { anchor: Anchor::Project, path: RelPath::new(path).unwrap() }
}

pub fn workspace(path: &str) -> OutputPath {
    OutputPath { anchor: Anchor::Workspace, path: RelPath::new(path).unwrap() }
}

pub struct Place {
    temp: TempDir,
    pub anchors: Anchors,
}

impl Place {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("workspace");
        let project = root.join("packages/app");
        fs::create_dir_all(&project).unwrap();
        fs::create_dir(temp.path().join("cache")).unwrap();
        Self { temp, anchors: Anchors { project, workspace: Some(root) } }
    }

    pub fn cache(&self) -> PathBuf {
        self.temp.path().join("cache")
    }

    pub fn artifact(&self) -> PathBuf {
        self.cache().join(format!("{}.tar.zst", key()))
    }

    pub fn staging(&self) -> PathBuf {
        self.temp.path().join("staging")
    }

    pub fn path(&self, output: &OutputPath) -> PathBuf {
        self.anchors.locate(output).unwrap()
    }

    /// Writes a file with its parents; its time is whole seconds and some nanoseconds.
    pub fn file(&self, output: &OutputPath, content: &[u8]) -> PathBuf {
        let path = self.path(output);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        set_mtime(&path, 1_600_000_000_123_456_789);
        path
    }

    pub fn try_pack(&self, outputs: &[OutputPath]) -> Result<PathBuf, ArtifactError> {
        let packed =
            pack(&self.cache(), &meta(), &logs(b"out\n", b"err\n"), outputs, &self.anchors)?;
        let dest = self.artifact();
        packed.publish(&dest)?;
        Ok(dest)
    }

    pub fn pack(&self, outputs: &[OutputPath]) -> PathBuf {
        self.try_pack(outputs).unwrap()
    }

    pub fn unpack(&self) -> Result<Unpacked, ArtifactError> {
        unpack(&self.artifact(), &key(), &self.staging(), &|_| true)
    }

    /// Everything below the temporary directory but the cache, so that a test can say: nothing was written.
    pub fn everything_else(&self) -> Vec<PathBuf> {
        let mut all = Vec::new();
        let mut open = vec![self.temp.path().to_owned()];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
                if entry.path() != self.cache() {
                    if entry.file_type().unwrap().is_dir() {
                        open.push(entry.path());
                    }
                    all.push(entry.path());
                }
            }
        }
        all.sort();
        all
    }
}

pub fn set_mtime(path: &Path, ns: i64) {
    let distance = Duration::from_nanos(ns.unsigned_abs());
    let time = if ns < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance };
    let file = File::open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
}

/// An item without what differs between memory and staging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    pub output: OutputPath,
    pub mode: u32,
    pub mtime_ns: i64,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    File(Vec<u8>),
    Link(String),
    Directory,
}

pub fn plain(unpacked: &Unpacked) -> Vec<Plain> {
    let plain = |item: &vx::artifact::Item| Plain {
        output: item.output.clone(),
        mode: item.mode,
        mtime_ns: item.mtime_ns,
        what: match &item.kind {
            ItemKind::File(Content::Memory(bytes)) => What::File(bytes.clone()),
            ItemKind::File(Content::Staged(path)) => What::File(fs::read(path.path()).unwrap()),
            ItemKind::Symlink(target) => What::Link(target.clone()),
            ItemKind::Directory => What::Directory,
        },
    };
    unpacked.items.iter().map(plain).collect()
}
