//! The JavaScript boundary: the only module that knows that JavaScript exists.
//!
//! It converts values and errors and moves work off the main thread; it holds no rule of the cache or of the
//! runner. A panic stops here and becomes an error.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unused_self,
    reason = "the macro hands over owned values, and methods of a class take `self`"
)]
#![expect(
    unreachable_pub,
    reason = "what is exported to JavaScript is `pub` for the macro, and reachable from nowhere else"
)]

mod blocking;
mod cache;
mod command;
mod error;
mod hashes;
mod shapes;
