//! What no output list may take in: outputs are removed before a command runs and before they are restored, so
//! a list that is too wide would cost the user their sources.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::OnceLock;

use super::globs::Base;
use super::reader::Place;
use crate::glob::{Globs, Pattern};
use crate::path::RelPath;
use crate::workspace::Workspace;

/// The manifests and configs of a workspace.
#[derive(Debug, Default)]
pub(super) struct Sources<'w> {
    workspace: Option<&'w Workspace>,
    /// Relative to the workspace root; few tasks have outputs outside of their project, so seldom needed.
    all: OnceLock<BTreeSet<RelPath>>,
}

impl<'w> Sources<'w> {
    pub(super) const fn of(workspace: &'w Workspace) -> Self {
        Self { workspace: Some(workspace), all: OnceLock::new() }
    }

    fn all(&self) -> &BTreeSet<RelPath> {
        self.all.get_or_init(|| {
            let Some(workspace) = self.workspace else { return BTreeSet::new() };
            let configs = workspace.config_files();
            let configs = configs.filter_map(|file| RelPath::below(workspace.root(), file).ok());
            let manifests = workspace.projects().iter().map(|project| project.manifest.clone());
            manifests.chain(configs).collect()
        })
    }

    /// Reports a list of outputs that takes in a manifest or a config, or some of the task's `inputs` with the
    /// same base.
    pub(super) fn refuse(&self, place: &Place<'_>, outputs: &Globs, base: Base, inputs: &[&Globs]) {
        let source = match base {
            Base::Project => ["package.json", place.file_name()]
                .into_iter()
                .find(|name| outputs.is_match(name))
                .map(str::to_owned),
            Base::Workspace => self.taken(outputs).map(ToString::to_string),
        };
        let input = || {
            let mut inputs = inputs.iter().flat_map(|inputs| inputs.positive());
            inputs.find(|input| takes_all(outputs, input)).map(|input| format!("the input {input}"))
        };
        let Some(taken) = source.or_else(input) else { return };
        place.problem(
            format!("takes in {taken}, and outputs are removed before the command runs"),
            "name only what the command makes, such as [\"dist/**\"]".to_owned(),
        );
    }

    /// The first manifest or config that the list matches.
    fn taken(&self, outputs: &Globs) -> Option<&RelPath> {
        outputs.roots().iter().find_map(|root| {
            let (first, last) = (format!("{root}/"), format!("{root}0"));
            let range = if root.is_root() {
                (Bound::Unbounded, Bound::Unbounded)
            } else {
                // All paths below a directory lie between its `/` and the character after it.
                (Bound::Included(first.as_str()), Bound::Excluded(last.as_str()))
            };
            let mut near =
                self.all().get(root).into_iter().chain(self.all().range::<str, _>(range));
            near.find(|source| outputs.is_match(source.as_str()))
        })
    }
}

/// Whether a list surely matches all that `input` can match. Lists that take something away are given the benefit
/// of the doubt.
fn takes_all(outputs: &Globs, input: &Pattern) -> bool {
    if outputs.patterns().iter().any(Pattern::is_negated) {
        return false;
    }
    let below = |dir: &str| {
        let rest = input.text().strip_prefix(dir);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    outputs
        .positive()
        .any(|output| output.text() == input.text() || output.directory().is_some_and(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_takes_all_of_an_input_below_its_directories() {
        for (outputs, input, expected) in [
            (&["src/**"][..], "src/**", true),
            (&["src"], "src/a/*.ts", true),
            (&["src/**"], "src/a.ts", true),
            (&["dist/**", "*.ts"], "*.ts", true),
            (&["src/gen/**"], "src/**", false),
            (&["src/*.js"], "src/*.ts", false),
            (&["dist/**"], "distant/**", false),
            (&["dist/**"], "**", false),
            (&["src/**", "!src/**/*.ts"], "src/**", false),
        ] {
            let outputs = Globs::new(outputs).unwrap();
            let input = Pattern::parse(input).unwrap();
            assert_eq!(takes_all(&outputs, &input), expected, "{outputs:?} {input}");
        }
    }
}
