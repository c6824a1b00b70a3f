//! Which tasks read what an upstream task may make, so that their keys are known only after it ended.
//!
//! Errs on the side of yes: a key taken too late costs a moment, one taken too early is a stale hit.

use std::collections::HashMap;

use super::outputs::{Anchored, OutputIndex, Overlaps, declared};
use super::reach::downstream;
use super::task::{TaskIx, TaskNode};
use crate::glob::Globs;
use crate::workspace::Workspace;

/// Tasks that read alike, and the tasks whose outputs may be what they read.
#[derive(Debug, Default)]
struct Readers {
    tasks: Vec<TaskIx>,
    makers: Vec<TaskIx>,
}

/// For each task whether its key must wait for its upstream tasks to end.
pub(super) fn late(workspace: &Workspace, nodes: &[TaskNode], order: &[TaskIx]) -> Vec<bool> {
    let everything = Globs::new(&["**"]).unwrap_or_default();
    let mut late = vec![false; nodes.len()];
    let groups = readers(workspace, nodes, &everything);
    let fed: Vec<&Readers> = groups.iter().filter(|group| !group.makers.is_empty()).collect();
    for chunk in fed.chunks(64) {
        let mut sources = vec![0_u64; nodes.len()];
        for (bit, group) in chunk.iter().enumerate() {
            group.makers.iter().for_each(|maker| sources[maker.index()] |= 1 << bit);
        }
        let reached = downstream(nodes, order, &sources);
        for (bit, group) in chunk.iter().enumerate() {
            for task in &group.tasks {
                late[task.index()] |= reached[task.index()] >> bit & 1 == 1;
            }
        }
    }
    for task in order {
        let mut counted = nodes[task.index()].upstream.iter().filter(|up| up.counts);
        late[task.index()] |= counted.any(|up| late[up.task.index()]);
    }
    late
}

/// What a task reads; a group task reads nothing, an uncached one is keyed over its whole project.
fn inputs<'a>(node: &'a TaskNode, everything: &'a Globs) -> impl Iterator<Item = Anchored<'a>> {
    let project = Some(node.project);
    let lists = match (&node.config.cache, &node.config.exec) {
        (Some(cache), _) => {
            let inputs = &cache.inputs;
            vec![
                (project, &inputs.files),
                (project, &inputs.ignored),
                (None, &inputs.workspace_files),
            ]
        }
        (None, Some(_)) => vec![(project, everything)],
        (None, None) => Vec::new(),
    };
    lists
        .into_iter()
        .filter(|(_, globs)| !globs.is_empty())
        .map(|(project, globs)| Anchored { project, globs })
}

fn readers<'a>(
    workspace: &'a Workspace,
    nodes: &'a [TaskNode],
    everything: &'a Globs,
) -> Vec<Readers> {
    let mut by_project = vec![Vec::new(); workspace.projects().len()];
    let mut of_workspace = Vec::new();
    for output in declared(nodes) {
        match output.at.project {
            Some(project) => by_project[project.index()].push(output),
            None => of_workspace.push(output),
        }
    }
    let of_workspace = OutputIndex::new(workspace, of_workspace.into_iter());
    // Only tasks that read outside of their project need all outputs by place.
    let mut all: Option<OutputIndex<'a>> = None;

    let mut overlaps = Overlaps::new(workspace);
    let mut groups: Vec<Readers> = vec![undeclared(nodes, everything)];
    let mut known = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        for at in inputs(node, everything) {
            let group = *known.entry((at.project, at.globs.patterns())).or_insert_with(|| {
                let mut makers: Vec<TaskIx> = Vec::new();
                if let Some(project) = at.project {
                    let siblings = by_project[project.index()].iter();
                    let met = siblings.filter(|output| overlaps.meet(at, output.at));
                    makers.extend(met.map(|output| output.task));
                    if !of_workspace.is_empty() {
                        let met = of_workspace.meeting(&mut overlaps, at);
                        makers.extend(met.iter().map(|output| output.task));
                    }
                } else {
                    let all =
                        all.get_or_insert_with(|| OutputIndex::new(workspace, declared(nodes)));
                    let met = all.meeting(&mut overlaps, at);
                    makers.extend(met.iter().map(|output| output.task));
                }
                groups.push(Readers { tasks: Vec::new(), makers });
                groups.len() - 1
            });
            groups[group].tasks.push(TaskIx::new(index));
        }
    }
    groups
}

/// Commands without declared outputs may make anything, for anyone who reads.
fn undeclared(nodes: &[TaskNode], everything: &Globs) -> Readers {
    let mut group = Readers::default();
    for (index, node) in nodes.iter().enumerate() {
        if node.config.exec.is_some() && node.config.cache.is_none() {
            group.makers.push(TaskIx::new(index));
        }
        if inputs(node, everything).next().is_some() {
            group.tasks.push(TaskIx::new(index));
        }
    }
    group
}
