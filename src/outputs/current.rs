//! Whether the outputs in the tree are the recorded ones, so that a restore can be skipped. Only reads.

use std::collections::HashMap;

use super::error::OutputError;
use super::quick::is_surely_current;
use super::spec::OutputSpec;
use super::stat::stamp;
use super::walk::{Fate, Found, Visitor, walk};
use crate::artifact::{Anchor, OutputPath};
use crate::stamp::Stamp;

/// One output as it was when it was saved or restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedOutput {
    /// Which one.
    pub output: OutputPath,
    /// Its stamp then.
    pub stamp: Stamp,
}

/// Whether exactly the recorded outputs are there, each with its stamp; of directories only the mode counts,
/// for their times move with what lies in them.
///
/// # Errors
/// [`OutputError::Io`], [`OutputError::NoWorkspace`]. A tree in which outputs cannot be is not current.
pub fn is_current(spec: &OutputSpec, recorded: &[RecordedOutput]) -> Result<bool, OutputError> {
    if is_surely_current(spec, recorded) {
        return Ok(true);
    }
    let mut comparer = Comparer { project: HashMap::new(), workspace: HashMap::new(), same: true };
    for RecordedOutput { output, stamp } in recorded {
        comparer.expected(output.anchor).insert(output.path.as_str(), stamp);
    }
    match walk(spec, &mut comparer) {
        Ok(()) => {}
        Err(error @ (OutputError::Io { .. } | OutputError::NoWorkspace)) => return Err(error),
        Err(_) => return Ok(false),
    }
    Ok(comparer.same && comparer.project.is_empty() && comparer.workspace.is_empty())
}

struct Comparer<'a> {
    /// What has not been met yet.
    project: HashMap<&'a str, &'a Stamp>,
    workspace: HashMap<&'a str, &'a Stamp>,
    same: bool,
}

impl<'a> Comparer<'a> {
    const fn expected(&mut self, anchor: Anchor) -> &mut HashMap<&'a str, &'a Stamp> {
        match anchor {
            Anchor::Project => &mut self.project,
            Anchor::Workspace => &mut self.workspace,
        }
    }
}

impl Visitor for Comparer<'_> {
    fn output(&mut self, found: &Found<'_>) -> Result<Fate, OutputError> {
        if !self.same {
            return Ok(Fate::Stays);
        }
        let then = self.expected(found.anchor).remove(found.path).filter(|_| found.exact);
        self.same = match (then, found.parent.symlink_metadata(found.name)) {
            (Some(then), Ok(metadata)) => {
                let now = stamp(&metadata);
                *then == now || (now.is_directory() && then.mode == now.mode)
            }
            _ => false,
        };
        Ok(Fate::Stays)
    }
}
