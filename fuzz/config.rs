//! The config validator on any JSON: it accepts or refuses, always the same way, and says of every problem where it is.

use std::path::Path;

use serde_json::{Map, Value, json};
use vx::config::{ConfigError, ProjectConfig, WorkspaceConfig};
use vx::key::task_config_hash;

/// Keys that configs have, and some that they have not.
const KEYS: [&str; 28] = [
    "tasks",
    "build",
    "exec",
    "command",
    "env",
    "passThrough",
    "define",
    "timeout",
    "retries",
    "persistent",
    "readyWhen",
    "dependsOn",
    "cache",
    "inputs",
    "outputs",
    "files",
    "ignored",
    "workspaceFiles",
    "runtime",
    "description",
    "concurrency",
    "cacheDir",
    "cacheRetention",
    "olderThan",
    "maxSize",
    "volumes",
    "",
    "__proto__",
];

/// Texts that mean something somewhere.
const TEXTS: [&str; 24] = [
    "",
    " ",
    "src/**",
    "!src/**",
    "../x",
    "/x",
    "a\0b",
    "[",
    "{a,b",
    "{{{{",
    "**/**/**",
    "\\",
    "^build",
    "a#b",
    "#",
    "30d",
    "20GiB",
    "-1",
    "1e999",
    "\u{202e}x",
    "NODE_ENV",
    "A=B",
    "99999999999999999999d",
    "node --version",
];

/// Checks the value that `data` stands for: JSON text, or else a script of changes to a sound config.
pub(super) fn check(data: &[u8]) {
    let value = serde_json::from_slice(data).unwrap_or_else(|_| changed(sound(), data));
    let file = Path::new("packages/a/vx.config.ts");
    let project = ProjectConfig::from_value(file, value.clone());
    assert_eq!(project, ProjectConfig::from_value(file, value.clone()), "two answers");
    match project {
        Ok(config) => {
            for task in config.tasks.values() {
                assert_eq!(task_config_hash(&task.raw), task_config_hash(&task.raw.clone()));
            }
        }
        Err(error) => said(&error, file),
    }
    let file = Path::new("vx.workspace.ts");
    if let Err(error) = WorkspaceConfig::from_value(file, &value) {
        said(&error, file);
    }
}

/// The config that the scripts change passes; for whoever wants to know that the rest means anything.
#[cfg(test)]
pub(super) fn sound_one_passes() -> bool {
    ProjectConfig::from_value(Path::new("vx.config.ts"), sound()).is_ok()
}

fn said(error: &ConfigError, file: &Path) {
    assert!(!error.problems.is_empty());
    for problem in &error.problems {
        assert_eq!(problem.file, file);
        assert!(!problem.what.is_empty());
    }
}

fn sound() -> Value {
    json!({ "tasks": {
        "build": {
            "description": "d",
            "exec": {
                "command": "tsc -p .", "env": { "passThrough": ["CI"], "define": { "A": "b" } },
                "timeout": 60000, "retries": 2,
            },
            "dependsOn": ["^build", "codegen", "pkg#build"],
            "cache": {
                "inputs": {
                    "files": ["src/**", "!src/x"], "ignored": ["gen/**"], "workspaceFiles": ["a.json"],
                    "env": ["NODE_ENV"], "tasks": ["^build"], "runtime": ["node --version"],
                },
                "outputs": { "files": ["dist/**"], "workspaceFiles": ["reports/a"] },
            },
        },
        "dev": { "exec": { "command": "serve", "persistent": { "readyWhen": "listening" } } },
        "ci": { "dependsOn": ["build"] },
    } })
}

/// Applies a script: three bytes each, for a place in the value, what happens there, and with what.
fn changed(mut value: Value, script: &[u8]) -> Value {
    for change in script.chunks_exact(3) {
        let mut place = usize::from(change[0]);
        if let Some(target) = nth(&mut value, &mut place) {
            alter(target, change[1], change[2]);
        }
    }
    value
}

/// The value with this number, counting through the tree.
fn nth<'v>(value: &'v mut Value, left: &mut usize) -> Option<&'v mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(elements) => elements.iter_mut().find_map(|element| nth(element, left)),
        Value::Object(members) => members.values_mut().find_map(|member| nth(member, left)),
        _ => None,
    }
}

fn alter(value: &mut Value, how: u8, with: u8) {
    let number = with;
    let with = usize::from(with);
    let text = || Value::from(TEXTS[with % TEXTS.len()]);
    let key = || KEYS[with % KEYS.len()].to_owned();
    match how % 12 {
        0 => *value = Value::Null,
        1 => *value = Value::from(with.is_multiple_of(2)),
        2 => *value = json!(f64::from(number).mul_add(1e17, -1.5)),
        3 => *value = Value::from(i64::from(number) - 1),
        4 => *value = text(),
        5 => *value = Value::Array(vec![text(); with % 4]),
        6 => *value = Value::Object(Map::from_iter([(key(), text())])),
        7 => *value = Value::Array(vec![std::mem::take(value)]),
        8 => *value = Value::Object(Map::from_iter([(key(), std::mem::take(value))])),
        9 => {
            if let Value::Object(members) = value {
                members.remove(KEYS[with % KEYS.len()]);
            }
        }
        10 => {
            if let Value::Object(members) = value {
                members.insert(key(), text());
            }
        }
        _ => {
            if let Value::Array(elements) = value {
                elements.push(text());
            }
        }
    }
}
