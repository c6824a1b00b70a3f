//! A directory as a store: a mounted share, most often.
//!
//! A share can hang like any server: its files are opened, read and written on threads that nobody has to wait
//! for, under the deadlines of the network. An artifact appears whole or not at all.

use std::collections::HashSet;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::error::{RemoteError, Wait};
use super::names::{LARGEST_TAG, artifact_name, tag_name};
use super::received::Received;
use super::remote::{Fetched, Pushed};
use super::transfer::{Call, Limits};
use crate::key::Key;

const PIECE: usize = 256 * 1024;

/// A directory with artifacts.
pub(super) struct Directory {
    root: PathBuf,
    host: String,
}

impl Directory {
    pub(super) fn new(root: PathBuf, host: String) -> Self {
        Self { root, host }
    }

    pub(super) async fn fetch(
        &self,
        call: &Call,
        key: &Key,
        into: &Path,
        limits: Limits,
    ) -> Result<Option<Fetched>, RemoteError> {
        let Some(mut artifact) = self.open(call, &artifact_name(key)).await? else {
            return Ok(None);
        };
        let mut received = Received::create(into, limits.max_bytes, &self.host)?;
        received.expect(Some(artifact.len))?;
        while let Some(piece) = artifact.next(self, call).await? {
            received.take(&piece)?;
        }
        let tag = self.tag(call, key).await?;
        Ok(Some(received.keep(tag)))
    }

    pub(super) async fn push(
        &self,
        call: &Call,
        key: &Key,
        from: &Path,
        about: &Pushed<'_>,
    ) -> Result<(), RemoteError> {
        // The tag first: an artifact is never seen without it.
        if let Some(tag) = about.tag {
            self.write(call, tag_name(key), tag.as_bytes()).await?;
        }
        let file = File::open(from).map_err(|error| RemoteError::file(from, &error))?;
        self.write(call, artifact_name(key), file).await
    }

    pub(super) async fn has(&self, call: &Call, keys: &[Key]) -> Result<HashSet<Key>, RemoteError> {
        let (root, keys) = (self.root.clone(), keys.to_vec());
        self.aside(call, call.deadlines.first_byte, move || {
            let mut found = HashSet::new();
            for key in keys {
                if is_there(&root.join(artifact_name(&key)))? {
                    found.insert(key);
                }
            }
            Ok(found)
        })
        .await
    }

    pub(super) async fn check(&self, call: &Call) -> Result<(), RemoteError> {
        let root = self.root.clone();
        self.aside(call, call.deadlines.first_byte, move || std::fs::read_dir(&root).map(|_| ()))
            .await
    }

    async fn tag(&self, call: &Call, key: &Key) -> Result<Option<String>, RemoteError> {
        let Some(mut file) = self.open(call, &tag_name(key)).await? else { return Ok(None) };
        let mut text = Vec::new();
        while let Some(piece) = file.next(self, call).await? {
            text.extend_from_slice(&piece);
            if text.len() > LARGEST_TAG {
                return Ok(None);
            }
        }
        Ok(String::from_utf8(text).ok())
    }

    /// Opens a file of the store; nothing if it is not there.
    async fn open(&self, call: &Call, name: &str) -> Result<Option<Pieces>, RemoteError> {
        let path = self.root.join(name);
        let opened = self.aside(call, call.deadlines.first_byte, move || match File::open(path) {
            Ok(file) => Ok(Some((file.metadata()?.len(), file))),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        });
        let Some((len, mut file)) = opened.await? else { return Ok(None) };
        let (to, pieces) = mpsc::channel(2);
        spawn_blocking(move || {
            loop {
                let mut piece = vec![0; PIECE];
                let read = file.read(&mut piece);
                let last = !matches!(read, Ok(1..));
                let read = read.map(|len| {
                    piece.truncate(len);
                    Bytes::from(piece)
                });
                // Nobody waits for it any more.
                if to.blocking_send(read).is_err() || last {
                    return;
                }
            }
        });
        Ok(Some(Pieces { len, pieces }))
    }

    /// Writes a file of the store: beside its place first, then there in one step.
    async fn write(
        &self,
        call: &Call,
        name: String,
        mut from: impl std::io::Read,
    ) -> Result<(), RemoteError> {
        let (to, mut pieces) = mpsc::channel::<Bytes>(2);
        let root = self.root.clone();
        let writing = self.aside(call, call.deadlines.call, move || {
            std::fs::create_dir_all(&root)?;
            let mut builder = tempfile::Builder::new();
            let prefix = format!(".{name}.");
            builder.prefix(&prefix);
            // A share is for several users: the umask decides, not that the file was temporary.
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            let mut file = builder.tempfile_in(&root)?;
            let mut whole = false;
            while let Some(piece) = pieces.blocking_recv() {
                whole = piece.is_empty();
                file.write_all(&piece)?;
            }
            if !whole {
                return Err(std::io::Error::new(ErrorKind::Interrupted, "it did not come whole"));
            }
            file.as_file().sync_data()?;
            file.persist(root.join(name)).map(|_| ()).map_err(|error| error.error)
        });
        let feeding = async {
            let taking = call.deadlines.taking;
            loop {
                let mut piece = vec![0; PIECE];
                let len = from.read(&mut piece).map_err(|error| self.failed(&error))?;
                piece.truncate(len);
                // An empty piece says that everything was sent.
                match timeout(taking, to.send(piece.into())).await {
                    Ok(Ok(())) if len > 0 => {}
                    // It ended early, and says why itself.
                    Ok(_) => break,
                    Err(_) => return Err(call.timeout(Wait::Taking, taking)),
                }
            }
            drop(to);
            Ok(())
        };
        tokio::pin!(writing, feeding);
        tokio::select! {
            written = &mut writing => written,
            fed = &mut feeding => {
                fed?;
                let verdict = call.deadlines.verdict;
                timeout(verdict, writing).await.map_err(|_| call.timeout(Wait::Verdict, verdict))?
            }
        }
    }

    /// Does `work` on a thread that may hang, and waits for it no longer than `patience`.
    async fn aside<T: Send + 'static>(
        &self,
        call: &Call,
        patience: Duration,
        work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, RemoteError> {
        match timeout(patience, spawn_blocking(work)).await {
            Ok(Ok(done)) => done.map_err(|error| self.failed(&error)),
            Ok(Err(_)) => Err(self.failed(&std::io::Error::other("the thread that used it ended"))),
            Err(_) => Err(call.timeout(Wait::FirstByte, patience)),
        }
    }

    fn failed(&self, error: &std::io::Error) -> RemoteError {
        let (host, reason) = (self.host.clone(), error.to_string());
        match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                RemoteError::Unauthorized {
                    host,
                    status: 403,
                    detail: format!(": {reason}"),
                    advice: "check who may read and write the directory",
                }
            }
            _ => RemoteError::Unreachable { host, reason },
        }
    }
}

/// A file that is being read elsewhere.
struct Pieces {
    len: u64,
    pieces: mpsc::Receiver<std::io::Result<Bytes>>,
}

impl Pieces {
    async fn next(&mut self, of: &Directory, call: &Call) -> Result<Option<Bytes>, RemoteError> {
        let stall = call.deadlines.stall;
        match timeout(stall, self.pieces.recv()).await {
            Ok(Some(Ok(piece))) => Ok(Some(piece).filter(|piece| !piece.is_empty())),
            Ok(Some(Err(error))) => Err(of.failed(&error)),
            Ok(None) => Err(of.failed(&std::io::Error::other("it ended early"))),
            Err(_) => Err(call.timeout(Wait::NextBytes, stall)),
        }
    }
}

fn is_absence(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn is_there(path: &Path) -> std::io::Result<bool> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(found.is_file()),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
