//! The plain objects that cross the boundary.

use std::collections::HashMap;

use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

/// What a key is made of. Parallel arrays where the public interface has pairs and a map.
#[napi(object)]
pub struct NativeKeyInput {
    pub task_id: String,
    pub task_config_hash: String,
    pub project_package_json_hash: String,
    /// Declared variables, in the caller's order.
    pub env_names: Vec<String>,
    /// Whether each of them is set.
    pub env_set: Vec<bool>,
    /// Their values; ignored where unset.
    pub env_values: Vec<String>,
    /// How many input files there are.
    pub input_count: u32,
    /// Their absolute paths, with a NUL between each two: one text crosses in a fraction of the time of many.
    pub input_paths: String,
    /// Their file ids in the same form, each empty where it is not known.
    pub input_ids: String,
    pub workspace_root: String,
    pub upstream_hashes: Vec<String>,
    pub workspace_fingerprint: String,
    pub forward_args: Option<Vec<String>>,
}

/// The remote beneath a cache; what is absent comes from the environment.
#[napi(object)]
pub struct NativeRemote {
    /// The environment as the runtime has it, which may be another than the process was started with.
    pub variables: HashMap<String, String>,
    pub url: Option<String>,
    pub team: Option<String>,
    pub public_keys: Option<Vec<String>>,
    /// Where artifacts must have been built.
    pub refs: Option<Vec<String>>,
    /// Whether entries are uploaded.
    pub write: Option<bool>,
}

/// One entry of the cache.
#[napi(object)]
pub struct NativeCacheEntry {
    pub hash: String,
    pub task_id: String,
    pub command: String,
    pub exit_code: i32,
    pub duration_ms: f64,
    /// Project-relative; a workspace output has its prefix.
    pub output_files: Vec<String>,
    pub stdout: String,
    pub stderr: String,
    /// ISO 8601, UTC.
    pub stored_at: String,
    #[napi(ts_type = "'local' | 'remote'")]
    pub source: Option<String>,
}

/// The part of an entry that its saver knows.
#[napi(object)]
pub struct NativeNewEntry {
    pub task_id: String,
    pub command: String,
    pub exit_code: i32,
    pub duration_ms: f64,
    pub stdout: String,
    pub stderr: String,
}

/// What to save.
#[napi(object)]
pub struct NativeSaveArgs {
    pub hash: String,
    pub entry: NativeNewEntry,
    pub project_dir: String,
    /// Absolute paths.
    pub output_files: Vec<String>,
    /// Absolute paths.
    pub workspace_output_files: Option<Vec<String>>,
    pub workspace_root: Option<String>,
}

/// How one task of a run ended. Times are milliseconds since the epoch.
#[napi(object)]
pub struct NativeRunRecord {
    pub hash: String,
    pub project: String,
    pub task: String,
    pub status: String,
    pub exit_code: i32,
    pub duration_ms: f64,
    pub forward_args: Option<Vec<String>>,
    pub started_at: f64,
    pub ended_at: f64,
    pub run_id: Option<String>,
    pub cpu_ms: Option<f64>,
    pub peak_rss_bytes: Option<f64>,
    pub wallclock_start_ns: Option<BigInt>,
    pub wallclock_end_ns: Option<BigInt>,
    pub cache_hit: Option<bool>,
    pub bytes_uploaded: Option<f64>,
    pub bytes_downloaded: Option<f64>,
}

/// What the cache holds and did in the last 24 hours.
#[napi(object)]
pub struct NativeCacheStats {
    pub entry_count: f64,
    pub total_bytes: f64,
    #[napi(js_name = "runCountLast24h")]
    pub run_count_last24h: f64,
    #[napi(js_name = "hitCountLast24h")]
    pub hit_count_last24h: f64,
}

/// What to evict.
#[napi(object)]
pub struct NativePruneOptions {
    /// Entries last used before this time go, milliseconds since the epoch.
    pub older_than_ms: Option<f64>,
    /// Then the least recently used, until the total is at most this.
    pub max_bytes: Option<f64>,
}

/// What was evicted.
#[napi(object)]
pub struct NativePruneResult {
    pub evicted: f64,
    pub bytes_freed: f64,
}
