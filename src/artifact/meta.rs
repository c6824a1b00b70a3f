//! `meta.json`, the first entry: whose result this is. The key inside binds the artifact to its name.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::ArtifactError;
use crate::key::Key;

/// The version of the artifact's format.
pub(super) const VERSION: u64 = 1;

/// The most that `meta.json` may take: 1 MiB.
pub(super) const MAX_META: u64 = 1 << 20;

/// What an artifact says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The key that the outputs belong to.
    pub key: Key,
    /// `project#task`.
    pub task_id: String,
    /// The command as configured.
    pub command: String,
    /// How long the task took, in milliseconds.
    pub duration_ms: u64,
    /// When it was stored: ISO 8601, UTC.
    pub stored_at: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written<'a> {
    version: u64,
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    task_id: Cow<'a, str>,
    #[serde(borrow)]
    command: Cow<'a, str>,
    duration_ms: u64,
    #[serde(borrow)]
    stored_at: Cow<'a, str>,
}

/// What every version has had and will have.
#[derive(Deserialize)]
struct AnyVersion {
    version: u64,
}

impl Meta {
    /// The bytes of `meta.json`.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, ArtifactError> {
        let written = Written {
            version: VERSION,
            key: self.key.as_str().into(),
            task_id: self.task_id.as_str().into(),
            command: self.command.as_str().into(),
            duration_ms: self.duration_ms,
            stored_at: self.stored_at.as_str().into(),
        };
        let json = serde_json::to_vec(&written).map_err(|error| ArtifactError::Io {
            action: "write the metadata of",
            path: self.task_id.as_str().into(),
            source: error.into(),
        })?;
        if json.len() as u64 > MAX_META {
            let task_id = self.task_id.clone();
            return Err(ArtifactError::MetaTooLarge { task_id, size: json.len(), limit: MAX_META });
        }
        Ok(json)
    }

    /// Reads what [`Self::to_json`] wrote; `path` is the artifact, for errors.
    pub(super) fn from_json(path: &Path, json: &[u8]) -> Result<Self, ArtifactError> {
        let malformed = |error: &dyn std::fmt::Display| {
            ArtifactError::corrupt(path, format!("meta.json is not valid: {error}"))
        };
        let AnyVersion { version } = serde_json::from_slice(json).map_err(|e| malformed(&e))?;
        if version != VERSION {
            return Err(ArtifactError::OtherVersion { path: path.to_owned(), found: version });
        }
        let written: Written<'_> = serde_json::from_slice(json).map_err(|e| malformed(&e))?;
        Ok(Self {
            key: Key::parse(&written.key).map_err(|e| malformed(&e))?,
            task_id: written.task_id.into_owned(),
            command: written.command.into_owned(),
            duration_ms: written.duration_ms,
            stored_at: written.stored_at.into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Coded;

    fn meta() -> Meta {
        Meta {
            key: Key::parse(&"a".repeat(32)).unwrap(),
            task_id: "pkg#build".into(),
            command: "echo \"hi\"\n".into(),
            duration_ms: 12,
            stored_at: "2026-01-02T03:04:05Z".into(),
        }
    }

    #[test]
    fn the_fields_stand_as_the_format_says() {
        let json = String::from_utf8(meta().to_json().unwrap()).unwrap();
        let key = "a".repeat(32);
        assert_eq!(
            json,
            format!(
                r#"{{"version":1,"key":"{key}","taskId":"pkg#build","command":"echo \"hi\"\n","durationMs":12,"storedAt":"2026-01-02T03:04:05Z"}}"#
            )
        );
        assert_eq!(Meta::from_json(Path::new("x"), json.as_bytes()).unwrap(), meta());
    }

    #[test]
    fn another_version_is_told_from_damage() {
        let code =
            |json: &str| Meta::from_json(Path::new("x"), json.as_bytes()).unwrap_err().code();
        assert_eq!(code(r#"{"version":2,"whatever":1}"#), "VX_ARTIFACT_OTHER_VERSION");
        for damaged in
            ["", "{}", "[]", r#"{"version":1}"#, r#"{"version":"1"}"#, r#"{"version":-1}"#]
        {
            assert_eq!(code(damaged), "VX_ARTIFACT_CORRUPT", "{damaged}");
        }
        let json = String::from_utf8(meta().to_json().unwrap()).unwrap();
        for damaged in [
            json.replace("aaaa", "AAAA"),
            json.replace("\"version\"", "\"x\":1,\"version\""),
            json.replace("\"version\":1", "\"version\":1,\"version\":1"),
            format!("{json}x"),
        ] {
            assert_eq!(code(&damaged), "VX_ARTIFACT_CORRUPT", "{damaged}");
        }
    }

    #[test]
    fn a_command_that_does_not_fit_is_refused() {
        let meta = Meta { command: "x".repeat(1 << 20), ..meta() };
        assert_eq!(meta.to_json().unwrap_err().code(), "VX_ARTIFACT_META_TOO_LARGE");
    }
}
