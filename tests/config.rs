//! Configs as users write them: what is accepted, and what is said about what is not.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use vx::config::{
    ConfigError, Configs, Dependency, Evaluated, ProjectConfig, Retention, WorkspaceConfig,
};
use vx::error::Coded;
use vx::workspace::Workspace;

fn project(value: Value) -> Result<ProjectConfig, ConfigError> {
    ProjectConfig::from_value(Path::new("packages/a/vx.config.ts"), value)
}

fn workspace(value: &Value) -> Result<WorkspaceConfig, ConfigError> {
    WorkspaceConfig::from_value(Path::new("vx.workspace.ts"), value)
}

/// One task that is fine but for `patch`, which is merged into it.
fn task_with(patch: &Value) -> Value {
    let mut task = json!({
        "exec": { "command": "tsc -p ." },
        "dependsOn": ["^build", "codegen", "pkg#build"],
        "cache": { "inputs": { "files": ["src/**"] }, "outputs": { "files": ["dist/**"] } },
    });
    merge(&mut task, patch);
    json!({ "tasks": { "build": task } })
}

/// JSON merge patch (RFC 7396): null removes.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let target = target.as_object_mut().expect("an object");
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// The problems of `patch` as `path: what`.
fn problems(patch: &Value) -> Vec<String> {
    described(project(task_with(patch)))
}

fn described<T: std::fmt::Debug>(result: Result<T, ConfigError>) -> Vec<String> {
    let error = result.expect_err("a problem");
    assert_eq!(error.code(), "VX_CONFIG_INVALID");
    let path = |path: &Option<String>| path.clone().expect("a place in the value");
    error.problems.iter().map(|p| format!("{}: {}", path(&p.path), p.what)).collect()
}

#[test]
fn a_full_config_comes_back_typed() {
    let value = json!({ "tasks": { "build": {
        "description": "compiles",
        "exec": {
            "command": "tsc -p .",
            "env": { "passThrough": ["HOME_X", "CI_TOKEN", "HOME_X"], "define": { "MODE": "prod", "EMPTY": "" } },
            "timeout": 60000, "retries": 2,
        },
        "dependsOn": ["^build", "codegen", "@s/tools#build", "^build"],
        "cache": {
            "inputs": {
                "files": ["src/**", "!src/**/*.test.ts"], "ignored": ["gen/**"],
                "workspaceFiles": ["tsconfig.base.json"], "env": ["NODE_ENV"],
                "tasks": ["^build"], "runtime": ["node --version"],
            },
            "outputs": { "files": ["dist/**"], "workspaceFiles": ["reports/a.json"] },
        },
    }, "ci": { "dependsOn": ["build"] } } });
    let config = project(value.clone()).unwrap();
    let build = &config.tasks["build"];
    assert_eq!(build.description.as_deref(), Some("compiles"));
    let exec = build.exec.as_ref().unwrap();
    assert_eq!(exec.command, "tsc -p .");
    assert_eq!(exec.env.pass_through, ["HOME_X", "CI_TOKEN"]);
    assert_eq!(exec.env.define["MODE"], "prod");
    assert_eq!(exec.timeout, Some(Duration::from_mins(1)));
    assert_eq!(exec.retries, Some(2));
    assert!(exec.persistent.is_none() && !build.is_group());
    assert_eq!(
        build.depends_on,
        [
            Dependency::Upstream("build".into()),
            Dependency::Own("codegen".into()),
            Dependency::Of { project: "@s/tools".into(), task: "build".into() },
        ]
    );
    let cache = build.cache.as_ref().unwrap();
    assert!(
        cache.inputs.files.is_match("src/a.ts") && !cache.inputs.files.is_match("src/a.test.ts")
    );
    assert!(cache.inputs.ignored.is_match("gen/x"));
    assert!(cache.inputs.workspace_files.is_match("tsconfig.base.json"));
    assert_eq!(cache.inputs.env, ["NODE_ENV"]);
    assert_eq!(cache.inputs.tasks.as_deref(), Some(&[Dependency::Upstream("build".into())][..]));
    assert_eq!(cache.inputs.runtime, ["node --version"]);
    assert!(cache.outputs.files.is_match("dist/a/b.js"));
    assert!(cache.outputs.workspace_files.is_match("reports/a.json"));
    assert_eq!(build.raw, value["tasks"]["build"]);
    assert!(config.tasks["ci"].is_group());
    assert_eq!(config.tasks["ci"].raw, value["tasks"]["ci"]);
}

#[test]
fn the_least_that_is_accepted() {
    let config = project(task_with(&json!({ "dependsOn": null, "cache": null }))).unwrap();
    let build = &config.tasks["build"];
    assert!(build.cache.is_none() && build.depends_on.is_empty());
    assert!(project(json!({ "tasks": {} })).unwrap().tasks.is_empty());
    let no_outputs = json!({ "cache": { "outputs": { "files": [] } } });
    assert!(project(task_with(&no_outputs)).is_ok());
    let none_through = json!({ "cache": { "inputs": { "tasks": [] } } });
    let config = project(task_with(&none_through)).unwrap();
    assert_eq!(
        config.tasks["build"].cache.as_ref().unwrap().inputs.tasks.as_deref(),
        Some(&[][..])
    );
    let server = json!({ "cache": null, "exec": { "persistent": { "readyWhen": "listening" }, "timeout": 5 } });
    let config = project(task_with(&server)).unwrap();
    let exec = config.tasks["build"].exec.as_ref().unwrap();
    assert!(exec.persistent.is_some());
    let odd = json!({ "tasks": { "build:prod.min-v2_é": { "exec": { "command": "x" } } } });
    assert!(project(odd).is_ok());
}

#[test]
fn each_mistake_is_named_at_its_place() {
    let files = "tasks.build.cache.inputs.files";
    for (patch, expected) in [
        (json!({ "exec": { "command": null } }), "tasks.build.exec: \"command\" is missing"),
        (json!({ "exec": { "command": " \t" } }), "tasks.build.exec.command: an empty string"),
        (
            json!({ "exec": { "command": ["a"] } }),
            "tasks.build.exec.command: expected a string, found an array",
        ),
        (
            json!({ "exec": "tsc" }),
            "tasks.build.exec: expected an object, found the string \"tsc\"",
        ),
        (
            json!({ "exec": { "timeout": 0 } }),
            "tasks.build.exec.timeout: expected a positive whole number of milliseconds, found the number 0",
        ),
        (
            json!({ "exec": { "timeout": 1.5 } }),
            "tasks.build.exec.timeout: expected a positive whole number of milliseconds, found the number 1.5",
        ),
        (
            json!({ "exec": { "timeout": "5s" } }),
            "tasks.build.exec.timeout: expected a positive whole number of milliseconds, found the string \"5s\"",
        ),
        (
            json!({ "exec": { "retries": 11 } }),
            "tasks.build.exec.retries: expected a whole number from 0 to 10, found the number 11",
        ),
        (
            json!({ "exec": { "retries": -1 } }),
            "tasks.build.exec.retries: expected a whole number from 0 to 10, found the number -1",
        ),
        (
            json!({ "exec": { "env": { "define": { "A": 5 } } } }),
            "tasks.build.exec.env.define.A: expected a string, found the number 5",
        ),
        (
            json!({ "exec": { "env": { "define": { "A=B": "x" } } } }),
            "tasks.build.exec.env.define[\"A=B\"]: \"A=B\" is no name of an environment variable: it holds '='",
        ),
        (
            json!({ "exec": { "env": { "define": { "A": "x\u{0}" } } } }),
            "tasks.build.exec.env.define.A: an environment value cannot hold NUL",
        ),
        (
            json!({ "exec": { "env": { "passThrough": ["A=1"] } } }),
            "tasks.build.exec.env.passThrough[0]: \"A=1\" is no name of an environment variable: it holds '='",
        ),
        (
            json!({ "cache": { "inputs": { "env": ["OK", ""] } } }),
            "tasks.build.cache.inputs.env[1]: an empty name of an environment variable",
        ),
        (
            json!({ "cache": { "inputs": { "runtime": [""] } } }),
            "tasks.build.cache.inputs.runtime[0]: an empty string",
        ),
        (json!({ "cache": { "inputs": null } }), "tasks.build.cache: \"inputs\" is missing"),
        (json!({ "cache": { "outputs": null } }), "tasks.build.cache: \"outputs\" is missing"),
        (
            json!({ "cache": { "inputs": { "files": null } } }),
            "tasks.build.cache.inputs: \"files\" is missing",
        ),
        (
            json!({ "cache": { "outputs": { "files": null } } }),
            "tasks.build.cache.outputs: \"files\" is missing",
        ),
        (
            json!({ "cache": { "outputs": { "files": "dist/**" } } }),
            "tasks.build.cache.outputs.files: expected an array of strings, found the string \"dist/**\"",
        ),
        (
            json!({ "cache": { "inputs": { "tasks": ["build"] } } }),
            "tasks.build.cache.inputs.tasks[0]: \"build\" is no entry of this task's dependsOn",
        ),
        (
            json!({ "cache": { "inputs": { "tasks": ["codegen", "codegen"] } } }),
            "tasks.build.cache.inputs.tasks[1]: \"codegen\" stands here twice",
        ),
        (
            json!({ "dependsOn": ["^"] }),
            "tasks.build.dependsOn[0]: \"^\" is no dependency: its task name is empty",
        ),
        (
            json!({ "dependsOn": ["a", 5] }),
            "tasks.build.dependsOn[1]: expected a string, found the number 5",
        ),
        (
            json!({ "description": 5 }),
            "tasks.build.description: expected a string, found the number 5",
        ),
        (
            json!({ "exec": { "persistent": {} } }),
            "tasks.build.cache: a persistent task never ends, so there is nothing to cache",
        ),
        (
            json!({ "exec": { "persistent": true }, "cache": null }),
            "tasks.build.exec.persistent: expected an object, found the boolean true",
        ),
        (
            json!({ "exec": { "persistent": {}, "retries": 1 }, "cache": null }),
            "tasks.build.exec.retries: a persistent task is never run again",
        ),
        (
            json!({ "exec": null }),
            "tasks.build.cache: a group task (one without exec) has nothing to cache",
        ),
        (
            json!({ "exec": null, "cache": null, "dependsOn": [] }),
            "tasks.build: the task does nothing",
        ),
    ] {
        assert_eq!(problems(&patch), [expected], "{patch}");
    }
    for (pattern, what) in [
        ("/abs", "is absolute"),
        ("../up", "leaves its directory"),
        ("", "an empty pattern"),
        ("a{", "is not a valid glob"),
    ] {
        let found = problems(&json!({ "cache": { "inputs": { "files": ["ok/**", pattern] } } }));
        assert!(found.len() == 1 && found[0].starts_with(&format!("{files}[1]: ")), "{found:?}");
        assert!(found[0].contains(what), "{found:?}");
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let value = json!({ "tasks": {
        "a b": { "exec": { "command": "x" } },
        "x": { "exec": { "command": "", "timeout": -1 }, "dependsOn": ["#"],
               "cache": { "inputs": { "files": ["/a", "../b", 5], "tasks": ["anything"] }, "outputs": {} } },
        "y": [],
    }, "task": {} });
    assert_eq!(
        described(project(value)),
        [
            ": unknown key \"task\"",
            "tasks[\"a b\"]: the task name \"a b\" holds white space or a control character",
            "tasks.x.dependsOn[0]: \"#\" names no project before its `#`",
            "tasks.x.exec.command: an empty string",
            "tasks.x.exec.timeout: expected a positive whole number of milliseconds, found the number -1",
            "tasks.x.cache.inputs.files[0]: \"/a\" is absolute",
            "tasks.x.cache.inputs.files[1]: \"../b\" leaves its directory with `..`",
            "tasks.x.cache.inputs.files[2]: expected a string, found the number 5",
            "tasks.x.cache.outputs: \"files\" is missing",
            "tasks.y: expected an object, found an empty array",
        ]
    );
}

#[test]
fn unknown_keys_name_the_nearest() {
    for (patch, key, fix) in [
        (json!({ "dependOn": [] }), "dependOn", "did you mean \"dependsOn\"?"),
        (json!({ "exec": { "comand": "x" } }), "comand", "did you mean \"command\"?"),
        (
            json!({ "cache": { "inputs": { "workspacefiles": [] } } }),
            "workspacefiles",
            "did you mean \"workspaceFiles\"?",
        ),
        (json!({ "zzz": 1 }), "zzz", "known keys here: description, exec, dependsOn, cache"),
    ] {
        let error = project(task_with(&patch)).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{error}");
        assert_eq!(error.problems[0].what, format!("unknown key {key:?}"));
        assert_eq!(error.problems[0].fix.as_deref(), Some(fix));
    }
}

#[test]
fn task_names_that_could_be_misread_are_refused() {
    for name in ["", "a#b", "a b", "^build", "-x", "a\n"] {
        let value = json!({ "tasks": { name: { "exec": { "command": "x" } } } });
        assert_eq!(described(project(value)).len(), 1, "{name:?}");
    }
}

#[test]
fn what_is_no_object_is_refused_whole() {
    for value in [json!(null), json!([]), json!("x"), json!(5)] {
        assert_eq!(described(project(value.clone())).len(), 1, "{value}");
        assert_eq!(described(workspace(&value)).len(), 1, "{value}");
    }
    assert_eq!(described(project(json!({}))), [": \"tasks\" is missing"]);
}

#[test]
fn the_message_is_one_block_a_problem() {
    let patch = json!({ "dependOn": [], "exec": { "timeout": 0 } });
    let message = project(task_with(&patch)).unwrap_err().to_string();
    assert_eq!(
        message,
        "packages/a/vx.config.ts: tasks.build\n  unknown key \"dependOn\"\n  did you mean \"dependsOn\"?\n\
         packages/a/vx.config.ts: tasks.build.exec.timeout\n  expected a positive whole number of milliseconds, found the number 0"
    );
    let whole = project(json!([])).unwrap_err().to_string();
    assert!(whole.starts_with("packages/a/vx.config.ts: the default export\n"), "{whole}");
}

#[test]
fn the_workspace_config() {
    let config = workspace(&json!({
        "concurrency": 8, "cacheDir": "/var/cache/vx", "affectedBase": "origin/main",
        "cacheRetention": { "olderThan": "7d" }, "volumes": { "deps": { "paths": ["node_modules"] } },
    }))
    .unwrap();
    assert_eq!(config.concurrency.unwrap().get(), 8);
    assert_eq!(config.cache_dir.as_deref(), Some("/var/cache/vx"));
    assert_eq!(config.affected_base.as_deref(), Some("origin/main"));
    let week = Retention { older_than: Duration::from_hours(7 * 24), ..Retention::default() };
    assert_eq!(config.cache_retention, Some(week));
    assert_eq!(config.volumes["deps"], json!({ "paths": ["node_modules"] }));

    let empty = workspace(&json!({})).unwrap();
    assert_eq!(empty, WorkspaceConfig::default());
    let default = empty.cache_retention.unwrap();
    assert_eq!(default.older_than, Duration::from_hours(30 * 24));
    assert_eq!(default.max_size, 20 * 1024 * 1024 * 1024);
    assert_eq!(workspace(&json!({ "cacheRetention": false })).unwrap().cache_retention, None);
}

#[test]
fn mistakes_of_the_workspace_config() {
    for (value, path) in [
        (json!({ "concurrency": 0 }), "concurrency"),
        (json!({ "concurrency": "50%" }), "concurrency"),
        (json!({ "cacheDir": "" }), "cacheDir"),
        (json!({ "cacheDir": 5 }), "cacheDir"),
        (json!({ "affectedBase": [] }), "affectedBase"),
        (json!({ "volumes": [] }), "volumes"),
        (json!({ "cacheRetention": true }), "cacheRetention"),
        (json!({ "cacheRetention": { "olderThan": 30 } }), "cacheRetention.olderThan"),
        (json!({ "cacheRetention": { "olderThan": "30" } }), "cacheRetention.olderThan"),
        (json!({ "cacheRetention": { "maxSize": "big" } }), "cacheRetention.maxSize"),
        (json!({ "cacheRetention": { "maxAge": "1d" } }), "cacheRetention"),
        (json!({ "tasks": {} }), ""),
    ] {
        let error = workspace(&value).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{value}: {error}");
        assert_eq!(error.problems[0].path.as_deref(), Some(path), "{value}");
    }
}

#[test]
fn a_workspace_reports_the_problems_of_all_its_files() {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("package.json", r#"{"name":"root","workspaces":["packages/*"]}"#),
        ("vx.workspace.ts", ""),
        ("packages/a/package.json", r#"{"name":"a"}"#),
        ("packages/a/vx.config.ts", ""),
        ("packages/b/package.json", r#"{"name":"b"}"#),
        ("packages/b/vx.config.mjs", ""),
        ("packages/c/package.json", r#"{"name":"c"}"#),
    ] {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let workspace = Workspace::discover(dir.path()).unwrap();
    let task = json!({ "tasks": { "build": { "exec": { "command": "x" } } } });

    let mut asked = Vec::new();
    let configs = Configs::load(&workspace, |file| {
        asked.push(file.to_owned());
        let own = file.file_name().is_some_and(|name| name == "vx.workspace.ts");
        Ok(if own { json!({ "concurrency": 3 }) } else { task.clone() })
    })
    .unwrap();
    assert_eq!(asked, workspace.config_files().collect::<Vec<_>>());
    assert_eq!(configs.workspace().concurrency.unwrap().get(), 3);
    let [a, b, c] = ["a", "b", "c"].map(|name| workspace.by_name(name).unwrap());
    assert!(configs.task(a, "build").is_some() && configs.task(b, "build").is_some());
    assert!(configs.task(a, "test").is_none() && configs.project(c).is_none());

    let error = Configs::load(&workspace, |_| Ok(json!({ "nope": 1 }))).unwrap_err();
    assert_eq!(error.code(), "VX_CONFIG_INVALID");
    for file in ["vx.workspace.ts", "vx.config.ts", "vx.config.mjs"] {
        assert!(error.to_string().contains(file), "{error}");
    }

    let error = Configs::load(&workspace, |file| {
        if file.ends_with("packages/a/vx.config.ts") {
            let thrown = Evaluated::Error { message: "boom".into(), path: None };
            return thrown.into_value(file);
        }
        Ok(json!({ "nope": 1 }))
    })
    .unwrap_err()
    .to_string();
    assert!(error.contains("vx.config.ts: cannot be evaluated\n  boom\n"), "{error}");
    assert!(error.contains("vx.config.mjs: the default export\n"), "{error}");
}
