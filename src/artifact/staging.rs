//! Where decoded contents wait until the whole artifact has been verified: in memory while they are small,
//! else in a directory that is made on demand and removed with its holder.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::error::ArtifactError;
use super::unpack::Content;
use crate::fault;

/// Contents kept in memory, all together: 16 MiB.
pub(super) const IN_MEMORY: u64 = 16 << 20;

/// What a content in memory takes besides its bytes.
const PER_CONTENT: u64 = 32;

/// A content in a file of the staging directory, which may be moved away.
#[derive(Clone, Debug)]
pub struct Staged {
    /// Shared: there may be very many.
    dir: Arc<Path>,
    number: u64,
}

impl Staged {
    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.join(self.number.to_string())
    }
}

/// The place and the room that is left in memory.
#[derive(Debug)]
pub(super) struct Staging {
    base: PathBuf,
    /// A directory of its own below `base`, so that several may share one `base`.
    dir: Option<(TempDir, Arc<Path>)>,
    /// Whether `base` was made here and goes away again.
    made_base: bool,
    room: u64,
    files: u64,
}

impl Staging {
    pub(super) const fn new(base: PathBuf, room: u64) -> Self {
        Self { base, dir: None, made_base: false, room, files: 0 }
    }

    /// Takes a content of `size` bytes; `reading` says what an error of `body` means.
    pub(super) fn keep(
        &mut self,
        body: &mut dyn Read,
        size: u64,
        reading: &dyn Fn(io::Error) -> ArtifactError,
    ) -> Result<Content, ArtifactError> {
        if size == 0 {
            return Ok(Content::Memory(Vec::new()));
        }
        if size.saturating_add(PER_CONTENT) <= self.room {
            self.room -= size + PER_CONTENT;
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
            body.read_to_end(&mut bytes).map_err(reading)?;
            return Ok(Content::Memory(bytes));
        }
        let staged = self.next()?;
        let path = staged.path();
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(ArtifactError::io("create", &path))?;
        let mut buffer = vec![0; 128 << 10];
        loop {
            let read = body.read(&mut buffer).map_err(reading)?;
            if read == 0 {
                fault::point("restore.staging").map_err(ArtifactError::io("write", &path))?;
                return Ok(Content::Staged(staged));
            }
            io::Write::write_all(&mut file, &buffer[..read])
                .map_err(ArtifactError::io("write", &path))?;
        }
    }

    fn next(&mut self) -> Result<Staged, ArtifactError> {
        let (made, dir) = if let Some(dir) = self.dir.take() {
            dir
        } else {
            let made = self.make();
            let made = made.map_err(ArtifactError::io("create a directory in", &self.base))?;
            let dir = Arc::from(made.path());
            (made, dir)
        };
        let staged = Staged { dir: Arc::clone(&dir), number: self.files };
        self.dir = Some((made, dir));
        self.files += 1;
        Ok(staged)
    }

    fn make(&mut self) -> io::Result<TempDir> {
        let mut attempts = 0;
        loop {
            if !self.base.is_dir() {
                fs::create_dir_all(&self.base)?;
                self.made_base = true;
            }
            attempts += 1;
            match tempfile::Builder::new().prefix(".unpack-").tempdir_in(&self.base) {
                // Another holder may have removed the base that it had made.
                Err(error) if error.kind() == ErrorKind::NotFound && attempts < 10 => {}
                result => return result,
            }
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        drop(self.dir.take());
        if self.made_base {
            // Fails where another holder still has its directory there; that one may have to leave it.
            let _ = fs::remove_dir(&self.base);
        }
    }
}
