//! From declared globs to the identity of every file that a task reads.
//!
//! A [`View`] is what is visible in the workspace at one moment; [`harvest()`] finds in it, and on disk where a
//! declaration says so, what one task reads, and names each file's content; [`Harvest::moved`] tells whether anything
//! changed between two looks. Nothing is ever written, and a file's bytes are only read where neither git's index nor
//! the memo can vouch for them.
//!
//! The map: `view` and `walk` (without git) say what is there, `spec` what is asked for, `harvest` joins the two with
//! the help of `disk` (files that the view does not show) and `content` (hashing), `moved` compares, `warning` and
//! `error` speak to the user.

mod content;
mod disk;
mod error;
mod harvest;
mod moved;
mod spec;
mod tree;
mod view;
mod walk;
mod warning;

pub use crate::git::Walked;
pub use content::{hash_file, regular_file};
pub use error::InputError;
pub use harvest::{Harvest, InputFile, harvest, input_file};
pub use moved::Moved;
pub use spec::InputSpec;
pub use tree::Tree;
pub use view::View;
pub use warning::InputWarning;
