//! What a reader demands, and whether an artifact that came from a remote meets it.
//!
//! Public keys demand a signature of one of them; without public keys a shared key demands its own; without either
//! nothing is demanded, and tags are ignored.

use super::Variable;
use super::artifact::Artifact;
use super::distrust::Distrust;
use super::error::TrustError;
use super::hmac_key::HmacKey;
use super::keys::{KeyId, PublicKey};
use super::policy::{Accepted, Policy};
use super::provenance::Provenance;
use super::sign::{Signer, shared_key};
use super::statement::statement;
use super::tag::{self, Tag};

/// What `vx.workspace.ts` says of trust, under `remote`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustConfig {
    /// The public keys of those who are believed, as texts.
    pub public_keys: Vec<String>,
    /// Where artifacts must have been built.
    pub policy: Option<Policy>,
}

/// What a reader demands.
#[derive(Debug)]
pub struct Trust(Demand);

#[derive(Debug)]
enum Demand {
    Nothing,
    Hmac(HmacKey),
    Ed25519 { keys: Vec<PublicKey>, accepted: Option<Accepted> },
}

impl Trust {
    /// What the config and the variables demand.
    ///
    /// # Errors
    /// [`TrustError`]: keys that are none, or a policy that nothing vouches for.
    pub fn new(config: &TrustConfig, variable: &Variable<'_>) -> Result<Self, TrustError> {
        if config.public_keys.is_empty() {
            if config.policy.is_some() {
                return Err(TrustError::PolicyWithoutKeys);
            }
            return Ok(Self(shared_key(variable)?.map_or(Demand::Nothing, Demand::Hmac)));
        }
        let read = |(index, text): (usize, &String)| {
            PublicKey::parse(text).map_err(|problem| TrustError::PublicKey { index, problem })
        };
        let keys = config.public_keys.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let accepted = config.policy.as_ref().map(Accepted::new).transpose()?;
        Ok(Self(Demand::Ed25519 { keys, accepted }))
    }

    /// Whether anything is demanded.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        !matches!(self.0, Demand::Nothing)
    }

    /// Decides about an artifact with the tag that came with it. `Ok(None)`: nothing is known of where it was built,
    /// since nothing is demanded or a shared key signed it.
    ///
    /// # Errors
    /// [`Distrust`]: it must not be used.
    pub fn judge(
        &self,
        artifact: &Artifact<'_>,
        tag: Option<&str>,
    ) -> Result<Option<Provenance>, Distrust> {
        if !self.is_on() {
            return Ok(None);
        }
        let tag = tag.map(str::trim).filter(|tag| !tag.is_empty()).ok_or(Distrust::Unsigned)?;
        let by_private_key = tag.starts_with(tag::START);
        match &self.0 {
            Demand::Nothing => Ok(None),
            Demand::Hmac(_) if by_private_key => Err(Distrust::NotBySharedKey),
            Demand::Hmac(key) => key.verify(artifact, tag).map(|()| None),
            Demand::Ed25519 { .. } if !by_private_key => Err(Distrust::NotByPrivateKey),
            Demand::Ed25519 { keys, accepted } => {
                let Tag { key_id, provenance, signature } = Tag::read(tag)?;
                let key = known(keys, &key_id)?;
                if !key.verifies(&statement(artifact, &provenance), &signature) {
                    return Err(Distrust::WrongSignature);
                }
                accepted.as_ref().map_or(Ok(()), |accepted| accepted.judge(&provenance))?;
                Ok(Some(provenance))
            }
        }
    }

    /// What a reader with these settings will say of everything that `signer` signs with this provenance: who would not
    /// be believed does better not to write, since it might replace what is.
    ///
    /// # Errors
    /// [`Distrust`]: the reason why nobody will use it.
    pub fn foresee(&self, signer: &Signer, provenance: &Provenance) -> Result<(), Distrust> {
        match (&self.0, signer) {
            (Demand::Nothing, _) | (Demand::Hmac(_), Signer::Hmac(_)) => Ok(()),
            (_, Signer::None) => Err(Distrust::Unsigned),
            (Demand::Hmac(_), Signer::Ed25519(_)) => Err(Distrust::NotBySharedKey),
            (Demand::Ed25519 { .. }, Signer::Hmac(_)) => Err(Distrust::NotByPrivateKey),
            (Demand::Ed25519 { keys, accepted }, Signer::Ed25519(key)) => {
                known(keys, key.public().id())?;
                let provenance = provenance.clone().printable();
                accepted.as_ref().map_or(Ok(()), |accepted| accepted.judge(&provenance))
            }
        }
    }
}

/// The key of that name.
fn known<'k>(keys: &'k [PublicKey], id: &KeyId) -> Result<&'k PublicKey, Distrust> {
    keys.iter().find(|key| key.id() == id).ok_or_else(|| Distrust::UnknownKey(id.clone()))
}
