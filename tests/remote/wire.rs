//! The Turborepo wire against a server that behaves.

use std::io::BufReader;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use vx::remote::{Event, Pushed};

use super::server::{Response, Server, read_request};
use super::support::{MIB, Place, about, key, noise, remote, remote_at, up_to, within};
use super::wire_server::WireServer;

#[test]
fn what_is_pushed_comes_back() {
    let (server, place) = (WireServer::start(true), Place::new());
    let remote = remote_at(&server.url());
    for (number, len) in [(1, 0), (2, 1), (3, 200_000), (4, 5_000_000)] {
        let bytes = noise(len);
        let from = place.file(&format!("from-{number}"), &bytes);
        let pushed = Pushed { duration_ms: 42, tag: Some("a/b+c=="), commit: Some("abc123") };
        assert_eq!(remote.push(&key(number), &from, &pushed).unwrap(), len as u64);

        let into = place.at(&format!("into-{number}"));
        let fetched = remote.fetch(&key(number), &into, up_to(10 * MIB)).unwrap().unwrap();
        assert_eq!(std::fs::read(&into).unwrap(), bytes);
        assert_eq!(fetched.bytes, len as u64);
        assert_eq!(fetched.sha256.as_slice(), Sha256::digest(&bytes).as_slice());
        assert_eq!(fetched.tag.as_deref(), Some("a/b+c=="));
        assert_eq!(fetched.duration_ms, Some(42));
    }
    let sent =
        server.server.requests().into_iter().find(|request| request.method == "PUT").unwrap();
    assert_eq!(sent.header("x-artifact-sha"), Some("abc123"));
    assert_eq!(sent.header("user-agent"), Some("vx/test"));
    assert_eq!(sent.header("x-artifact-client-ci"), None);
    assert_eq!(remote.trouble(), None);
}

#[test]
fn what_is_not_there_is_no_file() {
    let (server, place) = (WireServer::start(true), Place::new());
    let remote = remote_at(&server.url());
    assert_eq!(remote.fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap(), None);
    assert!(place.names().is_empty());
}

#[test]
fn ci_is_named() {
    let (server, place) = (WireServer::start(true), Place::new());
    let remote = remote(&[
        ("TURBO_API", &server.url()),
        ("TURBO_TOKEN", "s3cret-token"),
        ("TURBO_TEAM", "acme"),
        ("GITHUB_ACTIONS", "true"),
    ]);
    remote.push(&key(1), &place.file("from", b"x"), &about()).unwrap();
    assert_eq!(server.server.requests()[0].header("x-artifact-client-ci"), Some("GITHUB_ACTIONS"));
}

#[test]
fn many_keys_are_asked_for_at_once() {
    let (server, place) = (WireServer::start(true), Place::new());
    let remote = remote_at(&server.url());
    let from = place.file("from", b"x");
    for number in [1, 700] {
        remote.push(&key(number), &from, &about()).unwrap();
    }
    let before = server.server.requests().len();
    let keys: Vec<_> = (0..1000).map(key).collect();
    let found = remote.has(&keys).unwrap();
    assert_eq!(found, [key(1), key(700)].into());
    assert_eq!(server.server.requests().len() - before, 2);
    assert!(remote.has(&[]).unwrap().is_empty());
}

#[test]
fn a_server_that_cannot_be_asked_for_many_is_asked_for_each() {
    let (server, place) = (WireServer::start(false), Place::new());
    let remote = remote_at(&server.url());
    remote.push(&key(7), &place.file("from", b"x"), &about()).unwrap();
    let keys: Vec<_> = (0..50).map(key).collect();
    for _ in 0..2 {
        assert_eq!(within(Duration::from_secs(5), || remote.has(&keys)).unwrap(), [key(7)].into());
    }
    let posts = server.server.requests().iter().filter(|request| request.method == "POST").count();
    assert_eq!(posts, 1, "it is remembered");
}

#[test]
fn look_ups_are_recorded() {
    let server = WireServer::start(true);
    let remote = remote_at(&server.url());
    remote.record(&[]).unwrap();
    remote
        .record(&[
            Event { key: key(1), hit: true, remote: true, duration_ms: 5 },
            Event { key: key(2), hit: false, remote: false, duration_ms: 0 },
        ])
        .unwrap();
    let requests = server.server.requests();
    assert_eq!(requests.len(), 1);
    let events: serde_json::Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(events[0]["source"], "REMOTE");
    assert_eq!(events[0]["event"], "HIT");
    assert_eq!(events[1]["event"], "MISS");
    assert_eq!(events[1]["hash"], key(2).as_str());
    assert_eq!(events[0]["sessionId"], events[1]["sessionId"]);
}

#[test]
fn a_check_says_what_is_wrong() {
    let server = WireServer::start(true);
    let health = remote_at(&server.url()).check();
    assert_eq!((health.problem, health.code), (None, None));

    let token = |token: &str, team: &str| {
        remote(&[
            ("VX_REMOTE_CACHE_URL", &server.url()),
            ("VX_REMOTE_CACHE_TOKEN", token),
            ("VX_REMOTE_CACHE_TEAM", team),
        ])
        .check()
        .problem
        .unwrap()
    };
    let problem = token("", "acme");
    assert!(
        problem.contains("Missing Authorization") && problem.contains("set VX_REMOTE_CACHE_TOKEN"),
        "{problem}"
    );
    let problem = token("wrong", "acme");
    assert!(problem.contains("401: Invalid token"), "{problem}");
    let problem = token("s3cret-token", "");
    assert!(problem.contains("set VX_REMOTE_CACHE_TEAM"), "{problem}");

    let elsewhere = remote_at(&format!("{}/somewhere", server.url())).check();
    assert_eq!(elsewhere.code, Some("VX_REMOTE_ANSWER"));
}

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let server = Server::raw(move |mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(request) = read_request(&mut reader) {
            let response = if request.method == "PUT" {
                Response::new(202).body(r#"{"urls":[]}"#)
            } else {
                Response::new(404).body(r#"{"error":{"message":"no such artifact"}}"#)
            };
            response.write(&mut stream, request.method == "HEAD").unwrap();
        }
    });
    let (remote, place) = (remote_at(&server.url()), Place::new());
    let from = place.file("from", &noise(100_000));
    for number in 0..20 {
        assert!(remote.fetch(&key(number), &place.at("into"), up_to(MIB)).unwrap().is_none());
        remote.push(&key(number), &from, &about()).unwrap();
        assert!(remote.has(&[key(number)]).unwrap().is_empty());
    }
    // One, unless the next request was there before the last one had ended everywhere.
    assert!(connections.load(Ordering::SeqCst) < 10, "{connections:?} for 60 requests");
}

#[test]
fn calls_from_many_threads_share_one_handle() {
    let (server, place) = (WireServer::start(true), Place::new());
    let remote = remote_at(&server.url());
    let from = place.file("from", &noise(300_000));
    std::thread::scope(|scope| {
        for number in 0..16 {
            let (remote, from, into) =
                (remote.clone(), from.clone(), place.at(&format!("{number}")));
            scope.spawn(move || {
                remote.push(&key(number), &from, &about()).unwrap();
                remote.fetch(&key(number), &into, up_to(MIB)).unwrap().unwrap();
            });
        }
    });
    assert_eq!(server.count(), 16);
}
