//! What runs leave behind, and what is made of it.

use std::time::SystemTime;

use vx::cache::{EndOfRun, Invocation, RunRecord, RunStatus};
use vx::file_id::{ObjectFormat, Oid};
use vx::memo::Memo;
use vx::stamp::Stamp;

use crate::fixture::{Fixture, key};

fn now() -> i64 {
    let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(age.as_millis()).unwrap()
}

fn run(n: u32, status: RunStatus, started_at: i64) -> RunRecord {
    RunRecord {
        key: Some(key(n)),
        project: "a".into(),
        task: "build".into(),
        status,
        cached: true,
        exit_code: 0,
        duration_ms: 34,
        forward_args: Vec::new(),
        started_at,
        ended_at: started_at + 34,
        run_id: Some("01J".into()),
        cpu_ms: None,
        peak_rss_bytes: None,
        wallclock_start_ns: None,
        wallclock_end_ns: None,
        bytes_uploaded: None,
        bytes_downloaded: None,
    }
}

#[test]
fn stats_tell_the_last_day_from_before_and_count_saved_time() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let entry = fixture.run_and_save(&cache, 1);
    let day = 24 * 60 * 60 * 1000;
    cache.record_run(&run(1, RunStatus::Success, now())).unwrap();
    cache.record_run(&run(1, RunStatus::CacheHit, now())).unwrap();
    cache.record_runs(&[run(1, RunStatus::CacheHitRemote, now() - day - 1000)]).unwrap();
    let stats = fixture.open().stats().unwrap();
    assert_eq!((stats.entry_count, stats.total_bytes), (1, entry.size_bytes));
    assert_eq!((stats.run_count, stats.hit_count), (2, 1));
    assert_eq!(stats.saved_ms, 2 * (1_234 - 34));
    assert_eq!(stats.projects.len(), 1);
    assert_eq!((stats.projects[0].hits, stats.projects[0].misses), (2, 1));
}

#[test]
fn a_run_leaves_all_that_it_knows_at_once() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.run_and_save(&cache, 1);
    fixture.sql().execute_batch("UPDATE entries SET accessed_at = 1").unwrap();
    let memo = cache.memo(fixture.root()).unwrap();
    let path = fixture.project().join("src/a.ts");
    let (stamp, oid) =
        (Stamp { size: 3, ..Stamp::default() }, Oid::from_hex("a".repeat(40)).unwrap());
    memo.learn(&path, stamp, &oid, SystemTime::now());
    memo.learn(&fixture.root().with_extension("outside"), stamp, &oid, SystemTime::now());
    memo.confirm(&path, &stamp, &oid, SystemTime::now());
    let invocation = Invocation {
        run_id: "01J".into(),
        started_at: 1,
        ended_at: 2,
        exit_code: 0,
        argv: vec!["run".into(), "build".into()],
        vx_version: "0.1.0".into(),
        task_count: 1,
        hit_count: 1,
    };
    let runs = [run(1, RunStatus::CacheHit, now())];
    cache.get(&key(1)).unwrap();
    let end = EndOfRun {
        configs: None,
        invocation: Some(&invocation),
        runs: &runs,
        memo: Some((fixture.root(), &memo)),
        walk: Some((fixture.root(), b"walk")),
    };
    cache.end_run(&end).unwrap();

    let later = fixture.open();
    assert_eq!(later.walk(fixture.root()).unwrap().unwrap(), b"walk");
    assert_eq!(later.invocations(5).unwrap(), [invocation]);
    assert_eq!(later.runs_of("01J").unwrap(), runs);
    assert!(later.list().unwrap()[0].accessed_at > 1);
    let recall = |memo: &Memo, path| memo.recall(path, &stamp, ObjectFormat::Sha1);
    let memo = later.memo(fixture.root()).unwrap();
    assert_eq!(recall(&memo, &path), Some(oid.clone()));
    assert!(memo.is_confirmed(&path, &stamp, &oid));
    assert_eq!(recall(&memo, &fixture.root().with_extension("outside")), None);
}

#[test]
fn uses_are_written_when_the_cache_goes_away() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.run_and_save(&cache, 1);
    let old = "UPDATE entries SET accessed_at = 1";
    let used = || fixture.open().list().unwrap()[0].accessed_at > 1;
    fixture.sql().execute_batch(old).unwrap();
    assert!(!used());
    cache.get(&key(1)).unwrap();
    cache.close().unwrap();
    assert!(used());
    fixture.sql().execute_batch(old).unwrap();
    let cache = fixture.open();
    cache.get(&key(1)).unwrap();
    drop(cache);
    assert!(used());
}

#[test]
fn a_memo_that_is_kept_is_recalled_by_the_next_run() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let memo = cache.memo(fixture.root()).unwrap();
    let path = fixture.project().join("a");
    let oid = |digit: &str| Oid::from_hex(digit.repeat(64)).unwrap();
    for digit in ["1", "2"] {
        memo.learn(&path, Stamp::default(), &oid(digit), SystemTime::now());
        cache.keep_memo(fixture.root(), &memo).unwrap();
    }
    let memo = fixture.open().memo(fixture.root()).unwrap();
    assert_eq!(memo.recall(&path, &Stamp::default(), ObjectFormat::Sha256), Some(oid("2")));
}
