//! What git knows of a worktree: which files it sees, and which of their contents it vouches for.
//!
//! The only place that knows `gix`. No `git` program is started and nothing is ever written: not the index, not a
//! reference, not an object. What git would run on a file's content (filters) is not run either: a file to which a
//! filter could apply is simply not vouched for.
//!
//! The map: [`repo`](Repo) opens a repository, `scope` says which part of the worktree is asked for, `tracked` reads
//! the index and looks at its files, `sparse` opens directories that the index left folded, `untracked` walks the
//! worktree under git's exclude rules, `list` joins them and descends into nested repositories, `trust` and
//! `attributes` decide where the index may stand for a file's bytes (`installations`: what other builds of git may
//! add to that), `ignores` answers for single directories, `head` says what is checked out.

mod attributes;
mod error;
mod head;
mod ignores;
mod index;
mod installations;
mod list;
mod oid;
mod repo;
mod scope;
mod siblings;
mod sparse;
mod tracked;
mod trust;
mod untracked;
mod walked;
mod walked_bytes;

pub use error::GitError;
pub use list::{Listed, Listing, Look};
pub use oid::{blob_oid, blob_oid_of_reader};
pub use repo::Repo;
pub use scope::Scope;
pub use walked::Walked;
