//! What is packed comes back.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use proptest::prelude::*;
use vx::artifact::{Captured, Content, ItemKind, Logs, pack, read_logs, read_meta, unpack};
use vx::stamp::Stamp;

use super::support::{Place, Plain, What, key, logs, meta, plain, project, set_mtime, workspace};

#[test]
fn modes_times_links_and_directories() {
    let place = Place::new();
    let mut expected = Vec::new();
    for mode in [0o600, 0o640, 0o644, 0o664, 0o700, 0o755, 0o777, 0o444, 0o500, 0o400] {
        let output = project(&format!("dist/mode-{mode:03o}"));
        let path = place.file(&output, b"x");
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let what = What::File(b"x".to_vec());
        expected.push(Plain { output, mode, mtime_ns: 1_600_000_000_123_456_789, what });
    }
    for (index, mtime_ns) in [
        0,
        1,
        999_999_999,
        1_000_000_000,
        -1,
        -1_000_000_000,
        -1_500_000_001,
        1_700_000_000_000_000_000,
    ]
    .into_iter()
    .enumerate()
    {
        let output = project(&format!("dist/time-{index}"));
        let path = place.file(&output, b"");
        set_mtime(&path, mtime_ns);
        fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        expected.push(Plain { output, mode: 0o644, mtime_ns, what: What::File(Vec::new()) });
    }
    for (name, target) in
        [("to", "mode-644"), ("up", "../src"), ("dangling", "no/where"), ("far", "../../../x")]
    {
        let output = project(&format!("dist/link-{name}"));
        symlink(target, place.path(&output)).unwrap();
        let mtime_ns = Stamp::of(&place.path(&output).symlink_metadata().unwrap()).mtime_ns;
        expected.push(Plain { output, mode: 0o777, mtime_ns, what: What::Link(target.into()) });
    }
    let output = workspace("shared/empty");
    fs::create_dir_all(place.path(&output)).unwrap();
    fs::set_permissions(place.path(&output), PermissionsExt::from_mode(0o750)).unwrap();
    set_mtime(&place.path(&output), 77);
    expected.push(Plain { output, mode: 0o750, mtime_ns: 77, what: What::Directory });

    expected.sort_by(|a, b| a.output.cmp(&b.output));
    let mut outputs: Vec<_> = expected.iter().map(|item| item.output.clone()).collect();
    outputs.reverse();
    outputs.push(outputs[0].clone());
    place.pack(&outputs);
    let unpacked = place.unpack().unwrap();
    assert_eq!(plain(&unpacked), expected);
    assert_eq!(unpacked.meta, meta());
    assert_eq!(unpacked.logs.stdout.bytes().unwrap(), b"out\n");
    assert_eq!(unpacked.logs.stderr.bytes().unwrap(), b"err\n");
}

#[test]
fn names_of_every_length_and_kind() {
    let place = Place::new();
    let mut outputs = Vec::new();
    for name in [
        "a b",
        "'",
        "\"",
        "a\nb",
        "a\\b",
        "\\",
        "-rf",
        "[x]",
        "{a,b}",
        "$HOME",
        "`x`",
        "*",
        "?",
        "~",
        "é",
        "日本語",
        "🦀",
        " ",
        "...",
        "a.",
        "%2F",
        "#",
        "!",
        "\t",
        "\u{7f}",
        "\u{1}",
        "a=b",
        "=",
        "1 x=y\n",
        "e\u{301}",
    ] {
        outputs.push(project(&format!("odd/{name}")));
    }
    for len in [89, 90, 91, 92, 99, 100, 101, 154, 155, 156, 254, 255] {
        outputs.push(project(&"n".repeat(len)));
        outputs.push(project(&format!("d/{}", "m".repeat(len))));
    }
    outputs.push(project(&"é".repeat(127)));
    outputs.push(project(&format!("{}/x", vec!["p".repeat(100); 8].join("/"))));
    outputs.push(workspace(&vec!["q"; 400].join("/")));
    for output in &outputs {
        place.file(output, output.path.as_str().as_bytes());
    }
    let long_link = project("link");
    symlink("t/".repeat(400), place.path(&long_link)).unwrap();
    let odd_link = project("odd-link");
    symlink("a \n b = \u{1f980}", place.path(&odd_link)).unwrap();
    outputs.extend([long_link.clone(), odd_link.clone()]);

    place.pack(&outputs);
    let unpacked = place.unpack().unwrap();
    outputs.sort();
    assert_eq!(plain(&unpacked).len(), outputs.len());
    for (item, output) in plain(&unpacked).into_iter().zip(outputs) {
        assert_eq!(item.output, output);
        let what = if output == long_link {
            What::Link("t/".repeat(400))
        } else if output == odd_link {
            What::Link("a \n b = \u{1f980}".into())
        } else {
            What::File(output.path.as_str().as_bytes().to_vec())
        };
        assert_eq!(item.what, what);
    }
}

/// Bytes that do not compress and differ at every offset.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..len.div_ceil(8)).flat_map(|_| next()).take(len).collect()
}

#[test]
fn large_outputs_are_staged_and_the_staging_goes_away() {
    let place = Place::new();
    let sizes = [15 << 20, (1 << 20) + 1, (1 << 20) - 1, 1, 0, 20 << 20, 5];
    let all = noise(20 << 20);
    let outputs: Vec<_> = (0..sizes.len()).map(|i| project(&format!("dist/{i}"))).collect();
    for (output, size) in outputs.iter().zip(sizes) {
        place.file(output, &all[..size]);
    }
    place.pack(&outputs);
    let before = place.everything_else();
    let unpacked = place.unpack().unwrap();
    let staged: Vec<bool> = unpacked
        .items
        .iter()
        .map(|item| matches!(item.kind, ItemKind::File(Content::Staged(_))))
        .collect();
    // A content takes a little more room than its bytes, so the third does not fit beside the first.
    assert_eq!(staged, [false, true, true, false, false, true, false]);
    for (item, size) in plain(&unpacked).iter().zip(sizes) {
        assert!(item.what == What::File(all[..size].to_vec()), "{}", item.output.entry_name());
    }
    let mut written = place.everything_else();
    written.retain(|path| !before.contains(path));
    assert!(written.len() > 3 && written.iter().all(|path| path.starts_with(place.staging())));
    drop(unpacked);
    assert_eq!(place.everything_else(), before);
}

#[test]
fn several_unpack_into_one_staging_directory() {
    let place = Place::new();
    let output = project("dist/big");
    place.file(&output, &noise(17 << 20));
    place.pack(&[output]);
    let first = place.unpack().unwrap();
    let second = place.unpack().unwrap();
    drop(first);
    let What::File(bytes) = &plain(&second)[0].what else { panic!() };
    assert!(*bytes == noise(17 << 20));
}

#[test]
fn nothing_is_staged_and_nothing_made_when_all_is_small() {
    let place = Place::new();
    let output = project("dist/a");
    place.file(&output, b"x");
    place.pack(&[output]);
    let before = place.everything_else();
    let _unpacked = place.unpack().unwrap();
    assert_eq!(place.everything_else(), before);
}

#[test]
fn the_same_outputs_give_the_same_bytes() {
    let place = Place::new();
    let outputs = [project("dist/a"), project("dist/b"), workspace("c")];
    for output in &outputs {
        place.file(output, output.path.as_str().as_bytes());
    }
    let first = fs::read(place.pack(&outputs)).unwrap();
    let reversed: Vec<_> = outputs.iter().rev().cloned().collect();
    assert!(fs::read(place.pack(&reversed)).unwrap() == first);
}

#[test]
fn an_artifact_without_outputs_holds_the_logs() {
    let place = Place::new();
    let mut stdout = Captured::default();
    let long = noise(3 << 20);
    stdout.write_all(&long).unwrap();
    let logs = Logs { stdout, stderr: Captured::default() };
    let packed = pack(&place.cache(), &meta(), &logs, &[], &place.anchors).unwrap();
    assert!(packed.outputs().is_empty());
    packed.publish(&place.artifact()).unwrap();
    let unpacked = place.unpack().unwrap();
    assert!(unpacked.items.is_empty() && unpacked.logs.stderr.is_empty());
    assert!(unpacked.logs.stdout.bytes().unwrap() == long);
    let (read, logs) = read_logs(&place.artifact(), &key()).unwrap();
    assert_eq!(read, meta());
    assert!(logs.stdout.bytes().unwrap() == long && logs.stderr.is_empty());
}

#[test]
fn an_artifact_is_invisible_until_it_is_published() {
    let place = Place::new();
    let output = project("a");
    place.file(&output, b"x");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(place.cache()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let pack = || {
        pack(
            &place.cache(),
            &meta(),
            &logs(b"", b""),
            std::slice::from_ref(&output),
            &place.anchors,
        )
        .unwrap()
    };
    let packed = pack();
    assert_eq!(names().len(), 1);
    assert!(names()[0].starts_with(&format!(".tmp-{}-", std::process::id())), "{:?}", names());
    drop(packed);
    assert_eq!(names(), [""; 0]);

    let packed = pack();
    let size = packed.size();
    packed.publish(&place.artifact()).unwrap();
    assert_eq!(names(), [format!("{}.tar.zst", key())]);
    assert_eq!(fs::metadata(place.artifact()).unwrap().len(), size);
    pack().publish(&place.artifact()).unwrap();
    assert_eq!(names().len(), 1);
}

#[test]
fn an_artifact_is_as_readable_as_any_new_file() {
    let place = Place::new();
    let artifact = place.pack(&[]);
    let usual = place.file(&project("usual"), b"");
    let mode = |path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(artifact), mode(usual));
}

#[test]
fn the_stamps_are_those_of_the_files_that_were_packed() {
    let place = Place::new();
    let outputs = [project("dist/a"), project("dist/link"), workspace("w")];
    place.file(&outputs[0], b"x");
    symlink("a", place.path(&outputs[1])).unwrap();
    place.file(&outputs[2], b"y");
    let packed = pack(&place.cache(), &meta(), &logs(b"", b""), &outputs, &place.anchors).unwrap();
    let expected: Vec<_> = outputs
        .iter()
        .map(|o| (o.clone(), Stamp::of(&place.path(o).symlink_metadata().unwrap())))
        .collect();
    assert_eq!(packed.outputs(), expected);
}

#[test]
fn setuid_does_not_come_back() {
    let place = Place::new();
    let output = project("tool");
    let path = place.file(&output, b"x");
    fs::set_permissions(path, PermissionsExt::from_mode(0o6755)).unwrap();
    place.pack(&[output]);
    assert_eq!(place.unpack().unwrap().items[0].mode, 0o755);
}

#[test]
fn only_what_is_accepted_is_taken() {
    let place = Place::new();
    let outputs = [project("dist/a"), project("other/b")];
    for output in &outputs {
        place.file(output, b"x");
    }
    let artifact = place.pack(&outputs);
    let accept = |output: &vx::artifact::OutputPath| output.path.as_str().starts_with("dist/");
    let error = unpack(&artifact, &key(), &place.staging(), &accept).unwrap_err();
    assert_eq!(vx::error::Coded::code(&error), "VX_ARTIFACT_CORRUPT");
    assert!(error.to_string().contains("other/b"), "{error}");
    assert_eq!(read_meta(&artifact).unwrap(), meta());
}

/// Names that a property test takes its trees from.
fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{1,2}",
        "[ -~]{1,12}",
        "\\PC{1,20}",
        Just("x".repeat(255)),
        Just("y".repeat(120)),
    ]
    .prop_map(|name| name.replace('/', "_"))
    .prop_filter("a name", |name| {
        !name.is_empty()
            && !matches!(name.as_str(), "." | "..")
            && name.len() <= 255
            // A drive letter is refused, and that is tested elsewhere.
            && name.as_bytes().get(1) != Some(&b':')
    })
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        6 => proptest::collection::vec(any::<u8>(), 0..2000).prop_map(What::File),
        1 => segment().prop_map(What::Link),
        1 => Just(What::Directory),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_tree_comes_back(
        tree in proptest::collection::vec(
            (proptest::collection::vec(segment(), 1..4), what(), 0o400_u32..=0o777, -(1_i64 << 33)..(1 << 33), 0_i64..1_000_000_000),
            0..12,
        ),
        stdout: Vec<u8>,
        stderr: Vec<u8>,
    ) {
        let place = Place::new();
        // The first of two that are in each other's way is kept.
        let mut kept: BTreeMap<String, Plain> = BTreeMap::new();
        for (segments, what, mode, seconds, ns) in tree {
            let path = segments.join("/");
            let meets = |other: &String| {
                *other == path || other.starts_with(&format!("{path}/")) || path.starts_with(&format!("{other}/"))
            };
            if !kept.keys().any(meets) {
                let output = project(&path);
                // What i64 nanoseconds hold.
                let mtime_ns = (seconds * 1_000_000_000 + ns).clamp(-(1 << 62), 1 << 62);
                kept.insert(path, Plain { output, mode, mtime_ns, what });
            }
        }
        for item in kept.values_mut() {
            let path = place.path(&item.output);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match &item.what {
                What::File(bytes) => fs::write(&path, bytes).unwrap(),
                What::Directory => fs::create_dir(&path).unwrap(),
                What::Link(target) => {
                    symlink(std::ffi::OsStr::from_bytes(target.as_bytes()), &path).unwrap();
                    item.mode = 0o777;
                    item.mtime_ns = Stamp::of(&path.symlink_metadata().unwrap()).mtime_ns;
                    continue;
                }
            }
            set_mtime(&path, item.mtime_ns);
            // Some file systems do not hold every time: what is on disk counts.
            item.mtime_ns = Stamp::of(&path.symlink_metadata().unwrap()).mtime_ns;
            fs::set_permissions(&path, PermissionsExt::from_mode(item.mode)).unwrap();
        }
        let mut expected: Vec<Plain> = kept.into_values().collect();
        expected.sort_by(|a, b| a.output.cmp(&b.output));
        let outputs: Vec<_> = expected.iter().map(|item| item.output.clone()).collect();
        let packed = pack(&place.cache(), &meta(), &logs(&stdout, &stderr), &outputs, &place.anchors).unwrap();
        packed.publish(&place.artifact()).unwrap();
        let unpacked = place.unpack().unwrap();
        prop_assert_eq!(plain(&unpacked), expected);
        prop_assert_eq!(unpacked.logs.stdout.bytes().unwrap(), stdout);
        prop_assert_eq!(unpacked.logs.stderr.bytes().unwrap(), stderr);
    }
}
