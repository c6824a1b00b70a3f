//! `vx cache push` and `vx cache pull`: the results of tasks as the workspace is now, to the remote or from it. Nothing
//! runs, and no file of the workspace is written.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::beside::MOST_REQUESTS;
use super::keys::{Keys, Outside};
use super::plan::plan;
use super::remote::open_layer;
use super::runner::{Invoked, load};
use super::session::{Opening, Place, Session};
use super::stop::Cause;
use crate::cache::{Access, Answer, Cache, RemoteLayer};
use crate::error::{Coded, Result};
use crate::graph::{Request, TaskGraph, select};
use crate::key::Key;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the cache directory to the remote.
    Push,
    /// From the remote to the cache directory.
    Pull,
}

/// What is to be transferred.
#[derive(Clone, Debug)]
pub struct TransferOptions {
    /// Which way.
    pub direction: Direction,
    /// `task` or `project#task`.
    pub selectors: Vec<String>,
    /// `--filter`, in order.
    pub filters: Vec<String>,
    /// Every project, wherever it was started.
    pub all: bool,
    /// `--cache-dir`.
    pub cache_dir: Option<PathBuf>,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transferred {
    /// Results that were transferred.
    pub done: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Results that were where they should be already.
    pub there: usize,
    /// Tasks without a result to transfer.
    pub absent: usize,
    /// Tasks whose key is known only when they run.
    pub late: usize,
    /// Results that could not be transferred.
    pub failed: usize,
    /// What went wrong, a line each.
    pub problems: Vec<String>,
}

/// There is no remote to talk to.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no remote cache; name one with VX_REMOTE_CACHE_URL, or as remote.url in vx.workspace.ts"
)]
struct NoRemote;

impl Coded for NoRemote {
    fn code(&self) -> &'static str {
        "VX_NO_REMOTE"
    }
}

/// The remote must not be written to.
#[derive(Debug, thiserror::Error)]
#[error("nothing can be pushed to the remote cache: {0}")]
struct ReadOnly(String);

impl Coded for ReadOnly {
    fn code(&self) -> &'static str {
        "VX_REMOTE_READ_ONLY"
    }
}

/// Transfers the results of tasks.
///
/// # Errors
/// What is wrong with the workspace or the settings; that there is no remote, or none that may be written to.
pub fn transfer(options: &TransferOptions, invoked: Invoked<'_>) -> Result<Transferred> {
    let Session { workspace, configs, place, .. } = Session::open(Opening {
        cwd: invoked.cwd,
        flag: options.cache_dir.as_deref(),
        evaluator: invoked.evaluator,
        recall: true,
        open: &|dir| Ok(Some(Cache::open(dir)?)),
    })?;
    let Place { dir, cache, .. } = place;
    let access = match options.direction {
        Direction::Push => None,
        Direction::Pull => Some(Access { read: true, write: false }),
    };
    let remote = open_layer(access, &configs.workspace().remote, workspace.root(), invoked)?;
    let remote = remote.ok_or(NoRemote)?;
    if options.direction == Direction::Push && !remote.access().write {
        let reason = remote.unwritable().unwrap_or("this is the run of a forked pull request");
        return Err(ReadOnly(reason.to_owned()).into());
    }
    let request = Request {
        selectors: &options.selectors,
        filters: &options.filters,
        all: options.all,
        cwd: invoked.cwd,
    };
    let graph = TaskGraph::build(&workspace, &configs, &select(&workspace, &configs, request)?)?;
    let outside = Outside { host: invoked.host, forward_args: &[], stop: invoked.stop };
    let keys = Keys::look(&workspace, &graph, outside, load(cache.as_ref(), workspace.root())?)?;
    let planned = plan(&keys, &graph, cache.as_ref(), workspace.root())?;
    let cache = match cache {
        Some(cache) => cache,
        None => Cache::open(&dir)?,
    };

    let mut transferred = Transferred::default();
    let mut wanted: Vec<(Key, u64)> = Vec::new();
    for (node, planned) in graph.nodes().iter().zip(&planned) {
        if node.config.cache.is_none() {
            continue;
        }
        match (&planned.found, options.direction) {
            _ if planned.late => transferred.late += 1,
            (Some(found), Direction::Push) => {
                wanted.push((planned.key.clone(), found.entry.duration_ms));
            }
            (None, Direction::Push) => transferred.absent += 1,
            (Some(_), Direction::Pull) => transferred.there += 1,
            (None, Direction::Pull) => wanted.push((planned.key.clone(), 0)),
        }
    }
    if options.direction == Direction::Push {
        let keys: Vec<Key> = wanted.iter().map(|(key, _)| key.clone()).collect();
        // Where that cannot be told, all are pushed.
        let there = remote.has(&keys).unwrap_or_default();
        wanted.retain(|(key, _)| !there.contains(key));
        transferred.there = there.len();
    }
    all(&wanted, options.direction, &remote, &cache, invoked, &mut transferred);
    transferred.problems.extend(remote.take_remarks());
    cache.close()?;
    Ok(transferred)
}

fn all(
    wanted: &[(Key, u64)],
    direction: Direction,
    remote: &RemoteLayer,
    cache: &Cache,
    invoked: Invoked<'_>,
    transferred: &mut Transferred,
) {
    let cancel = remote.canceller();
    let _listening = invoked.stop.listen(move |_, cause| {
        if cause != Cause::Failure {
            cancel();
        }
    });
    let (next, shared) = (AtomicUsize::new(0), Mutex::new(transferred));
    std::thread::scope(|scope| {
        for _ in 0..wanted.len().min(MOST_REQUESTS / 4) {
            scope.spawn(|| {
                while let Some((key, duration_ms)) =
                    wanted.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let result = match direction {
                        Direction::Push => remote
                            .push(cache, key, *duration_ms)
                            .map(Some)
                            .map_err(|error| error.to_string()),
                        Direction::Pull => Ok(match remote.pull(cache, key) {
                            Answer::Hit(pulled) => Some(pulled.bytes),
                            Answer::Miss => None,
                        }),
                    };
                    let mut transferred =
                        shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    match result {
                        Ok(Some(bytes)) => {
                            transferred.done += 1;
                            transferred.bytes += bytes;
                        }
                        Ok(None) => transferred.absent += 1,
                        Err(problem) => {
                            transferred.failed += 1;
                            if !transferred.problems.contains(&problem) {
                                transferred.problems.push(problem);
                            }
                        }
                    }
                }
            });
        }
    });
}
