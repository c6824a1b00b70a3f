//! Configuration (design section 9): from the evaluated value of a config file to checked types.
//!
//! Every problem of every file is reported at once, each with its place and what to write instead.
//! Nothing is evaluated here: values come in as JSON.

mod cache;
mod dependency;
mod error;
mod evaluate;
mod exec;
mod globs;
mod load;
pub mod memo;
mod nearest;
mod project;
mod reader;
mod remote;
mod retention;
mod sources;
mod task;
mod units;
mod workspace;

pub use cache::{CacheConfig, InputsConfig, OutputsConfig};
pub use dependency::Dependency;
pub use error::{ConfigError, Problem};
pub use evaluate::{Evaluated, Evaluator, Unanswered};
pub use exec::{EnvConfig, ExecConfig, Persistent};
pub use load::Configs;
pub use nearest::nearest;
pub use project::ProjectConfig;
pub use remote::RemoteConfig;
pub use retention::Retention;
pub use task::TaskConfig;
pub use units::{UnitError, parse_duration, parse_size};
pub use workspace::WorkspaceConfig;
