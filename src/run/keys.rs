//! The keys of a run's tasks: what each reads, gathered in parallel, and the key that follows from it.
//!
//! A task's own components do not depend on other tasks; only the last step, the keys of its upstream, does.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{CacheConfig, TaskConfig};
use crate::error::{Coded, Result};
use crate::glob::Globs;
use crate::graph::{TaskGraph, TaskIx};
use crate::inputs::{Harvest, InputSpec, InputWarning, Tree, View, Walked, harvest, input_file};
use crate::key::{EnvValue, Fingerprint, Key, KeyInput, task_config_hash};
use crate::memo::Memo;
use crate::path::RelPath;
use crate::run::environment::{Declared, Variables, bin_dirs, build, value};
use crate::run::process::{Command, Exit, Sink, Stream, run};
use crate::run::stop::Stop;
use crate::span;
use crate::workspace::{Project, Workspace};

/// A `cache.inputs.runtime` command that gave no value.
#[derive(Debug, thiserror::Error)]
#[error(
    "the runtime input {command:?} of {project} {how}; it must print its value and exit with 0"
)]
pub(super) struct RuntimeInputError {
    command: String,
    project: String,
    how: String,
}

impl Coded for RuntimeInputError {
    fn code(&self) -> &'static str {
        "VX_RUNTIME_INPUT"
    }
}

/// What runtime commands printed, by command and project. Each has a lock of its own, held while it is asked.
pub(super) type RuntimeValues = Mutex<HashMap<(String, RelPath), Arc<Mutex<Option<Arc<str>>>>>>;

/// What all keys of a run share.
pub(super) struct Keys<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) graph: &'a TaskGraph,
    pub(super) host: &'a Variables,
    pub(super) forward_args: &'a [String],
    pub(super) fingerprint: Fingerprint,
    pub(super) tree: Tree,
    /// What was visible when the run was planned.
    pub(super) view: View,
    pub(super) memo: Memo,
    /// The list that matches every file.
    pub(super) everything: Globs,
    pub(super) runtime_values: RuntimeValues,
    pub(super) stop: &'a Stop,
}

/// What one task's key is made of, before its upstream's keys are known.
#[derive(Debug)]
pub(super) struct Components {
    /// The key's input with `upstream` empty.
    pub input: KeyInput,
    /// The files behind it; `None` for a group.
    pub harvest: Option<Harvest>,
}

impl Components {
    /// What the user should know about the task's inputs.
    pub(super) fn warnings(&self) -> impl Iterator<Item = &InputWarning> {
        self.harvest.iter().flat_map(|harvest| &harvest.warnings)
    }
}

/// What of a run's surroundings goes into keys.
#[derive(Clone, Copy)]
pub(super) struct Outside<'a> {
    /// The environment that vx was started in.
    pub(super) host: &'a Variables,
    /// The arguments after `--`.
    pub(super) forward_args: &'a [String],
    /// What ends the commands that are asked for a value.
    pub(super) stop: &'a Stop,
}

/// What earlier runs learnt of the workspace's files.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) memo: Memo,
    pub(super) walked: Option<Walked>,
}

impl<'a> Keys<'a> {
    /// Looks at the files of the workspace.
    ///
    /// # Errors
    /// What listing them or reading the lockfiles can say.
    pub(super) fn look(
        workspace: &'a Workspace,
        graph: &'a TaskGraph,
        outside: Outside<'a>,
        known: Known,
    ) -> Result<Self> {
        span::phase("look at the files");
        let tree = Tree::open(workspace.root())?;
        let Outside { host, forward_args, stop } = outside;
        Ok(Self {
            workspace,
            graph,
            host,
            forward_args,
            fingerprint: Fingerprint::take(workspace.root())?,
            view: tree.view_again(known.walked.as_ref())?,
            tree,
            memo: known.memo,
            everything: Globs::new(&["**"])?,
            runtime_values: Mutex::default(),
            stop,
        })
    }
}

impl Keys<'_> {
    /// The components of one task, from the run's view of the workspace.
    ///
    /// # Errors
    /// What reading inputs, the manifest or a runtime command can say.
    pub(super) fn components(&self, task: TaskIx) -> Result<Components> {
        self.components_in(task, &self.view, self.fingerprint.value.clone(), false)
    }

    /// The components of one task from a fresh look at the directories that it reads. `ask_again`: runtime commands may
    /// print something else by now.
    ///
    /// # Errors
    /// As [`Self::components`].
    pub(super) fn fresh_components(&self, task: TaskIx, ask_again: bool) -> Result<Components> {
        if self.graph[task].config.is_group() {
            return self.components(task);
        }
        let view = self.tree.view_under(&self.spec(task).roots())?;
        let fingerprint = self.fingerprint.now(self.workspace.root())?;
        self.components_in(task, &view, fingerprint, ask_again)
    }

    /// What of the files behind a task's components is not as it was any more.
    ///
    /// # Errors
    /// What reading inputs, the manifest or the lockfile can say.
    pub(super) fn moved(&self, task: TaskIx, before: &Components) -> Result<Option<String>> {
        let spec = self.spec(task);
        let view = self.tree.view_under(&spec.roots())?;
        if let Some(harvested) = &before.harvest
            && let Some(moved) = harvested.moved(&harvest(&view, &spec, &self.memo)?)
        {
            return Ok(Some(moved.to_string()));
        }
        let project = &self.workspace[self.graph[task].project];
        if self.manifest_hash(project, &view)? != before.input.package_json_hash {
            return Ok(Some(format!("{} changed", project.manifest)));
        }
        let fingerprint = self.fingerprint.now(self.workspace.root())?;
        let same = fingerprint == before.input.workspace_fingerprint;
        Ok((!same).then(|| "a lockfile or the list of workspace members changed".to_owned()))
    }

    /// The key, now that those of the upstream tasks are known.
    ///
    /// # Errors
    /// [`crate::key::KeyError`].
    pub(super) fn key(
        &self,
        task: TaskIx,
        components: &mut Components,
        known: impl Fn(TaskIx) -> Option<Key>,
    ) -> Result<Key> {
        components.input.upstream = self.graph.counted_upstream(task).filter_map(known).collect();
        Ok(components.input.key()?)
    }

    fn components_in(
        &self,
        task: TaskIx,
        view: &View,
        workspace_fingerprint: String,
        ask_again: bool,
    ) -> Result<Components> {
        let node = &self.graph[task];
        if node.config.is_group() {
            // A group is keyed over its upstream alone.
            let input = KeyInput { task_id: node.id.to_string(), ..KeyInput::default() };
            return Ok(Components { input, harvest: None });
        }
        let project = &self.workspace[node.project];
        let harvest = harvest(view, &self.spec(task), &self.memo)?;
        let forward_args = if node.requested { self.forward_args.to_vec() } else { Vec::new() };
        let input = KeyInput {
            task_id: node.id.to_string(),
            workspace_fingerprint,
            package_json_hash: self.manifest_hash(project, view)?,
            task_config_hash: task_config_hash(&node.config.raw),
            forward_args,
            env_values: self.env_values(&node.config, project, ask_again)?,
            upstream: Vec::new(),
            inputs: harvest.files.iter().map(|file| (file.path.clone(), file.id.clone())).collect(),
        };
        Ok(Components { input, harvest: Some(harvest) })
    }

    /// What the task reads: its declared inputs, or every visible file of its project for one that has no
    /// `cache` block, so that what depends on it sees its sources move.
    pub(super) fn spec(&self, task: TaskIx) -> InputSpec {
        let node = &self.graph[task];
        let project = &self.workspace[node.project];
        let (project_dir, nested) = (project.dir.clone(), project.nested.clone());
        match &node.config.cache {
            Some(CacheConfig { inputs, outputs }) => InputSpec {
                project: project_dir,
                nested,
                files: inputs.files.clone(),
                ignored: inputs.ignored.clone(),
                workspace_files: inputs.workspace_files.clone(),
                outputs: outputs.files.clone(),
                workspace_outputs: outputs.workspace_files.clone(),
            },
            None => InputSpec {
                project: project_dir,
                nested,
                files: self.everything.clone(),
                ignored: Globs::default(),
                workspace_files: Globs::default(),
                outputs: Globs::default(),
                workspace_outputs: Globs::default(),
            },
        }
    }

    fn manifest_hash(&self, project: &Project, view: &View) -> Result<String> {
        let manifest = input_file(view, &project.manifest, &self.memo)?;
        Ok(manifest.map(|manifest| manifest.id.to_string()).unwrap_or_default())
    }

    /// Declared variables by name, then runtime commands under a name that no variable can have.
    fn env_values(
        &self,
        config: &TaskConfig,
        project: &Project,
        ask_again: bool,
    ) -> Result<Vec<EnvValue>> {
        let Some(cache) = &config.cache else { return Ok(Vec::new()) };
        let mut values: BTreeMap<String, Option<String>> = BTreeMap::new();
        for name in &cache.inputs.env {
            values.insert(name.clone(), value(self.host, name).map(std::borrow::Cow::into_owned));
        }
        for command in &cache.inputs.runtime {
            let printed = if ask_again {
                self.ask_runtime(command, project)?.into()
            } else {
                self.runtime_value(command, project)?
            };
            values.insert(format!("runtime={command}"), Some(printed.as_ref().to_owned()));
        }
        Ok(values.into_iter().map(|(name, value)| EnvValue { name, value }).collect())
    }

    /// What a runtime command prints when the run is planned, asked once for each project.
    #[expect(
        clippy::significant_drop_tightening,
        reason = "held while the one who asks first asks"
    )]
    fn runtime_value(&self, command: &str, project: &Project) -> Result<Arc<str>> {
        let id = (command.to_owned(), project.dir.clone());
        let mut values = self.runtime_values.lock().unwrap_or_else(PoisonError::into_inner);
        let value = Arc::clone(values.entry(id).or_default());
        drop(values);
        let mut value = value.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*value {
            return Ok(Arc::clone(known));
        }
        let printed: Arc<str> = self.ask_runtime(command, project)?.into();
        *value = Some(Arc::clone(&printed));
        Ok(printed)
    }

    fn ask_runtime(&self, command: &str, project: &Project) -> Result<String> {
        let dir = project.dir.on(self.workspace.root());
        let declared = Declared { pass_through: &[], define: &BTreeMap::new(), inputs: &[] };
        let env = build(self.host, declared, &bin_dirs(self.workspace.root(), &dir));
        let printed: Arc<Mutex<Vec<u8>>> = Arc::default();
        let kept = Arc::clone(&printed);
        let sink = Sink::prompt(move |stream, bytes| {
            if stream == Stream::Out {
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            }
        });
        let finished = run(
            Command { line: command, dir: &dir, env: &env, timeout: None, keeps: None },
            self.stop,
            &sink,
        )?;
        if finished.exit != Exit::Code(0) {
            let how = finished.exit.to_string();
            return Err(RuntimeInputError {
                command: command.to_owned(),
                project: project.name.clone(),
                how,
            }
            .into());
        }
        let bytes = std::mem::take(&mut *printed.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }
}
