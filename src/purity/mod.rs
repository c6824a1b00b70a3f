//! Whether a config module is a pure function of files and named environment variables.
//!
//! A module is accepted only if every piece of its syntax, every free name and every property that it names is on a
//! list: what is not known to be harmless is refused, and a config that is refused is evaluated anew on every run.
//! An accepted module cannot reach the clock, randomness, the file system, the network, the loader or the global
//! object; it cannot change anything that another module can see; and of the environment it reads only variables
//! that are named, to ask a question about them. So its value depends on nothing else, whoever evaluates it, in
//! whatever order.
//!
//! The only place that knows `oxc`. Text in, facts out: nothing is read from disk and nothing is evaluated.
//!
//! The map: `names` (the lists), `expressions`, `functions`, `statements` and `exchange` (imports and exports)
//! accept syntax, `variables` is what may be done with the environment, `module` puts them together, `literal` gives the
//! values of modules that are plain data, `cache_dir` reads the one setting that is needed before anything can be evaluated,
//! `stack` keeps deep nesting from ending the process.

mod cache_dir;
mod exchange;
mod expressions;
mod functions;
mod impurity;
mod literal;
mod module;
mod names;
mod stack;
mod statements;
mod variables;

pub use cache_dir::{LiteralCacheDir, literal_cache_dir};
pub use exchange::{Import, Specifier};
pub use impurity::Impurity;
pub use literal::{Exports, Literal, LiteralModule, literal_json};
pub use module::{Module, Syntax, read_module};
pub use stack::with_deep_stack;
