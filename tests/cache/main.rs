//! The local cache as its users see it: on real files, between threads and between processes.

#![expect(clippy::unwrap_used, reason = "in a test, what fails is to be seen where it fails")]
#![expect(clippy::redundant_pub_crate, reason = "the compiler asks for the opposite")]

mod arrivals;
mod damage;
mod eviction;
mod fixture;
mod history;
mod locks;
#[cfg(unix)]
mod read_only;
mod round_trip;
mod together;
