//! Whether this run builds a pull request that comes from somebody else's copy of the repository.
//!
//! Only a default hangs on it (such a run does not write to a remote): whoever can change what the run executes can change
//! its variables, too. What protects the readers is that such a run has no key to sign with.

use std::fs::File;
use std::io::Read;

use serde_json::Value;

use super::{Variable, ci};

/// The largest event that GitHub is known to write is a tenth of it.
const LARGEST_EVENT: u64 = 32 << 20;

/// Whether this is a CI run of a pull request from a fork. Where it is a pull request, and its origin cannot be told: yes.
#[must_use]
pub fn is_forked_pull_request(variable: &Variable<'_>) -> bool {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    if ci::says(&given, "GITHUB_ACTIONS") {
        return github(&given);
    }
    if ci::says(&given, "GITLAB_CI") {
        return gitlab(&given);
    }
    if ci::says(&given, "TRAVIS") {
        let asked = given("TRAVIS_PULL_REQUEST").is_some_and(|number| number != "false");
        let (source, target) = (given("TRAVIS_PULL_REQUEST_SLUG"), given("TRAVIS_REPO_SLUG"));
        return asked && differ(source.as_deref(), target.as_deref());
    }
    if ci::says(&given, "TF_BUILD") {
        return ci::says(&given, "SYSTEM_PULLREQUEST_ISFORK");
    }
    // These are set for pull requests from forks only.
    (ci::says(&given, "CIRCLECI") && given("CIRCLE_PR_REPONAME").is_some())
        || (given("JENKINS_URL").is_some() && given("CHANGE_FORK").is_some())
}

/// `pull_request`, `pull_request_target` and the reviews of one: the event names both repositories.
fn github(given: &Variable<'_>) -> bool {
    if !given("GITHUB_EVENT_NAME").is_some_and(|event| event.starts_with("pull_request")) {
        return false;
    }
    let event = given("GITHUB_EVENT_PATH").and_then(|path| read_event(&path));
    let repository = |side: &str| {
        let id = event.as_ref()?.pointer(&format!("/pull_request/{side}/repo/id"))?;
        id.as_u64().map(|id| id.to_string())
    };
    // The repository of a fork that was deleted is null.
    differ(repository("head").as_deref(), repository("base").as_deref())
}

fn gitlab(given: &Variable<'_>) -> bool {
    let source = given("CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
    let target = given("CI_MERGE_REQUEST_PROJECT_ID");
    let asked = source.is_some()
        || target.is_some()
        || given("CI_PIPELINE_SOURCE").is_some_and(|source| source == "merge_request_event");
    asked && differ(source.as_deref(), target.as_deref())
}

/// Whether the two are not known to be the same.
fn differ(head: Option<&str>, base: Option<&str>) -> bool {
    head.is_none() || head != base
}

fn read_event(path: &str) -> Option<Value> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(LARGEST_EVENT).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn forked(variables: &[(&str, &str)]) -> bool {
        is_forked_pull_request(&|name| {
            let found = variables.iter().find(|(given, _)| *given == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn on_github(event: &str, payload: &str) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("event.json");
        std::fs::write(&path, payload).unwrap();
        forked(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_EVENT_PATH", path.to_str().unwrap()),
        ])
    }

    fn pull_request(head: &Value, base: &Value) -> String {
        json!({ "action": "opened", "pull_request": { "head": { "repo": head }, "base": { "repo": base } } })
            .to_string()
    }

    #[test]
    fn github_tells_it_by_the_repositories() {
        let (ours, theirs) = (json!({ "id": 1, "fork": false }), json!({ "id": 2, "fork": true }));
        for event in ["pull_request", "pull_request_target", "pull_request_review"] {
            assert!(!on_github(event, &pull_request(&ours, &ours)), "{event}");
            // A pull request within a repository that is itself a fork of another.
            assert!(!on_github(event, &pull_request(&theirs, &theirs)), "{event}");
            assert!(on_github(event, &pull_request(&theirs, &ours)), "{event}");
            assert!(on_github(event, &pull_request(&Value::Null, &ours)), "{event}: deleted");
            assert!(on_github(event, &pull_request(&Value::Null, &Value::Null)), "{event}");
        }
        for event in ["push", "merge_group", "schedule", "workflow_dispatch"] {
            assert!(!on_github(event, "{}"), "{event}");
        }
    }

    #[test]
    fn an_event_that_cannot_be_read_is_a_fork_s() {
        for payload in
            ["", "{", "null", "[]", "{}", r#"{"pull_request":{"head":{"repo":{"id":"1"}}}}"#]
        {
            assert!(on_github("pull_request", payload), "{payload}");
        }
        let deep = "[".repeat(100_000);
        assert!(on_github("pull_request", &deep));
        let github = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "pull_request_target")];
        assert!(forked(&github));
        assert!(forked(&[github[0], github[1], ("GITHUB_EVENT_PATH", "/nowhere/event.json")]));
    }

    #[test]
    fn other_cis_tell_it_by_variables() {
        for (variables, expected) in [
            (&[("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", "push")][..], false),
            (
                &[
                    ("GITLAB_CI", "true"),
                    ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1"),
                    ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
                ],
                false,
            ),
            (
                &[
                    ("GITLAB_CI", "true"),
                    ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2"),
                    ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
                ],
                true,
            ),
            (&[("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_PROJECT_ID", "1")], true),
            (&[("GITLAB_CI", "true"), ("CI_PIPELINE_SOURCE", "merge_request_event")], true),
            (&[("TF_BUILD", "True"), ("SYSTEM_PULLREQUEST_ISFORK", "True")], true),
            (&[("TF_BUILD", "True"), ("SYSTEM_PULLREQUEST_ISFORK", "False")], false),
            (&[("CIRCLECI", "true"), ("CIRCLE_BRANCH", "main")], false),
            (&[("CIRCLECI", "true"), ("CIRCLE_PR_REPONAME", "vx")], true),
            (&[("JENKINS_URL", "https://ci.example"), ("CHANGE_ID", "7")], false),
            (&[("JENKINS_URL", "https://ci.example"), ("CHANGE_FORK", "eve/vx")], true),
            (&[("TRAVIS", "true"), ("TRAVIS_PULL_REQUEST", "false")], false),
            (&[("TRAVIS", "true"), ("TRAVIS_PULL_REQUEST", "7")], true),
            (
                &[
                    ("TRAVIS", "true"),
                    ("TRAVIS_PULL_REQUEST", "7"),
                    ("TRAVIS_PULL_REQUEST_SLUG", "o/r"),
                    ("TRAVIS_REPO_SLUG", "o/r"),
                ],
                false,
            ),
            // What a CI would say means nothing outside of it.
            (&[("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2"), ("CHANGE_FORK", "eve")], false),
            (&[], false),
        ] {
            assert_eq!(forked(variables), expected, "{variables:?}");
        }
    }
}
