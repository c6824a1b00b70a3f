//! Memory and disk stay bounded whatever an artifact holds or claims to hold. Measured in a process of its own.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use vx::artifact::{read_logs, read_meta, unpack};

use super::hostile::{Raw, dir, file, front, pax, raw};
use super::support::{Place, key};

/// What reading an artifact may take, besides what the process took before.
const BOUND: u64 = 64 << 20;

/// Writes an artifact entry by entry, compressed so that it is made fast.
struct Maker(zstd::stream::write::Encoder<'static, BufWriter<File>>);

impl Maker {
    fn new(path: &Path) -> Self {
        let file = BufWriter::new(File::create(path).unwrap());
        let mut encoder = zstd::stream::write::Encoder::new(file, -7).unwrap();
        encoder.include_checksum(true).unwrap();
        let mut maker = Self(encoder);
        for entry in front() {
            maker.add(&entry);
        }
        maker
    }

    fn add(&mut self, entry: &Raw) {
        self.0.write_all(&entry.bytes()).unwrap();
    }

    fn end(mut self) {
        self.0.write_all(&[0; 1024]).unwrap();
        self.0.finish().unwrap().flush().unwrap();
    }
}

/// One zstd frame made by hand: these bytes, then `blocks` times 128 KiB of zeros of 4 bytes each. With
/// `declared`, the frame says how much it holds.
fn frame(start: &[u8], blocks: usize, declared: bool) -> Vec<u8> {
    const BLOCK: usize = 128 << 10;
    let block = |kind: usize, size: usize| (size << 3 | kind << 1).to_le_bytes()[..3].to_vec();
    // The descriptor: a checksum, and where declared a content size of eight bytes; then a window of 1 MiB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, if declared { 0xc4 } else { 0x04 }, 10 << 3];
    if declared {
        frame.extend((start.len() as u64 + (blocks * BLOCK) as u64).to_le_bytes());
    }
    frame.extend(block(0, start.len()));
    frame.extend(start);
    for _ in 0..blocks {
        frame.extend(block(1, BLOCK));
        frame.push(0);
    }
    frame.extend([1, 0, 0, 0, 0, 0, 0]);
    frame
}

/// The first bytes of an artifact whose last entry goes on for `size` bytes.
fn endless(name: &str, size: u64) -> Vec<u8> {
    let mut entries = front();
    entries.push(Raw { size: Some(size), ..raw(name, b'0', b"") });
    entries.iter().flat_map(Raw::bytes).collect()
}

fn field(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
#[ignore = "the other process of the tests here"]
fn reads_one() {
    let dir = std::env::var_os("VX_TEST_DIR").unwrap();
    let (path, staging) = (Path::new(&dir).join("artifact"), Path::new(&dir).join("staging"));
    let before = field("VmRSS");
    let _ = read_meta(&path);
    let logs = read_logs(&path, &key()).map(|(_, logs)| logs.stdout.len() + logs.stderr.len());
    let unpacked = unpack(&path, &key(), &staging, &|_| true);
    let took = field("VmHWM") - before;
    assert!(took < BOUND, "reading it took {} MiB", took >> 20);
    let result = unpacked.map_or_else(
        |error| error.to_string(),
        |unpacked| {
            let staged = fs::read_dir(&staging).map_or(0, Iterator::count);
            format!(
                "sound: {} outputs, staged: {staged}, logs: {}",
                unpacked.items.len(),
                logs.unwrap()
            )
        },
    );
    let mut out = std::io::stdout();
    writeln!(out, "\n{result}\ntook {} KiB", took >> 10).unwrap();
}

/// Reads what `make` wrote, in a process of its own, and gives what came of it.
fn read(make: impl FnOnce(&Path)) -> String {
    let place = Place::new();
    make(&place.cache().join("artifact"));
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "memory::reads_one"])
        .env("VX_TEST_DIR", place.cache())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_dir(place.cache()).unwrap().count(), 1, "something was left behind");
    text
}

#[test]
fn a_million_empty_entries() {
    let text = read(|path| {
        let mut maker = Maker::new(path);
        let mut block = raw("outputs/0000000", b'0', b"").bytes();
        let zero = block[..148].iter().chain(&[b' '; 8]).chain(&block[156..]);
        let zero: usize = zero.map(|byte| usize::from(*byte)).sum();
        for n in 0..1_000_000 {
            let digits = format!("{n:07}");
            block[8..15].copy_from_slice(digits.as_bytes());
            let sum = zero + digits.bytes().map(|digit| usize::from(digit - b'0')).sum::<usize>();
            block[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
            maker.0.write_all(&block).unwrap();
        }
        maker.end();
    });
    assert!(text.contains("too many"), "{text}");
}

#[test]
fn many_small_files_deep_directories_and_large_records() {
    // As many as fit, each with a content and a directory of its own.
    let text = read(|path| {
        let mut maker = Maker::new(path);
        (0..120_000).for_each(|n| maker.add(&raw(format!("outputs/{n:06}/x"), b'0', b"x")));
        maker.end();
    });
    assert!(text.contains("sound: 120000 outputs"), "{text}");
    let text = read(|path| {
        let mut maker = Maker::new(path);
        for n in 0..5_000 {
            maker.add(&pax("path", format!("outputs/{n:06}{}/x", "/y".repeat(200))));
            maker.add(&file("x"));
        }
        maker.end();
    });
    assert!(text.contains("too many"), "{text}");
    let text = read(|path| {
        let mut maker = Maker::new(path);
        for n in 0..100 {
            maker.add(&pax("linkpath", "x".repeat((1 << 20) - 64)));
            maker.add(&dir(format!("outputs/{n:06}")));
        }
        maker.end();
    });
    assert!(text.contains("sound: 100 outputs"), "{text}");
}

#[test]
fn a_large_file_is_staged_and_large_logs_are_not_kept_in_memory() {
    let zeros = vec![0; 100 << 20];
    let text = read(|path| {
        let mut maker = Maker::new(path);
        maker.add(&raw("stderr", b'0', &zeros));
        maker.add(&raw("outputs/a", b'0', &zeros));
        maker.end();
    });
    assert!(text.contains("sound: 1 outputs, staged: 1"), "{text}");
    assert!(text.contains(&format!("logs: {}", zeros.len() + 3)), "{text}");
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    // 64 GiB in two megabytes.
    let blocks = 512 << 10;
    for declared in [false, true] {
        for name in ["outputs/a", "stderr"] {
            let start = endless(name, 8_589_934_591);
            let text = read(|path| fs::write(path, frame(&start, blocks, declared)).unwrap());
            assert!(text.contains("unpacks to more than"), "{text}");
        }
    }
    // Not even the hundredth of it is read when an entry is no larger than it says.
    let start = endless("outputs/a", 512);
    let text = read(|path| fs::write(path, frame(&start, blocks, false)).unwrap());
    assert!(text.contains("end"), "{text}");
}
