//! Why settings of trust are refused, or an artifact cannot be signed.

use std::io;
use std::path::PathBuf;

use super::policy::Policy;
use super::sign::{SIGNATURE_KEY, SIGNING_KEY, TURBO_SIGNATURE_KEY};
use crate::error::Coded;

/// What is wrong with the text of a key. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Not one of our texts.
    #[error("is no {kind} key: one starts with `{start}`, and `vx cache keygen` makes a pair")]
    Foreign {
        /// `private` or `public`.
        kind: &'static str,
        /// What one starts with.
        start: &'static str,
    },
    /// The beginning of a key's text, and not its rest.
    #[error("is not the whole text of a key, or is mistyped: copy it again")]
    Damaged,
    /// A private key where everybody can read it.
    #[error(
        "is a private key, which everybody who reads this can sign with: make a new pair with `vx cache keygen`, replace it with the new public key, and use this one no more"
    )]
    Private,
    /// A public key where the private one belongs.
    #[error(
        "is a public key, which cannot sign: the private key of the pair belongs here, and this one in `remote.publicKeys` of vx.workspace.ts"
    )]
    Public,
    /// A public key under which anybody can make signatures.
    #[error("is a key that protects nothing: make a pair with `vx cache keygen`")]
    Weak,
}

/// Why settings of trust are refused, or an artifact cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The private key is none.
    #[error("the value of {SIGNING_KEY} {0}")]
    SigningKey(KeyProblem),
    /// One of the public keys is none.
    #[error("remote.publicKeys[{index}] {problem}")]
    PublicKey {
        /// Which of them.
        index: usize,
        /// What is wrong with it.
        problem: KeyProblem,
    },
    /// A shared key that can be guessed.
    #[error(
        "the value of {SIGNATURE_KEY} has {bytes} bytes, and takes {} at least: `openssl rand -hex 32` makes one. ({TURBO_SIGNATURE_KEY} may be of any length)",
        super::hmac_key::SHORTEST
    )]
    ShortKey {
        /// How long it is.
        bytes: usize,
    },
    /// A team that would blur what is signed.
    #[error("the team's name holds control characters; artifacts cannot be signed for it")]
    Team,
    /// Refs are demanded that nobody vouches for.
    #[error(
        "remote.policy says where artifacts must have been built, which only a signature can vouch for: name the keys in remote.publicKeys, or leave the policy out"
    )]
    PolicyWithoutKeys,
    /// A policy that accepts nothing.
    #[error(
        "{} accepts no artifact: name refs such as \"main\", or leave the policy out",
        Policy::PLACE
    )]
    EmptyPolicy,
    /// A pattern of the policy is none.
    #[error("{}[{index}]: {source}", Policy::PLACE)]
    PolicyPattern {
        /// Which of them.
        index: usize,
        /// What is wrong with it.
        source: crate::glob::GlobError,
    },
    /// The artifact cannot be read.
    #[error("cannot read {path:?} to sign it: {source}")]
    Unreadable {
        /// The artifact.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes, without which no key can be made: {0}")]
    Randomness(getrandom::Error),
}

impl Coded for TrustError {
    fn code(&self) -> &'static str {
        match self {
            Self::SigningKey(_) => "VX_SIGNING_KEY",
            Self::PublicKey { .. } => "VX_PUBLIC_KEY",
            Self::ShortKey { .. } => "VX_SIGNATURE_KEY",
            Self::Team => "VX_SIGN_TEAM",
            Self::PolicyWithoutKeys | Self::EmptyPolicy | Self::PolicyPattern { .. } => {
                "VX_TRUST_POLICY"
            }
            Self::Unreadable { .. } => "VX_SIGN_READ",
            Self::Randomness(_) => "VX_RANDOM",
        }
    }
}
