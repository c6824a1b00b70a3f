//! What a file's identity is, and when its bytes are read.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use vx::file_id::ObjectFormat;
use vx::inputs::hash_file;
use vx::memo::Remembered;

use super::*;
use crate::git_fixture::{git_with_input, hash_objects, wait_for_next_second};

#[test]
fn an_identity_is_the_same_whoever_vouches_for_it() {
    let fixture = Fixture::new();
    fixture.write("p/a", "content");
    let run = fixture.write("p/run", "content");
    std::fs::set_permissions(run, PermissionsExt::from_mode(0o755)).unwrap();
    let untracked = reap(&fixture, &task("p", &["**"]));
    fixture.settle();
    let committed = reap(&fixture, &task("p", &["**"]));
    assert_eq!(untracked, committed);
    let oid = hash_objects(&fixture.root, &["p/a".to_owned()]).remove(0);
    let ids: Vec<&str> = committed.files.iter().map(|file| file.id.as_str()).collect();
    assert_eq!(ids, [oid.clone(), format!("100755:{oid}")]);
    for (file, id) in [("p/a", ids[0]), ("p/run", ids[1])] {
        let hashed = hash_file(&fixture.root.join(file), ObjectFormat::Sha1).unwrap();
        assert_eq!(hashed.as_str(), id);
    }
}

#[test]
fn one_file_can_be_asked_for() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "hidden\n");
    fixture.write("p/package.json", "{}");
    fixture.write("p/hidden", "{}");
    let view = View::read(&fixture.root).unwrap();
    let ask = |path: &str| vx::inputs::input_file(&view, &rel(path), &Memo::default()).unwrap();
    let id = hash_file(&fixture.root.join("p/package.json"), ObjectFormat::Sha1).unwrap();
    assert_eq!(ask("p/package.json").unwrap().id, id);
    assert_eq!(ask("p/hidden").unwrap().id, id);
    assert!(ask("p/none").is_none() && ask("p").is_none());
}

#[test]
fn bytes_count_as_they_are_on_disk_whatever_git_makes_of_them() {
    let fixture = Fixture::new();
    fixture.write(".gitattributes", "* text=auto\n");
    fixture.write("p/crlf", "one\r\ntwo\r\n");
    fixture.settle();
    let harvest = reap(&fixture, &task("p", &["**"]));
    let raw = git_with_input(
        &fixture.root,
        &["hash-object", "--no-filters", "--stdin"],
        b"one\r\ntwo\r\n",
    );
    assert_eq!(harvest.files[0].id.as_str(), String::from_utf8(raw).unwrap().trim());
}

#[test]
fn what_was_read_once_is_remembered_until_it_moves() {
    let fixture = Fixture::new();
    let path = fixture.write("p/a", "content");
    wait_for_next_second(&fixture.root);
    let view = View::read(&fixture.root).unwrap();
    let spec = task("p", &["a"]);
    let first = Memo::default();
    let truth = harvest(&view, &spec, &first).unwrap();
    let rows = first.take_learnt();
    assert_eq!(rows.iter().map(|row| &row.path).collect::<Vec<_>>(), [&path]);
    // A wrong oid in the memo shows that the file is not read when its stamp fits…
    let wrong = vx::file_id::Oid::from_hex("0".repeat(40)).unwrap();
    let rows = rows.into_iter().map(|row| Remembered { oid: wrong.clone(), ..row });
    let memo = Memo::new(rows);
    let believed = harvest(&view, &spec, &memo).unwrap();
    assert_eq!(believed.files[0].id.as_str(), wrong.as_str());
    // … and that it is read when it does not.
    fixture.write("p/a", "another");
    let view = View::read(&fixture.root).unwrap();
    let later = harvest(&view, &spec, &memo).unwrap();
    assert_ne!(later.files[0].id, truth.files[0].id);
    assert_ne!(later.files[0].id, believed.files[0].id);
    assert!(memo.take_learnt().is_empty(), "changed just now, so not to be remembered");
}

#[test]
fn a_file_that_went_away_since_the_view_is_absent() {
    let fixture = Fixture::new();
    let gone = fixture.write("p/gone", "x");
    fixture.write("p/here", "x");
    let view = View::read(&fixture.root).unwrap();
    std::fs::remove_file(gone).unwrap();
    let harvest = harvest(&view, &task("p", &["**"]), &Memo::default()).unwrap();
    assert_eq!(paths(&harvest), ["p/here"]);
}

#[test]
fn a_stamp_belongs_to_the_bytes_that_were_read() {
    let fixture = Fixture::new();
    fixture.write("p/a", "before");
    let view = View::read(&fixture.root).unwrap();
    let path = fixture.write("p/a", "after, and longer");
    let harvest = harvest(&view, &task("p", &["a"]), &Memo::default()).unwrap();
    let now = vx::stamp::Stamp::of(&path.symlink_metadata().unwrap());
    assert_eq!(harvest.files[0].stamp, now);
    assert_eq!(harvest.files[0].id, hash_file(&path, ObjectFormat::Sha1).unwrap());
}

#[test]
fn a_name_that_is_not_utf8_is_an_error_only_where_it_would_be_an_input() {
    for git in [true, false] {
        let fixture = if git { Fixture::new() } else { Fixture::without_git() };
        fixture.write("p/src/a", "x");
        fixture.write("p/gen/.gitignore", "*\n");
        for name in [&b"p/src/b\xe4d.ts"[..], b"p/gen/w\xf6rse"] {
            let path = fixture.root.join(Path::new(std::ffi::OsStr::from_bytes(name)));
            std::fs::write(path, "x").unwrap();
        }
        let view = View::read(&fixture.root).unwrap();
        let harvested = |files: &[&str]| {
            let spec = task("p", files);
            harvest(&view, &spec, &Memo::default()).map(|h| h.files.len())
        };
        assert_eq!(harvested(&["src/a"]).unwrap(), 1);
        assert_eq!(harvested(&["src/*", "!**/*.ts"]).unwrap(), 1);
        for bad in [&["src/**"][..], &["**/*.ts"], &["gen"]] {
            let error = harvested(bad).unwrap_err();
            assert_eq!(error.code(), "VX_INPUT_NOT_UTF8", "{bad:?}");
            assert!(error.to_string().contains(r"\x"), "{error}");
        }
    }
}

#[test]
fn what_cannot_be_hashed_says_so() {
    let fixture = Fixture::without_git();
    let error = |path: &str| hash_file(&fixture.root.join(path), ObjectFormat::Sha1).unwrap_err();
    assert_eq!(error("none").code(), "VX_INPUT_READ");
    fixture.write("dir/x", "x");
    assert_eq!(error("dir").code(), "VX_INPUT_NOT_A_FILE");
    let secret = fixture.write("secret", "x");
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::read(&secret).is_err() {
        let error = error("secret");
        assert_eq!(error.code(), "VX_INPUT_READ");
        assert!(error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn an_oid_that_a_filter_made_is_not_believed_once_the_filter_is_gone() {
    let fixture = Fixture::new();
    fixture.git(&["config", "filter.turn.clean", "tr a-z n-za-m"]);
    fixture.write(".gitattributes", "*.txt filter=turn\n");
    let path = fixture.write("p/a.txt", "hello");
    fixture.write("p/b.js", "hello");
    fixture.settle();
    fixture.write(".gitattributes", "");
    fixture.git(&["config", "--unset", "filter.turn.clean"]);
    let listed = vx::git::Repo::discover(&fixture.root).unwrap().unwrap().list(&[]).unwrap().files;
    let vouched = listed.iter().filter(|file| file.trusted.is_some()).count();
    assert_eq!(vouched, 2, "the index vouches for both files: {listed:?}");
    let memo = Memo::default();
    let view = View::read(&fixture.root).unwrap();
    let first = harvest(&view, &task("p", &["**"]), &memo).unwrap();
    assert_eq!(first.files[0].id, hash_file(&path, ObjectFormat::Sha1).unwrap());
    assert_eq!(first.files[0].id, first.files[1].id, "the same bytes");
    // What was read and is as the index says needs no second look; the other is remembered by itself.
    assert_eq!(memo.take_learnt().len(), 1);
    assert_eq!(memo.take_confirmed().map(|confirmed| confirmed.len()), Some(1));
}
