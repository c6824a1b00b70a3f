//! What is put is whole, exact, and where it belongs; what is in the way is named.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use vx::error::Coded;
use vx::outputs::{check, is_current, put};
use vx::stamp::Stamp;

use super::support::{Place, tree};

#[test]
fn everything_comes_back_exactly() {
    let place = Place::new();
    place.files(&["dist/a.js", "dist/sub/deep/run", "dist/secret", "dist/read-only"]);
    place.set("dist/a.js", 0o644, 1_600_000_000_123_456_789);
    place.set("dist/sub/deep/run", 0o755, -1);
    place.set("dist/secret", 0o600, 0);
    place.set("dist/read-only", 0o400, 999_999_999);
    place.link("dist/link", "sub/deep/run");
    place.link("dist/dangling", "../../..");
    place.dirs(&["dist/empty"]);
    place.set("dist/empty", 0o711, 1_500_000_000_000_000_001);
    fs::create_dir(place.workspace.join("shared")).unwrap();
    fs::write(place.workspace.join("shared/x"), "x").unwrap();
    let spec = place.full_spec(&["dist/**"], &["shared/**"], &[]);
    let before = place.tree();
    place.pack(&spec);
    let recorded = place.restore(&spec).unwrap();
    assert_eq!(place.tree(), before);
    let empty = fs::metadata(place.project.join("dist/empty")).unwrap();
    assert_eq!((empty.mtime(), empty.mtime_nsec()), (1_500_000_000, 1));
    for output in &recorded {
        let path = spec.anchors.locate(&output.output).unwrap();
        assert_eq!(Stamp::of(&path.symlink_metadata().unwrap()), output.stamp, "{path:?}");
    }
    assert!(recorded.is_sorted_by(|a, b| a.output < b.output) && recorded.len() == 8);
}

#[test]
fn a_clone_without_any_directory_gets_all_of_it() {
    let place = Place::new();
    place.files(&["a/b/c/d", "a/b/e"]);
    let spec = place.spec(&["a/**"]);
    place.pack(&spec);
    let before = place.tree();
    fs::remove_dir_all(place.project.join("a")).unwrap();
    put(place.unpack(&spec), &spec.anchors).unwrap();
    let names = |tree: super::support::Tree| tree.into_keys().collect::<Vec<_>>();
    assert_eq!(names(place.tree()), names(before));
    let mode = fs::metadata(place.project.join("a/b")).unwrap().mode() & 0o777;
    assert_eq!(mode & !0o755, 0);
}

#[test]
fn large_files_are_moved_out_of_the_staging() {
    let place = Place::new();
    place.files(&["dist/small"]);
    let large: Vec<u8> =
        (0..(17 << 20)).map(|i: u32| i.to_le_bytes()[2] ^ i.to_le_bytes()[0]).collect();
    fs::write(place.project.join("dist/large"), &large).unwrap();
    place.set("dist/large", 0o640, 1_600_000_000_000_000_001);
    let spec = place.spec(&["dist/**"]);
    let before = place.tree();
    place.pack(&spec);
    let recorded = place.restore(&spec).unwrap();
    assert!(place.tree() == before);
    assert!(is_current(&spec, &recorded).unwrap());
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn large_files_are_copied_from_another_file_system() {
    let place = Place::new();
    let other = Path::new("/dev/shm");
    let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
    if device(other).is_none() || device(other) == device(&place.project) {
        eprintln!("SKIPPED: no other file system at {other:?}");
        return;
    }
    fs::create_dir(place.project.join("dist")).unwrap();
    fs::write(place.project.join("dist/large"), vec![7; 17 << 20]).unwrap();
    place.set("dist/large", 0o640, 1_600_000_000_000_000_001);
    let spec = place.spec(&["dist/**"]);
    let before = place.tree();
    place.pack(&spec);
    let staging = tempfile::tempdir_in(other).unwrap();
    let unpacked = place.unpack_into(staging.path(), &spec);
    assert_eq!(tree(staging.path()).len(), 2);
    vx::outputs::clean(&spec).unwrap();
    let recorded = put(unpacked, &spec.anchors).unwrap();
    assert!(place.tree() == before);
    assert!(is_current(&spec, &recorded).unwrap());
    assert!(tree(staging.path()).is_empty());
}

#[test]
fn many_files_in_one_directory() {
    let place = Place::new();
    let names: Vec<String> = (0..500).map(|i| format!("dist/{i}")).collect();
    place.files(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let spec = place.spec(&["dist/**"]);
    let before = place.tree();
    place.pack(&spec);
    assert_eq!(place.restore(&spec).unwrap().len(), 500);
    assert_eq!(place.tree(), before);
}

#[test]
fn files_and_links_replace_files_and_links() {
    let place = Place::new();
    place.files(&["dist/a", "dist/b"]);
    place.link("dist/c", "a");
    let spec = place.spec(&["dist/**"]);
    place.pack(&spec);
    let before = place.tree();
    let precious = place.outside().join("precious");
    fs::write(&precious, "x").unwrap();
    for name in ["a", "b", "c"] {
        fs::remove_file(place.project.join("dist").join(name)).unwrap();
    }
    place.link("dist/a", &precious);
    place.link("dist/b", "a");
    place.files(&["dist/c"]);
    put(place.unpack(&spec), &spec.anchors).unwrap();
    assert_eq!(place.tree(), before);
    assert_eq!(fs::read(precious).unwrap(), b"x");
}

#[test]
fn what_is_in_the_way_is_named_and_stays() {
    let built = || {
        let place = Place::new();
        place.files(&["dist/file", "dist/sub/x"]);
        place.dirs(&["dist/empty"]);
        place.link("dist/link", "file");
        let spec = place.spec(&["dist/**", "!dist/**/*.mine"]);
        place.pack(&spec);
        vx::outputs::clean(&spec).unwrap();
        (place, spec)
    };
    for (mine, output) in [("dist/file/x.mine", "dist/file"), ("dist/link/x.mine", "dist/link")] {
        let (place, spec) = built();
        place.files(&[mine]);
        let error = place.restore(&spec).unwrap_err();
        assert_eq!(error.code(), "VX_OUTPUT_IN_THE_WAY", "{error}");
        assert!(error.to_string().contains(output), "{error}");
        assert!(place.project.join(mine).exists());
        assert!(!place.names().iter().any(|name| name.contains(".vx-tmp")), "{:?}", place.names());
    }
    for in_the_way in ["dist/sub", "dist/empty", "dist"] {
        let (place, spec) = built();
        place.files(&[in_the_way]);
        let error = put(place.unpack(&spec), &spec.anchors).unwrap_err();
        assert_eq!(error.code(), "VX_OUTPUT_IN_THE_WAY", "{error}");
        assert!(error.to_string().contains(in_the_way), "{error}");
    }
    let (place, spec) = built();
    place.link("dist/sub", "nowhere");
    let error = put(place.unpack(&spec), &spec.anchors).unwrap_err();
    assert_eq!(error.code(), "VX_OUTPUT_IN_THE_WAY", "{error}");
}

#[test]
fn parents_may_be_links_inside_and_not_out() {
    let place = Place::new();
    place.files(&["lib/dist/a", "other"]);
    let spec = place.spec(&["lib/dist/**"]);
    place.pack(&spec);
    fs::remove_dir_all(place.project.join("lib")).unwrap();
    place.dirs(&["real"]);
    place.link("lib", "real");
    let recorded = place.restore(&spec).unwrap();
    assert!(place.project.join("real/dist/a").is_file());
    assert!(is_current(&spec, &recorded).unwrap());

    fs::remove_file(place.project.join("lib")).unwrap();
    let outside = place.outside();
    for target in [outside.clone(), "../../../outside".into()] {
        place.link("lib", target);
        let before = place.tree();
        let unpacked = place.unpack(&spec);
        let error = check(&unpacked, &spec.anchors).unwrap_err();
        assert_eq!(error.code(), "VX_OUTPUT_LEADS_OUT", "{error}");
        assert!(error.to_string().contains("lib/dist"), "{error}");
        let error = put(unpacked, &spec.anchors).unwrap_err();
        assert_eq!(error.code(), "VX_OUTPUT_LEADS_OUT", "{error}");
        assert_eq!(place.tree(), before);
        assert!(tree(&outside).is_empty());
        fs::remove_file(place.project.join("lib")).unwrap();
    }
}

#[test]
fn a_link_of_the_artifact_that_would_point_out_here_is_refused() {
    let place = Place::new();
    place.files(&["dist/a"]);
    place.link("dist/up", "../../../x");
    let spec = place.spec(&["dist/**"]);
    place.pack(&spec);
    let before = place.tree();
    let mut narrower = spec.clone();
    narrower.anchors.workspace = None;
    let error = check(&place.unpack(&spec), &narrower.anchors).unwrap_err();
    assert_eq!(error.code(), "VX_OUTPUT_LINK_ESCAPES", "{error}");
    check(&place.unpack(&spec), &spec.anchors).unwrap();
    assert_eq!(place.tree(), before);
}

#[test]
fn a_directory_that_may_not_be_written_is_named() {
    let place = Place::new();
    place.files(&["dist/a"]);
    let spec = place.spec(&["dist/**"]);
    place.pack(&spec);
    fs::remove_dir_all(&place.project).unwrap();
    let error = put(place.unpack(&spec), &spec.anchors).unwrap_err();
    assert_eq!(error.code(), "VX_OUTPUT_IO", "{error}");
    assert!(error.to_string().contains("packages/app"), "{error}");
    fs::create_dir(&place.project).unwrap();
    fs::set_permissions(&place.project, Permissions::from_mode(0o755)).unwrap();
    put(place.unpack(&spec), &spec.anchors).unwrap();
}
