//! Values of configs that are kept and used again, with an evaluator that counts.

#![expect(clippy::unwrap_used, reason = "in a test, what fails is to be seen where it fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;
use vx::cache::{Cache, ConfigValue, EndOfRun, KnownConfigs};
use vx::config::memo::{Asked, Runtime, live_configs, values};
use vx::config::{Evaluated, Evaluator, Unanswered};

type Meanwhile = Box<dyn Fn() + Send + Sync>;

/// Evaluates a config to its own name, and notes in which batches it was asked.
struct Names {
    runtime: Option<Runtime>,
    batches: Mutex<Vec<Vec<String>>>,
    /// What happens while configs are evaluated.
    meanwhile: Meanwhile,
}

impl Evaluator for Names {
    fn evaluate(&self, paths: &[PathBuf]) -> Result<Vec<Evaluated>, Unanswered> {
        let names: Vec<String> = paths
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        self.batches.lock().unwrap().push(names.clone());
        (self.meanwhile)();
        let answer = |name: String| match name.strip_prefix("broken") {
            Some(_) => Evaluated::Error { message: "boom".into(), path: None },
            None => Evaluated::Value(json!({ "name": name, "numbers": [1, -2, 0.1, 1e300, 4.35] })),
        };
        Ok(names.into_iter().map(answer).collect())
    }

    fn runtime(&self) -> Option<&Runtime> {
        self.runtime.as_ref()
    }
}

struct Fixture {
    dir: TempDir,
    evaluator: Names,
    cache: Cache,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("cache")).unwrap();
        let runtime = Runtime { name: "node".into(), package: "/vx".into(), ..Runtime::default() };
        let evaluator =
            Names { runtime: Some(runtime), batches: Mutex::default(), meanwhile: Box::new(|| {}) };
        let it = Self { dir, evaluator, cache };
        it.write("package.json", "{}");
        it
    }

    fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    /// A file whose last change is old enough for its stamp to be proof, as soon as the clock has moved on.
    fn write(&self, name: &str, text: &str) {
        fs::write(self.root().join(name), text).unwrap();
    }

    /// Waits until the stamps of all files are proof.
    fn settle(&self) {
        let youngest = || {
            let files = fs::read_dir(self.root()).unwrap().map(|entry| entry.unwrap().metadata());
            files.map(|file| file.unwrap().modified().unwrap()).max().unwrap()
        };
        let waiting = Mutex::new(());
        while youngest().elapsed().unwrap_or_default() < Duration::from_millis(100) {
            let guard = waiting.lock().unwrap();
            let timer = std::sync::Condvar::new();
            drop(timer.wait_timeout(guard, Duration::from_millis(10)).unwrap());
        }
    }

    fn known(&self) -> KnownConfigs {
        self.cache.known_configs(&self.root()).unwrap()
    }

    /// The answers for `names`, the batches that they took, and what was learnt.
    fn values(
        &self,
        names: &[&str],
        known: &KnownConfigs,
    ) -> (Vec<Value>, Vec<Vec<String>>, Vec<ConfigValue>) {
        let root = self.root();
        let files: Vec<PathBuf> = names.iter().map(|name| root.join(name)).collect();
        let asked = Asked { root: &root, cwd: &root, files: &files, evaluator: &self.evaluator };
        let found = values(asked, known).unwrap();
        let batches = std::mem::take(&mut *self.evaluator.batches.lock().unwrap());
        let value = |answer: Evaluated| answer.into_value(Path::new("x")).unwrap_or_default();
        (found.answers.into_iter().map(value).collect(), batches, found.learnt)
    }

    /// The batches, with what was learnt kept.
    fn run(&self, names: &[&str]) -> Vec<Vec<String>> {
        let (_, batches, learnt) = self.values(names, &self.known());
        let configs = Some((self.dir.path(), learnt.as_slice()));
        let root = self.root();
        let configs = configs.map(|(_, learnt)| (root.as_path(), learnt));
        self.cache.end_run(&EndOfRun { configs, ..EndOfRun::default() }).unwrap();
        batches
    }
}

/// Pure, but no plain data.
const PURE: &str = "export default { a: Number(1) }";
const LIVE: &str = "export default { a: Date.now() }";

fn none() -> Vec<Vec<String>> {
    Vec::new()
}

#[test]
fn pure_configs_come_first_and_once() {
    let it = Fixture::new();
    for (name, text) in [("a.mjs", LIVE), ("b.ts", PURE), ("c.mjs", PURE), ("d.ts", "(")] {
        it.write(name, text);
    }
    it.settle();
    let names = ["a.mjs", "b.ts", "c.mjs", "d.ts"];
    assert_eq!(it.run(&names), [["b.ts", "c.mjs"], ["a.mjs", "d.ts"]]);
    assert_eq!(it.run(&names), [["a.mjs", "d.ts"]]);
    let (values, batches, learnt) = it.values(&["c.mjs", "b.ts"], &it.known());
    assert_eq!(
        (values[0]["name"].as_str(), values[1]["name"].as_str()),
        (Some("c.mjs"), Some("b.ts"))
    );
    assert_eq!(values[0]["numbers"], json!([1, -2, 0.1, 1e300, 4.35]));
    assert_eq!((batches, learnt), (none(), Vec::new()));
}

#[test]
fn what_was_changed_just_now_is_not_learnt() {
    let it = Fixture::new();
    it.write("a.mjs", PURE);
    it.settle();
    // A clock that is ahead: whatever the file holds next may have the same stamp.
    let later = SystemTime::now() + Duration::from_hours(1);
    fs::File::options()
        .write(true)
        .open(it.root().join("a.mjs"))
        .unwrap()
        .set_modified(later)
        .unwrap();
    assert_eq!(it.run(&["a.mjs"]), [["a.mjs"]]);
    assert_eq!(it.run(&["a.mjs"]), [["a.mjs"]]);
}

#[test]
fn what_changes_while_it_is_evaluated_is_not_learnt() {
    for changed in ["a.mjs", "preset.mjs", "package.json"] {
        let mut it = Fixture::new();
        it.write("a.mjs", "import { b } from './preset.mjs'; export default { b }");
        it.write("preset.mjs", "export const b = Number(1)");
        it.settle();
        let path = it.root().join(changed);
        let original = fs::read(&path).unwrap();
        let again = original.clone();
        it.evaluator.meanwhile = Box::new(move || {
            // And back: the text tells nothing, the stamp does.
            fs::write(&path, "{ }").unwrap();
            fs::write(&path, &again).unwrap();
        });
        assert_eq!(it.run(&["a.mjs"]), [["a.mjs"]]);
        it.evaluator.meanwhile = Box::new(|| {});
        it.settle();
        assert_eq!(it.run(&["a.mjs"]), [["a.mjs"]], "{changed}");
        assert_eq!(it.run(&["a.mjs"]), none(), "{changed}");
    }
}

#[test]
fn what_fails_is_not_learnt() {
    let it = Fixture::new();
    it.write("broken.mjs", PURE);
    it.settle();
    assert_eq!(it.run(&["broken.mjs"]), [["broken.mjs"]]);
    assert_eq!(it.run(&["broken.mjs"]), [["broken.mjs"]]);
}

#[test]
fn what_cannot_be_read_is_evaluated() {
    let it = Fixture::new();
    it.write("a.mjs", PURE);
    it.settle();
    it.run(&["a.mjs"]);
    let known = it.known();
    assert_eq!(it.values(&["a.mjs"], &known).1, none());
    for garbage in
        ["", "[", "{}", "[1]", "[{\"x\":1}]", "[{\"f\":[\"a.mjs\",{\"h\":\"x\",\"s\":[]}]}]"]
    {
        let mut broken = known.clone();
        broken.all[0].depends_on = garbage.to_owned();
        assert_eq!(it.values(&["a.mjs"], &broken).1, [["a.mjs"]], "{garbage}");
    }
    for garbage in ["", "{", "nul", "\"\\ud800\""] {
        let mut broken = known.clone();
        broken.all[0].value = garbage.to_owned();
        assert_eq!(it.values(&["a.mjs"], &broken).1, [["a.mjs"]], "{garbage}");
    }
    let mut foreign = known;
    foreign.all[0].made_by = "somebody else".to_owned();
    assert_eq!(it.values(&["a.mjs"], &foreign).1, [["a.mjs"]]);
}

#[test]
fn an_unknown_runtime_gets_all_at_once_and_nothing_is_learnt() {
    let mut it = Fixture::new();
    it.evaluator.runtime = None;
    it.write("a.mjs", LIVE);
    it.write("b.mjs", PURE);
    it.settle();
    assert_eq!(it.run(&["a.mjs", "b.mjs"]), [["a.mjs", "b.mjs"]]);
    assert_eq!(it.run(&["a.mjs", "b.mjs"]), [["a.mjs", "b.mjs"]]);
}

#[test]
fn a_runtime_with_hooks_gets_the_pure_ones_first_and_nothing_is_learnt() {
    let mut it = Fixture::new();
    it.evaluator.runtime = Some(Runtime {
        name: "node".into(),
        options: vec!["--import=x".into()],
        ..Runtime::default()
    });
    it.write("a.mjs", LIVE);
    it.write("b.mjs", PURE);
    it.settle();
    assert_eq!(it.run(&["a.mjs", "b.mjs"]), [["b.mjs"], ["a.mjs"]]);
    assert_eq!(it.run(&["a.mjs", "b.mjs"]), [["b.mjs"], ["a.mjs"]]);
}

#[test]
fn imports_are_judged_with_what_they_lead_to() {
    let it = Fixture::new();
    fs::create_dir(it.root().join("node_modules")).unwrap();
    let files = [
        ("ok.mjs", "export const a = 1, b = 2; export default 3; export { c } from './ok2.mjs'"),
        ("ok2.mjs", "export const c = 1, d = 2, e = 3"),
        ("types.ts", "export interface T {} export type U = 1"),
        (
            "stars.mjs",
            "export * from './ok.mjs'; export * from './ok2.mjs'; export * as all from './ok2.mjs'",
        ),
        ("live.mjs", LIVE),
        ("deep.mjs", "export * from './live.mjs'"),
        ("ring1.mjs", "import './ring2.mjs'; export const r = 1"),
        ("ring2.mjs", "import './ring1.mjs'"),
        ("self.mjs", "import './self.mjs'"),
        ("data.json", "{}"),
        ("node_modules/x.mjs", "export const x = 1"),
    ];
    for (name, text) in files {
        it.write(name, text);
    }
    let cases = [
        ("import d, { a, b as z, c } from './ok.mjs'", None),
        ("import * as all from './ok.mjs'", None),
        ("import { a, d, e, all } from './stars.mjs'", None),
        ("import data from './data.json' with { type: 'json' }", None),
        // Of two modules that export it, it is of neither.
        ("import { c } from './stars.mjs'", Some("no value `c`")),
        ("import d from './stars.mjs'", Some("no value `default`")),
        ("import { nothing } from './ok.mjs'", Some("no value `nothing`")),
        ("import { T } from './types.ts'", Some("no value `T`")),
        ("import { U } from './types.ts'", Some("no value `U`")),
        ("import { a } from './data.json' with { type: 'json' }", Some("no value `a`")),
        ("import './live.mjs'", Some("\"./live.mjs\": 1:21: the free name `Date`")),
        ("import './deep.mjs'", Some("\"./deep.mjs\": an import of \"./live.mjs\"")),
        ("import './ring1.mjs'", Some("import each other")),
        ("import './self.mjs'", Some("import each other")),
        ("import './gone.mjs'", Some("no file")),
        ("import '../outside.mjs'", Some("outside")),
        ("import { defineProject } from '@vzn/vx'", Some("not the package that runs")),
    ];
    let root = it.root();
    let runtime = it.evaluator.runtime.as_ref().unwrap();
    for (import, reason) in cases {
        it.write("vx.config.ts", &format!("{import}; export default {{}}"));
        let live = live_configs(&root, &root, &[root.join("vx.config.ts")], runtime);
        match (live.as_slice(), reason) {
            ([], None) => {}
            ([live], Some(reason)) => {
                assert!(live.why.to_string().contains(reason), "{import}: {}", live.why);
            }
            (live, _) => panic!("{import}: {live:?}"),
        }
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_are_noticed() {
    use std::os::unix::fs::symlink;
    let it = Fixture::new();
    let root = it.root();
    fs::create_dir_all(root.join("real/deeper")).unwrap();
    it.write("real/deeper/p.mjs", "import { q } from '../q.mjs'; export const p = q");
    it.write("real/q.mjs", "export const q = Number(1)");
    it.write("a.mjs", "import { p } from './real/deeper/p.mjs'; export default { p }");
    it.write("b.mjs", "import { p } from './link/deeper/p.mjs'; export default { p }");
    symlink("real", root.join("link")).unwrap();
    symlink("a.mjs", root.join("c.mjs")).unwrap();
    it.settle();
    assert_eq!(it.run(&["a.mjs", "b.mjs", "c.mjs"]), [vec!["a.mjs"], vec!["b.mjs", "c.mjs"]]);
    assert_eq!(it.run(&["a.mjs"]), none());
    // The same files by the same names: only what leads to them is another.
    fs::rename(root.join("real/deeper"), root.join("deeper")).unwrap();
    symlink("../deeper", root.join("real/deeper")).unwrap();
    assert_eq!(it.run(&["a.mjs"]), [["a.mjs"]]);
}
