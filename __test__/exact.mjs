// What the exactness tests share: a workspace whose builds copy what they read, and the check that what vx leaves behind
// is what a plain rebuild of the same tree makes.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { scratch } from './scratch.mjs'
import { cached } from './tasks.mjs'
import { BIN, hostEnv, monorepo, must, statuses, vxRun } from './workspace.mjs'

/** These tests need a POSIX shell, modes and links. */
export const posix = { skip: process.platform === 'win32' }

/** Copies the sources twice: as they are, and as they read through links. */
export const COPY = 'mkdir -p dist/is dist/reads && cp -RP src/. dist/is && cp -RL src/. dist/reads'

/** The sources that a project has unless a test says otherwise. */
export const SOURCES = { 'src/a.txt': 'aaaa\n', 'src/b.txt': 'bbbb\n', 'src/deep/c.txt': 'cccc\n' }

/** A committed workspace of one project, `packages/app`, that builds with `COPY` unless told otherwise. See `settle`. */
export function project({
  command = COPY,
  files = SOURCES,
  workspace = {},
  git: withGit = true,
  ...task
} = {}) {
  const root = monorepo({ app: { tasks: { build: cached(command, task) }, files } }, workspace)
  if (withGit) settle(root)
  else rmSync(join(root, '.git'), { recursive: true })
  return root
}

/** A path in the sources of `packages/app`. */
export const src = (root, path = '') => join(root, 'packages/app/src', path)

/** A path in the outputs of `packages/app`. */
export const dist = (root, path = '') => join(root, 'packages/app/dist', path)

/**
 * Has git look at all files once more, and dates its index a minute ahead: as if all of them had been changed long before
 * git looked, so that their entries are not racy.
 */
export function settle(root) {
  must(root, 'sh', '-c', 'git update-index -q --refresh || true')
  const index = must(root, 'git', 'rev-parse', '--path-format=absolute', '--git-path', 'index').trim()
  const later = new Date(Date.now() + 60_000)
  utimesSync(index, later, later)
}

/** Lets `edit` change a file, then puts its modification time back, to the nanosecond. */
export function unnoticed(path, edit) {
  const reference = join(scratch(), 'reference')
  must('/', 'touch', '-r', path, reference)
  edit(path)
  must('/', 'touch', '-r', reference, path)
}

/** Writes other bytes over a file: the same inode, as an editor that writes in place leaves it. */
export function overwrite(path, content) {
  const file = openSync(path, 'r+')
  writeFileSync(file, content)
  closeSync(file)
}

/** Every path below a directory with what it is: kind, permissions, content. Also when `directory` is a link. */
export function snapshot(directory) {
  const found = {}
  if (!existsSync(directory)) return found
  for (const name of readdirSync(directory).toSorted()) {
    const path = join(directory, name)
    const stat = lstatSync(path)
    if (stat.isSymbolicLink()) {
      found[name] = `link to ${readlinkSync(path)}`
    } else if (stat.isDirectory()) {
      found[`${name}/`] = 'directory'
      for (const [below, what] of Object.entries(snapshot(path))) found[`${name}/${below}`] = what
    } else {
      found[name] = `${(stat.mode & 0o777).toString(8)} ${readFileSync(path, 'latin1')}`
    }
  }
  return found
}

/** The configs of a workspace that `monorepo` made, by package directory. */
function configs(root) {
  const directories = readdirSync(join(root, 'packages'))
  const withConfig = directories.filter((name) => existsSync(join(root, 'packages', name, 'vx.config.mjs')))
  return Object.fromEntries(
    withConfig.map((name) => {
      const read = (file) => readFileSync(join(root, 'packages', name, file), 'utf8')
      const { tasks } = JSON.parse(read('vx.config.mjs').replace('export default ', ''))
      return [name, { tasks, dependencies: Object.keys(JSON.parse(read('package.json')).dependencies) }]
    }),
  )
}

/** The directories that a task declares as outputs, relative to its package. */
const owned = (task) => (task.cache?.outputs.files ?? []).map((glob) => glob.replace(/\/\*\*$/, ''))

/**
 * Asserts that `dist` of every package is what a plain rebuild makes: the workspace is copied without outputs, the command
 * of each task is run there by the shell after those that it depends on, and both results are compared byte by byte.
 */
export function sameAsRebuild(root, { env = {}, context = '' } = {}) {
  const copy = scratch()
  must(root, 'cp', '-RPp', ...readdirSync(root).filter((name) => !/^\.(?:git|vx)$/.test(name)), copy)
  const packages = configs(root)
  const at = (name, ...path) => join(copy, 'packages', name, ...path)
  for (const [name, { tasks }] of Object.entries(packages)) {
    for (const path of Object.values(tasks).flatMap(owned)) {
      const stat = lstatSync(at(name, path), { throwIfNoEntry: false })
      if (stat && !stat.isSymbolicLink()) rmSync(at(name, path), { recursive: true })
    }
  }
  const done = new Set()
  const build = (name, task) => {
    const { tasks = {}, dependencies } = packages[name] ?? {}
    if (!tasks[task] || done.has(`${name}#${task}`)) return
    done.add(`${name}#${task}`)
    for (const other of tasks[task].dependsOn ?? []) {
      if (other.startsWith('^')) dependencies.forEach((below) => build(below, other.slice(1)))
      else build(name, other)
    }
    const { command, env: declared } = tasks[task].exec
    const variables = Object.entries({ ...env, ...declared?.define }).map(([key, value]) => `${key}=${value}`)
    must(at(name), 'env', ...variables, 'sh', '-c', command)
  }
  for (const name of Object.keys(packages)) build(name, 'build')
  for (const name of Object.keys(packages)) {
    const made = snapshot(join(root, 'packages', name, 'dist'))
    assert.deepEqual(made, snapshot(at(name, 'dist')), `dist of ${name} is not that of a rebuild\n${context}`)
  }
  rmSync(copy, { recursive: true })
}

/**
 * Runs `vx run build` and asserts what became of each task (a word: of `app#build`; undefined: whatever it was), that all
 * went well, and that the outputs are those of a rebuild.
 */
export function builds(root, expected, { args = [], env, rebuildEnv = env, cwd = root } = {}) {
  const run = vxRun(cwd, ['build', ...args], { env })
  check(root, run, expected, rebuildEnv)
  return run
}

function check(root, run, expected, env) {
  const context = `${run.stdout}${run.stderr}`
  assert.equal(run.code, 0, context)
  if (expected) {
    const all = typeof expected === 'string' ? { 'app#build': expected } : expected
    assert.deepEqual(statuses(run), all, context)
  }
  sameAsRebuild(root, { env, context })
}

/**
 * Makes commands that say that they have begun and wait until they may go on, but only while they are held: a plain rebuild
 * is not kept waiting.
 */
export function holding() {
  const dir = scratch()
  const [held, begun, go] = ['held', 'begun', 'go'].map((name) => join(dir, name))
  const wait = `touch '${begun}'; i=0; until [ -e '${go}' ]; do i=$((i+1)); [ $i -lt 3000 ] || exit 99; sleep 0.01; done`
  return { wait: `if [ -e '${held}' ]; then ${wait}; fi`, held, begun, go }
}

/** Starts `vx run`; resolves with its code, output and tasks when it has ended. */
export async function starts(root, args = ['build'], env = {}) {
  const summary = join(scratch(), 'summary.json')
  const child = spawn(process.execPath, [BIN, 'run', `--summarize=${summary}`, ...args], {
    cwd: root,
    env: hostEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(code, 0, output)
  const { tasks } = JSON.parse(readFileSync(summary, 'utf8'))
  return { output, tasks: Object.fromEntries(tasks.map((task) => [task.id, task])) }
}

/**
 * Runs `vx run`, which must go well, and does `meanwhile` as soon as the command that is held has begun; then lets it go
 * on. What `meanwhile` starts is not held.
 */
export async function runWhile(root, hold, meanwhile, { args, env } = {}) {
  for (const path of [hold.begun, hold.go]) rmSync(path, { force: true })
  writeFileSync(hold.held, '')
  let over = false
  const run = starts(root, args, env).finally(() => (over = true))
  const begun = async () => {
    const deadline = Date.now() + 30_000
    while (!existsSync(hold.begun)) {
      assert.ok(!over && Date.now() < deadline, 'the command never began')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    rmSync(hold.held)
    await meanwhile()
    writeFileSync(hold.go, '')
  }
  const [result] = await Promise.all([run, begun()])
  return result
}
