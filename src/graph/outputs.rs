//! The declared outputs of the tasks of a graph, and which of them can meet a list of patterns.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use super::task::{TaskIx, TaskNode};
use crate::glob::{Globs, Pattern, may_overlap};
use crate::path::RelPath;
use crate::workspace::{ProjectIx, Workspace};

/// Patterns and what they are relative to: a project, whose nested projects they never enter, or the
/// whole workspace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchored<'a> {
    pub(super) project: Option<ProjectIx>,
    pub(super) globs: &'a Globs,
}

/// One list of outputs of one task; never empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output<'a> {
    pub(super) task: TaskIx,
    pub(super) at: Anchored<'a>,
}

/// Every list of outputs of every task: those of projects, then those of the workspace.
pub(super) fn declared(nodes: &[TaskNode]) -> impl Iterator<Item = Output<'_>> {
    nodes.iter().enumerate().flat_map(|(index, node)| {
        let outputs = node.config.cache.as_ref().map(|cache| &cache.outputs);
        let lists = outputs.map(|outputs| {
            [(Some(node.project), &outputs.files), (None, &outputs.workspace_files)]
        });
        lists.into_iter().flatten().filter(|(_, globs)| !globs.is_empty()).map(
            move |(project, globs)| Output {
                task: TaskIx::new(index),
                at: Anchored { project, globs },
            },
        )
    })
}

/// Answers whether two lists can match the same file; lists of one project are asked once, since the
/// projects of a workspace mostly write the same few.
#[derive(Debug)]
pub(super) struct Overlaps<'a> {
    workspace: &'a Workspace,
    known: HashMap<(&'a [Pattern], &'a [Pattern]), bool>,
}

impl<'a> Overlaps<'a> {
    pub(super) fn new(workspace: &'a Workspace) -> Self {
        Self { workspace, known: HashMap::new() }
    }

    pub(super) fn meet(&mut self, a: Anchored<'a>, b: Anchored<'a>) -> bool {
        if a.project == b.project {
            let root = RelPath::root();
            let known = self.known.entry((a.globs.patterns(), b.globs.patterns()));
            return *known.or_insert_with(|| may_overlap(a.globs, &root, b.globs, &root));
        }
        match (a.project, b.project) {
            // Neither enters the other, even where one lies inside of the other.
            (Some(_), Some(_)) => false,
            _ => {
                !self.is_shut_out(a, b)
                    && !self.is_shut_out(b, a)
                    && may_overlap(a.globs, self.anchor(a), b.globs, self.anchor(b))
            }
        }
    }

    /// Whether all that `inner` can match lies in projects nested inside of `outer`'s.
    fn is_shut_out(&self, inner: Anchored<'_>, outer: Anchored<'_>) -> bool {
        let Some(project) = outer.project else { return false };
        let nested = &self.workspace[project].nested;
        !nested.is_empty()
            && inner.globs.roots().iter().all(|root| {
                let root = self.anchor(inner).join(root);
                nested.iter().any(|nested| root.is_within(nested))
            })
    }

    fn anchor(&self, at: Anchored<'_>) -> &RelPath {
        const ROOT: &RelPath = &RelPath::root();
        at.project.map_or(ROOT, |project| &self.workspace[project].dir)
    }
}

/// Lists of outputs by the directories that hold all they can match.
#[derive(Debug)]
pub(super) struct OutputIndex<'a> {
    outputs: Vec<Output<'a>>,
    by_root: BTreeMap<RelPath, Vec<usize>>,
}

impl<'a> OutputIndex<'a> {
    pub(super) fn new(workspace: &Workspace, outputs: impl Iterator<Item = Output<'a>>) -> Self {
        let outputs: Vec<Output<'a>> = outputs.collect();
        let mut by_root: BTreeMap<RelPath, Vec<usize>> = BTreeMap::new();
        for (index, output) in outputs.iter().enumerate() {
            for root in roots(workspace, output.at) {
                by_root.entry(root).or_default().push(index);
            }
        }
        Self { outputs, by_root }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }

    /// The outputs that can meet `at`, each once.
    pub(super) fn meeting(&self, overlaps: &mut Overlaps<'a>, at: Anchored<'a>) -> Vec<Output<'a>> {
        let mut near: BTreeSet<usize> = BTreeSet::new();
        for root in roots(overlaps.workspace, at) {
            let above = std::iter::successors(Some(root.clone()), RelPath::parent);
            near.extend(above.filter_map(|dir| self.by_root.get(&dir)).flatten());
            if root.is_root() {
                near.extend(0..self.outputs.len());
            } else {
                // All paths below a directory lie between its `/` and the character after it.
                let (first, last) = (format!("{root}/"), format!("{root}0"));
                let below = (Bound::Included(first.as_str()), Bound::Excluded(last.as_str()));
                near.extend(self.by_root.range::<str, _>(below).flat_map(|(_, outputs)| outputs));
            }
        }
        let near = near.into_iter().map(|index| self.outputs[index]);
        near.filter(|output| overlaps.meet(at, output.at)).collect()
    }
}

fn roots(workspace: &Workspace, at: Anchored<'_>) -> Vec<RelPath> {
    let anchor = at.project.map(|project| &workspace[project].dir);
    let roots = at.globs.roots().into_iter();
    roots.map(|root| anchor.map_or_else(|| root.clone(), |anchor| anchor.join(&root))).collect()
}
