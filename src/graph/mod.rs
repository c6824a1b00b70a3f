//! The task graph (design sections 9 and 10): which tasks a request means, what each waits for, and in
//! which order they run. Pure: nothing is read from disk and nothing runs here.

mod conflicts;
mod error;
mod feeds;
mod filter;
mod frontier;
mod grow;
mod hint;
mod model;
mod order;
mod outputs;
mod priority;
mod reach;
mod select;
mod task;

pub use error::{Conflict, GraphError, Missing, Place, Undeclared};
pub use filter::{Filter, FilterError};
pub use model::TaskGraph;
pub use select::{Request, SelectError, select};
pub use task::{Requested, TaskId, TaskIx, TaskNode, Upstream};
