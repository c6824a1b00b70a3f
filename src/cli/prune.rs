//! `vx cache prune`.

use std::time::SystemTime;

use serde_json::json;

use super::args::PruneArgs;
use super::entry::{Located, print_json, print_warnings};
use crate::cache::{PruneOptions, PruneResult};
use crate::error::Result;
use crate::run::console::{Console, count, size};
use crate::run::since_epoch;

/// Removes entries, or tells which would be.
pub(super) fn prune(located: &Located, args: &PruneArgs, console: &Console) -> Result<i32> {
    let options = PruneOptions {
        older_than_ms: args
            .older_than
            .and_then(|age| SystemTime::now().checked_sub(age))
            .map(since_epoch),
        max_bytes: args.max_size,
        dry_run: args.dry_run,
        protect: Vec::new(),
    };
    let result = match &located.cache {
        Some(cache) => {
            let result = cache.prune(&options)?;
            print_warnings(cache, console);
            cache.close()?;
            result
        }
        None => PruneResult::default(),
    };
    if args.store.json {
        let keys: Vec<&str> = result.keys.iter().map(crate::key::Key::as_str).collect();
        let json = json!({
            "evicted": result.evicted, "bytesFreed": result.bytes_freed, "dryRun": args.dry_run, "keys": keys,
        });
        print_json(&json, console);
    } else {
        let verb = if args.dry_run { "would remove" } else { "removed" };
        let evicted = usize::try_from(result.evicted).unwrap_or(usize::MAX);
        console.line(&format!(
            "{verb} {}, {}",
            count(evicted, "entry", "entries"),
            size(result.bytes_freed)
        ));
    }
    Ok(0)
}
