//! Who signs what this process uploads.

use std::fmt;

use super::Variable;
use super::artifact::Artifact;
use super::error::TrustError;
use super::hmac_key::HmacKey;
use super::keys::SigningKey;
use super::provenance::Provenance;
use super::statement::statement;
use super::tag::Tag;

/// The variable that holds the private key, where trusted builds run and nowhere else.
pub const SIGNING_KEY: &str = "VX_REMOTE_CACHE_SIGNING_KEY";
/// The variable that holds the shared key.
pub const SIGNATURE_KEY: &str = "VX_REMOTE_CACHE_SIGNATURE_KEY";
/// turbo's variable for the shared key, taken where ours is not set.
pub const TURBO_SIGNATURE_KEY: &str = "TURBO_REMOTE_CACHE_SIGNATURE_KEY";

/// What uploads are signed with.
pub enum Signer {
    /// Nothing.
    None,
    /// The shared key.
    Hmac(HmacKey),
    /// The private key.
    Ed25519(Box<SigningKey>),
}

impl Signer {
    /// What the variables say; the private key goes before the shared one. A variable that is empty counts as one that is
    /// not set: that is what a CI makes of a secret in a run that may not have it.
    ///
    /// # Errors
    /// [`TrustError`], without the value.
    pub fn from_variables(variable: &Variable<'_>) -> Result<Self, TrustError> {
        if let Some(text) = variable(SIGNING_KEY).filter(|text| !text.trim().is_empty()) {
            let key = SigningKey::parse(&text).map_err(TrustError::SigningKey)?;
            return Ok(Self::Ed25519(Box::new(key)));
        }
        Ok(shared_key(variable)?.map_or(Self::None, Self::Hmac))
    }

    /// The tag of an artifact, for the remote to keep beside it; `None` where nothing signs.
    ///
    /// # Errors
    /// [`TrustError::Unreadable`], [`TrustError::Team`].
    pub fn tag(
        &self,
        artifact: &Artifact<'_>,
        provenance: &Provenance,
    ) -> Result<Option<String>, TrustError> {
        match self {
            Self::None => Ok(None),
            Self::Hmac(key) => key.tag(artifact).map(Some),
            Self::Ed25519(key) => {
                let provenance = provenance.clone().printable();
                let signature = key.sign(&statement(artifact, &provenance));
                let key_id = key.public().id().clone();
                Ok(Some(Tag { key_id, provenance, signature }.write()))
            }
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Hmac(_) => f.write_str("Hmac(..)"),
            Self::Ed25519(key) => f.debug_tuple("Ed25519").field(key.public().id()).finish(),
        }
    }
}

/// The shared key, if one is set.
pub(super) fn shared_key(variable: &Variable<'_>) -> Result<Option<HmacKey>, TrustError> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(key) = given(SIGNATURE_KEY) {
        return HmacKey::new(key.as_bytes()).map(Some);
    }
    given(TURBO_SIGNATURE_KEY).map(|key| HmacKey::of_any_length(key.as_bytes())).transpose()
}
