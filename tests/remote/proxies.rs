//! Proxies: who goes through one, and what it gets to see.

use std::io::Write as _;
use std::net::{Shutdown, TcpStream};

use vx::error::Coded as _;

use super::server::{Response, Server};
use super::support::{MIB, Place, key, remote, up_to};
use super::tls::tls_server;

fn fetch(variables: &[(&str, &str)]) -> u64 {
    let place = Place::new();
    let fetched = remote(variables).fetch(&key(1), &place.at("into"), up_to(MIB));
    fetched.unwrap().unwrap().bytes
}

#[test]
fn without_tls_the_proxy_is_asked_for_the_whole_url() {
    let proxy = Server::answering(|_| Response::new(200).body("abc"));
    let url = proxy.url().replace("http://", "http://me:pw@");
    for variable in ["http_proxy", "HTTP_PROXY", "ALL_PROXY"] {
        let url = [("VX_REMOTE_CACHE_URL", "http://cache.test:81"), (variable, url.as_str())];
        assert_eq!(fetch(&url), 3, "{variable}");
    }
    for request in proxy.requests() {
        assert!(
            request.target.starts_with("http://cache.test:81/v8/artifacts/"),
            "{}",
            request.target
        );
        assert_eq!(request.header("proxy-authorization"), Some("Basic bWU6cHc="));
    }
}

#[test]
fn some_hosts_are_reached_without_it() {
    let proxy = Server::answering(|_| Response::new(502));
    let server = Server::answering(|_| Response::new(200).body("abc"));
    let bytes = fetch(&[
        ("VX_REMOTE_CACHE_URL", &server.url()),
        ("HTTP_PROXY", &proxy.url()),
        ("HTTPS_PROXY", &proxy.url()),
        ("NO_PROXY", "example.com,127.0.0.1"),
    ]);
    assert_eq!((bytes, proxy.requests().len(), server.requests().len()), (3, 0, 1));
}

#[test]
fn with_tls_the_proxy_sees_nothing() {
    let tls = tls_server("127.0.0.1");
    let proxy = Server::scripted(|request, stream| {
        assert_eq!(request.method, "CONNECT");
        let mut there = TcpStream::connect(&request.target).unwrap();
        stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
        let (mut from, mut to) = (stream.try_clone().unwrap(), there.try_clone().unwrap());
        let onward = std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let _ = std::io::copy(&mut there, stream);
        let _ = stream.shutdown(Shutdown::Both);
        onward.join().unwrap();
        false
    });
    let url = format!("https://{}", tls.server.address);
    let bytes = fetch(&[
        ("VX_REMOTE_CACHE_URL", &url),
        ("VX_REMOTE_CACHE_TOKEN", "s3cret-token"),
        ("https_proxy", &proxy.url()),
        ("SSL_CERT_FILE", tls.authority.to_str().unwrap()),
    ]);
    assert_eq!(bytes, 3);
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].headers.iter().all(|(_, value)| !value.contains("s3cret")));
}

#[test]
fn a_proxy_that_wants_a_password() {
    let proxy = Server::answering(|_| Response::new(407));
    let place = Place::new();
    let remote =
        remote(&[("VX_REMOTE_CACHE_URL", "http://cache.test"), ("HTTP_PROXY", &proxy.url())]);
    let error = remote.fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap_err();
    assert_eq!(error.code(), "VX_REMOTE_CONFIG");
    assert!(error.to_string().contains(&proxy.url()), "{error}");
    // Nothing but another setting mends that.
    remote.fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap_err();
    assert_eq!(proxy.requests().len(), 1);
}

#[test]
fn a_check_names_the_proxy_without_its_password() {
    let proxy = Server::answering(|_| Response::new(404));
    let url = proxy.url().replace("http://", "http://me:hunter2@");
    let health =
        remote(&[("VX_REMOTE_CACHE_URL", "http://cache.test"), ("HTTP_PROXY", &url)]).check();
    let (_, named) = health.facts.iter().find(|(name, _)| *name == "proxy").unwrap();
    assert_eq!(named, &proxy.url());
    assert!(!format!("{health:?}").contains("hunter2"));
}
