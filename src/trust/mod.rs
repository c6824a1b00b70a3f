//! Whom to believe (design section 13): signs artifacts that go to a remote, and decides whether one that came from
//! there may be used.
//!
//! Pure: bytes and variables in, decisions out. What it reads are the artifact that it is given and, to recognise a
//! forked pull request, the event that GitHub describes in a file. No network, no database. Key material is never
//! printed, and no error holds any.

mod artifact;
mod ci;
mod distrust;
mod error;
mod fork;
mod hmac_key;
mod key_text;
mod keys;
mod policy;
mod provenance;
mod sign;
mod statement;
mod tag;
mod verify;

pub use artifact::Artifact;
pub use distrust::Distrust;
pub use error::{KeyProblem, TrustError};
pub use fork::is_forked_pull_request;
pub use hmac_key::HmacKey;
pub use key_text::looks_private;
pub use keys::{KeyId, PublicKey, SigningKey};
pub use policy::Policy;
pub use provenance::{Head, Provenance};
pub use sign::{SIGNATURE_KEY, SIGNING_KEY, Signer, TURBO_SIGNATURE_KEY};
pub use verify::{Trust, TrustConfig};

/// How the value of an environment variable is asked for.
pub type Variable<'a> = dyn Fn(&str) -> Option<String> + 'a;
