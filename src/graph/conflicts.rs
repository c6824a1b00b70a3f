//! Two tasks that own the same output: refused when the graph is built, because each would delete what
//! the other made.
//!
//! Outputs of a project can only meet those of the same project; outputs of the workspace are looked up
//! against all others. So the work grows with the tasks of a project and not with those of the workspace.

use super::error::{Conflict, GraphError};
use super::outputs::{Anchored, Output, OutputIndex, Overlaps, declared};
use super::task::TaskNode;
use crate::glob::{Globs, Pattern};
use crate::workspace::Workspace;

/// Refuses the first two tasks that declare the same output.
pub(super) fn refuse(workspace: &Workspace, nodes: &[TaskNode]) -> Result<(), GraphError> {
    let mut overlaps = Overlaps::new(workspace);
    let mut by_project: Vec<Vec<Output<'_>>> = vec![Vec::new(); workspace.projects().len()];
    let mut of_workspace = Vec::new();
    for output in declared(nodes) {
        let Some(project) = output.at.project else {
            of_workspace.push(output);
            continue;
        };
        let siblings = &mut by_project[project.index()];
        if let Some(other) = siblings.iter().find(|other| overlaps.meet(other.at, output.at)) {
            return Err(conflict(workspace, nodes, *other, output));
        }
        siblings.push(output);
    }
    if of_workspace.is_empty() {
        return Ok(());
    }
    let index = OutputIndex::new(workspace, declared(nodes));
    for output in of_workspace {
        let meeting = index.meeting(&mut overlaps, output.at);
        if let Some(other) = meeting.into_iter().find(|other| other.task != output.task) {
            return Err(conflict(workspace, nodes, other, output));
        }
    }
    Ok(())
}

fn conflict(
    workspace: &Workspace,
    nodes: &[TaskNode],
    first: Output<'_>,
    second: Output<'_>,
) -> GraphError {
    let (first_pattern, second_pattern) = patterns(workspace, first.at, second.at);
    let id = |output: Output<'_>| nodes[output.task.index()].id.clone();
    let (first, second) = (id(first), id(second));
    GraphError::OutputConflict(Box::new(Conflict { first, first_pattern, second, second_pattern }))
}

/// The two patterns that can match the same file.
fn patterns(workspace: &Workspace, a: Anchored<'_>, b: Anchored<'_>) -> (String, String) {
    let alone = |at: Anchored<'_>| -> Vec<(String, Globs)> {
        let texts = at.globs.positive().map(Pattern::text);
        texts.filter_map(|text| Some((text.to_owned(), Globs::new(&[text]).ok()?))).collect()
    };
    let (of_a, of_b) = (alone(a), alone(b));
    let mut overlaps = Overlaps::new(workspace);
    for (a_text, a_globs) in &of_a {
        for (b_text, b_globs) in &of_b {
            let meet = overlaps.meet(
                Anchored { project: a.project, globs: a_globs },
                Anchored { project: b.project, globs: b_globs },
            );
            if meet {
                return (a_text.clone(), b_text.clone());
            }
        }
    }
    let first =
        |of: &[(String, Globs)]| of.first().map_or_else(String::new, |(text, _)| text.clone());
    (first(&of_a), first(&of_b))
}
