//! Packing outputs and reading them back.

use std::fs;
use std::path::PathBuf;

use criterion::{Criterion, Throughput};
use tempfile::TempDir;
use vx::artifact::{Anchor, Anchors, Logs, Meta, OutputPath, Packed, Unpacked, pack, unpack};
use vx::key::Key;
use vx::path::RelPath;

use crate::{Numbers, scaled};

pub fn bench(criterion: &mut Criterion) {
    let small = Outputs::new(scaled(2_000), 2 << 10);
    let big = Outputs::new(1, scaled(64 << 20));
    for (name, outputs) in [("small files", small), ("one big file", big)] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        group.throughput(Throughput::Bytes(outputs.bytes as u64));
        group.bench_function("pack", |bencher| bencher.iter(|| outputs.pack()));
        outputs.pack().publish(&outputs.artifact()).unwrap();
        group.bench_function("unpack", |bencher| bencher.iter(|| outputs.unpack()));
        group.finish();
    }
}

/// Files on disk that a task may have made, and where their artifact goes.
struct Outputs {
    dir: TempDir,
    anchors: Anchors,
    paths: Vec<OutputPath>,
    bytes: usize,
    meta: Meta,
}

impl Outputs {
    fn new(files: usize, bytes_of_each: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path().join("project");
        fs::create_dir(dir.path().join("cache")).unwrap();
        let mut numbers = Numbers::new(5);
        let file = |at: usize| {
            let path = RelPath::new(format!("dist/part-{}/file-{at}.js", at / 50)).unwrap();
            let on_disk = path.on(&project);
            if let Some(parent) = on_disk.parent() {
                fs::create_dir_all(parent).unwrap();
            }
            fs::write(on_disk, numbers.text(bytes_of_each)).unwrap();
            OutputPath { anchor: Anchor::Project, path }
        };
        let paths = (0..files).map(file).collect();
        let meta = Meta {
            key: Key::parse(&"a".repeat(32)).unwrap(),
            task_id: "app#build".into(),
            command: "build".into(),
            duration_ms: 1,
            stored_at: "2026-01-02T03:04:05Z".into(),
        };
        let bytes = files * bytes_of_each;
        Self { dir, anchors: Anchors { project, workspace: None }, paths, bytes, meta }
    }

    fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    fn artifact(&self) -> PathBuf {
        self.cache().join(format!("{}.tar.zst", self.meta.key))
    }

    fn pack(&self) -> Packed {
        pack(&self.cache(), &self.meta, &Logs::default(), &self.paths, &self.anchors).unwrap()
    }

    fn unpack(&self) -> Unpacked {
        let staging = self.cache().join("staging");
        unpack(&self.artifact(), &self.meta.key, &staging, &|_| true).unwrap()
    }
}
