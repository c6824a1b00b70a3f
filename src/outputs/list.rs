//! Which outputs there are.

use super::error::OutputError;
use super::spec::OutputSpec;
use super::walk::{Fate, Found, Visitor, walk};
use crate::artifact::OutputPath;
use crate::path::RelPath;

/// All declared outputs in the tree, sorted.
///
/// Files, links (never followed), empty directories, and whatever else is no directory, so that nothing is
/// left out silently. A root that is not there holds none.
///
/// # Errors
/// [`OutputError`].
pub fn list(spec: &OutputSpec) -> Result<Vec<OutputPath>, OutputError> {
    let mut lister = Lister(Vec::new());
    walk(spec, &mut lister)?;
    lister.0.sort_unstable();
    Ok(lister.0)
}

struct Lister(Vec<OutputPath>);

impl Visitor for Lister {
    fn output(&mut self, found: &Found<'_>) -> Result<Fate, OutputError> {
        let path = RelPath::new(found.path).ok().filter(|_| found.exact);
        let path = path.ok_or_else(|| OutputError::NotUtf8 { path: found.on_disk() })?;
        self.0.push(OutputPath { anchor: found.anchor, path });
        Ok(Fate::Stays)
    }
}
