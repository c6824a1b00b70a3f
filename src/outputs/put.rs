//! Puts the outputs of a verified artifact into the tree: parents first, each file whole or not at all,
//! directories last.

use super::base::Bases;
use super::current::RecordedOutput;
use super::error::OutputError;
use super::place::place;
use crate::artifact::{Anchor, Anchors, Item, ItemKind, OutputPath, Unpacked};
use crate::fault;
use crate::parallel;

/// How many outputs of one directory one thread takes at a time.
const BATCH: usize = 64;

/// Puts every output into place, with its mode and time, and says how it is there. What is at the place of a
/// file or a link is replaced, unless it is a directory.
///
/// # Errors
/// [`OutputError`]; what was put until then stays.
pub fn put(unpacked: Unpacked, anchors: &Anchors) -> Result<Vec<RecordedOutput>, OutputError> {
    // The rest of it lives on to the end: staged files lie in a directory that goes with it.
    let items = unpacked.items;
    let bases = Bases::open(&items, anchors)?;
    let (directories, others): (Vec<&Item>, Vec<&Item>) =
        items.iter().partition(|item| matches!(item.kind, ItemKind::Directory));
    let mut recorded = put_all(&bases, &others)?;
    recorded.extend(put_all(&bases, &directories)?);
    recorded.sort_unstable_by(|a, b| a.output.cmp(&b.output));
    Ok(recorded)
}

fn put_all(bases: &Bases<'_>, items: &[&Item]) -> Result<Vec<RecordedOutput>, OutputError> {
    let batches: Vec<&[&Item]> = items
        .chunk_by(|a, b| home(&a.output) == home(&b.output))
        .flat_map(|siblings| siblings.chunks(BATCH))
        .collect();
    let recorded = parallel::try_map(&batches, 2, |batch| put_batch(bases, batch))?;
    Ok(recorded.into_iter().flatten().collect())
}

/// The directory that an output belongs into.
fn home(output: &OutputPath) -> (Anchor, &str) {
    (output.anchor, output.path.as_str().rsplit_once('/').map_or("", |(dir, _)| dir))
}

/// Puts items of one directory.
fn put_batch(bases: &Bases<'_>, items: &[&Item]) -> Result<Vec<RecordedOutput>, OutputError> {
    let Some(first) = items.first() else { return Ok(Vec::new()) };
    let base = bases.of(first)?;
    let above = first.output.path.parent().unwrap_or_default();
    let opened;
    let dir = if above.is_root() {
        &base.dir
    } else {
        opened = base.make_dir(&above)?;
        &opened
    };
    let put = |item: &&Item| {
        let at = item.output.path.on(base.path);
        let stamp = place(dir, item, &at)?;
        fault::point("restore.putting").map_err(OutputError::io("put the output at", &at))?;
        Ok(RecordedOutput { output: item.output.clone(), stamp })
    };
    items.iter().map(put).collect()
}
