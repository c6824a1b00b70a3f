//! An ordered list of patterns, compiled.

use std::collections::BTreeSet;
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::Coded;
use crate::path::RelPath;

/// Why a pattern is refused. What to write instead depends on where it stands, so whoever reports it says that.
#[derive(Debug, thiserror::Error)]
pub enum GlobError {
    /// An empty pattern.
    #[error("an empty pattern matches nothing")]
    Empty,
    /// An absolute path.
    #[error("{0:?} is absolute")]
    Absolute(String),
    /// A `..` segment.
    #[error("{0:?} leaves its directory with `..`")]
    Parent(String),
    /// A `\` that escapes nothing: likely a path as Windows writes it.
    #[error("{0:?} holds a `\\` before a letter or digit, where it stands for nothing")]
    Backslash(String),
    /// NUL, which no path can hold.
    #[error("{0:?} holds NUL, which no path can")]
    Nul(String),
    /// Not a glob.
    #[error("{pattern:?} is not a valid glob: {reason}")]
    Syntax {
        /// The pattern as written.
        pattern: String,
        /// What the parser said.
        reason: String,
    },
}

impl Coded for GlobError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "VX_GLOB_EMPTY",
            Self::Absolute(_) => "VX_GLOB_ABSOLUTE",
            Self::Parent(_) => "VX_GLOB_PARENT",
            Self::Backslash(_) | Self::Nul(_) | Self::Syntax { .. } => "VX_GLOB_SYNTAX",
        }
    }
}

/// One pattern of a list, without its `!`, `./` and trailing `/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    negated: bool,
}

impl Pattern {
    /// Checks one pattern as written in a config.
    ///
    /// # Errors
    /// [`GlobError`], naming the pattern.
    pub fn parse(written: &str) -> Result<Self, GlobError> {
        let (negated, text) =
            written.strip_prefix('!').map_or((false, written), |rest| (true, rest));
        let bytes = text.as_bytes();
        let drive = bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
        if text.starts_with('/') || drive {
            return Err(GlobError::Absolute(written.to_owned()));
        }
        if text.contains('\0') {
            return Err(GlobError::Nul(written.to_owned()));
        }
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c == '\\' && chars.next().is_some_and(char::is_alphanumeric) {
                return Err(GlobError::Backslash(written.to_owned()));
            }
        }
        let mut segments: Vec<&str> =
            text.split('/').filter(|s| !s.is_empty() && *s != ".").collect();
        if segments.contains(&"..") {
            return Err(GlobError::Parent(written.to_owned()));
        }
        if segments.is_empty() {
            if !text.starts_with('.') {
                return Err(GlobError::Empty);
            }
            segments.push("**");
        }
        Ok(Self { text: segments.join("/"), negated })
    }

    /// The pattern without `!`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it takes away.
    #[must_use]
    pub const fn is_negated(&self) -> bool {
        self.negated
    }

    /// Whether it names one path and no more (and, where that is a directory, all below it).
    #[must_use]
    pub fn is_literal(&self) -> bool {
        !self.text.contains(is_meta)
    }

    /// The directory all below which the pattern matches, where it says no more than that: `dist`, `dist/**`.
    #[must_use]
    pub fn directory(&self) -> Option<&str> {
        let dir = self.text.strip_suffix("/**").unwrap_or(&self.text);
        (!dir.contains(is_meta)).then_some(dir)
    }

    /// The leading segments without any wildcard: the directory (or, for a literal, the path) that holds
    /// everything the pattern can match.
    #[must_use]
    pub fn root(&self) -> RelPath {
        let plain = self.text.split('/').take_while(|segment| !segment.contains(is_meta));
        RelPath::new(plain.collect::<Vec<_>>().join("/")).unwrap_or_default()
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.negated { "!" } else { "" }, self.text)
    }
}

pub(super) const fn is_meta(c: char) -> bool {
    matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\')
}

/// An ordered list of patterns under one anchor. Costly to compile, cheap to clone; two lists are equal
/// when their patterns are. The default list is empty.
#[derive(Clone, Debug, Default)]
pub struct Globs(Arc<Compiled>);

#[derive(Debug, Default)]
struct Compiled {
    patterns: Vec<Pattern>,
    /// Two globs a pattern: itself, and for a literal all below it.
    set: GlobSet,
    /// For each glob of `set`, the index of its pattern.
    owner: Vec<usize>,
    has_negation: bool,
    /// What each pattern matches, where none needs more than to compare text: most lists are like that, and are asked
    /// about every file of a workspace.
    plain: Option<Vec<Plain>>,
}

/// A pattern that is matched by comparing text.
#[derive(Debug)]
enum Plain {
    /// `**`.
    Everything,
    /// `dir/**`.
    Below(String),
    /// A literal: the path itself and all below it.
    From(String),
}

impl Plain {
    fn of(pattern: &Pattern) -> Option<Self> {
        if pattern.text == "**" {
            return Some(Self::Everything);
        }
        let dir = pattern.directory()?.to_owned();
        Some(if pattern.is_literal() { Self::From(dir) } else { Self::Below(dir) })
    }

    fn is_match(&self, path: &str) -> bool {
        let rest = |dir: &str| path.strip_prefix(dir).map(str::as_bytes);
        match self {
            Self::Everything => true,
            Self::Below(dir) => matches!(rest(dir), Some([b'/', _, ..])),
            Self::From(dir) => matches!(rest(dir), Some([] | [b'/', _, ..])),
        }
    }
}

impl Globs {
    /// Compiles patterns as written in a config.
    ///
    /// # Errors
    /// [`GlobError`] of the first pattern that is refused.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, GlobError> {
        Self::compile(patterns, true)
    }

    /// Compiles patterns over names, which unlike paths hold nothing below them: one without wildcards takes that very
    /// name and no other.
    ///
    /// # Errors
    /// [`GlobError`] of the first pattern that is refused.
    pub fn of_names<S: AsRef<str>>(patterns: &[S]) -> Result<Self, GlobError> {
        Self::compile(patterns, false)
    }

    fn compile<S: AsRef<str>>(patterns: &[S], of_paths: bool) -> Result<Self, GlobError> {
        let mut set = GlobSetBuilder::new();
        let mut owner = Vec::new();
        let mut parsed = Vec::with_capacity(patterns.len());
        for (index, written) in patterns.iter().map(AsRef::as_ref).enumerate() {
            let pattern = Pattern::parse(written)?;
            let holds_more = of_paths && pattern.is_literal();
            let below = holds_more.then(|| format!("{}/**", pattern.text));
            for text in std::iter::once(pattern.text.clone()).chain(below) {
                let glob = GlobBuilder::new(&text)
                    .literal_separator(true)
                    .backslash_escape(true)
                    .empty_alternates(true)
                    .build()
                    .map_err(|error| GlobError::Syntax {
                        pattern: written.to_owned(),
                        reason: error.kind().to_string(),
                    })?;
                set.add(glob);
                owner.push(index);
            }
            parsed.push(pattern);
        }
        let set = set.build().map_err(|error| GlobError::Syntax {
            pattern: error.glob().unwrap_or_default().to_owned(),
            reason: error.kind().to_string(),
        })?;
        let has_negation = parsed.iter().any(Pattern::is_negated);
        let plain = if of_paths { parsed.iter().map(Plain::of).collect() } else { None };
        Ok(Self(Arc::new(Compiled { patterns: parsed, set, owner, has_negation, plain })))
    }

    /// Whether the list takes `path` (relative to the list's anchor, POSIX-style).
    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        let Compiled { patterns, set, owner, has_negation, plain } = &*self.0;
        if let Some(plain) = plain {
            let last = plain.iter().rposition(|plain| plain.is_match(path));
            return last.is_some_and(|index| !patterns[index].negated);
        }
        if !has_negation {
            return set.is_match(path);
        }
        let last = set.matches(path).into_iter().map(|glob| owner[glob]).max();
        last.is_some_and(|index| !patterns[index].negated)
    }

    /// The patterns, in order.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.0.patterns
    }

    /// The patterns that add files.
    pub fn positive(&self) -> impl Iterator<Item = &Pattern> {
        self.0.patterns.iter().filter(|pattern| !pattern.negated)
    }

    /// Whether nothing can match.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positive().next().is_none()
    }

    /// The paths below which everything that can match lies, none within another, in order.
    #[must_use]
    pub fn roots(&self) -> Vec<RelPath> {
        let all: BTreeSet<RelPath> = self.positive().map(Pattern::root).collect();
        let mut roots: Vec<RelPath> = Vec::new();
        for root in all {
            if !roots.iter().any(|kept| root.is_within(kept)) {
                roots.push(root);
            }
        }
        roots
    }
}

impl PartialEq for Globs {
    fn eq(&self, other: &Self) -> bool {
        // `owner` tells patterns over names from those over paths.
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.patterns == other.0.patterns && self.0.owner == other.0.owner)
    }
}

impl Eq for Globs {}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(patterns: &[&str]) -> Globs {
        Globs::new(patterns).unwrap()
    }

    #[test]
    fn star_stops_at_a_slash_and_two_do_not() {
        let one = globs(&["src/*.ts"]);
        assert!(one.is_match("src/a.ts") && !one.is_match("src/b/a.ts"));
        let two = globs(&["src/**/*.ts"]);
        assert!(
            two.is_match("src/a.ts") && two.is_match("src/b/c/a.ts") && !two.is_match("lib/a.ts")
        );
        assert!(globs(&["**"]).is_match("a/b"));
    }

    #[test]
    fn dot_files_braces_and_classes_match() {
        assert!(globs(&["*"]).is_match(".env"));
        assert!(globs(&["src/**"]).is_match("src/.cache/x"));
        let braces = globs(&["{src,lib}/*.{ts,js}"]);
        assert!(braces.is_match("lib/a.js") && !braces.is_match("bin/a.js"));
        assert!(globs(&["[ab].ts"]).is_match("a.ts"));
    }

    #[test]
    fn the_last_match_decides() {
        let list = globs(&["src/**", "!src/gen/**", "src/gen/keep.ts"]);
        assert!(list.is_match("src/a.ts"));
        assert!(!list.is_match("src/gen/a.ts"));
        assert!(list.is_match("src/gen/keep.ts"));
    }

    #[test]
    fn a_literal_stands_for_all_below_it() {
        let list = globs(&["./dist/", "!dist/tmp"]);
        assert!(
            list.is_match("dist/a") && !list.is_match("dist/tmp/a") && !list.is_match("distant")
        );
    }

    #[test]
    fn a_name_holds_nothing_below_it() {
        let list = Globs::of_names(&["main", "v*", "!vx", "a/**"]).unwrap();
        for name in ["main", "v1", "a/b/c"] {
            assert!(list.is_match(name), "{name}");
        }
        for name in ["main/x", "mainline", "v1/x", "vx", "a"] {
            assert!(!list.is_match(name), "{name}");
        }
    }

    #[test]
    fn a_directory_and_all_below_it() {
        let directory = |text| Pattern::parse(text).unwrap().directory().map(str::to_owned);
        assert_eq!(directory("dist").as_deref(), Some("dist"));
        assert_eq!(directory("./a/b/**").as_deref(), Some("a/b"));
        for more in ["**", "a/*", "a/*/**", "a/**/b", "{a,b}/**"] {
            assert_eq!(directory(more), None, "{more}");
        }
    }

    proptest::proptest! {
        #[test]
        fn comparing_text_is_matching(
            patterns in proptest::collection::vec("!?(\\*\\*|[ab.]{1,2}(/[ab]{1,2}){0,2}(/\\*\\*)?)", 1..4),
            path in "[ab.]{1,2}(/[ab.]{1,2}){0,3}",
        ) {
            let patterns: Vec<String> = patterns.into_iter().filter(|p| Pattern::parse(p).is_ok()).collect();
            let list = Globs::new(&patterns).unwrap();
            proptest::prop_assert!(list.0.plain.is_some());
            let owner = &list.0.owner;
            let last = list.0.set.matches(&path).into_iter().map(|glob| owner[glob]).max();
            let expected = last.is_some_and(|index| !list.0.patterns[index].negated);
            proptest::prop_assert_eq!(list.is_match(&path), expected, "{:?} {}", patterns, path);
        }
    }

    #[test]
    fn roots_hold_all_that_can_match() {
        let list = globs(&["dist/**", "dist/types/*.d.ts", "lib/{a,b}/*.js", "x.txt", "!y/**"]);
        let roots: Vec<String> = list.roots().iter().map(ToString::to_string).collect();
        assert_eq!(roots, ["dist", "lib", "x.txt"]);
        assert_eq!(globs(&["*.js", "a/b"]).roots(), [RelPath::root()]);
    }

    #[test]
    fn mistakes_are_told_apart() {
        for (bad, code) in [
            ("", "VX_GLOB_EMPTY"),
            ("/abs", "VX_GLOB_ABSOLUTE"),
            ("C:/x", "VX_GLOB_ABSOLUTE"),
            ("../x", "VX_GLOB_PARENT"),
            ("!a/../b", "VX_GLOB_PARENT"),
            ("a{b", "VX_GLOB_SYNTAX"),
            ("a[b", "VX_GLOB_SYNTAX"),
            ("src\\a.ts", "VX_GLOB_SYNTAX"),
            ("a\0b", "VX_GLOB_SYNTAX"),
        ] {
            assert_eq!(Globs::new(&[bad]).unwrap_err().code(), code, "{bad:?}");
        }
        assert!(globs(&["a\\\\b", "\\[x]"]).is_match("a\\b"));
    }
}
