//! Redirects: followed, but nothing that identifies the caller goes to another host.

use std::io::Write as _;
use std::time::Duration;

use vx::error::Coded as _;

use super::server::{Response, Server};
use super::support::{MIB, Place, about, key, noise, remote_at, up_to, within};

const SOON: Duration = Duration::from_secs(3);

#[test]
fn to_another_host_no_token_and_no_team_follow() {
    let other = Server::answering(|_| Response::new(200).body("abc"));
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{}/blob?signature=1", other.url());
        let server = Server::answering(move |_| Response::new(status).with("location", &to));
        let place = Place::new();
        let fetched =
            remote_at(&server.url()).fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap();
        assert_eq!(fetched.unwrap().bytes, 3);
        assert!(server.requests()[0].header("authorization").is_some());
    }
    let requests = other.requests();
    assert_eq!(requests.len(), 5);
    for request in requests {
        assert_eq!(request.target, "/blob?signature=1");
        for (name, value) in &request.headers {
            assert!(
                ["host", "accept", "accept-encoding", "user-agent"].contains(&name.as_str()),
                "{name}"
            );
            assert!(!value.contains("s3cret") && !value.contains("acme"), "{name}: {value}");
        }
    }
}

#[test]
fn on_the_same_host_the_token_goes_along() {
    let server = Server::answering(|request| match request.path() {
        "/moved" => Response::new(200).body("abc"),
        _ => Response::new(307).with("location", "/moved"),
    });
    let place = Place::new();
    let fetched = remote_at(&server.url()).fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap();
    assert_eq!(fetched.unwrap().bytes, 3);
    assert_eq!(server.requests()[1].header("authorization"), Some("Bearer s3cret-token"));
}

#[test]
fn an_upload_is_sent_again_in_full_without_what_identifies() {
    let other = Server::answering(|_| Response::new(201));
    let to = other.url();
    let server = Server::answering(move |_| Response::new(307).with("location", &to));
    let place = Place::new();
    let from = place.file("from", &noise(300_000));
    remote_at(&server.url()).push(&key(1), &from, &about()).unwrap();
    let sent = &other.requests()[0];
    assert_eq!((sent.method.as_str(), sent.body.len()), ("PUT", 300_000));
    assert!(sent.header("authorization").is_none() && sent.header("x-artifact-duration").is_none());
}

#[test]
fn an_upload_does_not_become_a_download() {
    let other = Server::answering(|_| Response::new(200));
    let to = other.url();
    let server = Server::answering(move |_| Response::new(302).with("location", &to));
    let place = Place::new();
    let from = place.file("from", b"x");
    let error = remote_at(&server.url()).push(&key(1), &from, &about()).unwrap_err();
    assert_eq!(error.code(), "VX_REMOTE_ANSWER");
    assert!(other.requests().is_empty());
}

#[test]
fn not_without_end_and_not_anywhere() {
    for location in ["/again", "file:///etc/passwd", "gopher://x", "//", ""] {
        let server = Server::scripted(move |_, stream| {
            let head =
                format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).is_ok()
        });
        let place = Place::new();
        let result =
            within(SOON, || remote_at(&server.url()).fetch(&key(1), &place.at("into"), up_to(MIB)));
        assert_eq!(result.unwrap_err().code(), "VX_REMOTE_ANSWER", "{location}");
        assert!(server.requests().len() <= 6);
    }
}
