//! What counts of the environment, each time in a process of its own.

use super::*;
use crate::git_fixture::init_at;

/// Lists the worktree `VX_TEST_LIST` in the environment that another test made, for that test to read.
#[test]
#[ignore = "started by other tests, with an environment of its own"]
fn list_for_another_test() {
    let root = PathBuf::from(std::env::var_os("VX_TEST_LIST").unwrap());
    let listing = list(&root);
    let lines: Vec<String> = listing
        .files
        .iter()
        .map(|file| format!("{} {}", file.path, file.trusted.is_some()))
        .collect();
    std::fs::write(std::env::var_os("VX_TEST_ANSWER").unwrap(), lines.join("\n")).unwrap();
}

fn list_with_environment(fixture: &Fixture, environment: &[(&str, &str)]) -> String {
    let answer = fixture.temp.path().join("answer");
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "environment::list_for_another_test"])
        .current_dir(fixture.temp.path())
        .env("VX_TEST_LIST", &fixture.root)
        .env("VX_TEST_ANSWER", &answer)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    std::fs::read_to_string(answer).unwrap()
}

#[test]
fn settings_in_the_environment_count() {
    let fixture = with_trusted_file();
    fixture.git(&["config", "--unset", "core.autocrlf"]);
    assert_eq!(list_with_environment(&fixture, &[]), "f true");
    let count = |key, value| {
        [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", key), ("GIT_CONFIG_VALUE_0", value)]
    };
    assert_eq!(list_with_environment(&fixture, &count("core.autocrlf", "true")), "f false");
    let parameters = [("GIT_CONFIG_PARAMETERS", "'core.autocrlf'='true'")];
    assert_eq!(list_with_environment(&fixture, &parameters), "f false");
    let parameters = [("GIT_CONFIG_PARAMETERS", "'user.name'='x'")];
    assert_eq!(list_with_environment(&fixture, &parameters), "f true");
    assert_eq!(list_with_environment(&fixture, &[("GIT_ATTR_SOURCE", "HEAD")]), "f false");
    let config = fixture.temp.path().join("config");
    std::fs::write(&config, "[core]\n\tautocrlf\n\texcludesFile = /nonexistent\n").unwrap();
    let global = [("GIT_CONFIG_GLOBAL", config.to_str().unwrap())];
    assert_eq!(list_with_environment(&fixture, &global), "f false");
}

#[test]
fn user_wide_excludes_and_attributes_count() {
    let fixture = with_trusted_file();
    fixture.write("skip.me", "x");
    let home = fixture.temp.path().join("config-home");
    std::fs::create_dir_all(home.join("git")).unwrap();
    std::fs::write(home.join("git/ignore"), "*.me\n").unwrap();
    let environment = [("XDG_CONFIG_HOME", home.to_str().unwrap())];
    assert_eq!(list_with_environment(&fixture, &environment), "f true");
    std::fs::write(home.join("git/attributes"), "f text\n").unwrap();
    assert_eq!(list_with_environment(&fixture, &environment), "f false");
}

#[test]
fn a_hook_of_another_repository_does_not_redirect() {
    let fixture = with_trusted_file();
    let other = fixture.temp.path().join("other");
    init_at(&other, &[]);
    let git_dir = other.join(".git");
    let environment = [
        ("GIT_DIR", git_dir.to_str().unwrap()),
        ("GIT_WORK_TREE", other.to_str().unwrap()),
        ("GIT_INDEX_FILE", ".git/none"),
    ];
    assert_eq!(list_with_environment(&fixture, &environment), "f true");
}
