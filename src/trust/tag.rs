//! The text that carries an Ed25519 signature: `vx1.<base64url of {"keyId","provenance"}>.<base64url of the signature>`.
//!
//! It comes from anybody: it is bounded, and of everything that can be said there is one form only.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::distrust::Distrust;
use super::keys::{KeyId, SignatureBytes};
use super::provenance::Provenance;
use crate::key::canonical_json;

/// What every tag with a private key's signature starts with.
pub(super) const START: &str = "vx1.";

/// The longest tag: a header of HTTP that every server takes.
pub(super) const LONGEST: usize = 4096;

/// A signature, whose it is said to be, and what is said beside it.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) key_id: KeyId,
    pub(super) provenance: Provenance,
    pub(super) signature: SignatureBytes,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Head {
    key_id: KeyId,
    provenance: Provenance,
}

impl Tag {
    pub(super) fn write(&self) -> String {
        let head = head_json(&self.key_id, &self.provenance);
        let head = Base64UrlUnpadded::encode_string(head.as_bytes());
        let signature = Base64UrlUnpadded::encode_string(&self.signature);
        format!("{START}{head}.{signature}")
    }

    pub(super) fn read(text: &str) -> Result<Self, Distrust> {
        if text.len() > LONGEST {
            return Err(Distrust::Malformed("it is longer than 4 KiB"));
        }
        let Some((head, signature)) =
            text.strip_prefix(START).and_then(|rest| rest.split_once('.'))
        else {
            return Err(Distrust::Malformed("a part is missing"));
        };
        let mut bytes = [0; size_of::<SignatureBytes>()];
        match Base64UrlUnpadded::decode(signature, &mut bytes) {
            Ok(decoded) if decoded.len() == size_of::<SignatureBytes>() => {}
            _ => return Err(Distrust::Malformed("its last part is not the base64 of 64 bytes")),
        }
        let head = Base64UrlUnpadded::decode_vec(head)
            .map_err(|_| Distrust::Malformed("its middle part is not base64"))?;
        let Ok(Head { key_id, provenance }) = serde_json::from_slice(&head) else {
            return Err(Distrust::Malformed("its middle part does not say whose it is"));
        };
        let one_form = head_json(&key_id, &provenance).as_bytes() == head
            && provenance.clone().printable() == provenance;
        if one_form {
            Ok(Self { key_id, provenance, signature: bytes })
        } else {
            Err(Distrust::Malformed("its middle part is not written as vx writes it"))
        }
    }
}

fn head_json(key_id: &KeyId, provenance: &Provenance) -> String {
    canonical_json(&json!({ "keyId": key_id.to_string(), "provenance": provenance.to_value() }))
}
