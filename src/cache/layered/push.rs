//! Handing a saved artifact to the remote, signed where there is a key to sign with.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::layer::RemoteLayer;
use crate::cache::directory;
use crate::cache::handle::Cache;
use crate::error::Coded;
use crate::key::Key;
use crate::remote::{Pushed, RemoteError};
use crate::trust::{Artifact, Signer, TrustError};

/// Why an artifact did not go up.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// It is not there any more, or cannot be read.
    #[error("its artifact cannot be read: {0}")]
    Read(io::Error),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(TrustError),
    /// The remote did not take it.
    #[error(transparent)]
    Remote(RemoteError),
}

impl Coded for PushError {
    fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "VX_REMOTE_FILE",
            Self::Sign(error) => error.code(),
            Self::Remote(error) => error.code(),
        }
    }
}

impl RemoteLayer {
    /// Uploads the artifact of `key`, in place of what the remote has; gives the bytes that were sent.
    ///
    /// # Errors
    /// [`PushError`].
    pub fn push(&self, cache: &Cache, key: &Key, duration_ms: u64) -> Result<u64, PushError> {
        let path = directory::artifact(cache.dir(), key);
        let tag = if matches!(self.signer, Signer::None) {
            None
        } else {
            let (sha256, bytes) = digest(&path).map_err(PushError::Read)?;
            let artifact = Artifact { key, team: &self.team, sha256, bytes, path: &path };
            self.signer.tag(&artifact, &self.provenance).map_err(PushError::Sign)?
        };
        let commit = self.provenance.commit.as_deref();
        let about = Pushed { duration_ms, tag: tag.as_deref(), commit };
        self.remote.push(key, &path, &about).map_err(PushError::Remote)
    }
}

fn digest(path: &Path) -> io::Result<([u8; 32], u64)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 128 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((hash.finalize().into(), bytes)),
            Ok(read) => {
                hash.update(&buffer[..read]);
                bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
