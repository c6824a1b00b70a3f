//! The shared key: who has it both signs and verifies, so it protects against those who reach the store without it, and
//! against nobody else.
//!
//! Signed is HMAC-SHA256 over the key's 32 hex digits, the team and the bytes, one after the other, in standard base64.
//! Where one ends and the next begins is certain: keys are of one length, no artifact can begin with printable text (its
//! first bytes are those of zstd), and a team's name holds nothing else.
//!
//! turbo signed the same fields in the same way up to 2.9; since 2.10 it puts a domain before them and the length before
//! each. Neither reads what the other stored: their keys and their archives differ.

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

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, the cases whose digest is not cut: key, data, digest.
    #[test]
    fn the_vectors_of_the_standard() {
        let digits: [u8; 25] = std::array::from_fn(|at| u8::try_from(at + 1).unwrap());
        let cases: [(&[u8], &[u8], &str); 6] = [
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (&digits, &[0xcd; 50], "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (key, data, expected) in cases {
            let mut mac = HmacKey::of_any_length(key).unwrap().0;
            mac.update(data);
            let expected: [u8; 32] = std::array::from_fn(|at| {
                u8::from_str_radix(&expected[2 * at..2 * at + 2], 16).unwrap()
            });
            assert_eq!(mac.finalize().into_bytes()[..], expected);
        }
    }

    #[test]
    fn a_short_key_is_refused_and_not_shown() {
        let error = HmacKey::new(b"hunter2").unwrap_err();
        assert!(matches!(error, TrustError::ShortKey { bytes: 7 }));
        assert!(!error.to_string().contains("hunter2"));
        assert!(HmacKey::new(&[0; 31]).is_err() && HmacKey::new(&[0; 32]).is_ok());
        assert_eq!(format!("{:?}", HmacKey::new(&[b'x'; 32]).unwrap()), "HmacKey(..)");
    }
}
