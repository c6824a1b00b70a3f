//! A workspace on disk, what lies in it, and artifacts made of it.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;
use vx::artifact::{Anchor, Anchors, Logs, Meta, OutputPath, Unpacked, pack, unpack};
use vx::glob::Globs;
use vx::key::Key;
use vx::outputs::{OutputError, OutputSpec, RecordedOutput};
use vx::path::RelPath;
use vx::stamp::Stamp;

pub struct Place {
    temp: TempDir,
    pub project: PathBuf,
    pub workspace: PathBuf,
}

impl Place {
    /// With a project at `packages/app`.
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let workspace = temp.path().join("workspace");
        let project = workspace.join("packages/app");
        fs::create_dir_all(&project).unwrap();
        fs::create_dir(temp.path().join("cache")).unwrap();
        Self { temp, project, workspace }
    }

    pub fn outside(&self) -> PathBuf {
        let dir = self.temp.path().join("outside");
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    pub fn spec(&self, files: &[&str]) -> OutputSpec {
        self.full_spec(files, &[], &[])
    }

    pub fn full_spec(&self, files: &[&str], workspace: &[&str], nested: &[&str]) -> OutputSpec {
        OutputSpec {
            anchors: Anchors {
                project: self.project.clone(),
                workspace: Some(self.workspace.clone()),
            },
            files: Globs::new(files).unwrap(),
            workspace_files: Globs::new(workspace).unwrap(),
            nested: nested.iter().map(|dir| RelPath::new(*dir).unwrap()).collect(),
        }
    }

    /// Writes files below the project, their content their own path.
    pub fn files(&self, paths: &[&str]) {
        for path in paths {
            let path = self.project.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, path.as_os_str().as_encoded_bytes()).unwrap();
        }
    }

    pub fn dirs(&self, paths: &[&str]) {
        for path in paths {
            fs::create_dir_all(self.project.join(path)).unwrap();
        }
    }

    pub fn link(&self, path: &str, target: impl AsRef<Path>) {
        let path = self.project.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    pub fn set(&self, path: &str, mode: u32, mtime_ns: i64) {
        let path = self.project.join(path);
        let distance = Duration::from_nanos(mtime_ns.unsigned_abs());
        let time = if mtime_ns < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance };
        File::open(&path).unwrap().set_times(FileTimes::new().set_modified(time)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    /// Packs what the specification lists.
    pub fn pack(&self, spec: &OutputSpec) -> Vec<RecordedOutput> {
        let outputs = vx::outputs::list(spec).unwrap();
        let cache = self.temp.path().join("cache");
        let logs = Logs::default();
        let packed = pack(&cache, &meta(), &logs, &outputs, &spec.anchors).unwrap();
        let recorded = packed
            .outputs()
            .iter()
            .map(|(output, stamp)| RecordedOutput { output: output.clone(), stamp: *stamp })
            .collect();
        packed.publish(&cache.join("artifact")).unwrap();
        recorded
    }

    pub fn unpack(&self, spec: &OutputSpec) -> Unpacked {
        self.unpack_into(&self.temp.path().join("staging"), spec)
    }

    pub fn unpack_into(&self, staging: &Path, spec: &OutputSpec) -> Unpacked {
        let artifact = self.temp.path().join("cache/artifact");
        unpack(&artifact, &meta().key, staging, &spec.acceptor()).unwrap()
    }

    /// What a restore does.
    pub fn restore(&self, spec: &OutputSpec) -> Result<Vec<RecordedOutput>, OutputError> {
        let unpacked = self.unpack(spec);
        vx::outputs::check(&unpacked, &spec.anchors)?;
        vx::outputs::clean(spec)?;
        vx::outputs::put(unpacked, &spec.anchors)
    }

    pub fn tree(&self) -> Tree {
        tree(&self.workspace)
    }

    pub fn names(&self) -> Vec<String> {
        let below = |path: &String| path.strip_prefix("packages/app/").map(str::to_owned);
        self.tree().keys().filter_map(below).collect()
    }
}

pub fn meta() -> Meta {
    Meta {
        key: Key::parse(&"a".repeat(32)).unwrap(),
        task_id: "app#build".into(),
        command: "build".into(),
        duration_ms: 1,
        stored_at: "2026-01-02T03:04:05Z".into(),
    }
}

/// What stands at a path: mode, and content or link text; for files the time too.
pub type Tree = BTreeMap<String, (u32, Vec<u8>, Option<i64>)>;

pub fn tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let stamp = Stamp::of(&path.symlink_metadata().unwrap());
            let (content, time) = if stamp.is_directory() {
                open.push(path.clone());
                (Vec::new(), None)
            } else if stamp.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                (target.into_os_string().into_encoded_bytes(), Some(stamp.mtime_ns))
            } else if stamp.is_file() {
                (fs::read(&path).unwrap(), Some(stamp.mtime_ns))
            } else {
                (Vec::new(), None)
            };
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            tree.insert(name, (stamp.mode, content, time));
        }
    }
    tree
}

/// The paths of a list, as the artifact names them, without the prefix of the project's.
pub fn names(outputs: &[OutputPath]) -> Vec<String> {
    let name = |output: &OutputPath| match output.anchor {
        Anchor::Project => output.path.as_str().to_owned(),
        Anchor::Workspace => format!("//{}", output.path.as_str()),
    };
    outputs.iter().map(name).collect()
}
