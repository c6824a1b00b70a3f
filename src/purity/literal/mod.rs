//! Modules that are plain data, and what they export, without a runtime.
//!
//! A module counts when all that it does is to give names to data: every statement is an import, an export, a type or
//! a `const`, and every value is written out. Then nothing in it can fail, and what it exports follows from its text
//! and from what the modules that it imports export. Everything else has no [`LiteralModule`], and neither has what
//! runtimes might read in different ways: no value is better than one that no runtime would give.
//!
//! The map: `read` takes a text's syntax tree to a [`LiteralModule`], `types` and `words` are the types and the names
//! that may stand in it, `module` gives its exports, `value` is what they are, `json` is a JSON file as such a
//! value, `number` writes numbers as JavaScript does.

mod json;
mod module;
mod number;
mod read;
mod types;
mod value;
mod words;

pub use json::literal_json;
pub use module::{Exports, LiteralModule};
pub(super) use read::read_literals;
pub use value::Literal;
