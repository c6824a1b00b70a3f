//! The declared outputs in a tree on disk: found, removed, put back, told apart, and nothing else touched.

// Modes, links and special files as only Unix has them.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test sets up is there or the test fails")]
#![expect(unreachable_pub, reason = "a test program has no outside")]

mod clean;
mod current;
mod laws;
mod list;
mod put;
mod race;
mod support;
