//! One key, one worker at a time.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use vx::cache::Cache;

use crate::fixture::{Fixture, key};

#[test]
fn a_lock_excludes_everybody_else_until_it_is_dropped() {
    let fixture = Fixture::new();
    let (one, two) = (fixture.open(), fixture.open());
    let held = one.try_lock(&key(1)).unwrap().unwrap();
    assert!(one.try_lock(&key(1)).unwrap().is_none());
    assert!(two.try_lock(&key(1)).unwrap().is_none());
    assert!(two.try_lock(&key(2)).unwrap().is_some());
    drop(held);
    let held = two.try_lock(&key(1)).unwrap().unwrap();
    assert!(one.try_lock(&key(1)).unwrap().is_none());
    drop(held);
    assert!(one.try_lock(&key(1)).unwrap().is_some());
}

#[test]
fn whoever_waits_gets_it_next() {
    let fixture = Fixture::new();
    let (one, two) = (fixture.open(), fixture.open());
    let held = one.try_lock(&key(1)).unwrap().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let held = two.lock(&key(1)).unwrap();
            sender.send(()).unwrap();
            drop(held);
        });
        assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err());
        drop(held);
        receiver.recv_timeout(Duration::from_secs(30)).unwrap();
    });
}

#[test]
fn a_lock_file_that_comes_and_goes_never_admits_two() {
    let fixture = Fixture::new();
    let (inside, rounds, removed) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Somebody clears the cache, again and again, while nobody is inside.
        let clearing = scope.spawn(|| {
            let cache = fixture.open();
            let path = fixture.dir().join("tasks.lock");
            while !over.load(Ordering::SeqCst) {
                let held = cache.lock(&key(1)).unwrap();
                assert!(!inside.load(Ordering::SeqCst));
                removed.fetch_add(u32::from(std::fs::remove_file(&path).is_ok()), Ordering::SeqCst);
                drop(held);
            }
        });
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (inside, rounds, fixture) = (&inside, &rounds, &fixture);
                scope.spawn(move || {
                    let cache = fixture.open();
                    for _ in 0..200 {
                        let held = if thread % 2 == 0 {
                            Some(cache.lock(&key(1)).unwrap())
                        } else {
                            cache.try_lock(&key(1)).unwrap()
                        };
                        if held.is_some() {
                            assert!(!inside.swap(true, Ordering::SeqCst), "two hold one lock");
                            rounds.fetch_add(1, Ordering::SeqCst);
                            inside.store(false, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        over.store(true, Ordering::SeqCst);
        clearing.join().unwrap();
    });
    assert!(rounds.into_inner() >= 800);
    assert!(removed.into_inner() > 0);
}

#[test]
fn a_process_that_is_killed_lets_go() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "locks::holds_a_lock_until_it_is_killed"])
        .env("VX_TEST_CACHE_DIR", fixture.dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("locked")));
    assert!(cache.try_lock(&key(1)).unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(cache.try_lock(&key(1)).unwrap().is_some());
}

#[test]
#[ignore = "the other process of a_process_that_is_killed_lets_go"]
fn holds_a_lock_until_it_is_killed() {
    let dir = std::env::var_os("VX_TEST_CACHE_DIR").unwrap();
    let cache = Cache::open(dir.as_ref()).unwrap();
    let _held = cache.try_lock(&key(1)).unwrap().unwrap();
    std::io::stdout().write_all(b"\nlocked\n").unwrap();
    std::io::stdout().flush().unwrap();
    // Ends with the parent, which holds the other end.
    let _ = std::io::stdin().read_line(&mut String::new());
}
