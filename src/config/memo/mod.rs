//! The values of configs that need not be evaluated again.
//!
//! The value of a config that [`crate::purity`] accepts is a function of files, of named environment variables and of the
//! runtime. It is kept with all of these, and used again for as long as each is what it was; then nothing of it is
//! parsed or evaluated. A value that is plain data is read off the text in the first place. Every other config is
//! evaluated on every run. Promises: a value that is used again, or read off a text, is the one that evaluating that config
//! alone would give now; nothing is kept that was read while files moved; a value that cannot be read is evaluated.
//!
//! The map: `runtime` says what evaluates, and whether its values may be kept at all; `dependency` is what a value is
//! kept with, `look` how that stands now; `resolve` and `recipe` find it out for a config that is pure, `literal` its value
//! where that is plain data; `recall` uses kept values; `values` puts them together: recall, take what is plain data,
//! evaluate the pure configs, keep all these, evaluate all others. `live` tells people which configs those are.

mod dependency;
mod literal;
mod live;
mod look;
mod recall;
mod recipe;
mod resolve;
mod runtime;
mod values;

pub use live::{LiveConfig, live_configs};
pub use runtime::Runtime;
pub use values::{Asked, Values, pure_first, values};
