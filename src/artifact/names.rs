//! Which names an artifact may hold, alone and beside each other. Packing and unpacking go by the same rules,
//! so that nothing is stored that cannot be restored.

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_128;

use super::output::OutputPath;
use crate::path::RelPath;

/// The longest path and link text in bytes: what Linux takes.
pub(super) const MAX_PATH: usize = 4096;

/// What the outputs of one artifact may take in memory together, contents aside: 36 MiB.
const MAX_MEMORY: usize = 36 << 20;

/// What an output takes besides its name and link text.
const PER_OUTPUT: usize = 160;

/// What a directory above an output takes.
const PER_PARENT: usize = 48;

/// Whether the systems this is built for treat `A` and `a` as one name.
const FOLDS_CASE: bool = cfg!(any(windows, target_os = "macos"));

/// Checks a path below an anchor that came from outside.
pub(super) fn output_path(path: &str) -> Result<RelPath, String> {
    let bytes = path.as_bytes();
    if bytes.len() > MAX_PATH {
        return Err(format!("its path is longer than {MAX_PATH} bytes"));
    }
    if bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':') {
        return Err("its path starts with a drive letter".to_owned());
    }
    if cfg!(windows)
        && let Some(reason) = path.split('/').find_map(windows_refuses)
    {
        return Err(reason.to_owned());
    }
    let path = RelPath::new(path)
        .map_err(|_| "its path is absolute or holds `..`, `.`, `//` or NUL".to_owned())?;
    if path.is_root() { Err("its path is empty".to_owned()) } else { Ok(path) }
}

/// Why Windows would take one segment for something else than a plain name.
fn windows_refuses(segment: &str) -> Option<&'static str> {
    let stem = segment.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let stem = stem.to_ascii_uppercase();
    let numbered = ["COM", "LPT"].iter().any(|device| {
        let number = stem.strip_prefix(device);
        number.is_some_and(|n| {
            n.chars().count() == 1 && n.contains(|c: char| "0123456789¹²³".contains(c))
        })
    });
    if numbered || ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&stem.as_str()) {
        return Some("its path holds the name of a Windows device");
    }
    if segment.contains(['\\', ':', '<', '>', '"', '|', '?', '*'])
        || segment.contains(|c: char| c < ' ')
        || segment.ends_with(['.', ' '])
    {
        return Some("its path holds a name that Windows does not take");
    }
    None
}

/// What has been seen of one artifact's outputs, in their order.
#[derive(Debug)]
pub(super) struct Names {
    last: Option<OutputPath>,
    memory: usize,
    folds_case: bool,
    /// 128-bit hashes: a collision could only refuse an archive, never let one pass.
    entries: HashSet<u128>,
    parents: HashSet<u128>,
}

impl Names {
    pub(super) fn new() -> Self {
        Self {
            last: None,
            memory: 0,
            folds_case: FOLDS_CASE,
            entries: HashSet::new(),
            parents: HashSet::new(),
        }
    }

    /// Takes the next output, unless it stands out of order or in the way of another.
    pub(super) fn take(&mut self, output: &OutputPath, target: &str) -> Result<(), String> {
        self.spend(PER_OUTPUT + output.path.as_str().len() + target.len())?;
        match self.last.as_ref().map(|last| last.cmp(output)) {
            Some(std::cmp::Ordering::Equal) => return Err("its name stands twice".to_owned()),
            Some(std::cmp::Ordering::Greater) => return Err("it stands out of order".to_owned()),
            _ => {}
        }
        let name = self.folded(output.entry_name());
        let id = xxh3_128(name.as_bytes());
        if !self.entries.insert(id) {
            return Err("its name differs from another's in nothing but case".to_owned());
        }
        if self.parents.contains(&id) {
            return Err("another output lies below it".to_owned());
        }
        self.take_parents(&name, output.anchor.prefix().len())?;
        self.last = Some(output.clone());
        Ok(())
    }

    /// Refuses a name below another entry and remembers its parents. A parent that is known is good, and so
    /// are those above it.
    fn take_parents(&mut self, name: &str, prefix: usize) -> Result<(), String> {
        let mut rest = name;
        while let Some(slash) = rest.rfind('/').filter(|slash| *slash >= prefix) {
            rest = &rest[..slash];
            let id = xxh3_128(rest.as_bytes());
            if self.entries.contains(&id) {
                return Err(format!("it lies below {rest}, which is an output itself"));
            }
            if !self.parents.insert(id) {
                break;
            }
            self.spend(PER_PARENT)?;
        }
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        self.memory += bytes;
        if self.memory > MAX_MEMORY {
            return Err(format!(
                "the outputs are too many: their names alone take more than {MAX_MEMORY} bytes"
            ));
        }
        Ok(())
    }

    fn folded(&self, name: String) -> String {
        if self.folds_case { name.to_lowercase() } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Anchor;

    fn take(names: &mut Names, path: &str) -> Result<(), String> {
        let path = RelPath::new(path).unwrap();
        names.take(&OutputPath { anchor: Anchor::Project, path }, "")
    }

    fn all(folds_case: bool, paths: &[&str]) -> Result<(), String> {
        let mut names = Names { folds_case, ..Names::new() };
        paths.iter().try_for_each(|path| take(&mut names, path))
    }

    #[test]
    fn paths_that_could_mean_something_else_are_refused() {
        for bad in ["", "/a", "a//b", "a/", "./a", "a/../b", "..", "a\0b", "C:", "c:/x", "c:x"] {
            assert!(output_path(bad).is_err(), "{bad:?}");
        }
        assert!(output_path(&"x".repeat(MAX_PATH + 1)).is_err());
        for good in ["a", "a/b", "..a", "-x", "a b", "\n", "$x", "ab:c", "1:x", "é:x"] {
            assert!(output_path(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn windows_has_names_of_its_own() {
        for bad in [
            "CON", "nul", "NUL.txt", "com1", "LPT9.a.b", "COM¹", "aux ", "nul .x", "a:b", "a\\b",
            "a.", "a ", "a?", "a*b", "<", "\"", "|", "a\nb", "CONIN$",
        ] {
            assert!(windows_refuses(bad).is_some(), "{bad:?}");
        }
        for good in ["CONS", "com", "com10", "nula", "a.con", ".a", " a", "lpt", "COMX"] {
            assert!(windows_refuses(good).is_none(), "{good:?}");
        }
    }

    #[test]
    fn each_name_once_in_order_and_none_below_another() {
        assert!(all(false, &["a", "a-b", "a.c", "b/c", "b/d", "c/d/e/f", "c/d/g"]).is_ok());
        assert!(all(false, &["A", "B/x", "a", "b/x"]).is_ok());
        for bad in [
            &["a", "a"][..],
            &["b", "a"],
            &["a", "a/b"],
            &["a", "a-b", "a/b"],
            &["a", "a-b/c", "a/b/c/d"],
            &["a/b", "a/b/c"],
            &["a/b/c", "a/b"],
        ] {
            assert!(all(false, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn where_case_does_not_count_names_may_not_meet() {
        for bad in [&["A", "a"][..], &["B/x", "b"], &["B", "b/x"], &["A/x", "a/X"], &["É", "é"]] {
            assert!(all(false, bad).is_ok(), "{bad:?}");
            assert!(all(true, bad).is_err(), "{bad:?}");
        }
        assert!(all(true, &["A/x", "a/y"]).is_ok());
    }

    #[test]
    fn the_same_path_under_both_anchors_is_two_names() {
        let mut names = Names::new();
        for anchor in [Anchor::Project, Anchor::Workspace] {
            let path = RelPath::new("a").unwrap();
            names.take(&OutputPath { anchor, path }, "").unwrap();
        }
    }

    /// How many of these paths are taken before one is refused for its memory.
    fn taken(path: impl Fn(usize) -> String, target: &str) -> usize {
        let mut names = Names::new();
        let refused = (0..1_000_000).find_map(|i| {
            let path = RelPath::new(path(i)).unwrap();
            let output = OutputPath { anchor: Anchor::Project, path };
            names.take(&output, target).err().map(|reason| (i, reason))
        });
        let (taken, reason) = refused.unwrap();
        assert!(reason.contains("too many"), "{reason}");
        taken
    }

    #[test]
    fn outputs_have_a_limit() {
        assert_eq!(taken(|i| format!("{i:09}"), ""), MAX_MEMORY / (PER_OUTPUT + 9));
        let target = "x".repeat(MAX_PATH);
        assert_eq!(taken(|i| format!("{i:09}"), &target), MAX_MEMORY / (PER_OUTPUT + 9 + MAX_PATH));
        let deep = |i| format!("{i:09}{}/x", "/y".repeat(200));
        assert_eq!(taken(deep, ""), MAX_MEMORY / (PER_OUTPUT + 411 + 201 * PER_PARENT));
    }
}
