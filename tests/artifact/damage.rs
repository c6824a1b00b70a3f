//! A damaged artifact is an error or, where a changed bit means nothing, the same content; never another one.

use std::fs;
use std::os::unix::fs::symlink;

use vx::artifact::{ArtifactError, read_logs, read_meta, unpack};
use vx::error::Coded;
use vx::key::Key;

use super::support::{Place, key, meta, plain, project};

fn small() -> Place {
    let place = Place::new();
    let outputs = [project("dist/a.js"), project("dist/b"), project("dist/link")];
    place.file(&outputs[0], b"console.log(1)\n");
    fs::create_dir(place.path(&outputs[1])).unwrap();
    symlink("a.js", place.path(&outputs[2])).unwrap();
    place.pack(&outputs);
    place
}

#[test]
fn every_truncation_is_noticed() {
    let place = small();
    let whole = fs::read(place.artifact()).unwrap();
    let before = place.everything_else();
    for len in 0..whole.len() {
        fs::write(place.artifact(), &whole[..len]).unwrap();
        let error = place.unpack().unwrap_err();
        assert_eq!(error.code(), "VX_ARTIFACT_CORRUPT", "{len}: {error}");
        if let Ok(read) = read_meta(&place.artifact()) {
            assert_eq!(read, meta());
        }
        let _ = read_logs(&place.artifact(), &key());
    }
    assert_eq!(place.everything_else(), before);
}

#[test]
fn a_truncated_large_artifact_is_noticed_and_leaves_nothing_behind() {
    let place = Place::new();
    let bytes: Vec<u8> =
        (0..18_u32 << 18).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let output = project("big");
    place.file(&output, &bytes);
    place.pack(&[output]);
    let whole = fs::read(place.artifact()).unwrap();
    let before = place.everything_else();
    for part in 1..8 {
        fs::write(place.artifact(), &whole[..whole.len() / 8 * part]).unwrap();
        assert_eq!(place.unpack().unwrap_err().code(), "VX_ARTIFACT_CORRUPT");
        assert_eq!(place.everything_else(), before);
    }
}

#[test]
fn no_changed_bit_gives_other_content() {
    let place = small();
    let whole = fs::read(place.artifact()).unwrap();
    let expected = plain(&place.unpack().unwrap());
    let before = place.everything_else();
    let mut unnoticed = 0;
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(place.artifact(), &bytes).unwrap();
        match place.unpack() {
            Ok(unpacked) => {
                unnoticed += 1;
                assert_eq!(plain(&unpacked), expected, "bit {bit}");
                assert_eq!(unpacked.meta, meta());
                assert_eq!(unpacked.logs.stdout.bytes().unwrap(), b"out\n");
                assert_eq!(unpacked.logs.stderr.bytes().unwrap(), b"err\n");
            }
            Err(error) => assert!(
                matches!(
                    error,
                    ArtifactError::Corrupt { .. }
                        | ArtifactError::OtherKey { .. }
                        | ArtifactError::OtherVersion { .. }
                ),
                "bit {bit}: {error}"
            ),
        }
        let _ = read_meta(&place.artifact());
        let _ = read_logs(&place.artifact(), &key());
    }
    assert_eq!(place.everything_else(), before);
    // Some bits of a frame mean nothing; most do.
    assert!(unnoticed * 10 < whole.len() * 8, "{unnoticed}");
}

#[test]
fn what_follows_the_end_is_noticed() {
    let place = small();
    let whole = fs::read(place.artifact()).unwrap();
    for extra in [&b"\0"[..], b"garbage", &whole, b"\x50\x2a\x4d\x18\0\0\0\0"] {
        fs::write(place.artifact(), [&whole, extra].concat()).unwrap();
        assert_eq!(place.unpack().unwrap_err().code(), "VX_ARTIFACT_CORRUPT");
    }
}

#[test]
fn each_failure_has_its_own_code() {
    let place = small();
    let (mine, other) = (key(), Key::parse(&"f".repeat(32)).unwrap());
    let code = |result: Result<_, ArtifactError>| result.map(|_| ()).unwrap_err().code();
    let open = |key| unpack(&place.artifact(), key, &place.staging(), &|_| true);
    assert_eq!(code(open(&other)), "VX_ARTIFACT_OTHER_KEY");
    assert_eq!(read_logs(&place.artifact(), &other).unwrap_err().code(), "VX_ARTIFACT_OTHER_KEY");
    fs::write(place.artifact(), "").unwrap();
    assert_eq!(code(open(&mine)), "VX_ARTIFACT_CORRUPT");
    fs::remove_file(place.artifact()).unwrap();
    assert_eq!(code(open(&mine)), "VX_ARTIFACT_MISSING");
    assert_eq!(read_meta(&place.artifact()).unwrap_err().code(), "VX_ARTIFACT_MISSING");
    fs::create_dir(place.artifact()).unwrap();
    assert_eq!(code(open(&mine)), "VX_ARTIFACT_IO");
}
