//! Walks the entries of an artifact: zstd decoded with its checksum required, tar read raw, so that no
//! extension of tar has a meaning unless it is given one here.
//!
//! Reads forward only, in bounded memory; knows nothing of what the entries mean.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use tar::{Archive, Header};
use zstd::stream::read::Decoder;

use super::error::ArtifactError;
use super::head::{BLOCK, Head, Kind};
use super::limits::Meter;
use super::names::MAX_PATH;
use super::pax::{MAX_RECORDS, Records};

/// How far back a match may reach, as a power of two: 8 MiB. Level 3 needs a quarter of it; the decoder
/// sets aside no more.
const MAX_WINDOW_LOG: u32 = 23;

/// The first bytes of a zstd frame (RFC 8878, 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// In the byte that follows the magic number: the frame ends in a checksum of its content.
const HAS_CHECKSUM: u8 = 0b100;

type Visit<'a> = dyn FnMut(Head, &mut dyn Read) -> Result<ControlFlow<()>, ArtifactError> + 'a;

/// Shows every entry and its content to `visit`, in order, until it breaks. Only when it never does has the
/// whole artifact been verified.
pub(super) fn read_entries(path: &Path, visit: &mut Visit<'_>) -> Result<(), ArtifactError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ArtifactError::Missing { path: path.to_owned() },
        _ => ArtifactError::Io { action: "open", path: path.to_owned(), source },
    })?;
    let reading = ArtifactError::reading(path);
    let corrupt = |reason: &str| ArtifactError::corrupt(path, reason);
    let size = file.metadata().map_err(&reading)?.len();
    let mut meter = Meter::new(size);
    let mut archive = Archive::new(decoder(file, size).map_err(&reading)?);
    let mut records = None;
    for entry in archive.entries().map_err(&reading)?.raw(true) {
        let mut entry = entry.map_err(&reading)?;
        let size = entry.size();
        meter.take(size).map_err(|reason| corrupt(&reason))?;
        if kind(entry.header()) == b'x' {
            if records.is_some() || size > MAX_RECORDS {
                return Err(corrupt("its PAX records are too many or too large"));
            }
            let mut bytes = Vec::new();
            Body { inner: &mut entry, left: size }.read_to_end(&mut bytes).map_err(&reading)?;
            let parsed = Records::parse(&bytes).map_err(|reason| corrupt(&reason))?;
            records = Some(parsed);
            continue;
        }
        let head = head(entry.header(), size, records.take().unwrap_or_default());
        let head = head.map_err(|reason| corrupt(&reason))?;
        let mut body = Body { inner: &mut entry, left: size };
        if visit(head, &mut body)?.is_break() {
            return Ok(());
        }
        if body.left > 0 {
            return Err(corrupt("an entry has content that its kind does not have"));
        }
    }
    if records.is_some() {
        return Err(corrupt("it ends in PAX records that belong to no entry"));
    }
    read_end(archive.into_inner()).map_err(&reading)
}

fn decoder(file: File, size: u64) -> io::Result<Decoder<'static, BufReader<File>>> {
    // One byte more, so that the end is met with the first read of a small one.
    let whole = usize::try_from(size.saturating_add(1)).unwrap_or(usize::MAX);
    let capacity = zstd::zstd_safe::DCtx::in_size().min(whole.max(16));
    let mut file = BufReader::with_capacity(capacity, file);
    match file.fill_buf()? {
        [a, b, c, d, flags, ..] if [*a, *b, *c, *d] == MAGIC => {
            // Without it a changed byte could go unnoticed.
            if flags & HAS_CHECKSUM == 0 {
                return Err(io::Error::other("it has no checksum"));
            }
        }
        _ => return Err(io::Error::other("it is no zstd frame")),
    }
    let mut decoder = Decoder::with_buffer(file)?.single_frame();
    decoder.window_log_max(MAX_WINDOW_LOG)?;
    Ok(decoder)
}

/// The archive has shown its first zero block. There must be one more, then the checksum, then nothing.
fn read_end(mut decoder: Decoder<'static, BufReader<File>>) -> io::Result<()> {
    let mut end = Vec::new();
    (&mut decoder).take(BLOCK as u64 + 1).read_to_end(&mut end)?;
    if end.len() != BLOCK || end.iter().any(|byte| *byte != 0) {
        return Err(io::Error::other("it does not end as a tar ends"));
    }
    if !decoder.get_mut().fill_buf()?.is_empty() {
        return Err(io::Error::other("something follows its end"));
    }
    Ok(())
}

/// The type flag as it stands; tar's own reading of it takes several for one.
fn kind(header: &Header) -> u8 {
    header.as_old().linkflag[0]
}

/// What the header and its records say; the error says what is wrong.
fn head(header: &Header, size: u64, records: Records) -> Result<Head, String> {
    let invalid = |error: io::Error| error.to_string();
    if header.as_ustar().is_none() {
        return Err("an entry has no ustar header".to_owned());
    }
    let name = text(records.path, &header.path_bytes(), "name")?;
    if records.size.is_some_and(|recorded| recorded != size) {
        return Err(format!("the entry {name:?} has two sizes"));
    }
    let kind = match kind(header) {
        b'0' => Kind::File { size },
        b'5' => Kind::Directory,
        b'2' => {
            let link_name = header.link_name_bytes().unwrap_or_default();
            Kind::Symlink { target: text(records.linkpath, &link_name, "link text")? }
        }
        other => {
            let kind = char::from(other);
            return Err(format!("the entry {name:?} is of the kind {kind:?}"));
        }
    };
    let mtime_ns = match records.mtime_ns {
        Some(mtime_ns) => mtime_ns,
        None => i64::try_from(header.mtime().map_err(invalid)?)
            .ok()
            .and_then(|seconds| seconds.checked_mul(1_000_000_000))
            .ok_or_else(|| format!("the entry {name:?} has no valid time"))?,
    };
    let mode = header.mode().map_err(invalid)? & 0o777;
    Ok(Head { name, kind, mode, mtime_ns })
}

/// A text from its record, else from its field; each is bounded, valid UTF-8 and without NUL.
fn text(record: Option<String>, field: &[u8], what: &str) -> Result<String, String> {
    let text = match record {
        Some(text) => text,
        None => String::from_utf8(field.to_vec())
            .map_err(|_| format!("an entry has a {what} that is not valid UTF-8"))?,
    };
    // The longest prefix of a name, besides the path itself.
    if text.len() > MAX_PATH + "workspace-outputs/".len() || text.contains('\0') {
        return Err(format!("an entry has a {what} that is too long or holds NUL"));
    }
    Ok(text)
}

/// The content of one entry: exactly as long as declared, or an error.
struct Body<'a> {
    inner: &'a mut dyn Read,
    left: u64,
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut buffer[..wanted])?;
        if read == 0 && wanted > 0 {
            return Err(io::Error::other("an entry is shorter than it declares"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}
