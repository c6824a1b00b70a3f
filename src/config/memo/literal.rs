//! Values of configs that are plain data, taken from their text and the texts of what they import.
//!
//! Asked only of a config whose recipe is known: everything that it loads is there, exports what is imported from it,
//! and is imported in no ring. A value is what every runtime would give; where one might fail or give another, there is none.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::recipe::{Content, Modules};
use super::resolve::{Resolver, relative};
use crate::purity::Exports;

/// What modules export, each found out once.
pub(super) struct Literals<'g> {
    modules: &'g Modules,
    resolver: &'g Resolver<'g>,
    known: HashMap<&'g str, OnceLock<Option<Arc<Exports>>>>,
}

impl<'g> Literals<'g> {
    pub(super) fn new(root: &Path, modules: &'g Modules, resolver: &'g Resolver<'g>) -> Self {
        let places = modules.keys().filter(|name| is_plain_place(root, name));
        let known = places.map(|name| (name.as_str(), OnceLock::new())).collect();
        Self { modules, resolver, known }
    }

    /// The value of a config.
    pub(super) fn value(&self, config: &str) -> Option<Value> {
        self.exports(config)?.get("default")?.to_json()
    }

    fn exports(&self, name: &str) -> Option<Arc<Exports>> {
        let known = self.known.get(name)?;
        known.get_or_init(|| self.find_exports(name).map(Arc::new)).clone()
    }

    fn find_exports(&self, name: &str) -> Option<Exports> {
        match &self.modules.get(name)?.as_ref().ok()?.content {
            Content::Json(value) => Some(Exports::from([("default".to_owned(), value.clone()?)])),
            Content::Module(module) => {
                if !self.resolver.is_type_readable(name) {
                    return None;
                }
                let literals = module.literals.as_ref()?;
                literals.exports(|specifier| self.exports(&relative(name, specifier)?))
            }
        }
    }
}

/// Whether every runtime takes the path of a module as it stands: not for a URL or a pattern, and not for that of an
/// installed package, whose modules some load in other ways.
fn is_plain_place(root: &Path, name: &str) -> bool {
    let odd = |character: char| {
        character.is_control()
            || "%?#*\"'`".contains(character)
            || (cfg!(unix) && character == '\\')
    };
    let installed = |part: &std::ffi::OsStr| part == "node_modules";
    !name.contains(odd)
        && root.to_str().is_some_and(|root| !root.contains(odd))
        && !root.iter().any(installed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_are_paths_everywhere() {
        let plain = |root, name| is_plain_place(Path::new(root), name);
        assert!(plain("/home/me/work space", "packages/a/vx.config.ts"));
        for (root, name) in [
            ("/w", "packages/a#b/vx.config.ts"),
            ("/w", "packages/100%/vx.config.ts"),
            ("/w/what?", "vx.config.ts"),
            ("/w/node_modules/x", "vx.config.ts"),
            ("/w/a\nb", "vx.config.ts"),
        ] {
            assert!(!plain(root, name), "{root} {name}");
        }
    }
}
