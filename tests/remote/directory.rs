//! A shared directory as a store.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use vx::error::Coded as _;
use vx::remote::{Pushed, Remote};

use super::support::{MIB, Place, about, hurried, key, noise, remote, up_to, within};

fn at(place: &Place, name: &str) -> Remote {
    let url = format!("file://{}", place.at(name).to_str().unwrap());
    remote(&[("VX_REMOTE_CACHE_URL", &url)])
}

#[test]
fn what_is_pushed_comes_back() {
    let place = Place::new();
    let remote = at(&place, "new/store");
    for (number, len) in [(1, 0), (2, 1), (3, 3_000_000)] {
        let bytes = noise(len);
        let from = place.file("from", &bytes);
        let pushed = Pushed { tag: (number > 1).then_some("a tag"), ..about() };
        assert_eq!(remote.push(&key(number), &from, &pushed).unwrap(), len as u64);
        let into = place.at(&format!("into-{number}"));
        let fetched = remote.fetch(&key(number), &into, up_to(10 * MIB)).unwrap().unwrap();
        assert_eq!(std::fs::read(&into).unwrap(), bytes);
        assert_eq!(fetched.sha256.as_slice(), Sha256::digest(&bytes).as_slice());
        assert_eq!(fetched.tag.as_deref(), pushed.tag);
    }
    assert_eq!(remote.has(&[key(1), key(3), key(4)]).unwrap(), [key(1), key(3)].into());
    let store = std::fs::read_dir(place.at("new/store")).unwrap();
    assert_eq!(store.count(), 5, "three artifacts, two tags, and nothing temporary");
}

#[test]
fn what_is_not_there() {
    let place = Place::new();
    let remote = at(&place, "store");
    assert_eq!(remote.fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap(), None);
    assert!(remote.has(&[key(1)]).unwrap().is_empty());
    assert!(place.names().is_empty(), "looking makes nothing");
    assert!(remote.check().problem.is_some(), "it may not be mounted");
    std::fs::create_dir(place.at("store")).unwrap();
    assert_eq!(remote.check().problem, None);
}

#[test]
fn too_much_ends_before_it_is_read() {
    let place = Place::new();
    let remote = at(&place, "store");
    remote.push(&key(1), &place.file("from", &noise(100)), &about()).unwrap();
    let error = remote.fetch(&key(1), &place.at("into"), up_to(99)).unwrap_err();
    assert_eq!(error.code(), "VX_REMOTE_TOO_LARGE");
    assert!(!place.at("into").exists());
    std::fs::write(place.at(&format!("store/{}.tar.zst.sig", key(1))), noise(20_000)).unwrap();
    let fetched = remote.fetch(&key(1), &place.at("into"), up_to(100)).unwrap().unwrap();
    assert_eq!(fetched.tag, None, "no tag is that long");
}

#[cfg(unix)]
#[test]
fn a_file_that_hangs_is_given_up() {
    let place = Place::new();
    std::fs::create_dir(place.at("store")).unwrap();
    let pipe = place.at(&format!("store/{}.tar.zst", key(1)));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Opening a pipe waits for somebody who writes: as a share does whose server is gone.
    let error = within(Duration::from_secs(3), || {
        let url = format!("file://{}", place.at("store").to_str().unwrap());
        let remote = hurried(&[("VX_REMOTE_CACHE_URL", &url)]);
        remote.fetch(&key(1), &place.at("into"), up_to(MIB)).unwrap_err()
    });
    assert_eq!(error.code(), "VX_REMOTE_TIMEOUT");
    // Lets the thread that still opens it end.
    drop(std::fs::OpenOptions::new().write(true).open(&pipe).unwrap());
}
