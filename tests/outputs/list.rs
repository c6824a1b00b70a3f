//! What counts as an output.

use std::fs;
use std::os::unix::net::UnixListener;

use vx::error::Coded;
use vx::outputs::{OutputSpec, list};

use super::support::{Place, names};

#[track_caller]
fn lists(spec: &OutputSpec, expected: &[&str]) {
    assert_eq!(names(&list(spec).unwrap()), expected);
}

#[test]
fn files_links_and_empty_directories_that_match() {
    let place = Place::new();
    place.files(&["dist/a.js", "dist/sub/b.js", "dist/sub/c.css", "src/a.ts", "dist/.hidden/x"]);
    place.dirs(&["dist/empty", "dist/full-of-empty/inner", "other"]);
    place.link("dist/link", "a.js");
    place.link("dist/to-dir", "../src");
    place.link("dist/dangling", "nowhere");
    lists(
        &place.spec(&["dist/**"]),
        &[
            "dist/.hidden/x",
            "dist/a.js",
            "dist/dangling",
            "dist/empty",
            "dist/full-of-empty/inner",
            "dist/link",
            "dist/sub/b.js",
            "dist/sub/c.css",
            "dist/to-dir",
        ],
    );
    lists(&place.spec(&["dist/**/*.js"]), &["dist/a.js", "dist/sub/b.js"]);
    lists(
        &place.spec(&["dist/*"]),
        &["dist/a.js", "dist/dangling", "dist/empty", "dist/link", "dist/to-dir"],
    );
    lists(&place.spec(&["other"]), &["other"]);
    lists(&place.spec(&["dist/sub", "!dist/sub/*.css"]), &["dist/sub/b.js"]);
    lists(
        &place.spec(&["dist/a.js", "src/a.ts", "missing", "missing/**"]),
        &["dist/a.js", "src/a.ts"],
    );
    lists(&place.spec(&[]), &[]);
}

#[test]
fn a_pattern_without_a_directory_of_its_own() {
    let place = Place::new();
    place.files(&["tsconfig.tsbuildinfo", "src/a.ts", "src/x.tsbuildinfo"]);
    lists(&place.spec(&["*.tsbuildinfo"]), &["tsconfig.tsbuildinfo"]);
    lists(&place.spec(&["**/*.tsbuildinfo"]), &["src/x.tsbuildinfo", "tsconfig.tsbuildinfo"]);
}

#[test]
fn sorted_as_in_the_artifact() {
    let place = Place::new();
    place.files(&["d/b", "d/a/x", "d/a-b", "d/a.b", "d/Z"]);
    let spec = place.full_spec(&["d/**"], &["packages/app/d/Z", "packages/app/d/a*"], &[]);
    lists(
        &spec,
        &[
            "d/Z",
            "d/a-b",
            "d/a.b",
            "d/a/x",
            "d/b",
            "//packages/app/d/Z",
            "//packages/app/d/a-b",
            "//packages/app/d/a.b",
        ],
    );
}

#[test]
fn git_and_vx_are_never_entered_and_node_modules_only_by_name() {
    let place = Place::new();
    place.files(&[
        ".git/HEAD",
        ".vx/cache/x",
        "dist/.git/HEAD",
        "dist/.vx/x",
        "dist/node_modules/x/index.js",
        "node_modules/.cache/tool/x",
        "node_modules/react/index.js",
        "dist/a",
        "node_modules/.cache/node_modules/y",
    ]);
    lists(&place.spec(&["**"]), &["dist/a"]);
    lists(&place.spec(&[".git/**", ".vx", "dist/.git/*"]), &[]);
    lists(&place.spec(&["*/react/*.js", "node_modules*/**"]), &[]);
    let cache = ["node_modules/.cache/node_modules/y", "node_modules/.cache/tool/x"];
    lists(&place.spec(&["node_modules/.cache/**"]), &cache);
    let both = [&["dist/a"], &cache[..]].concat();
    lists(&place.spec(&["**", "node_modules/.cache/**"]), &both);
    lists(
        &place.spec(&["dist/**", "dist/node_modules/**"]),
        &["dist/a", "dist/node_modules/x/index.js"],
    );
    place.link("lib/node_modules", "../src");
    lists(&place.spec(&["lib/**"]), &[]);
}

#[test]
fn nested_projects_belong_to_themselves() {
    let place = Place::new();
    place.files(&["dist/a", "plugins/one/dist/a", "plugins/one-more/dist/a"]);
    place.dirs(&["plugins/empty"]);
    let nested = ["plugins/one", "plugins/empty"];
    let spec = place.full_spec(&["**/dist/**", "plugins/**"], &[], &nested);
    lists(&spec, &["dist/a", "plugins/one-more/dist/a"]);
    lists(&place.full_spec(&["plugins/one/dist/**"], &[], &nested), &[]);
    let spec = place.full_spec(&[], &["packages/app/plugins/one/**"], &nested);
    lists(&spec, &["//packages/app/plugins/one/dist/a"]);
}

#[test]
fn a_nested_project_is_not_entered_through_a_link_either() {
    let place = Place::new();
    place.files(&["plugins/one/dist/a", "real/dist/b"]);
    place.link("alias", "plugins/one");
    place.link("fine", "real");
    let spec = place.full_spec(&["alias/dist/**"], &[], &["plugins/one"]);
    assert_eq!(list(&spec).unwrap_err().code(), "VX_OUTPUT_LEADS_OUT");
    lists(&place.full_spec(&["fine/dist/**"], &[], &["plugins/one"]), &["fine/dist/b"]);
}

#[test]
fn links_on_the_way_to_a_root_stay_inside_or_are_named() {
    let place = Place::new();
    place.files(&["real/dist/a"]);
    fs::create_dir(place.outside().join("dist")).unwrap();
    fs::write(place.outside().join("dist/b"), "").unwrap();
    place.link("inside", "real");
    place.link("relative", "../../../outside");
    place.link("absolute", place.outside());
    lists(&place.spec(&["inside/dist/**"]), &["inside/dist/a"]);
    for out in ["relative", "absolute"] {
        let error = list(&place.spec(&[&format!("{out}/dist/**")])).unwrap_err();
        assert_eq!(error.code(), "VX_OUTPUT_LEADS_OUT", "{error}");
        assert!(error.to_string().contains(out), "{error}");
    }
}

#[test]
fn a_root_that_is_a_link_is_an_output_or_an_error_and_never_entered() {
    let place = Place::new();
    place.files(&["src/a.ts", "file"]);
    place.link("dist", "src");
    lists(&place.spec(&["dist"]), &["dist"]);
    lists(&place.spec(&["dist", "dist/**"]), &["dist"]);
    let error = list(&place.spec(&["dist/**"])).unwrap_err();
    assert_eq!(error.code(), "VX_OUTPUT_ROOT_IS_LINK");
    assert!(error.to_string().contains("packages/app/dist"), "{error}");
    place.link("out", place.outside());
    lists(&place.spec(&["out"]), &["out"]);
    assert_eq!(list(&place.spec(&["out/**"])).unwrap_err().code(), "VX_OUTPUT_LEADS_OUT");
    place.link("dangling", "nowhere");
    place.link("to-file", "file");
    lists(&place.spec(&["dangling/**", "to-file/**"]), &[]);
}

#[test]
fn what_cannot_be_stored_is_not_left_out() {
    let place = Place::new();
    place.files(&["dist/a"]);
    let _listener = UnixListener::bind(place.project.join("dist/socket")).unwrap();
    lists(&place.spec(&["dist/**"]), &["dist/a", "dist/socket"]);
}

#[test]
#[cfg(target_os = "linux")] // Others refuse to make such a name.
fn a_name_that_is_not_utf8_is_an_error_only_where_it_matches() {
    let place = Place::new();
    place.files(&["dist/a"]);
    fs::write(place.project.join("dist").join(os(b"b\xff.js")), "").unwrap();
    lists(&place.spec(&["dist/a*"]), &["dist/a"]);
    lists(&place.spec(&["dist/**", "!**/*.js"]), &["dist/a"]);
    let error = list(&place.spec(&["dist/*.js"])).unwrap_err();
    assert_eq!(error.code(), "VX_OUTPUT_NOT_UTF8");
    assert!(error.to_string().contains("dist/b"), "{error}");
}

#[test]
fn an_anchor_that_is_not_there() {
    let place = Place::new();
    fs::remove_dir(&place.project).unwrap();
    lists(&place.spec(&["dist/**"]), &[]);
    let mut spec = place.full_spec(&[], &["x"], &[]);
    spec.anchors.workspace = None;
    assert_eq!(list(&spec).unwrap_err().code(), "VX_OUTPUT_NO_WORKSPACE");
}

#[test]
fn what_is_accepted_from_an_artifact_is_what_could_be_listed() {
    let place = Place::new();
    let spec = place.full_spec(
        &["**", "!dist/no/**", "node_modules/.cache/**"],
        &["shared/*"],
        &["plugins/one"],
    );
    let accepts = spec.acceptor();
    let output = |anchor, path: &str| vx::artifact::OutputPath {
        anchor,
        path: vx::path::RelPath::new(path).unwrap(),
    };
    for (path, expected) in [
        ("dist/a", true),
        ("dist/no/a", false),
        (".git/hooks/pre-commit", false),
        ("a/.vx/x", false),
        (".vx", false),
        (".gitignore", true),
        ("node_modules/react/x", false),
        ("node_modules/.cache/x", true),
        ("node_modules", false),
        ("plugins/one", false),
        ("plugins/one/x", false),
        ("plugins/one-more/x", true),
    ] {
        assert_eq!(accepts(&output(vx::artifact::Anchor::Project, path)), expected, "{path}");
    }
    assert!(accepts(&output(vx::artifact::Anchor::Workspace, "shared/a")));
    assert!(!accepts(&output(vx::artifact::Anchor::Workspace, "dist/a")));
}

#[cfg(target_os = "linux")]
fn os(bytes: &[u8]) -> &std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}
