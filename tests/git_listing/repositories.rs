//! Kinds of repositories, and of what lies in them.

use std::os::unix::fs::symlink;

use vx::file_id::ObjectFormat;

use super::*;
use crate::git_fixture::{init_at, wait_for_next_second};

#[test]
fn a_sha256_repository_is_listed_with_its_own_oids() {
    let fixture = Fixture::with(&["--object-format=sha256"]);
    fixture.write("a/f", "x");
    fixture.settle();
    let repo = Repo::discover(&fixture.root.join("a")).unwrap().unwrap();
    assert_eq!(repo.object_format(), ObjectFormat::Sha256);
    assert_eq!(check(&fixture.root), 1);
}

#[test]
fn other_ways_to_store_a_repository_make_no_difference() {
    for settings in [
        &["--ref-format=reftable"][..],
        &["-c", "index.version=4"],
        &["-c", "index.skipHash=true"],
        &["-c", "core.splitIndex=true"],
        &["-c", "core.untrackedCache=true"],
    ] {
        let (init, config) =
            if settings.len() == 1 { (settings, None) } else { (&[][..], Some(settings[1])) };
        let fixture = Fixture::with(init);
        if let Some((key, value)) = config.and_then(|config| config.split_once('=')) {
            fixture.git(&["config", key, value]);
        }
        for file in ["a/f", "a/g", "b"] {
            fixture.write(file, file);
        }
        fixture.settle();
        assert_eq!(check(&fixture.root), 3, "{settings:?}");
        fixture.write("c", "c");
        fixture.git(&["add", "c"]);
        assert_eq!(check(&fixture.root), 3, "{settings:?}");
    }
}

#[test]
fn without_a_worktree_there_is_no_repository() {
    let fixture = Fixture::without_git();
    assert!(Repo::discover(&fixture.root).unwrap().is_none());
    let bare = fixture.root.join("bare.git");
    init_at(&bare, &["--bare"]);
    assert!(Repo::discover(&bare).unwrap().is_none());
    // A file that should lead to a repository, and does not.
    let lost = fixture.root.join("lost");
    std::fs::create_dir(&lost).unwrap();
    std::fs::write(lost.join(".git"), "gitdir: /nonexistent/worktrees/x\n").unwrap();
    assert!(Repo::discover(&lost).unwrap().is_none());
}

#[test]
fn an_index_that_cannot_be_read_is_an_error_that_names_it() {
    use vx::error::Coded;
    let fixture = with_trusted_file();
    fixture.write(".git/index", "not an index");
    let error = Repo::discover(&fixture.root).unwrap().unwrap().list(&[]).unwrap_err();
    assert_eq!(error.code(), "VX_GIT_INDEX");
    assert!(error.to_string().contains(".git/index"), "{error}");
}

#[test]
fn a_linked_worktree_knows_its_main_one() {
    let fixture = with_trusted_file();
    let main = Repo::discover(&fixture.root).unwrap().unwrap();
    assert_eq!(main.main_worktree(), None);
    assert_eq!(main.worktree(), fixture.root);
    let linked = fixture.temp.path().canonicalize().unwrap().join("linked");
    fixture.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    std::fs::write(linked.join("loose"), "x").unwrap();
    let repo = Repo::discover(&linked).unwrap().unwrap();
    assert_eq!(repo.worktree(), linked);
    assert_eq!(repo.main_worktree(), Some(fixture.root.clone()));
    check(&linked);
    assert_eq!(paths(&list(&linked)), ["f", "loose"].map(ToOwned::to_owned).into());
    // Attributes in the shared directory count here too.
    fixture.write(".git/info/attributes", "* text\n");
    assert_eq!(check(&linked), 0);
}

#[test]
fn submodules_and_nested_repositories_are_listed_by_their_own_rules() {
    let fixture = Fixture::new();
    let library = fixture.temp.path().join("library");
    init_at(&library, &[]);
    std::fs::write(library.join("lib.c"), "x").unwrap();
    std::fs::write(library.join(".gitignore"), "*.o\n").unwrap();
    git(&library, &["add", "."]);
    git(&library, &["commit", "-qm", "x"]);
    fixture.write("main.c", "x");
    fixture.git(&["submodule", "--quiet", "add", "../library", "third/library"]);
    let nested = fixture.root.join("nested");
    init_at(&nested, &[]);
    fixture.write("nested/n.c", "n");
    git(&nested, &["add", "."]);
    fixture.write("third/library/lib.o", "ignored there");
    fixture.write("third/library/loose.c", "loose");
    fixture.write(".gitignore", "*.c\n");
    fixture.git(&["add", "-f", "main.c", ".gitignore"]);
    wait_for_next_second(&fixture.root);
    fixture.rewrite_index();
    for dir in ["third/library", "nested"] {
        git(&fixture.root.join(dir), &["update-index", "--force-write-index"]);
    }
    let listing = list(&fixture.root);
    let expected = [
        ".gitignore",
        ".gitmodules",
        "main.c",
        "nested/n.c",
        "third/library/.gitignore",
        "third/library/lib.c",
        "third/library/loose.c",
    ];
    assert_eq!(paths(&listing).into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(check(&fixture.root), 6);
    // The nested repository's own attributes, and only they, count for its files.
    fixture.write("third/library/.gitattributes", "* text\n");
    assert_eq!(check(&fixture.root), 4);
    // Only part of it.
    let repo = Repo::discover(&fixture.root).unwrap().unwrap();
    let part = repo.list(&[rel("third/library/lib.c"), rel("nested")]).unwrap();
    assert_eq!(paths(&part), ["nested/n.c", "third/library/lib.c"].map(ToOwned::to_owned).into());
    // Its exclude rules answer for directories in it.
    fixture.write("third/library/build.o/x", "x");
    let listing = list(&fixture.root);
    assert!(listing.ignores(&rel("third/library/build.o")));
    assert!(!listing.ignores(&rel("third/library/src")) && !listing.ignores(&rel("build.o")));
}

#[test]
fn a_submodule_without_its_repository_is_listed_from_disk() {
    let fixture = Fixture::new();
    fixture.write("sub/f", "x");
    let id = "1234567890123456789012345678901234567890";
    fixture.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},sub")]);
    assert_eq!(paths(&list(&fixture.root)), BTreeSet::from(["sub/f".to_owned()]));
}

#[test]
fn oids_of_another_format_are_not_trusted() {
    let fixture = with_trusted_file();
    let nested = fixture.root.join("nested");
    init_at(&nested, &["--object-format=sha256"]);
    fixture.write("nested/n", "n");
    git(&nested, &["add", "."]);
    wait_for_next_second(&fixture.root);
    git(&nested, &["update-index", "--force-write-index"]);
    assert_eq!(trusted(&list(&nested)).len(), 1);
    assert_eq!(trusted(&list(&fixture.root)).into_keys().collect::<Vec<_>>(), ["f"]);
}

#[test]
fn directories_folded_in_a_sparse_index_are_unfolded() {
    let fixture = Fixture::new();
    for file in ["in/a", "out/b", "out/deep/c", "out/deep/d", "gone/e", "top"] {
        fixture.write(file, file);
    }
    fixture.settle();
    fixture.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    let stages = String::from_utf8(fixture.git(&["ls-files", "--sparse", "-s"])).unwrap();
    assert!(stages.contains("\tout/\n") && stages.contains("\tgone/\n"), "{stages}");
    wait_for_next_second(&fixture.root);
    fixture.git(&["update-index", "--force-write-index"]);
    let listing = list(&fixture.root);
    assert_eq!(paths(&listing), ["in/a", "top"].map(ToOwned::to_owned).into());
    assert_eq!(trusted(&listing).len(), 2);
    // Written outside of the sparse part, the files are there again, but nobody vouches for them.
    fixture.write("out/deep/c", "out/deep/c");
    fixture.write("out/new", "untracked");
    let listing = list(&fixture.root);
    let expected = ["in/a", "out/deep/c", "out/new", "top"].map(ToOwned::to_owned);
    assert_eq!(paths(&listing), expected.into());
    assert_eq!(trusted(&listing).into_keys().collect::<Vec<_>>(), ["in/a", "top"]);
    let part = Repo::discover(&fixture.root).unwrap().unwrap().list(&[rel("out/deep")]).unwrap();
    assert_eq!(paths(&part), BTreeSet::from(["out/deep/c".to_owned()]));
    assert_eq!(paths(&listing), seen_by_git(&fixture.root));
}

#[test]
fn names_that_are_not_utf8_are_kept_aside() {
    use std::os::unix::ffi::OsStrExt;
    let fixture = with_trusted_file();
    let tracked = Path::new(std::ffi::OsStr::from_bytes(b"dir/tr\xe4cked"));
    let loose = Path::new(std::ffi::OsStr::from_bytes(b"l\xf6ose"));
    std::fs::create_dir(fixture.root.join("dir")).unwrap();
    std::fs::write(fixture.root.join(tracked), "x").unwrap();
    fixture.commit_all();
    std::fs::write(fixture.root.join(loose), "x").unwrap();
    let listing = list(&fixture.root);
    assert_eq!(paths(&listing), BTreeSet::from(["f".to_owned()]));
    assert_eq!(listing.not_utf8, [tracked, loose]);
}

#[test]
fn what_is_neither_file_nor_link_is_not_listed() {
    let fixture = with_trusted_file();
    let made = std::process::Command::new("mkfifo").arg(fixture.root.join("pipe")).status();
    assert!(made.unwrap().success());
    std::fs::create_dir(fixture.root.join("empty")).unwrap();
    assert_eq!(paths(&list(&fixture.root)), BTreeSet::from(["f".to_owned()]));
}

#[test]
fn a_tracked_directory_that_became_a_link_is_only_the_link() {
    let fixture = with_trusted_file();
    fixture.write("dir/x", "x");
    fixture.write("other/x", "x");
    fixture.settle();
    std::fs::remove_dir_all(fixture.root.join("dir")).unwrap();
    symlink("other", fixture.root.join("dir")).unwrap();
    let expected: BTreeSet<String> = ["dir", "f", "other/x"].map(ToOwned::to_owned).into();
    assert_eq!(paths(&list(&fixture.root)), expected);
    check(&fixture.root);
    // The same when the link itself is ignored, and when only what lies behind it is asked for.
    let repo = Repo::discover(&fixture.root).unwrap().unwrap();
    assert_eq!(paths(&repo.list(&[rel("dir/x")]).unwrap()), BTreeSet::from(["dir".to_owned()]));
    fixture.write(".git/info/exclude", "/dir\n");
    check(&fixture.root);
}

#[test]
fn a_directory_is_known_to_be_ignored_although_something_in_it_is_tracked() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "/dist\n*.log\n");
    fixture.write("dist/kept", "x");
    fixture.write("src/x", "x");
    fixture.commit_all();
    fixture.write("dist/made", "x");
    fixture.write("src/y.log", "x");
    let listing = list(&fixture.root);
    check(&fixture.root);
    assert!(listing.ignores(&rel("dist")) && listing.holds_ignored(&rel("dist")));
    assert!(!listing.ignores(&rel("src")) && listing.holds_ignored(&rel("src")));
    assert!(listing.holds_ignored(&RelPath::root()) && !listing.ignores(&RelPath::root()));
    assert!(!listing.holds_ignored(&rel("sr")));
}

#[test]
fn tracked_files_below_a_link_that_leads_to_itself_are_gone() {
    let fixture = with_trusted_file();
    fixture.write("dir/x", "x");
    fixture.commit_all();
    std::fs::remove_dir_all(fixture.root.join("dir")).unwrap();
    symlink("dir", fixture.root.join("dir")).unwrap();
    let expected: BTreeSet<String> = ["dir", "f"].map(ToOwned::to_owned).into();
    assert_eq!(paths(&list(&fixture.root)), expected);
    check(&fixture.root);
}

#[test]
fn head_names_the_commit_and_the_branch() {
    let fixture = Fixture::new();
    let head = || Repo::discover(&fixture.root).unwrap().unwrap().head();
    assert_eq!(head(), None, "before the first commit");
    fixture.write("f", "x");
    fixture.commit_all();
    fixture.git(&["checkout", "-q", "-b", "release/1"]);
    let commit = String::from_utf8(fixture.git(&["rev-parse", "HEAD"])).unwrap().trim().to_owned();
    assert_eq!(head(), Some((commit.clone(), Some("refs/heads/release/1".to_owned()))));
    fixture.git(&["pack-refs", "--all"]);
    fixture.git(&["checkout", "-q", "--detach"]);
    assert_eq!(head(), Some((commit, None)));
}
