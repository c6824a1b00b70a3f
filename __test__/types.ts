// Compiled, never run: what TypeScript users may write, and what they may not.

import {
  Cache,
  WORKSPACE_OUTPUT_PREFIX,
  defineProject,
  defineWorkspace,
  hashFile,
  hashTaskConfig,
  workspaceFingerprint,
  type CacheEntry,
  type CacheKeyInput,
  type CacheLayer,
  type CacheStats,
  type ProjectConfig,
  type PruneOptions,
  type PruneResult,
  type RunRecord,
  type SaveArgs,
  type TaskConfig,
  type VxError,
  type WorkspaceConfig,
} from '@vzn/vx'

/** Another layer: in memory, nothing to restore. */
export class InMemory implements CacheLayer {
  readonly #entries = new Map<string, CacheEntry>()

  async key(input: CacheKeyInput): Promise<string> {
    const names: string[] = input.envValues.map(([name]) => name)
    const known: string | undefined = input.fileHashes?.get('/a')
    return [input.taskId, ...names, ...(input.forwardArgs ?? []), known].join()
  }

  async get(hash: string): Promise<CacheEntry | null> {
    return this.#entries.get(hash) ?? null
  }

  async restoreOutputs(_hash: string, _projectDir: string, _workspaceRoot?: string): Promise<void> {}

  async save({ hash, entry, outputFiles }: SaveArgs): Promise<string | null> {
    this.#entries.set(hash, { ...entry, hash, outputFiles, storedAt: new Date(0).toISOString() })
    return hash
  }

  recordRun(_run: RunRecord): void {}

  stats(): CacheStats {
    return { entryCount: this.#entries.size, totalBytes: 0, runCountLast24h: 0, hitCountLast24h: 0 }
  }

  async prune(_options: PruneOptions): Promise<PruneResult> {
    return { evicted: 0, bytesFreed: 0 }
  }

  close(): void {}
}

export async function use(layer: CacheLayer = new Cache('.vx/cache')): Promise<string> {
  const input: CacheKeyInput = {
    taskId: 'app#build',
    taskConfigHash: hashTaskConfig({ exec: { command: 'tsc' } }),
    projectPackageJsonHash: await hashFile('package.json'),
    envValues: [
      ['MODE', 'prod'],
      ['UNSET', null],
    ],
    inputFiles: ['/w/a.ts'],
    workspaceRoot: '/w',
    upstreamHashes: [],
    workspaceFingerprint: await workspaceFingerprint('/w'),
    forwardArgs: ['--watch'] as const,
    fileHashes: new Map([['/w/a.ts', '0'.repeat(40)]]) as ReadonlyMap<string, string>,
  }
  const hash: string = await layer.key(input)
  const entry = await layer.get(hash)
  // @ts-expect-error a miss is null
  void entry.stdout
  const prefix: 'workspace-outputs/' = WORKSPACE_OUTPUT_PREFIX
  layer.recordRun({
    hash,
    project: 'app',
    task: 'build',
    status: 'success',
    exitCode: 0,
    durationMs: 1,
    startedAt: 0,
    endedAt: 1,
    wallclockStartNs: 0n,
  })
  await layer.save({
    hash,
    // @ts-expect-error saving determines `hash` itself
    entry: { hash, taskId: 'a#b', command: '', exitCode: 0, durationMs: 0, stdout: '', stderr: '' },
    projectDir: '/w/app',
    outputFiles: [],
  })
  return (entry?.outputFiles ?? []).find((path) => path.startsWith(prefix)) ?? hash
}

export const isClosed = (error: unknown): boolean => (error as VxError).code === 'VX_CLOSED'

const tasks: Record<string, TaskConfig> = {
  build: {
    description: 'all of it',
    exec: {
      command: 'tsc',
      env: { passThrough: ['SSH_AUTH_SOCK'], define: { MODE: 'prod' } },
      timeout: 60_000,
      retries: 1,
    },
    dependsOn: ['^build', 'codegen', 'tools#build'],
    cache: {
      inputs: {
        files: ['src/**'],
        ignored: ['generated/**'],
        workspaceFiles: ['tsconfig.base.json'],
        env: ['CI'],
        tasks: ['^build'],
        runtime: ['node --version'],
      },
      outputs: { files: ['dist/**'], workspaceFiles: ['reports/*.json'] },
    },
  },
  serve: { exec: { command: 'vite', persistent: { readyWhen: 'ready in' } } },
  all: { dependsOn: ['build'] },
}

export const project: ProjectConfig = defineProject({ tasks })

export const workspace: WorkspaceConfig = defineWorkspace({
  concurrency: 4,
  cacheDir: '.vx/cache',
  cacheRetention: { olderThan: '30d', maxSize: '20GiB' },
  affectedBase: 'origin/main',
  remote: {
    url: 'https://cache.example.com',
    team: 'acme',
    publicKeys: ['vx-public-'],
    policy: { refs: ['main', 'release/*'] },
  },
  volumes: { deps: { paths: ['node_modules'], key: { files: ['package-lock.json'] }, install: 'npm ci' } },
})

defineWorkspace({ cacheRetention: false })

// @ts-expect-error a misspelt key
defineProject({ task: {} })
// @ts-expect-error a misspelt key deep inside
defineProject({ tasks: { build: { exec: { cmd: 'tsc' } } } })
// @ts-expect-error a cache needs inputs and outputs
defineProject({ tasks: { build: { exec: { command: 'tsc' }, cache: { inputs: { files: [] } } } } })
// @ts-expect-error a policy is a list of refs
defineWorkspace({ remote: { policy: { branches: ['main'] } } })
// @ts-expect-error nothing but false switches retention off
defineWorkspace({ cacheRetention: true })
