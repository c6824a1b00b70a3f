//! What is saved comes back, and nothing else.

use std::fs;

use vx::cache::{Cache, RestoreSpec, RestoreTarget, SaveRequest};
use vx::key::{EnvValue, KeyInput};

use crate::fixture::{Fixture, code, key, logs, project, workspace};

#[test]
fn a_new_cache_keeps_itself_out_of_repositories_and_backups() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    assert_eq!(cache.dir(), fixture.dir());
    assert_eq!(fs::read_to_string(fixture.dir().join(".gitignore")).unwrap(), "*\n");
    let tag = fs::read_to_string(fixture.dir().join("CACHEDIR.TAG")).unwrap();
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"), "{tag}");
    assert!(fixture.database().is_file());
    assert_eq!(cache.warnings(), [] as [String; 0]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(fixture.dir()).unwrap().permissions().mode();
        assert_eq!(mode & 0o700, 0o700);
        assert_eq!(mode & 0o022, 0, "{mode:o}");
    }
}

#[test]
fn a_saved_result_is_found_and_restored() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    assert_eq!(cache.get(&key(1)).unwrap(), None);
    fixture.write("dist/a.js", "a");
    fixture.write("dist/sub/b.js", "b");
    fs::create_dir(fixture.root().join("reports")).unwrap();
    fs::write(fixture.root().join("reports/a.txt"), "report").unwrap();
    let outputs = [workspace("reports/a.txt"), project("dist/sub/b.js"), project("dist/a.js")];
    let saved = fixture.save(&cache, 1, &outputs, &logs(b"out \xff", b"err"));

    for cache in [&cache, &fixture.open()] {
        let entry = cache.get(&key(1)).unwrap().unwrap();
        assert_eq!(entry, saved);
        assert_eq!((entry.task_id.as_str(), entry.command.as_str()), ("a#build", "tsc -p ."));
        assert_eq!((entry.exit_code, entry.duration_ms), (0, 1_234));
        assert_eq!(entry.size_bytes, fs::metadata(fixture.artifact(1)).unwrap().len());
        let mut sorted = outputs.to_vec();
        sorted.sort();
        assert_eq!(cache.outputs(&entry).unwrap(), sorted);
        let logs = cache.logs(&entry).unwrap();
        assert_eq!(logs.stdout.bytes().unwrap(), b"out \xff");
        assert_eq!(logs.stderr.bytes().unwrap(), b"err");
    }

    fs::remove_dir_all(fixture.project().join("dist/sub")).unwrap();
    fixture.write("dist/a.js", "something else");
    fixture.write("dist/stale.js", "left by another state");
    fixture.write("src/a.ts", "not an output");
    let restored = fixture.restore(&cache, 1).unwrap();
    assert_eq!(restored.entry, saved);
    assert_eq!(restored.logs.stdout.bytes().unwrap(), b"out \xff");
    assert_eq!(restored.recorded.len(), 3);
    assert_eq!(fixture.read("dist/a.js").unwrap(), "a");
    assert_eq!(fixture.read("dist/sub/b.js").unwrap(), "b");
    assert_eq!(fixture.read("dist/stale.js"), None);
    assert_eq!(fixture.read("src/a.ts").unwrap(), "not an output");
    assert_eq!(fixture.names(".staging"), [] as [String; 0]);
}

#[test]
fn the_time_of_saving_reads_as_javascript_writes_it() {
    let fixture = Fixture::new();
    let entry = fixture.run_and_save(&fixture.open(), 1);
    let text = entry.stored_at();
    assert_eq!(text.len(), "2026-01-02T03:04:05.678Z".len(), "{text}");
    assert!(text.ends_with('Z') && text.as_bytes()[19] == b'.', "{text}");
}

#[test]
fn an_entry_without_outputs_is_an_entry() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let entry = fixture.save(&cache, 1, &[], &logs(b"checked\n", b""));
    assert_eq!(cache.outputs(&entry).unwrap(), []);
    let probe = cache.probe(&[key(1)], fixture.root()).unwrap();
    assert_eq!(probe[&key(1)].recorded.as_deref(), Some([].as_slice()));
    assert_eq!(fixture.restore(&cache, 1).unwrap().recorded, []);
}

#[test]
fn large_logs_come_from_the_artifact_and_small_ones_do_not_need_it() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let large = vec![b'x'; (16 << 10) + 1];
    fixture.save(&cache, 1, &[], &logs(&large, b"small"));
    fixture.save(&cache, 2, &[], &logs(&large[1..], b"small"));
    let (first, second) =
        (cache.get(&key(1)).unwrap().unwrap(), cache.get(&key(2)).unwrap().unwrap());
    let read = cache.logs(&first).unwrap();
    assert_eq!(
        (read.stdout.len(), read.stderr.bytes().unwrap()),
        (large.len() as u64, b"small".to_vec())
    );
    fs::remove_file(fixture.artifact(1)).unwrap();
    fs::remove_file(fixture.artifact(2)).unwrap();
    assert_eq!(code(cache.logs(&first)), "VX_CACHE_MISSING");
    assert_eq!(cache.logs(&second).unwrap().stdout.len(), 16 << 10);
}

#[test]
fn many_keys_are_found_at_once_with_what_lies_in_the_worktree() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    for n in 0..120 {
        fixture.save(&cache, n, &[], &logs(b"", b""));
    }
    let entry = fixture.run_and_save(&cache, 7);
    fs::remove_file(fixture.artifact(3)).unwrap();
    let keys: Vec<_> = (0..200).map(key).collect();
    let probe = cache.probe(&keys, fixture.root()).unwrap();
    assert_eq!(probe.len(), 119);
    assert!(!probe.contains_key(&key(3)) && !probe.contains_key(&key(150)));
    assert_eq!(probe[&key(7)].entry, entry);
    // One task has one set of outputs in a worktree: those of the last key that was saved or restored.
    assert_eq!(probe.values().filter(|probe| probe.recorded.is_some()).count(), 1);
    let recorded = probe[&key(7)].recorded.as_ref().unwrap();
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].output, project("dist/a.js"));
    let metadata = fs::symlink_metadata(fixture.project().join("dist/a.js")).unwrap();
    assert_eq!(recorded[0].stamp, vx::stamp::Stamp::of(&metadata));
    assert!(cache.probe(&keys, &fixture.project()).unwrap()[&key(7)].recorded.is_none());
}

#[test]
fn a_restore_is_noted_for_its_worktree() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.run_and_save(&cache, 1);
    fixture.run_and_save(&cache, 2);
    let restored = fixture.restore(&cache, 1).unwrap();
    let probe = cache.probe(&[key(1), key(2)], fixture.root()).unwrap();
    assert_eq!(probe[&key(1)].recorded.as_ref(), Some(&restored.recorded));
    assert_eq!(probe[&key(2)].recorded, None);
    let elsewhere = fixture.root().join("elsewhere");
    cache.record_current(&elsewhere, "a#build", &key(2), &restored.recorded).unwrap();
    let probe = cache.probe(&[key(1), key(2)], &elsewhere).unwrap();
    assert_eq!(probe[&key(2)].recorded, Some(restored.recorded));
    assert_eq!(probe[&key(1)].recorded, None);
}

#[test]
fn a_large_result_is_staged_and_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let large = "0123456789abcdef".repeat(17 << 16);
    fixture.write("dist/large", &large);
    fixture.write("dist/small", "small");
    fixture.save(&cache, 1, &[project("dist/large"), project("dist/small")], &logs(b"", b""));
    fs::remove_dir_all(fixture.project().join("dist")).unwrap();
    fixture.restore(&cache, 1).unwrap();
    assert!(fixture.read("dist/large").unwrap() == large);
    assert_eq!(fixture.read("dist/small").unwrap(), "small");
    assert_eq!(fixture.names(".staging"), [] as [String; 0]);
    assert_eq!(fixture.names(".tmp"), [] as [String; 0]);
}

#[test]
fn bare_directories_take_what_has_a_place_in_them() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.write("dist/a.js", "a");
    fs::write(fixture.root().join("top.txt"), "top").unwrap();
    fixture.save(&cache, 1, &[project("dist/a.js"), workspace("top.txt")], &logs(b"", b""));
    let elsewhere = tempfile::tempdir().unwrap();
    let anchors = vx::artifact::Anchors { project: elsewhere.path().to_owned(), workspace: None };
    let target = RestoreTarget::Anchors(&anchors);
    let restored =
        cache.restore(&key(1), &RestoreSpec { target, found: None, worktree: None }).unwrap();
    assert_eq!(restored.recorded.len(), 1);
    assert_eq!(fs::read(elsewhere.path().join("dist/a.js")).unwrap(), b"a");
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
}

#[test]
fn a_second_save_replaces_the_first() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    fixture.run_and_save(&cache, 1);
    fixture.write("dist/b.js", "b");
    let entry = fixture.save(&cache, 1, &[project("dist/b.js")], &logs(b"again", b""));
    assert_eq!(cache.get(&key(1)).unwrap().unwrap(), entry);
    assert_eq!(cache.outputs(&entry).unwrap(), [project("dist/b.js")]);
    assert_eq!(cache.list().unwrap().len(), 1);
}

#[test]
fn an_output_that_cannot_be_stored_saves_nothing() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let result = fixture.try_save(&cache, 1, &[project("dist/none.js")], &logs(b"", b""));
    assert_eq!(code(result), "VX_OUTPUT_MOVED");
    assert_eq!(cache.get(&key(1)).unwrap(), None);
    assert_eq!(fixture.names(".tmp"), [] as [String; 0]);
}

#[test]
fn a_key_s_components_are_kept_without_the_values_of_variables() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let input = KeyInput {
        task_id: "a#build".into(),
        task_config_hash: "c".repeat(32),
        forward_args: vec!["--watch".into(), "--watch".into()],
        env_values: vec![
            EnvValue { name: "TOKEN".into(), value: Some("a-secret-value".into()) },
            EnvValue { name: "UNSET".into(), value: None },
        ],
        upstream: vec![key(9)],
        ..KeyInput::default()
    };
    let key = input.key().unwrap();
    cache
        .save(SaveRequest {
            key: &key,
            task_id: "a#build",
            command: "tsc",
            duration_ms: 1,
            logs: &logs(b"", b""),
            outputs: &[],
            anchors: &fixture.anchors(),
            worktree: None,
            components: Some(&input),
        })
        .unwrap();
    let saved = cache.saved_components(&key).unwrap();
    assert_eq!(saved, cache.components(&input).unwrap());
    assert_eq!(saved.iter().filter(|component| component.component == "arg").count(), 2);
    assert_eq!(cache.newest("a#build", 5).unwrap()[0].key, key);
    drop(cache);
    drop(fixture.sql());
    let bytes = fs::read(fixture.database()).unwrap();
    assert!(bytes.windows(5).any(|window| window == b"TOKEN"));
    assert!(!bytes.windows(8).any(|window| window == b"a-secret"));
    // The same value in another store leaves another digest.
    let other = Fixture::new().open().components(&input).unwrap();
    assert_ne!(other, saved);
}

#[test]
fn what_is_closed_stays_closed() {
    let fixture = Fixture::new();
    let cache = fixture.open();
    let entry = fixture.run_and_save(&cache, 1);
    cache.close().unwrap();
    let calls = [
        code(cache.get(&key(1))),
        code(cache.probe(&[key(1)], fixture.root())),
        code(cache.logs(&entry)),
        code(cache.outputs(&entry)),
        code(fixture.restore(&cache, 1)),
        code(fixture.try_save(&cache, 2, &[], &logs(b"", b""))),
        code(cache.record_current(fixture.root(), "a#build", &key(1), &[])),
        code(cache.touch(&[])),
        code(cache.memo(fixture.root())),
        code(cache.keep_memo(std::path::Path::new("/w"), &vx::memo::Memo::default())),
        code(cache.try_lock(&key(1))),
        code(cache.lock(&key(1))),
        code(cache.record_runs(&[])),
        code(cache.invocations(1)),
        code(cache.runs_of("x")),
        code(cache.stats()),
        code(cache.list()),
        code(cache.newest("a#build", 1)),
        code(cache.components(&KeyInput::default())),
        code(cache.saved_components(&key(1))),
        code(cache.prune(&vx::cache::PruneOptions::default())),
        code(cache.prune_if_due(&vx::cache::PruneOptions::default(), std::time::Duration::ZERO)),
        code(cache.close()),
    ];
    assert_eq!(calls, ["VX_CLOSED"; 23]);
    assert_eq!(fixture.read("dist/a.js").unwrap(), "result 1");
    assert!(!fixture.artifact(2).exists());
}

#[test]
fn a_cache_may_be_shared_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<Cache>();
}
