//! The workspace fingerprint: the one lever that moves every key when an install or the workspace's shape does.

use std::io::ErrorKind;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use super::canonical::canonical_json;
use super::derive::KeyError;
use super::framing::Framing;
use crate::stamp::Stamp;

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

/// What [`workspace_fingerprint`] was taken from, so that it need not be taken again while nothing moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// 32 lower-case hex digits.
    pub value: String,
    /// Of each file that takes part, links followed; `None` as a whole where some stamp is no proof.
    stamps: Option<Vec<Option<Stamp>>>,
}

impl Fingerprint {
    /// Takes it.
    ///
    /// # Errors
    /// As [`workspace_fingerprint`].
    pub fn take(root: &Path) -> Result<Self, KeyError> {
        let looked_at = SystemTime::now();
        let before = stamps(root);
        let value = workspace_fingerprint(root)?;
        let is_proof = |stamp: &Option<Stamp>| stamp.is_none_or(|stamp| stamp.is_proof(looked_at));
        let stands = before.iter().all(is_proof) && stamps(root) == before;
        Ok(Self { value, stamps: stands.then_some(before) })
    }

    /// As of now, read again only where something moved.
    ///
    /// # Errors
    /// As [`workspace_fingerprint`].
    pub fn now(&self, root: &Path) -> Result<String, KeyError> {
        if self.stamps.as_ref().is_some_and(|then| *then == stamps(root)) {
            return Ok(self.value.clone());
        }
        workspace_fingerprint(root)
    }
}

fn stamps(root: &Path) -> Vec<Option<Stamp>> {
    let names = FINGERPRINT_FILES.iter().chain(&["package.json"]);
    names.map(|name| std::fs::metadata(root.join(name)).ok().map(|at| Stamp::of(&at))).collect()
}

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
    use std::time::Duration;

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
    fn it_is_read_again_when_anything_moved() {
        let dir = tempfile::tempdir().unwrap();
        let lockfile = dir.path().join("yarn.lock");
        let old = SystemTime::now() - Duration::from_mins(1);
        let write = |text: &str, at: SystemTime| {
            std::fs::write(&lockfile, text).unwrap();
            std::fs::File::open(&lockfile).unwrap().set_modified(at).unwrap();
        };
        write("one", old);
        let racy = Fingerprint::take(dir.path()).unwrap();
        assert_eq!(racy.stamps, None, "just changed");
        assert_eq!(racy.now(dir.path()).unwrap(), racy.value);
        let taken = Fingerprint { stamps: Some(stamps(dir.path())), ..racy };
        assert_eq!(taken.now(dir.path()).unwrap(), taken.value);
        // Same size, and the time put back: the ctime tells.
        write("two", old);
        assert_ne!(taken.now(dir.path()).unwrap(), taken.value);
        std::fs::remove_file(&lockfile).unwrap();
        assert_ne!(taken.now(dir.path()).unwrap(), taken.value);
    }

    #[test]
    fn a_broken_manifest_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("package.json"), "{").unwrap();
        let error = workspace_fingerprint(dir.path()).unwrap_err();
        assert!(error.to_string().contains("package.json"), "{error}");
    }
}
