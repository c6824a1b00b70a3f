//! What the value of a config is made from, for a config that is pure: itself and all that it imports; and the value
//! itself where that is plain data.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;

use super::dependency::{Dependency, FileState, directories, name_of, path_of};
use super::literal::Literals;
use super::look::{file, is_directory};
use super::resolve::{Resolver, relative};
use super::runtime::Runtime;
use crate::memo::Memo;
use crate::purity::{
    Impurity, Literal, Module, Specifier, Syntax, literal_json, read_module, with_deep_stack,
};

/// What a value depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recipe {
    pub(super) dependencies: BTreeSet<Dependency>,
    pub(super) variables: BTreeSet<String>,
    /// The value itself, where the texts tell it.
    pub(super) value: Option<Value>,
}

/// What each of `files` is made from, or why that cannot be said. What is read is remembered by `memo`.
pub(super) fn recipes(
    root: &Path,
    files: &[PathBuf],
    runtime: &Runtime,
    memo: &Memo,
) -> Vec<Result<Recipe, Impurity>> {
    let found = with_deep_stack(files.len(), || {
        let names: Vec<Option<String>> = files.iter().map(|file| name_of(root, file)).collect();
        let modules = load_all(root, names.iter().flatten().cloned().collect(), memo);
        let graph = Graph { modules, resolver: Resolver::new(root, runtime, memo) };
        let literals = Literals::new(root, &graph.modules, &graph.resolver);
        let recipe = |name: &Option<String>| {
            let name = name.as_ref();
            let name = name.ok_or_else(|| Impurity::of_module("a path that is no text"))?;
            let recipe = graph.recipe(name)?;
            Ok(Recipe { value: literals.value(name), ..recipe })
        };
        names.par_iter().map(recipe).collect()
    });
    let unknown = || vec![Err(Impurity::of_module("it could not be looked at")); files.len()];
    found.unwrap_or_else(unknown)
}

/// A module, or a JSON file, as it was read.
pub(super) struct Loaded {
    state: FileState,
    pub(super) content: Content,
}

/// What is in a file.
pub(super) enum Content {
    Module(Module),
    /// JSON, and its value if every runtime reads the same.
    Json(Option<Literal>),
}

impl Loaded {
    /// `None`: JSON.
    const fn module(&self) -> Option<&Module> {
        match &self.content {
            Content::Module(module) => Some(module),
            Content::Json(_) => None,
        }
    }
}

pub(super) type Modules = HashMap<String, Result<Loaded, Impurity>>;

/// Loads these modules and whatever they import, step by step away from them.
fn load_all(root: &Path, names: Vec<String>, memo: &Memo) -> Modules {
    let mut all = Modules::new();
    let mut next: BTreeSet<String> = names.into_iter().collect();
    while !next.is_empty() {
        let loaded: Vec<(String, Result<Loaded, Impurity>)> = next
            .into_par_iter()
            .map(|name| {
                let loaded = load(root, &name, memo);
                (name, loaded)
            })
            .collect();
        next = BTreeSet::new();
        for (name, loaded) in &loaded {
            let Some(module) = loaded.as_ref().ok().and_then(Loaded::module) else { continue };
            next.extend(module.imports.iter().filter_map(|import| match &import.specifier {
                Specifier::OwnPackage => None,
                Specifier::Module(to) | Specifier::Json(to) => relative(name, to),
            }));
        }
        all.extend(loaded);
        next.retain(|name| !all.contains_key(name));
    }
    all
}

fn load(root: &Path, name: &str, memo: &Memo) -> Result<Loaded, Impurity> {
    let no_file = || Impurity::of_module("it is no file, or reached through a link");
    if !directories(name).all(|dir| is_directory(root, dir)) {
        return Err(no_file());
    }
    // Some runtimes load what lies there in other ways.
    if name.split('/').any(|segment| segment == "node_modules") {
        return Err(Impurity::of_module("it lies in node_modules"));
    }
    let state = file(root, name, memo).ok_or_else(no_file)?;
    let text = std::fs::read_to_string(path_of(root, name));
    if file(root, name, memo).as_ref() != Some(&state) {
        return Err(Impurity::of_module("it is being written"));
    }
    let content = if Path::new(name).extension().is_some_and(|extension| extension == "json") {
        Content::Json(text.ok().and_then(|text| literal_json(&text)))
    } else {
        Content::Module(read_module(&text.map_err(|_| no_file())?, Syntax::of(name))?)
    };
    Ok(Loaded { state, content })
}

/// All modules that were loaded.
struct Graph<'r> {
    modules: Modules,
    resolver: Resolver<'r>,
}

/// The way through the graph from one config.
#[derive(Default)]
struct Trip {
    recipe: Recipe,
    done: HashSet<String>,
    /// The modules that the current one is imported by.
    way: Vec<String>,
}

impl Graph<'_> {
    fn recipe(&self, config: &str) -> Result<Recipe, Impurity> {
        let mut trip = Trip::default();
        self.visit(config, &mut trip)?;
        Ok(trip.recipe)
    }

    fn visit(&self, name: &str, trip: &mut Trip) -> Result<(), Impurity> {
        if trip.way.iter().any(|above| above == name) {
            // Which of them comes first depends on who is imported first, by whichever config.
            return Err(Impurity::of_module("modules that import each other"));
        }
        if !trip.done.insert(name.to_owned()) {
            return Ok(());
        }
        let loaded = self.loaded(name)?;
        trip.recipe.dependencies.insert(Dependency::File(name.to_owned(), loaded.state.clone()));
        let Some(module) = loaded.module() else { return Ok(()) };
        trip.recipe.dependencies.extend(self.resolver.type_of(name)?);
        trip.recipe.variables.extend(module.variables.iter().cloned());
        trip.way.push(name.to_owned());
        for import in &module.imports {
            let (Specifier::Module(to) | Specifier::Json(to)) = &import.specifier else {
                trip.recipe.dependencies.extend(self.resolver.own_package(name)?);
                continue;
            };
            let blame = |why: Impurity| Impurity::of_module(format!("an import of {to:?}: {why}"));
            let target = relative(name, to)
                .ok_or_else(|| blame(Impurity::of_module("it lies outside of the workspace")))?;
            self.visit(&target, trip).map_err(blame)?;
            let exported = self.exports(&target).map_err(blame)?;
            if let Some(missing) = import.names.iter().find(|name| !exported.contains(*name)) {
                return Err(blame(Impurity::of_module(format!("it exports no value `{missing}`"))));
            }
        }
        trip.way.pop();
        Ok(())
    }

    fn loaded(&self, name: &str) -> Result<&Loaded, Impurity> {
        let loaded = self.modules.get(name);
        let loaded = loaded.ok_or_else(|| Impurity::of_module("it was not looked at"))?;
        loaded.as_ref().map_err(Clone::clone)
    }

    /// The names that a module exports, those of `export *` among them; for modules that do not import each other.
    fn exports(&self, name: &str) -> Result<BTreeSet<String>, Impurity> {
        let Some(module) = self.loaded(name)?.module() else {
            return Ok(BTreeSet::from(["default".to_owned()]));
        };
        let mut starred: HashMap<String, usize> = HashMap::new();
        for star in &module.stars {
            let import = module.imports.get(*star).map(|import| &import.specifier);
            if let Some(Specifier::Module(to)) = import
                && let Some(target) = relative(name, to)
            {
                for name in self.exports(&target)? {
                    *starred.entry(name).or_default() += 1;
                }
            }
        }
        // What two of them export may be two things, and then is none.
        let starred = starred.into_iter().filter(|(name, count)| *count == 1 && name != "default");
        Ok(module.exports.iter().cloned().chain(starred.map(|(name, _)| name)).collect())
    }
}
