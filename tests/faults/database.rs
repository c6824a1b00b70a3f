//! The database comes into being, grows older and is replaced, each in one step or not at all.

use std::fs;

use rusqlite::Connection;

use crate::fixture::Fixture;

fn sql(fixture: &Fixture) -> Connection {
    let connection = Connection::open(fixture.cache().join("cache.db")).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    connection
}

/// A workspace with a stored result and its outputs in place.
fn built() -> Fixture {
    let fixture = Fixture::new();
    assert_eq!(fixture.build(None).code, Some(0));
    fixture
}

/// As [`built`], with a database as the first version of the schema had it.
fn old_schema() -> Fixture {
    let fixture = built();
    let sql = sql(&fixture);
    let mut tables = sql
        .prepare(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT IN
             ('schema_meta', 'entries', 'entry_logs', 'entry_outputs', 'output_sets', 'output_files', 'file_hashes')",
        )
        .unwrap();
    let newer = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for table in newer.map(Result::unwrap).collect::<Vec<_>>() {
        sql.execute_batch(&format!("DROP TABLE {table}")).unwrap();
    }
    sql.execute_batch("DELETE FROM schema_meta; INSERT INTO schema_meta VALUES ('version', '1');")
        .unwrap();
    drop(tables);
    drop(sql);
    fixture
}

/// As [`built`], with garbage for a database.
fn garbage() -> Fixture {
    let fixture = built();
    drop(sql(&fixture));
    fs::write(fixture.cache().join("cache.db"), "garbage ".repeat(10_000)).unwrap();
    fixture
}

/// As [`built`], without a database.
fn lost() -> Fixture {
    let fixture = built();
    for name in fixture.names("cache.db") {
        fs::remove_file(fixture.cache().join(name)).unwrap();
    }
    fixture
}

#[test]
fn killed_while_the_database_is_made() {
    for point in ["migrate.begin", "migrate.step"] {
        let fixture = Fixture::new();
        fixture.build_until(point);
        fixture.assert_recovers(point, "success");
    }
}

#[test]
fn killed_while_an_old_schema_is_brought_up_to_date() {
    for point in ["migrate.begin", "migrate.step"] {
        let fixture = old_schema();
        fixture.build_until(point);
        let version = |fixture: &Fixture| -> String {
            let query = "SELECT value FROM schema_meta WHERE key = 'version'";
            sql(fixture).query_row(query, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(version(&fixture), "1");
        // What the old one recorded still counts: the outputs are known to be in place.
        let ran = fixture.build(None);
        assert_eq!(ran.task, Some(("cache-hit".into(), false)), "{point}: {}", ran.stderr);
        assert_ne!(version(&fixture), "1");
        fixture.assert_recovers(point, "cache-hit");
        assert_eq!(fixture.times_run(), 1);
    }
}

#[test]
fn killed_while_a_broken_database_is_replaced() {
    for point in ["set_aside.renaming", "set_aside.done", "adopt.rows"] {
        let fixture = garbage();
        fixture.build_until(point);
        fixture.assert_recovers(point, "cache-hit");
        assert_eq!(fixture.times_run(), 1);
        let garbage = |name: &String| {
            fs::read(fixture.cache().join(name)).is_ok_and(|bytes| bytes.starts_with(b"garbage"))
        };
        assert_eq!(fixture.names("cache.db.broken").iter().filter(|name| garbage(name)).count(), 1);
    }
}

#[test]
fn a_log_of_a_database_that_was_set_aside_is_not_taken_for_the_new_one_s() {
    let fixture = built();
    // Dies after the first rename: the log that stays holds the newest pages of the broken database.
    drop(sql(&fixture));
    assert_eq!(fixture.build(None).code, Some(0));
    let log = fixture.cache().join("cache.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 4096);
    fs::write(fixture.cache().join("cache.db"), "garbage ".repeat(10_000)).unwrap();
    fixture.build_until("set_aside.renaming");
    assert!(log.exists());
    fixture.assert_recovers("set_aside.renaming", "cache-hit");
    let check: String =
        sql(&fixture).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    // The history begins anew, with the three runs after the death.
    let runs: i64 =
        sql(&fixture).query_row("SELECT count(*) FROM invocations", [], |row| row.get(0)).unwrap();
    assert_eq!(runs, 3);
}

#[test]
fn killed_while_a_lost_database_is_rebuilt() {
    let fixture = lost();
    fixture.build_until("adopt.rows");
    fixture.assert_recovers("adopt.rows", "cache-hit");
    assert_eq!(fixture.times_run(), 1);
}

#[test]
fn a_database_that_cannot_be_made_or_replaced_fails_no_run() {
    type Make = fn() -> Fixture;
    let cases: [(&str, Make); 7] = [
        ("migrate.begin", Fixture::new),
        ("migrate.step", Fixture::new),
        ("migrate.step", old_schema),
        ("set_aside.renaming", garbage),
        ("set_aside.done", garbage),
        ("adopt.rows", garbage),
        ("adopt.rows", lost),
    ];
    for (point, make) in cases {
        for fault in ["error", "enospc"] {
            let fixture = make();
            let ran = fixture.build(Some(&format!("{point}:{fault}")));
            assert_eq!(ran.code, Some(0), "{point}: {}", ran.stderr);
            assert!(ran.stderr.contains("cache.db"), "{point}: {}", ran.stderr);
            fixture.assert_outputs(point);
            fixture.assert_recovers(point, "cache-hit");
            assert_eq!(fixture.times_run(), 1, "{point}");
        }
    }
}
