//! What goes, in which order, and what never does.

use std::fs;
use std::time::Duration;

use vx::cache::{Cache, PruneOptions, PruneResult};

use crate::fixture::{Fixture, age, key};

const HOUR: Duration = Duration::from_hours(1);

/// Saves entries 1 to `count`, each last used at its number.
fn entries(fixture: &Fixture, count: u32) -> Cache {
    let cache = fixture.open();
    for n in 1..=count {
        fixture.run_and_save(&cache, n);
        fixture
            .sql()
            .execute("UPDATE entries SET accessed_at = ?1 WHERE hash = ?2", (n, key(n).as_str()))
            .unwrap();
    }
    cache
}

fn size(fixture: &Fixture, n: u32) -> u64 {
    fs::metadata(fixture.artifact(n)).unwrap().len()
}

fn left(fixture: &Fixture, cache: &Cache) -> Vec<u32> {
    let left: Vec<u32> = (1..=9).filter(|n| fixture.artifact(*n).exists()).collect();
    let mut listed: Vec<_> = cache.list().unwrap().into_iter().map(|entry| entry.key).collect();
    listed.sort();
    assert_eq!(listed, left.iter().map(|n| key(*n)).collect::<Vec<_>>());
    left
}

#[test]
fn what_was_not_used_since_a_time_goes() {
    let fixture = Fixture::new();
    let cache = entries(&fixture, 4);
    let freed = size(&fixture, 1) + size(&fixture, 2);
    let options = PruneOptions { older_than_ms: Some(3), ..PruneOptions::default() };
    let result = cache.prune(&options).unwrap();
    assert_eq!(result, PruneResult { evicted: 2, bytes_freed: freed, keys: vec![key(1), key(2)] });
    assert_eq!(left(&fixture, &cache), [3, 4]);
    assert_eq!(cache.get(&key(1)).unwrap(), None);
    assert_eq!(cache.prune(&options).unwrap(), PruneResult::default());
}

#[test]
fn the_least_recently_used_go_until_the_rest_fits() {
    let fixture = Fixture::new();
    let cache = entries(&fixture, 5);
    // A hit makes the oldest the newest; a look at many does not.
    assert!(cache.get(&key(1)).unwrap().is_some());
    cache.probe(&[key(2)], fixture.root()).unwrap();
    let room = size(&fixture, 1) + size(&fixture, 5) + size(&fixture, 4);
    let options = PruneOptions { max_bytes: Some(room), ..PruneOptions::default() };
    assert_eq!(cache.prune(&options).unwrap().keys, [key(2), key(3)]);
    assert_eq!(left(&fixture, &cache), [1, 4, 5]);
    cache.touch(&[key(4)]).unwrap();
    let options = PruneOptions { max_bytes: Some(room - 1), ..PruneOptions::default() };
    assert_eq!(cache.prune(&options).unwrap().keys, [key(5)]);
    assert_eq!(left(&fixture, &cache), [1, 4]);
}

#[test]
fn age_goes_first_and_size_takes_the_rest() {
    let fixture = Fixture::new();
    let cache = entries(&fixture, 4);
    let options = PruneOptions {
        older_than_ms: Some(2),
        max_bytes: Some(size(&fixture, 4) + size(&fixture, 3)),
        ..PruneOptions::default()
    };
    assert_eq!(cache.prune(&options).unwrap().keys, [key(1), key(2)]);
}

#[test]
fn a_dry_run_changes_nothing_and_says_the_same() {
    let fixture = Fixture::new();
    let cache = entries(&fixture, 3);
    let options = PruneOptions { older_than_ms: Some(3), dry_run: true, ..PruneOptions::default() };
    let planned = cache.prune(&options).unwrap();
    assert_eq!(left(&fixture, &cache), [1, 2, 3]);
    let done = cache.prune(&PruneOptions { dry_run: false, ..options }).unwrap();
    assert_eq!(planned, done);
    assert_eq!(left(&fixture, &cache), [3]);
}

#[test]
fn protected_entries_stay_and_still_take_room() {
    let fixture = Fixture::new();
    let cache = entries(&fixture, 3);
    let options = PruneOptions {
        older_than_ms: Some(2),
        max_bytes: Some(size(&fixture, 1)),
        protect: vec![key(1)],
        ..PruneOptions::default()
    };
    assert_eq!(cache.prune(&options).unwrap().keys, [key(2), key(3)]);
    assert_eq!(left(&fixture, &cache), [1]);
}

#[test]
fn without_limits_no_entry_goes() {
    let fixture = Fixture::new();
    let cache = entries(&fixture, 2);
    assert_eq!(cache.prune(&PruneOptions::default()).unwrap(), PruneResult::default());
    assert_eq!(left(&fixture, &cache), [1, 2]);
}

#[test]
fn artifacts_without_a_row_count_and_damaged_ones_go() {
    let fixture = Fixture::new();
    let cache = entries(&fixture, 3);
    fixture.sql().execute_batch("DELETE FROM entries").unwrap();
    age(&fixture.artifact(2), 48 * HOUR);
    fs::write(fixture.artifact(4), "damaged").unwrap();
    age(&fixture.artifact(4), 2 * HOUR);
    fs::write(fixture.artifact(5), "still being copied").unwrap();
    let room = size(&fixture, 1) + size(&fixture, 3) + size(&fixture, 5);
    let options = PruneOptions { max_bytes: Some(room), ..PruneOptions::default() };
    let planned = cache.prune(&PruneOptions { dry_run: true, ..options.clone() }).unwrap();
    let done = cache.prune(&options).unwrap();
    assert_eq!(done.keys, [key(4), key(2)]);
    assert_eq!(planned, done);
    assert!(fixture.artifact(5).exists());
    fs::remove_file(fixture.artifact(5)).unwrap();
    assert_eq!(left(&fixture, &cache), [1, 3]);
}

#[test]
fn only_what_is_ours_is_ever_removed() {
    let fixture = Fixture::new();
    let cache = entries(&fixture, 1);
    let dir = fixture.dir();
    let foreign = [
        "notes.txt",
        "x.tar.zst",
        "0123456789abcdef.tar.zst",
        "ABCDEF00000000000000000000000000.tar.zst",
        "00000000000000000000000000000009.tar.zst.bak",
        "tmp-1",
        "tasks.lock",
    ];
    for name in foreign {
        fs::write(dir.join(name), "not ours").unwrap();
        age(&dir.join(name), 1000 * HOUR);
    }
    let options = PruneOptions {
        older_than_ms: Some(i64::MAX),
        max_bytes: Some(0),
        ..PruneOptions::default()
    };
    assert_eq!(cache.prune(&options).unwrap().keys, [key(1)]);
    for name in foreign {
        assert!(dir.join(name).exists(), "{name}");
    }
    assert!(dir.join(".gitignore").exists() && dir.join("CACHEDIR.TAG").exists());
}

#[test]
fn what_killed_processes_left_behind_goes_once_it_is_old() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let dir = fixture.dir();
    for (name, hours) in [
        (".tmp-1-abc", 2),
        (".tmp-2-abc", 0),
        ("cache.db.broken-1", 31 * 24),
        ("cache.db.broken-1-wal", 31 * 24),
        ("cache.db.broken-2", 24),
    ] {
        fs::write(dir.join(name), "").unwrap();
        age(&dir.join(name), hours * HOUR);
    }
    for (name, hours) in [(".staging-1-0", 2), (".staging-2-0", 0)] {
        fs::create_dir_all(dir.join(name).join(".unpack-x")).unwrap();
        fs::write(dir.join(name).join(".unpack-x/0"), "").unwrap();
        age(&dir.join(name), hours * HOUR);
    }
    let dry = PruneOptions { dry_run: true, ..PruneOptions::default() };
    cache.prune(&dry).unwrap();
    assert_eq!(fixture.names(".tmp-").len(), 2);
    cache.prune(&PruneOptions::default()).unwrap();
    assert_eq!(fixture.names(".tmp-"), [".tmp-2-abc"]);
    assert_eq!(fixture.names(".staging-"), [".staging-2-0"]);
    assert_eq!(fixture.names("cache.db.broken-"), ["cache.db.broken-2"]);
}

#[test]
fn worktrees_that_are_gone_are_forgotten() {
    let fixture = Fixture::new();
    let cache = entries(&fixture, 1);
    let gone = fixture.root().join("gone");
    cache.record_current(&gone, "a#build", &key(1), &[]).unwrap();
    let recorded = |worktree| cache.probe(&[key(1)], worktree).unwrap()[&key(1)].recorded.is_some();
    assert!(recorded(&gone) && recorded(fixture.root()));
    cache.prune(&PruneOptions::default()).unwrap();
    assert!(!recorded(&gone) && recorded(fixture.root()));
}

#[test]
fn pruning_at_the_end_of_every_run_happens_once_in_a_while() {
    let fixture = Fixture::new();
    let cache = entries(&fixture, 2);
    let options = PruneOptions { older_than_ms: Some(2), ..PruneOptions::default() };
    assert_eq!(cache.prune_if_due(&options, HOUR).unwrap().unwrap().keys, [key(1)]);
    assert_eq!(fixture.open().prune_if_due(&options, HOUR).unwrap(), None);
    assert_eq!(cache.prune_if_due(&options, Duration::ZERO).unwrap(), Some(PruneResult::default()));
    fixture
        .sql()
        .execute("UPDATE schema_meta SET value = '1' WHERE key = 'pruned_at'", [])
        .unwrap();
    assert!(cache.prune_if_due(&options, HOUR).unwrap().is_some());
}
