//! What is removed, and above all what is not.

use std::fs;
use std::os::unix::net::UnixListener;

use vx::error::Coded;
use vx::outputs::clean;

use super::support::{Place, tree};

#[test]
fn outputs_go_with_the_directories_that_they_alone_filled() {
    let place = Place::new();
    place.files(&[
        "dist/a.js",
        "dist/sub/deep/b.js",
        "dist/keep/c.txt",
        "dist/keep/d.js",
        "src/a.ts",
    ]);
    place.dirs(&["dist/was-empty", "empty"]);
    clean(&place.spec(&["dist/**/*.js"])).unwrap();
    assert_eq!(
        place.names(),
        ["dist", "dist/keep", "dist/keep/c.txt", "dist/was-empty", "empty", "src", "src/a.ts"]
    );
    clean(&place.spec(&["dist/**"])).unwrap();
    assert_eq!(place.names(), ["empty", "src", "src/a.ts"]);
}

#[test]
fn only_directories_at_or_below_a_root_go() {
    let place = Place::new();
    place.files(&["a/b/c.js", "x/y/z.js"]);
    clean(&place.spec(&["a/b/c.js", "x/y/*.js"])).unwrap();
    assert_eq!(place.names(), ["a", "a/b", "x"]);
    clean(&place.spec(&["**"])).unwrap();
    assert!(place.names().is_empty() && place.project.is_dir());
}

#[test]
fn links_go_and_what_they_point_to_stays() {
    let place = Place::new();
    place.files(&["src/a.ts", "dist/a.js"]);
    fs::write(place.outside().join("precious"), "x").unwrap();
    place.link("dist/src", "../src");
    place.link("dist/out", place.outside());
    place.link("dist/dangling", "nowhere");
    place.link("lib", "src");
    place.link("out", place.outside());
    clean(&place.spec(&["dist/**", "lib", "out"])).unwrap();
    assert_eq!(place.names(), ["src", "src/a.ts"]);
    assert_eq!(tree(&place.outside()).len(), 1);
}

#[test]
fn nothing_is_removed_through_a_link() {
    let place = Place::new();
    place.files(&["src/a.ts"]);
    fs::write(place.outside().join("precious"), "x").unwrap();
    place.link("dist", "src");
    place.link("out", place.outside());
    let before = place.tree();
    assert_eq!(clean(&place.spec(&["dist/**"])).unwrap_err().code(), "VX_OUTPUT_ROOT_IS_LINK");
    assert_eq!(clean(&place.spec(&["out/**"])).unwrap_err().code(), "VX_OUTPUT_LEADS_OUT");
    assert_eq!(clean(&place.spec(&["out/x/**"])).unwrap_err().code(), "VX_OUTPUT_LEADS_OUT");
    assert_eq!(place.tree(), before);
    assert_eq!(tree(&place.outside()).len(), 1);
}

#[test]
fn nested_projects_packages_and_repositories_stay() {
    let place = Place::new();
    place.files(&["plugins/one/dist/a", "node_modules/x/y", ".git/HEAD", ".vx/cache/x", "gone"]);
    clean(&place.full_spec(&["**"], &[], &["plugins/one"])).unwrap();
    assert_eq!(
        place.names(),
        [
            ".git",
            ".git/HEAD",
            ".vx",
            ".vx/cache",
            ".vx/cache/x",
            "node_modules",
            "node_modules/x",
            "node_modules/x/y",
            "plugins",
            "plugins/one",
            "plugins/one/dist",
            "plugins/one/dist/a"
        ]
    );
}

#[test]
fn outputs_of_the_workspace_go_too() {
    let place = Place::new();
    place.files(&["dist/a"]);
    fs::create_dir_all(place.workspace.join("shared/generated")).unwrap();
    fs::write(place.workspace.join("shared/generated/x"), "").unwrap();
    clean(&place.full_spec(&[], &["shared/**"], &[])).unwrap();
    assert_eq!(
        place.tree().into_keys().collect::<Vec<_>>(),
        ["packages", "packages/app", "packages/app/dist", "packages/app/dist/a"]
    );
}

#[test]
#[cfg(target_os = "linux")] // Others refuse to make such a name.
fn what_could_not_be_stored_goes_all_the_same() {
    let place = Place::new();
    place.files(&["dist/a"]);
    drop(UnixListener::bind(place.project.join("dist/socket")).unwrap());
    let odd = place.project.join("dist").join(os(b"\xff"));
    fs::create_dir(&odd).unwrap();
    fs::write(odd.join(os(b"\xfe")), "").unwrap();
    clean(&place.spec(&["dist/**"])).unwrap();
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[test]
fn nothing_to_do_is_no_error() {
    let place = Place::new();
    clean(&place.spec(&["dist/**", "a/b/c"])).unwrap();
    clean(&place.spec(&[])).unwrap();
}

#[cfg(target_os = "linux")]
fn os(bytes: &[u8]) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}
