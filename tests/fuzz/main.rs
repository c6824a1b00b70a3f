//! What the fuzzers run (`fuzz/`), on a fixed number of cases that are the same every time.

#![expect(clippy::redundant_pub_crate, reason = "the compiler asks for the opposite")]

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

#[path = "../../fuzz/artifact.rs"]
mod artifact;
#[path = "../../fuzz/config.rs"]
mod config;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn what_is_changed_was_sound() {
    assert!(artifact::sound_one_passes());
    assert!(config::sound_one_passes());
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn artifacts_of_any_bytes(data in proptest::collection::vec(any::<u8>(), 0..600)) {
        artifact::read(&data);
    }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn artifacts_with_a_few_changes(script in proptest::collection::vec(any::<u8>(), 3..16)) {
        artifact::read(&[&[2], script.as_slice()].concat());
    }

    #[test]
    fn configs_with_a_few_changes(script in proptest::collection::vec(any::<u8>(), 3..36)) {
        config::check(&script);
    }
}
