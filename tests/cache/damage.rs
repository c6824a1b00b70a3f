//! Whatever happens to the directory, the tree stays as it was and the cache goes on.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use vx::cache::{Cache, PruneOptions};

use crate::fixture::{Fixture, code, key, logs, project};

/// What happens to one file.
type Damage = fn(&Path);

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn a_lost_row_comes_back_from_its_artifact() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let saved = fixture.run_and_save(&cache, 1);
    fixture.run_and_save(&cache, 2);
    let sql = fixture.sql();
    sql.execute_batch("DELETE FROM entries; DELETE FROM entry_outputs;").unwrap();
    let entry = cache.get(&key(1)).unwrap().unwrap();
    assert_eq!(
        (&entry.task_id, &entry.command, entry.duration_ms, entry.size_bytes, entry.stored_at()),
        (&saved.task_id, &saved.command, saved.duration_ms, saved.size_bytes, saved.stored_at())
    );
    assert_eq!(cache.logs(&entry).unwrap().stdout.bytes().unwrap(), b"built\n");
    assert_eq!(cache.outputs(&entry).unwrap(), [project("dist/a.js")]);
    let rows: i64 = sql.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
    assert_eq!(cache.probe(&[key(1), key(2), key(3)], fixture.root()).unwrap().len(), 2);
    assert_eq!(cache.list().unwrap().len(), 2);
}

#[test]
fn a_lost_artifact_takes_its_row_along() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    for n in 1..=3 {
        fixture.run_and_save(&cache, n);
        fs::remove_file(fixture.artifact(n)).unwrap();
    }
    assert_eq!(cache.list().unwrap().len(), 3);
    assert_eq!(cache.get(&key(1)).unwrap(), None);
    assert!(cache.probe(&[key(2)], fixture.root()).unwrap().is_empty());
    assert_eq!(code(fixture.restore(&cache, 3)), "VX_CACHE_MISSING");
    // A look at many entries changes none.
    assert_eq!(cache.list().unwrap().len(), 1);
    cache.prune(&PruneOptions::default()).unwrap();
    assert_eq!(cache.list().unwrap(), []);
    assert_eq!(fixture.read("dist/a.js").unwrap(), "result 3");
}

#[test]
fn a_missing_database_is_rebuilt() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.run_and_save(&cache, 1);
    fixture.run_and_save(&cache, 2);
    cache.close().unwrap();
    for name in fixture.names("cache.db") {
        fs::remove_file(fixture.dir().join(name)).unwrap();
    }
    let cache = fixture.open();
    assert_eq!(cache.stats().unwrap().entry_count, 2);
    let warnings = cache.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("cache.db") && warnings[0].contains("2 artifacts"),
        "{warnings:?}"
    );
    assert_eq!(cache.warnings(), [] as [String; 0]);
    fixture.write("dist/a.js", "other");
    fixture.restore(&cache, 1).unwrap();
    assert_eq!(fixture.read("dist/a.js").unwrap(), "result 1");
}

#[test]
fn a_broken_database_is_set_aside_and_rebuilt() {
    let damages: [(&str, Damage); 5] = [
        ("garbage", |path| fs::write(path, "garbage ".repeat(10_000)).unwrap()),
        ("truncated", |path| {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }),
        ("all but its first page", |path| {
            let len = usize::try_from(fs::metadata(path).unwrap().len()).unwrap();
            overwrite(path, 4096, &vec![0xA5; len - 4096]);
        }),
        ("another program's", |path| {
            fs::remove_file(path).unwrap();
            let other = rusqlite::Connection::open(path).unwrap();
            other.execute_batch("CREATE TABLE runs (x); CREATE TABLE entries (y);").unwrap();
        }),
        ("without a table", |path| {
            let sql = rusqlite::Connection::open(path).unwrap();
            sql.execute_batch("DROP TABLE entries").unwrap();
        }),
    ];
    for (name, damage) in damages {
        let fixture = Fixture::new();
        let cache = fixture.open();
        for n in 0..40 {
            fixture.run_and_save(&cache, n);
        }
        cache.close().unwrap();
        drop(fixture.sql());
        damage(&fixture.database());
        let cache = fixture.open();
        assert_eq!(cache.list().unwrap().len(), 40, "{name}");
        let probe = cache.probe(&[key(1), key(2)], fixture.root()).unwrap();
        assert_eq!(probe.len(), 2, "{name}");
        let saved = fixture.run_and_save(&cache, 50);
        fixture.restore(&cache, 5).unwrap();
        assert_eq!(fixture.read("dist/a.js").unwrap(), "result 5", "{name}");
        let warnings = cache.warnings();
        assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
        let aside = fixture.names("cache.db.broken-");
        assert!(!aside.is_empty(), "{name}");
        assert!(warnings[0].contains(&aside[0]), "{name}: {warnings:?}");
        cache.close().unwrap();
        // The next to open it finds a sound one.
        let cache = fixture.open();
        assert_eq!(cache.get(&key(50)).unwrap().unwrap(), saved, "{name}");
        assert_eq!(cache.warnings(), [] as [String; 0], "{name}");
    }
}

#[test]
fn a_database_that_breaks_while_in_use_is_rebuilt_too() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    for n in 0..40 {
        fixture.run_and_save(&cache, n);
    }
    cache.close().unwrap();
    drop(fixture.sql());
    let (cache, other) = (fixture.open(), fixture.open());
    let len = usize::try_from(fs::metadata(fixture.database()).unwrap().len()).unwrap();
    overwrite(&fixture.database(), 4096, &vec![0; len - 4096]);
    assert!(cache.get(&key(1)).unwrap().is_some());
    assert_eq!(cache.list().unwrap().len(), 40);
    // The other one finds the same file broken, and must not set the new one aside.
    assert!(other.get(&key(2)).unwrap().is_some());
    assert_eq!(other.list().unwrap().len(), 40);
    let aside = fixture.names("cache.db.broken-");
    let databases = aside.iter().filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"));
    assert_eq!(databases.count(), 1, "{aside:?}");
    assert_eq!(cache.warnings().len(), 1);
}

#[test]
fn a_database_of_a_later_version_is_refused_and_left_alone() {
    let fixture = Fixture::new();
    fixture.open().close().unwrap();
    let sql = fixture.sql();
    sql.execute("UPDATE schema_meta SET value = '1000' WHERE key = 'version'", []).unwrap();
    drop(sql);
    drop(fixture.sql());
    let before = fs::read(fixture.database()).unwrap();
    let error = Cache::open(&fixture.dir()).unwrap_err();
    assert!(error.to_string().contains("1000"), "{error}");
    assert_eq!(code::<()>(Err(error)), "VX_STORE_NEWER");
    assert_eq!(fs::read(fixture.database()).unwrap(), before);
    assert_eq!(fixture.names("cache.db.broken"), [] as [String; 0]);
}

#[test]
fn a_database_of_an_earlier_version_keeps_its_rows() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let saved = fixture.run_and_save(&cache, 1);
    cache.close().unwrap();
    fixture
        .sql()
        .execute_batch(
            "DROP TABLE config_values; DROP TABLE confirmed; DROP TABLE walks;
             DROP TABLE entry_inputs; DROP TABLE runs; DROP TABLE invocations;
             DELETE FROM schema_meta; INSERT INTO schema_meta VALUES ('version', '1');",
        )
        .unwrap();
    let cache = fixture.open();
    assert_eq!(cache.warnings(), [] as [String; 0]);
    assert_eq!(cache.get(&key(1)).unwrap().unwrap(), saved);
    assert!(cache.probe(&[key(1)], fixture.root()).unwrap()[&key(1)].recorded.is_some());
    assert_eq!(cache.stats().unwrap().run_count, 0);
    assert_eq!(cache.saved_components(&key(1)).unwrap(), []);
}

#[test]
fn without_a_database_the_cache_works_from_the_artifacts() {
    let fixture = Fixture::new();
    fs::create_dir_all(fixture.database()).unwrap();
    let cache = fixture.open();
    let warnings = cache.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("in memory"), "{warnings:?}");
    fixture.run_and_save(&cache, 1);
    fixture.restore(&cache, 1).unwrap();
    cache.close().unwrap();

    let cache = fixture.open();
    assert_eq!(cache.get(&key(1)).unwrap().unwrap().task_id, "a#build");
    fixture.run_and_save(&cache, 2);
    let other = fixture.open();
    assert_eq!(other.probe(&[key(1), key(2)], fixture.root()).unwrap().len(), 2);
    let fresh = fixture.open();
    assert_eq!(fresh.stats().unwrap().entry_count, 2);
    let pruned = fresh.prune(&PruneOptions { max_bytes: Some(0), ..PruneOptions::default() });
    assert_eq!(pruned.unwrap().evicted, 2);
    assert!(!fixture.artifact(1).exists() && fixture.database().is_dir());
}

#[test]
fn a_database_that_stays_locked_stops_nobody() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.run_and_save(&cache, 1);
    let other = fixture.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let saved = fixture.run_and_save(&cache, 2);
    let warnings = cache.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("locked") && warnings[0].contains("in memory"), "{warnings:?}");
    assert_eq!(cache.get(&key(2)).unwrap().unwrap(), saved);
    assert!(cache.get(&key(1)).unwrap().is_some());
    cache.record_runs(&[]).unwrap();
    other.execute_batch("ROLLBACK").unwrap();
    // What was not written comes back from the artifact.
    assert!(fixture.open().get(&key(2)).unwrap().is_some());
}

#[test]
fn a_directory_that_is_removed_comes_back_with_the_next_save() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.run_and_save(&cache, 1);
    fs::remove_dir_all(fixture.dir()).unwrap();
    assert_eq!(cache.get(&key(1)).unwrap(), None);
    fixture.run_and_save(&cache, 2);
    fixture.restore(&cache, 2).unwrap();
    assert_eq!(fs::read_to_string(fixture.dir().join(".gitignore")).unwrap(), "*\n");
    cache.close().unwrap();
    let cache = fixture.open();
    assert!(cache.get(&key(2)).unwrap().is_some());
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let fixture = Fixture::new();
    fixture.write("file", "");
    let dir = fixture.project().join("file/cache");
    let error = Cache::open(&dir).unwrap_err();
    assert!(error.to_string().contains(dir.to_str().unwrap()), "{error}");
    assert!(error.to_string().contains("--cache-dir"), "{error}");
    assert_eq!(code::<()>(Err(error)), "VX_CACHE_DIR");
}

#[test]
fn a_damaged_artifact_costs_the_entry_and_not_the_tree() {
    let damages: [(&str, Damage); 4] = [
        ("truncated", |path| {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() - 3).unwrap();
        }),
        ("a byte changed", |path| {
            let middle = fs::metadata(path).unwrap().len() / 2;
            let byte = fs::read(path).unwrap()[usize::try_from(middle).unwrap()];
            overwrite(path, middle, &[byte ^ 0x40]);
        }),
        ("empty", |path| fs::write(path, "").unwrap()),
        ("another key's", |path| {
            let other = path.parent().unwrap().join(format!("{}.tar.zst", key(2)));
            fs::copy(other, path).map(drop).unwrap();
        }),
    ];
    for (name, damage) in damages {
        let fixture = Fixture::new();
        let cache = fixture.open();
        fixture.run_and_save(&cache, 2);
        fixture.run_and_save(&cache, 1);
        fixture.write("dist/a.js", "mine");
        fixture.write("dist/stale.js", "mine too");
        damage(&fixture.artifact(1));
        let error = fixture.restore(&cache, 1).unwrap_err();
        assert!(error.to_string().contains("run the task"), "{name}: {error}");
        assert_eq!(code::<()>(Err(error)), "VX_CACHE_CORRUPT", "{name}");
        assert_eq!(fixture.read("dist/a.js").unwrap(), "mine", "{name}");
        assert_eq!(fixture.read("dist/stale.js").unwrap(), "mine too", "{name}");
        assert_eq!(cache.get(&key(1)).unwrap(), None, "{name}");
        assert!(!fixture.artifact(1).exists(), "{name}");
        assert_eq!(fixture.open().list().unwrap().len(), 1, "{name}");
        // The task runs, and the entry is whole again.
        fixture.run_and_save(&cache, 1);
        fixture.restore(&cache, 1).unwrap();
        assert_eq!(fixture.names(".staging"), [] as [String; 0]);
    }
}

#[test]
fn an_artifact_with_more_than_the_declared_outputs_is_refused() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.write("dist/a.js", "a");
    fixture.write("src/index.ts", "mine");
    fixture.save(&cache, 1, &[project("dist/a.js"), project("src/index.ts")], &logs(b"", b""));
    fixture.write("src/index.ts", "mine, later");
    assert_eq!(code(fixture.restore(&cache, 1)), "VX_CACHE_CORRUPT");
    assert_eq!(fixture.read("src/index.ts").unwrap(), "mine, later");
    assert_eq!(cache.get(&key(1)).unwrap(), None);
}

#[test]
fn a_file_that_only_looks_like_an_artifact_is_no_entry() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.run_and_save(&cache, 1);
    fs::write(fixture.artifact(2), "not an artifact").unwrap();
    fs::copy(fixture.artifact(1), fixture.artifact(3)).unwrap();
    fs::create_dir(fixture.artifact(4)).unwrap();
    for n in 2..=4 {
        assert_eq!(cache.get(&key(n)).unwrap(), None);
    }
    assert_eq!(cache.probe(&[key(2), key(3), key(4)], fixture.root()).unwrap().len(), 0);
    assert_eq!(cache.list().unwrap().len(), 1);
}
