//! What a declaration reaches although it is ignored.

use super::*;

fn with_ignored() -> Fixture {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "*.env\ngen\ndist\nnode_modules\n");
    for file in [
        "p/a.ts",
        "p/local.env",
        "p/gen/x.ts",
        "p/gen/deep/y.ts",
        "p/gen/node_modules/m/z.ts",
        "p/src/ok.ts",
        "p/src/gen/s.ts",
        "p/node_modules/m/index.js",
        "p/node_modules/m/node_modules/n/index.js",
        "p/node_modules/o/index.js",
    ] {
        fixture.write(file, file);
    }
    fixture
}

#[test]
fn a_declared_literal_counts_although_it_is_ignored() {
    let fixture = with_ignored();
    assert_eq!(reads(&fixture, &task("p", &["local.env"])), ["p/local.env"]);
    assert_eq!(reads(&fixture, &task("p", &["*.env"])), [""; 0]);
    assert_eq!(reads(&fixture, &task("p", &["gen/"])), ["p/gen/deep/y.ts", "p/gen/x.ts"]);
    assert_eq!(reads(&fixture, &task("p", &["gen", "!**/deep/**"])), ["p/gen/x.ts"]);
    // A directory that git sees stands for what git sees of it.
    assert_eq!(reads(&fixture, &task("p", &["src"])), ["p/src/ok.ts"]);
    let mut spec = task("p", &[]);
    spec.workspace_files = globs(&["p/local.env"]);
    assert_eq!(reads(&fixture, &spec), ["p/local.env"]);
}

#[test]
fn an_ignored_directory_counts_whole_although_something_in_it_is_tracked() {
    let fixture = with_ignored();
    fixture.write("p/dist/kept", "x");
    fixture.git(&["add", "-f", "p/dist/kept"]);
    fixture.write("p/dist/made", "x");
    assert_eq!(reads(&fixture, &task("p", &["dist"])), ["p/dist/kept", "p/dist/made"]);
    assert_eq!(reads(&fixture, &task("p", &["dist/**"])), ["p/dist/kept"]);
}

#[test]
fn ignored_globs_are_matched_against_the_disk() {
    let fixture = with_ignored();
    let ignored = |patterns: &[&str]| {
        let mut spec = task("p", &["a.ts"]);
        spec.ignored = globs(patterns);
        let mut reads = reads(&fixture, &spec);
        assert_eq!(reads.remove(0), "p/a.ts");
        reads
    };
    assert_eq!(ignored(&["*.env"]), ["p/local.env"]);
    assert_eq!(ignored(&["gen/**", "!**/y.ts"]), ["p/gen/x.ts"]);
    let all = ["p/gen/deep/y.ts", "p/gen/x.ts", "p/local.env", "p/src/gen/s.ts", "p/src/ok.ts"];
    assert_eq!(ignored(&["**"]), all, "node_modules only by name");
    let module = ["p/node_modules/m/index.js", "p/node_modules/m/node_modules/n/index.js"];
    assert_eq!(ignored(&["node_modules/m/**"]), module);
    assert_eq!(ignored(&["node_modules/o/index.js", "*.env"]).len(), 2);
}

#[test]
fn ignored_globs_stop_at_nested_projects() {
    let fixture = with_ignored();
    let mut spec = task("p", &[]);
    spec.ignored = globs(&["**/*.ts"]);
    spec.nested = vec![rel("p/gen")];
    assert_eq!(reads(&fixture, &spec), ["p/a.ts", "p/src/gen/s.ts", "p/src/ok.ts"]);
}

#[test]
fn ignored_globs_warn_too() {
    let fixture = with_ignored();
    let mut spec = task("p", &["a.ts"]);
    spec.ignored = globs(&["none.env"]);
    assert_eq!(
        warnings(&reap(&fixture, &spec)),
        [
            r#"cache.inputs.ignored declares "none.env", which does not exist"#,
            "cache.inputs.ignored matches no file, so no change to a file invalidates the cache through it",
        ]
    );
}
