//! An artifact on its way in from elsewhere: a temporary file that is verified before anyone can find it.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use tempfile::NamedTempFile;

use super::captured::Logs;
use super::entries::read_entries;
use super::error::ArtifactError;
use super::meta::Meta;
use super::names::Names;
use super::output::OutputPath;
use super::pack::{persist, unfinished};
use super::unpack::{Front, accepted};
use crate::key::Key;

/// What was found in a verified artifact, besides the contents of its outputs.
#[derive(Debug)]
pub struct Verified {
    /// Whose result it is.
    pub meta: Meta,
    /// What the task wrote.
    pub logs: Logs,
    /// Its outputs, sorted.
    pub outputs: Vec<OutputPath>,
    /// Bytes of the artifact.
    pub size: u64,
}

/// A place in the cache directory for one artifact. Dropping it removes what was written there.
#[derive(Debug)]
pub struct Incoming {
    place: NamedTempFile<()>,
}

impl Incoming {
    /// Finds a free name; the file itself is for the caller to make.
    ///
    /// # Errors
    /// [`ArtifactError::Io`].
    pub fn new(cache_dir: &Path) -> Result<Self, ArtifactError> {
        let place = tempfile::Builder::new().prefix(&unfinished()).make_in(cache_dir, |path| {
            let taken = path.symlink_metadata().is_ok();
            if taken { Err(io::ErrorKind::AlreadyExists.into()) } else { Ok(()) }
        });
        let place = place.map_err(ArtifactError::io("find room for an artifact in", cache_dir))?;
        Ok(Self { place })
    }

    /// Where the file belongs.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// Decodes all of it and checks what can be checked without knowing its task: checksum, version, key, the order of
    /// its entries and every name. Bounded memory; nothing is written.
    ///
    /// # Errors
    /// As [`super::unpack()`].
    pub fn verify(&self, key: &Key) -> Result<Verified, ArtifactError> {
        let path = self.path();
        let mut front = Front::new(path, Some(key));
        let (mut names, mut outputs) = (Names::new(), Vec::new());
        read_entries(path, &mut |head, body| {
            if !front.take(&head, body)? {
                outputs.push(accepted(path, &head, &mut names, &|_| true)?);
                io::copy(body, &mut io::sink()).map_err(ArtifactError::reading(path))?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let (meta, logs) = front.finish()?;
        let size = path.metadata().map_err(ArtifactError::reading(path))?.len();
        Ok(Verified { meta, logs, outputs, size })
    }

    /// Puts it in the place of an artifact.
    ///
    /// # Errors
    /// [`ArtifactError::Io`]; the file is gone then.
    pub fn publish(self, dest: &Path) -> Result<(), ArtifactError> {
        persist(self.place, dest).map_err(ArtifactError::io("rename a fetched artifact to", dest))
    }
}
