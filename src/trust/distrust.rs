//! Why an artifact that came from a remote is not used: one line for the user, each of them a miss.

/// Why an artifact is not believed. The text of each fits into "… is not used: {}".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// A signature is demanded, and there is none.
    #[error("it is not signed")]
    Unsigned,
    /// The signature is not one of these bytes under this key.
    #[error("its signature does not fit its content")]
    WrongSignature,
    /// Signed by somebody whom the workspace does not name.
    #[error("it is signed with the key {0}, which remote.publicKeys does not list")]
    UnknownKey(super::KeyId),
    /// Signed with a key that everybody who writes shares, where a private one is demanded.
    #[error("it is not signed with a private key, as remote.publicKeys demands")]
    NotByPrivateKey,
    /// Signed with a private key, where a shared one is set.
    #[error(
        "it is signed with a private key, and remote.publicKeys lists no public key to check that with"
    )]
    NotBySharedKey,
    /// Built where the policy accepts nothing from.
    #[error("{}", out_of_policy(.reference.as_deref(), .accepted))]
    OutOfPolicy {
        /// Where it was built, without `refs/heads/` and `refs/tags/`.
        reference: Option<String>,
        /// What is accepted.
        accepted: Vec<String>,
    },
    /// What stands in the signature's place is none.
    #[error("its signature is malformed: {0}")]
    Malformed(&'static str),
    /// The bytes cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

fn out_of_policy(reference: Option<&str>, accepted: &[String]) -> String {
    let built = reference.map_or_else(
        || "it does not say on which ref it was built".to_owned(),
        |reference| format!("it was built on '{reference}'"),
    );
    let verb = if accepted.len() == 1 { "is" } else { "are" };
    let accepted = match accepted {
        [head @ .., last] if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        all => all.join(""),
    };
    format!("{built}, and only {accepted} {verb} accepted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_told_in_words() {
        let told = |reference: Option<&str>, accepted: &[&str]| {
            let accepted = accepted.iter().map(|text| (*text).to_owned()).collect();
            Distrust::OutOfPolicy { reference: reference.map(str::to_owned), accepted }.to_string()
        };
        assert_eq!(
            told(Some("feature/x"), &["main", "release/*"]),
            "it was built on 'feature/x', and only main and release/* are accepted"
        );
        assert_eq!(
            told(None, &["main"]),
            "it does not say on which ref it was built, and only main is accepted"
        );
        assert_eq!(
            told(Some("x"), &["a", "b", "c"]),
            "it was built on 'x', and only a, b and c are accepted"
        );
    }
}
