//! What `^task` means: the nearest workspace dependencies that declare the task, passing through those
//! that do not.
//!
//! Computed once for each task name: every project that is passed through gets the set of projects found
//! below it, as bits over the projects that declare the task, so shared paths are walked once however
//! many projects lead into them. Package dependencies may be cyclic.

use crate::workspace::{ProjectIx, Workspace};

/// The answer for one task name.
#[derive(Debug)]
pub(super) struct Frontier {
    /// The projects that declare the task.
    holders: Vec<ProjectIx>,
    /// By project.
    spots: Vec<Spot>,
}

#[derive(Clone, Debug)]
enum Spot {
    /// Declares the task: its place in `holders`.
    Holder(usize),
    /// Does not: the holders found below it, one bit each; empty where there are none.
    Passage(Vec<u64>),
}

impl Frontier {
    /// Prepares the answers; `declares` says which projects declare the task.
    pub(super) fn new(workspace: &Workspace, declares: impl Fn(ProjectIx) -> bool) -> Self {
        let mut holders = Vec::new();
        let mut spots = Vec::with_capacity(workspace.projects().len());
        for (project, _) in workspace.iter() {
            if declares(project) {
                spots.push(Spot::Holder(holders.len()));
                holders.push(project);
            } else {
                spots.push(Spot::Passage(Vec::new()));
            }
        }
        let mut frontier = Self { holders, spots };
        frontier.fill_passages(workspace);
        frontier
    }

    /// Whether no project declares the task.
    pub(super) const fn is_empty(&self) -> bool {
        self.holders.is_empty()
    }

    /// The frontier of `project`, sorted. A project is never in its own.
    pub(super) fn of(&self, workspace: &Workspace, project: ProjectIx) -> Vec<ProjectIx> {
        let mut found = Vec::new();
        for (word, mut bits) in self.below(workspace, project).into_iter().enumerate() {
            while bits != 0 {
                found.push(self.holders[word * 64 + bits.trailing_zeros() as usize]);
                bits &= bits - 1;
            }
        }
        found.retain(|found| *found != project);
        found
    }

    /// Dependencies come before their dependents where there is no cycle, so one round settles all but
    /// cycles; those are settled by rounds until nothing is new.
    fn fill_passages(&mut self, workspace: &Workspace) {
        let passages = self.passages_in_postorder(workspace);
        loop {
            let mut changed = false;
            for &project in &passages {
                let bits = self.below(workspace, project);
                if let Spot::Passage(known) = &mut self.spots[project.index()]
                    && *known != bits
                {
                    *known = bits;
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    /// The holders among the direct dependencies and below those that are passed through.
    fn below(&self, workspace: &Workspace, project: ProjectIx) -> Vec<u64> {
        let mut bits: Vec<u64> = Vec::new();
        for dependency in &workspace[project].dependencies {
            match &self.spots[dependency.index()] {
                Spot::Holder(number) => {
                    bits.resize(bits.len().max(number / 64 + 1), 0);
                    bits[number / 64] |= 1 << (number % 64);
                }
                Spot::Passage(found) => {
                    bits.resize(bits.len().max(found.len()), 0);
                    bits.iter_mut().zip(found).for_each(|(bits, found)| *bits |= found);
                }
            }
        }
        bits
    }

    fn passages_in_postorder(&self, workspace: &Workspace) -> Vec<ProjectIx> {
        let is_passage =
            |project: ProjectIx| matches!(self.spots[project.index()], Spot::Passage(_));
        let mut seen = vec![false; self.spots.len()];
        let mut done = Vec::new();
        let mut open: Vec<(ProjectIx, usize)> = Vec::new();
        for (start, _) in workspace.iter().filter(|(project, _)| is_passage(*project)) {
            if !std::mem::replace(&mut seen[start.index()], true) {
                open.push((start, 0));
            }
            while let Some((project, next)) = open.last_mut() {
                let dependency = workspace[*project].dependencies.get(*next).copied();
                *next += 1;
                match dependency {
                    Some(found) if is_passage(found) => {
                        if !std::mem::replace(&mut seen[found.index()], true) {
                            open.push((found, 0));
                        }
                    }
                    Some(_) => {}
                    None => {
                        done.push(*project);
                        open.pop();
                    }
                }
            }
        }
        done
    }
}
