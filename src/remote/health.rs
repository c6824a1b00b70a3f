//! How a remote cache does, in words for a person: what `vx info` says of it.

use std::time::{Duration, SystemTime};

use url::Url;

use super::client::{Client, date};
use super::error::RemoteError;
use crate::error::Coded as _;

/// Clocks further apart than this are worth a line; signatures fail at a quarter of an hour.
const SKEW: Duration = Duration::from_mins(1);

/// What a check has found.
#[derive(Clone, Debug)]
pub struct Health {
    /// The store, without secrets.
    pub store: String,
    /// What is wrong with it, and what to do; nothing if all is well.
    pub problem: Option<String>,
    /// The `VX_REMOTE_…` code of the problem.
    pub code: Option<&'static str>,
    /// What else is worth knowing, by its name: `answer`, `access`, `clock`, `proxy`, `team`, `tls`.
    pub facts: Vec<(&'static str, String)>,
}

/// What was seen while a store was asked.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The proxy, as it may be shown.
    pub(super) proxy: Option<String>,
    /// The `Date` of an answer.
    pub(super) date: Option<String>,
    /// The team, where the store has teams.
    pub(super) team: Option<String>,
    /// Where trust comes from, where the store is reached over TLS.
    pub(super) trust: Option<String>,
}

impl Asked {
    /// Notes how `url` is reached by `client`.
    pub(super) fn reached(&mut self, client: &Client, url: &Url) {
        self.proxy = client.proxy_of(url);
        self.trust = (url.scheme() == "https").then(|| client.trust());
    }
}

impl Health {
    pub(super) fn new(
        store: String,
        asked: &Asked,
        took: Duration,
        result: &Result<(), RemoteError>,
    ) -> Self {
        let mut facts = Vec::new();
        match result {
            Ok(()) => {
                facts.push(("answer", format!("after {} ms", took.as_millis())));
                facts.push(("access", "granted".to_owned()));
            }
            Err(RemoteError::Unauthorized { .. }) => facts.push(("access", "refused".to_owned())),
            Err(_) => {}
        }
        let other = [("clock", clock(asked, SystemTime::now())), ("proxy", asked.proxy.clone())];
        facts.extend(other.into_iter().filter_map(|(name, value)| Some((name, value?))));
        facts.extend(asked.trust.clone().map(|trust| ("tls", trust)));
        facts.extend(asked.team.clone().map(|team| ("team", team)));
        Self {
            store,
            problem: result.as_ref().err().map(ToString::to_string),
            code: result.as_ref().err().map(RemoteError::code),
            facts,
        }
    }
}

/// How far the server's clock and this one are apart, where that matters.
fn clock(asked: &Asked, now: SystemTime) -> Option<String> {
    let theirs = date(asked.date.as_deref()?)?;
    let (apart, word) = match theirs.duration_since(now) {
        Ok(ahead) => (ahead, "behind"),
        Err(error) => (error.duration(), "ahead of"),
    };
    (apart > SKEW).then(|| {
        format!("this machine is {} s {word} the server; signed requests may fail", apart.as_secs())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_apart() {
        let asked =
            Asked { date: Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()), ..Asked::default() };
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(clock(&asked, then), None);
        assert_eq!(clock(&asked, then + SKEW), None);
        let said = clock(&asked, then + Duration::from_secs(100)).unwrap();
        assert!(said.contains("100 s ahead of"), "{said}");
        let said = clock(&asked, then - Duration::from_secs(100)).unwrap();
        assert!(said.contains("100 s behind"), "{said}");
    }
}
