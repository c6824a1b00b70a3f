//! A module that is plain data, on its own, and its exports once those of all its imports are known.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::value::Literal;

/// How much all values of a module may weigh: names that stand for twice what another stands for grow fast.
const HEAVIEST: usize = 1 << 20;

/// Values by the names that a module exports.
pub type Exports = BTreeMap<String, Literal>;

/// A module all of whose statements give names to data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiteralModule {
    /// The names that imports have here.
    pub(super) imports: Vec<(String, Import)>,
    /// Relative specifiers of all modules and JSON files that are loaded.
    pub(super) loaded: Vec<String>,
    /// The module's own values in their order, the default export by the name `default`.
    pub(super) values: Vec<(String, Term)>,
    /// What is exported, by its name outside.
    pub(super) exports: BTreeMap<String, Export>,
    /// Specifiers of the modules behind `export *`.
    pub(super) stars: Vec<String>,
}

/// An export of another module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) specifier: String,
    pub(super) name: String,
}

/// Where an export comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Export {
    /// From a name of the module.
    Own(String),
    /// From another module, without a name here.
    Import(Import),
}

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Value(Literal),
    Name(String),
    /// The texts of a template, and what stands between them.
    Template(Vec<String>, Vec<Self>),
    List(Vec<Item>),
    Object(Vec<Property>),
}

/// One element, or those of another array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    One(Term),
    All(Term),
}

/// One property, or those of another object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Property {
    One(String, Term),
    All(Term),
}

impl LiteralModule {
    /// What the module exports; `exports_of` gives that of what it loads, by the specifier. `None`: something of it
    /// is not known, or evaluating it fails, or its values are too large.
    pub fn exports(&self, exports_of: impl Fn(&str) -> Option<Arc<Exports>>) -> Option<Exports> {
        let loaded: HashMap<&str, Arc<Exports>> = self
            .loaded
            .iter()
            .map(|specifier| Some((specifier.as_str(), exports_of(specifier)?)))
            .collect::<Option<_>>()?;
        let imported = |import: &Import| loaded.get(import.specifier.as_str())?.get(&import.name);
        let mut scope = Scope { names: HashMap::new(), room: Cell::new(HEAVIEST) };
        for (name, import) in &self.imports {
            scope.give(name, imported(import)?.clone())?;
        }
        for (name, term) in &self.values {
            // A name further down is not known yet: to use it here is an error.
            let value = scope.value(term)?;
            scope.give(name, value)?;
        }
        let mut all = self.starred(&loaded)?;
        for (name, export) in &self.exports {
            let value = match export {
                Export::Own(name) => scope.names.get(name.as_str())?,
                Export::Import(import) => imported(import)?,
            };
            all.insert(name.clone(), value.clone());
        }
        all.values().try_for_each(|value| scope.take(value.weight()))?;
        Some(all)
    }

    /// What comes from `export *`: what two modules export by one name comes from neither.
    fn starred(&self, loaded: &HashMap<&str, Arc<Exports>>) -> Option<Exports> {
        let mut all = Exports::new();
        let mut count: HashMap<&str, usize> = HashMap::new();
        for star in &self.stars {
            let named = loaded.get(star.as_str())?.iter().filter(|(name, _)| *name != "default");
            for (name, value) in named {
                *count.entry(name).or_default() += 1;
                all.insert(name.clone(), value.clone());
            }
        }
        all.retain(|name, _| count.get(name.as_str()) == Some(&1));
        Some(all)
    }
}

/// The names that have a value so far.
struct Scope<'m> {
    names: HashMap<&'m str, Literal>,
    /// How much more values may weigh.
    room: Cell<usize>,
}

impl<'m> Scope<'m> {
    fn give(&mut self, name: &'m str, value: Literal) -> Option<()> {
        let is_new = value.is_shallow() && self.names.insert(name, value).is_none();
        is_new.then_some(())
    }

    fn take(&self, weight: usize) -> Option<()> {
        self.room.set(self.room.get().checked_sub(weight)?);
        Some(())
    }

    fn value(&self, term: &Term) -> Option<Literal> {
        self.take(1)?;
        match term {
            Term::Value(value) => {
                self.take(value.weight())?;
                Some(value.clone())
            }
            Term::Name(name) => {
                let value = self.names.get(name.as_str())?;
                self.take(value.weight())?;
                Some(value.clone())
            }
            Term::Template(texts, between) => {
                let mut text = String::new();
                for (at, part) in texts.iter().enumerate() {
                    text.push_str(part);
                    if let Some(term) = between.get(at) {
                        text.push_str(self.value(term)?.in_template()?);
                    }
                }
                self.take(text.len())?;
                Some(Literal::Text(text))
            }
            Term::List(items) => {
                let mut all = Vec::new();
                for item in items {
                    match item {
                        Item::One(term) => all.push(self.value(term)?),
                        Item::All(term) => match self.value(term)? {
                            Literal::List(more) => all.extend(more),
                            _ => return None,
                        },
                    }
                }
                Some(Literal::List(all))
            }
            Term::Object(properties) => {
                let mut all = BTreeMap::new();
                for property in properties {
                    match property {
                        Property::One(key, term) => {
                            drop(all.insert(key.clone(), self.value(term)?));
                        }
                        Property::All(term) => match self.value(term)? {
                            Literal::Object(more) => all.extend(more),
                            _ => return None,
                        },
                    }
                }
                Some(Literal::Object(all))
            }
        }
    }
}
