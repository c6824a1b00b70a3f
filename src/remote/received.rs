//! A body on its way into a new file: counted, hashed, and gone again unless it came whole.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::error::RemoteError;
use super::remote::Fetched;

/// A file that is being received. Dropped before [`Received::keep`], it is removed.
pub(super) struct Received<'a> {
    path: &'a Path,
    file: File,
    sha256: Sha256,
    bytes: u64,
    limit: u64,
    host: &'a str,
    kept: bool,
}

impl<'a> Received<'a> {
    /// Creates `path`, which must not exist yet.
    pub(super) fn create(path: &'a Path, limit: u64, host: &'a str) -> Result<Self, RemoteError> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|error| RemoteError::file(path, &error))?;
        Ok(Self { path, file, sha256: Sha256::new(), bytes: 0, limit, host, kept: false })
    }

    /// Refuses what is declared to be too much before any of it comes.
    pub(super) fn expect(&self, declared: Option<u64>) -> Result<(), RemoteError> {
        if declared.is_some_and(|declared| declared > self.limit) {
            Err(self.too_large())
        } else {
            Ok(())
        }
    }

    /// Takes the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), RemoteError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.limit {
            return Err(self.too_large());
        }
        self.sha256.update(bytes);
        self.file.write_all(bytes).map_err(|error| RemoteError::file(self.path, &error))
    }

    /// It came whole, with this tag.
    pub(super) fn keep(mut self, tag: Option<String>) -> Fetched {
        self.kept = true;
        let sha256 = std::mem::take(&mut self.sha256).finalize().into();
        Fetched { bytes: self.bytes, sha256, tag, duration_ms: None }
    }

    fn too_large(&self) -> RemoteError {
        RemoteError::TooLarge { host: self.host.to_owned(), limit: self.limit }
    }
}

impl Drop for Received<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed either is a leftover in the caller's directory of temporary files.
            let _ = std::fs::remove_file(self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_gone_unless_it_came_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        let mut received = Received::create(&path, 4, "host").unwrap();
        received.take(b"abcd").unwrap();
        let error = received.take(b"e").unwrap_err();
        assert!(matches!(error, RemoteError::TooLarge { limit: 4, .. }), "{error}");
        drop(received);
        assert!(!path.exists());

        let mut received = Received::create(&path, 4, "host").unwrap();
        assert!(received.expect(Some(4)).is_ok() && received.expect(Some(5)).is_err());
        received.take(b"c").unwrap();
        received.take(b"d").unwrap();
        let fetched = received.keep(None);
        let sha256 = fetched.sha256.as_slice();
        assert_eq!((fetched.bytes, sha256), (2, Sha256::digest(b"cd").as_slice()));
        assert_eq!(std::fs::read(&path).unwrap(), b"cd");
    }

    #[test]
    fn what_was_there_before_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        std::fs::write(&path, "mine").unwrap();
        assert!(Received::create(&path, 4, "host").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    }
}
