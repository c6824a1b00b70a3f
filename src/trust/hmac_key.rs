//! The shared key: who has it both signs and verifies, so it protects against those who reach the store without it, and
//! against nobody else.
//!
//! Signed is HMAC-SHA256 over the key's 32 hex digits, the team and the bytes, one after the other, in standard base64.
//! Where one ends and the next begins is certain: keys are of one length, no artifact begins with text, and a team
//! holds no control characters, with which one could pretend to be such a beginning.

use std::fmt;
use std::io;

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::artifact::Artifact;
use super::distrust::Distrust;
use super::error::TrustError;

/// The fewest bytes of a shared key of ours: no more can be guessed than of the digest.
pub(super) const SHORTEST: usize = 32;

/// A shared key, ready to sign. What is kept is what HMAC made of it; that is wiped from memory when it goes.
#[derive(Clone)]
pub struct HmacKey(Hmac<Sha256>);

impl HmacKey {
    /// A key of 32 bytes or more.
    ///
    /// # Errors
    /// [`TrustError::ShortKey`].
    pub fn new(key: &[u8]) -> Result<Self, TrustError> {
        if key.len() < SHORTEST {
            return Err(TrustError::ShortKey { bytes: key.len() });
        }
        Self::of_any_length(key)
    }

    /// A key of any length. turbo takes any, and a team that comes from there with a short one shall not have to change
    /// all its secrets before it can try vx.
    ///
    /// # Errors
    /// None in practice: HMAC takes every length.
    pub fn of_any_length(key: &[u8]) -> Result<Self, TrustError> {
        let mac = Hmac::new_from_slice(key);
        mac.map(Self).map_err(|_| TrustError::ShortKey { bytes: key.len() })
    }

    /// The tag of an artifact.
    pub(super) fn tag(&self, artifact: &Artifact<'_>) -> Result<String, TrustError> {
        if is_blurred(artifact.team) {
            return Err(TrustError::Team);
        }
        let mac = self
            .over(artifact)
            .map_err(|source| TrustError::Unreadable { path: artifact.path.to_owned(), source })?;
        Ok(Base64::encode_string(&mac.finalize().into_bytes()))
    }

    /// Whether `tag` is the one of this artifact; takes the same time whatever differs.
    pub(super) fn verify(&self, artifact: &Artifact<'_>, tag: &str) -> Result<(), Distrust> {
        let mut expected = [0; 32];
        match Base64::decode(tag, &mut expected) {
            Ok(decoded) if decoded.len() == 32 => {}
            _ => return Err(Distrust::Malformed("it is not the base64 of 32 bytes")),
        }
        if is_blurred(artifact.team) {
            return Err(Distrust::WrongSignature);
        }
        let mac = self.over(artifact).map_err(|error| Distrust::Unreadable(error.to_string()))?;
        mac.verify_slice(&expected).map_err(|_| Distrust::WrongSignature)
    }

    fn over(&self, artifact: &Artifact<'_>) -> io::Result<Hmac<Sha256>> {
        let mut mac = self.0.clone();
        mac.update(artifact.key.as_str().as_bytes());
        mac.update(artifact.team.as_bytes());
        artifact.stream(|bytes| mac.update(bytes))?;
        Ok(mac)
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(..)")
    }
}

fn is_blurred(team: &str) -> bool {
    team.contains(char::is_control)
}
