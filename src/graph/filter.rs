//! The grammar of `--filter`, which is pnpm's without git ranges, and the projects a filter means.
//!
//! `name`, `@scope/*` (only `*` is special, and matches `/` too; a name without its scope will do where
//! just one project has it), `./dir` and `{dir}` (globs, from the current directory), `name{dir}`; with
//! `p...` the dependencies of `p` too, with `...p` its dependents, with `^` between them `p` itself not;
//! `!` in front takes away.

use std::collections::BTreeSet;

use super::hint;
use crate::error::Coded;
use crate::glob::Globs;
use crate::path::RelPath;
use crate::workspace::{ProjectIx, Workspace};

/// Why a filter is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// `[ref]`.
    #[error(
        "the filter {0:?} selects by git range, which is not supported yet; name projects or directories instead"
    )]
    Unsupported(String),
    /// Not a filter.
    #[error(
        "{written:?} is not a filter: {reason}; write a name such as \"@scope/*\", a directory such as \"./packages/a\" or \"{{packages/**}}\", with `...` before it for dependents and after it for dependencies"
    )]
    Syntax {
        /// The filter as written.
        written: String,
        /// What is wrong.
        reason: String,
    },
    /// No project matches.
    #[error("the filter {written:?} matches no project{hint}")]
    NoMatch {
        /// The filter as written.
        written: String,
        /// What was probably meant; may be empty.
        hint: String,
    },
}

impl Coded for FilterError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unsupported(_) => "VX_FILTER_UNSUPPORTED",
            Self::Syntax { .. } => "VX_FILTER_SYNTAX",
            Self::NoMatch { .. } => "VX_FILTER_NO_MATCH",
        }
    }
}

/// One parsed `--filter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    written: String,
    /// Takes away instead of adding.
    exclude: bool,
    walk: Walk,
    name: Option<String>,
    dir: Option<String>,
}

/// What else a filter means beside the projects that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Walk {
    dependents: bool,
    dependencies: bool,
    /// Not the named projects, unless another one of them leads to them.
    without_self: bool,
}

impl Filter {
    /// Parses one filter as written.
    ///
    /// # Errors
    /// [`FilterError::Syntax`], [`FilterError::Unsupported`].
    pub fn parse(written: &str) -> Result<Self, FilterError> {
        let syntax = |reason: &str| FilterError::Syntax {
            written: written.to_owned(),
            reason: reason.to_owned(),
        };
        let (exclude, rest) = strip(written, |text| text.strip_prefix('!'));
        let (dependencies, rest) = strip(rest, |text| text.strip_suffix("..."));
        let (dependents, rest) = strip(rest, |text| text.strip_prefix("..."));
        let (after, rest) = strip(rest, |text| text.strip_suffix('^').filter(|_| dependencies));
        let (before, rest) = strip(rest, |text| text.strip_prefix('^').filter(|_| dependents));
        let filter = |name: &str, dir: Option<&str>| Self {
            written: written.to_owned(),
            exclude,
            walk: Walk { dependents, dependencies, without_self: before || after },
            name: (!name.is_empty()).then(|| name.to_owned()),
            dir: dir.map(str::to_owned),
        };
        if rest.is_empty() {
            return Err(syntax("it names no project"));
        }
        if matches!(rest, "." | "..") || rest.starts_with("./") || rest.starts_with("../") {
            return Ok(filter("", Some(rest)));
        }
        if rest.ends_with(']') {
            return Err(FilterError::Unsupported(written.to_owned()));
        }
        let (name, dir) = match rest.split_once('{') {
            None => (rest, None),
            Some((name, dir)) => {
                let dir = dir.strip_suffix('}').ok_or_else(|| syntax("a `{` is not closed"))?;
                (name, Some(dir))
            }
        };
        if dir.is_some_and(str::is_empty) {
            return Err(syntax("`{}` holds no directory"));
        }
        if name.contains(['[', ']', '}', '^', '!', '#']) || name.chars().any(char::is_whitespace) {
            return Err(syntax("a name of a project cannot look like this"));
        }
        Ok(filter(name, dir))
    }
}

fn strip<'a>(text: &'a str, with: impl Fn(&'a str) -> Option<&'a str>) -> (bool, &'a str) {
    with(text).map_or((false, text), |rest| (true, rest))
}

/// The projects that `filters` mean together, typed in `cwd` (relative to the workspace root): the union
/// of those that add, or all projects when none does, without those that another one takes away.
pub(super) fn selected(
    workspace: &Workspace,
    cwd: &RelPath,
    filters: &[Filter],
) -> Result<BTreeSet<ProjectIx>, FilterError> {
    let dependents = dependents(workspace);
    let mut added = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for filter in filters {
        let target = if filter.exclude { &mut taken } else { &mut added };
        target.extend(meant(workspace, &dependents, cwd, filter)?);
    }
    if filters.iter().all(|filter| filter.exclude) {
        added.extend(workspace.iter().map(|(project, _)| project));
    }
    Ok(&added - &taken)
}

fn meant(
    workspace: &Workspace,
    dependents: &[Vec<ProjectIx>],
    cwd: &RelPath,
    filter: &Filter,
) -> Result<BTreeSet<ProjectIx>, FilterError> {
    let entries = entries(workspace, cwd, filter)?;
    let walk = filter.walk;
    let below = |project: ProjectIx| workspace[project].dependencies.as_slice();
    let above = |project: ProjectIx| dependents[project.index()].as_slice();
    let mut found = BTreeSet::new();
    if !walk.without_self {
        found.extend(entries.iter().copied());
    }
    if walk.dependencies {
        found.extend(beyond(&entries, below));
    }
    if walk.dependents {
        let up = beyond(&entries, above);
        // `...p...`: the dependents need their own dependencies too.
        if walk.dependencies {
            found.extend(beyond(&up, below));
        }
        found.extend(up);
    }
    Ok(found)
}

/// All that is reached from `starts` in one step or more.
fn beyond<'a>(
    starts: &BTreeSet<ProjectIx>,
    next: impl Fn(ProjectIx) -> &'a [ProjectIx],
) -> BTreeSet<ProjectIx> {
    let mut found = BTreeSet::new();
    let mut open: Vec<ProjectIx> = starts.iter().copied().collect();
    while let Some(project) = open.pop() {
        open.extend(next(project).iter().filter(|reached| found.insert(**reached)));
    }
    found
}

fn dependents(workspace: &Workspace) -> Vec<Vec<ProjectIx>> {
    let mut dependents = vec![Vec::new(); workspace.projects().len()];
    for (project, of) in workspace.iter() {
        of.dependencies.iter().for_each(|dependency| dependents[dependency.index()].push(project));
    }
    dependents
}

/// The projects that the filter names itself; never none.
fn entries(
    workspace: &Workspace,
    cwd: &RelPath,
    filter: &Filter,
) -> Result<BTreeSet<ProjectIx>, FilterError> {
    let no_match = |hint: String| FilterError::NoMatch { written: filter.written.clone(), hint };
    let mut found: BTreeSet<ProjectIx> = match &filter.dir {
        Some(dir) => in_directory(workspace, cwd, dir, &filter.written)?,
        None => workspace.iter().map(|(project, _)| project).collect(),
    };
    if let Some(name) = &filter.name {
        found = named(workspace, &found, name).map_err(no_match)?;
    }
    if found.is_empty() {
        let dirs: Vec<String> = workspace.projects().iter().map(|p| p.dir.to_string()).collect();
        let dirs: Vec<&str> = dirs.iter().map(String::as_str).collect();
        return Err(no_match(format!("; projects lie in {}", hint::listed(&dirs))));
    }
    Ok(found)
}

/// Those of `among` whose name matches; the error is a hint.
fn named(
    workspace: &Workspace,
    among: &BTreeSet<ProjectIx>,
    pattern: &str,
) -> Result<BTreeSet<ProjectIx>, String> {
    let matching = |pattern: &str| -> BTreeSet<ProjectIx> {
        let matches = |project: &&ProjectIx| star_match(pattern, &workspace[**project].name);
        among.iter().filter(matches).copied().collect()
    };
    let found = matching(pattern);
    if !found.is_empty() {
        return Ok(found);
    }
    if !pattern.starts_with('@') && !pattern.contains('/') {
        let scoped = matching(&format!("@*/{pattern}"));
        match scoped.len() {
            0 => {}
            1 => return Ok(scoped),
            _ => {
                let names: Vec<&str> =
                    scoped.iter().map(|project| workspace[*project].name.as_str()).collect();
                return Err(format!("; add the scope, since it could be {}", names.join(" or ")));
            }
        }
    }
    if workspace.by_dir(pattern.trim_end_matches('/')).is_some() {
        return Err(format!("; for a directory write \"./{pattern}\""));
    }
    Err(hint::for_project(workspace, pattern))
}

/// `*` stands for any text, all else for itself.
fn star_match(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// The projects whose directory matches a glob that was typed in `cwd`. A plain directory that is no
/// project itself stands for all projects below it.
fn in_directory(
    workspace: &Workspace,
    cwd: &RelPath,
    written: &str,
    filter: &str,
) -> Result<BTreeSet<ProjectIx>, FilterError> {
    let refuse = |reason: &str| FilterError::Syntax {
        written: filter.to_owned(),
        reason: reason.to_owned(),
    };
    let mut segments: Vec<String> = cwd.segments().map(escaped).collect();
    for segment in written.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop().ok_or_else(|| refuse("it leaves the workspace"))?;
            }
            _ => segments.push(segment.to_owned()),
        }
    }
    let glob = segments.join("/");
    let select = |manifests: &str| -> Result<BTreeSet<ProjectIx>, FilterError> {
        let globs = Globs::new(&[manifests]).map_err(|error| refuse(&error.to_string()))?;
        let all = workspace.iter().filter(|(_, p)| globs.is_match(p.manifest.as_str()));
        Ok(all.map(|(project, _)| project).collect())
    };
    let manifest =
        if glob.is_empty() { "package.json".to_owned() } else { format!("{glob}/package.json") };
    let exact = select(&manifest)?;
    let plain = !written.contains(['*', '?', '[', '{', '\\']);
    if exact.is_empty() && plain && !glob.is_empty() {
        return select(&format!("{glob}/**/package.json"));
    }
    Ok(exact)
}

/// A directory is a name and no pattern.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, name, matches) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("@s/*", "@s/a", true),
            ("@s/*", "@t/a", false),
            ("*core", "@babel/core", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("a**", "a", true),
        ] {
            assert_eq!(star_match(pattern, name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn the_grammar() {
        let parsed = Filter::parse("!...^@s/*{packages/**}^...").unwrap();
        assert!(
            parsed.exclude
                && parsed.walk.dependents
                && parsed.walk.dependencies
                && parsed.walk.without_self
        );
        assert_eq!(parsed.name.as_deref(), Some("@s/*"));
        assert_eq!(parsed.dir.as_deref(), Some("packages/**"));
        let dir = Filter::parse("...{a/{b,c}}").unwrap();
        assert!(
            dir.walk.dependents
                && !dir.walk.dependencies
                && !dir.walk.without_self
                && dir.name.is_none()
        );
        assert_eq!(dir.dir.as_deref(), Some("a/{b,c}"));
        assert_eq!(Filter::parse("./p[ab]").unwrap().dir.as_deref(), Some("./p[ab]"));
        assert_eq!(Filter::parse(".").unwrap().dir.as_deref(), Some("."));
        for written in ["", "!", "...", "^...", "a{", "a{b", "{}", "a b", "a^", "^a", "a#b"] {
            assert_eq!(Filter::parse(written).unwrap_err().code(), "VX_FILTER_SYNTAX", "{written}");
        }
        for written in ["[main]", "...[main]", "a[main]", "{packages}[main]...", "!...[HEAD~1]"] {
            let error = Filter::parse(written).unwrap_err();
            assert_eq!(error.code(), "VX_FILTER_UNSUPPORTED", "{written}");
        }
    }
}
