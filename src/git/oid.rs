//! Blob object ids: git's name for a file's content, `H("blob " + length + NUL + bytes)`.

use std::io::{self, Read};

use gix::hash::Kind;

use crate::file_id::{ObjectFormat, Oid};

/// The blob oid of `bytes`.
///
/// Content crafted to collide under SHA-1 is named by its (shortened) SHA-256 instead, so that two such files never
/// look alike.
#[must_use]
pub fn blob_oid(format: ObjectFormat, bytes: &[u8]) -> Oid {
    let hash = |kind| gix::objs::compute_hash(kind, gix::objs::Kind::Blob, bytes);
    let digest = hash(kind(format)).or_else(|_crafted| hash(Kind::Sha256));
    oid(format, digest.unwrap_or_else(|_| Kind::Sha256.null()).as_slice())
}

/// The blob oid of the `len` bytes that `reader` yields.
///
/// # Errors
/// What reading says; [`io::ErrorKind::UnexpectedEof`] or [`io::ErrorKind::InvalidData`] when there are fewer or more
/// bytes than `len`; [`io::ErrorKind::InvalidData`] for content crafted to collide under SHA-1.
pub fn blob_oid_of_reader(
    format: ObjectFormat,
    len: u64,
    reader: &mut dyn Read,
) -> io::Result<Oid> {
    const CHUNK: usize = 64 * 1024;
    let mut hasher = gix::hash::hasher(kind(format));
    hasher.update(&gix::objs::encode::loose_header(gix::objs::Kind::Blob, len));
    // One byte more than is left, so that a file that has grown shows at once.
    let room = usize::try_from(len.saturating_add(1)).unwrap_or(CHUNK).min(CHUNK);
    let mut buffer = vec![0; room];
    let mut left = len;
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) if left == 0 => break,
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        left = left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "the file grew while it was read")
        })?;
        hasher.update(&buffer[..read]);
    }
    let id = hasher
        .try_finalize()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
    Ok(oid(format, id.as_slice()))
}

/// The digest as an oid of `format`; a longer one is cut.
pub(super) fn oid(format: ObjectFormat, digest: &[u8]) -> Oid {
    match format {
        ObjectFormat::Sha1 => Oid::from_sha1(&digest.first_chunk().copied().unwrap_or_default()),
        ObjectFormat::Sha256 => {
            Oid::from_sha256(&digest.first_chunk().copied().unwrap_or_default())
        }
    }
}

pub(super) const fn kind(format: ObjectFormat) -> Kind {
    match format {
        ObjectFormat::Sha1 => Kind::Sha1,
        ObjectFormat::Sha256 => Kind::Sha256,
    }
}

pub(super) const fn format(kind: Kind) -> ObjectFormat {
    match kind {
        Kind::Sha256 => ObjectFormat::Sha256,
        _ => ObjectFormat::Sha1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_named_as_git_names_them() {
        let sha1 = |bytes: &[u8]| blob_oid(ObjectFormat::Sha1, bytes).as_str().to_owned();
        assert_eq!(sha1(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(sha1(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(
            blob_oid(ObjectFormat::Sha256, b"").as_str(),
            "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
        );
    }

    #[test]
    fn a_reader_gives_the_same_oid_and_its_length_must_be_right() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|at| at.to_le_bytes()[0]).collect();
        for format in [ObjectFormat::Sha1, ObjectFormat::Sha256] {
            let read = |len| blob_oid_of_reader(format, len, &mut bytes.as_slice());
            let len = bytes.len() as u64;
            assert_eq!(read(len).unwrap(), blob_oid(format, &bytes));
            assert_eq!(read(len + 1).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(read(len - 1).unwrap_err().kind(), io::ErrorKind::InvalidData);
            assert_eq!(
                blob_oid_of_reader(format, 0, &mut io::empty()).unwrap(),
                blob_oid(format, b"")
            );
        }
    }
}
