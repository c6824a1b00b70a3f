//! What pulls in what, what is refused, and what is known about each task.

use serde_json::{Value, json};
use vx::error::Coded;
use vx::graph::TaskGraph;

use super::{Fixture, all, at, cached, id, package, run, upstream};

fn refused(fixture: &Fixture, requested: &[&str]) -> (&'static str, String) {
    let error = fixture.graph(requested).expect_err("an error");
    (error.code(), error.to_string())
}

fn late(graph: &TaskGraph, text: &str) -> bool {
    graph.upstream_outputs_may_feed(at(graph, text))
}

/// A patch of `cache` on top of a cached task.
fn with_cache(mut task: Value, part: &str, key: &str, value: Value) -> Value {
    task["cache"][part][key] = value;
    task
}

#[test]
fn each_kind_of_dependency() {
    let fixture = Fixture::new(
        Some(json!({ "lint": run(&[]) })),
        &[
            (
                "app",
                package("app", &["ui"]),
                Some(json!({ "build": run(&["gen", "^build", "root#lint"]), "gen": run(&[]) })),
            ),
            (
                "ui",
                package("ui", &[]),
                Some(json!({ "build": run(&["^build"]), "other": run(&[]) })),
            ),
        ],
    );
    let graph = fixture.graph(&["app#build"]).unwrap();
    assert_eq!(all(&graph), ["app#build", "app#gen", "root#lint", "ui#build"]);
    assert_eq!(upstream(&graph, "app#build"), ["app#gen", "root#lint", "ui#build"]);
    assert_eq!(upstream(&graph, "ui#build"), [""; 0]);
    let requested: Vec<bool> =
        ["app#build", "app#gen", "ui#build"].map(|name| graph[at(&graph, name)].requested).into();
    assert_eq!(requested, [true, false, false]);
    let down = &graph[at(&graph, "ui#build")].downstream;
    assert_eq!(down, &[at(&graph, "app#build")]);
    assert_eq!(graph.priority(at(&graph, "ui#build")), 1);
    assert_eq!(graph.priority(at(&graph, "app#build")), 0);
}

#[test]
fn a_task_that_is_requested_and_pulled_in_is_there_once() {
    let fixture = Fixture::new(
        None,
        &[
            (
                "a",
                package("a", &["b"]),
                Some(json!({ "build": run(&["^build", "b#build", "^build"]) })),
            ),
            ("b", package("b", &[]), Some(json!({ "build": run(&[]) }))),
        ],
    );
    let graph = fixture.graph(&["b#build", "a#build", "a#build"]).unwrap();
    assert_eq!(all(&graph), ["a#build", "b#build"]);
    assert_eq!(upstream(&graph, "a#build"), ["b#build"]);
    assert!(graph.nodes().iter().all(|node| node.requested));
    assert_eq!(graph.find(&id("a#nothing")), None);
}

#[test]
fn the_frontier_passes_through_and_stops_at_the_nearest() {
    let build = || Some(json!({ "build": run(&["^build"]) }));
    let fixture = Fixture::new(
        None,
        &[
            ("app", package("app", &["mid", "bare", "direct"]), build()),
            ("mid", package("mid", &["leaf"]), Some(json!({ "test": run(&[]) }))),
            ("bare", package("bare", &["mid", "far"]), None),
            ("direct", package("direct", &["hidden"]), build()),
            ("hidden", package("hidden", &[]), build()),
            ("leaf", package("leaf", &[]), build()),
            ("far", package("far", &["bare", "app"]), None),
        ],
    );
    let graph = fixture.graph(&["app#build"]).unwrap();
    assert_eq!(upstream(&graph, "app#build"), ["direct#build", "leaf#build"]);
    assert_eq!(upstream(&graph, "direct#build"), ["hidden#build"]);
}

#[test]
fn missing_tasks_and_projects_name_what_was_meant() {
    let build =
        |depends_on: &[&str]| Some(json!({ "build": run(depends_on), "codegen": run(&[]) }));
    let fixture = Fixture::new(
        None,
        &[
            ("a", package("@s/a", &[]), build(&["codgen"])),
            ("b", package("b", &[]), build(&["@s/b#build"])),
            ("c", package("c", &[]), build(&["@s/a#codegn"])),
            ("d", package("d", &[]), build(&["bare#build"])),
            ("e", package("e", &[]), build(&["zzzzzzzz"])),
            ("f", package("f", &[]), build(&["s/a#build"])),
            ("bare", package("bare", &[]), None),
        ],
    );
    let config = |dir: &str| fixture.root.join(dir).join("vx.config.ts").display().to_string();
    for (task, code, parts) in [
        (
            "@s/a#build",
            "VX_TASK_MISSING",
            vec![
                "@s/a#build depends on \"codgen\"".to_owned(),
                config("a"),
                "\"codegen\"".to_owned(),
            ],
        ),
        (
            "b#build",
            "VX_PROJECT_MISSING",
            vec!["\"@s/b#build\"".to_owned(), "\"@s/a#build\"".to_owned()],
        ),
        ("c#build", "VX_TASK_MISSING", vec![config("a"), "\"@s/a#codegen\"".to_owned()]),
        ("d#build", "VX_TASK_MISSING", vec!["no vx.config.ts".to_owned()]),
        ("e#build", "VX_TASK_MISSING", vec!["remove it from dependsOn".to_owned()]),
        ("f#build", "VX_PROJECT_MISSING", vec!["\"@s/a#build\"".to_owned()]),
    ] {
        let (found, message) = refused(&fixture, &[task]);
        assert_eq!(found, code, "{message}");
        for part in parts {
            assert!(message.contains(&part), "{part}: {message}");
        }
    }
}

#[test]
fn a_cycle_names_its_whole_path() {
    let fixture = Fixture::new(
        None,
        &[
            (
                "a",
                package("a", &["b"]),
                Some(json!({ "build": run(&["^build"]), "self": run(&["self"]) })),
            ),
            ("b", package("b", &["c"]), Some(json!({ "build": run(&["^build"]) }))),
            ("c", package("c", &["a"]), Some(json!({ "build": run(&["^build"]) }))),
            ("d", package("d", &["b"]), Some(json!({ "build": run(&["^build"]) }))),
        ],
    );
    for requested in ["d#build", "c#build", "a#build"] {
        let (code, message) = refused(&fixture, &[requested]);
        assert_eq!(code, "VX_TASK_CYCLE");
        assert!(message.contains("a#build → b#build → c#build → a#build;"), "{message}");
    }
    let (_, message) = refused(&fixture, &["a#self"]);
    assert!(message.contains(": a#self → a#self;"), "{message}");
}

#[test]
fn packages_in_a_cycle_are_fine_where_their_tasks_are_not() {
    let fixture = Fixture::new(
        None,
        &[
            ("a", package("a", &["b"]), Some(json!({ "build": run(&["^build"]) }))),
            ("b", package("b", &["a"]), None),
        ],
    );
    assert_eq!(upstream(&fixture.graph(&["a#build"]).unwrap(), "a#build"), [""; 0]);
}

#[test]
fn two_owners_of_one_output_are_refused() {
    let tasks = |one: &[&str], two: &[&str]| {
        Some(
            json!({ "one": cached(&[], &[], one), "two": cached(&[], &[], two), "all": { "dependsOn": ["one", "two"] } }),
        )
    };
    let fixture = Fixture::new(
        None,
        &[
            ("a", package("a", &[]), tasks(&["lib/**", "dist/**"], &["dist/types/*.d.ts"])),
            ("b", package("b", &[]), tasks(&["dist/**", "!dist/types/**"], &["dist/types/**"])),
        ],
    );
    let (code, message) = refused(&fixture, &["a#all"]);
    assert_eq!(code, "VX_OUTPUT_CONFLICT");
    for part in ["a#one", "a#two", "\"dist/**\"", "\"dist/types/*.d.ts\""] {
        assert!(message.contains(part), "{part}: {message}");
    }
    fixture.graph(&["a#one"]).unwrap();
    // The same patterns in two projects are two places.
    fixture.graph(&["b#all", "a#one"]).unwrap();
}

#[test]
fn outputs_of_the_workspace_are_compared_with_all_others() {
    let to = |patterns: &[&str]| {
        with_cache(cached(&[], &[], &[]), "outputs", "workspaceFiles", json!(patterns))
    };
    let fixture = Fixture::new(
        Some(
            json!({ "all": cached(&[], &[], &["**/dist/**"]), "tree": cached(&[], &[], &["reports/**"]), "flat": cached(&[], &[], &["dist/**"]) }),
        ),
        &[
            (
                "p/a",
                package("a", &[]),
                Some(
                    json!({ "build": cached(&[], &[], &["dist/**"]), "out": to(&["reports/a/**"]) }),
                ),
            ),
            (
                "p/b",
                package("b", &[]),
                Some(
                    json!({ "into": to(&["p/a/dist/x.js"]), "out": to(&["reports/b/**", "dist/b"]) }),
                ),
            ),
            ("p/c", package("c", &[]), Some(json!({ "out": to(&["reports/{b,c}/**"]) }))),
        ],
    );
    for (requested, parts) in [
        (["a#build", "b#into"], ["\"dist/**\"", "\"p/a/dist/x.js\""]),
        (["b#out", "c#out"], ["\"reports/b/**\"", "\"reports/{b,c}/**\""]),
        (["root#tree", "a#out"], ["\"reports/**\"", "\"reports/a/**\""]),
        (["root#flat", "b#out"], ["\"dist/**\"", "\"dist/b\""]),
    ] {
        for requested in [requested, [requested[1], requested[0]]] {
            let (code, message) = refused(&fixture, &requested);
            assert_eq!(code, "VX_OUTPUT_CONFLICT");
            for part in parts.iter().chain(&requested) {
                assert!(message.contains(part), "{part}: {message}");
            }
        }
    }
    fixture.graph(&["a#out", "b#out"]).unwrap();
    // The root's own outputs end where another project begins.
    fixture.graph(&["root#all", "b#into"]).unwrap();
    fixture.graph(&["root#all", "a#build"]).unwrap();
}

#[test]
fn filters_of_upstream_keys() {
    let filtered = |tasks: Value| {
        with_cache(cached(&["gen", "^build"], &["src/**"], &[]), "inputs", "tasks", tasks)
    };
    let fixture = Fixture::new(
        None,
        &[
            (
                "a",
                package("a", &["b"]),
                Some(json!({
                    "all": cached(&["gen", "^build"], &["src/**"], &[]),
                    "none": filtered(json!([])),
                    "some": filtered(json!(["^build"])),
                    "twice": with_cache(cached(&["b#build", "^build"], &[], &[]), "inputs", "tasks", json!(["^build"])),
                    "gen": run(&[]),
                })),
            ),
            ("b", package("b", &[]), Some(json!({ "build": run(&[]) }))),
        ],
    );
    let graph = fixture.graph(&["a#all", "a#none", "a#some", "a#twice"]).unwrap();
    let counted = |task: &str| -> Vec<String> {
        graph.counted_upstream(at(&graph, task)).map(|ix| graph[ix].id.to_string()).collect()
    };
    assert_eq!(counted("a#all").len(), 2);
    assert_eq!(counted("a#none"), [""; 0]);
    assert_eq!(counted("a#some"), ["b#build"]);
    assert_eq!(counted("a#twice"), ["b#build"]);
    assert_eq!(upstream(&graph, "a#none"), ["a#gen", "b#build"]);
}

#[test]
fn keys_that_wait_for_what_an_upstream_makes() {
    let fixture = Fixture::new(
        Some(json!({
            "report": with_cache(cached(&["a#build", "b#build"], &[], &[]), "inputs", "workspaceFiles", json!(["*/dist/**"])),
            "unrelated": with_cache(cached(&["a#build"], &[], &[]), "inputs", "workspaceFiles", json!(["b/dist/**"])),
            "shallow": cached(&["a#build"], &["**"], &[]),
        })),
        &[
            (
                "a",
                package("a", &["b"]),
                Some(json!({
                    "build": cached(&["^build"], &["src/**"], &["dist/**"]),
                    "test": cached(&["build"], &["test/**"], &[]),
                    "pack": cached(&["test"], &["dist/*.js"], &[]),
                    "publish": cached(&["pack"], &["README.md"], &["out"]),
                    "apart": with_cache(cached(&["pack"], &["README.md"], &[]), "inputs", "tasks", json!([])),
                    "lint": cached(&[], &["**"], &[]),
                    "ignored": with_cache(cached(&["build"], &[], &[]), "inputs", "ignored", json!(["dist/x"])),
                    "group": { "dependsOn": ["pack"] },
                    "plain": { "dependsOn": ["build"] },
                    "uncached": run(&["test"]),
                })),
            ),
            (
                "b",
                package("b", &[]),
                Some(json!({ "build": cached(&[], &["src/**"], &["dist/**"]) })),
            ),
        ],
    );
    let names = [
        "a#test",
        "a#pack",
        "a#publish",
        "a#apart",
        "a#lint",
        "a#ignored",
        "a#group",
        "a#plain",
        "a#uncached",
        "root#report",
        "root#unrelated",
        "root#shallow",
    ];
    let graph = fixture.graph(&names).unwrap();
    for (task, expected) in [
        ("a#build", false),
        ("b#build", false),
        ("a#test", false),
        // Reads what a task two steps up makes.
        ("a#pack", true),
        // Its upstream's key is part of its own.
        ("a#publish", true),
        ("a#apart", false),
        // Reads the same files but does not depend on the task that makes them.
        ("a#lint", false),
        ("a#ignored", true),
        ("a#group", true),
        ("a#plain", false),
        // Reads its whole project.
        ("a#uncached", true),
        ("root#report", true),
        // b#build makes it and a#build waits for that.
        ("root#unrelated", true),
        // The root's globs end where another project begins.
        ("root#shallow", false),
    ] {
        assert_eq!(late(&graph, task), expected, "{task}");
    }
}

#[test]
fn what_an_uncached_task_makes_is_not_known() {
    let fixture = Fixture::new(
        None,
        &[(
            "a",
            package("a", &[]),
            Some(json!({
                "gen": run(&[]),
                "serve": { "exec": { "command": "x", "persistent": {} } },
                "build": cached(&["gen"], &["src/**"], &["dist/**"]),
                "e2e": cached(&["serve"], &["e2e/**"], &[]),
                "stamp": cached(&["gen"], &[], &["stamp"]),
                "free": with_cache(cached(&["gen"], &[], &[]), "inputs", "tasks", json!([])),
            })),
        )],
    );
    let graph = fixture.graph(&["a#build", "a#e2e", "a#stamp", "a#free"]).unwrap();
    assert!(late(&graph, "a#build") && late(&graph, "a#e2e"));
    assert!(!late(&graph, "a#gen") && !late(&graph, "a#serve"));
    // Nothing is read, and the upstream's own key is known from the start.
    assert!(!late(&graph, "a#stamp") && !late(&graph, "a#free"));
}
