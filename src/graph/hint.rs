//! What a message adds when a name leads nowhere: the name that was probably meant, or those there are.

use crate::config::{Configs, nearest};
use crate::workspace::Workspace;

/// The project whose name, or whose name without its scope, is closest.
pub(super) fn nearest_project<'a>(workspace: &'a Workspace, name: &str) -> Option<&'a str> {
    let names = || workspace.projects().iter().map(|project| project.name.as_str());
    let bare = |name: &'a str| name.rsplit_once('/').map_or(name, |(_, bare)| bare);
    nearest(name, names()).or_else(|| {
        let meant = nearest(name, names().map(bare))?;
        names().find(|name| bare(name) == meant)
    })
}

/// What to add to the message that no project is called `name`.
pub(super) fn for_project(workspace: &Workspace, name: &str) -> String {
    if let Some(near) = nearest_project(workspace, name) {
        return format!("; did you mean {near:?}?");
    }
    let names: Vec<&str> = workspace.projects().iter().map(|p| p.name.as_str()).collect();
    format!("; the projects are {}", listed(&names))
}

/// The names of the tasks of all projects, with repeats.
pub(super) fn task_names<'a>(
    workspace: &'a Workspace,
    configs: &'a Configs,
) -> impl Iterator<Item = &'a str> {
    let declared = workspace.iter().filter_map(|(project, _)| configs.project(project));
    declared.flat_map(|config| config.tasks.keys().map(String::as_str))
}

/// A few names, and how many more there are.
pub(super) fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
