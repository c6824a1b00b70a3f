//! A workspace of one project, and `vx` in a process that may be told to fail.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;
use vx::artifact::unpack;
use vx::config::{Evaluated, Evaluator, Unanswered};
use vx::key::Key;
use vx::run::stop::Stop;

/// One run of `vx`.
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) stderr: String,
    /// Its only task: status, and whether it was put into place from the cache.
    pub(super) task: Option<(String, bool)>,
}

pub(super) struct Fixture {
    temporary: TempDir,
    command: String,
    expected: BTreeMap<String, Vec<u8>>,
}

impl Fixture {
    /// A task that copies `src/a` and `src/b` to several places, all of them its outputs.
    pub(super) fn new() -> Self {
        Self::with(
            "mkdir -p dist/sub && cp src/a dist/a.txt && cp src/b dist/b.txt && cp src/a dist/sub/a && cp src/b out.txt",
            &["dist/*.txt", "dist/sub/**", "out.txt"],
            &[
                ("dist/a.txt", b"content of a"),
                ("dist/b.txt", b"content of b"),
                ("dist/sub/a", b"content of a"),
                ("out.txt", b"content of b"),
            ],
        )
    }

    /// A project whose task `build` reads `src/**`, runs `command` and so makes `expected`.
    pub(super) fn with(command: &str, outputs: &[&str], expected: &[(&str, &[u8])]) -> Self {
        let owned = |(path, bytes): &(&str, &[u8])| ((*path).to_owned(), bytes.to_vec());
        let fixture = Self {
            temporary: tempfile::tempdir().unwrap(),
            command: command.to_owned(),
            expected: expected.iter().map(owned).collect(),
        };
        fixture.write("package.json", r#"{"name":"root","workspaces":["packages/*"]}"#);
        fixture.write("packages/a/package.json", r#"{"name":"a"}"#);
        fixture.write("packages/a/src/a", "content of a");
        fixture.write("packages/a/src/b", "content of b");
        let config = json!({ "tasks": { "build": {
            "exec": { "command": format!("{command} && echo ran >> ../../journal && echo built") },
            "cache": { "inputs": { "files": ["src/**"] }, "outputs": { "files": outputs } },
        } } });
        fixture.write("packages/a/vx.config.mjs", &config.to_string());
        fixture
    }

    pub(super) fn root(&self) -> &Path {
        self.temporary.path()
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.root().join(".vx/cache")
    }

    pub(super) fn project(&self) -> PathBuf {
        self.root().join("packages/a")
    }

    /// Writes a file below the root.
    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Removes every output, as a fresh clone has none.
    pub(super) fn remove_outputs(&self) {
        for path in self.expected.keys() {
            fs::remove_file(self.project().join(path)).unwrap();
        }
    }

    /// How often the task's command ran to its end.
    pub(super) fn times_run(&self) -> usize {
        fs::read_to_string(self.root().join("journal")).map_or(0, |text| text.lines().count())
    }

    /// Runs the task.
    pub(super) fn build(&self, fault: Option<&str>) -> Ran {
        let summary = self.root().join("summary.json");
        let _ = fs::remove_file(&summary);
        let flag = format!("--summarize={}", summary.display());
        let (output, mut ran) = self.vx(&["run", "build", &flag], fault);
        ran.task = fs::read(&summary).ok().map(|json| {
            let summary: Value = serde_json::from_slice(&json).unwrap();
            let task = &summary["tasks"][0];
            (task["status"].as_str().unwrap().to_owned(), task["restored"].as_bool().unwrap())
        });
        assert!(ran.code != Some(101), "{}", String::from_utf8_lossy(&output.stdout));
        ran
    }

    /// Runs one command line of `vx`, with `VX_FAULT` as given.
    pub(super) fn vx(&self, argv: &[&str], fault: Option<&str>) -> (Output, Ran) {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["--ignored", "--exact", "--nocapture", "fixture::is_vx"])
            .env("VX_TEST_ARGV", serde_json::to_string(argv).unwrap())
            .env("VX_TEST_CWD", self.root())
            .env_remove("VX_FAULT");
        if let Some(fault) = fault {
            child.env("VX_FAULT", fault);
        }
        let output = child.output().unwrap();
        let ran = Ran {
            code: output.status.code(),
            signal: output.status.signal(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            task: None,
        };
        (output, ran)
    }

    /// Runs the task and lets the engine be killed at `point`, which must be reached.
    pub(super) fn build_until(&self, point: &str) {
        let ran = self.build(Some(&format!("{point}:kill")));
        assert_eq!(ran.signal, Some(libc::SIGKILL), "{point} was not reached: {}", ran.stderr);
    }

    /// Two runs without faults: right the first time, and then a hit with everything in place. `first` is the
    /// status that the first one must have.
    pub(super) fn assert_recovers(&self, point: &str, first: &str) {
        self.assert_nothing_partial(point);
        let ran = self.build(None);
        assert_eq!(ran.code, Some(0), "{point}: {}", ran.stderr);
        assert_eq!(ran.task.unwrap().0, first, "{point}: {}", ran.stderr);
        self.assert_outputs(point);
        let before = self.times_run();
        let ran = self.build(None);
        assert_eq!(ran.code, Some(0), "{point}: {}", ran.stderr);
        assert_eq!(ran.task, Some(("cache-hit".into(), false)), "{point}: {}", ran.stderr);
        assert_eq!(ran.stderr, "", "{point}");
        assert_eq!(self.times_run(), before, "{point}");
        self.assert_outputs(point);
        self.assert_restores(point);
        self.assert_reaped(point);
    }

    /// What is stored is what the task makes.
    fn assert_restores(&self, point: &str) {
        self.remove_outputs();
        let ran = self.build(None);
        assert_eq!(ran.task, Some(("cache-hit".into(), true)), "{point}: {}", ran.stderr);
        self.assert_outputs(point);
    }

    /// Everything in the project but its sources is exactly what the task makes.
    pub(super) fn assert_outputs(&self, context: &str) {
        let mut found = BTreeMap::new();
        let mut open = vec![self.project()];
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
                let name = entry.path().strip_prefix(self.project()).unwrap().to_owned();
                let name = name.to_str().unwrap().to_owned();
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                } else if !["package.json", "vx.config.mjs", "src/a", "src/b"].contains(&&*name) {
                    found.insert(name, fs::read(entry.path()).unwrap());
                }
            }
        }
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&self.expected), "{context}");
        assert!(found == self.expected, "{context}: an output has other content");
    }

    /// What is named like an artifact is a whole one.
    fn assert_nothing_partial(&self, context: &str) {
        for (name, path) in self.cached() {
            let Some(key) = name.strip_suffix(".tar.zst") else { continue };
            let staging = self.root().join("staging");
            unpack(&path, &Key::parse(key).unwrap(), &staging, &|_| true)
                .map_err(|error| format!("{context}: {error}"))
                .unwrap();
        }
    }

    /// Once what was left over is old, pruning leaves nothing but what belongs to the cache.
    fn assert_reaped(&self, context: &str) {
        let then = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
        let old = fs::FileTimes::new().set_accessed(then).set_modified(then);
        for path in self.cached().into_values() {
            if !path.to_str().unwrap().contains("cache.db") {
                fs::File::open(path).unwrap().set_times(old).unwrap();
            }
        }
        let (_, pruned) = self.vx(&["cache", "prune", "--older-than=30d"], None);
        assert_eq!(pruned.code, Some(0), "{context}: {}", pruned.stderr);
        let strangers = self.cached().into_keys().filter(|name| {
            let ours = [".gitignore", "CACHEDIR.TAG", "tasks.lock"].contains(&name.as_str())
                || name.starts_with("cache.db")
                || name.ends_with(".tar.zst");
            !ours
        });
        assert_eq!(strangers.collect::<Vec<_>>(), [] as [String; 0], "{context}");
    }

    /// What lies in the cache directory, by name.
    pub(super) fn cached(&self) -> BTreeMap<String, PathBuf> {
        let entries = fs::read_dir(self.cache()).into_iter().flatten().map(Result::unwrap);
        entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path())).collect()
    }

    /// The names in the cache directory that start with `start`.
    pub(super) fn names(&self, start: &str) -> Vec<String> {
        self.cached().into_keys().filter(|name| name.starts_with(start)).collect()
    }
}

impl std::fmt::Debug for Fixture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fixture").field("command", &self.command).finish_non_exhaustive()
    }
}

/// Configs here are JSON, so that no JavaScript is needed.
struct JsonConfigs;

impl Evaluator for JsonConfigs {
    fn evaluate(&self, paths: &[PathBuf]) -> Result<Vec<Evaluated>, Unanswered> {
        let value = |path: &PathBuf| serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        Ok(paths.iter().map(|path| Evaluated::Value(value(path))).collect())
    }
}

#[test]
#[ignore = "the vx of the other tests"]
fn is_vx() {
    let argv = std::env::var("VX_TEST_ARGV").unwrap();
    let argv: Vec<String> = serde_json::from_str(&argv).unwrap();
    let cwd = std::env::var_os("VX_TEST_CWD").unwrap();
    let stop = Arc::new(Stop::default());
    std::process::exit(vx::cli::main(&argv, cwd.as_ref(), &JsonConfigs, &stop));
}
