//! The declared outputs in the user's tree (design section 7): found, removed, put back, and told to be as
//! they were recorded.
//!
//! The only module that writes into the tree or deletes from it. Everything happens below an open anchor
//! directory, which no symbolic link can lead out of; links are outputs themselves and never followed to find
//! or remove anything.

mod base;
mod check;
mod clean;
mod current;
mod error;
mod list;
mod place;
mod put;
mod quick;
mod reach;
mod scope;
mod spec;
mod stat;
mod temporary;
mod walk;

pub use check::check;
pub use clean::clean;
pub use current::{RecordedOutput, is_current};
pub use error::OutputError;
pub use list::list;
pub use put::put;
pub use spec::OutputSpec;
pub use temporary::is_temporary;
