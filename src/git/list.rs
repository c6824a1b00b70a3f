//! Git's view of a worktree: every file that it tracks or could track, with what the index vouches for.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};

use super::error::GitError;
use super::ignores::Ignores;
use super::index::Index;
use super::repo::Repo;
use super::scope::Scope;
use super::tracked::{self, Named, Seen};
use super::untracked::Met;
use super::walked::{Recording, Walked};
use super::{attributes, oid, sparse, untracked};
use crate::file_id::{ObjectFormat, Oid};
use crate::parallel;
use crate::path::{PathError, RelPath};
use crate::span;
use crate::stamp::Stamp;

/// One file or symbolic link that git sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Relative to the worktree's root.
    pub path: RelPath,
    /// Its `lstat`.
    pub stamp: Stamp,
    /// The oid of its bytes according to the index, only where every rule allows to believe it.
    pub trusted: Option<Oid>,
    /// Just before its `lstat`.
    pub seen_at: SystemTime,
}

/// What git sees in a worktree at one moment.
#[derive(Debug)]
pub struct Listing {
    /// Each file and link once, sorted by path.
    pub files: Vec<Listed>,
    /// Files whose names are not UTF-8, relative to the worktree's root, sorted.
    pub not_utf8: Vec<PathBuf>,
    /// The walk that was made for it, to be handed in with the next [`Look`]; `None` when none was made, or none that
    /// says something of the next one.
    pub walked: Option<Walked>,
    ignores: Ignores,
}

/// What a listing is to be of.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// Paths relative to the worktree; none, or the root: everything.
    pub under: &'a [RelPath],
    /// Names of directories whose untracked files are of no interest.
    pub never: &'a [&'a str],
    /// Whether this is a look at a whole workspace: worth several threads, and a record of its walk.
    pub whole: bool,
    /// The record of an earlier walk.
    pub walked: Option<&'a Walked>,
    /// How long before a walk all that it goes by must have been left alone for its record to say something: longer
    /// than a tick of any file system's clock.
    pub settled: Duration,
}

impl Default for Look<'_> {
    fn default() -> Self {
        let settled = Duration::from_secs(3);
        Self { under: &[], never: &[], whole: true, walked: None, settled }
    }
}

impl Listing {
    /// Whether git's exclude rules cover the directory `dir`, although files below it may be tracked.
    #[must_use]
    pub fn ignores(&self, dir: &RelPath) -> bool {
        self.ignores.excludes(dir.as_str().into())
    }

    /// Whether something ignored was met below `dir`, which must be part of what was listed. Costs next to nothing.
    #[must_use]
    pub fn holds_ignored(&self, dir: &RelPath) -> bool {
        self.ignores.holds_ignored(dir.as_str().into())
    }
}

impl Repo {
    /// Lists what git sees at or below the paths `under` (relative to the worktree; none, or the root: everything):
    /// tracked files that are on disk, and untracked ones that are not ignored. Nested repositories and submodules
    /// are listed by their own index and rules. A link that stands where a directory on the way to one of the paths
    /// is expected is listed too.
    ///
    /// # Errors
    /// [`GitError`]: an index that cannot be read, a worktree that cannot be walked. What may not be read is left out.
    pub fn list(&self, under: &[RelPath]) -> Result<Listing, GitError> {
        self.look(&Look { under, whole: under.is_empty(), ..Look::default() })
    }

    /// [`Self::list`], with more to say of what is wanted.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn look(&self, look: &Look<'_>) -> Result<Listing, GitError> {
        let part = list_worktree(self, &Scope::new(look.under), look, self.object_format())?;
        let format = self.object_format();
        let listed = parallel::map(&part.files, 256, |file| file.listed(format));
        let (mut files, mut not_utf8) = (Vec::with_capacity(listed.len()), Vec::new());
        for file in listed.into_iter().flatten() {
            match file {
                Ok(file) => files.push(file),
                Err(path) => not_utf8.push(path),
            }
        }
        // Most of it is in order already.
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|later, first| later.path == first.path);
        not_utf8.sort();
        not_utf8.dedup();
        Ok(Listing { files, not_utf8, walked: part.walked, ignores: part.ignores })
    }
}

/// The part of a listing that one repository, with all nested in it, contributes. Paths are relative to its worktree.
struct Part {
    files: Vec<File>,
    walked: Option<Walked>,
    ignores: Ignores,
}

struct File {
    path: BString,
    stamp: Stamp,
    looked_at: SystemTime,
    oid: Option<ObjectId>,
}

impl File {
    fn listed(&self, format: ObjectFormat) -> Option<Result<Listed, PathBuf>> {
        let path = match RelPath::from_bytes(&self.path) {
            Ok(path) => path,
            Err(PathError::NotUtf8(_)) => {
                return gix::path::from_bstring(self.path.clone()).ok().map(Err);
            }
            // An index may name anything; what lies outside of the worktree is none of its files.
            Err(_) => return None,
        };
        let trusted = self.oid.map(|id| oid::oid(format, id.as_slice()));
        Some(Ok(Listed { path, stamp: self.stamp, trusted, seen_at: self.looked_at }))
    }
}

/// `outer` is the object format of the outermost repository: oids of another one name nothing there.
fn list_worktree(
    repo: &Repo,
    scope: &Scope,
    look: &Look<'_>,
    outer: ObjectFormat,
) -> Result<Part, GitError> {
    let index = span::of("read the index", || Index::now(repo))?;
    let index: &Index = &index;
    let named = Named::in_scope(index, scope);

    let recorder = span::recorder();
    let recorder = recorder.as_ref();
    let (walked, looked) = parallel::join(
        look.whole,
        || span::beside(recorder, "walk", || walk(repo, index, scope, look)),
        || span::beside(recorder, "lstat", || tracked::look(repo.worktree(), index, &named.files)),
    );
    let (Walk { met, rules, walked }, mut seen) = (walked?, looked?);

    drop_below_links(&mut seen, &met.links);
    seen.retain(|seen| scope.covers(seen.path.as_bytes()) || seen.stamp.is_symlink());
    let local = repo.inner.to_thread_local();
    if met.incomplete || repo.object_format() != outer || !repo.may_be_trusted(&local) {
        for seen in &mut seen {
            seen.oid = None;
        }
    } else if seen.iter().any(|seen| seen.oid.is_some()) {
        attributes::distrust_filtered(repo, index, &met.attributes, &mut seen);
    }

    let mut loose = met.files;
    for (dir, tree) in &named.folded {
        loose.extend(sparse::unfold(repo, dir.as_ref(), *tree, scope));
    }
    let mut ignores = Ignores::new(repo.inner.clone(), rules, met.holding_ignored);
    let mut files: Vec<File> = seen.into_iter().map(File::from).collect();
    let repositories: BTreeSet<&BString> =
        met.repositories.iter().chain(&named.submodules).collect();
    for dir in repositories {
        match list_nested(repo, dir.as_ref(), scope, look, outer) {
            Some(nested) => {
                files.extend(nested.files.into_iter().map(|file| file.moved_below(dir.as_ref())));
                ignores.nest(dir.as_ref(), nested.ignores);
            }
            None => loose.extend(sparse::on_disk_below(repo.worktree(), dir.as_ref(), scope)),
        }
    }
    let loose = tracked::look_at_paths(repo.worktree(), &loose)?;
    files.extend(loose.into_iter().map(File::from));
    Ok(Part { files, walked, ignores })
}

/// What a walk meets, made now or before.
struct Walk {
    met: Met,
    rules: gix::worktree::Stack,
    /// Its record, if it was made now.
    walked: Option<Walked>,
}

fn walk(repo: &Repo, index: &Index, scope: &Scope, look: &Look<'_>) -> Result<Walk, GitError> {
    let known = look.walked.filter(|walked| walked.holds(repo, index, scope, look.never));
    if let Some(known) = known {
        let rules = untracked::rules(repo, index)?;
        return Ok(Walk { met: known.met.clone(), rules, walked: None });
    }
    let made = untracked::walk(repo, index, scope, look.never, look.whole)?;
    let record = |recording: Recording| recording.end(repo, index, scope, look, &made.met);
    let walked = made.recording.and_then(record);
    Ok(Walk { met: made.met, rules: made.rules, walked })
}

/// `None`: nothing there that can be read as a repository, although git takes it for one.
fn list_nested(
    repo: &Repo,
    dir: &BStr,
    scope: &Scope,
    look: &Look<'_>,
    outer: ObjectFormat,
) -> Option<Part> {
    let root = tracked::on_disk(repo.worktree(), dir)?;
    let scope = scope.below(dir.as_bytes())?;
    // A link to a repository is a link.
    if root.symlink_metadata().ok()?.is_symlink() {
        return None;
    }
    let nested = Repo::at(&root).ok()??;
    // The record is of the outermost repository.
    let look = Look { whole: false, walked: None, ..*look };
    list_worktree(&nested, &scope, &look, outer).ok()
}

/// Git sees nothing below a link: what the index still names there is gone.
fn drop_below_links(seen: &mut Vec<Seen<'_>>, untracked: &[BString]) {
    let tracked = seen.iter().filter(|seen| seen.stamp.is_symlink()).map(|seen| seen.path.as_ref());
    let links: BTreeSet<BString> =
        tracked.chain(untracked.iter().map(AsRef::as_ref)).map(ToOwned::to_owned).collect();
    if links.is_empty() {
        return;
    }
    let below_a_link = |path: &BStr| {
        let slashes = path.find_iter(b"/");
        slashes.into_iter().any(|end| links.contains(path[..end].as_bstr()))
    };
    seen.retain(|seen| !below_a_link(seen.path.as_ref()));
}

impl From<Seen<'_>> for File {
    fn from(seen: Seen<'_>) -> Self {
        let path = match seen.path {
            Cow::Borrowed(path) => path.to_owned(),
            Cow::Owned(path) => path,
        };
        Self { path, stamp: seen.stamp, looked_at: seen.looked_at, oid: seen.oid }
    }
}

impl File {
    fn moved_below(mut self, dir: &BStr) -> Self {
        self.path = [dir.as_bytes(), b"/", self.path.as_bytes()].concat().into();
        self
    }
}
