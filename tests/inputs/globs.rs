//! Which visible files the declared globs take.

use super::*;

#[test]
fn globs_take_visible_files_of_the_project() {
    let fixture = Fixture::new();
    for file in ["p/src/a.ts", "p/src/b.js", "p/.env", "p/README", "p-x/src/a.ts", "top.ts"] {
        fixture.write(file, file);
    }
    fixture.write(".gitignore", "*.log\n");
    fixture.write("p/src/c.log", "ignored");
    assert_eq!(reads(&fixture, &task("p", &["src/**"])), ["p/src/a.ts", "p/src/b.js"]);
    assert_eq!(
        reads(&fixture, &task("p", &["**"])),
        ["p/.env", "p/README", "p/src/a.ts", "p/src/b.js"]
    );
    assert_eq!(reads(&fixture, &task("p", &["src", "!**/*.js"])), ["p/src/a.ts"]);
    assert_eq!(reads(&fixture, &task("p", &["*.{md,ts}", ".env"])), ["p/.env"]);
    assert_eq!(reads(&fixture, &task("", &["*.ts"])), ["top.ts"]);
}

#[test]
fn some_names_are_never_inputs() {
    let fixture = Fixture::new();
    for file in [
        "p/a",
        "p/node_modules/m/index.js",
        "node_modules/m/index.js",
        "p/.vx/cache/x",
        "p/sub/node_modules/y",
        "p/node_modules_not",
    ] {
        fixture.write(file, file);
    }
    fixture.commit_all();
    assert_eq!(reads(&fixture, &task("p", &["**"])), ["p/a", "p/node_modules_not"]);
    let mut spec = task("p", &[]);
    spec.workspace_files = globs(&["**"]);
    assert_eq!(reads(&fixture, &spec), ["p/a", "p/node_modules_not"]);
}

#[test]
fn nested_projects_keep_their_files() {
    let fixture = Fixture::new();
    for file in ["a", "p/x", "p/a/x", "p/a-b/x", "p/a/deep/x", "p/a.txt", "p/ab", "q/x"] {
        fixture.write(file, file);
    }
    let mut spec = task("", &["**"]);
    spec.nested = ["p/a", "p/a-b", "q"].map(rel).to_vec();
    assert_eq!(reads(&fixture, &spec), ["a", "p/a.txt", "p/ab", "p/x"]);
    spec.nested = ["p/a", "p/a/deep"].map(rel).to_vec();
    assert_eq!(reads(&fixture, &spec), ["a", "p/a-b/x", "p/a.txt", "p/ab", "p/x", "q/x"]);
    // Root-anchored globs know no boundary.
    spec.files = globs(&[]);
    spec.workspace_files = globs(&["p/a/**"]);
    assert_eq!(reads(&fixture, &spec), ["p/a/deep/x", "p/a/x"]);
}

#[test]
fn a_nested_project_in_a_literal_directory_stays_out() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "/p/gen\n");
    fixture.write("p/gen/own", "x");
    fixture.write("p/gen/inner/package.json", "{}");
    let mut spec = task("p", &["gen", "gen/inner/package.json"]);
    spec.nested = vec![rel("p/gen/inner")];
    let harvest = reap(&fixture, &spec);
    assert_eq!(paths(&harvest), ["p/gen/own"]);
    let warnings = warnings(&harvest);
    assert!(warnings.len() == 1 && warnings[0].contains("nested project"), "{warnings:?}");
    spec.files = globs(&["gen/own"]);
    spec.ignored = globs(&["gen/inner/package.json", "gen/o*"]);
    let harvest = reap(&fixture, &spec);
    assert_eq!(paths(&harvest), ["p/gen/own"]);
    assert!(harvest.warnings.len() == 1, "{:?}", harvest.warnings);
}

#[test]
fn own_outputs_are_not_inputs() {
    let fixture = Fixture::new();
    for file in ["p/src/a", "p/dist/a", "p/dist/types/b", "gen/c", "gen/d", "p/dist-x"] {
        fixture.write(file, file);
    }
    let mut spec = task("p", &["**"]);
    spec.workspace_files = globs(&["gen/**", "p/dist/a"]);
    spec.outputs = globs(&["dist/**"]);
    spec.workspace_outputs = globs(&["gen/c"]);
    assert_eq!(reads(&fixture, &spec), ["gen/d", "p/dist-x", "p/src/a"]);
    // Whatever way they are declared.
    fixture.write(".gitignore", "dist\n");
    spec.files = globs(&["dist", "dist/a"]);
    spec.ignored = globs(&["dist/**"]);
    assert_eq!(reads(&fixture, &spec), ["gen/d"]);
}

#[test]
fn tasks_that_share_root_anchored_globs_see_the_same() {
    let fixture = Fixture::new();
    for file in ["tsconfig.json", "p/tsconfig.json", "p/a", "q/a"] {
        fixture.write(file, file);
    }
    let view = View::read(&fixture.root).unwrap();
    for (project, expected) in [("p", ["p/a", "tsconfig.json"]), ("q", ["q/a", "tsconfig.json"])] {
        let mut spec = task(project, &["a"]);
        spec.workspace_files = globs(&["*.json"]);
        let harvest = harvest(&view, &spec, &Memo::default()).unwrap();
        assert_eq!(paths(&harvest), expected);
    }
}

#[test]
fn doubtful_declarations_are_told() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "gen\n");
    fixture.write("p/a", "x");
    fixture.write("p/gen/x", "x");
    fixture.write("p/node_modules/m/x", "x");
    std::fs::create_dir(fixture.root.join("p/empty")).unwrap();
    let told = |files: &[&str]| warnings(&reap(&fixture, &task("p", files)));
    assert_eq!(told(&["a"]), [""; 0]);
    assert_eq!(told(&[]), [""; 0]);
    assert_eq!(
        told(&["a", "none.txt"]),
        [r#"cache.inputs.files declares "none.txt", which does not exist"#]
    );
    let nothing = "cache.inputs.files matches no file, so no change to a file invalidates the cache through it";
    assert_eq!(told(&["src/**"]), [nothing]);
    assert_eq!(told(&["empty/**"]), [nothing]);
    for pattern in ["gen/**", "node_modules/m/x", "node_modules/m/**"] {
        let told = told(&["a", pattern]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(pattern) && told[0].contains("cache.inputs.ignored"), "{told:?}");
    }
    let never =
        "cache.inputs.files declares \".git/HEAD\", but nothing in a .git or .vx is ever an input";
    assert_eq!(warnings(&reap(&fixture, &task("", &["p/a", ".git/HEAD"]))), [never]);
}

#[test]
fn the_roots_hold_everything_that_can_match() {
    let mut spec = task("p", &["src/**", "src/x/*.ts", "README.md"]);
    spec.workspace_files = globs(&["tsconfig.json", "p/src/y"]);
    let roots: Vec<String> = spec.roots().iter().map(ToString::to_string).collect();
    assert_eq!(roots, ["p/README.md", "p/src", "tsconfig.json"]);
    spec.workspace_files = globs(&["**/*.json"]);
    assert_eq!(spec.roots(), [RelPath::root()]);
}
