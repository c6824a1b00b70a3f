//! How keys are written: `vx-private-…` and `vx-public-…`, then base64url of the 32 bytes and of a checksum over them
//! and what stands before them. So a typing error is found, and neither kind can pass for the other.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::KeyProblem;

const KEY: usize = 32;
const CHECKSUM: usize = 4;
/// 36 bytes are 48 characters, without padding.
const CODED: usize = (KEY + CHECKSUM) / 3 * 4;

/// Which half of a pair a text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    Private,
    Public,
}

impl Half {
    /// What the text starts with.
    const fn start(self) -> &'static str {
        match self {
            Self::Private => "vx-private-",
            Self::Public => "vx-public-",
        }
    }

    /// What to say of a text that is no key of this half at all.
    const fn foreign(self) -> KeyProblem {
        let kind = match self {
            Self::Private => "private",
            Self::Public => "public",
        };
        KeyProblem::Foreign { kind, start: self.start() }
    }

    /// What to say of this half where the other one belongs.
    const fn misplaced(self) -> KeyProblem {
        match self {
            Self::Private => KeyProblem::Private,
            Self::Public => KeyProblem::Public,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Private => Self::Public,
            Self::Public => Self::Private,
        }
    }

    /// The text of a key.
    pub(super) fn write(self, key: &[u8; KEY]) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; KEY + CHECKSUM]);
        bytes[..KEY].copy_from_slice(key);
        bytes[KEY..].copy_from_slice(&self.checksum(key));
        let mut coded = Zeroizing::new([0; CODED]);
        // The place is as long as the text, so it fits.
        let coded = Base64UrlUnpadded::encode(&*bytes, &mut *coded).unwrap_or_default();
        Zeroizing::new([self.start(), coded].concat())
    }

    /// The key of a text. White space around it does not count.
    pub(super) fn read(self, text: &str) -> Result<Zeroizing<[u8; KEY]>, KeyProblem> {
        let text = text.trim();
        let Some(coded) = text.strip_prefix(self.start()) else {
            // A damaged private key is one, too: most of it may be there.
            let other = text.starts_with(self.other().start());
            return Err(if other { self.other().misplaced() } else { self.foreign() });
        };
        let mut bytes = Zeroizing::new([0; KEY + CHECKSUM]);
        match Base64UrlUnpadded::decode(coded, &mut *bytes) {
            Ok(decoded) if decoded.len() == KEY + CHECKSUM => {}
            _ => return Err(KeyProblem::Damaged),
        }
        let mut key = Zeroizing::new([0; KEY]);
        key.copy_from_slice(&bytes[..KEY]);
        if bytes[KEY..] == self.checksum(&key) { Ok(key) } else { Err(KeyProblem::Damaged) }
    }

    fn checksum(self, key: &[u8; KEY]) -> [u8; CHECKSUM] {
        let digest = Sha256::new().chain_update(self.start()).chain_update(key).finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }
}

/// Whether a text holds what a private key starts with: it must not be printed.
#[must_use]
pub fn looks_private(text: &str) -> bool {
    text.contains(Half::Private.start())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_is_what_it_was() {
        let key: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        assert_eq!(
            *Half::Private.write(&key),
            "vx-private-AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9cPqVW"
        );
        assert_eq!(
            *Half::Public.write(&key),
            "vx-public-AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8XiDsp"
        );
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        let private = Half::Private.write(&[7; 32]);
        let public = Half::Public.write(&[7; 32]);
        let damaged = [
            &private[..private.len() - 1],
            &format!("{}A", *private),
            &format!("{}=", *private),
            "vx-private-",
            "vx-private-ä",
            &private.replacen("vx-private-Bw", "vx-private-Cw", 1),
        ];
        for text in damaged {
            assert_eq!(Half::Private.read(text).unwrap_err(), KeyProblem::Damaged);
            assert_eq!(Half::Public.read(text).unwrap_err(), KeyProblem::Private);
        }
        assert_eq!(Half::Private.read(&public).unwrap_err(), KeyProblem::Public);
        for text in ["", "x", "VX-PRIVATE-", "vx-publi", "ssh-ed25519 AAAA"] {
            assert_eq!(Half::Private.read(text).unwrap_err(), Half::Private.foreign());
            assert_eq!(Half::Public.read(text).unwrap_err(), Half::Public.foreign());
        }
        // The same bytes behind the other beginning are no key.
        let swapped = private.replace("private", "public");
        assert_eq!(Half::Public.read(&swapped).unwrap_err(), KeyProblem::Damaged);
    }

    proptest! {
        #[test]
        fn a_key_survives_its_text(key: [u8; 32]) {
            for half in [Half::Private, Half::Public] {
                let text = format!(" {}\n", *half.write(&key));
                prop_assert_eq!(*half.read(&text).unwrap(), key);
            }
        }

        #[test]
        fn another_character_anywhere_is_found(key: [u8; 32], at in 0..48_usize, other in "[A-Za-z0-9_-]") {
            let text = Half::Public.write(&key);
            let at = "vx-public-".len() + at;
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            prop_assert_eq!(Half::Public.read(&changed).is_ok(), changed == *text);
        }

        #[test]
        fn any_text_is_read_without_harm(text in ".*") {
            prop_assert!(Half::Private.read(&text).is_err());
            let public = format!("vx-public-{text}");
            prop_assert!(Half::Public.read(&public).is_err());
        }
    }
}
