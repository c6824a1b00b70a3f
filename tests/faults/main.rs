//! The engine killed, or failing, at every named point of its work (`src/fault.rs`): whatever it leaves behind
//! never passes for a result, the next run is right, and what is left over goes away.
//!
//! Every run is a process of its own: this program again, as `vx`.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "in a test, what fails is to be seen where it fails")]
#![expect(clippy::redundant_pub_crate, reason = "the compiler asks for the opposite")]

mod database;
mod fixture;
mod housekeeping;
mod restore;
mod save;
