//! The framing of a key: every field length-prefixed into one XXH3-128 stream (design section 5).
//!
//! No two different sequences of fields give the same bytes; `tests/framing.rs` holds that as a property.

use xxhash_rust::xxh3::Xxh3;

/// Where framed bytes go: a hash in production, a buffer in the property tests.
pub trait Sink {
    /// Takes the next bytes of the stream.
    fn write(&mut self, bytes: &[u8]);
}

impl Sink for Xxh3 {
    fn write(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

impl Sink for Vec<u8> {
    fn write(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Writes framed fields to a sink.
#[derive(Default)]
pub struct Framing<S>(S);

impl Framing<Xxh3> {
    /// A stream that ends in a digest. Seed 0.
    #[must_use]
    pub fn hashing() -> Self {
        Self(Xxh3::new())
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> u128 {
        self.0.digest128()
    }

    /// The digest as 32 lower-case hex digits, high half first.
    #[must_use]
    pub fn hex(&self) -> String {
        format!("{:032x}", self.digest())
    }
}

impl<S: Sink> Framing<S> {
    /// `str(s)`: the byte length as u64 little-endian, then the bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.count(bytes.len());
        self.0.write(bytes);
        self
    }

    /// `str(s)` of text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// `n(k)`: u64 little-endian.
    pub fn count(&mut self, count: usize) -> &mut Self {
        self.0.write(&(count as u64).to_le_bytes());
        self
    }

    /// `opt(v)`: `00` when absent, else `01` and `str(v)`.
    pub fn optional(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            None => self.0.write(&[0]),
            Some(value) => {
                self.0.write(&[1]);
                self.text(value);
            }
        }
        self
    }

    /// The sink, with all that was written.
    pub fn into_inner(self) -> S {
        self.0
    }
}
