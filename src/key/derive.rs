//! From the components of one task to its key: the exact order of design section 5.
//!
//! Pure: no clock, no disk, no environment. `upstream` and `inputs` are sorted here; arguments and
//! environment keep the caller's order.

use std::fmt;

use super::CACHE_VERSION;
use super::framing::{Framing, Sink};
use crate::error::Coded;
use crate::file_id::FileId;
use crate::path::RelPath;

/// Why a text is no key, or a key cannot be derived.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not 32 lower-case hex digits.
    #[error("{0:?} is not a cache key; a key is 32 lower-case hex digits")]
    Malformed(String),
    /// The evaluated config cannot be canonical JSON.
    #[error("the task config is not JSON: {0}")]
    Config(#[source] serde_json::Error),
    /// A file of the workspace fingerprint cannot be read.
    #[error("cannot read {path:?}, which every cache key depends on: {source}")]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The root package.json is not JSON.
    #[error("{path:?} is not valid JSON: {source}")]
    Manifest {
        /// The file.
        path: std::path::PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// The same path twice among the inputs.
    #[error("the input {0} is given twice; a key takes each path once")]
    DuplicateInput(RelPath),
}

impl Coded for KeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "VX_KEY_MALFORMED",
            Self::Config(_) => "VX_CONFIG_NOT_JSON",
            Self::Unreadable { .. } => "VX_FINGERPRINT_UNREADABLE",
            Self::Manifest { .. } => "VX_MANIFEST_INVALID",
            Self::DuplicateInput(_) => "VX_INPUT_DUPLICATE",
        }
    }
}

/// The cache key of one task: 32 lower-case hex digits, safe in a file name and in a URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Checks a text that came from outside.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32 && text.bytes().all(hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError::Malformed(text.to_owned()))
        }
    }

    /// The hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..8]
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A declared environment variable and what it holds; unset is not empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnvValue {
    /// The name.
    pub name: String,
    /// The value; `None` when the variable is unset.
    pub value: Option<String>,
}

/// All that one key is made of.
#[derive(Clone, Debug, Default)]
pub struct KeyInput {
    /// `project#task`.
    pub task_id: String,
    /// See [`super::workspace_fingerprint`].
    pub workspace_fingerprint: String,
    /// The file id of the project's package.json; empty when it has none.
    pub package_json_hash: String,
    /// See [`super::task_config_hash`].
    pub task_config_hash: String,
    /// The arguments after `--`, in the caller's order.
    pub forward_args: Vec<String>,
    /// Declared variables, in the caller's order.
    pub env_values: Vec<EnvValue>,
    /// The keys of the upstream tasks, in any order.
    pub upstream: Vec<Key>,
    /// The input files, in any order, each path once.
    pub inputs: Vec<(RelPath, FileId)>,
}

impl KeyInput {
    /// Derives the key.
    ///
    /// # Errors
    /// [`KeyError::DuplicateInput`].
    pub fn key(&self) -> Result<Key, KeyError> {
        let mut stream = Framing::hashing();
        self.frame(&mut stream)?;
        Ok(Key(stream.hex()))
    }

    /// Writes the exact byte stream of design section 5.
    ///
    /// # Errors
    /// [`KeyError::DuplicateInput`].
    pub fn frame<S: Sink>(&self, stream: &mut Framing<S>) -> Result<(), KeyError> {
        stream.text(CACHE_VERSION);
        stream.text("task").text(&self.task_id);
        stream.text("workspace").text(&self.workspace_fingerprint);
        stream.text("pkg").text(&self.package_json_hash);
        stream.text("config").text(&self.task_config_hash);
        stream.text("forward-args").count(self.forward_args.len());
        for arg in &self.forward_args {
            stream.text(arg);
        }
        stream.text("env-values").count(self.env_values.len());
        for EnvValue { name, value } in &self.env_values {
            stream.text(name).optional(value.as_deref());
        }
        let mut upstream: Vec<&str> = self.upstream.iter().map(Key::as_str).collect();
        upstream.sort_unstable();
        stream.text("upstream").count(upstream.len());
        for key in upstream {
            stream.text(key);
        }
        let mut inputs: Vec<(&str, &str)> =
            self.inputs.iter().map(|(path, id)| (path.as_str(), id.as_str())).collect();
        inputs.sort_unstable();
        if let Some(pair) = inputs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let path = RelPath::new(pair[0].0).unwrap_or_default();
            return Err(KeyError::DuplicateInput(path));
        }
        stream.text("inputs").count(inputs.len());
        for (path, id) in inputs {
            stream.text(path).text(id);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector_one() -> KeyInput {
        KeyInput {
            task_id: "pkg#build".into(),
            workspace_fingerprint: "0".repeat(32),
            task_config_hash: "deadbeef".repeat(4),
            env_values: vec![
                EnvValue { name: "MODE".into(), value: Some("prod".into()) },
                EnvValue { name: "UNSET".into(), value: None },
            ],
            inputs: vec![
                (RelPath::new("packages/a/src/x.js").unwrap(), FileId::from_text("a".repeat(40))),
                (
                    RelPath::new("packages/a/bin/run").unwrap(),
                    FileId::from_text(format!("100755:{}", "b".repeat(40))),
                ),
            ],
            ..KeyInput::default()
        }
    }

    #[test]
    fn the_design_s_first_vector() {
        assert_eq!(vector_one().key().unwrap().as_str(), "7f431f6319ec7a7760fd0bef2278f5bd");
    }

    #[test]
    fn the_design_s_second_vector() {
        let input = KeyInput {
            task_id: "web#test".into(),
            workspace_fingerprint: "f".repeat(32),
            package_json_hash: "c".repeat(40),
            task_config_hash: "0".repeat(32),
            forward_args: vec!["--watch".into(), "a b".into()],
            upstream: vec![
                Key::parse(&"2".repeat(32)).unwrap(),
                Key::parse(&"1".repeat(32)).unwrap(),
            ],
            ..KeyInput::default()
        };
        assert_eq!(input.key().unwrap().as_str(), "383a674d20b0415fc6d8376aae85eee2");
    }

    #[test]
    fn order_of_inputs_and_upstream_does_not_matter() {
        let mut input = vector_one();
        let key = input.key().unwrap();
        input.inputs.reverse();
        assert_eq!(input.key().unwrap(), key);
    }

    #[test]
    fn unset_is_not_empty() {
        let mut input = vector_one();
        let key = input.key().unwrap();
        input.env_values[1].value = Some(String::new());
        assert_ne!(input.key().unwrap(), key);
    }

    #[test]
    fn the_same_input_twice_is_refused() {
        let mut input = vector_one();
        input.inputs.push(input.inputs[0].clone());
        assert!(matches!(input.key(), Err(KeyError::DuplicateInput(_))));
    }

    #[test]
    fn a_key_from_outside_is_checked() {
        for bad in ["", "abc", "../../../../../../../../../../x", &"A".repeat(32), &"0".repeat(33)]
        {
            assert!(Key::parse(bad).is_err(), "{bad:?}");
        }
    }
}
