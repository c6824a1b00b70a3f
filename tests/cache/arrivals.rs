//! Artifacts that come from another machine's cache.

use std::fs;

use vx::cache::CacheError;
use vx::error::Coded;

use crate::fixture::{Fixture, key};

/// The bytes of an artifact that another cache made.
fn made_elsewhere(n: u32) -> Vec<u8> {
    let elsewhere = Fixture::new();
    let cache = elsewhere.open();
    elsewhere.run_and_save(&cache, n);
    fs::read(elsewhere.artifact(n)).unwrap()
}

#[test]
fn what_arrives_whole_is_an_entry_like_any_other() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let incoming = cache.incoming().unwrap();
    fs::write(incoming.path(), made_elsewhere(7)).unwrap();
    let entry = cache.ingest(&key(7), incoming).unwrap();
    assert_eq!((entry.task_id.as_str(), entry.duration_ms), ("a#build", 1_234));
    assert_eq!(cache.get(&key(7)).unwrap().as_ref(), Some(&entry));
    assert_eq!(cache.logs(&entry).unwrap().stdout.bytes().unwrap(), b"built\n");
    assert_eq!(cache.outputs(&entry).unwrap().len(), 1);
    fixture.restore(&cache, 7).unwrap();
    assert_eq!(fixture.read("dist/a.js").as_deref(), Some("result 7"));
    assert!(fixture.names(".tmp-").is_empty());
}

#[test]
fn what_is_not_whole_changes_nothing() {
    let whole = made_elsewhere(7);
    let fixture = Fixture::new();
    let cache = fixture.open();
    let mine = fixture.run_and_save(&cache, 7);
    let before = fs::read(fixture.artifact(7)).unwrap();
    let damaged = [
        Vec::new(),
        b"<html>502 Bad Gateway</html>".to_vec(),
        whole[..whole.len() - 1].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        [whole.clone(), vec![0]].concat(),
        flipped(&whole, whole.len() / 2),
        flipped(&whole, whole.len() - 1),
        made_elsewhere(8),
    ];
    for bytes in damaged {
        let incoming = cache.incoming().unwrap();
        fs::write(incoming.path(), bytes).unwrap();
        let error = cache.ingest(&key(7), incoming).unwrap_err();
        assert!(matches!(error, CacheError::Artifact(_)), "{error} ({})", error.code());
    }
    assert_eq!(fs::read(fixture.artifact(7)).unwrap(), before);
    assert_eq!(cache.get(&key(7)).unwrap(), Some(mine));
    assert!(fixture.names(".tmp-").is_empty());
}

#[test]
fn room_that_is_not_used_leaves_nothing() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let (one, other) = (cache.incoming().unwrap(), cache.incoming().unwrap());
    assert_ne!(one.path(), other.path());
    fs::write(one.path(), "half of it").unwrap();
    drop((one, other));
    assert!(fixture.names(".tmp-").is_empty());
    cache.close().unwrap();
    assert_eq!(cache.incoming().unwrap_err().code(), "VX_CLOSED");
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}
