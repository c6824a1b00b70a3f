//! Reads an artifact back. [`unpack`] decodes and verifies all of it before anything may be done with any
//! part of it; outside of the staging directory it writes nothing.

use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

use super::captured::{Captured, Logs};
use super::entries::read_entries;
use super::error::ArtifactError;
use super::head::{Head, Kind};
use super::meta::{MAX_META, Meta};
use super::names::{Names, output_path};
use super::output::{Anchor, OutputPath};
use super::staging::{IN_MEMORY, Staged, Staging};
use crate::key::Key;

/// The names of the entries before the outputs.
pub(super) const META: &str = "meta.json";
pub(super) const STDOUT: &str = "stdout";
pub(super) const STDERR: &str = "stderr";

/// A verified artifact. Dropping it removes what it had staged.
#[derive(Debug)]
pub struct Unpacked {
    /// Whose result it is.
    pub meta: Meta,
    /// What the task wrote.
    pub logs: Logs,
    /// The outputs, sorted.
    pub items: Vec<Item>,
    /// Kept for its `Drop`.
    #[expect(dead_code, reason = "holds the staged files that `items` name")]
    staging: Staging,
}

/// One output, ready to be put into place.
#[derive(Debug)]
pub struct Item {
    /// Where it belongs.
    pub output: OutputPath,
    /// Permission bits, `0o777` at most.
    pub mode: u32,
    /// Last modification, nanoseconds since the epoch.
    pub mtime_ns: i64,
    /// What it is.
    pub kind: ItemKind,
}

/// What one output is.
#[derive(Debug)]
pub enum ItemKind {
    /// A regular file.
    File(Content),
    /// A symbolic link with this text.
    Symlink(String),
    /// An empty directory.
    Directory,
}

/// Where a file's bytes are.
#[derive(Debug)]
pub enum Content {
    /// Here.
    Memory(Vec<u8>),
    /// In a file that may be moved away.
    Staged(Staged),
}

/// Reads whose result an artifact is. Of the rest nothing is verified.
///
/// # Errors
/// [`ArtifactError::Missing`], [`ArtifactError::Corrupt`], [`ArtifactError::OtherVersion`],
/// [`ArtifactError::Io`].
pub fn read_meta(path: &Path) -> Result<Meta, ArtifactError> {
    let mut front = Front::new(path, None);
    read_entries(path, &mut |head, body| {
        front.take(&head, body)?;
        Ok(ControlFlow::Break(()))
    })?;
    front.meta.ok_or_else(|| ArtifactError::corrupt(path, "it is empty"))
}

/// Reads what the task wrote. The outputs are not read, so nothing of them is verified.
///
/// # Errors
/// As [`read_meta`], and [`ArtifactError::OtherKey`].
pub fn read_logs(path: &Path, key: &Key) -> Result<(Meta, Logs), ArtifactError> {
    let mut front = Front::new(path, Some(key));
    read_entries(path, &mut |head, body| {
        Ok(if front.take(&head, body)? {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    front.finish()
}

/// Decodes and verifies a whole artifact: checksum, version, key, every name, `accept` for each output.
///
/// Nothing outside of `staging` is written; that directory is made on demand and removed again, and several
/// may share it.
///
/// # Errors
/// As [`read_logs`]; a name that is not accepted is [`ArtifactError::Corrupt`].
pub fn unpack(
    path: &Path,
    key: &Key,
    staging: &Path,
    accept: &dyn Fn(&OutputPath) -> bool,
) -> Result<Unpacked, ArtifactError> {
    unpack_with(path, key, Staging::new(staging.to_owned(), IN_MEMORY), accept)
}

fn unpack_with(
    path: &Path,
    key: &Key,
    mut staging: Staging,
    accept: &dyn Fn(&OutputPath) -> bool,
) -> Result<Unpacked, ArtifactError> {
    let mut front = Front::new(path, Some(key));
    let mut names = Names::new();
    let mut items = Vec::new();
    read_entries(path, &mut |head, body| {
        if !front.take(&head, body)? {
            items.push(item(path, head, body, &mut names, &mut staging, accept)?);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let (meta, logs) = front.finish()?;
    Ok(Unpacked { meta, logs, items, staging })
}

fn item(
    path: &Path,
    head: Head,
    body: &mut dyn Read,
    names: &mut Names,
    staging: &mut Staging,
    accept: &dyn Fn(&OutputPath) -> bool,
) -> Result<Item, ArtifactError> {
    let output = accepted(path, &head, names, accept)?;
    let kind = match head.kind {
        Kind::File { size } => {
            ItemKind::File(staging.keep(body, size, &ArtifactError::reading(path))?)
        }
        Kind::Symlink { target } => ItemKind::Symlink(target),
        Kind::Directory => ItemKind::Directory,
    };
    Ok(Item { output, mode: head.mode, mtime_ns: head.mtime_ns, kind })
}

/// Where an output belongs, unless it is refused.
pub(super) fn accepted(
    path: &Path,
    head: &Head,
    names: &mut Names,
    accept: &dyn Fn(&OutputPath) -> bool,
) -> Result<OutputPath, ArtifactError> {
    let name = &head.name;
    let refused = |reason: String| {
        ArtifactError::corrupt(path, format!("the entry {name:?} is refused: {reason}"))
    };
    let (anchor, rest) = [Anchor::Project, Anchor::Workspace]
        .into_iter()
        .find_map(|anchor| Some((anchor, name.strip_prefix(anchor.prefix())?)))
        .ok_or_else(|| refused("it has no place here".to_owned()))?;
    let output = OutputPath { anchor, path: output_path(rest).map_err(refused)? };
    let target = if let Kind::Symlink { target } = &head.kind { target.as_str() } else { "" };
    names.take(&output, target).map_err(refused)?;
    if !accept(&output) {
        return Err(refused("it lies outside of the declared outputs".to_owned()));
    }
    match &head.kind {
        Kind::Symlink { target } if target.is_empty() || Path::new(target).has_root() => {
            Err(refused("its link text is empty or absolute".to_owned()))
        }
        _ => Ok(output),
    }
}

/// The entries before the outputs, in their order.
pub(super) struct Front<'a> {
    path: &'a Path,
    key: Option<&'a Key>,
    meta: Option<Meta>,
    stdout: Option<Captured>,
    stderr: Option<Captured>,
    ended: bool,
}

impl<'a> Front<'a> {
    pub(super) const fn new(path: &'a Path, key: Option<&'a Key>) -> Self {
        Self { path, key, meta: None, stdout: None, stderr: None, ended: false }
    }

    /// Takes the next entry; `false` when it belongs to the outputs.
    pub(super) fn take(&mut self, head: &Head, body: &mut dyn Read) -> Result<bool, ArtifactError> {
        let Kind::File { size } = head.kind else {
            return self.end(head);
        };
        match head.name.as_str() {
            META if self.meta.is_none() => {
                self.meta = Some(self.take_meta(size, body)?);
            }
            STDOUT if self.meta.is_some() && self.stdout.is_none() => {
                self.stdout = Some(self.capture(body)?);
            }
            STDERR if self.stdout.is_some() && self.stderr.is_none() && !self.ended => {
                self.stderr = Some(self.capture(body)?);
            }
            _ => return self.end(head),
        }
        Ok(true)
    }

    fn end(&mut self, head: &Head) -> Result<bool, ArtifactError> {
        if self.stdout.is_none() {
            let reason = format!("{:?} stands where {META} and {STDOUT} belong", head.name);
            return Err(ArtifactError::corrupt(self.path, reason));
        }
        self.ended = true;
        Ok(false)
    }

    fn take_meta(&self, size: u64, body: &mut dyn Read) -> Result<Meta, ArtifactError> {
        if size > MAX_META {
            let reason = format!("{META} is larger than {MAX_META} bytes");
            return Err(ArtifactError::corrupt(self.path, reason));
        }
        let mut json = Vec::new();
        body.read_to_end(&mut json).map_err(ArtifactError::reading(self.path))?;
        let meta = Meta::from_json(self.path, &json)?;
        match self.key {
            Some(expected) if *expected != meta.key => Err(ArtifactError::OtherKey {
                path: self.path.to_owned(),
                expected: expected.clone(),
                found: meta.key,
            }),
            _ => Ok(meta),
        }
    }

    fn capture(&self, body: &mut dyn Read) -> Result<Captured, ArtifactError> {
        let mut captured = Captured::default();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = body.read(&mut buffer).map_err(ArtifactError::reading(self.path))?;
            if read == 0 {
                return Ok(captured);
            }
            captured.write_all(&buffer[..read]).map_err(|source: io::Error| ArtifactError::Io {
                action: "write to",
                path: std::env::temp_dir(),
                source,
            })?;
        }
    }

    pub(super) fn finish(self) -> Result<(Meta, Logs), ArtifactError> {
        let (Some(meta), Some(stdout)) = (self.meta, self.stdout) else {
            return Err(ArtifactError::corrupt(self.path, format!("it ends before {STDOUT}")));
        };
        Ok((meta, Logs { stdout, stderr: self.stderr.unwrap_or_default() }))
    }
}
