//! Where an artifact was built: commit, ref, CI run and who started it. Worth something only under a signature.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Variable, ci};
use crate::key::canonical_json;

/// The longest text, in bytes.
const LONGEST: usize = 256;

/// What git says is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The commit, in hex.
    pub commit: String,
    /// The whole name of the branch, such as `refs/heads/main`; `None` when HEAD is detached.
    pub reference: Option<String>,
}

/// Where an artifact was built. Every text is short and can be printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The commit, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The whole name of the ref, such as `refs/heads/main` or `refs/pull/7/merge`.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The CI run, by its address where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Who started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
}

impl Provenance {
    /// What the CI says of this run, or else git.
    ///
    /// A ref is taken from the CI only as long as its commit is the one that is checked out: a job that runs on behalf
    /// of `main` and checks out a pull request builds that pull request, and not `main`.
    #[must_use]
    pub fn of(variable: &Variable<'_>, head: impl FnOnce() -> Option<Head>) -> Self {
        let head = head();
        let told = match (ci::provenance(variable), head) {
            (None, None) => Self::default(),
            (None, Some(head)) => {
                Self { commit: Some(head.commit), reference: head.reference, ..Self::default() }
            }
            (Some(ci), None) => ci,
            (Some(ci), Some(head)) => {
                let same = ci.commit.as_ref().is_none_or(|commit| *commit == head.commit);
                // Not git's own branch either: a fork's branch may be called `main`, too.
                let reference = ci.reference.filter(|_| same);
                Self { commit: Some(head.commit), reference, ..ci }
            }
        };
        told.printable()
    }

    /// The same in texts that are short and can be printed; empty ones are left out. A ref that is not so is left out as a
    /// whole: what is left of it might be the name of another.
    pub(super) fn printable(self) -> Self {
        let each = |text: Option<String>| {
            text.map(|text| printable(&text)).filter(|text| !text.is_empty())
        };
        Self {
            commit: each(self.commit),
            reference: self.reference.filter(|name| !name.is_empty() && printable(name) == *name),
            run: each(self.run),
            who: each(self.who),
        }
    }

    /// As JSON, keys sorted.
    pub(super) fn to_value(&self) -> Value {
        let members = [
            ("commit", &self.commit),
            ("ref", &self.reference),
            ("run", &self.run),
            ("who", &self.who),
        ];
        let given = members
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), text.clone()?.into())));
        Value::Object(given.collect::<Map<_, _>>())
    }

    /// As canonical JSON, which is what is signed.
    pub(super) fn to_json(&self) -> String {
        canonical_json(&self.to_value())
    }
}

/// Without what moves the cursor or turns the direction of writing, and cut to [`LONGEST`] bytes at a character.
fn printable(text: &str) -> String {
    let mut printable = String::new();
    for c in text.chars().filter(|c| !is_control(*c)) {
        if printable.len() + c.len_utf8() > LONGEST {
            break;
        }
        printable.push(c);
    }
    printable
}

/// Control characters, line separators, and what turns the direction of writing or has no width.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(variables: &[(&str, &str)], head: Option<(&str, Option<&str>)>) -> Provenance {
        let variable = |name: &str| {
            let found = variables.iter().find(|(given, _)| *given == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Provenance::of(&variable, || {
            head.map(|(commit, reference)| Head {
                commit: commit.to_owned(),
                reference: reference.map(str::to_owned),
            })
        })
    }

    const GITHUB: [(&str, &str); 3] =
        [("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "aa"), ("GITHUB_REF", "refs/heads/main")];

    #[test]
    fn without_ci_it_is_what_git_says() {
        let told = of(&[("GITHUB_SHA", "bb")], Some(("aa", Some("refs/heads/x"))));
        assert_eq!(told.commit.as_deref(), Some("aa"));
        assert_eq!(told.reference.as_deref(), Some("refs/heads/x"));
        assert_eq!(of(&[], None), Provenance::default());
    }

    #[test]
    fn the_ref_of_the_ci_counts_for_its_commit_only() {
        // A CI checks out the commit, not the branch.
        let same = of(&GITHUB, Some(("aa", None)));
        assert_eq!(same.reference.as_deref(), Some("refs/heads/main"));
        let other = of(&GITHUB, Some(("bb", Some("refs/heads/main"))));
        assert_eq!((other.commit.as_deref(), other.reference), (Some("bb"), None));
        let unknown = of(&GITHUB, None);
        assert_eq!(unknown.reference.as_deref(), Some("refs/heads/main"));
    }

    #[test]
    fn no_ref_becomes_another() {
        for name in ["refs/heads/ma\u{200b}in", "refs/heads/main\n", &"x".repeat(257), ""] {
            let told = of(&[("GITHUB_ACTIONS", "true"), ("GITHUB_REF", name)], None);
            assert_eq!(told.reference, None, "{name:?}");
            assert_eq!(of(&[], Some(("aa", Some(name)))).reference, None, "{name:?}");
        }
    }

    #[test]
    fn json_leaves_out_what_is_not_known() {
        assert_eq!(Provenance::default().to_json(), "{}");
        let told = of(&GITHUB, None);
        assert_eq!(told.to_json(), r#"{"commit":"aa","ref":"refs/heads/main"}"#);
        assert_eq!(serde_json::to_value(&told).unwrap(), told.to_value());
    }

    #[test]
    fn texts_can_be_printed() {
        for (given, expected) in [
            ("a\u{1b}[31mb", "a[31mb"),
            ("a\r\nb\0\u{7f}\u{9b}", "ab"),
            ("evil\u{202e}niam", "evilniam"),
            ("ma\u{200b}in\u{feff}", "main"),
            ("ünïcode", "ünïcode"),
        ] {
            assert_eq!(printable(given), expected);
        }
        // 255 bytes are full, and the next character needs two.
        assert_eq!(printable(&format!("{}ü", "a".repeat(255))), "a".repeat(255));
        assert_eq!(printable(&"ü".repeat(200)), "ü".repeat(128));
        let told = of(&[("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "\n")], None);
        assert_eq!(told.commit, None);
    }

    proptest! {
        #[test]
        fn what_is_printable_stays_so(text in "\\PC{0,300}|.{0,300}|[\\x00-\\x{2fff}]{0,300}") {
            let once = printable(&text);
            prop_assert!(once.len() <= LONGEST && !once.chars().any(is_control));
            prop_assert_eq!(printable(&once), once);
        }
    }
}
