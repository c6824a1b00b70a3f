//! What one task reads: its declared globs against the view, and what they reach beyond it.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::content::{self, Identity};
use super::disk::{Walk, leads_to_directory};
use super::error::InputError;
use super::spec::InputSpec;
use super::view::{View, Visible, is_excluded};
use super::warning::InputWarning;
use crate::error::Result;
use crate::file_id::{FileId, Oid};
use crate::glob::{Globs, Pattern};
use crate::memo::Memo;
use crate::parallel;
use crate::path::RelPath;
use crate::stamp::Stamp;

/// One file that a task reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Relative to the workspace root.
    pub path: RelPath,
    /// What it is and holds.
    pub id: FileId,
    /// Its `lstat` when that was found.
    pub stamp: Stamp,
    /// For a link to a file, the `lstat` of that file.
    pub target_stamp: Option<Stamp>,
}

/// What one task reads, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Harvest {
    /// Sorted by path, each once.
    pub files: Vec<InputFile>,
    /// Declarations that look like mistakes.
    pub warnings: Vec<InputWarning>,
}

/// Finds what a task reads and names its content. The view must cover the task's [`InputSpec::roots`].
///
/// # Errors
/// [`InputError`]: an input that cannot be read, that never stands still, or whose name is not UTF-8.
pub fn harvest(view: &View, spec: &InputSpec, memo: &Memo) -> Result<Harvest> {
    let mut nested: Vec<&RelPath> = spec.nested.iter().filter(|dir| !dir.is_root()).collect();
    nested.sort_unstable_by(|a, b| as_directories(a.as_str(), b.as_str()));
    let mut gather = Gather { view, spec, nested, found: Vec::new(), warnings: BTreeSet::new() };
    gather.visible(&List::files(spec))?;
    gather.ignored(&List::ignored(spec))?;
    gather.visible(&List::workspace_files(spec))?;
    let Gather { mut found, warnings, .. } = gather;
    // Of a file found twice, the one that the view vouches for comes first.
    found.sort_by(|a, b| a.path().cmp(b.path()).then(a.rank().cmp(&b.rank())));
    found.dedup_by(|later, first| later.path() == first.path());
    let files = identify(view, memo, found)?;
    Ok(Harvest { files, warnings: warnings.into_iter().collect() })
}

/// One file by its path, such as a project's `package.json`, visible or not. `None` when it is not there.
///
/// # Errors
/// [`InputError`], when it cannot be read or never stands still.
pub fn input_file(view: &View, path: &RelPath, memo: &Memo) -> Result<Option<InputFile>> {
    let found = view.get(path).map_or_else(|| Found::OnDisk(path.clone()), Found::Visible);
    // What a look at a part left out is known already, as far as it is worth knowing.
    let nothing = Memo::default();
    let memo = if view.is_whole() { memo } else { &nothing };
    Ok(identify(view, memo, vec![found])?.pop())
}

/// One list of the config.
struct List<'s> {
    name: &'static str,
    globs: &'s Globs,
    anchor: &'s RelPath,
    /// Whether nested projects are out of its reach.
    has_boundary: bool,
}

static ROOT: RelPath = RelPath::root();

impl<'s> List<'s> {
    fn files(spec: &'s InputSpec) -> Self {
        let name = "cache.inputs.files";
        Self { name, globs: &spec.files, anchor: &spec.project, has_boundary: true }
    }

    fn ignored(spec: &'s InputSpec) -> Self {
        let name = "cache.inputs.ignored";
        Self { name, globs: &spec.ignored, anchor: &spec.project, has_boundary: true }
    }

    fn workspace_files(spec: &'s InputSpec) -> Self {
        let name = "cache.inputs.workspaceFiles";
        Self { name, globs: &spec.workspace_files, anchor: &ROOT, has_boundary: false }
    }

    fn root_of(&self, pattern: &Pattern) -> RelPath {
        self.anchor.join(&pattern.root())
    }
}

/// A file that is an input.
enum Found<'v> {
    Visible(&'v Visible),
    OnDisk(RelPath),
}

impl Found<'_> {
    fn path(&self) -> &RelPath {
        match self {
            Self::Visible(file) => &file.path,
            Self::OnDisk(path) => path,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Visible(_) => 0,
            Self::OnDisk(_) => 1,
        }
    }
}

struct Gather<'v> {
    view: &'v View,
    spec: &'v InputSpec,
    /// Sorted as the files below them are.
    nested: Vec<&'v RelPath>,
    found: Vec<Found<'v>>,
    warnings: BTreeSet<InputWarning>,
}

impl<'v> Gather<'v> {
    /// A list that is matched against the view.
    fn visible(&mut self, list: &List<'v>) -> Result<(), InputError> {
        let before = self.found.len();
        if list.has_boundary {
            for root in list.globs.roots() {
                let root = list.anchor.join(&root);
                let exact = self.view.get(&root).filter(|_| !self.is_beyond(list, root.as_str()));
                let slices = self.own_slices(&root);
                for file in exact.into_iter().chain(slices.into_iter().flatten()) {
                    self.consider(list, file)?;
                }
            }
        } else {
            let view = self.view;
            for file in view.matching(list.globs) {
                self.consider(list, file)?;
            }
        }
        for pattern in list.globs.positive() {
            self.beyond_the_view(list, pattern)?;
        }
        self.refuse_not_utf8(list)?;
        self.warn_of_nothing(list, before);
        Ok(())
    }

    /// The visible files below `root`, without those below nested projects: one slice between each two of them.
    fn own_slices(&self, root: &RelPath) -> Vec<&'v [Visible]> {
        let mut rest = self.view.below(root);
        let mut slices = Vec::new();
        for dir in self.nested.iter().filter(|dir| dir.is_within(root)) {
            let inner = self.view.below(dir);
            let Some((first, last)) = inner.first().zip(inner.last()) else { continue };
            let (own, from) = rest.split_at(rest.partition_point(|file| file.path < first.path));
            slices.push(own);
            rest = &from[from.partition_point(|file| file.path <= last.path)..];
        }
        slices.push(rest);
        slices
    }

    /// One visible file below one of the list's roots.
    fn consider(&mut self, list: &List<'v>, file: &'v Visible) -> Result<(), InputError> {
        if self.takes(list, file.path.as_str()) {
            self.found.push(Found::Visible(file));
        }
        if file.stamp.is_symlink() && leads_to_directory(&file.path.on(self.view.workspace_root()))?
        {
            self.walk(list, &file.path, false)?;
        }
        Ok(())
    }

    /// What a pattern reaches that the view does not show.
    fn beyond_the_view(&mut self, list: &List<'v>, pattern: &Pattern) -> Result<(), InputError> {
        let root = list.root_of(pattern);
        if self.warn_of_out_of_reach(list, pattern, &root) {
            return Ok(());
        }
        let shows_file = self.view.get(&root).is_some();
        let shows_below = !self.view.below(&root).is_empty();
        if shows_file || shows_below && !(pattern.is_literal() && self.view.ignores(&root)) {
            return Ok(());
        }
        let through_link = self.view.link_on_the_way(&root).is_some();
        if !is_excluded(root.as_str()) && (pattern.is_literal() || through_link) {
            self.warn_of_missing(list, pattern, &root);
            return self.walk(list, &root, false);
        }
        let on_disk = root.on(self.view.workspace_root());
        let holds_something =
            || on_disk.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if !root.is_root() && (pattern.is_literal() && on_disk.exists() || holds_something()) {
            let pattern = pattern.text().to_owned();
            self.warnings.insert(InputWarning::SeesNoIgnoredFiles { list: list.name, pattern });
        } else {
            self.warn_of_missing(list, pattern, &root);
        }
        Ok(())
    }

    /// The list that is matched against what is on disk.
    fn ignored(&mut self, list: &List<'v>) -> Result<(), InputError> {
        let before = self.found.len();
        let (mut plain, mut modules) = (BTreeSet::new(), BTreeSet::new());
        for pattern in list.globs.positive() {
            let root = list.root_of(pattern);
            if self.warn_of_out_of_reach(list, pattern, &root) {
                continue;
            }
            self.warn_of_missing(list, pattern, &root);
            if root.segments().any(|segment| segment == "node_modules") {
                modules.insert(root);
            } else {
                plain.insert(root);
            }
        }
        for (roots, node_modules) in [(plain, false), (modules, true)] {
            for root in &roots {
                let within_another = |other: &RelPath| other != root && root.is_within(other);
                if !roots.iter().any(within_another) {
                    self.walk(list, root, node_modules)?;
                }
            }
        }
        self.warn_of_nothing(list, before);
        Ok(())
    }

    /// Takes what the list matches on disk at and below `start`.
    fn walk(
        &mut self,
        list: &List<'v>,
        start: &RelPath,
        node_modules: bool,
    ) -> Result<(), InputError> {
        let never = |path: &str| {
            let mut segments = path.split('/');
            segments.any(|name| {
                name == ".git" || name == ".vx" || name == "node_modules" && !node_modules
            })
        };
        if never(start.as_str()) {
            return Ok(());
        }
        let files = Walk {
            root: self.view.workspace_root(),
            canonical_root: self.view.canonical_root(),
            node_modules,
            enter: &|dir| !self.is_beyond(list, dir),
            would_take: &|path| self.takes(list, path),
        }
        .files(start)?;
        for path in files {
            if self.takes(list, path.as_str()) {
                self.found.push(Found::OnDisk(path));
            }
        }
        Ok(())
    }

    /// Whether a path relative to the workspace root is an input by this list.
    fn takes(&self, list: &List<'_>, path: &str) -> bool {
        let below = |anchor: &RelPath| {
            let rest =
                if anchor.is_root() { Some(path) } else { path.strip_prefix(anchor.as_str()) };
            rest.and_then(|rest| if anchor.is_root() { Some(rest) } else { rest.strip_prefix('/') })
        };
        let matched = below(list.anchor).is_some_and(|path| list.globs.is_match(path));
        matched
            && !self.is_beyond(list, path)
            && !below(&self.spec.project).is_some_and(|path| self.spec.outputs.is_match(path))
            && !self.spec.workspace_outputs.is_match(path)
    }

    /// Whether `path` belongs to a nested project that is out of the list's reach.
    fn is_beyond(&self, list: &List<'_>, path: &str) -> bool {
        let is_nested = |dir: &str| {
            self.nested.binary_search_by(|nested| as_directories(nested.as_str(), dir)).is_ok()
        };
        list.has_boundary
            && !self.nested.is_empty()
            && (is_nested(path) || path.match_indices('/').any(|(at, _)| is_nested(&path[..at])))
    }

    fn refuse_not_utf8(&self, list: &List<'_>) -> Result<(), InputError> {
        let input = self.view.not_utf8().iter().find(|file| self.takes(list, &file.lossy));
        input.map_or(Ok(()), |file| {
            Err(InputError::NotUtf8 { path: self.view.workspace_root().join(&file.path) })
        })
    }

    /// Tells of a plain path that names nothing.
    fn warn_of_missing(&mut self, list: &List<'_>, pattern: &Pattern, root: &RelPath) {
        let on_disk = root.on(self.view.workspace_root());
        if pattern.is_literal() && on_disk.symlink_metadata().is_err() {
            let pattern = pattern.text().to_owned();
            self.warnings.insert(InputWarning::MissingLiteral { list: list.name, pattern });
        }
    }

    /// Whether `root` lies where the list does not reach; then it is told.
    fn warn_of_out_of_reach(&mut self, list: &List<'_>, pattern: &Pattern, root: &RelPath) -> bool {
        let text = || pattern.text().to_owned();
        let warning = if root.segments().any(|segment| matches!(segment, ".git" | ".vx")) {
            InputWarning::NeverAnInput { list: list.name, pattern: text() }
        } else if pattern.is_literal() && self.is_beyond(list, root.as_str()) {
            InputWarning::OfAnotherProject { list: list.name, pattern: text() }
        } else {
            return false;
        };
        self.warnings.insert(warning);
        true
    }

    fn warn_of_nothing(&mut self, list: &List<'_>, before: usize) {
        if self.found.len() == before && !list.globs.is_empty() {
            self.warnings.insert(InputWarning::MatchesNothing { list: list.name });
        }
    }
}

/// The order in which two directories' files come: `a-b` before `a`, because `a-b/x` comes before `a/x`.
fn as_directories(a: &str, b: &str) -> Ordering {
    let slash = || std::iter::once(b'/');
    a.bytes().chain(slash()).cmp(b.bytes().chain(slash()))
}

/// Names the content of each file: by git's index where the memo confirms that, from the memo, or by reading it.
fn identify(view: &View, memo: &Memo, found: Vec<Found<'_>>) -> Result<Vec<InputFile>, InputError> {
    let format = view.object_format();
    let on_disk = |path: &RelPath| path.on(view.workspace_root());
    let known = |file: &Found<'_>| -> Option<InputFile> {
        let Found::Visible(file) = file else { return None };
        if !file.stamp.is_file() {
            return None;
        }
        let path = on_disk(&file.path);
        let vouched = file.trusted.clone();
        let vouched = vouched.filter(|oid| memo.is_confirmed(&path, &file.stamp, oid));
        let oid = vouched.or_else(|| memo.recall(&path, &file.stamp, format))?;
        let id = FileId::regular(&oid, file.stamp.is_executable());
        Some(InputFile { path: file.path.clone(), id, stamp: file.stamp, target_stamp: None })
    };
    let mut files = Vec::with_capacity(found.len());
    let mut unknown = Vec::new();
    for file in found {
        if let Some(file) = known(&file) {
            files.push(file);
            continue;
        }
        let by_index = match file {
            Found::Visible(file) => file.trusted.clone(),
            Found::OnDisk(_) => None,
        };
        unknown.push((file.path().clone(), by_index));
    }
    if unknown.is_empty() {
        return Ok(files);
    }
    let read = |(path, by_index): &(RelPath, Option<Oid>)| -> Result<_, InputError> {
        let identity = content::identify(&on_disk(path), format, memo, by_index.as_ref())?;
        Ok(identity.map(|Identity { id, stamp, target_stamp }| InputFile {
            path: path.clone(),
            id,
            stamp,
            target_stamp,
        }))
    };
    files.extend(parallel::try_map(&unknown, 8, read)?.into_iter().flatten());
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
