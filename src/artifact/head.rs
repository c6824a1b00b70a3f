//! One tar entry without its content, and how it is written: a ustar header (POSIX.1-2017, `pax`,
//! "ustar Interchange Format"), before it PAX records where the header cannot hold a value.
//!
//! The bytes depend on nothing but the entry: owner 0, no owner names, no times but its own.

use std::io::{self, Write};

use tar::{EntryType, Header};

use super::pax::Records;

/// Tar's unit: headers take one block, contents are padded to whole ones.
pub(super) const BLOCK: usize = 512;

/// What the name and link fields of a header hold.
const FIELD: usize = 100;

/// The largest size and time that eleven octal digits hold.
const MAX_OCTAL: u64 = 0o777_7777_7777;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Permission bits.
    pub(super) mode: u32,
    /// Nanoseconds since the epoch.
    pub(super) mtime_ns: i64,
}

/// The only kinds that an artifact holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File { size: u64 },
    Symlink { target: String },
    Directory,
}

impl Head {
    /// Writes the header; a file's content and [`padding`] are the caller's.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let (entry_type, size, target) = match &self.kind {
            Kind::File { size } => (EntryType::Regular, *size, ""),
            Kind::Symlink { target } => (EntryType::Symlink, 0, target.as_str()),
            Kind::Directory => (EntryType::Directory, 0, ""),
        };
        let seconds = u64::try_from(self.mtime_ns.div_euclid(1_000_000_000)).ok();
        let seconds = seconds.filter(|seconds| *seconds <= MAX_OCTAL);
        let exact = seconds.is_some() && self.mtime_ns % 1_000_000_000 == 0;
        let records = Records {
            path: (!fits(&self.name)).then(|| self.name.clone()),
            linkpath: (!fits(target)).then(|| target.to_owned()),
            size: (size > MAX_OCTAL).then_some(size),
            mtime_ns: (!exact).then_some(self.mtime_ns),
        }
        .encode();
        if !records.is_empty() {
            let size = records.len() as u64;
            let header = header(EntryType::XHeader, "PaxHeader", "", size, 0o644, 0);
            out.write_all(header.as_bytes())?;
            out.write_all(&records)?;
            out.write_all(padding(size))?;
        }
        let mode = self.mode & 0o777;
        let header = header(entry_type, &self.name, target, size, mode, seconds.unwrap_or(0));
        out.write_all(header.as_bytes())
    }
}

/// Whether a header's field holds the text as it is.
fn fits(text: &str) -> bool {
    text.is_ascii() && text.len() <= FIELD
}

fn header(
    entry_type: EntryType,
    name: &str,
    target: &str,
    size: u64,
    mode: u32,
    mtime: u64,
) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(entry_type);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    header.set_mtime(mtime);
    let fields = header.as_old_mut();
    fill(&mut fields.name, name);
    fill(&mut fields.linkname, target);
    header.set_cksum();
    header
}

/// The text, or what a reader without PAX is to see of it.
fn fill(field: &mut [u8; FIELD], text: &str) {
    let plain = text.bytes().map(|byte| if byte.is_ascii() { byte } else { b'_' });
    for (slot, byte) in field.iter_mut().zip(plain) {
        *slot = byte;
    }
}

/// The zeros that follow a content of `size` bytes.
pub(super) fn padding(size: u64) -> &'static [u8] {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    let over = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    if over == 0 { &[] } else { &ZEROS[over..] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(head: &Head) -> Vec<u8> {
        let mut bytes = Vec::new();
        head.write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_plain_entry_takes_one_block_and_no_owner() {
        let head = Head {
            name: "outputs/a".into(),
            kind: Kind::File { size: 3 },
            mode: 0o4755,
            mtime_ns: 5_000_000_000,
        };
        let bytes = written(&head);
        assert_eq!(bytes.len(), 512);
        let header = Header::from_byte_slice(&bytes);
        assert_eq!(&*header.path_bytes(), b"outputs/a");
        assert_eq!(
            (header.mode().unwrap(), header.mtime().unwrap(), header.size().unwrap()),
            (0o755, 5, 3)
        );
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.username_bytes(), Some(&b""[..]));
    }

    #[test]
    fn what_a_header_cannot_hold_goes_into_records() {
        let size = MAX_OCTAL + 1;
        let head =
            Head { name: "x".repeat(101), kind: Kind::File { size }, mode: 0o644, mtime_ns: -1 };
        let bytes = written(&head);
        assert_eq!(bytes.len(), 3 * 512);
        let length =
            usize::try_from(Header::from_byte_slice(&bytes[..512]).size().unwrap()).unwrap();
        let records = Records::parse(&bytes[512..512 + length]).unwrap();
        assert_eq!(
            records,
            Records {
                path: Some("x".repeat(101)),
                linkpath: None,
                size: Some(size),
                mtime_ns: Some(-1)
            }
        );
        assert_eq!(Header::from_byte_slice(&bytes[1024..]).size().unwrap(), size);
    }

    #[test]
    fn contents_end_on_a_block() {
        for (size, zeros) in [(0, 0), (1, 511), (511, 1), (512, 0), (513, 511)] {
            assert_eq!(padding(size).len(), zeros);
        }
    }
}
