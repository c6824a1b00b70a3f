//! Writes an artifact: first a look at every output, then the tar, streamed through zstd into a temporary
//! file of the cache directory, which only [`Packed::publish`] makes visible.
//!
//! The same outputs give the same bytes. Neither the tree nor any other artifact is touched.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;
use zstd::bulk::Compressor;
use zstd::stream::write::Encoder;
use zstd::zstd_safe::CParameter;

use super::captured::{Captured, Logs};
use super::error::ArtifactError;
use super::found::look_at;
use super::head::{BLOCK, Head, Kind, padding};
use super::limits;
use super::meta::Meta;
use super::output::{Anchors, OutputPath};
use super::unpack::{META, STDERR, STDOUT};
use crate::fault;
use crate::stamp::Stamp;

const LEVEL: i32 = 3;

/// Up to this many bytes, an artifact is compressed at once: 1 MiB.
const SMALL: u64 = 1 << 20;

/// From this many bytes on, threads pay: 8 MiB.
const PARALLEL_FROM: u64 = 8 << 20;

/// More threads than this are never used, and each compresses 2 MiB at a time: that bounds the memory.
const MAX_WORKERS: usize = 4;
const JOB_SIZE: u32 = 2 << 20;

/// A finished artifact that nobody sees yet. Dropping it removes it.
#[derive(Debug)]
pub struct Packed {
    file: NamedTempFile,
    size: u64,
    outputs: Vec<(OutputPath, Stamp)>,
}

impl Packed {
    /// Bytes of the compressed artifact.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// What was packed, sorted, each with its stamp at that moment.
    #[must_use]
    pub fn outputs(&self) -> &[(OutputPath, Stamp)] {
        &self.outputs
    }

    /// Renames it to `dest`, in place of whatever is there. `dest` must be on the file system of the cache
    /// directory.
    ///
    /// # Errors
    /// [`ArtifactError::Io`]; the temporary file is gone then.
    pub fn publish(self, dest: &Path) -> Result<(), ArtifactError> {
        persist(self.file, dest).map_err(ArtifactError::io("rename a finished artifact to", dest))
    }
}

#[cfg(not(windows))]
pub(super) fn persist<F>(file: NamedTempFile<F>, dest: &Path) -> io::Result<()> {
    file.persist(dest).map(drop).map_err(Into::into)
}

/// A reader or a virus scanner may hold `dest` for a moment.
#[cfg(windows)]
pub(super) fn persist<F>(mut file: NamedTempFile<F>, dest: &Path) -> io::Result<()> {
    let mut attempts = 1;
    loop {
        match file.persist(dest) {
            Ok(_) => return Ok(()),
            Err(error)
                if attempts < 10 && error.error.kind() == io::ErrorKind::PermissionDenied =>
            {
                attempts += 1;
                file = error.file;
                std::thread::park_timeout(std::time::Duration::from_millis(10));
            }
            Err(error) => return Err(error.error),
        }
    }
}

/// Packs the outputs into a temporary file of `cache_dir`. Their order does not matter; each is taken once.
///
/// # Errors
/// [`ArtifactError`]: an output that cannot be stored or that moves meanwhile, metadata that does not fit,
/// or a refusal of the system.
pub fn pack(
    cache_dir: &Path,
    meta: &Meta,
    logs: &Logs,
    outputs: &[OutputPath],
    anchors: &Anchors,
) -> Result<Packed, ArtifactError> {
    let json = meta.to_json()?;
    let mut outputs: Vec<OutputPath> = outputs.to_vec();
    outputs.sort_unstable();
    outputs.dedup();
    let found = look_at(outputs, anchors)?;
    let total = found
        .iter()
        .map(|output| output.stamp.size)
        .chain([logs.stdout.len(), logs.stderr.len()])
        .fold(0, u64::saturating_add);

    let file = temporary(cache_dir).map_err(ArtifactError::io("create a file in", cache_dir))?;
    let writing =
        |source| ArtifactError::Io { action: "write", path: file.path().to_owned(), source };
    let heads = (found.len() * 2 * BLOCK) as u64;
    let mut out = Out::new(file.as_file(), total.saturating_add(heads)).map_err(writing)?;
    write_stream(&mut out, META, json.len() as u64, &mut json.as_slice()).map_err(writing)?;
    write_captured(&mut out, STDOUT, &logs.stdout).map_err(writing)?;
    if !logs.stderr.is_empty() {
        write_captured(&mut out, STDERR, &logs.stderr).map_err(writing)?;
    }
    let buffer_size = total.clamp(1 << 10, 128 << 10);
    let mut buffer = vec![0; usize::try_from(buffer_size).unwrap_or(128 << 10)];
    for output in &found {
        output.pack(&mut out, &mut buffer, &writing)?;
        fault::point("save.packing").map_err(writing)?;
    }
    out.write_all(&[0; 2 * BLOCK]).map_err(writing)?;
    let unpacked = out.finish().map_err(writing)?;
    let size = file.as_file().metadata().map_err(writing)?.len();
    let limit = limits::most(size);
    if unpacked > limit {
        return Err(ArtifactError::TooLarge { task_id: meta.task_id.clone(), unpacked, limit });
    }
    let outputs = found.into_iter().map(|found| (found.output, found.stamp)).collect();
    Ok(Packed { file, size, outputs })
}

/// How the name of an artifact begins that is not whole yet.
pub(super) fn unfinished() -> String {
    format!(".tmp-{}-", std::process::id())
}

/// `.tmp-<pid>-<random>`, with the permissions that the umask gives: other users may share the cache.
fn temporary(cache_dir: &Path) -> io::Result<NamedTempFile> {
    let prefix = unfinished();
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(cache_dir)
}

/// The artifact on its way into its file.
enum Out<'a> {
    /// Collected first: with its size in its head a frame is written and read with less memory, which is most of what
    /// a small one costs.
    Small { file: &'a File, tar: Vec<u8> },
    Large {
        encoder: Encoder<'static, BufWriter<&'a File>>,
        /// Bytes before compression.
        written: u64,
    },
}

impl<'a> Out<'a> {
    /// `total` is about what the contents and their heads amount to.
    fn new(file: &'a File, total: u64) -> io::Result<Self> {
        if total <= SMALL {
            return Ok(Self::Small { file, tar: Vec::new() });
        }
        Ok(Self::Large { encoder: encoder(file, total)?, written: 0 })
    }

    /// Ends the frame; gives the number of bytes before compression.
    fn finish(self) -> io::Result<u64> {
        match self {
            Self::Small { mut file, tar } => {
                let mut compressor = Compressor::new(LEVEL)?;
                compressor.include_checksum(true)?;
                file.write_all(&compressor.compress(&tar)?)?;
                Ok(tar.len() as u64)
            }
            Self::Large { encoder, written } => {
                encoder.finish()?.flush()?;
                Ok(written)
            }
        }
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Small { tar, .. } => tar.write(bytes),
            Self::Large { encoder, written } => {
                let taken = encoder.write(bytes)?;
                *written += taken as u64;
                Ok(taken)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Small { .. } => Ok(()),
            Self::Large { encoder, .. } => encoder.flush(),
        }
    }
}

fn encoder(file: &File, total: u64) -> io::Result<Encoder<'static, BufWriter<&File>>> {
    let mut encoder = Encoder::new(BufWriter::with_capacity(128 << 10, file), LEVEL)?;
    encoder.include_checksum(true)?;
    if total > PARALLEL_FROM {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        encoder.multithread(u32::try_from(cores.min(MAX_WORKERS)).unwrap_or(1))?;
        encoder.set_parameter(CParameter::JobSize(JOB_SIZE))?;
    }
    Ok(encoder)
}

fn write_captured(out: &mut Out<'_>, name: &str, captured: &Captured) -> io::Result<()> {
    write_stream(out, name, captured.len(), &mut captured.reader()?)
}

fn write_stream(out: &mut Out<'_>, name: &str, size: u64, from: &mut dyn Read) -> io::Result<()> {
    let kind = Kind::File { size };
    Head { name: name.to_owned(), kind, mode: 0o644, mtime_ns: 0 }.write(out)?;
    if io::copy(&mut from.take(size), out)? != size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    out.write_all(padding(size))
}
