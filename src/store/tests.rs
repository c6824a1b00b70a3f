//! The store as its reader uses it, on real files.

use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::Connection;
use tempfile::TempDir;

use super::connection::beside;
use super::*;
use crate::key::Key;
use crate::path::RelPath;
use crate::stamp::Stamp;

fn key(n: u32) -> Key {
    Key::parse(&format!("{n:032x}")).unwrap()
}

fn entry(n: u32, task_id: &str) -> EntryRow {
    EntryRow {
        key: key(n),
        task_id: task_id.into(),
        command: "tsc".into(),
        exit_code: 0,
        duration_ms: 1_500,
        size_bytes: 10,
        created_at: i64::from(n),
        accessed_at: i64::from(n),
        stdout: Some(b"out".to_vec()),
        stderr: None,
    }
}

fn output(path: &str) -> OutputFile {
    let stamp =
        Stamp { size: u64::MAX, mtime_ns: -1, ctime_ns: 2, inode: u64::MAX - 1, mode: 0o100_644 };
    OutputFile { workspace: false, path: RelPath::new(path).unwrap(), stamp }
}

fn saved<'a>(entry: &'a EntryRow, components: &'a [Component]) -> SavedRows<'a> {
    SavedRows { entry, output_names: &[], recorded: None, components }
}

fn record(store: &mut Store, worktree: &str, task_id: &str, key: &Key, files: &[OutputFile]) {
    store.record_outputs(&RecordedRows { worktree, task_id, key, files }).unwrap();
}

fn run(key: Option<Key>, status: RunStatus, duration_ms: u64) -> RunRecord {
    RunRecord {
        key,
        project: "a".into(),
        task: "build".into(),
        status,
        cached: true,
        exit_code: 0,
        duration_ms,
        forward_args: vec!["--watch".into()],
        started_at: 100,
        ended_at: 200,
        run_id: Some("r1".into()),
        cpu_ms: Some(1),
        peak_rss_bytes: None,
        wallclock_start_ns: Some(5),
        wallclock_end_ns: None,
        bytes_uploaded: None,
        bytes_downloaded: Some(7),
    }
}

fn open() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("cache.db")).unwrap();
    (dir, store)
}

#[test]
fn what_is_saved_is_found_by_another_that_opens_the_same_file() {
    let (dir, mut store) = open();
    assert!(store.is_new());
    let files = [output("dist/a"), OutputFile { workspace: true, ..output("dist/a") }];
    let names = ["outputs/dist/a".to_owned()];
    let row = entry(1, "a#build");
    store.save(&SavedRows { output_names: &names, ..saved(&row, &[]) }).unwrap();
    record(&mut store, "/w", "a#build", &row.key, &files);
    store.close();

    let mut store = Store::open(&dir.path().join("cache.db")).unwrap();
    assert!(!store.is_new());
    assert_eq!(store.entry(&key(1)).unwrap(), Some(row.clone()));
    assert_eq!(store.entry(&key(2)).unwrap(), None);
    assert_eq!(store.output_names(&key(1)).unwrap().unwrap(), names);
    let found = store.probe(&[key(2), key(1)], Some("/w")).unwrap();
    assert_eq!(found.entries.into_values().collect::<Vec<_>>(), [row]);
    assert_eq!(found.recorded[&key(1)], files);
    assert!(store.probe(&[key(1)], Some("/elsewhere")).unwrap().recorded.is_empty());
    assert!(store.probe(&[key(1)], None).unwrap().recorded.is_empty());
}

#[test]
fn no_outputs_is_not_the_same_as_nothing_known() {
    let mut store = Store::in_memory().unwrap();
    for (n, task_id) in [(1, "a#lint"), (2, "a#build"), (3, "b#lint")] {
        store.save(&saved(&entry(n, task_id), &[])).unwrap();
    }
    record(&mut store, "/w", "a#lint", &key(1), &[]);
    record(&mut store, "/w", "a#build", &key(2), &[output("x"), output("y")]);
    // Asking twice for the same is asking once.
    let keys = [key(2), key(2), key(1), key(3), key(2)];
    let found = store.probe(&keys, Some("/w")).unwrap().recorded;
    assert_eq!(found[&key(1)], []);
    assert_eq!(found[&key(2)], [output("x"), output("y")]);
    assert!(!found.contains_key(&key(3)));
}

#[test]
fn a_worktree_holds_one_set_for_each_task() {
    let mut store = Store::in_memory().unwrap();
    record(&mut store, "/w", "a#build", &key(1), &[output("old")]);
    record(&mut store, "/other", "a#build", &key(1), &[output("other")]);
    record(&mut store, "/w", "a#build", &key(2), &[output("new")]);
    let found = store.probe(&[key(1), key(2)], Some("/w")).unwrap().recorded;
    assert_eq!(found.len(), 1);
    assert_eq!(found[&key(2)], [output("new")]);
    assert_eq!(store.probe(&[key(1)], Some("/other")).unwrap().recorded.len(), 1);
    assert_eq!(store.worktrees().unwrap(), ["/other", "/w"]);
    store.drop_worktree("/other").unwrap();
    assert_eq!(store.worktrees().unwrap(), ["/w"]);
}

#[test]
fn a_dropped_entry_leaves_nothing_but_its_history() {
    let mut store = Store::in_memory().unwrap();
    let row = entry(1, "a#build");
    let component = Component { component: "pkg".into(), name: String::new(), value: None };
    let files = [output("x")];
    store.save(&saved(&row, std::slice::from_ref(&component))).unwrap();
    record(&mut store, "/w", "a#build", &row.key, &files);
    let runs = [run(Some(key(1)), RunStatus::Success, 9)];
    store.keep(&Batch { runs: &runs, ..Batch::default() }).unwrap();
    store.drop_entries(&[key(1), key(9)]).unwrap();
    assert_eq!(store.entry(&key(1)).unwrap(), None);
    assert_eq!(store.output_names(&key(1)).unwrap(), None);
    assert!(store.components(&key(1)).unwrap().is_empty());
    assert!(store.worktrees().unwrap().is_empty());
    let files: i64 = store
        .read(|connection| {
            connection.query_row("SELECT count(*) FROM output_files", [], |row| row.get(0))
        })
        .unwrap();
    assert_eq!(files, 0);
    assert_eq!(store.runs_of("r1").unwrap(), runs);
}

#[test]
fn an_adopted_row_never_replaces_a_saved_one() {
    let mut store = Store::in_memory().unwrap();
    let row = entry(1, "a#build");
    store.save(&saved(&row, &[])).unwrap();
    store.adopt(&[EntryRow { command: "other".into(), ..row.clone() }, entry(2, "x")]).unwrap();
    assert_eq!(store.entry(&key(1)).unwrap(), Some(row));
    assert_eq!(store.entry(&key(2)).unwrap().unwrap().task_id, "x");
}

#[test]
fn only_the_newest_entries_of_a_task_keep_their_components() {
    let mut store = Store::in_memory().unwrap();
    let component =
        Component { component: "input".into(), name: "a".into(), value: Some("1".into()) };
    for n in 1..=10 {
        store.save(&saved(&entry(n, "a#build"), std::slice::from_ref(&component))).unwrap();
        store.save(&saved(&entry(n + 100, "b#build"), &[])).unwrap();
    }
    let kept: Vec<u32> =
        (1..=10).filter(|n| !store.components(&key(*n)).unwrap().is_empty()).collect();
    assert_eq!(kept, [3, 4, 5, 6, 7, 8, 9, 10]);
    let newest: Vec<i64> =
        store.newest("a#build", 3).unwrap().iter().map(|entry| entry.created_at).collect();
    assert_eq!(newest, [10, 9, 8]);
}

#[test]
fn stats_count_hits_misses_and_the_time_that_hits_saved() {
    let mut store = Store::in_memory().unwrap();
    store.save(&saved(&entry(1, "a#build"), &[])).unwrap();
    let runs = [
        run(Some(key(1)), RunStatus::Success, 1_500),
        run(Some(key(1)), RunStatus::CacheHit, 500),
        // A restore that took longer than the task saved nothing, and took nothing away.
        run(Some(key(1)), RunStatus::CacheHitRemote, 9_000),
        run(Some(key(2)), RunStatus::CacheHit, 1),
        run(None, RunStatus::Skipped, 0),
        RunRecord {
            bytes_uploaded: Some(7),
            bytes_downloaded: Some(9),
            ..run(None, RunStatus::Skipped, 0)
        },
        RunRecord { started_at: 1, project: "b".into(), ..run(None, RunStatus::Failed, 3) },
    ];
    store.keep(&Batch { runs: &runs, ..Batch::default() }).unwrap();
    let stats = store.stats(100).unwrap();
    assert_eq!((stats.entry_count, stats.total_bytes), (1, 10));
    assert_eq!((stats.run_count, stats.hit_count, stats.saved_ms), (6, 3, 1_000));
    assert_eq!((stats.uploaded, stats.downloaded), (7, 5 * 7 + 9));
    assert_eq!(
        stats.projects,
        [
            ProjectStats { project: "a".into(), hits: 3, misses: 1, saved_ms: 1_000 },
            ProjectStats { project: "b".into(), hits: 0, misses: 1, saved_ms: 0 },
        ]
    );
    assert_eq!(store.runs_of("r1").unwrap(), runs);
}

#[test]
fn invocations_come_back_newest_first() {
    let mut store = Store::in_memory().unwrap();
    let invocation = |run_id: &str, started_at| Invocation {
        run_id: run_id.into(),
        started_at,
        ended_at: started_at + 1,
        exit_code: 1,
        argv: vec!["run".into(), "build \"x\"".into()],
        vx_version: "0.1.0".into(),
        task_count: 2,
        hit_count: 1,
    };
    for invocation in [invocation("b", 2), invocation("a", 1), invocation("c", 3)] {
        store.keep(&Batch { invocation: Some(&invocation), ..Batch::default() }).unwrap();
    }
    assert_eq!(store.invocations(2).unwrap(), [invocation("c", 3), invocation("b", 2)]);
}

#[test]
fn a_touch_moves_the_last_use_and_only_forward() {
    let mut store = Store::in_memory().unwrap();
    store.save(&saved(&entry(5, "a"), &[])).unwrap();
    store.save(&saved(&entry(6, "b"), &[])).unwrap();
    let touched = [key(5), key(7)];
    for now in [50, 40] {
        store.keep(&Batch { now, touched: &touched, ..Batch::default() }).unwrap();
    }
    assert_eq!(store.entry(&key(5)).unwrap().unwrap().accessed_at, 50);
    assert_eq!(store.entry(&key(6)).unwrap().unwrap().accessed_at, 6);
}

#[test]
fn many_that_create_the_same_database_at_once_all_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.db");
    let barrier = Barrier::new(8);
    let created = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (barrier, path, created) = (&barrier, &path, &created);
            scope.spawn(move || {
                barrier.wait();
                let mut store = Store::open(path).unwrap();
                store.save(&saved(&entry(n, "a#build"), &[])).unwrap();
                created.fetch_add(usize::from(store.is_new()), Ordering::SeqCst);
            });
        }
    });
    assert_eq!(created.into_inner(), 1);
    assert_eq!(Store::open(&path).unwrap().summaries().unwrap().len(), 8);
}

#[test]
fn a_later_schema_is_refused_and_left_alone() {
    let (dir, store) = open();
    drop(store);
    let path = dir.path().join("cache.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE schema_meta SET value = '999' WHERE key = 'version'", []).unwrap();
    drop(connection);
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 999, .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_no_database_of_ours_is_broken() {
    let dir = tempfile::tempdir().unwrap();
    let broken = |name: &str| {
        let error = Store::open(&dir.path().join(name)).unwrap_err();
        assert!(matches!(error, StoreError::Broken { .. }), "{name}: {error}");
    };
    std::fs::write(dir.path().join("text"), "not a database at all ".repeat(400)).unwrap();
    broken("text");
    let connection = Connection::open(dir.path().join("foreign")).unwrap();
    connection.execute_batch("CREATE TABLE entries (x); INSERT INTO entries VALUES (1);").unwrap();
    drop(connection);
    broken("foreign");
    let connection = Connection::open(dir.path().join("unknown")).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE schema_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
             INSERT INTO schema_meta VALUES ('version', 'v18');",
        )
        .unwrap();
    drop(connection);
    broken("unknown");
}

#[test]
fn what_cannot_be_opened_is_unusable() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().join("no/such/dir/cache.db"), dir.path().to_owned()] {
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
    }
}

#[test]
fn a_broken_database_moves_aside_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.db");
    std::fs::write(&path, "x".repeat(5000)).unwrap();
    std::fs::write(beside(&path, "-wal"), "stale").unwrap();
    let identity = FileIdentity::of(&path);
    let aside = set_aside(&path, identity.as_ref()).unwrap().unwrap();
    assert_eq!(std::fs::read(&aside).unwrap().len(), 5000);
    assert_eq!(std::fs::read(beside(&aside, "-wal")).unwrap(), b"stale");
    Store::open(&path).unwrap();
    // Another process that found the same file broken comes later, and must not take the new one away.
    assert_eq!(set_aside(&path, identity.as_ref()).unwrap(), None);
    assert!(path.exists());
}

#[test]
fn a_database_that_another_has_open_still_takes_writes() {
    let (dir, mut one) = open();
    let mut two = Store::open(&dir.path().join("cache.db")).unwrap();
    std::thread::scope(|scope| {
        for (store, base) in [(&mut one, 0), (&mut two, 1000)] {
            scope.spawn(move || {
                for n in 0..100 {
                    store.save(&saved(&entry(base + n, "a#build"), &[])).unwrap();
                }
            });
        }
    });
    assert_eq!(one.summaries().unwrap().len(), 200);
}

#[test]
fn the_journal_is_a_write_ahead_log_on_a_local_disk() {
    let (dir, store) = open();
    let mode: String = store
        .read(|connection| connection.pragma_query_value(None, "journal_mode", |row| row.get(0)))
        .unwrap();
    let expected = if super::network::is_network(dir.path()) { "delete" } else { "wal" };
    assert_eq!(mode, expected);
    assert!(Path::new(&dir.path().join("cache.db")).exists());
}
