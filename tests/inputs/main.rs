//! What a task reads, from declared globs to file identities, on real files and real repositories.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../git_fixture/mod.rs"]
mod git_fixture;

mod beyond_the_view;
mod globs;
mod identities;
mod links;
mod moved;
mod views;

use git_fixture::Fixture;
use vx::glob::Globs;
use vx::inputs::{Harvest, InputSpec, View, harvest};
use vx::memo::Memo;
use vx::path::RelPath;

fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

fn globs(patterns: &[&str]) -> Globs {
    Globs::new(patterns).unwrap()
}

/// A task of the project at `project` that reads `files`.
fn task(project: &str, files: &[&str]) -> InputSpec {
    InputSpec {
        project: rel(project),
        nested: Vec::new(),
        files: globs(files),
        ignored: globs(&[]),
        workspace_files: globs(&[]),
        outputs: globs(&[]),
        workspace_outputs: globs(&[]),
    }
}

fn reap(fixture: &Fixture, spec: &InputSpec) -> Harvest {
    let view = View::read(&fixture.root).unwrap();
    let harvested = harvest(&view, spec, &Memo::default()).unwrap();
    assert!(harvested.files.is_sorted_by(|a, b| a.path < b.path), "not sorted, or a path twice");
    // A look at the task's own roots sees the same.
    let part = View::read_under(&fixture.root, &spec.roots()).unwrap();
    let again = harvest(&part, spec, &Memo::default()).unwrap();
    assert_eq!(harvested, again, "a view of the roots {:?} differs", spec.roots());
    harvested
}

fn paths(harvest: &Harvest) -> Vec<&str> {
    harvest.files.iter().map(|file| file.path.as_str()).collect()
}

/// The paths that a task reads.
fn reads(fixture: &Fixture, spec: &InputSpec) -> Vec<String> {
    paths(&reap(fixture, spec)).into_iter().map(ToOwned::to_owned).collect()
}

fn warnings(harvest: &Harvest) -> Vec<String> {
    harvest.warnings.iter().map(ToString::to_string).collect()
}
