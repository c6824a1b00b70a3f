//! The listing of a worktree against `git` itself: over a long random history, and case by case.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../git_fixture/mod.rs"]
mod git_fixture;

mod environment;
mod history;
mod repositories;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use git_fixture::{Fixture, git, hash_objects};
use vx::git::{Listing, Repo};
use vx::path::RelPath;

/// Every file and link that git sees in the worktree at `root` and in the repositories nested in it.
fn seen_by_git(root: &Path) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    collect_seen_by_git(root, "", &mut seen);
    seen
}

fn collect_seen_by_git(dir: &Path, prefix: &str, seen: &mut BTreeSet<String>) {
    let args = ["ls-files", "-s", "--cached", "--others", "--exclude-standard", "-z"];
    let output = git(dir, &args);
    for record in output.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
        let Ok(record) = std::str::from_utf8(record) else { continue };
        let path = record.split_once('\t').map_or(record, |(_, path)| path);
        let nested = path.trim_end_matches('/');
        if dir.join(nested).join(".git").exists() && !dir.join(nested).is_symlink() {
            collect_seen_by_git(&dir.join(nested), &format!("{prefix}{nested}/"), seen);
        } else if is_file_or_link(dir, path) {
            seen.insert(format!("{prefix}{path}"));
        }
    }
}

/// A file or link that is reached without a link on the way.
fn is_file_or_link(root: &Path, path: &str) -> bool {
    let mut parent = PathBuf::new();
    for part in Path::new(path).parent().unwrap().components() {
        parent.push(part);
        if root.join(&parent).is_symlink() {
            return false;
        }
    }
    root.join(path).symlink_metadata().is_ok_and(|m| m.is_file() || m.is_symlink())
}

fn list(root: &Path) -> Listing {
    Repo::discover(root).unwrap().unwrap().list(&[]).unwrap()
}

fn paths(listing: &Listing) -> BTreeSet<String> {
    listing.files.iter().map(|file| file.path.as_str().to_owned()).collect()
}

fn trusted(listing: &Listing) -> BTreeMap<String, String> {
    let oid = |oid: &vx::file_id::Oid| oid.as_str().to_owned();
    let files = listing.files.iter();
    files.filter_map(|f| Some((f.path.as_str().to_owned(), f.trusted.as_ref().map(oid)?))).collect()
}

/// Compares the listing with git, and every trusted oid with the bytes on disk; returns how many there were.
fn check(root: &Path) -> usize {
    let listing = list(root);
    assert_eq!(paths(&listing), seen_by_git(root));
    assert!(listing.files.is_sorted_by(|a, b| a.path < b.path), "not sorted, or a path twice");
    let trusted = trusted(&listing);
    let names: Vec<String> = trusted.keys().cloned().collect();
    let hashes = hash_objects(root, &names);
    assert_eq!(hashes.len(), names.len());
    for (name, hash) in names.iter().zip(hashes) {
        assert_eq!(trusted[name], hash, "the index does not stand for the bytes of {name}");
    }
    trusted.len()
}

fn rel(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

/// A repository whose one file `f` git's index vouches for.
fn with_trusted_file() -> Fixture {
    let fixture = Fixture::new();
    fixture.write("f", "aaaa\n");
    fixture.settle();
    assert_eq!(check(&fixture.root), 1, "the file should be trusted to begin with");
    fixture
}
