//! Declared file patterns: what they match, where a walk for them must start, and whether two can meet.
//!
//! `*` stops at `/`, `**` does not, braces and classes work, dot files match like any other. `!pattern`
//! takes away again; the last pattern that matches decides. A plain path that names a directory stands for
//! all below it. No file is looked at here.

mod overlap;
mod pattern;

pub use overlap::may_overlap;
pub use pattern::{GlobError, Globs, Pattern};
