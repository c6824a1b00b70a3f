// What is measured: vx, turbo and nx, each as its users start it or better, `git status`, and the runtimes alone. Each
// says how it is started, what its output claims, and where its cache lies. Starts nothing itself.

import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GIT_ENV } from './generate.mjs'

const BENCH = dirname(fileURLToPath(import.meta.url))

const VX = join(dirname(BENCH), 'lib/bin.cjs')

/**
 * A workspace on disk.
 *
 * @typedef {object} Workspace
 * @property {string} root
 * @property {import('./packages.mjs').Package[]} packages
 * @property {import('./packages.mjs').Task[]} tasks
 */

/**
 * What a run says it did.
 *
 * @typedef {object} Outcome
 * @property {number} hits
 * @property {number} total
 * @property {number} [restored] hits whose outputs were put into place; not every tool says
 */

/**
 * A task runner with a cache.
 *
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} [base] the name of the runtime that it starts in
 * @property {(workspace: Workspace) => import('./measure.mjs').Command} command runs every task
 * @property {(stdout: string) => Outcome} outcome
 * @property {(workspace: Workspace) => void} setUp before its first run in a workspace
 * @property {(workspace: Workspace) => string[]} caches where it keeps what it knows of a workspace
 */

/**
 * The environment of everything that is measured: nothing of the user's but the path, a home of its own.
 *
 * @param {string} home
 * @param {string} path
 */
export function plainEnvironment(home, path) {
  return {
    ...GIT_ENV,
    PATH: path,
    HOME: home,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    DO_NOT_TRACK: '1',
    npm_config_update_notifier: 'false',
  }
}

/**
 * @param {string} name
 * @param {string} base
 * @param {string} runtime path
 * @param {Record<string, string>} env
 * @param {string[]} [flags]
 * @returns {Tool}
 */
export function vx(name, base, runtime, env, flags = []) {
  return {
    name,
    base,
    command: ({ root, tasks }) => ({
      argv: [runtime, VX, 'run', ...tasks.map((task) => task.name), '--output-logs=none', ...flags],
      cwd: root,
      env,
    }),
    outcome(stdout) {
      const [, hits, restored, misses] = found(
        stdout,
        /^Cache: (\d+) hits?(?: \((\d+) restored\))?, (\d+) miss/m,
      )
      return { hits: Number(hits), total: Number(hits) + Number(misses), restored: Number(restored ?? 0) }
    },
    setUp() {},
    caches: ({ root }) => [join(root, '.vx')],
  }
}

/**
 * The released binary, started directly: turbo's own start through Node is spared.
 *
 * @param {string} name
 * @param {Record<string, string>} env
 * @returns {Tool | undefined} undefined where there is no binary for this platform
 */
export function turbo(name, env) {
  const binary = turboBinary()
  if (!binary) {
    return undefined
  }
  return {
    name,
    command: ({ root, tasks }) => ({
      argv: [
        binary,
        'run',
        ...tasks.map((task) => task.name),
        '--output-logs=none',
        '--ui=stream',
        '--skip-infer',
      ],
      cwd: root,
      env: { ...env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
    }),
    outcome(stdout) {
      const [, hits, total] = found(stdout, /^Cached: +(\d+) cached, (\d+) total/m)
      return { hits: Number(hits), total: Number(total) }
    },
    setUp() {},
    caches: ({ root, packages }) =>
      ['', ...packages.map(({ directory }) => directory)].map((directory) => join(root, directory, '.turbo')),
  }
}

/** Path of turbo's binary for this machine. */
function turboBinary() {
  const scope = join(BENCH, 'node_modules/@turbo')
  const names = existsSync(scope) ? readdirSync(scope) : []
  return names
    .flatMap((name) => ['turbo', 'turbo.exe'].map((file) => join(scope, name, 'bin', file)))
    .find((path) => existsSync(path))
}

/** nx's command. */
const NX = join(BENCH, 'node_modules/nx/dist/bin/nx.js')

/**
 * nx without its daemon.
 *
 * @param {string} name
 * @param {string} base
 * @param {string} node path
 * @param {Record<string, string>} env
 * @returns {Tool}
 */
export function nx(name, base, node, env) {
  return {
    name,
    base,
    command: ({ root, tasks }) => ({
      argv: [node, NX, 'run-many', `--targets=${tasks.map((task) => task.name).join(',')}`],
      cwd: root,
      env: {
        ...env,
        NX_DAEMON: 'false',
        NX_NO_CLOUD: 'true',
        NX_TUI: 'false',
        // Else it keeps both in the home directory, for all workspaces together.
        NX_CACHE_DIRECTORY: join(root, '.nx/cache'),
        NX_WORKSPACE_DATA_DIRECTORY: join(root, '.nx/workspace-data'),
      },
    }),
    outcome(stdout) {
      const [, hits, total] = found(stdout, /^ *Cache: +(\d+)\/(\d+) hit/m)
      return { hits: Number(hits), total: Number(total) }
    },
    // It wants to be installed where it runs.
    setUp({ root }) {
      const link = join(root, 'node_modules/nx')
      if (!existsSync(link)) {
        mkdirSync(dirname(link), { recursive: true })
        symlinkSync(join(BENCH, 'node_modules/nx'), link)
      }
    },
    caches: ({ root }) => [join(root, '.nx')],
  }
}

/**
 * A runtime that does nothing.
 *
 * @param {string} name
 * @param {string} runtime path
 * @param {Record<string, string>} env
 * @returns {import('./measure.mjs').Contender}
 */
export function runtimeAlone(name, runtime, env) {
  return { name, command: { argv: [runtime, '-e', '0'], cwd: BENCH, env } }
}

/**
 * Writes a stand-in for npm that runs the tasks' commands and nothing else, and returns the directory to put on PATH.
 * turbo and nx start every command through `npm run`, whose own cost would hide theirs.
 *
 * @param {string} directory
 * @param {import('./packages.mjs').Task[]} tasks
 */
export function npmStandIn(directory, tasks) {
  const cases = tasks.map(({ name, command }) => `  *' ${name} '*) ${command} ;;`)
  mkdirSync(directory, { recursive: true })
  writeFileSync(
    join(directory, 'npm'),
    `#!/bin/sh\ncase " $* " in\n${cases.join('\n')}\n  *) exit 1 ;;\nesac\n`,
    { mode: 0o755 },
  )
  return directory
}

function found(text, pattern) {
  const match = text.match(pattern)
  if (!match) {
    throw new Error(`no summary was found in this output:\n${text.slice(-2000)}`)
  }
  return match
}
