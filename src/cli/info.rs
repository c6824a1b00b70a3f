//! `vx info`: the workspace, the cache and the platform, as one pastes them into a report.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::entry::{Located, print_json};
use super::remote;
use crate::config::Evaluator;
use crate::config::memo::{LiveConfig, live_configs};
use crate::error::Result;
use crate::git::Repo;
use crate::key::{CACHE_VERSION, workspace_fingerprint};
use crate::run::Invoked;
use crate::run::console::size;

/// Prints what a maintainer would ask for.
pub(super) fn info(located: &Located, as_json: bool, invoked: Invoked<'_>) -> Result<i32> {
    let console = invoked.console;
    let root = located.workspace.root();
    let repo = Repo::discover(root)?;
    let git = repo
        .as_ref()
        .map_or_else(|| "none".to_owned(), |repo| repo.object_format().name().to_owned());
    let fingerprint = workspace_fingerprint(root)?;
    let projects = located.workspace.projects();
    let configured = projects.iter().filter(|project| project.config_file.is_some()).count();
    let live = live_lines(located, invoked.cwd, invoked.evaluator);
    let stats = match &located.cache {
        Some(cache) => Some(cache.stats()?),
        None => None,
    };
    let (entries, bytes) = stats.map_or((0, 0), |stats| (stats.entry_count, stats.total_bytes));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let platform = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    let remote = remote::look(&located.config.remote, root, invoked);
    if as_json {
        let json = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "cacheVersion": CACHE_VERSION,
            "platform": platform,
            "cores": cores,
            "workspaceRoot": root.display().to_string(),
            "workspaceFingerprint": fingerprint,
            "projects": projects.len(),
            "projectsWithConfig": configured,
            "liveConfigs": live,
            "git": git,
            "cacheDir": located.cache_dir.display().to_string(),
            "entryCount": entries,
            "totalBytes": bytes,
            "remote": remote.as_ref().map(remote::json),
        });
        print_json(&json, console);
        return Ok(0);
    }
    console.line(&format!("vx:          {} ({CACHE_VERSION})", env!("CARGO_PKG_VERSION")));
    console.line(&format!("Platform:    {platform}, {cores} cores"));
    console.line(&format!("Workspace:   {}", root.display()));
    console.line(&format!("Projects:    {}, {configured} with a vx.config", projects.len()));
    if !live.is_empty() {
        console.line("Evaluated on every run:");
        for line in &live {
            console.line(&format!("  {line}"));
        }
    }
    console.line(&format!("Fingerprint: {fingerprint}"));
    console.line(&format!("Git:         {git}"));
    console.line(&format!("Cache:       {}", located.cache_dir.display()));
    console.line(&format!("Entries:     {entries}, {}", size(bytes)));
    for line in remote::lines(remote.as_ref()) {
        console.line(&line);
    }
    Ok(0)
}

/// Each config that is evaluated on every run, with its place and the reason.
fn live_lines(located: &Located, cwd: &Path, evaluator: &dyn Evaluator) -> Vec<String> {
    let Some(runtime) = evaluator.runtime() else { return Vec::new() };
    let root = located.workspace.root();
    let files: Vec<PathBuf> = located.workspace.config_files().map(Path::to_owned).collect();
    let describe = |LiveConfig { file, why }: LiveConfig| {
        let file = file.strip_prefix(root).unwrap_or(&file).display();
        let gap = if why.line == 0 { " " } else { "" };
        format!("{file}:{gap}{why}")
    };
    live_configs(root, cwd, &files, runtime).into_iter().map(describe).collect()
}
