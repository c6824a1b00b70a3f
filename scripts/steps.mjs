// What the scripts share: how to run a step, and the set-up that each of them does by itself. Needs Node only, since it
// runs right after `git clone`.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root directory. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** A step that ended with anything but success; its own output says why. */
export class StepFailed extends Error {}

/**
 * Runs a program to its end, its output shown as it comes.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options] `env` is added to this process's
 * @throws {StepFailed}
 */
export function run(program, args, { cwd = ROOT, env = {} } = {}) {
  console.log(`\n> ${[program.replace(ROOT, '.'), ...args].join(' ')}`)
  finish(program, spawnSync(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' }))
}

/**
 * Runs a program to its end and returns what it wrote to stdout; stderr is shown.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options] `env` replaces this process's
 * @throws {StepFailed}
 */
export function capture(program, args, { cwd = ROOT, env = process.env } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (result.status !== 0 && result.stdout) {
    process.stdout.write(result.stdout)
  }
  finish(program, result)
  return result.stdout
}

/**
 * @param {string} program
 * @param {import('node:child_process').SpawnSyncReturns<any>} result
 */
function finish(program, { error, signal, status }) {
  if (error) {
    throw new StepFailed(`${program} cannot be started: ${error.message}`)
  }
  if (status !== 0) {
    throw new StepFailed(`${program} ended with ${signal ?? `exit code ${status}`}`)
  }
}

/**
 * The arguments that make this Node run npm, npx or an installed package's command: no shell, no `.cmd` file.
 *
 * @param {'npm' | 'npx'} name
 */
export function npmCommand(name) {
  const besideNode = [
    join(dirname(process.execPath), 'node_modules/npm/bin'),
    join(dirname(process.execPath), '../lib/node_modules/npm/bin'),
  ]
  const fromNpm = process.env.npm_execpath ? [dirname(process.env.npm_execpath)] : []
  const cli = [...fromNpm, ...besideNode]
    .map((dir) => join(dir, `${name}-cli.js`))
    .find((path) => existsSync(path))
  if (!cli) {
    throw new StepFailed(`${name} was not found; start this script with npm`)
  }
  return cli
}

/**
 * Path of the JavaScript file behind a command of a development dependency.
 *
 * @param {string} packageName
 * @param {string} command
 */
export function toolScript(packageName, command) {
  const directory = join(ROOT, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  return join(directory, typeof bin === 'string' ? bin : bin[command])
}

/**
 * Installs what a lockfile lists, unless that was done since the lockfile last changed.
 *
 * @param {string} [directory]
 * @param {string[]} [how] the command of npm
 */
export function ensureModules(directory = ROOT, how = ['ci', '--include=dev', '--include=optional']) {
  const installed = statSync(join(directory, 'node_modules/.package-lock.json'), { throwIfNoEntry: false })
  if (!installed || installed.mtimeMs < statSync(join(directory, 'package-lock.json')).mtimeMs) {
    run(process.execPath, [npmCommand('npm'), ...how, '--no-audit', '--no-fund'], { cwd: directory })
  }
}

/**
 * The release build: the addon for this machine (or what `args` ask for), and `index.js` and `index.d.ts` anew. Cargo
 * does nothing when no source has changed.
 *
 * @param {string[]} [args] for `napi build`
 */
export function buildAddon(args = []) {
  ensureModules()
  run(process.execPath, [toolScript('@napi-rs/cli', 'napi'), 'build', '--platform', '--release', ...args])
}

/**
 * The Bun that the package `bun` brings. Its install script moves the binary from the platform's package into `bun`
 * itself; where install scripts are off it is still there.
 */
export function bunBinary() {
  const exe = process.platform === 'win32' ? 'bun.exe' : 'bun'
  const platforms = join(ROOT, 'node_modules/@oven')
  const candidates = existsSync(platforms)
    ? readdirSync(platforms).map((name) => join(platforms, name, 'bin', exe))
    : []
  candidates.push(join(ROOT, 'node_modules/bun/bin/bun.exe'))
  const found = candidates.find((path) => existsSync(path))
  if (!found) {
    throw new StepFailed(
      'the package bun brought no binary for this platform; remove node_modules and install again',
    )
  }
  return found
}

/** The C library of this system: `glibc` or `musl`; undefined where there is no such choice. */
export function libc() {
  if (process.platform !== 'linux') {
    return undefined
  }
  const { header } = /** @type {any} */ (process.report.getReport())
  return header.glibcVersionRuntime ? 'glibc' : 'musl'
}

/** The environment of a user's shell: without what `npm run` adds for the scripts of this repository. */
export function userEnvironment() {
  const env = { ...process.env }
  for (const name of Object.keys(env)) {
    if (/^(?:npm_(?:package|lifecycle)_|npm_(?:command|config_local_prefix)$|INIT_CWD$)/.test(name)) {
      delete env[name]
    }
  }
  const path = (env.PATH ?? '').split(delimiter)
  env.PATH = path
    .filter((entry) => !entry.startsWith(join(ROOT, 'node_modules')) && !entry.includes('node-gyp-bin'))
    .join(delimiter)
  return env
}

/**
 * Runs a script's steps; a failed one ends the process with exit code 1 and one line.
 *
 * @param {() => void | Promise<void>} steps
 */
export async function main(steps) {
  try {
    await steps()
  } catch (error) {
    console.error(
      `\n${error instanceof StepFailed ? `failed: ${error.message}` : /** @type {Error} */ (error).stack}`,
    )
    process.exitCode = 1
  }
}
