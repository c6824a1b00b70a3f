//! Memory stays bounded whatever the size of an artifact. Measured in a process of its own.

#![cfg(target_os = "linux")]

use std::io::{BufReader, Read as _, Write as _};
use std::process::Command;

use super::server::{Server, read_head};
use super::support::{MIB, Place, about, key, remote_at, up_to};

/// What goes over the line, and what that may take.
const SIZE: u64 = 96 * MIB;
const BOUND: u64 = 24 * MIB;

/// A server that swallows uploads and makes up downloads.
fn endless() -> Server {
    Server::raw(|mut stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let request = read_head(&mut reader).unwrap();
        if request.method == "PUT" {
            let len = request.header("content-length").unwrap().parse().unwrap();
            std::io::copy(&mut reader.take(len), &mut std::io::sink()).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        } else {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n").unwrap();
            let _ = std::io::copy(&mut std::io::repeat(7).take(SIZE), &mut stream);
        }
    })
}

/// The most that this process has taken so far.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
#[ignore = "runs in a process of its own"]
fn both_ways() {
    let (server, place) = (endless(), Place::new());
    let remote = remote_at(&server.url());
    let before = peak();
    let into = place.at("into");
    let fetched = remote.fetch(&key(1), &into, up_to(SIZE)).unwrap().unwrap();
    assert_eq!(fetched.bytes, SIZE);
    assert_eq!(remote.push(&key(1), &into, &about()).unwrap(), SIZE);
    let took = peak() - before;
    assert!(took < BOUND, "took {} MiB", took / MIB);
}

#[test]
fn a_large_artifact_takes_no_more_than_a_small_one() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["memory::both_ways", "--exact", "--ignored"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
