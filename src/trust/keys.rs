//! Pairs of Ed25519 keys: the private one signs, the public one tells who did.

use std::fmt;

use ed25519_dalek::{SIGNATURE_LENGTH, Signature, Signer as _, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::{KeyProblem, TrustError};
use super::key_text::Half;

/// The bytes of a signature.
pub(super) type SignatureBytes = [u8; SIGNATURE_LENGTH];

/// Names a public key: the first 16 hex digits of its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyId(String);

impl KeyId {
    fn of(key: &VerifyingKey) -> Self {
        let digest = Sha256::digest(key.as_bytes());
        let first = digest.iter().take(8).fold(0_u64, |id, byte| id << 8 | u64::from(*byte));
        Self(format!("{first:016x}"))
    }
}

impl TryFrom<String> for KeyId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let sound = text.len() == 16 && text.bytes().all(hex);
        sound.then_some(Self(text)).ok_or("a key's name is 16 lower-case hex digits")
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public half of a pair.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    id: KeyId,
}

impl PublicKey {
    /// Reads `vx-public-…`.
    ///
    /// # Errors
    /// [`KeyProblem`], which does not hold the text.
    pub fn parse(text: &str) -> Result<Self, KeyProblem> {
        let bytes = Half::Public.read(text)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyProblem::Weak)?;
        if key.is_weak() { Err(KeyProblem::Weak) } else { Ok(Self::new(key)) }
    }

    fn new(key: VerifyingKey) -> Self {
        Self { id: KeyId::of(&key), key }
    }

    /// `vx-public-…`.
    #[must_use]
    pub fn text(&self) -> String {
        Half::Public.write(self.key.as_bytes()).to_string()
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// Whether the holder of the private half signed `message`. Strict: of each message and signature there is one
    /// form only.
    pub(super) fn verifies(&self, message: &[u8], signature: &SignatureBytes) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.text()).finish()
    }
}

/// The private half of a pair, and with it the public one. Wiped from memory when it goes.
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// A new pair from the system's randomness.
    ///
    /// # Errors
    /// [`TrustError::Randomness`].
    pub fn generate() -> Result<Self, TrustError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(TrustError::Randomness)?;
        Ok(Self::from_seed(&seed))
    }

    /// Reads `vx-private-…`.
    ///
    /// # Errors
    /// [`KeyProblem`], which does not hold the text.
    pub fn parse(text: &str) -> Result<Self, KeyProblem> {
        Ok(Self::from_seed(&*Half::Private.read(text)?))
    }

    fn from_seed(seed: &[u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        Self { public: PublicKey::new(key.verifying_key()), key }
    }

    /// `vx-private-…`: for whoever asked for a new pair, and nobody else.
    #[must_use]
    pub fn secret_text(&self) -> Zeroizing<String> {
        Half::Private.write(self.key.as_bytes())
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> SignatureBytes {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
    }

    /// RFC 8032, section 7.1: tests 1 to 3.
    const VECTORS: [(&str, &str, &[u8], &str); 3] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            &[],
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            &[0x72],
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            &[0xaf, 0x82],
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];

    #[test]
    fn the_vectors_of_the_standard_through_our_texts() {
        for (seed, public, message, signature) in VECTORS {
            let signing = SigningKey::parse(&Half::Private.write(&bytes(seed))).unwrap();
            let key = PublicKey::parse(&Half::Public.write(&bytes(public))).unwrap();
            assert_eq!(signing.public(), &key);
            assert_eq!(signing.sign(message), bytes(signature));
            assert!(key.verifies(message, &bytes(signature)));
            assert!(!key.verifies(b"another", &bytes(signature)));
        }
    }

    #[test]
    fn a_signature_has_one_form() {
        let (seed, _, message, signature) = VECTORS[1];
        let key = SigningKey::parse(&Half::Private.write(&bytes(seed))).unwrap();
        // S + L signs the same in a careless check.
        let order: [u8; 32] =
            bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let mut other: SignatureBytes = bytes(signature);
        let mut carry = 0;
        for (byte, add) in other[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        assert!(!key.public().verifies(message, &other));
    }

    #[test]
    fn a_key_under_which_anybody_signs_is_refused() {
        // Points of small order, and a text that is no point at all.
        let mut one = [0; 32];
        one[0] = 1;
        let mut none = [0; 32];
        none[0] = 2;
        for weak in [[0; 32], one, none] {
            let problem = PublicKey::parse(&Half::Public.write(&weak)).unwrap_err();
            assert_eq!(problem, KeyProblem::Weak, "{weak:?}");
        }
    }

    #[test]
    fn a_key_is_named_by_its_digest() {
        let (seed, ..) = VECTORS[0];
        let key = SigningKey::parse(&Half::Private.write(&bytes(seed))).unwrap();
        assert_eq!(key.public().id().to_string(), "21fe31dfa154a261");
    }

    #[test]
    fn no_form_of_a_private_key_shows_it() {
        let key = SigningKey::generate().unwrap();
        let text = key.secret_text();
        let shown = format!("{key:?}");
        assert!(shown.contains("vx-public-") && !shown.contains("vx-private-"), "{shown}");
        assert!(!shown.contains(&text["vx-private-".len()..][..8]), "{shown}");
        assert_ne!(*SigningKey::generate().unwrap().secret_text(), *text);
    }
}
