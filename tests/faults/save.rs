//! A result is stored whole or not at all.

use crate::fixture::Fixture;

/// Before anybody else can see the artifact.
const BEFORE: [&str; 3] = ["save.begin", "save.packing", "save.packed"];

/// When it is in place, and its rows are not.
const AFTER: [&str; 3] = ["save.published", "save.rows", "record.rows"];

#[test]
fn killed_before_the_artifact_is_in_place_nothing_was_stored() {
    for point in BEFORE {
        let fixture = Fixture::new();
        fixture.build_until(point);
        assert_eq!(fixture.cached().keys().filter(|name| name.ends_with(".tar.zst")).count(), 0);
        let unfinished = fixture.names(".tmp-").len();
        assert_eq!(unfinished, usize::from(point != "save.begin"), "{point}");
        fixture.assert_recovers(point, "success");
        assert_eq!(fixture.times_run(), 2);
    }
}

#[test]
fn killed_before_the_rows_are_written_the_artifact_counts() {
    for point in AFTER {
        let fixture = Fixture::new();
        fixture.build_until(point);
        fixture.assert_recovers(point, "cache-hit");
        assert_eq!(fixture.times_run(), 1);
    }
}

#[test]
fn an_entry_that_is_replaced_when_the_engine_dies_stays_or_is_replaced() {
    for point in BEFORE.into_iter().chain(AFTER) {
        let fixture = Fixture::new();
        assert_eq!(fixture.build(None).code, Some(0));
        let flags = ["run", "build", "--force"];
        let (_, ran) = fixture.vx(&flags, Some(&format!("{point}:kill")));
        assert_eq!(ran.signal, Some(libc::SIGKILL), "{point}");
        fixture.assert_recovers(point, "cache-hit");
        assert_eq!(fixture.times_run(), 2);
    }
}

#[test]
fn a_result_that_cannot_be_stored_is_a_result_all_the_same() {
    for point in BEFORE {
        for fault in ["error", "enospc"] {
            let fixture = Fixture::new();
            let ran = fixture.build(Some(&format!("{point}:{fault}")));
            assert_eq!(ran.code, Some(0), "{point}: {}", ran.stderr);
            assert_eq!(ran.task, Some(("success".into(), false)));
            assert_eq!(ran.stderr.lines().count(), 1, "{point}: {}", ran.stderr);
            assert!(ran.stderr.contains("not saved"), "{point}: {}", ran.stderr);
            assert_eq!(fixture.names(".tmp-"), [] as [String; 0], "{point}");
            fixture.assert_outputs(point);
            fixture.assert_recovers(point, "success");
        }
    }
}

#[test]
fn rows_that_cannot_be_written_cost_a_line() {
    for point in AFTER {
        let fixture = Fixture::new();
        let ran = fixture.build(Some(&format!("{point}:enospc")));
        assert_eq!(ran.code, Some(0), "{point}: {}", ran.stderr);
        assert_eq!(ran.task, Some(("success".into(), false)));
        assert!(ran.stderr.contains("cache.db"), "{point}: {}", ran.stderr);
        fixture.assert_outputs(point);
        fixture.assert_recovers(point, "cache-hit");
    }
}
