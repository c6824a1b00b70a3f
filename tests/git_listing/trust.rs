//! The rules by which an oid of the index may stand for a file, one by one.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::git_fixture::{try_git, wait_for_next_second};

fn assert_nothing_trusted(fixture: &Fixture) {
    assert_eq!(check(&fixture.root), 0);
}

#[test]
fn clean_files_are_trusted() {
    let fixture = Fixture::new();
    fixture.write("a/x", "x");
    fixture.write("empty", "");
    let script = fixture.write("run", "#!/bin/sh\n");
    std::fs::set_permissions(script, PermissionsExt::from_mode(0o755)).unwrap();
    symlink("a/x", fixture.root.join("link")).unwrap();
    fixture.settle();
    let listing = list(&fixture.root);
    assert_eq!(trusted(&listing).into_keys().collect::<Vec<_>>(), ["a/x", "empty", "run"]);
    assert_eq!(check(&fixture.root), 3);
    fixture.write("loose", "untracked");
    assert_eq!(check(&fixture.root), 3);
}

#[test]
fn an_edit_of_the_same_size_with_the_mtime_put_back_is_not_trusted() {
    let fixture = with_trusted_file();
    let path = fixture.root.join("f");
    let mtime = path.metadata().unwrap().modified().unwrap();
    std::fs::write(&path, "bbbb\n").unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(mtime).unwrap();
    assert_nothing_trusted(&fixture);
}

#[test]
fn a_racy_entry_is_not_trusted() {
    let fixture = with_trusted_file();
    let changed = fixture.root.join("f").metadata().unwrap().modified().unwrap();
    let index = std::fs::File::options().write(true).open(fixture.root.join(".git/index")).unwrap();
    for (index_time, trusted) in [
        (changed, 0),
        (changed - std::time::Duration::from_secs(2), 0),
        (changed + std::time::Duration::from_secs(2), 1),
    ] {
        index.set_modified(index_time).unwrap();
        assert_eq!(check(&fixture.root), trusted);
    }
}

#[test]
fn a_racy_edit_right_after_git_looked_is_not_trusted() {
    let fixture = Fixture::new();
    let path = fixture.write("f", "aaaa\n");
    fixture.git(&["add", "f"]);
    let mtime = path.metadata().unwrap().modified().unwrap();
    std::fs::write(&path, "bbbb\n").unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(mtime).unwrap();
    assert_nothing_trusted(&fixture);
}

#[test]
fn what_git_was_told_not_to_watch_is_not_trusted() {
    for flag in ["--skip-worktree", "--assume-unchanged"] {
        let fixture = with_trusted_file();
        fixture.git(&["update-index", flag, "f"]);
        fixture.rewrite_index();
        assert_nothing_trusted(&fixture);
        fixture.write("f", "bbbb\n");
        assert_nothing_trusted(&fixture);
    }
}

#[test]
fn a_directory_in_place_of_an_assumed_file_is_walked() {
    let fixture = with_trusted_file();
    fixture.git(&["update-index", "--assume-unchanged", "f"]);
    std::fs::remove_file(fixture.root.join("f")).unwrap();
    fixture.write("f/inner", "x");
    assert!(paths(&list(&fixture.root)).contains("f/inner"));
}

#[test]
fn an_intent_to_add_is_not_trusted() {
    let fixture = with_trusted_file();
    fixture.write("new", "");
    fixture.git(&["add", "--intent-to-add", "new"]);
    wait_for_next_second(&fixture.root);
    fixture.rewrite_index();
    assert_eq!(check(&fixture.root), 1);
    assert!(!trusted(&list(&fixture.root)).contains_key("new"));
}

#[test]
fn both_sides_of_a_conflict_are_one_file_that_is_not_trusted() {
    let fixture = with_trusted_file();
    fixture.git(&["checkout", "-qb", "other"]);
    fixture.write("f", "other\n");
    fixture.commit_all();
    fixture.git(&["checkout", "-q", "main"]);
    fixture.write("f", "main!\n");
    fixture.commit_all();
    try_git(&fixture.root, &["merge", "other"]).unwrap_err();
    assert!(fixture.git(&["ls-files", "-u"]).len() > 2);
    wait_for_next_second(&fixture.root);
    fixture.rewrite_index();
    assert_nothing_trusted(&fixture);
}

#[test]
fn settings_that_filter_or_look_less_closely_end_all_trust() {
    let fixture = with_trusted_file();
    for (key, value) in [
        ("core.autocrlf", "true"),
        ("core.autocrlf", "input"),
        ("core.trustctime", "false"),
        ("core.checkStat", "minimal"),
        ("attr.tree", "HEAD"),
    ] {
        fixture.git(&["config", key, value]);
        assert_eq!(trusted(&list(&fixture.root)).len(), 0, "{key}={value}");
        fixture.git(&["config", "--unset", key]);
        assert_eq!(trusted(&list(&fixture.root)).len(), 1);
    }
}

#[test]
fn a_mode_that_differs_is_not_trusted_even_if_git_does_not_look() {
    let fixture = Fixture::new();
    fixture.git(&["config", "core.fileMode", "false"]);
    let path = fixture.write("f", "x");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    fixture.settle();
    assert_nothing_trusted(&fixture);
}

/// A repository in which `a.txt`, `b.png` and `sub/c.txt` are trusted as long as there are no attributes.
fn for_attributes() -> Fixture {
    let fixture = Fixture::new();
    for file in ["a.txt", "b.png", "sub/c.txt"] {
        fixture.write(file, "x\n");
    }
    fixture.settle();
    assert_eq!(trusted_of(&fixture), ["a.txt", "b.png", "sub/c.txt"]);
    fixture
}

fn trusted_of(fixture: &Fixture) -> Vec<String> {
    let trusted = trusted(&list(&fixture.root)).into_keys();
    trusted.filter(|path| !path.contains(".git")).collect()
}

#[test]
fn attributes_that_filter_end_trust_where_they_apply() {
    const ALL: [&str; 3] = ["a.txt", "b.png", "sub/c.txt"];
    let fixture = for_attributes();
    for (text, expected) in [
        ("* text=auto\n", &[][..]),
        ("# all\n*   eol=lf", &[]),
        ("*.png filter=lfs diff=lfs -text\n", &["a.txt", "sub/c.txt"]),
        ("*.txt text\n", &["b.png"]),
        ("*.txt ident\n", &["b.png"]),
        ("*.txt working-tree-encoding=UTF-16\n", &["b.png"]),
        ("*.txt crlf=input\n", &["b.png"]),
        ("/sub/* text\n", &["a.txt", "b.png"]),
        ("[attr]mine text\n*.txt mine\n", &["b.png"]),
        ("*.txt text=auto\n*.png -text\n", &["b.png"]),
        ("*.txt text\na.txt !text\n", &["a.txt", "b.png"]),
        ("*.txt -text diff=x\n*.png binary\n# * text\n", &ALL),
        ("*.txt linguist-generated export-ignore\n", &ALL),
    ] {
        fixture.write(".gitattributes", text);
        assert_eq!(trusted_of(&fixture), expected, "{text}");
    }
}

#[test]
fn attributes_count_from_every_source() {
    let fixture = for_attributes();
    let check_and_remove = |expected: &[&str], files: &[&str]| {
        assert_eq!(trusted_of(&fixture), expected, "{files:?}");
        for file in files {
            std::fs::remove_file(fixture.root.join(file)).unwrap();
        }
    };
    let text = "*.txt text\n";
    fixture.write(".git/info/attributes", text);
    check_and_remove(&["b.png"], &[".git/info/attributes"]);

    let elsewhere = fixture.temp.path().join("attributes");
    std::fs::write(&elsewhere, "*.txt filter=x\n").unwrap();
    fixture.git(&["config", "core.attributesFile", elsewhere.to_str().unwrap()]);
    check_and_remove(&["b.png"], &[]);
    fixture.git(&["config", "--unset", "core.attributesFile"]);

    // In a subdirectory; in a file that is ignored; in one that is a link.
    fixture.write("sub/.gitattributes", "* text\n");
    check_and_remove(&["a.txt", "b.png"], &["sub/.gitattributes"]);
    fixture.write(".git/info/exclude", ".gitattributes\n");
    fixture.write(".gitattributes", text);
    check_and_remove(&["b.png"], &[".gitattributes", ".git/info/exclude"]);
    symlink(&elsewhere, fixture.root.join(".gitattributes")).unwrap();
    check_and_remove(&[], &[".gitattributes"]);

    // In a file that is only in the index.
    fixture.write(".gitattributes", text);
    fixture.settle();
    std::fs::remove_file(fixture.root.join(".gitattributes")).unwrap();
    check_and_remove(&["b.png"], &[]);
}

#[test]
fn a_filtered_file_is_not_named_by_its_filtered_content() {
    let fixture = Fixture::new();
    fixture.git(&["config", "filter.up.clean", "tr a-z A-Z"]);
    fixture.write(".gitattributes", "*.up filter=up\n*.crlf text\n");
    fixture.write("x.up", "hello\n");
    fixture.write("x.crlf", "one\r\ntwo\r\n");
    fixture.settle();
    assert_eq!(check(&fixture.root), 1, "only .gitattributes itself");
}

#[test]
fn a_repository_of_another_user_is_not_trusted() {
    let fixture = with_trusted_file();
    let other = Some(12345);
    if std::os::unix::fs::chown(fixture.root.join(".git"), other, other).is_err() {
        return; // Only the superuser can make one.
    }
    assert_eq!(trusted(&list(&fixture.root)).len(), 0);
    assert_eq!(paths(&list(&fixture.root)), BTreeSet::from(["f".to_owned()]));
}
