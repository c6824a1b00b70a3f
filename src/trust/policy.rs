//! Which refs artifacts are accepted from.
//!
//! Patterns are those of inputs (`*` stops at `/`), over short names: `refs/heads/main` and `refs/tags/main` are both
//! `main`, all other refs keep their whole name. A pattern that itself starts with `refs/` is about whole names. The last
//! one that matches decides.

use super::distrust::Distrust;
use super::error::TrustError;
use super::provenance::Provenance;
use crate::glob::{GlobError, Globs};

/// What `remote.policy` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Patterns over the refs on which an artifact may have been built.
    pub refs: Vec<String>,
}

impl Policy {
    /// Where it stands in `vx.workspace.ts`.
    pub(super) const PLACE: &'static str = "remote.policy.refs";

    /// Checks one pattern.
    ///
    /// # Errors
    /// [`GlobError`], naming it.
    pub fn check(pattern: &str) -> Result<(), GlobError> {
        Pattern::compile(pattern).map(drop)
    }

    /// Whether it takes nothing, whatever the ref: it only takes away.
    #[must_use]
    pub fn accepts_nothing(&self) -> bool {
        self.refs.iter().all(|pattern| pattern.starts_with('!'))
    }
}

/// A policy that is ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    written: Vec<String>,
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    globs: Globs,
    negated: bool,
    whole: bool,
}

impl Pattern {
    fn compile(written: &str) -> Result<Self, GlobError> {
        let text = written.strip_prefix('!').unwrap_or(written);
        let globs = Globs::of_names(&[text])?;
        Ok(Self { globs, negated: text != written, whole: text.starts_with("refs/") })
    }
}

impl Accepted {
    pub(super) fn new(policy: &Policy) -> Result<Self, TrustError> {
        if policy.accepts_nothing() {
            return Err(TrustError::EmptyPolicy);
        }
        let mut patterns = Vec::with_capacity(policy.refs.len());
        for (index, written) in policy.refs.iter().enumerate() {
            let compiled = Pattern::compile(written);
            patterns.push(compiled.map_err(|source| TrustError::PolicyPattern { index, source })?);
        }
        Ok(Self { written: policy.refs.clone(), patterns })
    }

    /// Whether what was built there is accepted.
    pub(super) fn judge(&self, provenance: &Provenance) -> Result<(), Distrust> {
        let reference = provenance.reference.as_deref();
        if reference.is_some_and(|reference| self.accepts(reference)) {
            return Ok(());
        }
        let reference = reference.map(|reference| short(reference).to_owned());
        Err(Distrust::OutOfPolicy { reference, accepted: self.written.clone() })
    }

    fn accepts(&self, reference: &str) -> bool {
        let matching = |pattern: &&Pattern| {
            let name = if pattern.whole { reference } else { short(reference) };
            pattern.globs.is_match(name)
        };
        self.patterns.iter().rev().find(matching).is_some_and(|pattern| !pattern.negated)
    }
}

/// The name that people use for a branch or a tag.
fn short(reference: &str) -> &str {
    ["refs/heads/", "refs/tags/"]
        .iter()
        .find_map(|start| reference.strip_prefix(start))
        .unwrap_or(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(refs: &[&str], reference: &str) -> bool {
        let refs = refs.iter().map(|text| (*text).to_owned()).collect();
        let provenance =
            Provenance { reference: Some(reference.to_owned()), ..Provenance::default() };
        Accepted::new(&Policy { refs }).unwrap().judge(&provenance).is_ok()
    }

    #[test]
    fn branches_and_tags_by_their_short_names() {
        let usual = ["main", "release/*", "v[0-9]*"];
        for reference in
            ["refs/heads/main", "refs/tags/main", "refs/heads/release/2", "refs/tags/v1.2", "main"]
        {
            assert!(accepts(&usual, reference), "{reference}");
        }
        for reference in [
            "refs/heads/main/x",
            "refs/heads/mainline",
            "refs/heads/feature/main",
            "refs/heads/release/2/x",
            "refs/heads/release",
            "refs/heads/refs/heads/main",
            "refs/pull/7/merge",
            "refs/remotes/origin/main",
            "refs/heads/Main",
            "refs/heads/",
            "",
        ] {
            assert!(!accepts(&usual, reference), "{reference}");
        }
    }

    #[test]
    fn whole_names_where_a_pattern_says_so() {
        assert!(accepts(&["refs/heads/main"], "refs/heads/main"));
        assert!(!accepts(&["refs/heads/main"], "refs/tags/main"));
        assert!(accepts(&["refs/pull/*/merge"], "refs/pull/7/merge"));
        assert!(!accepts(&["refs/pull/*/merge"], "refs/heads/refs/pull/7/merge"));
        assert!(!accepts(&["*", "*/*"], "refs/pull/7/merge"));
        assert!(accepts(&["**"], "refs/pull/7/merge"));
    }

    #[test]
    fn the_last_match_decides() {
        let all = ["release/*", "!release/old", "!refs/tags/**"];
        assert!(accepts(&all, "refs/heads/release/new"));
        assert!(!accepts(&all, "refs/heads/release/old"));
        assert!(!accepts(&all, "refs/tags/release/new"));
    }

    #[test]
    fn what_was_built_nowhere_is_not_accepted() {
        let accepted = Accepted::new(&Policy { refs: vec!["**".to_owned()] }).unwrap();
        let distrust = accepted.judge(&Provenance::default()).unwrap_err();
        assert!(matches!(distrust, Distrust::OutOfPolicy { reference: None, .. }));
    }

    #[test]
    fn a_policy_that_accepts_nothing_is_a_mistake() {
        for refs in [&[][..], &["!main"]] {
            let policy = Policy { refs: refs.iter().map(|text| (*text).to_owned()).collect() };
            assert!(matches!(Accepted::new(&policy), Err(TrustError::EmptyPolicy)));
        }
        let policy = Policy { refs: vec!["main".to_owned(), "a{b".to_owned()] };
        let error = Accepted::new(&policy).unwrap_err();
        assert!(error.to_string().starts_with("remote.policy.refs[1]: \"a{b\""), "{error}");
    }
}
