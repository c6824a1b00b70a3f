//! What a private key signs: a statement about one artifact, every field length-prefixed as in a cache key, so that no
//! two statements are the same bytes and none can be taken for anything else that the key may ever sign.
//!
//! ```text
//! str("vx-artifact-v1") str(key) str(sha256) str(number of bytes, u64 little-endian) str(provenance, canonical JSON)
//! ```
//!
//! The team is not part of it: the same artifact may lie in several stores, some of which know no teams, and whom to
//! believe is said by the public key alone.

use super::artifact::Artifact;
use super::provenance::Provenance;
use crate::key::Framing;

const DOMAIN: &str = "vx-artifact-v1";

/// The bytes to sign.
pub(super) fn statement(artifact: &Artifact<'_>, provenance: &Provenance) -> Vec<u8> {
    let mut stream = Framing::<Vec<u8>>::default();
    stream
        .text(DOMAIN)
        .text(artifact.key.as_str())
        .bytes(&artifact.sha256)
        .bytes(&artifact.bytes.to_le_bytes())
        .text(&provenance.to_json());
    stream.into_inner()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::key::Key;

    #[test]
    fn the_bytes_are_what_they_were() {
        let key = Key::parse(&"0a".repeat(16)).unwrap();
        let artifact =
            Artifact { key: &key, team: "t", sha256: [7; 32], bytes: 258, path: Path::new("") };
        let provenance = Provenance { commit: Some("c".to_owned()), ..Provenance::default() };
        let mut expected = Vec::new();
        for field in [
            b"vx-artifact-v1".as_slice(),
            "0a".repeat(16).as_bytes(),
            &[7; 32],
            &[2, 1, 0, 0, 0, 0, 0, 0],
            br#"{"commit":"c"}"#,
        ] {
            expected.extend_from_slice(&(field.len() as u64).to_le_bytes());
            expected.extend_from_slice(field);
        }
        assert_eq!(statement(&artifact, &provenance), expected);
    }
}
