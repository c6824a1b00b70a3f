//! Any change of any output is seen, and nothing else is.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use vx::outputs::{OutputSpec, RecordedOutput, is_current, put};

use super::support::Place;

fn built() -> (Place, OutputSpec, Vec<RecordedOutput>) {
    let place = Place::new();
    place.files(&["dist/a.js", "dist/sub/b.js", "src/a.ts"]);
    place.dirs(&["dist/empty"]);
    place.link("dist/link", "a.js");
    let spec = place.spec(&["dist/**"]);
    let recorded = place.pack(&spec);
    (place, spec, recorded)
}

#[test]
fn what_was_saved_is_current_and_so_is_what_was_restored() {
    let (place, spec, recorded) = built();
    assert!(is_current(&spec, &recorded).unwrap());
    let restored = place.restore(&spec).unwrap();
    assert!(is_current(&spec, &restored).unwrap());
    assert!(!is_current(&spec, &recorded).unwrap(), "the files are new ones");
    let mut reversed = restored.clone();
    reversed.reverse();
    assert!(is_current(&spec, &reversed).unwrap());
    fs::write(place.project.join("src/new.ts"), "").unwrap();
    assert!(is_current(&spec, &restored).unwrap());
}

#[test]
fn nothing_recorded_is_current_while_nothing_matches() {
    let place = Place::new();
    let spec = place.spec(&["dist/**"]);
    assert!(is_current(&spec, &[]).unwrap());
    place.files(&["dist/a"]);
    assert!(!is_current(&spec, &[]).unwrap());
}

#[test]
fn every_change_is_seen() {
    type Change = fn(&std::path::Path);
    let changes: [(&str, Change); 16] = [
        ("content", |p| fs::write(p.join("dist/a.js"), "other").unwrap()),
        ("same size, same time", |p| {
            let path = p.join("dist/a.js");
            let (bytes, time) =
                (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
            let changed: Vec<u8> = bytes.iter().map(|byte| byte ^ 1).collect();
            fs::write(&path, changed).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_times(fs::FileTimes::new().set_modified(time)).unwrap();
        }),
        ("a copy with the same time", |p| {
            let (path, copy) = (p.join("dist/a.js"), p.join("copy"));
            let time = fs::metadata(&path).unwrap().modified().unwrap();
            fs::copy(&path, &copy).unwrap();
            fs::File::open(&copy)
                .unwrap()
                .set_times(fs::FileTimes::new().set_modified(time))
                .unwrap();
            fs::rename(copy, path).unwrap();
        }),
        ("mode", |p| {
            fs::set_permissions(p.join("dist/a.js"), Permissions::from_mode(0o755)).unwrap();
        }),
        ("removed", |p| fs::remove_file(p.join("dist/sub/b.js")).unwrap()),
        ("all removed", |p| fs::remove_dir_all(p.join("dist")).unwrap()),
        ("extra file", |p| fs::write(p.join("dist/extra"), "").unwrap()),
        ("extra directory", |p| fs::create_dir(p.join("dist/extra")).unwrap()),
        ("extra link", |p| symlink("a.js", p.join("dist/extra")).unwrap()),
        ("directory filled", |p| fs::write(p.join("dist/empty/x"), "").unwrap()),
        ("directory removed", |p| fs::remove_dir(p.join("dist/empty")).unwrap()),
        ("directory's mode", |p| {
            fs::set_permissions(p.join("dist/empty"), Permissions::from_mode(0o700)).unwrap();
        }),
        ("link's target", |p| {
            fs::remove_file(p.join("dist/link")).unwrap();
            symlink("b.js", p.join("dist/link")).unwrap();
        }),
        ("link by a file", |p| {
            fs::remove_file(p.join("dist/link")).unwrap();
            fs::write(p.join("dist/link"), "a.js").unwrap();
        }),
        ("root by a link", |p| {
            fs::rename(p.join("dist"), p.join("real")).unwrap();
            symlink("real", p.join("dist")).unwrap();
        }),
        ("root by a link that leads out", |p| {
            fs::rename(p.join("dist"), p.join("../real")).unwrap();
            symlink("../real", p.join("dist")).unwrap();
        }),
    ];
    for (name, change) in changes {
        let (place, spec, recorded) = built();
        assert!(is_current(&spec, &recorded).unwrap());
        change(&place.project);
        assert!(!is_current(&spec, &recorded).unwrap(), "{name}");
    }
}

#[test]
fn a_directory_s_time_does_not_count() {
    let (place, spec, recorded) = built();
    let dir = place.project.join("dist/empty");
    fs::write(dir.join("x"), "").unwrap();
    fs::remove_file(dir.join("x")).unwrap();
    place.set("dist/empty", 0o755, 5);
    let mode = fs::metadata(&dir).unwrap().permissions();
    let recorded_mode = recorded.iter().find(|r| r.stamp.is_directory()).unwrap().stamp.mode;
    fs::set_permissions(&dir, Permissions::from_mode(recorded_mode & 0o777)).unwrap();
    assert!(is_current(&spec, &recorded).unwrap(), "{mode:?}");
}

#[test]
fn other_globs_are_another_set() {
    let (place, spec, recorded) = built();
    assert!(is_current(&spec, &recorded).unwrap());
    assert!(!is_current(&place.spec(&["dist/a.js"]), &recorded).unwrap());
    assert!(!is_current(&place.spec(&["dist/**", "src/**"]), &recorded).unwrap());
}

#[test]
fn the_same_path_below_the_other_anchor_is_another_output() {
    let place = Place::new();
    fs::write(place.workspace.join("x"), "1").unwrap();
    place.files(&["x"]);
    let spec = place.full_spec(&["x"], &["x"], &[]);
    let recorded = place.pack(&spec);
    assert!(is_current(&spec, &recorded).unwrap());
    let mut swapped = recorded;
    let stamp = swapped[0].stamp;
    swapped[0].stamp = swapped[1].stamp;
    swapped[1].stamp = stamp;
    assert!(!is_current(&spec, &swapped).unwrap());
}

#[test]
fn it_only_reads() {
    let (place, spec, recorded) = built();
    let before = place.tree();
    is_current(&spec, &recorded).unwrap();
    place.files(&["dist/extra"]);
    let changed = place.tree();
    is_current(&spec, &recorded).unwrap();
    assert_eq!(place.tree(), changed);
    assert_ne!(before, changed);
    drop(put(place.unpack(&spec), &spec.anchors).unwrap());
}
