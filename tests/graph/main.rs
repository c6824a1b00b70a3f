//! Task graphs and selections over workspaces on disk.

mod build;
mod laws;
mod selection;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use vx::config::Configs;
use vx::graph::{GraphError, Requested, TaskGraph, TaskId, TaskIx};
use vx::workspace::Workspace;

/// One project of a test: its directory, its package.json, and the tasks of its config if it has one.
type Given<'a> = (&'a str, Value, Option<Value>);

/// A workspace on disk with its configs.
struct Fixture {
    _dir: TempDir,
    root: PathBuf,
    workspace: Workspace,
    configs: Configs,
}

impl Fixture {
    /// Lays out the projects below a root package called `root`, which has the tasks of `root_tasks`.
    fn new(root_tasks: Option<Value>, projects: &[Given<'_>]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let root = dir.path().canonicalize().expect("its real path");
        let dirs: Vec<&str> = projects.iter().map(|(dir, ..)| *dir).collect();
        let mut values: BTreeMap<PathBuf, Value> = BTreeMap::new();
        let mut add = |dir: &Path, manifest: &Value, tasks: Option<Value>| {
            std::fs::create_dir_all(dir).expect("a directory");
            std::fs::write(dir.join("package.json"), manifest.to_string()).expect("a manifest");
            if let Some(tasks) = tasks {
                std::fs::write(dir.join("vx.config.ts"), "").expect("a config");
                values.insert(dir.join("vx.config.ts"), json!({ "tasks": tasks }));
            }
        };
        add(&root, &json!({ "name": "root", "workspaces": dirs }), root_tasks);
        for (dir, manifest, tasks) in projects {
            add(&root.join(dir), manifest, tasks.clone());
        }
        let workspace = Workspace::discover(&root).expect("a workspace");
        let configs = Configs::load(&workspace, |file| Ok(values[file].clone())).expect("configs");
        Self { _dir: dir, root, workspace, configs }
    }

    /// The graph of these `project#task`s.
    fn graph(&self, requested: &[&str]) -> Result<TaskGraph, GraphError> {
        let requested: Vec<Requested> = requested
            .iter()
            .map(|id| {
                let (project, task) = id.rsplit_once('#').expect("a task id");
                let project = self.workspace.by_name(project).expect("a project");
                Requested { project, task: task.to_owned() }
            })
            .collect();
        TaskGraph::build(&self.workspace, &self.configs, &requested)
    }
}

/// A package.json with these dependencies.
fn package(name: &str, dependencies: &[&str]) -> Value {
    let dependencies: BTreeMap<&str, &str> =
        dependencies.iter().map(|name| (*name, "workspace:*")).collect();
    json!({ "name": name, "dependencies": dependencies })
}

/// A task that runs something and is not cached.
fn run(depends_on: &[&str]) -> Value {
    json!({ "exec": { "command": "x" }, "dependsOn": depends_on })
}

/// A cached task.
fn cached(depends_on: &[&str], inputs: &[&str], outputs: &[&str]) -> Value {
    json!({
        "exec": { "command": "x" }, "dependsOn": depends_on,
        "cache": { "inputs": { "files": inputs }, "outputs": { "files": outputs } },
    })
}

fn id(text: &str) -> TaskId {
    let (project, task) = text.rsplit_once('#').expect("a task id");
    TaskId { project: project.to_owned(), task: task.to_owned() }
}

fn at(graph: &TaskGraph, text: &str) -> TaskIx {
    graph.find(&id(text)).unwrap_or_else(|| panic!("{text} is not in the graph"))
}

/// What a task waits for, sorted.
fn upstream(graph: &TaskGraph, text: &str) -> Vec<String> {
    let node = &graph[at(graph, text)];
    let mut names: Vec<String> =
        node.upstream.iter().map(|up| graph[up.task].id.to_string()).collect();
    names.sort();
    names
}

/// All tasks of the graph, sorted.
fn all(graph: &TaskGraph) -> Vec<String> {
    let mut names: Vec<String> = graph.nodes().iter().map(|node| node.id.to_string()).collect();
    names.sort();
    names
}
