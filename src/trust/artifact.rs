//! What is signed and judged: the bytes of one artifact, and the key under which they are offered.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::key::Key;

/// The bytes of one artifact under its key. Whoever makes one has counted and hashed the bytes itself: neither comes
/// from the remote.
#[derive(Clone, Copy, Debug)]
pub struct Artifact<'a> {
    /// The key under which it is stored, or was asked for.
    pub key: &'a Key,
    /// The team as the remote knows it; empty without one.
    pub team: &'a str,
    /// The SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// How many bytes there are.
    pub bytes: u64,
    /// The file that holds them.
    pub path: &'a Path,
}

impl Artifact<'_> {
    /// Gives all bytes to `take`, piece by piece.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::InvalidData`] when the file does not hold as many bytes as it should.
    pub(super) fn stream(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let mut file = File::open(self.path)?;
        let mut buffer = vec![0; 64 * 1024];
        let mut seen: u64 = 0;
        loop {
            let read = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            take(&buffer[..read]);
            seen += read as u64;
            if seen > self.bytes {
                break;
            }
        }
        if seen == self.bytes {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "it changed while it was looked at"))
        }
    }
}
