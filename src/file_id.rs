//! The identity of one input file in a cache key (design section 5): what it is and what it holds.
//!
//! A [`FileId`] is a value; how the bytes are read and hashed is the business of `git` and `inputs`.

use std::fmt;

/// The object format of a repository: which hash names its blobs. Without a repository, sha1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ObjectFormat {
    /// 40 hex digits.
    #[default]
    Sha1,
    /// 64 hex digits.
    Sha256,
}

impl ObjectFormat {
    /// The name that `git rev-parse --show-object-format` prints.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

/// A blob's object id as lower-case hex, in the repository's object format.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(String);

impl Oid {
    /// Takes 40 or 64 lower-case hex digits; `None` for anything else.
    #[must_use]
    pub fn from_hex(hex: impl Into<String>) -> Option<Self> {
        let hex = hex.into();
        let digits = hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (digits && matches!(hex.len(), 40 | 64)).then_some(Self(hex))
    }

    /// Writes a SHA-1 digest as hex.
    #[must_use]
    pub fn from_sha1(digest: &[u8; 20]) -> Self {
        Self(hex(digest))
    }

    /// Writes a SHA-256 digest as hex.
    #[must_use]
    pub fn from_sha256(digest: &[u8; 32]) -> Self {
        Self(hex(digest))
    }

    /// The hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The object format that made it.
    #[must_use]
    pub const fn format(&self) -> ObjectFormat {
        if self.0.len() == 64 { ObjectFormat::Sha256 } else { ObjectFormat::Sha1 }
    }
}

fn hex(digest: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = digest.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    nibbles.map(|nibble| char::from(DIGITS[usize::from(nibble)])).collect()
}

/// What a file contributes to a key: kind, executable bit and content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(String);

impl FileId {
    /// A regular file without the executable bit.
    #[must_use]
    pub fn plain(oid: &Oid) -> Self {
        Self(oid.0.clone())
    }

    /// A regular file that its owner may execute.
    #[must_use]
    pub fn executable(oid: &Oid) -> Self {
        Self(format!("100755:{}", oid.0))
    }

    /// A regular file.
    #[must_use]
    pub fn regular(oid: &Oid, executable: bool) -> Self {
        if executable { Self::executable(oid) } else { Self::plain(oid) }
    }

    /// A symbolic link: the oid of its text and, where it resolves to a file, that file's own identity.
    #[must_use]
    pub fn symlink(text: &Oid, target: Option<&Self>) -> Self {
        let link = format!("120000:{}", text.0);
        Self(target.map_or_else(|| link.clone(), |target| format!("{link}>{}", target.0)))
    }

    /// Takes an identity that a caller of the library worked out before; the key only frames it.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The identity as it stands in the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_written_as_lower_case_hex() {
        let oid = Oid::from_sha1(&[0xa5; 20]);
        assert_eq!(Oid::from_hex("a5".repeat(20)), Some(oid.clone()));
        assert_eq!(oid.format(), ObjectFormat::Sha1);
        assert_eq!(Oid::from_sha256(&[0x0f; 32]).as_str(), "0f".repeat(32));
    }
}
