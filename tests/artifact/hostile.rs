//! Archives that vx never writes. Each is otherwise sound, so that it is refused for what its name says.

use std::fs;
use std::io::Write;

use vx::artifact::{Unpacked, read_logs, read_meta};
use vx::error::Coded;

use super::support::{Place, key, plain};

/// One header and its content, byte by byte as wanted.
#[derive(Clone)]
pub struct Raw {
    pub name: Vec<u8>,
    pub kind: u8,
    pub mode: &'static [u8],
    pub size: Option<u64>,
    pub link: Vec<u8>,
    pub content: Vec<u8>,
    pub magic: [u8; 8],
}

pub fn raw(name: impl AsRef<[u8]>, kind: u8, content: &[u8]) -> Raw {
    Raw {
        name: name.as_ref().to_vec(),
        kind,
        mode: b"0000644\0",
        size: None,
        link: Vec::new(),
        content: content.to_vec(),
        magic: *b"ustar\x0000",
    }
}

pub fn file(name: impl AsRef<[u8]>) -> Raw {
    raw(name, b'0', b"content")
}

pub fn dir(name: impl AsRef<[u8]>) -> Raw {
    raw(name, b'5', b"")
}

fn link(name: impl AsRef<[u8]>, target: &str) -> Raw {
    Raw { link: target.into(), ..raw(name, b'2', b"") }
}

pub fn pax(keyword: &str, value: impl AsRef<[u8]>) -> Raw {
    let value = value.as_ref();
    let rest = keyword.len() + value.len() + 3;
    let length = (1..9).find(|n| (rest + n).to_string().len() == *n).unwrap() + rest;
    let record = [format!("{length} {keyword}=").as_bytes(), value, b"\n"].concat();
    raw("PaxHeader", b'x', &record)
}

impl Raw {
    pub fn bytes(&self) -> Vec<u8> {
        let mut block = [0_u8; 512];
        block[..self.name.len()].copy_from_slice(&self.name);
        block[100..108].copy_from_slice(self.mode);
        block[108..116].copy_from_slice(b"0000000\0");
        block[116..124].copy_from_slice(b"0000000\0");
        let size = self.size.unwrap_or(self.content.len() as u64);
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        block[136..148].copy_from_slice(b"00000000000\0");
        block[156] = self.kind;
        block[157..157 + self.link.len()].copy_from_slice(&self.link);
        block[257..265].copy_from_slice(&self.magic);
        block[148..156].copy_from_slice(b"        ");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let mut bytes = block.to_vec();
        bytes.extend(&self.content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }
}

fn json() -> String {
    let key = key();
    format!(
        r#"{{"version":1,"key":"{key}","taskId":"a#b","command":"c","durationMs":1,"storedAt":"2026-01-01T00:00:00Z"}}"#
    )
}

pub fn front() -> Vec<Raw> {
    vec![raw("meta.json", b'0', json().as_bytes()), raw("stdout", b'0', b"out")]
}

fn tar(entries: &[Raw]) -> Vec<u8> {
    let mut bytes: Vec<u8> = entries.iter().flat_map(Raw::bytes).collect();
    bytes.extend([0; 1024]);
    bytes
}

fn compress(tar: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(tar).unwrap();
    encoder.finish().unwrap()
}

fn open(artifact: &[u8]) -> Result<Unpacked, vx::artifact::ArtifactError> {
    let place = Place::new();
    fs::write(place.artifact(), artifact).unwrap();
    let before = place.everything_else();
    let result = place.unpack();
    assert!(result.is_ok() || place.everything_else() == before, "something was written");
    let _ = read_meta(&place.artifact());
    let _ = read_logs(&place.artifact(), &key());
    result
}

fn with(outputs: &[Raw]) -> Result<Unpacked, vx::artifact::ArtifactError> {
    open(&compress(&tar(&[front(), outputs.to_vec()].concat())))
}

#[track_caller]
fn refused(outputs: &[Raw], reason: &str) {
    let error = with(outputs).unwrap_err();
    assert_eq!(error.code(), "VX_ARTIFACT_CORRUPT", "{error}");
    assert!(error.to_string().contains(reason), "{error}");
}

#[test]
fn the_sound_ones_pass() {
    let sound = [
        file("outputs/-"),
        dir("outputs/a"),
        link("outputs/b", "../c"),
        file("outputs/c/d"),
        pax("path", "outputs/é"),
        file("x"),
        file("workspace-outputs/a"),
    ];
    let unpacked = with(&sound).unwrap();
    let names: Vec<_> = plain(&unpacked).iter().map(|item| item.output.entry_name()).collect();
    assert_eq!(
        names,
        ["outputs/-", "outputs/a", "outputs/b", "outputs/c/d", "outputs/é", "workspace-outputs/a"]
    );
    with(&[raw("stderr", b'0', b"err"), file("outputs/a")]).unwrap();
}

#[test]
fn names_that_lead_elsewhere() {
    for name in [
        "outputs/../x",
        "outputs/a/../../x",
        "outputs//etc/passwd",
        "outputs/",
        "outputs",
        "outputs/.",
        "outputs/./a",
        "outputs/a//b",
        "outputs/a/",
        "outputs/..",
        "/etc/passwd",
        "../x",
        "x",
        "workspace-outputs/../x",
        "workspace-outputs//x",
        "outputsx/a",
        "./outputs/a",
        "OUTPUTS/a",
        "outputs/C:/x",
        "outputs/c:",
        "outputs/c:x",
        "outputs\\a",
        "",
    ] {
        refused(&[file(name)], "");
        if !name.is_empty() {
            refused(&[pax("path", name), file("outputs/fine")], "");
        }
    }
    refused(&[pax("path", "outputs/a\0b"), file("outputs/fine")], "NUL");
    refused(&[pax("path", "outputs/\u{0}"), file("outputs/fine")], "NUL");
    refused(&[pax("path", format!("outputs/{}", "x/".repeat(3000) + "x")), file("f")], "long");
    refused(&[file(b"outputs/\xff")], "UTF-8");
    refused(&[pax("path", b"outputs/\xff"), file("outputs/fine")], "PAX");
}

#[test]
fn names_in_each_other_s_way() {
    refused(&[file("outputs/a"), file("outputs/a")], "twice");
    refused(&[file("outputs/a"), link("outputs/a", "b")], "twice");
    refused(&[file("outputs/a"), file("outputs/a/b")], "below");
    refused(&[link("outputs/a", "../src"), file("outputs/a/b")], "below");
    refused(&[link("outputs/a", "../src"), file("outputs/a-b"), file("outputs/a/b/c")], "below");
    refused(&[dir("outputs/a"), file("outputs/a/b")], "below");
    refused(&[file("outputs/b"), file("outputs/a")], "order");
    refused(&[file("workspace-outputs/a"), file("outputs/a")], "order");
    refused(&[file("outputs/a"), raw("stderr", b'0', b"x")], "no place");
    refused(&[file("outputs/a"), raw("stdout", b'0', b"x")], "no place");
    refused(&[raw("meta.json", b'0', json().as_bytes())], "no place");
}

#[test]
fn kinds_that_are_no_outputs() {
    // Hard link, devices, named pipe, contiguous file, GNU's directory dump, long names, multi-volume,
    // sparse file and volume header, global PAX records, Solaris' ACL, the old regular file.
    for kind in [
        b'1', b'3', b'4', b'6', b'7', b'D', b'K', b'L', b'M', b'S', b'V', b'g', b'A', b'X', b'\0',
        b'z',
    ] {
        let entry = Raw { link: b"outputs/b".to_vec(), ..raw("outputs/a", kind, b"") };
        refused(&[entry], "");
    }
    refused(&[raw("pax_global_header", b'g', b"15 path=outputs\n"), file("outputs/a")], "kind");
    refused(&[raw("././@LongLink", b'L', b"outputs/long\0"), file("outputs/a")], "kind");
    let old = Raw { magic: [0; 8], ..file("outputs/a") };
    refused(&[old], "ustar");
    let gnu = Raw { magic: *b"ustar  \0", ..file("outputs/a") };
    refused(&[gnu], "ustar");
}

#[test]
fn records_that_change_the_meaning() {
    for (keyword, value) in [
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.realsize", "100000000"),
        ("SCHILY.xattr.user.x", "y"),
        ("uid", "0"),
        ("hdrcharset", "BINARY"),
        ("size", "3"),
        ("size", "8"),
        ("size", "-1"),
        ("mtime", "never"),
        ("mtime", "1.0000000001"),
        ("mtime", "99999999999999999999"),
    ] {
        refused(&[pax(keyword, value), file("outputs/a")], "");
    }
    refused(&[pax("path", "outputs/a"), pax("path", "outputs/b"), file("x")], "PAX");
    refused(&[pax("path", "outputs/a")], "no entry");
    refused(&[raw("PaxHeader", b'x', b"garbage"), file("outputs/a")], "PAX");
    refused(&[raw("PaxHeader", b'x', &vec![b'x'; (1 << 20) + 1]), file("outputs/a")], "PAX");
    with(&[pax("size", "7"), file("outputs/a")]).unwrap();
}

#[test]
fn links_and_directories_with_what_they_cannot_have() {
    refused(&[link("outputs/a", "/etc/passwd")], "absolute");
    refused(&[link("outputs/a", "")], "empty");
    refused(&[pax("linkpath", "a\0b"), link("outputs/a", "x")], "NUL");
    refused(&[pax("linkpath", "x".repeat(5000)), link("outputs/a", "x")], "long");
    refused(&[raw("outputs/a", b'5', b"content")], "content");
    refused(&[Raw { link: b"x".to_vec(), ..raw("outputs/a", b'2', b"content") }], "content");
}

#[test]
fn sizes_that_are_not_true() {
    // The next header is taken for content, or content for a header.
    refused(&[Raw { size: Some(0), ..file("outputs/a") }], "");
    refused(&[Raw { size: Some(1000), ..file("outputs/a") }, file("outputs/b")], "");
    refused(&[Raw { size: Some(1 << 20), ..file("outputs/a") }], "shorter");
    refused(&[Raw { size: Some(1 << 30), ..file("outputs/a") }], "unpacks to more");
    refused(&[Raw { size: Some(1 << 32), ..file("outputs/a") }], "unpacks to more");
    refused(&[Raw { size: Some(1 << 30), ..raw("outputs/a", b'5', b"") }], "");
    let huge = Raw { size: Some(0o77_777_777_777), ..raw("stderr", b'0', b"") };
    refused(&[huge], "unpacks to more");
}

#[test]
fn setuid_does_not_come_back() {
    let unpacked = with(&[Raw { mode: b"0007777\0", ..file("outputs/a") }]).unwrap();
    assert_eq!(unpacked.items[0].mode, 0o777);
    refused(&[Raw { mode: b"zzzzzzz\0", ..file("outputs/a") }], "");
}

#[test]
fn the_entries_before_the_outputs() {
    let refused = |entries: &[Raw], code: &str| {
        let error = open(&compress(&tar(entries))).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    };
    let [meta, stdout] = [front()[0].clone(), front()[1].clone()];
    let out = file("outputs/a");
    refused(&[], "VX_ARTIFACT_CORRUPT");
    refused(std::slice::from_ref(&meta), "VX_ARTIFACT_CORRUPT");
    refused(std::slice::from_ref(&stdout), "VX_ARTIFACT_CORRUPT");
    refused(&[meta.clone(), out.clone()], "VX_ARTIFACT_CORRUPT");
    refused(&[stdout.clone(), meta.clone(), out], "VX_ARTIFACT_CORRUPT");
    refused(&[meta.clone(), raw("stderr", b'0', b""), stdout.clone()], "VX_ARTIFACT_CORRUPT");
    refused(&[link("meta.json", "x"), stdout.clone()], "VX_ARTIFACT_CORRUPT");
    refused(&[meta, link("stdout", "x")], "VX_ARTIFACT_CORRUPT");
    let large = [json().as_bytes(), &vec![b' '; 1 << 20]].concat();
    refused(&[raw("meta.json", b'0', &large), stdout.clone()], "VX_ARTIFACT_CORRUPT");
    let newer = json().replace("\"version\":1", "\"version\":2");
    refused(
        &[raw("meta.json", b'0', newer.as_bytes()), stdout.clone()],
        "VX_ARTIFACT_OTHER_VERSION",
    );
    let other = json().replace(key().as_str(), &"f".repeat(32));
    refused(&[raw("meta.json", b'0', other.as_bytes()), stdout], "VX_ARTIFACT_OTHER_KEY");
}

#[test]
fn frames_and_ends() {
    let whole = tar(&[front(), vec![file("outputs/a")]].concat());
    let refused = |artifact: &[u8], reason: &str| {
        let error = open(artifact).unwrap_err();
        assert_eq!(error.code(), "VX_ARTIFACT_CORRUPT", "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    };
    open(&compress(&whole)).unwrap();
    refused(&zstd::stream::encode_all(&whole[..], 1).unwrap(), "checksum");
    refused(&whole, "zstd");
    refused(&compress(&whole[..whole.len() - 1024]), "end");
    refused(&compress(&whole[..whole.len() - 512]), "end");
    refused(&compress(&whole[..whole.len() - 1]), "end");
    refused(&compress(&[&whole[..], &[0; 512]].concat()), "end");
    refused(&compress(&[&whole[..], b"x"].concat()), "end");
    refused(&compress(&[&whole[..whole.len() - 512], &[1; 512]].concat()), "end");
    let halves = [compress(&whole[..1024]), compress(&whole[1024..])].concat();
    refused(&halves, "");
    // A window that would take 128 MiB to decode.
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&whole).unwrap();
    refused(&encoder.finish().unwrap(), "memory");
}
