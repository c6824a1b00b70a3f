//! What decides how a module is loaded and what it imports, besides its text: found by walking up from its directory,
//! as every runtime does.
//!
//! Each answer is a list of facts; as long as they hold, the walk ends where it ended.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::dependency::{Dependency, name_of, path_of};
use super::look::{file, is_absent, is_package};
use super::runtime::Runtime;
use crate::memo::Memo;
use crate::purity::Impurity;

const OWN_NAME: &str = "@vzn/vx";

type Facts = Result<Vec<Dependency>, Impurity>;

/// The walks of one run, each made once.
pub(super) struct Resolver<'r> {
    root: &'r Path,
    runtime: &'r Runtime,
    /// The directory of this package, without links.
    package: PathBuf,
    memo: &'r Memo,
    known: Mutex<HashMap<(Walk, String), Facts>>,
    /// Directories above which the nearest package.json is none that every runtime can read.
    unreadable: Mutex<HashSet<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Walk {
    Type,
    OwnPackage,
}

impl<'r> Resolver<'r> {
    pub(super) fn new(root: &'r Path, runtime: &'r Runtime, memo: &'r Memo) -> Self {
        let package = runtime.real_package();
        Self { root, runtime, package, memo, known: Mutex::default(), unreadable: Mutex::default() }
    }

    /// The nearest package.json above a module: its `type` says what kind of module it is.
    pub(super) fn type_of(&self, module: &str) -> Facts {
        self.once(Walk::Type, module, || {
            let is_readable = Cell::new(true);
            let facts = self.nearest(module, &["package.json"], |manifest| {
                is_readable.set(is_readable_by_all(manifest));
                Ok(())
            });
            if !is_readable.get() {
                lock(&self.unreadable).insert(directory(module));
            }
            facts
        })
    }

    /// Whether the file that [`Self::type_of`] found can be read by all runtimes; some refuse to load modules if not.
    pub(super) fn is_type_readable(&self, module: &str) -> bool {
        self.type_of(module).is_ok() && !lock(&self.unreadable).contains(&directory(module))
    }

    /// That this package's name leads a module to the package that runs.
    pub(super) fn own_package(&self, module: &str) -> Facts {
        self.once(Walk::OwnPackage, module, || {
            let mut facts = self.nearest(module, &["package.json"], is_not_own)?;
            if self.runtime.is_bun() {
                facts.extend(self.nearest(
                    module,
                    &["tsconfig.json", "jsconfig.json"],
                    is_no_map,
                )?);
            }
            facts.extend(self.installed(module)?);
            Ok(facts)
        })
    }

    /// The installed package: the first `node_modules` upwards that has one.
    fn installed(&self, module: &str) -> Facts {
        let mut facts = Vec::new();
        for dir in self.upwards(module) {
            let name = self.name(&dir.join("node_modules").join(OWN_NAME))?;
            if is_absent(self.root, &name) {
                facts.push(Dependency::Absent(name));
            } else if is_package(self.root, &name, &self.package) {
                facts.push(Dependency::OwnPackage(name));
                return Ok(facts);
            } else {
                break;
            }
        }
        let what = format!("an import of {OWN_NAME:?} that is not the package that runs");
        Err(Impurity::of_module(what))
    }

    /// The first directory upwards that has one of these files, which has to pass `check`; or that there is none.
    fn nearest(
        &self,
        module: &str,
        names: &[&str],
        check: impl Fn(&[u8]) -> Result<(), String>,
    ) -> Facts {
        let mut facts = Vec::new();
        for dir in self.upwards(module) {
            let mut found = false;
            for file_name in names {
                let path = dir.join(file_name);
                let name = self.name(&path)?;
                if is_absent(self.root, &name) {
                    facts.push(Dependency::Absent(name));
                    continue;
                }
                let read = || {
                    let state = file(self.root, &name, self.memo)?;
                    let bytes = std::fs::read(&path).ok()?;
                    // The bytes are those of the state only if nothing moved meanwhile.
                    (file(self.root, &name, self.memo)? == state).then_some((state, bytes))
                };
                let (state, bytes) = read().ok_or_else(|| {
                    Impurity::of_module(format!("{} is no plain file", path.display()))
                })?;
                check(&bytes)
                    .map_err(|what| Impurity::of_module(format!("{} {what}", path.display())))?;
                facts.push(Dependency::File(name, state));
                found = true;
            }
            if found {
                break;
            }
        }
        Ok(facts)
    }

    /// The directories above a module, up to that of the file system.
    fn upwards(&self, module: &str) -> Vec<PathBuf> {
        let module = path_of(self.root, module);
        module.ancestors().skip(1).map(Path::to_owned).collect()
    }

    fn name(&self, path: &Path) -> Result<String, Impurity> {
        name_of(self.root, path)
            .ok_or_else(|| Impurity::of_module(format!("{} is no text", path.display())))
    }

    /// Modules of one directory share their walks.
    fn once(&self, walk: Walk, module: &str, find: impl FnOnce() -> Facts) -> Facts {
        let dir = directory(module);
        if let Some(facts) = lock(&self.known).get(&(walk, dir.clone())) {
            return facts.clone();
        }
        let facts = find();
        lock(&self.known).insert((walk, dir), facts.clone());
        facts
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The directory of a module, by its name.
fn directory(module: &str) -> String {
    module.rsplit_once('/').map_or("", |(dir, _)| dir).to_owned()
}

/// Whether every runtime can read this, and then finds the package's own files by their paths; some refuse to load
/// modules where they cannot.
fn is_readable_by_all(manifest: &[u8]) -> bool {
    /// What has to be a text, and to be there no more than once.
    #[derive(Deserialize)]
    struct Texts {
        name: Option<String>,
        r#type: Option<String>,
    }
    let texts: Option<Texts> = serde_json::from_slice(manifest).ok();
    let whole: Option<Map<String, Value>> = serde_json::from_slice(manifest).ok();
    let (Some(Texts { name, r#type }), Some(whole)) = (texts, whole) else { return false };
    // `null` is no text either.
    name.is_some() == whole.contains_key("name")
        && r#type.is_some() == whole.contains_key("type")
        && name.is_none_or(|name| is_package_name(&name))
}

/// Whether a name is like that of a package; jiti takes an absolute path that begins with it for a part of the package.
fn is_package_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '@')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@/._-~".contains(&byte))
}

/// A package may import itself by its name.
fn is_not_own(manifest: &[u8]) -> Result<(), String> {
    let manifest: Value = serde_json::from_slice(manifest).unwrap_or_default();
    if manifest.get("name").and_then(Value::as_str) == Some(OWN_NAME) {
        return Err("is that of another package by this name".to_owned());
    }
    Ok(())
}

/// Bun's way to give a package's name another meaning. An escape could spell any of these words.
fn is_no_map(settings: &[u8]) -> Result<(), String> {
    let settings = String::from_utf8_lossy(settings);
    let word =
        ["paths", "baseUrl", "extends", "\\u"].into_iter().find(|word| settings.contains(word));
    word.map_or(Ok(()), |word| Err(format!("has {word:?}, which may map names of packages")))
}

/// What a relative specifier in `module` leads to, below the workspace root.
pub(super) fn relative(module: &str, specifier: &str) -> Option<String> {
    let mut segments: Vec<&str> = module.split('/').collect();
    segments.pop();
    for segment in specifier.split('/') {
        match segment {
            "." => {}
            ".." => drop(segments.pop()?),
            name => segments.push(name),
        }
    }
    Some(segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_lead_to_files_of_the_workspace_only() {
        let to = |module, specifier| relative(module, specifier);
        assert_eq!(to("p/a/vx.config.ts", "./b.ts").as_deref(), Some("p/a/b.ts"));
        assert_eq!(to("p/a/vx.config.ts", "../../c/d.ts").as_deref(), Some("c/d.ts"));
        assert_eq!(to("vx.workspace.ts", "./c.ts").as_deref(), Some("c.ts"));
        assert_eq!(to("p/vx.config.ts", "../../c.ts"), None);
    }

    #[test]
    fn manifests_that_every_runtime_reads() {
        for readable in ["{}", "{\"name\":\"a\",\"type\":\"x\",\"main\":1}", " {\"exports\":[]}\n"]
        {
            assert!(is_readable_by_all(readable.as_bytes()), "{readable}");
        }
        for odd in [
            "",
            "[]",
            "null",
            "{\"type\":null}",
            "{\"name\":1}",
            "{\"name\":\"\"}",
            "{\"name\":\"/w\"}",
            "{\"type\":1,\"type\":\"module\"}",
            "{\"exports\":\"\\ud800\"}",
            "{} x",
            "\u{feff}{}",
        ] {
            assert!(!is_readable_by_all(odd.as_bytes()), "{odd}");
        }
    }

    #[test]
    fn names_that_settings_could_map() {
        is_no_map(b"{ \"compilerOptions\": { \"strict\": true } }").unwrap();
        for settings in ["{\"extends\": \"./a\"}", "{\"compilerOptions\":{\"p\\u0061ths\":{}}}"] {
            is_no_map(settings.as_bytes()).unwrap_err();
        }
        is_not_own(b"{\"name\": \"a\"}").unwrap();
        is_not_own(b"{\"name\": \"@vzn/vx\"}").unwrap_err();
    }
}
