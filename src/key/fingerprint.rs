//! The workspace fingerprint: the one lever that moves every key when an install or the workspace's shape does.

use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

use super::canonical::canonical_json;
use super::derive::KeyError;
use super::framing::Framing;

/// The files at the workspace root that take part, in this order.
pub const FINGERPRINT_FILES: [&str; 7] = [
    "pnpm-lock.yaml",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "bun.lock",
    "bun.lockb",
    "pnpm-workspace.yaml",
];

/// `workspaceFingerprint` of design section 5 for the workspace at `root`: 32 lower-case hex digits.
///
/// # Errors
/// [`KeyError::Unreadable`] when a file exists and cannot be read, [`KeyError::Manifest`].
pub fn workspace_fingerprint(root: &Path) -> Result<String, KeyError> {
    let mut stream = Framing::hashing();
    for name in FINGERPRINT_FILES {
        if let Some(bytes) = read_existing(&root.join(name))? {
            stream.text(name).bytes(&bytes);
        }
    }
    let manifest = root.join("package.json");
    if let Some(bytes) = read_existing(&manifest)? {
        let manifest: Value = serde_json::from_slice(without_bom(&bytes))
            .map_err(|source| KeyError::Manifest { path: manifest, source })?;
        if let Some(workspaces) = manifest.get("workspaces") {
            stream.text("workspaces").text(&canonical_json(workspaces));
        }
    }
    Ok(stream.hex())
}

/// npm and its kin accept a byte order mark before a manifest; so do we.
fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn read_existing(path: &Path) -> Result<Option<Vec<u8>>, KeyError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(KeyError::Unreadable { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lockfile_and_the_workspaces_field_move_it_and_other_fields_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let empty = workspace_fingerprint(dir.path()).unwrap();
        std::fs::write(dir.path().join("package.json"), r#"{"name":"x"}"#).unwrap();
        assert_eq!(workspace_fingerprint(dir.path()).unwrap(), empty);
        std::fs::write(
            dir.path().join("package.json"),
            r#"{"workspaces":["packages/*"],"name":"y"}"#,
        )
        .unwrap();
        let shaped = workspace_fingerprint(dir.path()).unwrap();
        assert_ne!(shaped, empty);
        std::fs::write(dir.path().join("yarn.lock"), "").unwrap();
        assert_ne!(workspace_fingerprint(dir.path()).unwrap(), shaped);
    }

    #[test]
    fn a_broken_manifest_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("package.json"), "{").unwrap();
        let error = workspace_fingerprint(dir.path()).unwrap_err();
        assert!(error.to_string().contains("package.json"), "{error}");
    }
}
