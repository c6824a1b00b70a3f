//! What each CI says of the run that it does, in its own variables.
//!
//! A build of a pull request never names a branch, whatever the CI calls it: neither the one that it comes from, which
//! anybody may call `main`, nor the one that it is to go to.

use super::Variable;
use super::provenance::Provenance;

/// Which CI this is, if any.
pub(super) fn provenance(variable: &Variable<'_>) -> Option<Provenance> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    let read = [github, gitlab, circle, buildkite, azure, bitbucket, jenkins, travis];
    read.into_iter().find_map(|read| read(&given))
}

/// Whether a variable says yes.
pub(super) fn says(variable: &Variable<'_>, name: &str) -> bool {
    variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// What is built, by its whole name: a pull request by its number, or else a tag, or else a branch.
fn reference(pull: Option<String>, tag: Option<String>, branch: Option<String>) -> Option<String> {
    pull.map(|number| format!("refs/pull/{number}/head"))
        .or_else(|| tag.map(|name| format!("refs/tags/{name}")))
        .or_else(|| branch.map(|name| format!("refs/heads/{name}")))
}

fn github(given: &Variable<'_>) -> Option<Provenance> {
    says(given, "GITHUB_ACTIONS").then(|| {
        let run = || {
            let server = given("GITHUB_SERVER_URL")?;
            let repository = given("GITHUB_REPOSITORY")?;
            Some(format!("{server}/{repository}/actions/runs/{}", given("GITHUB_RUN_ID")?))
        };
        let on_behalf_of_a_pull_request =
            given("GITHUB_EVENT_NAME").is_some_and(|event| event == "pull_request_target");
        Provenance {
            commit: given("GITHUB_SHA"),
            // It names the branch that the pull request is to go to.
            reference: given("GITHUB_REF").filter(|_| !on_behalf_of_a_pull_request),
            run: run(),
            who: given("GITHUB_ACTOR"),
        }
    })
}

fn gitlab(given: &Variable<'_>) -> Option<Provenance> {
    says(given, "GITLAB_CI").then(|| Provenance {
        commit: given("CI_COMMIT_SHA"),
        reference: given("CI_MERGE_REQUEST_REF_PATH")
            .or_else(|| reference(None, given("CI_COMMIT_TAG"), given("CI_COMMIT_BRANCH"))),
        run: given("CI_PIPELINE_URL"),
        who: given("GITLAB_USER_LOGIN"),
    })
}

fn circle(given: &Variable<'_>) -> Option<Provenance> {
    says(given, "CIRCLECI").then(|| {
        // The branch of a pull request from a fork is called `pull/7`.
        let name = given("CIRCLE_BRANCH");
        let number = name.as_deref().and_then(|name| name.strip_prefix("pull/"));
        Provenance {
            commit: given("CIRCLE_SHA1"),
            reference: reference(number.map(str::to_owned), given("CIRCLE_TAG"), name),
            run: given("CIRCLE_BUILD_URL"),
            who: given("CIRCLE_USERNAME"),
        }
    })
}

fn buildkite(given: &Variable<'_>) -> Option<Provenance> {
    says(given, "BUILDKITE").then(|| Provenance {
        // Before the first checkout it may be a name.
        commit: given("BUILDKITE_COMMIT").filter(|commit| commit != "HEAD"),
        reference: reference(
            given("BUILDKITE_PULL_REQUEST").filter(|number| number != "false"),
            given("BUILDKITE_TAG"),
            given("BUILDKITE_BRANCH"),
        ),
        run: given("BUILDKITE_BUILD_URL"),
        who: given("BUILDKITE_BUILD_CREATOR"),
    })
}

fn azure(given: &Variable<'_>) -> Option<Provenance> {
    says(given, "TF_BUILD").then(|| {
        let run = || {
            let (collection, project) =
                (given("SYSTEM_COLLECTIONURI")?, given("SYSTEM_TEAMPROJECT")?);
            let collection = collection.trim_end_matches('/');
            Some(format!(
                "{collection}/{project}/_build/results?buildId={}",
                given("BUILD_BUILDID")?
            ))
        };
        Provenance {
            commit: given("BUILD_SOURCEVERSION"),
            reference: given("BUILD_SOURCEBRANCH"),
            run: run(),
            who: given("BUILD_REQUESTEDFOR"),
        }
    })
}

fn bitbucket(given: &Variable<'_>) -> Option<Provenance> {
    let number = given("BITBUCKET_BUILD_NUMBER")?;
    let origin = given("BITBUCKET_GIT_HTTP_ORIGIN");
    Some(Provenance {
        commit: given("BITBUCKET_COMMIT"),
        reference: reference(
            given("BITBUCKET_PR_ID"),
            given("BITBUCKET_TAG"),
            given("BITBUCKET_BRANCH"),
        ),
        run: origin.map(|origin| format!("{origin}/pipelines/results/{number}")),
        who: given("BITBUCKET_STEP_TRIGGERER_UUID"),
    })
}

fn jenkins(given: &Variable<'_>) -> Option<Provenance> {
    given("JENKINS_URL")?;
    let plain = || given("GIT_BRANCH").map(|name| name.trim_start_matches("origin/").to_owned());
    Some(Provenance {
        commit: given("GIT_COMMIT"),
        reference: reference(
            given("CHANGE_ID"),
            given("TAG_NAME"),
            given("BRANCH_NAME").or_else(plain),
        ),
        run: given("BUILD_URL"),
        who: given("CHANGE_AUTHOR").or_else(|| given("BUILD_USER_ID")),
    })
}

fn travis(given: &Variable<'_>) -> Option<Provenance> {
    says(given, "TRAVIS").then(|| Provenance {
        commit: given("TRAVIS_COMMIT"),
        // The branch of a pull request is the one that it is to go to.
        reference: reference(
            given("TRAVIS_PULL_REQUEST").filter(|number| number != "false"),
            given("TRAVIS_TAG"),
            given("TRAVIS_BRANCH"),
        ),
        run: given("TRAVIS_BUILD_WEB_URL"),
        who: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variables, and the `commit ref run who` that they make.
    const RUNS: [(&str, &str); 22] = [
        (
            "GITHUB_ACTIONS=true GITHUB_SHA=aa GITHUB_REF=refs/heads/main GITHUB_EVENT_NAME=pull_request_target",
            "aa - - -",
        ),
        (
            "GITHUB_ACTIONS=true GITHUB_SHA=aa GITHUB_REF=refs/tags/v1 GITHUB_EVENT_NAME=push",
            "aa refs/tags/v1 - -",
        ),
        (
            "GITHUB_ACTIONS=true GITHUB_SHA=aa GITHUB_REF=refs/heads/main GITHUB_SERVER_URL=https://git.example GITHUB_REPOSITORY=o/r GITHUB_RUN_ID=5 GITHUB_ACTOR=ann",
            "aa refs/heads/main https://git.example/o/r/actions/runs/5 ann",
        ),
        (
            "GITHUB_ACTIONS=true GITHUB_SHA=aa GITHUB_REF=refs/pull/7/merge GITHUB_HEAD_REF=main GITHUB_BASE_REF=main",
            "aa refs/pull/7/merge - -",
        ),
        (
            "GITLAB_CI=true CI_COMMIT_SHA=aa CI_COMMIT_BRANCH=main CI_PIPELINE_URL=https://git.example/1 GITLAB_USER_LOGIN=ann",
            "aa refs/heads/main https://git.example/1 ann",
        ),
        (
            "GITLAB_CI=true CI_COMMIT_SHA=aa CI_COMMIT_TAG=v1 CI_COMMIT_REF_NAME=v1",
            "aa refs/tags/v1 - -",
        ),
        (
            "GITLAB_CI=true CI_COMMIT_SHA=aa CI_MERGE_REQUEST_REF_PATH=refs/merge-requests/7/head CI_COMMIT_REF_NAME=main",
            "aa refs/merge-requests/7/head - -",
        ),
        (
            "CIRCLECI=true CIRCLE_SHA1=aa CIRCLE_BRANCH=main CIRCLE_BUILD_URL=https://ci.example/1 CIRCLE_USERNAME=ann",
            "aa refs/heads/main https://ci.example/1 ann",
        ),
        ("CIRCLECI=true CIRCLE_SHA1=aa CIRCLE_BRANCH=pull/7", "aa refs/pull/7/head - -"),
        ("CIRCLECI=true CIRCLE_SHA1=aa CIRCLE_TAG=v1", "aa refs/tags/v1 - -"),
        (
            "BUILDKITE=true BUILDKITE_COMMIT=aa BUILDKITE_BRANCH=main BUILDKITE_PULL_REQUEST=false BUILDKITE_TAG= BUILDKITE_BUILD_URL=https://ci.example/1 BUILDKITE_BUILD_CREATOR=ann",
            "aa refs/heads/main https://ci.example/1 ann",
        ),
        (
            "BUILDKITE=true BUILDKITE_COMMIT=HEAD BUILDKITE_BRANCH=main BUILDKITE_PULL_REQUEST=7",
            "- refs/pull/7/head - -",
        ),
        (
            "BUILDKITE=true BUILDKITE_COMMIT=aa BUILDKITE_BRANCH=v1 BUILDKITE_TAG=v1",
            "aa refs/tags/v1 - -",
        ),
        (
            "TF_BUILD=True BUILD_SOURCEVERSION=aa BUILD_SOURCEBRANCH=refs/heads/main SYSTEM_COLLECTIONURI=https://ci.example/o/ SYSTEM_TEAMPROJECT=p BUILD_BUILDID=5 BUILD_REQUESTEDFOR=ann",
            "aa refs/heads/main https://ci.example/o/p/_build/results?buildId=5 ann",
        ),
        (
            "TF_BUILD=True BUILD_SOURCEVERSION=aa BUILD_SOURCEBRANCH=refs/pull/7/merge",
            "aa refs/pull/7/merge - -",
        ),
        (
            "BITBUCKET_BUILD_NUMBER=5 BITBUCKET_COMMIT=aa BITBUCKET_BRANCH=main BITBUCKET_GIT_HTTP_ORIGIN=https://git.example/o/r BITBUCKET_STEP_TRIGGERER_UUID={1}",
            "aa refs/heads/main https://git.example/o/r/pipelines/results/5 {1}",
        ),
        (
            "BITBUCKET_BUILD_NUMBER=5 BITBUCKET_COMMIT=aa BITBUCKET_BRANCH=main BITBUCKET_PR_ID=7",
            "aa refs/pull/7/head - -",
        ),
        (
            "JENKINS_URL=https://ci.example GIT_COMMIT=aa GIT_BRANCH=origin/main BUILD_URL=https://ci.example/1 BUILD_USER_ID=ann",
            "aa refs/heads/main https://ci.example/1 ann",
        ),
        (
            "JENKINS_URL=https://ci.example GIT_COMMIT=aa BRANCH_NAME=PR-7 CHANGE_ID=7 CHANGE_AUTHOR=ann",
            "aa refs/pull/7/head - ann",
        ),
        (
            "TRAVIS=true TRAVIS_COMMIT=aa TRAVIS_BRANCH=main TRAVIS_PULL_REQUEST=false TRAVIS_BUILD_WEB_URL=https://ci.example/1",
            "aa refs/heads/main https://ci.example/1 -",
        ),
        (
            "TRAVIS=true TRAVIS_COMMIT=aa TRAVIS_BRANCH=main TRAVIS_PULL_REQUEST=7",
            "aa refs/pull/7/head - -",
        ),
        ("TRAVIS=true TRAVIS_COMMIT=aa TRAVIS_BRANCH=v1 TRAVIS_TAG=v1", "aa refs/tags/v1 - -"),
    ];

    #[test]
    fn what_each_ci_says() {
        for (variables, expected) in RUNS {
            let variable = |name: &str| {
                let found = variables
                    .split(' ')
                    .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
                found.map(str::to_owned)
            };
            let told = provenance(&variable).unwrap();
            let texts = [told.commit, told.reference, told.run, told.who];
            let texts = texts.map(|text| text.unwrap_or_else(|| "-".to_owned()));
            assert_eq!(texts.join(" "), expected, "{variables}");
        }
    }

    #[test]
    fn no_ci_says_nothing() {
        assert_eq!(provenance(&|_| None), None);
        let off = |name: &str| (name == "GITHUB_ACTIONS").then(|| "false".to_owned());
        assert_eq!(provenance(&off), None);
    }
}
