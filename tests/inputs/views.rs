//! What the workspace may be: a repository, a part of one, none.

use vx::file_id::ObjectFormat;

use super::*;
use crate::git_fixture::{git, init_at};

fn ids(harvest: &Harvest) -> Vec<(&str, &str)> {
    harvest.files.iter().map(|file| (file.path.as_str(), file.id.as_str())).collect()
}

/// The blob oid of the one byte `x`.
fn oid_of_x() -> String {
    vx::git::blob_oid(ObjectFormat::Sha1, b"x").as_str().to_owned()
}

#[test]
fn the_workspace_may_be_a_part_of_the_repository() {
    let fixture = Fixture::new();
    fixture.write("outside", "x");
    fixture.write("sub/ws/p/a", "x");
    fixture.write("sub/ws/p/b", "x");
    fixture.write(".gitignore", "/sub/ws/p/ignored\n");
    fixture.write("sub/ws/p/ignored", "x");
    fixture.settle();
    fixture.git(&["rm", "-q", "--cached", "sub/ws/p/ignored", "sub/ws/p/b"]);
    let workspace = fixture.root.join("sub/ws");
    let view = View::read(&workspace).unwrap();
    assert_eq!(view.workspace_root(), workspace);
    let harvested = harvest(&view, &task("p", &["**"]), &Memo::default()).unwrap();
    let x = oid_of_x();
    assert_eq!(ids(&harvested), [("p/a", x.as_str()), ("p/b", &x)]);
    // Through another name of the same directory.
    let alias = fixture.temp.path().join("alias");
    std::os::unix::fs::symlink(&workspace, &alias).unwrap();
    let view = View::read_under(&alias, &[rel("p")]).unwrap();
    assert_eq!(view.workspace_root(), alias);
    let aliased = harvest(&view, &task("p", &["**"]), &Memo::default()).unwrap();
    assert_eq!(harvested, aliased);
}

#[test]
fn without_a_repository_gitignore_files_still_count() {
    let fixture = Fixture::without_git();
    for file in
        ["p/a", "p/b.log", "p/keep.log", "p/gen/x", "p/.hidden", "p/node_modules/m", "p/.vx/y"]
    {
        fixture.write(file, "x");
    }
    fixture.write(".gitignore", "*.log\n");
    fixture.write("p/.gitignore", "!keep.log\n/gen/\n");
    fixture.write(".ignore", "a\n");
    // What lies above the workspace does not count.
    std::fs::write(fixture.root.parent().unwrap().join(".gitignore"), "*\n").unwrap();
    let harvested = reap(&fixture, &task("p", &["**", "!.gitignore"]));
    let x = oid_of_x();
    let expected: Vec<(&str, &str)> =
        ["p/.hidden", "p/a", "p/keep.log"].map(|path| (path, x.as_str())).to_vec();
    assert_eq!(ids(&harvested), expected);
    assert_eq!(View::read(&fixture.root).unwrap().object_format(), ObjectFormat::Sha1);
    // The declared exceptions work the same.
    assert_eq!(reads(&fixture, &task("p", &["b.log", "gen"])), ["p/b.log", "p/gen/x"]);
    // A fresh look at a part sees no more than that part.
    let part = View::read_under(&fixture.root, &[rel("p/a")]).unwrap();
    let harvest = harvest(&part, &task("p", &["**"]), &Memo::default()).unwrap();
    assert_eq!(paths(&harvest), ["p/a"]);
}

#[test]
fn a_workspace_that_the_repository_ignores_is_walked_without_it() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "*\n");
    fixture.write("code/ws/p/a", "x");
    fixture.write("code/ws/p/b.log", "x");
    fixture.write("code/ws/.gitignore", "*.log\n");
    let view = View::read(&fixture.root.join("code/ws")).unwrap();
    let harvest = harvest(&view, &task("p", &["**"]), &Memo::default()).unwrap();
    assert_eq!(paths(&harvest), ["p/a"]);
}

#[test]
fn a_sha256_repository_names_everything_by_sha256() {
    let fixture = Fixture::with(&["--object-format=sha256"]);
    fixture.write("p/a", "x");
    fixture.settle();
    fixture.write("p/loose", "x");
    std::os::unix::fs::symlink("a", fixture.root.join("p/link")).unwrap();
    let harvest = reap(&fixture, &task("p", &["**"]));
    let x = vx::git::blob_oid(ObjectFormat::Sha256, b"x");
    let text = vx::git::blob_oid(ObjectFormat::Sha256, b"a");
    let link = format!("120000:{}>{}", text.as_str(), x.as_str());
    assert_eq!(ids(&harvest), [("p/a", x.as_str()), ("p/link", &link), ("p/loose", x.as_str())]);
}

#[test]
fn nested_repositories_and_linked_worktrees_are_seen() {
    let fixture = Fixture::new();
    fixture.write("p/a", "x");
    fixture.commit_all();
    init_at(&fixture.root.join("p/vendor"), &[]);
    fixture.write("p/vendor/lib", "x");
    fixture.write("p/vendor/.gitignore", "*.o\n");
    fixture.write("p/vendor/lib.o", "x");
    let expected = ["p/a", "p/vendor/.gitignore", "p/vendor/lib"];
    assert_eq!(reads(&fixture, &task("p", &["**"])), expected);
    let linked = fixture.temp.path().join("linked");
    git(&fixture.root, &["worktree", "add", "-q", linked.to_str().unwrap()]);
    let view = View::read(&linked).unwrap();
    let harvest = harvest(&view, &task("p", &["**"]), &Memo::default()).unwrap();
    assert_eq!(paths(&harvest), ["p/a"]);
}

#[test]
fn a_workspace_that_is_not_there_is_an_error() {
    let fixture = Fixture::without_git();
    let error = View::read(&fixture.root.join("none")).unwrap_err();
    assert_eq!(error.code(), "VX_INPUT_LIST");
}
