//! When a store is not asked any more, and when again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use vx::error::Coded as _;
use vx::remote::{Deadlines, Remote, RemoteError};

use super::server::{Response, Server};
use super::support::{MIB, Place, about, key, settings, short, up_to, within};

/// When something that happens by itself has not happened at all.
const SAFE: Duration = Duration::from_secs(30);

/// A server whose status can be changed, and a handle that rests for `rest`.
fn switched(rest: Duration) -> (Server, Arc<AtomicU16>, Remote) {
    let status = Arc::new(AtomicU16::new(503));
    let current = Arc::clone(&status);
    let server = Server::answering(move |_| Response::new(current.load(Ordering::SeqCst)));
    let settings =
        settings(&[("VX_REMOTE_CACHE_URL", &server.url()), ("VX_REMOTE_CACHE_TOKEN", "t")])
            .with_deadlines(Deadlines { tries: 1, ..short() })
            .with_rest(rest);
    let remote = Remote::open(&settings, "vx/test").unwrap();
    (server, status, remote)
}

fn fetch(remote: &Remote) -> Result<bool, RemoteError> {
    let place = Place::new();
    remote.fetch(&key(1), &place.at("into"), up_to(MIB)).map(|found| found.is_some())
}

#[test]
fn opens_after_three_failures_and_closes_when_the_store_is_back() {
    let rest = Duration::from_millis(300);
    let (server, status, remote) = switched(rest);
    let opened = Instant::now();
    for _ in 0..3 {
        assert_eq!(fetch(&remote).unwrap_err().code(), "VX_REMOTE_SERVER");
    }
    let error = fetch(&remote).unwrap_err();
    assert_eq!(error.code(), "VX_REMOTE_UNAVAILABLE");
    assert!(error.to_string().contains("503"), "{error}");
    assert!(remote.trouble().unwrap().contains("503"));
    assert_eq!(server.requests().len(), 3);

    // Half open: one is let through, and fails.
    while fetch(&remote).unwrap_err().code() == "VX_REMOTE_UNAVAILABLE" {
        assert!(opened.elapsed() < SAFE);
        std::thread::yield_now();
    }
    assert!(opened.elapsed() >= rest);
    assert_eq!(server.requests().len(), 4);
    assert_eq!(fetch(&remote).unwrap_err().code(), "VX_REMOTE_UNAVAILABLE");

    // The next one finds it back.
    status.store(404, Ordering::SeqCst);
    let failed = Instant::now();
    while !matches!(fetch(&remote), Ok(false)) {
        assert!(failed.elapsed() < SAFE);
        std::thread::yield_now();
    }
    for _ in 0..3 {
        assert!(matches!(fetch(&remote), Ok(false)));
    }
    assert!(remote.trouble().is_some(), "what was wrong can still be told");
}

#[test]
fn a_refused_token_ends_all_calls() {
    let (server, status, remote) = switched(Duration::ZERO);
    status.store(401, Ordering::SeqCst);
    assert_eq!(fetch(&remote).unwrap_err().code(), "VX_REMOTE_UNAUTHORIZED");
    status.store(404, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(fetch(&remote).unwrap_err().code(), "VX_REMOTE_UNAVAILABLE");
        assert_eq!(remote.has(&[key(1)]).unwrap_err().code(), "VX_REMOTE_UNAVAILABLE");
        assert_eq!(remote.record(&[]).err().map(|error| error.code()), None);
    }
    assert_eq!(server.requests().len(), 1);
    // A person who asks gets an answer all the same.
    assert!(remote.check().problem.unwrap().contains("404") || server.requests().len() > 1);
}

#[test]
fn a_token_that_may_not_write_goes_on_reading() {
    let (server, status, remote) = switched(Duration::ZERO);
    status.store(403, Ordering::SeqCst);
    let place = Place::new();
    let from = place.file("from", b"x");
    assert_eq!(remote.push(&key(1), &from, &about()).unwrap_err().code(), "VX_REMOTE_UNAUTHORIZED");
    status.store(404, Ordering::SeqCst);
    assert_eq!(remote.push(&key(1), &from, &about()).unwrap_err().code(), "VX_REMOTE_UNAVAILABLE");
    assert!(matches!(fetch(&remote), Ok(false)));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn an_artifact_that_is_too_large_for_the_server_fails_alone() {
    let (server, status, remote) = switched(Duration::from_mins(1));
    status.store(413, Ordering::SeqCst);
    let place = Place::new();
    let from = place.file("from", b"x");
    for _ in 0..5 {
        assert_eq!(remote.push(&key(1), &from, &about()).unwrap_err().code(), "VX_REMOTE_REFUSED");
    }
    assert_eq!(server.requests().len(), 5);
    assert_eq!(remote.trouble(), None);
}

#[test]
fn many_threads_at_a_dead_store_end_soon() {
    let (server, _, remote) = switched(Duration::from_mins(1));
    within(Duration::from_secs(3), || {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..100).for_each(|_| assert!(fetch(&remote).is_err())));
            }
        });
    });
    assert!(server.requests().len() <= 3 + 8, "{}", server.requests().len());
}
