//! The artifact as its callers use it: what is packed comes back, what is damaged or hostile does not.

// Modes, links and special files as only Unix has them.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test sets up is there or the test fails")]
#![expect(unreachable_pub, reason = "a test program has no outside")]

mod damage;
mod hostile;
mod memory;
mod plain_tar;
mod refusals;
mod round_trip;
mod support;
