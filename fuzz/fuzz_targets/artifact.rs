//! `cargo fuzz run artifact`

#![no_main]

#[path = "../artifact.rs"]
mod artifact;

libfuzzer_sys::fuzz_target!(|data: &[u8]| artifact::read(data));
