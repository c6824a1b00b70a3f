//! The `Cache` of the library: plain values in, the engine's cache behind.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{AsyncTask, BigInt};
use napi_derive::napi;

use super::blocking::{Blocking, blocking, guarded};
use super::error::{BadArgument, to_js};
use super::shapes::{
    NativeCacheEntry, NativeCacheStats, NativeKeyInput, NativePruneOptions, NativePruneResult,
    NativeRemote, NativeRunRecord, NativeSaveArgs,
};
use crate::artifact::{Anchor, Anchors, Captured, Logs, OutputPath};
use crate::cache::{
    Access, Answer, Cache, CacheError, Configured, Entry, LayerSettings, PruneOptions, RemoteLayer,
    RestoreSpec, RestoreTarget, RunRecord, RunStatus, SaveRequest, head_of,
};
use crate::error::Result;
use crate::file_id::{FileId, ObjectFormat};
use crate::git::Repo;
use crate::inputs::hash_file;
use crate::key::{EnvValue, Key, KeyInput};
use crate::parallel;
use crate::path::RelPath;
use crate::trust::{Policy, TrustConfig};

/// A cache directory, open.
#[napi]
pub struct NativeCache {
    cache: Arc<Cache>,
    /// The remote beneath it.
    remote: Option<Arc<RemoteLayer>>,
}

#[napi]
impl NativeCache {
    /// Opens a cache directory, creating what is missing, with a remote beneath it if one is named.
    #[napi(constructor)]
    pub fn new(env: Env, cache_dir: String, remote: Option<NativeRemote>) -> napi::Result<Self> {
        let opened = guarded(|| {
            let remote = remote.map(layer).transpose()?;
            let dir = std::path::absolute(&cache_dir)
                .map_err(|error| BadArgument(format!("{cache_dir:?} is no directory: {error}")))?;
            Ok(Self { cache: Arc::new(Cache::open(&dir)?), remote: remote.map(Arc::new) })
        });
        opened.map_err(|error| to_js(env, &error))
    }

    /// Derives a key. Touches no entry.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn key(&self, input: NativeKeyInput) -> AsyncTask<Blocking<String>> {
        blocking(move || Ok(key_input(input)?.key()?.to_string()))
    }

    /// The same here and now, for files whose ids are all known.
    #[napi]
    pub fn key_of_known(&self, env: Env, input: NativeKeyInput) -> napi::Result<String> {
        guarded(|| Ok(key_input(input)?.key()?.to_string())).map_err(|error| to_js(env, &error))
    }

    /// The entry under a key, with its output; `null` when there is none.
    #[napi(ts_return_type = "Promise<NativeCacheEntry | null>")]
    pub fn get(&self, hash: String) -> AsyncTask<Blocking<Option<NativeCacheEntry>>> {
        let (cache, remote) = (Arc::clone(&self.cache), self.remote.clone());
        blocking(move || {
            let key = Key::parse(&hash)?;
            let mut entry = cache.get(&key)?;
            if let (None, Some(remote)) = (&entry, &remote)
                && let Answer::Hit(_) = remote.pull(&cache, &key)
            {
                entry = cache.get(&key)?;
            }
            let Some(entry) = entry else { return Ok(None) };
            let came = remote.is_some_and(|remote| remote.pulled(&key).is_some());
            let source = if came { "remote" } else { "local" };
            let read = cache.logs(&entry).and_then(|logs| Ok((logs, cache.outputs(&entry)?)));
            match read {
                Ok((logs, outputs)) => describe(&entry, &logs, &outputs, source).map(Some),
                // Evicted just now, or damaged: there is none.
                Err(CacheError::Missing { .. } | CacheError::Corrupt { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    /// Puts an entry's outputs into place; what else is there stays.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn restore_outputs(
        &self,
        hash: String,
        project_dir: String,
        workspace_root: Option<String>,
    ) -> AsyncTask<Blocking<()>> {
        let cache = Arc::clone(&self.cache);
        blocking(move || {
            let anchors = Anchors {
                project: absolute(&project_dir)?,
                workspace: workspace_root.as_deref().map(absolute).transpose()?,
            };
            let spec = RestoreSpec {
                target: RestoreTarget::Anchors(&anchors),
                found: None,
                worktree: None,
            };
            cache.restore(&Key::parse(&hash)?, &spec)?;
            Ok(())
        })
    }

    /// Saves an entry and answers with its key; a task that failed is not saved and gives `null`.
    #[napi(ts_return_type = "Promise<string | null>")]
    pub fn save(&self, args: NativeSaveArgs) -> AsyncTask<Blocking<Option<String>>> {
        let cache = Arc::clone(&self.cache);
        blocking(move || {
            if args.entry.exit_code != 0 {
                return Ok(None);
            }
            save(&cache, args).map(Some)
        })
    }

    /// Uploads an entry to the remote; the bytes that were sent, 0 where nothing may be uploaded.
    #[napi(ts_return_type = "Promise<number>")]
    pub fn push(&self, hash: String, duration_ms: f64) -> AsyncTask<Blocking<f64>> {
        let (cache, remote) = (Arc::clone(&self.cache), self.remote.clone());
        blocking(move || {
            let key = Key::parse(&hash)?;
            match remote.filter(|remote| remote.access().write) {
                Some(remote) => {
                    Ok(number(remote.push(&cache, &key, whole_unsigned(duration_ms))?))
                }
                None => Ok(0.0),
            }
        })
    }

    /// What there is to say of the remote, and was not said yet.
    #[napi]
    pub fn remarks(&self) -> Vec<String> {
        self.remote.as_ref().map(|remote| remote.take_remarks()).unwrap_or_default()
    }

    /// Appends one row of history.
    #[napi]
    pub fn record_run(&self, env: Env, run: NativeRunRecord) -> napi::Result<()> {
        guarded(|| Ok(self.cache.record_run(&run_record(run)?)?))
            .map_err(|error| to_js(env, &error))
    }

    /// Counts entries and the last day's runs.
    #[napi]
    pub fn stats(&self, env: Env) -> napi::Result<NativeCacheStats> {
        let stats = guarded(|| Ok(self.cache.stats()?)).map_err(|error| to_js(env, &error))?;
        Ok(NativeCacheStats {
            entry_count: number(stats.entry_count),
            total_bytes: number(stats.total_bytes),
            run_count_last24h: number(stats.run_count),
            hit_count_last24h: number(stats.hit_count),
        })
    }

    /// Evicts entries.
    #[napi(ts_return_type = "Promise<NativePruneResult>")]
    pub fn prune(&self, options: NativePruneOptions) -> AsyncTask<Blocking<NativePruneResult>> {
        let cache = Arc::clone(&self.cache);
        blocking(move || {
            let result = cache.prune(&PruneOptions {
                older_than_ms: options.older_than_ms.map(whole),
                max_bytes: options.max_bytes.map(whole_unsigned),
                dry_run: false,
                protect: Vec::new(),
            })?;
            Ok(NativePruneResult {
                evicted: number(result.evicted),
                bytes_freed: number(result.bytes_freed),
            })
        })
    }

    /// Closes the cache: every later call fails with `VX_CLOSED`.
    #[napi]
    pub fn close(&self, env: Env) -> napi::Result<()> {
        if let Some(remote) = &self.remote {
            remote.cancel();
        }
        guarded(|| Ok(self.cache.close()?)).map_err(|error| to_js(env, &error))
    }
}

/// The layer that the options and the environment describe.
fn layer(options: NativeRemote) -> Result<RemoteLayer> {
    let access = Access { read: true, write: options.write.unwrap_or(true) };
    let configured = Configured { url: options.url, team: options.team };
    let trust = TrustConfig {
        public_keys: options.public_keys.unwrap_or_default(),
        policy: options.refs.map(|refs| Policy { refs }),
    };
    let root = std::env::current_dir().unwrap_or_default();
    let opened = RemoteLayer::open(LayerSettings {
        configured: &configured,
        trust: &trust,
        variable: &|name| options.variables.get(name).cloned(),
        access: options.write.map(|_| access),
        head: &|| head_of(&root),
    })?;
    opened.ok_or_else(|| {
        let text = "there is no remote cache; pass its `url`, or set VX_REMOTE_CACHE_URL";
        BadArgument(text.to_owned()).into()
    })
}

fn key_input(input: NativeKeyInput) -> Result<KeyInput> {
    let root = absolute(&input.workspace_root)?;
    let paths = parts(&input.input_paths, input.input_count)?;
    let ids = parts(&input.input_ids, input.input_count)?;
    let unknown = ids.iter().any(|id| id.is_empty());
    let format = if unknown { object_format(&root)? } else { ObjectFormat::default() };
    let files: Vec<(&str, &str)> = paths.into_iter().zip(ids).collect();
    let identify = |(path, id): &(&str, &str)| -> Result<(RelPath, FileId)> {
        let relative = RelPath::below(&root, Path::new(path))?;
        let id = if id.is_empty() {
            hash_file(Path::new(path), format)?
        } else {
            FileId::from_text(*id)
        };
        Ok((relative, id))
    };
    // Hashing reads files and pays for threads; framing what is known does not.
    let share = if unknown { 1 } else { files.len().max(1) };
    let inputs = parallel::try_map(&files, share, identify)?;
    let env_values = input.env_names.into_iter().zip(input.env_set).zip(input.env_values);
    let upstream = input.upstream_hashes.iter().map(|hash| Key::parse(hash));
    Ok(KeyInput {
        task_id: input.task_id,
        workspace_fingerprint: input.workspace_fingerprint,
        package_json_hash: input.project_package_json_hash,
        task_config_hash: input.task_config_hash,
        forward_args: input.forward_args.unwrap_or_default(),
        env_values: env_values
            .map(|((name, set), value)| EnvValue { name, value: set.then_some(value) })
            .collect(),
        upstream: upstream.collect::<Result<_, _>>()?,
        inputs,
    })
}

/// The parts of a text between its NULs; there must be so many.
fn parts(text: &str, count: u32) -> Result<Vec<&str>> {
    let parts: Vec<&str> = if count == 0 { Vec::new() } else { text.split('\0').collect() };
    if u32::try_from(parts.len()) == Ok(count) {
        return Ok(parts);
    }
    Err(BadArgument("the path of an input file, or its hash, holds NUL".to_owned()).into())
}

fn object_format(dir: &Path) -> Result<ObjectFormat> {
    Ok(Repo::discover(dir)?.map_or_else(ObjectFormat::default, |repo| repo.object_format()))
}

fn describe(
    entry: &Entry,
    logs: &Logs,
    outputs: &[OutputPath],
    source: &str,
) -> Result<NativeCacheEntry> {
    let text = |captured: &Captured| -> Result<String> {
        let bytes = captured
            .bytes()
            .map_err(|error| BadArgument(format!("the entry's output cannot be read: {error}")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let name = |output: &OutputPath| match output.anchor {
        Anchor::Project => output.path.as_str().to_owned(),
        Anchor::Workspace => output.entry_name(),
    };
    Ok(NativeCacheEntry {
        hash: entry.key.to_string(),
        task_id: entry.task_id.clone(),
        command: entry.command.clone(),
        exit_code: entry.exit_code,
        duration_ms: number(entry.duration_ms),
        output_files: outputs.iter().map(name).collect(),
        stdout: text(&logs.stdout)?,
        stderr: text(&logs.stderr)?,
        stored_at: entry.stored_at(),
        source: Some(source.to_owned()),
    })
}

fn save(cache: &Cache, args: NativeSaveArgs) -> Result<String> {
    let anchors = Anchors {
        project: absolute(&args.project_dir)?,
        workspace: args.workspace_root.as_deref().map(absolute).transpose()?,
    };
    let mut outputs = Vec::new();
    for file in &args.output_files {
        let path = RelPath::below(&anchors.project, Path::new(file))?;
        outputs.push(OutputPath { anchor: Anchor::Project, path });
    }
    for file in args.workspace_output_files.iter().flatten() {
        let Some(root) = &anchors.workspace else {
            return Err(BadArgument(
                "workspaceOutputFiles are given without workspaceRoot; pass both".to_owned(),
            )
            .into());
        };
        let path = RelPath::below(root, Path::new(file))?;
        outputs.push(OutputPath { anchor: Anchor::Workspace, path });
    }
    outputs.sort();
    outputs.dedup();
    let logs = Logs {
        stdout: Captured::from(args.entry.stdout.into_bytes()),
        stderr: Captured::from(args.entry.stderr.into_bytes()),
    };
    let key = Key::parse(&args.hash)?;
    cache.save(SaveRequest {
        key: &key,
        task_id: &args.entry.task_id,
        command: &args.entry.command,
        duration_ms: whole_unsigned(args.entry.duration_ms),
        logs: &logs,
        outputs: &outputs,
        anchors: &anchors,
        worktree: None,
        components: None,
    })?;
    Ok(key.to_string())
}

fn run_record(run: NativeRunRecord) -> Result<RunRecord> {
    let status = RunStatus::parse(&run.status).ok_or_else(|| {
        BadArgument(format!(
            "{:?} is no status of a run; write success, failed, cache-hit, cache-hit-remote or skipped",
            run.status
        ))
    })?;
    let key = if run.hash.is_empty() { None } else { Some(Key::parse(&run.hash)?) };
    Ok(RunRecord {
        key,
        project: run.project,
        task: run.task,
        status,
        cached: true,
        exit_code: run.exit_code,
        duration_ms: whole_unsigned(run.duration_ms),
        forward_args: run.forward_args.unwrap_or_default(),
        started_at: whole(run.started_at),
        ended_at: whole(run.ended_at),
        run_id: run.run_id,
        cpu_ms: run.cpu_ms.map(whole_unsigned),
        peak_rss_bytes: run.peak_rss_bytes.map(whole_unsigned),
        wallclock_start_ns: run.wallclock_start_ns.map(nanoseconds).transpose()?,
        wallclock_end_ns: run.wallclock_end_ns.map(nanoseconds).transpose()?,
        bytes_uploaded: run.bytes_uploaded.map(whole_unsigned),
        bytes_downloaded: run.bytes_downloaded.map(whole_unsigned),
    })
}

fn nanoseconds(value: BigInt) -> Result<i64> {
    match value.get_i64() {
        (nanoseconds, true) => Ok(nanoseconds),
        _ => Err(BadArgument(
            "a wall clock value does not fit into 64 bits of nanoseconds".to_owned(),
        )
        .into()),
    }
}

fn absolute(path: &str) -> Result<PathBuf> {
    let path = Path::new(path);
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    Err(BadArgument(format!("{} is not absolute; pass an absolute path", path.display())).into())
}

/// JavaScript's numbers are exact up to 2^53, more than any count, size or time here.
#[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
fn number(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and NaN becomes 0")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and NaN becomes 0"
)]
fn whole_unsigned(value: f64) -> u64 {
    value.round() as u64
}
