//! What the words of a command line mean.

use serde_json::json;
use vx::error::Coded;
use vx::graph::{Request, SelectError, select};

use super::{Fixture, package, run};

/// root, @s/core, @s/ui → core, @t/ui, app → @s/ui, tools/cli (called cli), tools/cli/plugin (called plugin).
fn fixture() -> Fixture {
    let build = || Some(json!({ "build": run(&[]) }));
    let both = || Some(json!({ "build": run(&[]), "test:unit": run(&[]) }));
    Fixture::new(
        Some(json!({ "format": run(&[]), "build": run(&[]) })),
        &[
            ("packages/core", package("@s/core", &[]), both()),
            ("packages/ui", package("@s/ui", &["@s/core"]), both()),
            ("packages/ui2", package("@t/ui", &[]), build()),
            ("apps/app", package("app", &["@s/ui"]), both()),
            ("tools/cli", package("cli", &[]), build()),
            ("tools/cli/plugin", package("plugin", &["cli"]), None),
        ],
    )
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn attempt(
    fixture: &Fixture,
    cwd: &str,
    selectors: &[&str],
    filters: &[&str],
    all: bool,
) -> Result<Vec<String>, SelectError> {
    let (selectors, filters) = (words(selectors), words(filters));
    let cwd = fixture.root.join(cwd);
    let request = Request { selectors: &selectors, filters: &filters, all, cwd: &cwd };
    let found = select(&fixture.workspace, &fixture.configs, request)?;
    let name = |project| fixture.workspace[project].name.as_str();
    let mut names: Vec<String> =
        found.iter().map(|found| format!("{}#{}", name(found.project), found.task)).collect();
    names.sort();
    Ok(names)
}

/// The projects whose `build` a filter means.
fn builds(fixture: &Fixture, cwd: &str, filters: &[&str]) -> Vec<String> {
    let found = attempt(fixture, cwd, &["build"], filters, false).expect("a selection");
    found.iter().map(|id| id.trim_end_matches("#build").to_owned()).collect()
}

fn refused(
    fixture: &Fixture,
    cwd: &str,
    selectors: &[&str],
    filters: &[&str],
) -> (&'static str, String) {
    let error = attempt(fixture, cwd, selectors, filters, false).expect_err("an error");
    (error.code(), error.to_string())
}

#[test]
fn without_filters_the_current_directory_decides() {
    let fixture = fixture();
    let every =
        ["@s/core#build", "@s/ui#build", "@t/ui#build", "app#build", "cli#build", "root#build"];
    for cwd in ["", "packages", "tools"] {
        assert_eq!(attempt(&fixture, cwd, &["build"], &[], false).unwrap(), every, "{cwd:?}");
    }
    for cwd in ["apps/app", "packages/ui"] {
        assert_eq!(attempt(&fixture, cwd, &["build"], &[], false).unwrap().len(), 1, "{cwd:?}");
        assert_eq!(attempt(&fixture, cwd, &["build"], &[], true).unwrap(), every, "{cwd:?}");
    }
    assert_eq!(attempt(&fixture, "", &["format"], &[], false).unwrap(), ["root#format"]);
    assert_eq!(attempt(&fixture, "", &[], &[], false).unwrap(), [""; 0]);
}

#[test]
fn several_selectors_and_named_projects() {
    let fixture = fixture();
    assert_eq!(
        attempt(
            &fixture,
            "apps/app",
            &["build", "test:unit", "@s/core#build", "build"],
            &[],
            false
        )
        .unwrap(),
        ["@s/core#build", "app#build", "app#test:unit"]
    );
    // A named project is meant whatever the filters say.
    assert_eq!(
        attempt(&fixture, "", &["cli#build", "test:unit"], &["app"], false).unwrap(),
        ["app#test:unit", "cli#build"]
    );
}

#[test]
fn filters_by_name() {
    let fixture = fixture();
    for (filters, expected) in [
        (&["app"][..], &["app"][..]),
        (&["@s/*"], &["@s/core", "@s/ui"]),
        (&["core"], &["@s/core"]),
        (&["*ui"], &["@s/ui", "@t/ui"]),
        (&["*"], &["@s/core", "@s/ui", "@t/ui", "app", "cli", "root"]),
        (&["app", "cli"], &["app", "cli"]),
        (&["@s/*", "!@s/ui"], &["@s/core"]),
        (&["!@s/*", "!root"], &["@t/ui", "app", "cli"]),
    ] {
        assert_eq!(builds(&fixture, "apps/app", filters), expected, "{filters:?}");
    }
}

#[test]
fn filters_by_relation() {
    let fixture = fixture();
    for (filter, expected) in [
        ("@s/ui...", &["@s/core", "@s/ui"][..]),
        ("...@s/ui", &["@s/ui", "app"]),
        ("@s/ui^...", &["@s/core"]),
        ("...^@s/ui", &["app"]),
        ("...@s/core...", &["@s/core", "@s/ui", "app"]),
        ("...^@s/ui...", &["@s/core", "@s/ui", "app"]),
        // Each of the two is left out as a start; core is reached from ui.
        ("@s/*^...", &["@s/core"]),
        ("app...", &["@s/core", "@s/ui", "app"]),
    ] {
        assert_eq!(builds(&fixture, "", &[filter]), expected, "{filter}");
    }
    assert_eq!(builds(&fixture, "", &["app...", "!@s/ui..."]), ["app"]);
    assert_eq!(builds(&fixture, "", &["!...@s/core"]), ["@t/ui", "cli", "root"]);
}

#[test]
fn filters_by_directory() {
    let fixture = fixture();
    for (cwd, filter, expected) in [
        ("", "./apps/app", &["app"][..]),
        ("", "./apps/app/", &["app"]),
        ("", "{packages/*}", &["@s/core", "@s/ui", "@t/ui"]),
        ("", "./packages/ui*", &["@s/ui", "@t/ui"]),
        ("", "./packages/ui[2]", &["@t/ui"]),
        ("", "{packages/{core,ui}}", &["@s/core", "@s/ui"]),
        ("", "@s/*{packages/ui*}", &["@s/ui"]),
        ("", "{packages/core}...", &["@s/core"]),
        ("", "...{packages/core}", &["@s/core", "@s/ui", "app"]),
        ("", ".", &["root"]),
        ("", "./packages", &["@s/core", "@s/ui", "@t/ui"]),
        ("", "{packages/**}", &["@s/core", "@s/ui", "@t/ui"]),
        // A directory that is a project stands for that one alone.
        ("", "./tools/cli", &["cli"]),
        ("packages", "./ui", &["@s/ui"]),
        ("packages/ui", ".", &["@s/ui"]),
        ("packages/ui", "../core", &["@s/core"]),
        ("packages/ui", "{..}", &["@s/core", "@s/ui", "@t/ui"]),
        ("packages/ui", "../..", &["root"]),
    ] {
        assert_eq!(builds(&fixture, cwd, &[filter]), expected, "{cwd:?} {filter}");
    }
}

#[test]
fn filters_that_mean_nothing_are_errors() {
    let fixture = fixture();
    for (filter, code, parts) in [
        ("[main]", "VX_FILTER_UNSUPPORTED", &["[main]", "not supported yet"][..]),
        ("...[origin/main]", "VX_FILTER_UNSUPPORTED", &["origin/main"]),
        ("{packages}[main]", "VX_FILTER_UNSUPPORTED", &["not supported yet"]),
        ("ap", "VX_FILTER_NO_MATCH", &["\"ap\"", "did you mean \"app\"?"]),
        ("@s/cor...", "VX_FILTER_NO_MATCH", &["\"@s/core\""]),
        ("ui", "VX_FILTER_NO_MATCH", &["add the scope", "@s/ui or @t/ui"]),
        ("packages/ui", "VX_FILTER_NO_MATCH", &["\"./packages/ui\""]),
        ("./nowhere", "VX_FILTER_NO_MATCH", &["./nowhere"]),
        ("!nowhere", "VX_FILTER_NO_MATCH", &["!nowhere"]),
        ("../out", "VX_FILTER_SYNTAX", &["leaves the workspace"]),
        ("{a", "VX_FILTER_SYNTAX", &["not closed"]),
        ("", "VX_FILTER_SYNTAX", &["names no project"]),
    ] {
        let (found, message) = refused(&fixture, "", &["build"], &[filter]);
        assert_eq!(found, code, "{filter}: {message}");
        for part in parts {
            assert!(message.contains(part), "{filter}: {part}: {message}");
        }
    }
}

#[test]
fn tasks_that_nobody_selected_declares_are_errors() {
    let fixture = fixture();
    for (cwd, selectors, filters, code, parts) in [
        (
            "",
            &["biuld"][..],
            &[][..],
            "VX_TASK_UNKNOWN",
            &["no project declares a task \"biuld\"", "did you mean \"build\"", "and 1 more"][..],
        ),
        (
            "",
            &["build", "zzz"],
            &[],
            "VX_TASK_UNKNOWN",
            &["\"zzz\"", "the tasks are build, format, test:unit"],
        ),
        (
            "apps/app",
            &["format"],
            &[],
            "VX_TASK_UNKNOWN",
            &["the project app declares no task \"format\"", "it exists in root"],
        ),
        (
            "",
            &["test:unit"],
            &["cli", "@t/*"],
            "VX_TASK_UNKNOWN",
            &["none of the 2 selected projects", "app, @s/core, @s/ui"],
        ),
        ("", &["build"], &["app", "!app"], "VX_TASK_UNKNOWN", &["the filters leave no project"]),
        ("", &["cli#test:unit"], &[], "VX_TASK_UNKNOWN", &["the project cli declares no task"]),
        (
            "",
            &["cly#build"],
            &[],
            "VX_PROJECT_UNKNOWN",
            &["\"cly#build\"", "did you mean \"cli\"?"],
        ),
        ("", &["core#build"], &[], "VX_PROJECT_UNKNOWN", &["did you mean \"@s/core\"?"]),
        ("", &["app#"], &[], "VX_SELECTOR_INVALID", &["\"app#\""]),
        ("", &[""], &[], "VX_SELECTOR_INVALID", &["\"\""]),
    ] {
        let (found, message) = refused(&fixture, cwd, selectors, filters);
        assert_eq!(found, code, "{selectors:?}: {message}");
        for part in parts {
            assert!(message.contains(part), "{selectors:?}: {part}: {message}");
        }
    }
}
