// What every scenario is given: a temporary directory of its own, the meter, and generated workspaces with the tools that
// run in them. All of it is removed at the end, after a signal, too.

import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  statfsSync,
  truncateSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join } from 'node:path'
import { figureOf } from './figures.mjs'
import { generate } from './generate.mjs'
import { Meter, measureRounds } from './measure.mjs'
import { BUILD } from './packages.mjs'
import { endAll } from './process.mjs'
import { npmStandIn, nx, plainEnvironment, runtimeAlone, turbo, vx } from './tools.mjs'

/** The runtimes alone, by the names under which their figures are kept. */
export const NODE = 'node -e 0'
export const BUN = 'bun -e 0'

/**
 * What one scenario found at one size.
 *
 * @typedef {object} Result
 * @property {string} scenario
 * @property {number} size packages, or what the scenario counts
 * @property {number} rounds
 * @property {Record<string, import('./figures.mjs').Figure>} figures by contender
 * @property {string[]} notes what was left out, and why
 */

/**
 * The tools; one that this machine lacks, or that is to be left out, is undefined.
 *
 * @typedef {{ vx: import('./tools.mjs').Tool } & Partial<
 *   Record<'bun' | 'turbo' | 'nx' | 'turboNpm' | 'nxNpm', import('./tools.mjs').Tool>
 * >} Tools
 */

/**
 * A generated workspace with its tools, and the names of those whose cache holds every task.
 *
 * @typedef {import('./tools.mjs').Workspace & {
 *   size: number,
 *   tools: Tools,
 *   filled: Set<string>,
 * }} BenchWorkspace
 */

export class Session {
  /**
   * @param {object} setup
   * @param {ReturnType<typeof import('./options.mjs').parseOptions>} setup.options
   * @param {string} setup.bun path
   * @param {string} [setup.path] the user's PATH
   */
  constructor({ options, bun, path = '' }) {
    this.options = options
    this.bun = bun
    this.node = process.execPath
    this.path = path
    this.cores = availableParallelism()
    /** How many scenarios could not be measured. */
    this.failures = 0
    this.directory = realpathSync(mkdtempSync(join(options.directory, 'vx-bench-')))
    this.meter = new Meter(bun)
    mkdirSync(join(this.directory, 'home'))
    this.remove = this.remove.bind(this)
    process.on('exit', this.remove)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        endAll()
        process.exit(1)
      })
    }
  }

  /** The environment of what is measured, with `directories` first on its path. */
  environment(...directories) {
    return plainEnvironment(join(this.directory, 'home'), [...directories, this.path].join(delimiter))
  }

  /**
   * @param {string} name
   * @param {import('./packages.mjs').Spec} spec
   * @returns {Promise<BenchWorkspace>}
   */
  async workspace(name, spec) {
    const tasks = spec.tasks ?? [BUILD]
    this.say(`generating ${name}: ${spec.packages} packages of ${spec.files} files`)
    const { root, packages } = await generate(join(this.directory, name, 'workspace'), spec)
    return { root, packages, tasks, size: spec.packages, tools: this.#tools(name, tasks), filled: new Set() }
  }

  /** @returns {Tools} */
  #tools(name, tasks) {
    const own = this.environment()
    const standIn = this.environment(npmStandIn(join(this.directory, name, 'npm'), tasks))
    const unless = (left, tool) => (this.options.without.includes(left) ? undefined : tool)
    return {
      vx: vx('vx', NODE, this.node, own),
      bun: unless('bun', vx('vx under Bun', BUN, this.bun, own)),
      turbo: unless('turbo', turbo('turbo', standIn)),
      turboNpm: unless('turbo', turbo('turbo, npm run', own)),
      nx: unless('nx', nx('nx', NODE, this.node, standIn)),
      nxNpm: unless('nx', nx('nx, npm run', NODE, this.node, own)),
    }
  }

  /** The runtimes that vx is started with, doing nothing. */
  runtimes() {
    return [
      runtimeAlone(NODE, this.node, this.environment()),
      ...(this.options.without.includes('bun') ? [] : [runtimeAlone(BUN, this.bun, this.environment())]),
    ]
  }

  /**
   * @param {import('./measure.mjs').Contender[]} contenders
   * @param {number} rounds
   * @param {{ warmUp?: boolean }} [options]
   * @returns {Promise<Record<string, import('./figures.mjs').Figure>>} by contender
   */
  async measure(contenders, rounds, options) {
    const samples = await measureRounds(this.meter, contenders, rounds, options)
    return Object.fromEntries(contenders.map(({ name, base }) => [name, figureOf(samples[name], base)]))
  }

  /** How many rounds count where a full run takes `full`. */
  rounds(full) {
    return this.options.rounds ?? (this.options.quick ? Math.min(full, 3) : full)
  }

  /**
   * Runs one scenario. One that fails is told, and the others go on.
   *
   * @template T
   * @param {() => Promise<T>} scenario
   * @returns {Promise<T | undefined>}
   */
  async attempt(scenario) {
    try {
      return await scenario()
    } catch (error) {
      this.failures++
      console.error(/** @type {Error} */ (error).stack)
      return undefined
    }
  }

  /** Bytes that are free where the workspaces lie. */
  freeBytes() {
    const { bavail, bsize } = statfsSync(this.directory)
    return bavail * bsize
  }

  /**
   * Takes a file or directory out of the way; it is removed at the end with everything else. An ext4 without a journal
   * looks at each inode that was freed within the last minutes whenever it wants a new one: after a mass deletion every
   * tool that makes files would be measured at that.
   *
   * @param {string} path that of nothing, too
   * @param {{ emptied?: boolean }} [options] whether to give back the room that its files take
   */
  setAside(path, { emptied = false } = {}) {
    if (!existsSync(path)) {
      return
    }
    const aside = join(this.directory, 'aside')
    mkdirSync(aside, { recursive: true })
    const target = join(aside, String(this.#setAside++))
    renameSync(path, target)
    if (emptied) {
      truncateFiles(target)
    }
  }

  #setAside = 0

  /** Removes everything; with `--keep` it says where it lies. */
  remove() {
    process.off('exit', this.remove)
    if (this.options.keep) {
      this.say(`kept: ${this.directory}`)
    } else {
      // Several times as fast as Node's own, on the million files that there may be.
      spawnSync('rm', ['-rf', this.directory])
    }
  }

  /** @param {string} line */
  say(line) {
    console.log(`[${(performance.now() / 1000).toFixed(0).padStart(4)} s] ${line}`)
  }
}

function truncateFiles(path) {
  const stat = lstatSync(path)
  if (stat.isDirectory()) {
    readdirSync(path).forEach((name) => truncateFiles(join(path, name)))
  } else if (stat.isFile()) {
    truncateSync(path)
  }
}
