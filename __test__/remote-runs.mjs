// What the tests of the remote cache share: checkouts of one workspace, and runs beside which this process goes on, since
// it may itself be what vx talks to.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync, readlinkSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { start } from './processes.mjs'
import { scratch } from './scratch.mjs'
import { TOKEN } from './turbo-server.mjs'
import { cached } from './tasks.mjs'
import { git, monorepo } from './workspace.mjs'

/** `lib#build` makes files of several kinds; `app#build` depends on it, and neither reads what the other makes. */
export function workspace({ log, files = {} } = {}) {
  const note = (text) => (log ? `${log.note(text)}; ` : '')
  const script = `printf '#!/bin/sh\\n' > dist/bin/run; chmod 755 dist/bin/run; chmod 600 dist/x`
  return monorepo(
    {
      lib: {
        tasks: {
          build: cached(
            `${note('lib')}mkdir -p dist/bin dist/empty; cat src/a > dist/x; ${script}; ln -s bin/run dist/link; echo built lib`,
          ),
        },
        files: { 'src/a': 'a' },
      },
      app: {
        tasks: {
          build: cached(`${note('app')}mkdir -p dist; cat src/a > dist/y; echo built app`, {
            dependsOn: ['^build'],
          }),
        },
        dependencies: ['lib'],
        files: { 'src/a': 'app' },
      },
    },
    files,
  )
}

/** Another checkout of it, without a cache. */
export function checkout(root) {
  const other = scratch()
  git(other, 'clone', '--quiet', root, 'work')
  return join(other, 'work')
}

/** Runs vx to its end, and gives what it printed and how long it took, in milliseconds. No output may show the token. */
export async function vxBeside(cwd, args, env = {}) {
  const began = performance.now()
  const { code, signal, stdout, stderr } = await start(cwd, args, { env }).ended
  const ms = performance.now() - began
  assert.ok(!`${stdout}${stderr}`.includes(env.VX_REMOTE_CACHE_TOKEN ?? TOKEN), 'the token is shown')
  return { code, signal, stdout, stderr, ms }
}

/** Runs `vx run build` with these arguments; `tasks` is what became of each task, by id. */
export async function build(cwd, env = {}, args = ['--all']) {
  const summary = join(scratch(), 'summary.json')
  const result = await vxBeside(cwd, ['run', 'build', `--summarize=${summary}`, ...args], env)
  let tasks = {}
  try {
    tasks = Object.fromEntries(JSON.parse(readFileSync(summary, 'utf8')).tasks.map((task) => [task.id, task]))
  } catch {
    // No summary: the run was refused, and its output says why.
  }
  const warnings = result.stderr.split('\n').filter((line) => line.startsWith('warning:'))
  return { ...result, tasks, warnings }
}

/** Fails unless a run went well, and gives the status of each task, by id. */
export function became({ code, stdout, stderr, tasks }) {
  assert.equal(code, 0, stdout + stderr)
  return Object.fromEntries(Object.entries(tasks).map(([id, { status }]) => [id, status]))
}

/** All outputs of a checkout, by path: modes, contents and where links point. */
export function outputs(root) {
  const found = {}
  const look = (path) => {
    const full = join(root, path)
    const stat = lstatSync(full)
    const mode = (stat.mode & 0o7777).toString(8)
    if (stat.isSymbolicLink()) {
      found[path] = { link: readlinkSync(full) }
    } else if (stat.isDirectory()) {
      found[path] = { mode }
      readdirSync(full).forEach((name) => look(join(path, name)))
    } else {
      found[path] = { mode, content: readFileSync(full, 'hex') }
    }
  }
  for (const project of readdirSync(join(root, 'packages'))) {
    if (readdirSync(join(root, 'packages', project)).includes('dist')) {
      look(`packages/${project}/dist`)
    }
  }
  return found
}

/** The statuses of a run that had to do everything itself, and of one that had nothing to do. */
export const RAN = { 'app#build': 'success', 'lib#build': 'success' }
export const REMOTE = { 'app#build': 'cache-hit-remote', 'lib#build': 'cache-hit-remote' }
export const LOCAL = { 'app#build': 'cache-hit', 'lib#build': 'cache-hit' }
