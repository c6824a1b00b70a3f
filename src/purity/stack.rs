//! Room for deep nesting.
//!
//! Parsing recurses as deep as the text is nested, and a stack that runs out ends the process. Configs are looked at
//! on threads of their own, whose stacks hold the deepest text that is looked at; memory is only taken as far as a
//! stack really grows.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Bytes for each thread: what [`super::module`] looks at takes far less for each byte of text.
const STACK: usize = 256 << 20;

/// Runs `work` on threads with deep stacks, as many as there are cores but at most `threads`; what it does with rayon
/// stays on them. `None` when they cannot be started, or `work` panicked.
pub fn with_deep_stack<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.clamp(1, cores))
        .stack_size(STACK)
        .build()
        .ok()?;
    catch_unwind(AssertUnwindSafe(|| pool.install(work))).ok()
}
