//! The artifact reader on any bytes: it answers or refuses, and whatever it lets pass keeps every promise.

use std::fs;
use std::io::Write;
use std::path::Path;

use vx::artifact::{ArtifactError, Content, ItemKind, OutputPath, read_logs, read_meta, unpack};
use vx::glob::Globs;
use vx::key::Key;

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Names that mean something to somebody.
const NAMES: [&[u8]; 20] = [
    b"",
    b"/",
    b"..",
    b"outputs",
    b"outputs/",
    b"outputs/..",
    b"outputs/dist/../../x",
    b"outputs//x",
    b"outputs/dist/a",
    b"outputs/dist/a/b",
    b"outputs/dist/A",
    b"outputs/C:x",
    b"outputs/src/a",
    b"workspace-outputs/a",
    b"workspace-outputs/dist/z",
    b"outputs/dist/\xff",
    b"meta.json",
    b"stdout",
    b"stderr",
    b"/etc/passwd",
];

const KINDS: &[u8] = b"0125x34g67LKS\0";

/// Sizes around every limit, as the twelve bytes of a header; the last ones are not octal.
const SIZES: [&[u8; 12]; 9] = [
    b"00000000000\0",
    b"00000000001\0",
    b"00000000777\0",
    b"00000001001\0",
    b"00004000001\0",
    b"77777777777\0",
    b"-0000000001\0",
    b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
];

/// PAX keywords and values.
const KEYWORDS: [&str; 6] =
    ["path", "linkpath", "size", "mtime", "GNU.sparse.major", "SCHILY.xattr.x"];
const VALUES: [&str; 10] = [
    "",
    "..",
    "/x",
    "outputs/dist/b",
    "outputs/dist/a",
    "7",
    "-1.5",
    "99999999999999999999",
    "outputs/dist/\u{0}",
    "../a",
];

/// Reads an artifact made of `data`, and holds what comes of it against what is promised.
///
/// The first byte says what the rest is: a file as it stands, a tar, or a script of changes to a sound tar.
pub(super) fn read(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let bytes = match kind % 3 {
        0 => rest.to_vec(),
        1 => compress(rest),
        _ => compress(&Entries::sound().changed(rest)),
    };
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("artifact");
    fs::write(&path, bytes).expect("a file in it");
    let first = looked_at(&path);
    assert_eq!(first, looked_at(&path), "two readings differ");
    assert_eq!(fs::read_dir(dir.path()).expect("the directory").count(), 1, "something was left");
}

/// A sound artifact of several entries of every kind passes; for whoever wants to know that the rest means anything.
#[cfg(test)]
pub(super) fn sound_one_passes() -> bool {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("artifact");
    fs::write(&path, compress(&Entries::sound().changed(&[]))).expect("a file in it");
    looked_at(&path).is_some_and(|items| items.len() == 5)
}

/// The outputs, if all of it passed.
fn looked_at(path: &Path) -> Option<Vec<String>> {
    let key = Key::parse(KEY).expect("a key");
    let files = Globs::new(&["dist/**"]).expect("a glob");
    let accept = |output: &OutputPath| files.is_match(output.path.as_str());
    if let Err(error) = read_meta(path) {
        refused(&error);
    }
    if let Err(error) = read_logs(path, &key) {
        refused(&error);
    }
    let staging = path.with_file_name("staging");
    let unpacked = match unpack(path, &key, &staging, &accept) {
        Ok(unpacked) => unpacked,
        Err(error) => {
            refused(&error);
            return None;
        }
    };
    assert_eq!(unpacked.meta.key, key);
    assert!(unpacked.items.is_sorted_by(|a, b| a.output < b.output), "out of order");
    for item in &unpacked.items {
        let path = item.output.path.as_str();
        assert!(accept(&item.output), "{path:?} is not declared");
        assert!(
            !path.starts_with('/') && !path.split('/').any(|part| part.is_empty() || part == "..")
        );
        assert!(item.mode <= 0o777);
        match &item.kind {
            ItemKind::Symlink(target) => assert!(!target.is_empty() && !target.starts_with('/')),
            ItemKind::File(Content::Staged(staged)) => assert!(staged.path().starts_with(&staging)),
            ItemKind::File(Content::Memory(_)) | ItemKind::Directory => {}
        }
    }
    Some(unpacked.items.iter().map(|item| item.output.entry_name()).collect())
}

/// What is refused is refused for what its bytes say.
fn refused(error: &ArtifactError) {
    let by_content = matches!(
        error,
        ArtifactError::Corrupt { .. }
            | ArtifactError::OtherKey { .. }
            | ArtifactError::OtherVersion { .. }
    );
    assert!(by_content, "{error}");
}

fn compress(tar: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("an encoder");
    encoder.include_checksum(true).expect("a checksum");
    encoder.write_all(tar).expect("room");
    encoder.finish().expect("a frame")
}

/// The entries of a tar, each with its content and padding.
struct Entries(Vec<Vec<u8>>);

impl Entries {
    fn sound() -> Self {
        let json = format!(
            r#"{{"version":1,"key":"{KEY}","taskId":"a#b","command":"c","durationMs":1,"storedAt":"2026-01-01T00:00:00Z"}}"#
        );
        Self(vec![
            entry(b"meta.json", b'0', json.as_bytes(), b""),
            entry(b"stdout", b'0', b"out\n", b""),
            entry(b"stderr", b'0', b"err\n", b""),
            entry(b"outputs/dist/a", b'0', &[7; 700], b""),
            entry(b"outputs/dist/empty", b'5', b"", b""),
            entry(b"outputs/dist/link", b'2', b"", b"a"),
            record("path", "outputs/dist/long"),
            entry(b"x", b'0', b"long", b""),
            entry(b"workspace-outputs/dist/z", b'0', b"", b""),
        ])
    }

    /// The tar, after the changes that `script` asks for, three bytes each.
    fn changed(mut self, script: &[u8]) -> Vec<u8> {
        let mut end = [0; 1024].to_vec();
        for change in script.chunks_exact(3) {
            let (at, value) = (usize::from(change[1]), usize::from(change[2]));
            let count = self.0.len();
            if count == 0 {
                break;
            }
            let index = at % count;
            match change[0] % 11 {
                0 => drop(self.0.remove(index)),
                1 => self.0.insert(value % count, self.0[index].clone()),
                2 => self.0.swap(index, value % count),
                3 => self.field(index, 0..100, NAMES[value % NAMES.len()]),
                4 => self.field(index, 156..157, &KINDS[value % KINDS.len()..][..1]),
                5 => self.field(index, 124..136, SIZES[value % SIZES.len()]),
                6 => self.field(index, 157..257, NAMES[value % NAMES.len()]),
                7 => {
                    let keyword = KEYWORDS[value % KEYWORDS.len()];
                    self.0.insert(index, record(keyword, VALUES[at % VALUES.len()]));
                }
                8 => self.field(index, 257..265, &[change[1]; 8]),
                9 => {
                    let bytes = &mut self.0[index];
                    let at = at * 7 % bytes.len();
                    bytes[at] = change[2];
                }
                _ => end.truncate(at * value % 1024),
            }
        }
        self.0.push(end);
        self.0.concat()
    }

    /// Sets a field of a header, filled up with NUL, and puts its checksum right.
    fn field(&mut self, index: usize, range: std::ops::Range<usize>, value: &[u8]) {
        let header = &mut self.0[index][..512];
        header[range.clone()].fill(0);
        header[range.start..range.start + value.len()].copy_from_slice(value);
        seal(header);
    }
}

fn entry(name: &[u8], kind: u8, content: &[u8], link: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name);
    header[100..108].copy_from_slice(b"0000644\0");
    header[108..124].copy_from_slice(b"0000000\x000000000\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[156] = kind;
    header[157..157 + link.len()].copy_from_slice(link);
    header[257..265].copy_from_slice(b"ustar\x0000");
    seal(&mut header);
    let mut bytes = header.to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn seal(header: &mut [u8]) {
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn record(keyword: &str, value: &str) -> Vec<u8> {
    let rest = keyword.len() + value.len() + 3;
    let length = rest + if rest + 2 < 100 { 2 } else { 3 };
    entry(b"PaxHeader", b'x', format!("{length} {keyword}={value}\n").as_bytes(), b"")
}
