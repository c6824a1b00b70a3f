//! Symbolic links: their text, what they resolve to, and what lies behind them.

use std::os::unix::fs::{PermissionsExt, symlink};

use vx::file_id::ObjectFormat;
use vx::git::blob_oid;

use super::*;

fn oid(bytes: &str) -> String {
    blob_oid(ObjectFormat::Sha1, bytes.as_bytes()).as_str().to_owned()
}

fn id(harvest: &Harvest, path: &str) -> String {
    let found = harvest.files.iter().find(|file| file.path.as_str() == path);
    found.unwrap_or_else(|| panic!("no {path} in {:?}", paths(harvest))).id.to_string()
}

#[test]
fn a_link_is_its_text_and_the_file_it_resolves_to() {
    let fixture = Fixture::new();
    let outside = fixture.temp.path().join("outside.sh");
    std::fs::write(&outside, "run").unwrap();
    std::fs::set_permissions(&outside, PermissionsExt::from_mode(0o755)).unwrap();
    fixture.write("p/real", "real");
    let link = |text: &str, name: &str| symlink(text, fixture.root.join("p").join(name)).unwrap();
    link("real", "one");
    link("one", "two");
    link("nowhere", "dangling");
    link("loop", "loop");
    link(outside.to_str().unwrap(), "outside");
    link("/dev/null", "device");
    for commit in [false, true] {
        if commit {
            fixture.settle();
        }
        let harvest = reap(&fixture, &task("p", &["**"]));
        assert_eq!(id(&harvest, "p/one"), format!("120000:{}>{}", oid("real"), oid("real")));
        assert_eq!(id(&harvest, "p/two"), format!("120000:{}>{}", oid("one"), oid("real")));
        assert_eq!(id(&harvest, "p/dangling"), format!("120000:{}", oid("nowhere")));
        assert_eq!(id(&harvest, "p/loop"), format!("120000:{}", oid("loop")));
        assert_eq!(id(&harvest, "p/device"), format!("120000:{}", oid("/dev/null")));
        let text = oid(outside.to_str().unwrap());
        assert_eq!(id(&harvest, "p/outside"), format!("120000:{text}>100755:{}", oid("run")));
        let stamps = |path: &str| {
            harvest.files.iter().find(|f| f.path.as_str() == path).unwrap().target_stamp
        };
        assert_eq!(stamps("p/one"), stamps("p/two"));
        assert!(stamps("p/one").unwrap().is_file() && stamps("p/dangling").is_none());
    }
}

#[test]
fn a_link_to_a_directory_brings_the_files_below_it() {
    let fixture = Fixture::new();
    fixture.write("shared/a.ts", "a");
    fixture.write("shared/deep/b.ts", "b");
    fixture.write("shared/deep/c.js", "c");
    fixture.write("shared/node_modules/m.ts", "m");
    fixture.write("p/own.ts", "own");
    symlink("../shared", fixture.root.join("p/link")).unwrap();
    let expected = ["p/link", "p/link/a.ts", "p/link/deep/b.ts", "p/link/deep/c.js", "p/own.ts"];
    let harvest = reap(&fixture, &task("p", &["**"]));
    assert_eq!(paths(&harvest), expected);
    assert_eq!(id(&harvest, "p/link"), format!("120000:{}", oid("../shared")));
    assert_eq!(id(&harvest, "p/link/a.ts"), oid("a"));
    // Matched by the same globs, under the link's path.
    let ts = ["p/link/a.ts", "p/link/deep/b.ts", "p/own.ts"];
    assert_eq!(reads(&fixture, &task("p", &["**/*.ts"])), ts);
    assert_eq!(reads(&fixture, &task("p", &["link/deep/*.ts"])), ["p/link/deep/b.ts"]);
    assert_eq!(reads(&fixture, &task("p", &["link/deep/b.ts"])), ["p/link/deep/b.ts"]);
    assert_eq!(reads(&fixture, &task("p", &["link"])), &expected[..4]);
    let missing = warnings(&reap(&fixture, &task("p", &["own.ts", "link/none.ts"])));
    assert!(missing.len() == 1 && missing[0].contains("does not exist"), "{missing:?}");
    let mut spec = task("p", &["**"]);
    spec.outputs = globs(&["link/deep/**"]);
    assert_eq!(reads(&fixture, &spec), ["p/link", "p/link/a.ts", "p/own.ts"]);
    let mut spec = task("q", &[]);
    spec.workspace_files = globs(&["**/*.js"]);
    assert_eq!(reads(&fixture, &spec), ["p/link/deep/c.js", "shared/deep/c.js"]);
}

#[test]
fn a_project_that_is_a_link_has_the_files_behind_it() {
    let fixture = Fixture::new();
    let elsewhere = fixture.temp.path().join("elsewhere");
    std::fs::create_dir_all(elsewhere.join("src")).unwrap();
    std::fs::write(elsewhere.join("src/a"), "a").unwrap();
    std::fs::create_dir(fixture.root.join("packages")).unwrap();
    symlink(&elsewhere, fixture.root.join("packages/p")).unwrap();
    assert_eq!(reads(&fixture, &task("packages/p", &["src/**"])), ["packages/p/src/a"]);
    assert_eq!(reads(&fixture, &task("packages/p", &["**"])), ["packages/p/src/a"]);
    // To the project around it, it is another project.
    let mut around = task("", &["**"]);
    around.nested = vec![rel("packages/p")];
    assert_eq!(reads(&fixture, &around), [""; 0]);
}

#[test]
fn cycles_are_cut() {
    let fixture = Fixture::new();
    fixture.write("p/a", "a");
    fixture.write("p/sub/b", "b");
    symlink("..", fixture.root.join("p/sub/up")).unwrap();
    symlink(".", fixture.root.join("p/self")).unwrap();
    let expected = [
        "p/a",
        "p/self",
        "p/self/a",
        "p/self/self",
        "p/self/sub/b",
        "p/self/sub/up",
        "p/sub/b",
        "p/sub/up",
        "p/sub/up/a",
        "p/sub/up/self",
        "p/sub/up/sub/b",
        "p/sub/up/sub/up",
    ];
    assert_eq!(reads(&fixture, &task("p", &["**"])), expected);
}

#[test]
fn a_link_to_what_holds_the_workspace_is_only_a_link() {
    let fixture = Fixture::new();
    fixture.write("p/a", "a");
    let beside = fixture.temp.path().join("beside");
    std::fs::create_dir(&beside).unwrap();
    std::fs::write(beside.join("x"), "x").unwrap();
    symlink("../..", fixture.root.join("p/above")).unwrap();
    symlink("/", fixture.root.join("p/top")).unwrap();
    assert_eq!(reads(&fixture, &task("p", &["**"])), ["p/a", "p/above", "p/top"]);
    // What is asked for by name beyond such a link is found.
    let named = task("p", &["above/beside/**", "a"]);
    assert_eq!(reads(&fixture, &named), ["p/a", "p/above/beside/x"]);
}

#[test]
fn links_are_followed_from_ignored_directories_too() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "gen\n");
    fixture.write("shared/a", "a");
    fixture.write("p/gen/x", "x");
    symlink("../../shared", fixture.root.join("p/gen/link")).unwrap();
    let expected = ["p/gen/link", "p/gen/link/a", "p/gen/x"];
    assert_eq!(reads(&fixture, &task("p", &["gen"])), expected);
    let mut spec = task("p", &[]);
    spec.ignored = globs(&["gen/**"]);
    assert_eq!(reads(&fixture, &spec), expected);
}
