//! Pattern lists of a config: each mistake reported at its own element, each list compiled once however
//! many tasks write it.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::reader::Place;
use super::sources::Sources;
use crate::glob::{GlobError, Globs};
use crate::workspace::Workspace;

/// What the patterns of a list are relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// The directory of the project.
    Project,
    /// The workspace root.
    Workspace,
}

/// Compiled lists by what was written, since projects of one workspace mostly write the same few; and what no
/// list of outputs may take in.
#[derive(Debug, Default)]
pub(super) struct GlobLists<'w> {
    compiled: RwLock<HashMap<Vec<String>, Globs>>,
    sources: Sources<'w>,
}

impl<'w> GlobLists<'w> {
    /// No list yet; what no list of outputs may take in is that of `workspace`.
    pub(super) fn new(workspace: &'w Workspace) -> Self {
        Self { compiled: RwLock::default(), sources: Sources::of(workspace) }
    }

    /// The list at `place`; nothing when a mistake was reported.
    pub(super) fn read(&self, place: &Place<'_>, base: Base) -> Option<Globs> {
        let whole = match place.texts().map(|written| self.compile(written)) {
            Some(Ok(globs)) => return Some(globs),
            Some(Err(whole)) => Some(whole),
            None => None,
        };
        let each = place.each(|element| {
            let refused = Globs::new(&[element.string()?]).err();
            if let Some(error) = &refused {
                element.problem(error.to_string(), remedy(error, base).to_owned());
            }
            refused.is_none().then_some(())
        });
        if let (Some(_), Some(whole)) = (each, whole) {
            place.problem(whole.to_string(), None);
        }
        None
    }

    /// The list of outputs at `place`, which must leave alone what is not made by the task: manifests, configs,
    /// and the task's own `inputs`.
    pub(super) fn read_outputs(
        &self,
        place: &Place<'_>,
        base: Base,
        inputs: &[&Globs],
    ) -> Option<Globs> {
        let globs = self.read(place, base)?;
        self.sources.refuse(place, &globs, base, inputs);
        Some(globs)
    }

    fn compile(&self, written: Vec<String>) -> Result<Globs, GlobError> {
        let known = self.compiled.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&written) {
            return Ok(known.clone());
        }
        drop(known);
        // Compiled outside of the lock: two threads may both do it, and agree.
        let globs = Globs::new(&written)?;
        let mut lists = self.compiled.write().unwrap_or_else(PoisonError::into_inner);
        Ok(lists.entry(written).or_insert(globs).clone())
    }
}

/// What to write instead of a pattern over names of branches and tags that is refused.
pub(super) const fn remedy_of_name(error: &GlobError) -> &'static str {
    match error {
        GlobError::Syntax { .. } | GlobError::Nul(_) => remedy(error, Base::Workspace),
        _ => "write the name of a branch or a tag, such as \"main\" or \"release/*\"",
    }
}

/// What to write instead of a pattern that is refused.
const fn remedy(error: &GlobError, base: Base) -> &'static str {
    match (error, base) {
        (GlobError::Empty, _) => "write a path such as \"src/**\", or leave it out",
        (GlobError::Absolute(_) | GlobError::Parent(_), Base::Project) => {
            "write it relative to the project's directory; for files outside of the project use workspaceFiles, relative to the workspace root"
        }
        (GlobError::Absolute(_) | GlobError::Parent(_), Base::Workspace) => {
            "write it relative to the workspace root; nothing outside of the workspace can be an input or an output"
        }
        (GlobError::Backslash(_), _) => "write `/` between directories",
        (GlobError::Nul(_), _) => "remove it",
        (GlobError::Syntax { .. }, _) => {
            "complete it, or put a character that is meant as it stands into brackets, such as [{]"
        }
    }
}
