//! Threads and processes that use one directory at once.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use vx::artifact::Anchors;
use vx::cache::{Cache, CacheError, PruneOptions, RestoreSpec, RestoreTarget, SaveRequest};
use vx::error::Coded;

use crate::fixture::{Fixture, key, logs, project};

/// What several workers may do to one cache: each with a tree of its own, all with the same few keys.
fn work(cache: &Cache, tree: &Path, rounds: u32) {
    fs::create_dir_all(tree.join("dist")).unwrap();
    let anchors = Anchors { project: tree.to_owned(), workspace: None };
    for round in 0..rounds {
        let n = round % 10;
        fs::write(tree.join("dist/a.js"), format!("result {n}")).unwrap();
        let saved = cache
            .save(SaveRequest {
                key: &key(n),
                task_id: "a#build",
                command: "tsc",
                duration_ms: 1,
                logs: &logs(b"built\n", b""),
                outputs: &[project("dist/a.js")],
                anchors: &anchors,
                worktree: Some(tree),
                components: None,
            })
            .unwrap();
        assert_eq!(saved.entry.key, key(n));
        let wanted = key((round * 7) % 10);
        if let Some(entry) = cache.get(&wanted).unwrap() {
            assert_eq!(entry.key, wanted);
            let target = RestoreTarget::Anchors(&anchors);
            match cache.restore(&wanted, &RestoreSpec { target, found: None, worktree: Some(tree) })
            {
                Ok(restored) => {
                    assert_eq!(restored.logs.stdout.bytes().unwrap(), b"built\n");
                    let text = fs::read_to_string(tree.join("dist/a.js")).unwrap();
                    assert_eq!(text, format!("result {}", (round * 7) % 10));
                }
                // Evicted by another worker between the two calls.
                Err(CacheError::Missing { .. }) => {}
                Err(error) => panic!("{}: {error}", error.code()),
            }
        }
        if round % 25 == 24 {
            let options = PruneOptions { max_bytes: Some(500), ..PruneOptions::default() };
            cache.prune(&options).unwrap();
        }
    }
}

fn assert_sound(fixture: &Fixture) {
    let cache = fixture.open();
    assert_eq!(cache.warnings(), [] as [String; 0]);
    let everything = PruneOptions { dry_run: true, max_bytes: Some(0), ..PruneOptions::default() };
    for key in cache.prune(&everything).unwrap().keys {
        let entry = cache.get(&key).unwrap().unwrap();
        assert_eq!(cache.outputs(&entry).unwrap(), [project("dist/a.js")]);
    }
    let check: String =
        fixture.sql().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    assert_eq!(fixture.names(".tmp-"), [] as [String; 0]);
    assert_eq!(fixture.names(".staging-"), [] as [String; 0]);
}

#[test]
fn threads_share_one_cache() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (cache, tree) = (&cache, fixture.root().join(format!("tree-{thread}")));
            scope.spawn(move || work(cache, &tree, 250));
        }
    });
    assert_eq!(cache.warnings(), [] as [String; 0]);
    assert_sound(&fixture);
}

#[test]
fn two_caches_on_one_directory() {
    let fixture = Fixture::new();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let fixture = &fixture;
            scope.spawn(move || {
                let cache = fixture.open();
                work(&cache, &fixture.root().join(format!("tree-{thread}")), 100);
                assert_eq!(cache.warnings(), [] as [String; 0]);
            });
        }
    });
    assert_sound(&fixture);
}

#[test]
fn processes_share_one_directory() {
    let fixture = Fixture::new();
    let children: Vec<Child> = (0..3)
        .map(|n| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--ignored", "--exact", "together::works_beside_others"])
                .env("VX_TEST_CACHE_DIR", fixture.dir())
                .env("VX_TEST_TREE", fixture.root().join(format!("tree-{n}")))
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }
    assert_sound(&fixture);
}

#[test]
#[ignore = "the other processes of processes_share_one_directory"]
fn works_beside_others() {
    let dir = std::env::var_os("VX_TEST_CACHE_DIR").unwrap();
    let tree = std::env::var_os("VX_TEST_TREE").unwrap();
    let cache = Cache::open(dir.as_ref()).unwrap();
    work(&cache, tree.as_ref(), 100);
    assert_eq!(cache.warnings(), [] as [String; 0]);
}
