// The workspaces that the benchmark generates: the same ones every time, and ones that all tools take for what they are.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { Cache } from '@vzn/vx'
import { filesOf } from '../bench/files.mjs'
import { generate } from '../bench/generate.mjs'
import { KNOWN_KEYS, framedKey } from '../bench/keys-plain.mjs'
import { packagesOf, trivialTask } from '../bench/packages.mjs'
import { randomBytes } from '../bench/random.mjs'
import { dependents } from '../bench/scenarios/edit.mjs'
import { scratch } from './scratch.mjs'
import { git, statuses, vxRun } from './workspace.mjs'
import { xxh3 } from './xxh3.mjs'

const ON_WINDOWS = process.platform === 'win32' && 'the benchmark needs a POSIX shell'

const SPEC = { packages: 30, files: 3, seed: 7 }

function digest(spec) {
  const hash = createHash('sha256')
  for (const [path, content] of filesOf(spec)) {
    hash.update(`${path}\0${content}\0`)
  }
  return hash.digest('hex')
}

function contents(spec) {
  return new Map(filesOf(spec))
}

test('a seed always gives the same workspace, and another seed another one', () => {
  // Figures of different days are comparable only while this stays as it is.
  assert.equal(digest(SPEC), 'abb93ab85fd2274fa30d3005a99331dab42f0d0048e03aaf19d4805f564de3c9')
  assert.notEqual(digest({ ...SPEC, seed: 8 }), digest(SPEC))
})

test('all packages depend on the first, nothing depends on the last, and there are no cycles', () => {
  for (const packages of [1, 2, 10, 500]) {
    const all = packagesOf({ packages, files: 1 })
    const before = new Set()
    for (const { name, dependencies } of all) {
      assert.ok(
        dependencies.every((dependency) => before.has(dependency)),
        name,
      )
      assert.equal(new Set(dependencies).size, dependencies.length)
      before.add(name)
    }
    assert.equal(before.size, packages)
    assert.equal(dependents(all, all[0].name), packages)
    assert.equal(dependents(all, all.at(-1).name), 1)
  }
})

test('a wanted number of dependencies is what each package has, where there are as many before it', () => {
  const counts = packagesOf({ packages: 50, files: 1, dependencies: 30 }).map(
    (one) => one.dependencies.length,
  )
  assert.deepEqual(
    counts,
    Array.from({ length: 50 }, (_, index) => Math.min(index, 30)),
  )
})

test('vx, turbo and nx are told the same tasks', () => {
  const tasks = [trivialTask('build', ['^build']), trivialTask('test', ['build', '^test'])]
  const files = contents({ ...SPEC, tasks })
  const turbo = JSON.parse(files.get('turbo.json'))
  const nx = JSON.parse(files.get('nx.json'))
  const { scripts } = JSON.parse(files.get('packages/p07/package.json'))
  const vx = JSON.parse(files.get('packages/p07/vx.config.mjs').replace('export default ', ''))
  assert.deepEqual(Object.keys(vx.tasks), ['build', 'test'])
  for (const [name, task] of Object.entries(vx.tasks)) {
    assert.equal(scripts[name], task.exec.command)
    assert.deepEqual(turbo.tasks[name].dependsOn, task.dependsOn)
    assert.deepEqual(nx.targetDefaults[name].dependsOn, task.dependsOn)
    assert.deepEqual(turbo.tasks[name].inputs, task.cache.inputs.files)
    assert.deepEqual(turbo.tasks[name].outputs, task.cache.outputs.files)
    assert.deepEqual(
      nx.targetDefaults[name].outputs.map((output) => `${output}/**`),
      task.cache.outputs.files.map((output) => `{projectRoot}/${output}`),
    )
  }
})

test('the lockfile names each package and where it lies', () => {
  const { packages } = JSON.parse(contents(SPEC).get('package-lock.json'))
  for (const { name, directory, dependencies } of packagesOf(SPEC)) {
    assert.deepEqual(packages[`node_modules/${name}`], { resolved: directory, link: true })
    assert.deepEqual(Object.keys(packages[directory].dependencies), dependencies)
  }
})

test('vx runs a generated workspace, and then finds everything cached', { skip: ON_WINDOWS }, async () => {
  const { root, packages } = await generate(scratch(), { packages: 4, files: 2 })
  const ids = packages.map(({ name }) => `${name}#build`)
  const all = (status) => Object.fromEntries(ids.map((id) => [id, status]))
  assert.deepEqual(statuses(vxRun(root, ['build'])), all('success'))
  assert.deepEqual(statuses(vxRun(root, ['build'])), all('cache-hit'))
  assert.equal(git(root, 'status', '--porcelain'), '')
})

test('the same bytes come from a seed, however they are asked for', () => {
  const [whole, parts] = [randomBytes(3), randomBytes(3)]
  assert.deepEqual(whole(100), Buffer.concat([parts(33), parts(67)]))
  assert.notDeepEqual(randomBytes(4)(100), randomBytes(3)(100))
})

test('the derivation in plain JavaScript gives the keys that the design fixes', () => {
  for (const { input, key } of KNOWN_KEYS) {
    assert.equal(xxh3(framedKey(input)), key)
  }
})

test('the derivation in plain JavaScript agrees with the engine', { skip: ON_WINDOWS }, async () => {
  const cache = new Cache(join(scratch(), 'cache'))
  // Sorted by UTF-8 bytes, by UTF-16 units and by how they are given, these come in three orders.
  for (const names of [['b', 'a/b', 'a-b', 'B'], ['\u{1f600}', '\uffee', 'z'], []]) {
    const inputFiles = names.map((name) => `/workspace/${name}`)
    const input = {
      ...KNOWN_KEYS[0].input,
      inputFiles,
      fileHashes: new Map(inputFiles.map((file) => [file, 'a'.repeat(40)])),
      upstreamHashes: ['c', 'a', 'b'].map((digit) => digit.repeat(32)),
      forwardArgs: ['z', 'a'],
    }
    assert.equal(xxh3(framedKey(input)), await cache.key(input))
  }
  cache.close()
})
