//! What is visible in the workspace at one moment.
//!
//! With a repository: what git sees in the workspace, which may be a part of the worktree. Without one, or where the
//! repository itself ignores the workspace: what is on disk, less what `.gitignore` files exclude. Anything in a
//! `node_modules`, `.git` or `.vx` is left out either way.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::tree::{Repository, Tree};
use super::walk;
use crate::error::Result;
use crate::file_id::{ObjectFormat, Oid};
use crate::git::{Listed, Listing, Look, Walked};
use crate::glob::Globs;
use crate::outputs::is_temporary;
use crate::path::RelPath;
use crate::stamp::Stamp;

/// Names of what is never an input, whatever a glob says; nor is an output in the making.
const EXCLUDED: [&str; 3] = ["node_modules", ".git", ".vx"];

/// Those of them that git itself would enter.
const NEVER_ENTERED: [&str; 2] = ["node_modules", ".vx"];

/// Whether `name` is one of those.
pub(super) fn is_excluded_name(name: &str) -> bool {
    EXCLUDED.contains(&name) || is_temporary(name)
}

/// Whether `path` is, or lies below, one of those.
pub(super) fn is_excluded(path: &str) -> bool {
    path.split('/').any(is_excluded_name)
}

/// What is visible in the workspace at one moment.
pub struct View {
    root: PathBuf,
    /// The root without links.
    canonical: PathBuf,
    format: ObjectFormat,
    /// Sorted by path, each once: all below one directory lie side by side.
    files: Vec<Visible>,
    not_utf8: Vec<NotUtf8>,
    rules: Option<Rules>,
    /// Whether nothing was left out of the look.
    whole: bool,
    /// What glob lists under the workspace root matched, by their patterns: many tasks share one list.
    matched: Mutex<HashMap<Vec<String>, Arc<[usize]>>>,
}

/// One visible file or link.
#[derive(Clone, Debug)]
pub(super) struct Visible {
    /// Relative to the workspace root.
    pub(super) path: RelPath,
    pub(super) stamp: Stamp,
    /// The oid of its bytes, where git's index vouches for it.
    pub(super) trusted: Option<Oid>,
}

/// A visible file whose name no key can hold.
#[derive(Debug)]
pub(super) struct NotUtf8 {
    /// Its path with what is not UTF-8 replaced, good enough to match globs.
    pub(super) lossy: String,
    pub(super) path: PathBuf,
}

/// The exclude rules of the repository that holds the workspace.
struct Rules {
    listing: Listing,
    /// The workspace root in the worktree.
    prefix: RelPath,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("root", &self.root).finish_non_exhaustive()
    }
}

impl View {
    /// Looks at the whole workspace; [`Tree::view`] for who looks again.
    ///
    /// # Errors
    /// As [`Tree::open`] and [`Tree::view`].
    pub fn read(workspace_root: &Path) -> Result<Self> {
        Tree::open(workspace_root)?.view()
    }

    /// Looks at the paths `under` (relative to the workspace root) and what lies below them; none: everything.
    ///
    /// # Errors
    /// As [`View::read`].
    pub fn read_under(workspace_root: &Path, under: &[RelPath]) -> Result<Self> {
        Tree::open(workspace_root)?.view_under(under)
    }

    pub(super) fn of(tree: &Tree, under: &[RelPath], walked: Option<&Walked>) -> Result<Self> {
        if let Some(repository) = &tree.repository
            && let Some(view) = Self::of_git(tree, repository, under, walked)?
        {
            return Ok(view);
        }
        let (files, not_utf8) = walk::walk(&tree.root, under)?;
        Ok(Self::new(tree, ObjectFormat::Sha1, files, not_utf8, None, under.is_empty()))
    }

    /// `None`: the repository itself ignores the workspace.
    fn of_git(
        tree: &Tree,
        repository: &Repository,
        under: &[RelPath],
        walked: Option<&Walked>,
    ) -> Result<Option<Self>> {
        let Repository { repo, prefix } = repository;
        let wanted: Vec<RelPath> = if under.is_empty() {
            vec![prefix.clone()]
        } else {
            under.iter().map(|path| prefix.join(path)).collect()
        };
        let whole = under.is_empty();
        let never = &NEVER_ENTERED;
        let look = Look { under: &wanted, never, whole, walked, ..Look::default() };
        let mut listing = repo.look(&look)?;
        if listing.ignores(prefix) {
            return Ok(None);
        }
        let listed = std::mem::take(&mut listing.files);
        let visible = |file: Listed| {
            let path = if prefix.is_root() {
                file.path
            } else {
                // What leads to the workspace from outside of it is not in it.
                RelPath::new(file.path.strip_prefix(prefix)?).ok()?
            };
            let visible = Visible { path, stamp: file.stamp, trusted: file.trusted };
            (!is_excluded(visible.path.as_str())).then_some(visible)
        };
        let files = listed.into_iter().filter_map(visible).collect();
        let not_utf8 = std::mem::take(&mut listing.not_utf8);
        let not_utf8 = not_utf8
            .iter()
            .filter_map(|path| path.strip_prefix(prefix.as_str()).ok())
            .filter_map(NotUtf8::new)
            .collect();
        let rules = Some(Rules { listing, prefix: prefix.clone() });
        Ok(Some(Self::new(tree, repo.object_format(), files, not_utf8, rules, whole)))
    }

    fn new(
        tree: &Tree,
        format: ObjectFormat,
        files: Vec<Visible>,
        not_utf8: Vec<NotUtf8>,
        rules: Option<Rules>,
        whole: bool,
    ) -> Self {
        Self {
            root: tree.root.clone(),
            canonical: tree.canonical.clone(),
            format,
            files,
            not_utf8,
            rules,
            whole,
            matched: Mutex::default(),
        }
    }

    /// The hash that names blobs here: the repository's, without one sha1.
    #[must_use]
    pub fn object_format(&self) -> ObjectFormat {
        self.format
    }

    /// The walk that was made for this view, where it says something of the next one.
    #[must_use]
    pub fn walked(&self) -> Option<&Walked> {
        self.rules.as_ref()?.listing.walked.as_ref()
    }

    /// Whether the whole workspace was looked at.
    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// The workspace root, absolute.
    #[must_use]
    pub fn workspace_root(&self) -> &Path {
        &self.root
    }

    /// The workspace root without links.
    pub(super) fn canonical_root(&self) -> &Path {
        &self.canonical
    }

    pub(super) fn get(&self, path: &RelPath) -> Option<&Visible> {
        let at = self.files.binary_search_by(|file| file.path.cmp(path)).ok()?;
        self.files.get(at)
    }

    /// The visible files below `dir`, without `dir` itself.
    pub(super) fn below(&self, dir: &RelPath) -> &[Visible] {
        &self.files[range_below(&self.files, dir)]
    }

    /// The first link on the way from the root to `path`, `path` included.
    pub(super) fn link_on_the_way(&self, path: &RelPath) -> Option<&Visible> {
        let mut segments = path.as_str().match_indices('/').map(|(at, _)| &path.as_str()[..at]);
        let link = |path: &str| {
            let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
            self.files.get(at).filter(|file| file.stamp.is_symlink())
        };
        segments.find_map(link).or_else(|| link(path.as_str()))
    }

    pub(super) fn not_utf8(&self) -> &[NotUtf8] {
        &self.not_utf8
    }

    /// Whether the directory `dir`, of which something is visible, is ignored nevertheless.
    pub(super) fn ignores(&self, dir: &RelPath) -> bool {
        self.rules.as_ref().is_some_and(|rules| {
            let dir = rules.prefix.join(dir);
            rules.listing.holds_ignored(&dir) && rules.listing.ignores(&dir)
        })
    }

    /// The visible files that `globs`, anchored at the workspace root, match, and the links that could lead to more.
    pub(super) fn matching(&self, globs: &Globs) -> impl Iterator<Item = &Visible> {
        let key = || {
            let text =
                |p: &crate::glob::Pattern| format!("{}{}", u8::from(p.is_negated()), p.text());
            globs.patterns().iter().map(text).collect::<Vec<_>>()
        };
        let known = |key: &Vec<String>| {
            self.matched.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
        };
        let key = key();
        let indices = known(&key).unwrap_or_else(|| {
            let found: Arc<[usize]> = self.look_for(globs).into();
            let mut matched = self.matched.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(matched.entry(key).or_insert(found))
        });
        (0..indices.len()).filter_map(move |at| self.files.get(indices[at]))
    }

    fn look_for(&self, globs: &Globs) -> Vec<usize> {
        let mut found = Vec::new();
        for root in globs.roots() {
            let exact = self.files.binary_search_by(|file| file.path.cmp(&root)).ok();
            for at in exact.into_iter().chain(range_below(&self.files, &root)) {
                let file = &self.files[at];
                if file.stamp.is_symlink() || globs.is_match(file.path.as_str()) {
                    found.push(at);
                }
            }
        }
        found
    }
}

impl NotUtf8 {
    /// `None` for what is never an input.
    pub(super) fn new(path: &Path) -> Option<Self> {
        let lossy = path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
        (!is_excluded(&lossy)).then(|| Self { lossy, path: path.to_owned() })
    }
}

/// Where the files below `dir` lie in a list sorted by path.
fn range_below(files: &[Visible], dir: &RelPath) -> std::ops::Range<usize> {
    if dir.is_root() {
        return 0..files.len();
    }
    let dir = dir.as_str();
    // `0` is the byte after `/`.
    let (first, after) = (format!("{dir}/"), format!("{dir}0"));
    let from = files.partition_point(|file| file.path.as_str() < first.as_str());
    let len = files[from..].partition_point(|file| file.path.as_str() < after.as_str());
    from..from + len
}
