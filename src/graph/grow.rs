//! From the requested tasks to all tasks they pull in, with their edges.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::{GraphError, Missing, Place, Undeclared};
use super::frontier::Frontier;
use super::hint::{nearest_project, task_names};
use super::task::{Requested, TaskId, TaskIx, TaskNode, Upstream};
use crate::config::{Configs, Dependency, TaskConfig, nearest};
use crate::workspace::{ProjectIx, Workspace};

/// The requested tasks and everything they depend on, and each `^task` that no project declares; cycles are not
/// looked for.
pub(super) fn grow(
    workspace: &Workspace,
    configs: &Configs,
    requested: &[Requested],
) -> Result<(Vec<TaskNode>, Vec<Undeclared>), GraphError> {
    let mut growth = Growth {
        workspace,
        configs,
        nodes: Vec::new(),
        by_project: vec![Vec::new(); workspace.projects().len()],
        frontiers: HashMap::new(),
        undeclared: Vec::new(),
    };
    for Requested { project, task } in requested {
        if let Some(config) = configs.task(*project, task) {
            let ix = growth.node(*project, task, config);
            growth.nodes[ix.index()].requested = true;
        }
    }
    let mut next = 0;
    while next < growth.nodes.len() {
        growth.nodes[next].upstream = growth.upstream_of(TaskIx::new(next))?;
        next += 1;
    }
    let Growth { mut nodes, undeclared, .. } = growth;
    for index in 0..nodes.len() {
        for at in 0..nodes[index].upstream.len() {
            let upstream = nodes[index].upstream[at].task.index();
            nodes[upstream].downstream.push(TaskIx::new(index));
        }
    }
    Ok((nodes, undeclared))
}

struct Growth<'a> {
    workspace: &'a Workspace,
    configs: &'a Configs,
    nodes: Vec<TaskNode>,
    /// The nodes of each project; few, so they are searched.
    by_project: Vec<Vec<TaskIx>>,
    frontiers: HashMap<String, Frontier>,
    undeclared: Vec<Undeclared>,
}

impl Growth<'_> {
    /// The node of a task, added where it is new.
    fn node(&mut self, project: ProjectIx, task: &str, config: &Arc<TaskConfig>) -> TaskIx {
        let siblings = &mut self.by_project[project.index()];
        if let Some(known) = siblings.iter().find(|ix| self.nodes[ix.index()].id.task == task) {
            return *known;
        }
        let ix = TaskIx::new(self.nodes.len());
        siblings.push(ix);
        self.nodes.push(TaskNode {
            id: TaskId { project: self.workspace[project].name.clone(), task: task.to_owned() },
            project,
            config: Arc::clone(config),
            requested: false,
            upstream: Vec::new(),
            downstream: Vec::new(),
        });
        ix
    }

    fn upstream_of(&mut self, ix: TaskIx) -> Result<Vec<Upstream>, GraphError> {
        let configs = self.configs;
        let TaskNode { project, config, .. } = &self.nodes[ix.index()];
        let (project, config) = (*project, Arc::clone(config));
        let filter = config.cache.as_ref().and_then(|cache| cache.inputs.tasks.as_ref());
        let mut upstream = Vec::new();
        for dependency in &config.depends_on {
            let counts = filter.is_none_or(|filter| filter.contains(dependency));
            let (projects, task) = match dependency {
                Dependency::Own(task) => (vec![project], task),
                Dependency::Upstream(task) => (self.frontier(ix, project, task), task),
                Dependency::Of { project: name, task } => {
                    let found = self.workspace.by_name(name);
                    (vec![found.ok_or_else(|| self.no_project(ix, dependency, name))?], task)
                }
            };
            for project in projects {
                let config = configs
                    .task(project, task)
                    .ok_or_else(|| self.no_task(ix, dependency, project, task))?;
                upstream.push(Upstream { task: self.node(project, task, config), counts });
            }
        }
        // Two entries may name one task; it counts if one of them lets it through.
        upstream.sort_unstable_by_key(|up| (up.task, !up.counts));
        upstream.dedup_by_key(|up| up.task);
        Ok(upstream)
    }

    fn frontier(&mut self, from: TaskIx, project: ProjectIx, task: &str) -> Vec<ProjectIx> {
        let (workspace, configs) = (self.workspace, self.configs);
        if let Some(known) = self.frontiers.get(task) {
            return known.of(workspace, project);
        }
        let frontier = Frontier::new(workspace, |other| configs.task(other, task).is_some());
        if frontier.is_empty() {
            let nearest = nearest(task, task_names(workspace, configs)).map(str::to_owned);
            let from = self.nodes[from.index()].id.clone();
            self.undeclared.push(Undeclared { from, task: task.to_owned(), nearest });
        }
        let found = frontier.of(workspace, project);
        self.frontiers.insert(task.to_owned(), frontier);
        found
    }

    fn no_project(&self, from: TaskIx, dependency: &Dependency, name: &str) -> GraphError {
        let meant = nearest_project(self.workspace, name);
        let meant = meant.map(|meant| dependency.to_string().replacen(name, meant, 1));
        GraphError::MissingProject(Box::new(self.missing(
            from,
            dependency,
            Place::NoProject,
            meant,
        )))
    }

    fn no_task(
        &self,
        from: TaskIx,
        dependency: &Dependency,
        project: ProjectIx,
        task: &str,
    ) -> GraphError {
        let declared = self.configs.project(project).map(|config| &config.tasks);
        let names = declared.into_iter().flat_map(|tasks| tasks.keys().map(String::as_str));
        let meant = nearest(task, names).map(|meant| match dependency {
            Dependency::Of { project, .. } => format!("{project}#{meant}"),
            Dependency::Own(_) | Dependency::Upstream(_) => meant.to_owned(),
        });
        let config = self.workspace[project].config_file.clone();
        let place = config.map_or(Place::NoConfig, Place::Config);
        GraphError::MissingTask(Box::new(self.missing(from, dependency, place, meant)))
    }

    fn missing(
        &self,
        from: TaskIx,
        dependency: &Dependency,
        place: Place,
        nearest: Option<String>,
    ) -> Missing {
        let TaskNode { id: from, project, .. } = self.nodes[from.index()].clone();
        // A task comes out of its project's config.
        let file = self.workspace[project].config_file.clone().unwrap_or_default();
        Missing { file, from, dependency: dependency.to_string(), place, nearest }
    }
}
