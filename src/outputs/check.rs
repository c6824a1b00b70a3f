//! What can be known to go wrong with a restore before anything is removed for it.

use super::base::Bases;
use super::error::OutputError;
use crate::artifact::{Anchors, Item, ItemKind, Unpacked};

/// Refuses an artifact that could not or must not be put into this tree.
///
/// That is: a link that points out of the workspace, an output below a link that leads out of its anchor.
/// Only reads; for before [`super::clean()`].
///
/// # Errors
/// [`OutputError`], naming the first such output.
pub fn check(unpacked: &Unpacked, anchors: &Anchors) -> Result<(), OutputError> {
    let bases = Bases::open(&unpacked.items, anchors)?;
    let mut last: Option<&Item> = None;
    for item in &unpacked.items {
        let output = &item.output;
        let base = bases.of(item)?;
        if let ItemKind::Symlink(target) = &item.kind
            && !anchors.holds_link(output, target)
        {
            let path = output.path.on(base.path);
            return Err(OutputError::LinkEscapes { path, target: target.clone() });
        }
        let known = last.is_some_and(|Item { output: last, .. }| {
            last.anchor == output.anchor && last.path.parent() == output.path.parent()
        });
        if !known {
            base.check_above(&output.path)?;
        }
        last = Some(item);
    }
    Ok(())
}
