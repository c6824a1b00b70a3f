//! A text that is shown to nobody: a token, a password.
//!
//! `Debug` and `Display` never show it, and a header made of it is marked sensitive, so that no crate below
//! prints it either. It is never compared with what came over the network.

use std::fmt;

use base64::Engine as _;
use http::HeaderValue;

/// A secret text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` to itself.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// `Authorization: Bearer …`; nothing if the text cannot stand in a header.
    pub(super) fn bearer(&self) -> Option<HeaderValue> {
        sensitive(&format!("Bearer {}", self.0))
    }

    /// `Authorization: Basic …` of a user with this password.
    pub(super) fn basic(&self, user: &str) -> Option<HeaderValue> {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", self.0));
        sensitive(&format!("Basic {pair}"))
    }

    /// The text itself, for the crate that signs or sends it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// `text` without this secret, wherever a server repeated it.
    pub(super) fn redact(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "…") }
    }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_never_shown() {
        let secret = Secret::new("hunter2".to_owned());
        for text in [
            format!("{secret}"),
            format!("{secret:?}"),
            format!("{:?}", secret.bearer()),
            format!("{:?}", secret.basic("me")),
        ] {
            assert!(!text.contains("hunter2") && !text.contains("aHVudGVy"), "{text}");
        }
        assert_eq!(secret.redact("no hunter2 here"), "no … here");
        assert_eq!(secret.bearer().unwrap(), "Bearer hunter2");
        assert_eq!(secret.basic("me").unwrap(), "Basic bWU6aHVudGVyMg==");
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_left_out() {
        assert!(Secret::new("a\nb".to_owned()).bearer().is_none());
    }
}
