//! Two sets of outputs, compared byte by byte. Times are not part of a result.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::artifact::{Anchors, OutputPath};
use crate::stamp::Stamp;

/// How one output differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// The output, as the artifact names it.
    pub(super) name: String,
    /// In words: `is missing`, `is new`, `differs in content`, …
    pub(super) how: &'static str,
}

/// The differences between what is stored and what was made anew, both sorted.
///
/// # Errors
/// When one of the outputs cannot be read.
pub(super) fn differences(
    stored: (&[OutputPath], &Anchors),
    anew: (&[OutputPath], &Anchors),
) -> io::Result<Vec<Difference>> {
    let difference = |output: &OutputPath, how| Difference { name: output.entry_name(), how };
    let mut found = Vec::new();
    for output in stored.0 {
        if anew.0.binary_search(output).is_err() {
            found.push(difference(output, "was not made"));
            continue;
        }
        let paths = stored.1.locate(output).zip(anew.1.locate(output));
        if let Some((stored, anew)) = paths
            && let Some(how) = compare(&stored, &anew)?
        {
            found.push(difference(output, how));
        }
    }
    let new = anew.0.iter().filter(|output| stored.0.binary_search(output).is_err());
    found.extend(new.map(|output| difference(output, "was made and is not stored")));
    Ok(found)
}

fn compare(stored: &Path, anew: &Path) -> io::Result<Option<&'static str>> {
    let stamp = |path: &Path| std::fs::symlink_metadata(path).map(|metadata| Stamp::of(&metadata));
    let (a, b) = (stamp(stored)?, stamp(anew)?);
    if a.mode & crate::stamp::kind::MASK != b.mode & crate::stamp::kind::MASK {
        return Ok(Some("is of another kind"));
    }
    if a.is_symlink() {
        let same = std::fs::read_link(stored)? == std::fs::read_link(anew)?;
        return Ok((!same).then_some("points elsewhere"));
    }
    if a.mode & 0o777 != b.mode & 0o777 {
        return Ok(Some("has another mode"));
    }
    if a.is_file() && (a.size != b.size || !same_bytes(stored, anew)?) {
        return Ok(Some("differs in content"));
    }
    Ok(None)
}

fn same_bytes(a: &Path, b: &Path) -> io::Result<bool> {
    let (mut a, mut b) = (BufReader::new(File::open(a)?), BufReader::new(File::open(b)?));
    let (mut left, mut right) = ([0; 8192], [0; 8192]);
    loop {
        let length = a.read(&mut left)?;
        if length == 0 {
            return Ok(b.read(&mut right)? == 0);
        }
        if b.read_exact(&mut right[..length]).is_err() || left[..length] != right[..length] {
            return Ok(false);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::artifact::Anchor;
    use crate::path::RelPath;

    #[test]
    fn each_kind_of_difference_is_told() {
        let (stored, anew) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for dir in [&stored, &anew] {
            for name in ["same", "bytes", "mode", "kind"] {
                std::fs::write(dir.path().join(name), "x").unwrap();
            }
        }
        std::fs::write(stored.path().join("gone"), "x").unwrap();
        std::fs::write(anew.path().join("new"), "x").unwrap();
        std::fs::write(anew.path().join("bytes"), "y").unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(anew.path().join("mode"), executable).unwrap();
        std::fs::remove_file(anew.path().join("kind")).unwrap();
        symlink("same", anew.path().join("kind")).unwrap();
        symlink("same", stored.path().join("link")).unwrap();
        symlink("bytes", anew.path().join("link")).unwrap();
        let outputs = |names: &[&str]| -> Vec<OutputPath> {
            let path = |name: &&str| RelPath::new(*name).unwrap();
            let output = |name| OutputPath { anchor: Anchor::Project, path: path(name) };
            let mut outputs: Vec<_> = names.iter().map(output).collect();
            outputs.sort();
            outputs
        };
        let anchors =
            |dir: &tempfile::TempDir| Anchors { project: dir.path().into(), workspace: None };
        let found = differences(
            (&outputs(&["same", "bytes", "mode", "kind", "gone", "link"]), &anchors(&stored)),
            (&outputs(&["same", "bytes", "mode", "kind", "new", "link"]), &anchors(&anew)),
        );
        let told: Vec<String> =
            found.unwrap().iter().map(|d| format!("{} {}", d.name, d.how)).collect();
        assert_eq!(
            told,
            [
                "outputs/bytes differs in content",
                "outputs/gone was not made",
                "outputs/kind is of another kind",
                "outputs/link points elsewhere",
                "outputs/mode has another mode",
                "outputs/new was made and is not stored",
            ]
        );
    }
}
