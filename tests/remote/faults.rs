//! Servers that fail in every way: the call ends within its deadlines, says why, and leaves no file.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use vx::error::Coded as _;
use vx::remote::{Remote, RemoteError, Wait};

use super::server::{Response, Server};
use super::support::{MIB, Place, about, hurried_at, key, noise, pause, remote_at, up_to, within};

const SOON: Duration = Duration::from_secs(3);

/// The error of a fetch that must not leave a file.
fn failed_fetch(remote: &Remote, most: Duration) -> RemoteError {
    let place = Place::new();
    let result = within(most, || remote.fetch(&key(1), &place.at("into"), up_to(MIB)));
    assert!(place.names().is_empty(), "{:?}", place.names());
    result.unwrap_err()
}

/// The error of an upload of `len` bytes.
fn failed_push(remote: &Remote, len: usize) -> RemoteError {
    let place = Place::new();
    let from = place.file("from", &noise(len));
    within(SOON, || remote.push(&key(1), &from, &about())).unwrap_err()
}

/// One that sends `text` to everybody who asks, and then hangs up.
fn saying(text: &'static str) -> Server {
    Server::scripted(move |_, stream| {
        stream.write_all(text.as_bytes()).unwrap();
        false
    })
}

#[test]
fn nobody_listens() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let remote = remote_at(&format!("http://{address}"));
    let error = failed_fetch(&remote, SOON);
    assert_eq!(error.code(), "VX_REMOTE_UNREACHABLE");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert_eq!(failed_push(&remote, 100_000).code(), "VX_REMOTE_UNREACHABLE");
}

#[test]
fn a_black_hole_is_asked_once_and_not_for_long() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let server = Server::raw(move |mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {}
    });
    let remote = hurried_at(&server.url());
    let error = failed_fetch(&remote, Duration::from_secs(1));
    assert!(matches!(error, RemoteError::Timeout { wait: Wait::FirstByte, .. }), "{error}");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    let error = failed_push(&remote, 100_000);
    assert!(matches!(error, RemoteError::Timeout { wait: Wait::Verdict, .. }), "{error}");
}

#[test]
fn a_server_that_takes_nothing() {
    let end = Arc::new(Barrier::new(2));
    let ended = Arc::clone(&end);
    // Whatever fits into the system's buffers is sent; then nothing moves.
    let server = Server::raw(move |_| {
        ended.wait();
    });
    let error = failed_push(&hurried_at(&server.url()), 32 << 20);
    assert!(matches!(error, RemoteError::Timeout { wait: Wait::Taking, .. }), "{error}");
    end.wait();
}

#[test]
fn a_trickle() {
    let server = Server::scripted(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").unwrap();
        while stream.write_all(b"x").is_ok() && pause(stream, Duration::from_millis(50)) {}
        false
    });
    let error = failed_fetch(&hurried_at(&server.url()), SOON);
    assert!(matches!(error, RemoteError::Timeout { wait: Wait::Pace, .. }), "{error}");
}

#[test]
fn a_body_that_stops() {
    let server = Server::scripted(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nxyz").unwrap();
        pause(stream, Duration::from_secs(10));
        false
    });
    let error = failed_fetch(&hurried_at(&server.url()), SOON);
    assert!(matches!(error, RemoteError::Timeout { wait: Wait::NextBytes, .. }), "{error}");
}

#[test]
fn a_reset_in_the_middle_is_tried_again() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let server = Server::raw(move |mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        // Bytes that were not read turn the end of the connection into a reset.
        stream.read_exact(&mut [0; 1]).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\nxyz");
    });
    let error = failed_fetch(&remote_at(&server.url()), SOON);
    assert_eq!(error.code(), "VX_REMOTE_UNREACHABLE");
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[test]
fn a_body_that_ends_early_and_one_that_succeeds_at_last() {
    let server = saying("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
    assert_eq!(failed_fetch(&remote_at(&server.url()), SOON).code(), "VX_REMOTE_UNREACHABLE");
    assert_eq!(server.requests().len(), 3);

    let tries = AtomicUsize::new(0);
    let server = Server::scripted(move |_, stream| {
        let whole = tries.fetch_add(1, Ordering::SeqCst) == 2;
        let body = if whole { "abcdefghij" } else { "abc" };
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{body}").unwrap();
        whole
    });
    let place = Place::new();
    let fetched = remote_at(&server.url()).fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap();
    assert_eq!(fetched.unwrap().bytes, 10);
    assert_eq!(std::fs::read(place.at("into")).unwrap(), b"abcdefghij");
}

#[test]
fn more_than_was_declared_is_never_taken() {
    let server = saying("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdefghij");
    let (remote, place) = (remote_at(&server.url()), Place::new());
    let fetched = remote.fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap().unwrap();
    assert_eq!((fetched.bytes, std::fs::read(place.at("into")).unwrap()), (3, b"abc".to_vec()));
    // What came after it is not the answer to the next question.
    assert!(remote.fetch(&key(2), &place.at("next"), up_to(MIB)).unwrap().is_some());
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn chunked_without_a_length() {
    let server = saying(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    let place = Place::new();
    let fetched = remote_at(&server.url()).fetch(&key(1), &place.at("into"), up_to(5)).unwrap();
    assert_eq!(fetched.unwrap().bytes, 5);
    for cut in [
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcXYZ\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnot a number\r\n",
    ] {
        let error = failed_fetch(&remote_at(&saying(cut).url()), SOON);
        assert!(["VX_REMOTE_UNREACHABLE", "VX_REMOTE_ANSWER"].contains(&error.code()), "{error}");
    }
}

#[test]
fn packed_on_the_way() {
    let server =
        saying("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc");
    let error = failed_fetch(&remote_at(&server.url()), SOON);
    assert_eq!(error.code(), "VX_REMOTE_ANSWER");
    assert!(error.to_string().contains("gzip"), "{error}");
    assert_eq!(server.requests()[0].header("accept-encoding"), Some("identity"));
}

#[test]
fn garbage() {
    for text in [
        "\u{0}\u{1}garbage\r\n\r\n",
        "SSH-2.0-server\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    ] {
        let error = failed_fetch(&remote_at(&saying(text).url()), SOON);
        assert!(
            ["VX_REMOTE_ANSWER", "VX_REMOTE_UNREACHABLE"].contains(&error.code()),
            "{text:?}: {error}"
        );
    }
    let page = Response::new(200).with("content-type", "text/html; charset=utf-8").body("<html>");
    let login = Arc::new(page);
    let server = Server::scripted(move |request, stream| match request.path() {
        "/login" => login.write(stream, false).is_ok(),
        _ => Response::new(302).with("location", "/login").write(stream, false).is_ok(),
    });
    assert_eq!(failed_fetch(&remote_at(&server.url()), SOON).code(), "VX_REMOTE_ANSWER");
}

#[test]
fn what_each_status_means() {
    for (status, code, tries) in [
        (400, "VX_REMOTE_UNAUTHORIZED", 1),
        (401, "VX_REMOTE_UNAUTHORIZED", 1),
        (403, "VX_REMOTE_UNAUTHORIZED", 1),
        (405, "VX_REMOTE_REFUSED", 1),
        (412, "VX_REMOTE_REFUSED", 1),
        (413, "VX_REMOTE_REFUSED", 1),
        (429, "VX_REMOTE_SERVER", 3),
        (500, "VX_REMOTE_SERVER", 3),
        (501, "VX_REMOTE_SERVER", 1),
        (502, "VX_REMOTE_SERVER", 3),
        (503, "VX_REMOTE_SERVER", 3),
        (504, "VX_REMOTE_SERVER", 3),
        (206, "VX_REMOTE_ANSWER", 1),
        (304, "VX_REMOTE_ANSWER", 1),
    ] {
        let server = Server::answering(move |_| {
            Response::new(status).body(r#"{"error":{"message":"so it is, s3cret-token"}}"#)
        });
        let error = failed_fetch(&remote_at(&server.url()), SOON);
        assert_eq!((error.code(), server.requests().len()), (code, tries), "{status}: {error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
        if (400..500).contains(&status) {
            assert!(error.to_string().contains("so it is"), "{error}");
        }
    }
}

#[test]
fn what_each_status_means_for_an_upload() {
    for (status, code) in [
        (404, Some("VX_REMOTE_REFUSED")),
        (409, None),
        (412, Some("VX_REMOTE_REFUSED")),
        (413, Some("VX_REMOTE_REFUSED")),
        (415, Some("VX_REMOTE_REFUSED")),
        (403, Some("VX_REMOTE_UNAUTHORIZED")),
        (503, Some("VX_REMOTE_SERVER")),
    ] {
        let server = Server::answering(move |_| Response::new(status));
        let place = Place::new();
        let from = place.file("from", &noise(300_000));
        let result = within(SOON, || remote_at(&server.url()).push(&key(1), &from, &about()));
        assert_eq!(result.as_ref().err().map(vx::error::Coded::code), code, "{status}");
        let requests = server.requests();
        assert!(requests.iter().all(|request| request.body.len() == 300_000), "from the start");
        assert_eq!(requests.len(), if status == 503 { 3 } else { 1 });
    }
}

#[test]
fn an_upload_that_is_refused_before_it_is_sent() {
    // It answers at the head, reads nothing of the body, and leaves the connection open.
    let end = Arc::new(Barrier::new(2));
    let ended = Arc::clone(&end);
    let server = Server::raw(move |mut stream| {
        stream.read_exact(&mut [0; 16]).unwrap();
        stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n").unwrap();
        ended.wait();
    });
    let error = failed_push(&remote_at(&server.url()), 32 << 20);
    assert_eq!(error.code(), "VX_REMOTE_REFUSED");
    end.wait();
}

#[test]
fn retry_after_is_honoured_or_given_up() {
    for (after, tries, most) in [("0", 3, SOON), ("120", 1, SOON), ("soon", 3, SOON)] {
        let server = Server::answering(move |_| Response::new(429).with("retry-after", after));
        let error = failed_fetch(&remote_at(&server.url()), most);
        assert_eq!((error.code(), server.requests().len()), ("VX_REMOTE_SERVER", tries), "{after}");
    }
    let server = Server::answering(|_| {
        Response::new(503).with("retry-after", "Fri, 31 Dec 2399 23:59:59 GMT")
    });
    failed_fetch(&remote_at(&server.url()), SOON);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn too_much_ends_before_the_body_or_at_the_limit() {
    let server = Server::scripted(|_, stream| {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 3_u64 << 30).unwrap();
        pause(stream, Duration::from_secs(10));
        false
    });
    let error = failed_fetch(&remote_at(&server.url()), Duration::from_millis(500));
    assert!(matches!(error, RemoteError::TooLarge { limit: MIB, .. }), "{error}");

    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let server = Server::scripted(move |_, stream| {
        let chunk = [b"10000\r\n".to_vec(), vec![7; 0x10000], b"\r\n".to_vec()].concat();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        while counted.load(Ordering::SeqCst) < 3 << 30 && stream.write_all(&chunk).is_ok() {
            counted.fetch_add(0x10000, Ordering::SeqCst);
        }
        false
    });
    let error = failed_fetch(&remote_at(&server.url()), SOON);
    assert!(matches!(error, RemoteError::TooLarge { .. }), "{error}");
    assert_eq!(server.requests().len(), 1);
    assert!(sent.load(Ordering::SeqCst) < 64 * MIB, "the rest was never taken");
}

#[test]
fn cancelling_ends_what_is_under_way_and_what_comes() {
    let server = Server::scripted(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").unwrap();
        while stream.write_all(&[7; 8192]).is_ok() && pause(stream, Duration::from_millis(20)) {}
        false
    });
    let (remote, place) = (remote_at(&server.url()), Place::new());
    let into = place.at("into");
    let fetching = std::thread::spawn({
        let (remote, into) = (remote.clone(), into.clone());
        move || remote.fetch(&key(1), &into, up_to(MIB))
    });
    // In the middle: some of it is on disk.
    while std::fs::metadata(&into).map_or(0, |found| found.len()) == 0 {
        std::thread::yield_now();
    }
    remote.cancel();
    let result = within(Duration::from_millis(500), || fetching.join().unwrap());
    assert!(matches!(result, Err(RemoteError::Cancelled)), "{result:?}");
    assert!(place.names().is_empty());
    let next = within(Duration::from_millis(100), || remote.has(&[key(1)]));
    assert!(matches!(next, Err(RemoteError::Cancelled)), "{next:?}");
    assert_eq!(remote.trouble(), None);
}

#[test]
fn what_cannot_be_read_or_written_here_is_no_fault_of_the_server() {
    let server = Server::answering(|_| Response::new(200).body("abc"));
    let (remote, place) = (remote_at(&server.url()), Place::new());
    for _ in 0..5 {
        let error = remote.push(&key(1), &place.at("missing"), &about()).unwrap_err();
        assert_eq!(error.code(), "VX_REMOTE_FILE");
        let error = remote.fetch(&key(1), &place.at("no/such/place"), up_to(MIB)).unwrap_err();
        assert_eq!(error.code(), "VX_REMOTE_FILE");
    }
    let mine = place.file("mine", b"mine");
    remote.fetch(&key(1), &mine, up_to(MIB)).unwrap_err();
    assert_eq!(std::fs::read(mine).unwrap(), b"mine");
    assert_eq!(remote.trouble(), None);
}
