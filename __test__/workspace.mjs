// What the tests that run the `vx` command share: a git repository to run it in, and what a run says of its tasks.

import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { scratch } from './scratch.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** The command as the package has it. */
export const BIN = join(ROOT, 'lib/bin.cjs')

/** Nothing of the machine's git configuration, and who commits. */
export const GIT_ENV = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
}

/** What would change how vx prints: a test that wants one of these sets it. */
const LOOKS = new Set(['CI', 'GITHUB_ACTIONS', 'FORCE_COLOR', 'NO_COLOR'])

/** What would name a remote cache, the way to it, or the CI run that uses it: the same holds. */
const REMOTE = /^(?:VX_REMOTE_CACHE_|TURBO_|ACTIONS_|GITHUB_|CI_|(?:HTTPS?|ALL|NO)_PROXY$)/i

/** The environment that vx is run in: the machine's, without what the outcome must not depend on. */
export function hostEnv(changes = {}) {
  const own = Object.entries(process.env).filter(([name]) => !LOOKS.has(name) && !REMOTE.test(name))
  return { ...Object.fromEntries(own), ...GIT_ENV, ...changes }
}

/** Runs a program to its end in `cwd`; fails unless it exits with 0. */
export function must(cwd, program, ...args) {
  const result = spawnSync(program, args, { cwd, encoding: 'utf8', env: { ...process.env, ...GIT_ENV } })
  if (result.status !== 0) {
    throw new Error(
      `${program} ${args.join(' ')}: ${result.error ?? result.status}\n${result.stdout}${result.stderr}`,
    )
  }
  return result.stdout
}

/** Runs git in `cwd`; fails unless it exits with 0. */
export function git(cwd, ...args) {
  return must(cwd, 'git', '-c', 'core.autocrlf=false', '-c', 'commit.gpgsign=false', ...args)
}

/** A new git repository with these files, all committed. */
export function repository(files) {
  const root = scratch({ '.gitignore': 'node_modules\ndist\n.vx\n', ...files })
  git(root, 'init', '--quiet', '--initial-branch=main')
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message=start')
  return root
}

/**
 * A workspace of packages under `packages/`, by directory: for each its config's `tasks`, other files and dependencies,
 * and its name where that is not the directory's.
 */
export function monorepo(packages, files = {}) {
  const all = {
    'package.json': JSON.stringify({ name: 'root', private: true, workspaces: ['packages/*'] }),
    ...files,
  }
  for (const [dir, { name = dir, tasks, dependencies = [], files: own = {} }] of Object.entries(packages)) {
    const manifest = {
      name,
      version: '1.0.0',
      dependencies: Object.fromEntries(dependencies.map((other) => [other, '*'])),
    }
    all[`packages/${dir}/package.json`] = JSON.stringify(manifest)
    if (tasks) {
      all[`packages/${dir}/vx.config.mjs`] = `export default ${JSON.stringify({ tasks })}\n`
    }
    for (const [path, content] of Object.entries(own)) {
      all[`packages/${dir}/${path}`] = content
    }
  }
  return repository(all)
}

/** Runs vx to its end under the runtime that runs this test. */
export function vx(cwd, args, { env = {}, timeout = 120_000 } = {}) {
  const result = spawnSync(process.execPath, [BIN, ...args], {
    cwd,
    encoding: 'utf8',
    env: hostEnv(env),
    timeout,
    maxBuffer: 64 << 20,
  })
  return { code: result.status, signal: result.signal, stdout: result.stdout, stderr: result.stderr }
}

/** Runs `vx run` and gives its exit code, its output and its tasks by id. */
export function vxRun(cwd, args, options) {
  const summary = join(scratch(), 'summary.json')
  const result = vx(cwd, ['run', `--summarize=${summary}`, ...args], options)
  let tasks = {}
  try {
    tasks = Object.fromEntries(JSON.parse(readFileSync(summary, 'utf8')).tasks.map((task) => [task.id, task]))
  } catch {
    // No summary: the run was refused, and its output says why.
  }
  rmSync(summary, { force: true })
  return { ...result, tasks }
}

/** The status of each task, by id. */
export function statuses({ tasks }) {
  return Object.fromEntries(Object.entries(tasks).map(([id, { status }]) => [id, status]))
}
