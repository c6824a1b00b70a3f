//! `remote` of the workspace's config: where the shared cache lies, and whom to believe of what lies there.
//!
//! Everybody who has the repository can read it, so no secret may stand in it; one that does is refused, and no message
//! shows it.

use super::globs::remedy_of_name;
use super::reader::Place;
use crate::trust::{Policy, PublicKey, TrustConfig};

/// What the config says of the remote cache, as plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteConfig {
    /// Where it lies.
    pub url: Option<String>,
    /// The team, as the remote knows it.
    pub team: Option<String>,
    /// Who is believed.
    pub trust: TrustConfig,
}

impl RemoteConfig {
    /// `{ url, team, publicKeys, policy: { refs } }`, each of them optional.
    pub(super) fn read(place: &Place<'_>) -> Self {
        let known = ["url", "team", "publicKeys", "policy"];
        let example = "{ url: \"https://cache.example.com\" }";
        let Some(given) = place.object(&known, example) else { return Self::default() };
        let keys = given.get("publicKeys");
        let policy = given.get("policy");
        if let (None, Some(policy)) = (&keys, &policy) {
            policy.problem(
                "only a signature can vouch for where an artifact was built, and no \"publicKeys\" are named",
                "name them beside it, or leave it out".to_owned(),
            );
        }
        Self {
            url: given.get("url").and_then(|url| read_url(&url)),
            team: given.get("team").and_then(|team| read_team(&team)),
            trust: TrustConfig {
                public_keys: keys.and_then(|keys| read_keys(&keys)).unwrap_or_default(),
                policy: policy.and_then(|policy| read_policy(&policy)),
            },
        }
    }
}

fn read_url(place: &Place<'_>) -> Option<String> {
    let url = place.filled_string()?;
    if names_a_user(url) {
        place.problem(
            "holds a user or a password, which everybody who reads this file could use",
            "leave out what stands before the `@`; secrets go into environment variables"
                .to_owned(),
        );
        return None;
    }
    Some(url.to_owned())
}

/// Whether something stands before the host.
pub(super) fn names_a_user(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].contains('@')
}

fn read_team(place: &Place<'_>) -> Option<String> {
    let team = place.filled_string()?;
    if team.contains(char::is_control) {
        place.problem("holds a control character", "remove it".to_owned());
        return None;
    }
    Some(team.to_owned())
}

fn read_keys(place: &Place<'_>) -> Option<Vec<String>> {
    let keys = place.each(|key| {
        let text = key.string()?;
        let problem = PublicKey::parse(text).err();
        if let Some(problem) = problem {
            key.problem(problem.to_string(), None);
        }
        problem.is_none().then(|| text.trim().to_owned())
    })?;
    if keys.is_empty() {
        let fix =
            "name one at least, or leave it out to believe everybody who can write to the remote";
        place.problem("an empty list: nobody could be believed", fix.to_owned());
    }
    Some(keys)
}

fn read_policy(place: &Place<'_>) -> Option<Policy> {
    let example = "[\"main\", \"release/*\"]";
    let given = place.object(&["refs"], &format!("{{ refs: {example} }}"))?;
    let place = given.require("refs", example)?;
    let refs = place.each(|pattern| {
        let text = pattern.string()?;
        let refused = Policy::check(text).err();
        if let Some(error) = &refused {
            pattern.problem(error.to_string(), remedy_of_name(error).to_owned());
        }
        refused.is_none().then(|| text.to_owned())
    })?;
    let policy = Policy { refs };
    if policy.accepts_nothing() {
        place.problem("accepts nothing", format!("write {example}"));
    }
    Some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_before_the_host_only() {
        for url in [
            "https://u:p@h/x",
            "https://token@h",
            "s3://k:s@bucket",
            "https://u:p@[::1]:80?x",
            "x://@h",
        ] {
            assert!(names_a_user(url), "{url}");
        }
        for url in
            ["https://h/@acme", "s3://bucket/a@b", "file:///a@b", "https://h?x=a@b", "u:p@h", ""]
        {
            assert!(!names_a_user(url), "{url}");
        }
    }
}
