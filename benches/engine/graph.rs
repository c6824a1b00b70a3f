//! Building the task graph of a whole workspace.

use std::collections::BTreeMap;
use std::fs;

use criterion::{BenchmarkId, Criterion, Throughput};
use serde_json::{Value, json};
use tempfile::TempDir;
use vx::config::Configs;
use vx::graph::{Request, Requested, TaskGraph, select};
use vx::workspace::Workspace;

use crate::{Numbers, scaled};

/// The tasks that every project has.
const TASKS: [&str; 3] = ["build", "test", "lint"];

pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("graph");
    group.sample_size(20);
    for (name, projects, dependencies) in
        [("sparse", 1_000, 3), ("sparse", 10_000, 3), ("dense", 1_000, 30)]
    {
        let laid_out = LaidOut::new(scaled(projects), dependencies);
        let projects = laid_out.projects;
        group.throughput(Throughput::Elements((projects * TASKS.len()) as u64));
        let id = BenchmarkId::new(name, format!("{projects}x{dependencies}"));
        group.bench_function(id, |bencher| bencher.iter(|| laid_out.graph()));
    }
    group.finish();
}

/// A workspace on disk, read, with what asks for all of its tasks.
struct LaidOut {
    _dir: TempDir,
    projects: usize,
    workspace: Workspace,
    configs: Configs,
    requested: Vec<Requested>,
}

impl LaidOut {
    /// Each project depends on so many of those before it; each task waits for the same one of these.
    fn new(projects: usize, dependencies: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let mut numbers = Numbers::new(3);
        fs::write(
            root.join("package.json"),
            json!({ "name": "root", "workspaces": ["packages/*"] }).to_string(),
        )
        .unwrap();
        for at in 0..projects {
            let dir = root.join(format!("packages/p{at}"));
            let on: BTreeMap<String, &str> = (0..dependencies.min(at))
                .map(|_| (format!("p{}", numbers.below(at)), "workspace:*"))
                .collect();
            fs::create_dir_all(&dir).unwrap();
            let manifest = json!({ "name": format!("p{at}"), "dependencies": on });
            fs::write(dir.join("package.json"), manifest.to_string()).unwrap();
            fs::write(dir.join("vx.config.mjs"), "").unwrap();
        }
        let workspace = Workspace::discover(&root).unwrap();
        let configs = Configs::load(&workspace, |_| Ok(config())).unwrap();
        let selectors = TASKS.map(str::to_owned);
        let request = Request { selectors: &selectors, filters: &[], all: true, cwd: &root };
        let requested = select(&workspace, &configs, request).unwrap();
        Self { _dir: dir, projects, workspace, configs, requested }
    }

    fn graph(&self) -> TaskGraph {
        TaskGraph::build(&self.workspace, &self.configs, &self.requested).unwrap()
    }
}

fn config() -> Value {
    let task = |name: &str| {
        let value = json!({
            "exec": { "command": "true" },
            "dependsOn": [format!("^{name}")],
            "cache": {
                "inputs": { "files": ["src/**"] },
                "outputs": { "files": [format!("{name}-out/**")] },
            },
        });
        (name.to_owned(), value)
    };
    json!({ "tasks": TASKS.map(task).into_iter().collect::<serde_json::Map<_, _>>() })
}
