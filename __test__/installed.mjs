// An installed copy of the package that notes which configs it is asked to evaluate, and the workspaces that use it.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { scratch } from './scratch.mjs'
import { hostEnv, repository } from './workspace.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** The Bun that the development dependencies bring; undefined where there is none. */
export const BUN = readdirSync(join(ROOT, 'node_modules/@oven'), { withFileTypes: true })
  .map(({ name }) => join(ROOT, 'node_modules/@oven', name, 'bin/bun'))
  .find((path) => existsSync(path))

/** A copy of the package, as npm installs it but for the note that it takes. */
export function install() {
  const directory = scratch()
  cpSync(join(ROOT, 'lib'), join(directory, 'lib'), { recursive: true })
  for (const name of ['index.js', 'package.json']) {
    copyFileSync(join(ROOT, name), join(directory, name))
  }
  for (const name of readdirSync(ROOT).filter((file) => file.endsWith('.node'))) {
    symlinkSync(join(ROOT, name), join(directory, name))
  }
  mkdirSync(join(directory, 'node_modules'))
  symlinkSync(join(ROOT, 'node_modules/jiti'), join(directory, 'node_modules/jiti'))
  renameSync(join(directory, 'lib/evaluate.js'), join(directory, 'lib/evaluate-noted.js'))
  writeFileSync(
    join(directory, 'lib/evaluate.js'),
    `import { appendFileSync } from 'node:fs'
    import { evaluate as evaluateNoted } from './evaluate-noted.js'
    export { evaluateHere } from './evaluate-noted.js'
    export function evaluate(paths) {
      appendFileSync(new URL('../evaluated', import.meta.url), JSON.stringify(paths) + '\\n')
      return evaluateNoted(paths)
    }`,
  )
  return directory
}

/** The names of all files at and below a directory that git does not ignore, roughly. */
function* files(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory() && !['.git', '.vx'].includes(entry.name)) {
      yield* files(path)
    } else if (!entry.isDirectory()) {
      yield path
    }
  }
}

/** A workspace with a package for each config under \`packages/\`, and vx installed in it. */
export class Workspace {
  /**
   * @param {Record<string, string>} given files, the \`package.json\` of packages with a config left out
   * @param {{ isInstalled?: boolean }} [options] whether `@vzn/vx` leads to the copy that runs
   */
  constructor(given, { isInstalled = true } = {}) {
    const manifests = Object.keys(given)
      .filter((path) => /^packages\/[^/]+\/vx\.config\.\w+$/.test(path))
      .map((path) => [`${dirname(path)}/package.json`, JSON.stringify({ name: path.split('/')[1] })])
    this.root = repository({
      'package.json': JSON.stringify({ name: 'root', private: true, workspaces: ['packages/*'] }),
      ...Object.fromEntries(manifests),
      ...given,
    })
    this.vx = install()
    if (isInstalled) {
      mkdirSync(join(this.root, 'node_modules/@vzn'), { recursive: true })
      symlinkSync(this.vx, join(this.root, 'node_modules/@vzn/vx'))
    }
  }

  path(name) {
    return join(this.root, name)
  }

  /** Waits until every file's last change is so long ago that its stamp is proof of its content. */
  async settle() {
    const youngest = () =>
      Math.max(
        ...[...files(this.root)].map((path) => statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0),
      )
    while (Date.now() - youngest() < 100) {
      await setTimeout(20)
    }
  }

  /**
   * Runs vx: its result, and the batches in which configs were evaluated, by their names.
   *
   * @param {string[]} args
   * @param {{ env?: Record<string, string | undefined>, runtime?: string, options?: string[], cwd?: string }} [how]
   */
  run(args, { env = {}, runtime = process.execPath, options = [], cwd = this.root } = {}) {
    const note = join(this.vx, 'evaluated')
    rmSync(note, { force: true })
    const result = spawnSync(runtime, [...options, join(this.vx, 'lib/bin.cjs'), ...args], {
      cwd,
      encoding: 'utf8',
      env: environment(env),
    })
    const noted = existsSync(note) ? readFileSync(note, 'utf8').trim().split('\n') : []
    const batches = noted.map((line) => JSON.parse(line).map((path) => relative(this.root, path)))
    return { ...result, batches, evaluated: batches.flat().toSorted() }
  }

  /** What a run would do: the commands by task, and what was evaluated to know. */
  plan(how, args = []) {
    const { status, stdout, stderr, ...rest } = this.run(
      ['run', 'build', '--all', '--dry=json', ...args],
      how,
    )
    const commands =
      status === 0
        ? Object.fromEntries(JSON.parse(stdout).tasks.map(({ id, command }) => [id, command]))
        : undefined
    return { commands, status, stderr, ...rest }
  }

  /** What the configs give when a process evaluates them; `alone`: each by a process of its own. */
  evaluate({ alone = false, env = {}, runtime = process.execPath, options = [] } = {}) {
    const script = join(this.vx, 'plain.mjs')
    writeFileSync(
      script,
      `import { evaluate } from './lib/evaluate-noted.js'
      import { writeSync } from 'node:fs'
      writeSync(1, await evaluate(process.argv.slice(2)))
      process.exit(0)`,
    )
    const configs = [...files(this.path('packages'))].filter((name) => /vx\.config\.\w+$/.test(name))
    const answers = (alone ? configs.map((path) => [path]) : [configs]).flatMap((paths) => {
      const { stdout, stderr } = spawnSync(runtime, [...options, script, ...paths], {
        cwd: this.root,
        encoding: 'utf8',
        env: environment(env),
      })
      assert.ok(stdout, stderr)
      return JSON.parse(stdout)
    })
    const command = ({ value, error }, at) => {
      assert.ok(value, error?.message)
      return [
        `${relative(this.path('packages'), dirname(configs[at]))}#build`,
        value.tasks.build.exec.command,
      ]
    }
    return Object.fromEntries(answers.map(command))
  }
}

function environment(changes) {
  return Object.fromEntries(Object.entries(hostEnv(changes)).filter(([, value]) => value !== undefined))
}

/** The text of a config whose `build` runs `echo` with what an expression gives; the text alone does not tell what. */
export function config(expression, before = '') {
  return `${before}\nexport default { tasks: { build: { exec: { command: \`echo \${String(${expression})}\` } } } }\n`
}
