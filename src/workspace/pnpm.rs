//! `pnpm-workspace.yaml`: its member patterns. The only place that knows YAML.

use std::path::Path;

use saphyr::{LoadableYamlNode, MarkedYaml, Marker};

use super::error::WorkspaceError;

/// The `packages` of the pnpm-workspace.yaml at `path`; `None` when it has none and only holds settings.
pub(super) fn packages(path: &Path, bytes: &[u8]) -> Result<Option<Vec<String>>, WorkspaceError> {
    let refuse = |at: &Marker, reason: &str| WorkspaceError::PnpmWorkspace {
        path: path.to_owned(),
        line: at.line(),
        column: at.col() + 1,
        reason: reason.to_owned(),
    };
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
        .map_err(|_| refuse(&Marker::new(0, 1, 0), "it is not UTF-8"))?;
    let documents =
        MarkedYaml::load_from_str(text).map_err(|error| refuse(error.marker(), error.info()))?;
    let Some(document) = documents.first().filter(|document| !document.data.is_null()) else {
        return Ok(None);
    };
    if !document.data.is_mapping() {
        return Err(refuse(&document.span.start, "it must be a mapping such as `packages: [...]`"));
    }
    let Some(packages) = document.data.as_mapping_get("packages").filter(|p| !p.data.is_null())
    else {
        return Ok(None);
    };
    let Some(list) = packages.data.as_sequence() else {
        return Err(refuse(&packages.span.start, "`packages` must be a list of patterns"));
    };
    let mut patterns = Vec::with_capacity(list.len());
    for item in list {
        let Some(pattern) = item.data.as_str() else {
            return Err(refuse(
                &item.span.start,
                "each pattern of `packages` must be a text; a pattern with `!` or `*` in front needs quotes",
            ));
        };
        patterns.push(pattern.to_owned());
    }
    Ok(Some(patterns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Vec<String>>, WorkspaceError> {
        packages(Path::new("pnpm-workspace.yaml"), text.as_bytes())
    }

    #[test]
    fn reads_the_list_however_it_is_written() {
        let block = "# members\npackages:\n  - 'packages/*' # all\n  - \"!**/test/**\"\n  - apps/**\ncatalog:\n  react: ^19\n";
        assert_eq!(read(block).unwrap().unwrap(), ["packages/*", "!**/test/**", "apps/**"]);
        assert_eq!(read("packages: [a, 'b/*']").unwrap().unwrap(), ["a", "b/*"]);
    }

    #[test]
    fn settings_alone_declare_no_members() {
        for text in ["", "# nothing\n", "catalog:\n  a: 1\n", "packages:\n", "packages: ~\n"] {
            assert_eq!(read(text).unwrap(), None, "{text:?}");
        }
    }

    #[test]
    fn mistakes_have_a_place() {
        for (text, place) in [
            ("packages:\n  - 'a\n", "pnpm-workspace.yaml:"),
            ("packages: 'a/*'\n", "pnpm-workspace.yaml:1:11"),
            ("packages:\n  - a\n  - 5\n", "pnpm-workspace.yaml:3:5"),
            ("- a\n", "pnpm-workspace.yaml:1:1"),
            ("packages:\n  - !packages/x\n", "pnpm-workspace.yaml:2:"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.starts_with(place), "{text:?}: {message}");
        }
    }
}
