//! The remote cache as its callers use it, against servers on this machine: good ones, and all bad ones there are.

#![expect(clippy::unwrap_used, reason = "what a test sets up is there or the test fails")]
#![expect(unreachable_pub, reason = "a test program has no outside")]

mod breaker;
mod bucket_server;
mod buckets;
mod directory;
mod faults;
mod memory;
mod proxies;
mod redirects;
mod server;
mod support;
mod tls;
mod webdav;
mod wire;
mod wire_server;
