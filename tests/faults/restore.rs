//! Outputs are put back whole, or the next run does it.

use std::fs;

use crate::fixture::Fixture;

/// Every point of a restore, in its order; the first two leave the tree as it is.
const POINTS: [&str; 7] = [
    "restore.unpacked",
    "restore.checked",
    "restore.cleaning",
    "restore.placing",
    "restore.putting",
    "restore.put",
    "record.rows",
];

/// A workspace with a stored result and other outputs in its place.
fn stored() -> Fixture {
    let fixture = Fixture::new();
    assert_eq!(fixture.build(None).code, Some(0));
    fixture.remove_outputs();
    fixture.write("packages/a/dist/a.txt", "of the user's");
    fixture.write("packages/a/dist/stale.txt", "of an older build");
    fixture
}

#[test]
fn killed_anywhere_the_next_run_puts_everything_into_place() {
    for point in POINTS {
        let fixture = stored();
        fixture.build_until(point);
        if POINTS[..2].contains(&point) {
            let text = |name| fs::read_to_string(fixture.project().join("dist").join(name));
            assert_eq!(text("a.txt").unwrap(), "of the user's", "{point}");
            assert_eq!(text("stale.txt").unwrap(), "of an older build", "{point}");
        }
        fixture.assert_recovers(point, "cache-hit");
        assert_eq!(fixture.times_run(), 1, "{point}");
    }
}

#[test]
fn what_cannot_be_restored_is_built() {
    for point in POINTS {
        if point == "record.rows" {
            continue;
        }
        for fault in ["error", "enospc"] {
            let fixture = stored();
            let ran = fixture.build(Some(&format!("{point}:{fault}")));
            assert_eq!(ran.code, Some(0), "{point}: {}", ran.stderr);
            assert_eq!(ran.task, Some(("success".into(), false)), "{point}: {}", ran.stderr);
            assert!(!ran.stderr.is_empty(), "{point}");
            if point == "restore.cleaning" {
                // Nor can the outputs be cleaned before the command runs.
                fs::remove_file(fixture.project().join("dist/stale.txt")).ok();
            }
            fixture.assert_outputs(point);
            fixture.assert_recovers(point, "cache-hit");
        }
    }
}

#[test]
fn a_restore_that_cannot_be_noted_is_repeated() {
    let fixture = stored();
    let ran = fixture.build(Some("record.rows:enospc"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.task, Some(("cache-hit".into(), true)), "{}", ran.stderr);
    assert!(ran.stderr.contains("cache.db"), "{}", ran.stderr);
    fixture.assert_recovers("record.rows", "cache-hit");
    assert_eq!(fixture.times_run(), 1);
}

#[test]
fn half_of_a_file_is_neither_an_output_nor_an_input_and_goes_away() {
    for (output, pattern) in
        [("dist/a.txt", "dist/*.txt"), ("out.txt", "out.txt"), ("src/gen.txt", "src/gen.txt")]
    {
        let fixture = Fixture::with(
            &format!("mkdir -p dist && cp src/a {output}"),
            &[pattern],
            &[(output, b"content of a")],
        );
        assert_eq!(fixture.build(None).code, Some(0));
        fixture.remove_outputs();
        fixture.build_until("restore.placing");
        let home = fixture.project().join(output).parent().unwrap().to_owned();
        let left = |start: &str| {
            let names = fs::read_dir(&home).unwrap().map(|one| one.unwrap().file_name());
            names.filter(|name| name.to_str().unwrap().starts_with(start)).count()
        };
        assert_eq!(left(".vx-tmp-"), 1, "{output}");
        fixture.assert_recovers(output, "cache-hit");
        assert_eq!(left(".vx-tmp-"), 0, "{output}");
        assert_eq!(fixture.times_run(), 1, "{output}");
    }
}

#[test]
fn large_files_that_were_staged_are_cleared_away() {
    let command = "mkdir -p dist && head -c 17000000 /dev/zero > dist/a.txt";
    let zeros = vec![0; 17_000_000];
    let fixture = Fixture::with(command, &["dist/**"], &[("dist/a.txt", &zeros)]);
    assert_eq!(fixture.build(None).code, Some(0));
    fixture.remove_outputs();
    for point in ["restore.staging", "restore.unpacked", "restore.checked"] {
        fixture.build_until(point);
    }
    assert_eq!(fixture.names(".staging-").len(), 3);
    let ran = fixture.build(Some("restore.staging:enospc"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.task, Some(("success".into(), false)), "{}", ran.stderr);
    assert_eq!(fixture.names(".staging-").len(), 3);
    fixture.remove_outputs();
    fixture.assert_recovers("restore.staging", "cache-hit");
}
