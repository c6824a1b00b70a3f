//! Eviction, forgetting and the books at the end of a run: rows and files may part for a moment, not for long.

use std::fs;

use crate::fixture::Fixture;

/// A workspace with two stored results, the newer one's outputs in place.
fn two_results() -> Fixture {
    let fixture = Fixture::new();
    fixture.write("packages/a/src/a", "an older content");
    assert_eq!(fixture.build(None).code, Some(0));
    fixture.write("packages/a/src/a", "content of a");
    assert_eq!(fixture.build(None).code, Some(0));
    fixture
}

#[test]
fn killed_while_entries_are_evicted() {
    for point in ["prune.removing", "prune.removed", "forget.rows"] {
        let fixture = two_results();
        let prune = ["cache", "prune", "--max-size=0"];
        let (_, ran) = fixture.vx(&prune, Some(&format!("{point}:kill")));
        assert_eq!(ran.signal, Some(libc::SIGKILL), "{point}: {}", ran.stderr);
        // The oldest went first: of the newer one only the first point leaves anything.
        let first = if point == "prune.removing" { "cache-hit" } else { "success" };
        fixture.assert_recovers(point, first);
        assert_eq!(fixture.times_run(), if first == "success" { 3 } else { 2 }, "{point}");
    }
}

#[test]
fn an_eviction_that_fails_is_taken_up_again() {
    for point in ["prune.removing", "prune.removed", "forget.rows"] {
        let fixture = two_results();
        let prune = ["cache", "prune", "--max-size=0"];
        fixture.vx(&prune, Some(&format!("{point}:error")));
        let (_, ran) = fixture.vx(&prune, None);
        assert_eq!(ran.code, Some(0), "{point}: {}", ran.stderr);
        assert_eq!(fixture.cached().keys().filter(|name| name.ends_with(".tar.zst")).count(), 0);
        fixture.assert_recovers(point, "success");
    }
}

#[test]
fn killed_while_a_lost_artifact_is_forgotten() {
    let fixture = two_results();
    for (name, path) in fixture.cached() {
        if name.ends_with(".tar.zst") {
            fs::remove_file(path).unwrap();
        }
    }
    // By the retention at the end of a run, after its result was stored.
    fixture.build_until("forget.rows");
    fixture.assert_recovers("forget.rows", "cache-hit");
    assert_eq!(fixture.times_run(), 3);
}

#[test]
fn killed_while_a_damaged_artifact_is_dropped() {
    let fixture = two_results();
    fixture.remove_outputs();
    for (name, path) in fixture.cached() {
        if name.ends_with(".tar.zst") {
            let half = fs::metadata(&path).unwrap().len() / 2;
            fs::File::options().write(true).open(path).unwrap().set_len(half).unwrap();
        }
    }
    let ran = fixture.build(Some("forget.rows:kill"));
    assert_eq!(ran.signal, Some(libc::SIGKILL), "{}", ran.stderr);
    for (name, path) in fixture.cached() {
        // The other one is damaged still, and nobody has asked for it.
        if name.ends_with(".tar.zst") {
            fs::remove_file(path).unwrap();
        }
    }
    fixture.assert_recovers("forget.rows", "success");
    assert_eq!(fixture.times_run(), 3);
}

#[test]
fn the_books_of_a_run_are_not_worth_a_failure() {
    let fixture = Fixture::new();
    fixture.build_until("history.rows");
    let ran = fixture.build(Some("history.rows:enospc"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.task, Some(("cache-hit".into(), false)));
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    fixture.assert_recovers("history.rows", "cache-hit");
    assert_eq!(fixture.times_run(), 1);
}
