//! What a package.json says that a workspace needs: its name, its member patterns, its dependencies.
//!
//! Lenient where package managers are: unknown members, a byte order mark, members given twice (the last
//! counts) and dependencies that are no text are let pass. Everything is borrowed from the bytes.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::WorkspaceError;

/// The members of a package.json that count here.
#[derive(Debug, Default)]
pub(super) struct Manifest<'a> {
    /// `name`, unless it is absent or empty.
    pub(super) name: Option<Cow<'a, str>>,
    /// `workspaces`, or its `packages`.
    pub(super) workspaces: Option<Vec<String>>,
    /// Name and version specifier of dependencies of all kinds.
    pub(super) dependencies: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Manifest<'a> {
    /// Reads the bytes of the package.json at `path`.
    pub(super) fn parse(path: &Path, bytes: &'a [u8]) -> Result<Self, WorkspaceError> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if text.trim_ascii().is_empty() {
            return Err(WorkspaceError::Manifest {
                path: path.to_owned(),
                line: 1,
                column: 1,
                reason: "it is empty; write {} at least".to_owned(),
            });
        }
        serde_json::from_slice(text).map_err(|error| {
            let position = format!(" at line {} column {}", error.line(), error.column());
            let reason = error.to_string().replace(&position, "");
            WorkspaceError::Manifest {
                path: path.to_owned(),
                line: error.line(),
                column: error.column(),
                reason,
            }
        })
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Member {
    Name,
    Workspaces,
    Dependencies,
    DevDependencies,
    OptionalDependencies,
    PeerDependencies,
    #[serde(other)]
    Other,
}

/// A text that is borrowed unless it holds escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Manifest<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Manifest<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut manifest = Manifest::default();
                while let Some(member) = map.next_key::<Member>()? {
                    match member {
                        Member::Name => {
                            let name = map.next_value::<Option<Text<'_>>>()?.map(|text| text.0);
                            manifest.name = name.filter(|name| !name.is_empty());
                        }
                        Member::Workspaces => {
                            manifest.workspaces = map.next_value::<Patterns>()?.0;
                        }
                        Member::Dependencies
                        | Member::DevDependencies
                        | Member::OptionalDependencies
                        | Member::PeerDependencies => {
                            manifest.dependencies.extend(map.next_value::<Specs<'_>>()?.0);
                        }
                        Member::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(manifest)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// `workspaces`: an array of patterns, or an object whose `packages` is one.
struct Patterns(Option<Vec<String>>);

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Patterns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`workspaces` to be an array of patterns, or an object with `packages`")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Patterns(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut patterns = Vec::new();
                while let Some(pattern) = seq.next_element()? {
                    patterns.push(pattern);
                }
                Ok(Patterns(Some(patterns)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut patterns = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "packages" {
                        patterns = map.next_value::<Option<Vec<String>>>()?.unwrap_or_default();
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Patterns(Some(patterns)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// One of the dependency objects.
struct Specs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Specs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Specs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("dependencies to be an object of names and versions")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Specs(Vec::new()))
            }

            // Some tools write an empty array for no dependencies.
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Specs(Vec::new()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((name, spec)) = map.next_entry::<Text<'_>, Text<'_>>()? {
                    entries.push((name.0, spec.0));
                }
                Ok(Specs(entries))
            }
        }
        deserializer.deserialize_any(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Manifest<'_>, WorkspaceError> {
        Manifest::parse(Path::new("p/package.json"), text.as_bytes())
    }

    #[test]
    fn takes_what_counts_and_passes_over_the_rest() {
        let manifest = parse(
            "\u{feff}{\"name\":\"a\\u0062\",\"private\":true,\"scripts\":{\"x\":[1,{}]},\"dependencies\":{\"x\":\"1\"},\
             \"devDependencies\":{\"y\":\"workspace:*\"},\"peerDependencies\":null,\"optionalDependencies\":[],\
             \"name\":\"last\"}",
        )
        .unwrap();
        assert_eq!(manifest.name.as_deref(), Some("last"));
        assert_eq!(manifest.dependencies.len(), 2);
        assert_eq!(manifest.workspaces, None);
    }

    #[test]
    fn both_forms_of_workspaces() {
        assert_eq!(parse(r#"{"workspaces":["a/*"]}"#).unwrap().workspaces.unwrap(), ["a/*"]);
        let object = parse(r#"{"workspaces":{"nohoist":["x"],"packages":["a/*","!b"]}}"#).unwrap();
        assert_eq!(object.workspaces.unwrap(), ["a/*", "!b"]);
        assert_eq!(parse(r#"{"workspaces":{}}"#).unwrap().workspaces.unwrap(), [""; 0]);
    }

    #[test]
    fn an_error_names_the_place_once() {
        for (text, place, what) in [
            ("{\n  \"name\": 5\n}", "p/package.json:2:11", "expected a string"),
            ("{\n  \"name\": \"a\",\n}", "p/package.json:3:1", "trailing comma"),
            ("{\"workspaces\": 5}", "p/package.json:1:16", "`workspaces` to be an array"),
            ("[]", "p/package.json:1:0", "an object"),
            (" \n", "p/package.json:1:1", "it is empty"),
            ("{", "p/package.json:1:1", "EOF"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.starts_with(place) && message.contains(what), "{message}");
            assert!(!message.contains(" line "), "{message}");
        }
    }
}
