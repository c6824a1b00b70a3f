// What else a result depends on: variables, arguments, the config, and nothing of the machine around.

import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { builds, dist, posix, project, sameAsRebuild, src } from './exact.mjs'
import { scratch } from './scratch.mjs'
import { cached, plain } from './tasks.mjs'
import { must, statuses, vxRun } from './workspace.mjs'

/** Writes what it was told, in a form that keeps unset, empty and odd values apart. */
const TELL = (name) => `mkdir -p dist && printf '%s|' "\${${name}-unset}" "\${${name}+set}" > dist/told`

/** Adds tasks to the config of `packages/app`. */
function declare(root, more) {
  const config = join(root, 'packages/app/vx.config.mjs')
  const { tasks } = JSON.parse(readFileSync(config, 'utf8').replace('export default ', ''))
  writeFileSync(config, `export default ${JSON.stringify({ tasks: { ...tasks, ...more } })}\n`)
}

describe('variables', posix, () => {
  test('unset, empty and set each have their own result', () => {
    const root = project({ command: TELL('MODE'), inputs: { env: ['MODE'] } })
    const states = [{}, { MODE: '' }, { MODE: 'unset' }, { MODE: 'a b' }, { MODE: 'a  b' }, { MODE: 'a\nb' }]
    for (const expected of ['success', 'cache-hit']) {
      const told = new Set()
      for (const env of states) {
        builds(root, expected, { env })
        told.add(readFileSync(dist(root, 'told'), 'utf8'))
      }
      assert.equal(told.size, states.length)
    }
  })

  test('two variables that swap their values', () => {
    const root = project({
      command: 'mkdir -p dist && echo "$ONE,$TWO" > dist/told',
      inputs: { env: ['ONE', 'TWO'] },
    })
    builds(root, 'success', { env: { ONE: 'x', TWO: 'y' } })
    builds(root, 'success', { env: { ONE: 'y', TWO: 'x' } })
    builds(root, 'success', { env: { ONE: 'x,y', TWO: '' } })
    builds(root, 'success', { env: { ONE: 'x', TWO: ',y' } })
    builds(root, 'cache-hit', { env: { ONE: 'x', TWO: 'y' } })
  })

  test('of an upstream task, they count downstream', () => {
    const root = project({ command: 'mkdir -p dist && cp gen/told dist', dependsOn: ['generate'] })
    declare(root, {
      generate: cached('mkdir -p gen && echo "$MODE" > gen/told', {
        inputs: { env: ['MODE'] },
        outputs: { files: ['gen/**'] },
      }),
    })
    const both = (expected) => ({ 'app#build': expected, 'app#generate': expected })
    for (const [MODE, expected] of [
      ['one', 'success'],
      ['two', 'success'],
      ['one', 'cache-hit'],
      ['two', 'cache-hit'],
    ]) {
      builds(root, both(expected), { env: { MODE } })
      assert.equal(readFileSync(dist(root, 'told'), 'utf8'), `${MODE}\n`)
    }
  })
})

describe('arguments', posix, () => {
  const root = () => project({ command: 'tell() { mkdir -p dist; printf "%s|" "$@" > dist/told; }; tell' })
  /** Runs the build with arguments and gives what became of it, and what it was told. */
  const told = (at, args) => {
    const run = vxRun(at, ['build', '--', ...args])
    assert.equal(run.code, 0, run.stderr)
    return [statuses(run)['app#build'], readFileSync(dist(at, 'told'), 'utf8')]
  }

  test('their order, their number and where they are cut count', () => {
    const at = root()
    const lists = [
      ['a', 'b'],
      ['b', 'a'],
      ['a b'],
      ['a', '', 'b'],
      ['a', 'b', ''],
      ['ab'],
      ['--', 'a'],
      ["a'b"],
    ]
    for (const expected of ['success', 'cache-hit']) {
      for (const args of lists) {
        assert.deepEqual(told(at, args), [expected, args.map((arg) => `${arg}|`).join('')])
      }
    }
  })
})

describe('runtime inputs', posix, () => {
  test('whose answer an upstream task changes: they are asked again once it has ended', () => {
    const root = project({
      command: 'mkdir -p dist && cp ../../version dist',
      dependsOn: ['setup'],
      inputs: { files: [], runtime: ['cat ../../version'] },
      workspace: { version: 'none\n' },
    })
    declare(root, {
      setup: plain('echo "$MODE" > ../../version', { exec: { env: { passThrough: ['MODE'] } } }),
    })
    for (const [MODE, expected] of [
      ['one', 'success'],
      ['two', 'success'],
      ['one', 'cache-hit'],
      ['one', 'cache-hit'],
      ['two', 'cache-hit'],
    ]) {
      builds(root, { 'app#setup': 'success', 'app#build': expected }, { env: { MODE } })
      assert.equal(readFileSync(dist(root, 'version'), 'utf8'), `${MODE}\n`)
    }
  })

  test('whose answer a restore changes', () => {
    const root = project({
      command: 'mkdir -p dist && cp gen/version dist',
      dependsOn: ['generate'],
      inputs: { files: [], tasks: [], runtime: ['cat gen/version 2> /dev/null || true'] },
    })
    declare(root, {
      generate: cached('mkdir -p gen && head -c 4 src/a.txt > gen/version', {
        outputs: { files: ['gen/**'] },
      }),
    })
    for (const [content, expected] of [
      ['aaaa\n', 'success'],
      ['AAAA\n', 'success'],
      ['aaaa\n', 'cache-hit'],
      ['AAAA\n', 'cache-hit'],
    ]) {
      writeFileSync(src(root, 'a.txt'), content)
      builds(root, { 'app#generate': expected, 'app#build': expected })
    }
  })
})

describe('what does not count', posix, () => {
  test('undeclared variables, which the command does not see either', () => {
    const at = project({ command: TELL('MODE') })
    builds(at, 'success', { env: { MODE: 'one' }, rebuildEnv: {} })
    builds(at, 'cache-hit', { env: { MODE: 'two' }, rebuildEnv: {} })
    builds(at, 'success', { args: ['--force'], env: { MODE: 'three' }, rebuildEnv: {} })
  })

  test('where the workspace lies: what it made there is not taken for what it has here', () => {
    const at = project()
    builds(at, 'success')
    const moved = join(scratch(), 'moved away')
    renameSync(at, moved)
    builds(moved, 'cache-hit')
    writeFileSync(dist(moved, 'is/a.txt'), 'edited\n')
    builds(moved, 'cache-hit')
    // A copy, cache and all: its outputs are other files.
    const copy = join(scratch(), 'copy')
    must('/', 'cp', '-RPp', moved, copy)
    writeFileSync(src(copy, 'a.txt'), 'AAAA\n')
    builds(copy, 'success')
    builds(moved, 'cache-hit')
    sameAsRebuild(copy)
  })
})
