//! What a cached task reads and what it makes.

use super::dependency::Dependency;
use super::exec::names;
use super::globs::{Base, GlobLists};
use super::nearest::nearest;
use super::reader::Place;
use crate::glob::Globs;

/// The `cache` block of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// What the key is made of.
    pub inputs: InputsConfig,
    /// What is saved and restored.
    pub outputs: OutputsConfig,
}

/// `cache.inputs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputsConfig {
    /// Git-visible files of the project.
    pub files: Globs,
    /// Ignored files of the project.
    pub ignored: Globs,
    /// Files anywhere in the workspace, relative to its root.
    pub workspace_files: Globs,
    /// Environment variables whose values count and reach the child, each once.
    pub env: Vec<String>,
    /// Which entries of `dependsOn` let their keys through; `None`: all.
    pub tasks: Option<Vec<Dependency>>,
    /// Commands whose trimmed output counts.
    pub runtime: Vec<String>,
}

/// `cache.outputs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputsConfig {
    /// Relative to the project.
    pub files: Globs,
    /// Relative to the workspace root.
    pub workspace_files: Globs,
}

impl CacheConfig {
    /// Reads the block of a task with these entries in `dependsOn`; `None`: they are not sound themselves.
    pub(super) fn read(
        place: &Place<'_>,
        depends_on: Option<&[Dependency]>,
        globs: &GlobLists<'_>,
    ) -> Option<Self> {
        let example = "{ inputs: { files: [\"src/**\"] }, outputs: { files: [\"dist/**\"] } }, or leave it out for a task that is not cached";
        let cache = place.object(&["inputs", "outputs"], example)?;
        let inputs = cache
            .require("inputs", "{ files: [\"src/**\"] } with all that the task reads")
            .and_then(|inputs| InputsConfig::read(&inputs, depends_on, globs));
        let outputs = cache
            .require("outputs", "{ files: [\"dist/**\"] }, or { files: [] } when it makes none")
            .and_then(|outputs| OutputsConfig::read(&outputs, inputs.as_ref(), globs));
        Some(Self { inputs: inputs?, outputs: outputs? })
    }
}

impl InputsConfig {
    fn read(
        place: &Place<'_>,
        depends_on: Option<&[Dependency]>,
        globs: &GlobLists<'_>,
    ) -> Option<Self> {
        let known = ["files", "ignored", "workspaceFiles", "env", "tasks", "runtime"];
        let inputs = place.object(&known, "{ files: [\"src/**\"] }")?;
        let optional = |key, base| {
            inputs.get(key).map_or_else(|| Some(Globs::default()), |list| globs.read(&list, base))
        };
        let files = inputs
            .require("files", "[\"src/**\"], relative to the project")
            .and_then(|list| globs.read(&list, Base::Project));
        let ignored = optional("ignored", Base::Project);
        let workspace_files = optional("workspaceFiles", Base::Workspace);
        let env = inputs.get("env").map_or_else(|| Some(Vec::new()), |env| names(&env));
        let tasks = inputs.get("tasks").map(|tasks| filters(&tasks, depends_on));
        let runtime = inputs.get("runtime").map_or_else(
            || Some(Vec::new()),
            |runtime| runtime.each(|command| command.filled_string().map(str::to_owned)),
        );
        Some(Self {
            files: files?,
            ignored: ignored?,
            workspace_files: workspace_files?,
            env: env?,
            tasks: tasks.map_or(Some(None), |tasks| tasks.map(Some))?,
            runtime: runtime?,
        })
    }
}

impl OutputsConfig {
    fn read(
        place: &Place<'_>,
        inputs: Option<&InputsConfig>,
        globs: &GlobLists<'_>,
    ) -> Option<Self> {
        let (of_project, of_workspace) = inputs.map_or_else(Default::default, |inputs| {
            (vec![&inputs.files, &inputs.ignored], vec![&inputs.workspace_files])
        });
        let outputs = place.object(&["files", "workspaceFiles"], "{ files: [\"dist/**\"] }")?;
        let files = outputs
            .require("files", "[\"dist/**\"], or [] when it makes none")
            .and_then(|list| globs.read_outputs(&list, Base::Project, &of_project));
        let workspace_files = outputs.get("workspaceFiles").map_or_else(
            || Some(Globs::default()),
            |list| globs.read_outputs(&list, Base::Workspace, &of_workspace),
        );
        Some(Self { files: files?, workspace_files: workspace_files? })
    }
}

/// `cache.inputs.tasks`: entries of `dependsOn`, each once.
fn filters(place: &Place<'_>, depends_on: Option<&[Dependency]>) -> Option<Vec<Dependency>> {
    let known: Vec<String> = depends_on.into_iter().flatten().map(ToString::to_string).collect();
    let mut seen = Vec::new();
    place.each(|element| {
        let filter = Dependency::read(&element)?;
        if seen.contains(&filter) {
            element.problem(format!("{:?} stands here twice", filter.to_string()), None);
            return None;
        }
        seen.push(filter.clone());
        if depends_on.is_none_or(|entries| entries.contains(&filter)) {
            return Some(filter);
        }
        let written = filter.to_string();
        let fix = match nearest(&written, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near:?}?"),
            None if known.is_empty() => "the task has no dependsOn: remove `tasks`".to_owned(),
            None => format!("its entries are: {}", known.join(", ")),
        };
        element.problem(format!("{written:?} is no entry of this task's dependsOn"), fix);
        None
    })
}
