/**
 * `@vzn/vx`: a content-addressed task cache and task runner for JavaScript monorepos.
 *
 * Config files need {@link defineProject} and {@link defineWorkspace} only, and importing them loads no native code.
 * Everything else calls the engine, a native addon that the first call loads.
 *
 * Every error of this package is an `Error` with a stable `code` that starts with `VX_` (see {@link VxError});
 * functions that return a promise reject with it and never throw.
 *
 * @packageDocumentation
 */

// ---------------------------------------------------------------------------------------------------------------------
// Configuration
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The default export of `vx.config.{ts,mts,js,mjs}`, beside a package.json. It must be plain JSON: no functions, no
 * class instances, no `NaN`; properties that are `undefined` count as absent. Unknown keys are refused.
 */
export interface ProjectConfig {
  /** The tasks of this project by name. */
  tasks: Record<string, TaskConfig>
}

/** One task. Without `exec` it is a group: it runs nothing and stands for what it depends on. */
export interface TaskConfig {
  /** For people; shown by `vx show`. */
  description?: string
  /** What runs. */
  exec?: ExecConfig
  /**
   * What must have ended well before this task starts: `'build'` (a task of this project), `'^build'` (that task of
   * the nearest workspace dependencies that declare it) or `'pkg#build'` (a task of the named project).
   */
  dependsOn?: string[]
  /** What the task reads and makes. Absent: the task is never cached. Not allowed on a persistent task. */
  cache?: CacheConfig
}

/** What a task runs. */
export interface ExecConfig {
  /**
   * The command, for `sh -c` (on Windows `cmd /d /s /c`), run in the project's directory with `node_modules/.bin` of
   * the project, and of every directory above it up to the workspace root, on `PATH`.
   */
  command: string
  /** The command's environment is strict: a short list of system variables, and what is named here. */
  env?: EnvConfig
  /** Milliseconds after which the command is stopped and the task has failed. Default: none, or `--timeout`. */
  timeout?: number
  /** How often a failed command is run again, 0 to 10. Default: 0, or `--retries`. Not for a persistent task. */
  retries?: number
  /** For a command that does not end by itself: a server, a watcher. */
  persistent?: PersistentConfig
}

/** Environment variables beyond the strict list; bare names, no patterns. */
export interface EnvConfig {
  /** Names of variables that the command sees and that are no part of the key. */
  passThrough?: string[]
  /** Variables that are set for the command; part of the key. */
  define?: Record<string, string>
}

/** A command that does not end by itself. */
export interface PersistentConfig {
  /**
   * The tasks that depend on this one start when this text shows up in its output. Without it: as soon as the command
   * has started.
   */
  readyWhen?: string
}

/** What a cached task reads and makes. */
export interface CacheConfig {
  /** What the key is made of. */
  inputs: InputsConfig
  /** What is saved on a miss and restored on a hit. */
  outputs: OutputsConfig
}

/**
 * What the key of a task is made of, besides its config, the project's package.json and the lockfile.
 *
 * In globs `*` stops at `/`, `**` does not, braces work, files that start with a dot match, and `!glob` takes files
 * out again: the last match wins.
 */
export interface InputsConfig {
  /** Globs relative to the project, over what git sees there: tracked files, and untracked ones not ignored. */
  files: string[]
  /** Globs relative to the project for files that git ignores and the task reads all the same. */
  ignored?: string[]
  /** Globs relative to the workspace root. */
  workspaceFiles?: string[]
  /** Names of environment variables whose values are part of the key and reach the command; unset is not empty. */
  env?: string[]
  /** The entries of `dependsOn` whose keys are part of this key. Default: all. */
  tasks?: string[]
  /** Commands, such as `node --version`, whose trimmed output is part of the key. */
  runtime?: string[]
}

/**
 * What a task makes. It owns these files: they are removed before it runs and before they are restored. They may not take
 * in a package.json, a config, or the task's own inputs.
 */
export interface OutputsConfig {
  /** Globs relative to the project. */
  files: string[]
  /** Globs relative to the workspace root. */
  workspaceFiles?: string[]
}

/** The default export of `vx.workspace.{ts,mts,js,mjs}`, at the workspace root. Every setting is optional. */
export interface WorkspaceConfig {
  /** How many tasks run at once. Default: the number of cores. */
  concurrency?: number
  /** Where the cache lies and nothing else does, absolute or relative to the workspace root. Default: `.vx/cache`. */
  cacheDir?: string
  /** What the end of a run may remove from the cache; `false` removes nothing. Default: 30 days, 20 GiB. */
  cacheRetention?: CacheRetention | false
  /** The git revision that `--affected` compares with. */
  affectedBase?: string
  /** The cache that is shared with others, and whom to believe of what lies there. */
  remote?: RemoteConfig
  /** Directories that outlive a task, by name. */
  volumes?: Record<string, Volume>
}

/** How long and how much the cache keeps. */
export interface CacheRetention {
  /** Entries that were not used for longer are removed: `'30d'`, `'12h'`, `'90m'`, `'45s'`. */
  olderThan?: string
  /** Beyond it the least recently used entries are removed: `'20GiB'`, `'500MB'`, plain bytes. */
  maxSize?: string
}

/** The cache that is shared with others. Everybody who has the repository reads this: secrets are refused. */
export interface RemoteConfig {
  /** Where it lies; without a user or a password. */
  url?: string
  /** The team, as the remote knows it. */
  team?: string
  /**
   * Whose signatures are believed: the public keys of pairs that `vx cache keygen` made (`'vx-public-…'`). With it, an
   * artifact that none of them signed is not used.
   */
  publicKeys?: string[]
  /** Where an artifact must have been built to be used. Wants `publicKeys`: only a signature can vouch for it. */
  policy?: RemotePolicy
}

/** Where an artifact must have been built to be used. */
export interface RemotePolicy {
  /**
   * Patterns over the names of branches and tags, `['main', 'release/*']` for example: `*` stops at `/`, `!pattern` takes
   * away again. A pattern that starts with `refs/` is about whole names: `'refs/heads/main'` is no tag.
   */
  refs: string[]
}

/** A directory that outlives a task: dependencies keyed by the lockfile, a build cache per branch, downloads. */
export interface Volume {
  /** The directories it holds, relative to the workspace root. */
  paths: string[]
  /** What its content is a function of; a new key is a new volume. */
  key: {
    /** Globs relative to the workspace root, `package-lock.json` among them as a rule. */
    files?: string[]
    /** Names of environment variables whose values count. */
    env?: string[]
  }
  /** The command that fills a new volume, `npm ci` for one. */
  install?: string
  /** Who shares it. */
  scope?: 'repository' | 'branch' | 'task'
  /** How large it may grow: `'10GiB'`. */
  size?: string
  /** After how long without use it may be removed: `'7d'`. */
  ttl?: string
  /** What holds it: a directory, or a Podman volume. */
  backend?: 'dir' | 'podman'
}

/**
 * Types the config of a project and returns it unchanged.
 *
 * @example
 * ```ts
 * // packages/app/vx.config.ts
 * import { defineProject } from '@vzn/vx'
 *
 * export default defineProject({
 *   tasks: {
 *     build: {
 *       exec: { command: 'tsc -p .' },
 *       dependsOn: ['^build'],
 *       cache: { inputs: { files: ['src/**', 'tsconfig.json'] }, outputs: { files: ['dist/**'] } },
 *     },
 *   },
 * })
 * ```
 */
export declare function defineProject(config: ProjectConfig): ProjectConfig

/**
 * Types the config of the workspace and returns it unchanged.
 *
 * @example
 * ```ts
 * // vx.workspace.ts
 * import { defineWorkspace } from '@vzn/vx'
 *
 * export default defineWorkspace({ cacheRetention: { olderThan: '14d', maxSize: '5GiB' } })
 * ```
 */
export declare function defineWorkspace(config: WorkspaceConfig): WorkspaceConfig

// ---------------------------------------------------------------------------------------------------------------------
// Cache
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What every cache does. {@link Cache} is the local one; code that takes a `CacheLayer` works with any other as well.
 *
 * @example
 * ```ts
 * const hash = await cache.key(input)
 * const entry = await cache.get(hash)
 * if (entry) {
 *   await cache.restoreOutputs(hash, projectDir)
 * } else {
 *   const { exitCode, durationMs, stdout, stderr } = await runTheTask()
 *   await cache.save({ hash, entry: { taskId, command, exitCode, durationMs, stdout, stderr }, projectDir, outputFiles })
 * }
 * ```
 */
export interface CacheLayer {
  /**
   * The cache key of one task: 32 lower-case hex digits, the same on every machine for the same input. Files that
   * `input.fileHashes` does not cover are read and hashed.
   *
   * @throws `VX_ARGUMENT` for an input file outside the workspace or a value of the wrong type; `VX_INPUT_DUPLICATE`
   *   for a file given twice
   */
  key(input: CacheKeyInput): Promise<string>

  /**
   * The entry of a key, with its captured output, or `null` when there is none, its artifact is gone, or it is damaged.
   * Restores nothing. Counts as a use for the least-recently-used order of {@link CacheLayer.prune}.
   *
   * @throws `VX_KEY_MALFORMED` when `hash` is no key
   */
  get(hash: string): Promise<CacheEntry | null>

  /**
   * Puts the outputs of an entry into place, byte for byte, with modes, links and modification times; files in their
   * way are replaced. The artifact is verified as a whole first: when it is damaged, nothing has changed on disk.
   *
   * @param hash - the key of an entry
   * @param projectDir - absolute; anchors the project's outputs
   * @param workspaceRoot - absolute; anchors the outputs of `outputs.workspaceFiles`, which are left out without it
   * @throws an error with a code when there is no such entry or its artifact is damaged
   */
  restoreOutputs(hash: string, projectDir: string, workspaceRoot?: string): Promise<void>

  /**
   * Stores an entry with its outputs. Readers see the whole entry or none.
   *
   * @returns the key, or `null` when nothing was stored because `entry.exitCode` is not 0: failures are never cached
   * @throws an error with a code when an output cannot be read or the cache cannot be written
   */
  save(args: SaveArgs): Promise<string | null>

  /**
   * Appends one execution to the history that {@link CacheLayer.stats} counts.
   *
   * @throws `VX_ARGUMENT` for a value of the wrong type
   */
  recordRun(run: RunRecord): void

  /** What the cache holds, and how the last 24 hours went. */
  stats(): CacheStats

  /**
   * Removes entries, first by age, then the least recently used ones until the rest fits. Without any option: nothing.
   *
   * @throws `VX_ARGUMENT` for a limit that is no number or is negative
   */
  prune(options: PruneOptions): Promise<PruneResult>

  /** Releases the cache. Every later call rejects, or throws where it is synchronous, with `VX_CLOSED`. Idempotent. */
  close(): void
}

/** The local cache: one directory with an artifact per entry and an SQLite index. */
export declare class Cache implements CacheLayer {
  /**
   * Opens the cache in `cacheDir` and creates the directory if need be. Any number of processes and threads may have
   * the same cache open.
   *
   * @param cacheDir - absolute, or relative to the current directory
   * @throws `VX_ADDON_MISSING` when there is no native addon for this platform, or another code when the directory
   *   cannot be used or was written by a newer version
   */
  constructor(cacheDir: string)
  key(input: CacheKeyInput): Promise<string>
  get(hash: string): Promise<CacheEntry | null>
  restoreOutputs(hash: string, projectDir: string, workspaceRoot?: string): Promise<void>
  save(args: SaveArgs): Promise<string | null>
  recordRun(run: RunRecord): void
  stats(): CacheStats
  prune(options: PruneOptions): Promise<PruneResult>
  close(): void
}

/** Where a {@link LayeredCache} finds its remote. What is left out comes from the environment; secrets only from there. */
export interface RemoteOptions {
  /** As `VX_REMOTE_CACHE_URL`: `https://…`, `s3://bucket/prefix`, `file:///…` and others. */
  url?: string
  /** The team, as the remote knows it. */
  team?: string
  /** Whose signatures are believed; nothing else is then. From `vx cache keygen`. */
  publicKeys?: string[]
  /** Where an artifact must have been built: `{ refs: ['main', 'release/*'] }`. Needs `publicKeys`. */
  policy?: { refs: string[] }
  /** Whether entries are uploaded. Default: yes, but not in the CI of a forked pull request. */
  write?: boolean
}

/** What {@link LayeredCache.flush} answers with. */
export interface FlushResult {
  /** Entries that were uploaded since the last call. */
  uploaded: number
  /** What went wrong with the remote since then, a sentence each. */
  failures: string[]
}

/**
 * A local cache with a remote beneath it. What the cache directory does not have is asked of the remote, once for each
 * key; what comes is checked, kept in the directory, and says `source: 'remote'` from then on. What is saved is uploaded
 * in the background. A remote that fails costs a miss, never an error.
 *
 * @example
 * ```ts
 * const cache = new LayeredCache('.vx/cache', { url: 'https://cache.example.com', team: 'acme' })
 * const entry = await cache.get(hash)
 * // …
 * await cache.flush()
 * cache.close()
 * ```
 */
export declare class LayeredCache extends Cache {
  /**
   * Opens the cache in `cacheDir` as {@link Cache} does. Nothing is sent yet.
   *
   * @param remote - where the remote lies; by default as the environment says
   * @throws `VX_ARGUMENT` when no remote is named anywhere, or another code when its settings make no sense
   */
  constructor(cacheDir: string, remote?: RemoteOptions)
  /** Waits until everything that was saved has been uploaded, or could not be. Rejects only after {@link close}. */
  flush(): Promise<FlushResult>
  /** Closes the cache; uploads that have not ended are given up. */
  close(): void
}

/** All that a key is made of. */
export interface CacheKeyInput {
  /** `project#task`. */
  taskId: string
  /** From {@link hashTaskConfig}. */
  taskConfigHash: string
  /** From {@link hashFile} of the project's package.json; empty when it has none. */
  projectPackageJsonHash: string
  /** Environment variables in a fixed order (sort them by name); `null` is unset, which is not the same as empty. */
  envValues: Array<[name: string, value: string | null]>
  /** Absolute paths of the input files, each once, in any order. */
  inputFiles: string[]
  /** Absolute path of the workspace root: input files enter the key by their path relative to it. */
  workspaceRoot: string
  /** The keys of the upstream tasks, in any order. */
  upstreamHashes: string[]
  /** From {@link workspaceFingerprint}. */
  workspaceFingerprint: string
  /** The arguments after `--`, in their order. */
  forwardArgs?: readonly string[]
  /** File ids, as {@link hashFile} returns them, by absolute path: these files are not read. */
  fileHashes?: ReadonlyMap<string, string>
}

/** One stored execution. */
export interface CacheEntry {
  /** The key. */
  hash: string
  /** `project#task`. */
  taskId: string
  /** `exec.command` as written. */
  command: string
  exitCode: number
  /** How long the command ran, in milliseconds. */
  durationMs: number
  /**
   * Paths of the outputs with `/`, relative to the project; those of `outputs.workspaceFiles` relative to the
   * workspace root, after {@link WORKSPACE_OUTPUT_PREFIX}.
   */
  outputFiles: string[]
  /** What the command wrote, as UTF-8. */
  stdout: string
  /** What the command wrote, as UTF-8. */
  stderr: string
  /** When the entry was stored: ISO 8601, UTC. */
  storedAt: string
  /** Which layer served the entry, where there are several. */
  source?: 'local' | 'remote'
}

/** What {@link CacheLayer.save} stores. */
export type SaveArgs = {
  /** The key. */
  hash: string
  /** The execution, without what saving determines itself. */
  entry: Omit<CacheEntry, 'hash' | 'storedAt' | 'outputFiles'>
  /** Absolute path of the project. */
  projectDir: string
  /** Absolute paths of the outputs, all below `projectDir`. */
  outputFiles: string[]
  /** Absolute paths of what `outputs.workspaceFiles` matched, all below `workspaceRoot`. */
  workspaceOutputFiles?: string[]
  /** Absolute path of the workspace root; required with `workspaceOutputFiles`. */
  workspaceRoot?: string
}

/** One execution of a task, hit or miss, for the history. */
export interface RunRecord {
  /** The key. */
  hash: string
  /** Name of the project. */
  project: string
  /** Name of the task. */
  task: string
  /** How it ended. */
  status: 'success' | 'failed' | 'cache-hit' | 'cache-hit-remote' | 'skipped'
  exitCode: number
  /** In milliseconds. */
  durationMs: number
  /** The arguments after `--`. */
  forwardArgs?: readonly string[]
  /** Milliseconds since the epoch. */
  startedAt: number
  /** Milliseconds since the epoch. */
  endedAt: number
  /** A ULID that all tasks of one `vx run` share. */
  runId?: string
  /** User and system CPU time, in milliseconds. */
  cpuMs?: number
  /** Peak resident set size, in bytes. */
  peakRssBytes?: number
  /** Start on a monotonic clock, in nanoseconds since the start of the run. */
  wallclockStartNs?: bigint
  /** End on the same clock. */
  wallclockEndNs?: bigint
  /** Whether the result came from a cache. */
  cacheHit?: boolean
  /** Size of what was sent to a remote cache, in bytes. */
  bytesUploaded?: number
  /** Size of what a remote cache sent, in bytes. */
  bytesDownloaded?: number
}

/** What {@link CacheLayer.stats} returns. */
export interface CacheStats {
  /** Number of entries. */
  entryCount: number
  /** Size of all artifacts, in bytes. */
  totalBytes: number
  /** Executions recorded in the last 24 hours. */
  runCountLast24h: number
  /** How many of these were hits. */
  hitCountLast24h: number
}

/** What {@link CacheLayer.prune} removes. */
export interface PruneOptions {
  /** A point in time, in milliseconds since the epoch: entries last used before it are removed. */
  olderThanMs?: number
  /** In bytes: after that, the least recently used entries are removed until no more than this is left. */
  maxBytes?: number
}

/** What {@link CacheLayer.prune} removed. */
export interface PruneResult {
  /** Number of entries. */
  evicted: number
  /** Size of their artifacts, in bytes. */
  bytesFreed: number
}

/** What the paths of workspace outputs start with in {@link CacheEntry.outputFiles} and inside an artifact. */
export declare const WORKSPACE_OUTPUT_PREFIX = 'workspace-outputs/'

// ---------------------------------------------------------------------------------------------------------------------
// Hashes
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The file id of one file: git's blob id of its content, in the object format of the repository that holds it (SHA-1
 * without one). An executable file is `100755:<id>`, a symbolic link `120000:<id of its text>`, and where the link
 * leads to a file, followed by `>` and the id of that.
 *
 * @param path - absolute, or relative to the current directory
 * @throws an error with a code when the file cannot be read
 */
export declare function hashFile(path: string): Promise<string>

/**
 * The hash of one task's config: 32 hex digits. The order of properties does not count.
 *
 * @throws `VX_CONFIG_NOT_JSON` when the config holds anything but plain JSON; `path` on the error says where
 */
export declare function hashTaskConfig(config: TaskConfig): string

/**
 * The fingerprint of a workspace: 32 hex digits over its lockfiles and the `workspaces` of the root package.json.
 *
 * @param workspaceRoot - absolute, or relative to the current directory
 * @throws `VX_FINGERPRINT_UNREADABLE` or `VX_MANIFEST_INVALID`
 */
export declare function workspaceFingerprint(workspaceRoot: string): Promise<string>

/** What every error of this package looks like. */
export interface VxError extends Error {
  /**
   * Stable, starts with `VX_`. Of this package's own: `VX_ADDON_MISSING` (no native addon for this platform),
   * `VX_ARGUMENT` (a value of the wrong type or out of range), `VX_CLOSED` (the cache was closed), `VX_CONFIG_NOT_JSON`,
   * `VX_INTERNAL` (a defect of vx). The engine's own codes name what went wrong where.
   */
  code: string
}
