//! A directory that may be read and not written, as a shared cache on a build machine is.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use vx::artifact::Anchors;
use vx::cache::{Cache, PruneOptions, RestoreSpec, RestoreTarget, SaveRequest};

use crate::fixture::{Fixture, code, key, logs, project};

/// The user that owns nothing.
const NOBODY: u32 = 65_534;

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_cannot_be_written_still_serves() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.run_and_save(&cache, 1);
    cache.close().unwrap();
    let tree = fixture.root().join("tree");
    fs::create_dir(&tree).unwrap();
    allow(fixture.root(), 0o755);
    allow(&tree, 0o777);
    for entry in fs::read_dir(fixture.dir()).unwrap() {
        allow(&entry.unwrap().path(), 0o444);
    }
    allow(&fixture.dir(), 0o555);
    let before = fixture.names("");

    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--ignored", "--exact", "read_only::uses_what_it_cannot_write"])
        .env("VX_TEST_CACHE_DIR", fixture.dir())
        .env("VX_TEST_TREE", &tree)
        .current_dir("/");
    // Modes do not bind the superuser, so somebody else has to try.
    if fs::write(fixture.dir().join("probe"), "").is_ok() {
        fs::remove_file(fixture.dir().join("probe")).unwrap();
        child.uid(NOBODY).gid(NOBODY);
    }
    match child.output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
        }
        Err(error) => {
            let line = format!("SKIPPED what_cannot_be_written_still_serves: {error}\n");
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        }
    }
    assert_eq!(fixture.names(""), before);
    allow(&fixture.dir(), 0o755);
}

#[test]
#[ignore = "the other process of what_cannot_be_written_still_serves"]
fn uses_what_it_cannot_write() {
    let dir = std::env::var_os("VX_TEST_CACHE_DIR").unwrap();
    let tree = std::env::var_os("VX_TEST_TREE").unwrap();
    let tree: &Path = tree.as_ref();
    let cache = Cache::open(dir.as_ref()).unwrap();
    let warnings = cache.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("in memory"), "{warnings:?}");

    assert_eq!(cache.stats().unwrap().entry_count, 1);
    assert!(cache.get(&key(1)).unwrap().is_some());
    let anchors = Anchors { project: tree.to_owned(), workspace: None };
    let target = RestoreTarget::Anchors(&anchors);
    cache.restore(&key(1), &RestoreSpec { target, found: None, worktree: Some(tree) }).unwrap();
    assert_eq!(fs::read_to_string(tree.join("dist/a.js")).unwrap(), "result 1");
    let probe = cache.probe(&[key(1)], tree).unwrap();
    assert_eq!(probe[&key(1)].recorded.as_ref().unwrap().len(), 1);

    // Nobody else can write either, so everybody may go on.
    let held = cache.try_lock(&key(1)).unwrap();
    assert!(held.is_some() && cache.try_lock(&key(1)).unwrap().is_some());
    let saved = cache.save(SaveRequest {
        key: &key(2),
        task_id: "a#build",
        command: "tsc",
        duration_ms: 1,
        logs: &logs(b"", b""),
        outputs: &[project("dist/a.js")],
        anchors: &anchors,
        worktree: Some(tree),
        components: None,
    });
    assert_eq!(code(saved), "VX_ARTIFACT_IO");
    let everything = PruneOptions { max_bytes: Some(0), ..PruneOptions::default() };
    assert_eq!(cache.prune(&everything).unwrap().evicted, 0);
    assert_eq!(cache.warnings().len(), 1);
    cache.close().unwrap();
}
