//! Values that are read off the texts of configs, beside those that the runtimes give: the very same, or none.

#![cfg(unix)]
#![expect(unreachable_pub, reason = "a test program has no outside")]
#![expect(clippy::unwrap_used, reason = "in a test, what fails is to be seen where it fails")]

mod changes;
mod generator;
mod modules;
mod places;
mod runtimes;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use vx::cache::KnownConfigs;
use vx::config::memo::{Asked, Runtime, values};
use vx::config::{Evaluated, Evaluator, Unanswered};

use runtimes::runtimes;

/// A workspace in which this package is installed.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Self {
        let it = Self { dir: tempfile::tempdir().unwrap() };
        it.write("package.json", r#"{ "name": "root" }"#);
        it.write("esm/package.json", r#"{ "type": "module" }"#);
        it.write("cjs/package.json", r#"{ "type": "commonjs" }"#);
        fs::create_dir_all(it.root().join("node_modules/@vzn")).unwrap();
        let link = it.root().join("node_modules/@vzn/vx");
        std::os::unix::fs::symlink(env!("CARGO_MANIFEST_DIR"), link).unwrap();
        it
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The values that are told without a runtime.
    fn told(&self, names: &[String], runtime: &str) -> Vec<Option<Value>> {
        let nobody = Nobody {
            runtime: Runtime {
                name: runtime.to_owned(),
                package: env!("CARGO_MANIFEST_DIR").into(),
                ..Runtime::default()
            },
        };
        let root = self.root();
        let files: Vec<PathBuf> = names.iter().map(|name| root.join(name)).collect();
        let asked = Asked { root: &root, cwd: &root, files: &files, evaluator: &nobody };
        let found = values(asked, &KnownConfigs::default()).unwrap();
        let told = |answer: Evaluated| answer.into_value(Path::new("x")).ok();
        found.answers.into_iter().map(told).collect()
    }

    /// The values that are told, each compared with what every runtime gives; `expected` says which should be.
    fn compare(&self, names: &[String], expected: impl Fn(&str) -> Option<bool>) -> usize {
        let told = self.told(names, "node");
        assert_eq!(told, self.told(names, "bun"));
        for (name, value) in names.iter().zip(&told) {
            if let Some(expected) = expected(name) {
                let text = fs::read_to_string(self.root().join(name)).unwrap_or_default();
                assert_eq!(value.is_some(), expected, "{name} {value:?}\n{text}");
            }
        }
        let (names, told): (Vec<&String>, Vec<&Value>) = names
            .iter()
            .zip(&told)
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
            .unzip();
        for runtime in runtimes() {
            for ((name, value), answer) in
                names.iter().zip(&told).zip(runtime.evaluate(&self.root(), &names))
            {
                let text = fs::read_to_string(self.root().join(name)).unwrap();
                match answer {
                    Evaluated::Value(evaluated) => assert!(
                        evaluated == **value,
                        "{name} by {}\n{text}\nevaluated: {evaluated}\ntold:      {value}",
                        runtime.name
                    ),
                    Evaluated::Error { message, .. } => {
                        panic!("{name} by {}\n{text}\n{message}", runtime.name)
                    }
                }
            }
        }
        told.len()
    }
}

/// Evaluates nothing.
struct Nobody {
    runtime: Runtime,
}

impl Evaluator for Nobody {
    fn evaluate(&self, paths: &[PathBuf]) -> Result<Vec<Evaluated>, Unanswered> {
        let nothing = |_: &PathBuf| Evaluated::Error { message: "left".into(), path: None };
        Ok(paths.iter().map(nothing).collect())
    }

    fn runtime(&self) -> Option<&Runtime> {
        Some(&self.runtime)
    }
}
