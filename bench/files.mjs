// The files of a generated workspace: the same packages, tasks, inputs and outputs said to vx, to turbo and to nx. Pure:
// the same spec gives the same files, byte for byte.

import { BUILD, packagesOf } from './packages.mjs'
import { randomNumbers } from './random.mjs'

const WORDS = ['order', 'total', 'line', 'tax', 'item', 'price', 'count', 'result', 'value']

/** Written into the manifest for turbo, which asks for one; nothing installs it. */
const PACKAGE_MANAGER = 'npm@10.8.2'

/** What git does not see: every tool's cache and every task's output. */
const IGNORED = ['node_modules', 'dist', 'dist-*', '.vx', '.turbo', '.nx', '']

/**
 * Every file, in a fixed order: path relative to the workspace, content.
 *
 * @param {import('./packages.mjs').Spec} spec
 * @returns {Generator<[string, string]>}
 */
export function* filesOf(spec) {
  const packages = packagesOf(spec)
  const tasks = spec.tasks ?? [BUILD]
  const random = randomNumbers(spec.seed ?? 1)
  yield ['.gitignore', IGNORED.join('\n')]
  yield ['package.json', json(rootManifest())]
  yield ['package-lock.json', json(lockfile(packages))]
  yield ['turbo.json', json(turboConfig(tasks))]
  yield ['nx.json', json(nxConfig(tasks))]
  const vxConfig = `export default ${json(projectConfig(tasks))}`
  for (const { name, directory, dependencies } of packages) {
    yield [`${directory}/package.json`, json(manifest(name, dependencies, tasks))]
    yield [`${directory}/vx.config.mjs`, vxConfig]
    for (let file = 0; file < spec.files; file++) {
      yield [`${directory}/src/${file}.js`, source(random, name, file)]
    }
  }
}

/** @param {unknown} value */
function json(value) {
  return `${JSON.stringify(value, undefined, 2)}\n`
}

function rootManifest() {
  return {
    name: 'bench',
    version: '0.0.0',
    private: true,
    packageManager: PACKAGE_MANAGER,
    workspaces: ['packages/*'],
  }
}

function manifest(name, dependencies, tasks) {
  return {
    name,
    version: '1.0.0',
    private: true,
    scripts: Object.fromEntries(tasks.map((task) => [task.name, task.command])),
    dependencies: asDependencies(dependencies),
  }
}

function asDependencies(names) {
  return Object.fromEntries(names.map((name) => [name, '*']))
}

/** What `npm install` writes for workspaces that depend on nothing else. */
function lockfile(packages) {
  const entries = { '': { name: 'bench', version: '0.0.0', workspaces: ['packages/*'] } }
  for (const { name, directory } of packages) {
    entries[`node_modules/${name}`] = { resolved: directory, link: true }
  }
  for (const { name, directory, dependencies } of packages) {
    entries[directory] = { name, version: '1.0.0', dependencies: asDependencies(dependencies) }
  }
  return { name: 'bench', version: '0.0.0', lockfileVersion: 3, requires: true, packages: entries }
}

function projectConfig(tasks) {
  return {
    tasks: Object.fromEntries(
      tasks.map(({ name, command, dependsOn, output }) => [
        name,
        {
          exec: { command },
          dependsOn,
          cache: { inputs: { files: ['src/**'] }, outputs: { files: [`${output}/**`] } },
        },
      ]),
    ),
  }
}

function turboConfig(tasks) {
  return {
    tasks: Object.fromEntries(
      tasks.map(({ name, dependsOn, output }) => [
        name,
        { dependsOn, inputs: ['src/**'], outputs: [`${output}/**`] },
      ]),
    ),
  }
}

function nxConfig(tasks) {
  return {
    neverConnectToCloud: true,
    analytics: false,
    targetDefaults: Object.fromEntries(
      tasks.map(({ name, dependsOn, output }) => [
        name,
        {
          cache: true,
          dependsOn,
          inputs: ['{projectRoot}/src/**/*', '{projectRoot}/package.json'],
          outputs: [`{projectRoot}/${output}`],
        },
      ]),
    ),
  }
}

/** A module of some hundred bytes, different from every other one. */
function source(random, owner, file) {
  const lines = [`// ${owner}, module ${file}`]
  for (let line = 4 + random(16); line > 0; line--) {
    const [name, a, b] = [0, 1, 2].map((at) => WORDS[random(3) + 3 * at])
    lines.push(`export const ${name}${line} = (${a}, ${b}) => ${a} * ${random(100_000)} + ${b}`)
  }
  return `${lines.join('\n')}\n`
}
