//! What may be done with each layer of the cache, as `--cache=local:rw,remote:r` says it.

/// What may be done with one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Results may come from it.
    pub read: bool,
    /// Results may be stored in it.
    pub write: bool,
}

impl Access {
    /// Both.
    pub const ALL: Self = Self { read: true, write: true };
    /// Neither.
    pub const NONE: Self = Self { read: false, write: false };

    /// Whether it is used at all.
    #[must_use]
    pub const fn is_any(self) -> bool {
        self.read || self.write
    }

    fn parse(letters: &str) -> Option<Self> {
        match letters {
            "rw" | "wr" => Some(Self::ALL),
            "r" => Some(Self { read: true, write: false }),
            "w" => Some(Self { read: false, write: true }),
            "" => Some(Self::NONE),
            _ => None,
        }
    }
}

/// What may be done with both layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layers {
    /// The cache directory.
    pub local: Access,
    /// The remote cache, where one is configured.
    pub remote: Access,
}

impl Default for Layers {
    fn default() -> Self {
        Self { local: Access::ALL, remote: Access::ALL }
    }
}

impl Layers {
    /// Reads `local:rw,remote:r`. A layer that is not named is not used.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut local, mut remote) = (None, None);
        for part in text.split(',') {
            let (name, letters) = part.split_once(':').unwrap_or((part, ""));
            let layer = match name.trim() {
                "local" => &mut local,
                "remote" => &mut remote,
                other => return Err(format!("there is no layer {other:?}; local and remote are")),
            };
            let access = Access::parse(letters.trim()).ok_or_else(|| {
                format!("{letters:?} says nothing of {name}; write r, w, rw or nothing")
            })?;
            if layer.replace(access).is_some() {
                return Err(format!("{name} is there twice"));
            }
        }
        Ok(Self { local: local.unwrap_or(Access::NONE), remote: remote.unwrap_or(Access::NONE) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Access = Access { read: true, write: false };
    const WRITE: Access = Access { read: false, write: true };

    #[test]
    fn each_layer_is_named_with_what_may_be_done() {
        for (text, local, remote) in [
            ("local:rw,remote:rw", Access::ALL, Access::ALL),
            ("local:rw,remote:r", Access::ALL, READ),
            ("remote:w,local:r", READ, WRITE),
            ("local:wr", Access::ALL, Access::NONE),
            ("local:,remote:r", Access::NONE, READ),
            (" local:rw , remote: ", Access::ALL, Access::NONE),
        ] {
            assert_eq!(Layers::parse(text), Ok(Layers { local, remote }), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("", "no layer \"\""),
            ("cloud:r", "no layer \"cloud\""),
            ("local:x", "\"x\" says nothing"),
            ("local:rr", "\"rr\""),
            ("local:r,local:w", "local is there twice"),
            ("local:rw,", "no layer \"\""),
        ] {
            let error = Layers::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
