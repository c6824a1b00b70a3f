//! `vx stats`: what the cache holds and what it saved.

use std::time::Duration;

use serde_json::json;

use super::entry::{Located, print_json};
use crate::cache::Stats;
use crate::error::Result;
use crate::run::console::{Console, duration, size};

/// Prints the statistics of the workspace's cache.
pub(super) fn stats(located: &Located, as_json: bool, console: &Console) -> Result<i32> {
    let stats = match &located.cache {
        Some(cache) => {
            let stats = cache.stats()?;
            cache.close()?;
            stats
        }
        None => Stats::default(),
    };
    if as_json {
        let projects = stats.projects.iter().map(|project| {
            json!({
                "project": project.project, "hits": project.hits, "misses": project.misses, "savedMs": project.saved_ms,
            })
        });
        let json = json!({
            "cacheDir": located.cache_dir.display().to_string(),
            "entryCount": stats.entry_count,
            "totalBytes": stats.total_bytes,
            "runCountLast24h": stats.run_count,
            "hitCountLast24h": stats.hit_count,
            "bytesUploadedLast24h": stats.uploaded,
            "bytesDownloadedLast24h": stats.downloaded,
            "savedMs": stats.saved_ms,
            "projects": projects.collect::<Vec<_>>(),
        });
        print_json(&json, console);
        return Ok(0);
    }
    console.line(&format!("Cache:         {}", located.cache_dir.display()));
    console.line(&format!("Entries:       {}, {}", stats.entry_count, size(stats.total_bytes)));
    console.line(&format!("Last 24 hours: {} tasks, {} hits", stats.run_count, stats.hit_count));
    if stats.uploaded > 0 || stats.downloaded > 0 {
        let (up, down) = (size(stats.uploaded), size(stats.downloaded));
        console.line(&format!("Remote:        {up} uploaded, {down} downloaded"));
    }
    console.line(&format!("Saved:         {}", duration(Duration::from_millis(stats.saved_ms))));
    let width =
        stats.projects.iter().map(|project| project.project.chars().count()).max().unwrap_or(0);
    for project in &stats.projects {
        let saved = duration(Duration::from_millis(project.saved_ms));
        console.line(&format!(
            "  {:width$}  {} hits, {} misses, saved {saved}",
            project.project, project.hits, project.misses
        ));
    }
    Ok(0)
}
