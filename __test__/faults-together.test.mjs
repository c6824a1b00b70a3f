// Many at once on one cache: processes in one worktree and in two, and callers of the library.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Cache } from '@vzn/vx'
import { KEYS, calls, keyOf } from './cache-calls.mjs'
import { start } from './processes.mjs'
import { scratch } from './scratch.mjs'
import { cached, journal } from './tasks.mjs'
import { git, monorepo, statuses, vxRun } from './workspace.mjs'

const skip = process.platform === 'win32'

const GRAPH = { base: [], left: ['base'], right: ['base'], top: ['left', 'right'], alone: [] }

/** A workspace in which every task says that it ran, takes a moment, and makes several files. */
function workspace(log) {
  const build = (name, below) =>
    cached(
      [
        log.note(name),
        'mkdir -p dist/sub',
        'for i in 1 2 3 4 5; do cp src/a dist/sub/$i; done',
        'sleep 0.1',
        `cat src/a ${below.map((other) => `../${other}/dist/all`).join(' ')} > dist/all`,
      ].join(' && '),
      { dependsOn: ['^build'] },
    )
  const project = ([name, below]) => [
    name,
    { tasks: { build: build(name, below) }, dependencies: below, files: { 'src/a': `${name}\n` } },
  ]
  return monorepo(Object.fromEntries(Object.entries(GRAPH).map(project)))
}

const all = (name) => `${name}\n${GRAPH[name].map(all).join('')}`

function assertBuilt(root) {
  for (const name of Object.keys(GRAPH)) {
    const dist = join(root, 'packages', name, 'dist')
    assert.deepEqual(
      readdirSync(dist, { recursive: true }).toSorted(),
      ['all', 'sub', 'sub/1', 'sub/2', 'sub/3', 'sub/4', 'sub/5'],
      name,
    )
    assert.equal(readFileSync(join(dist, 'all'), 'utf8'), all(name))
    assert.equal(readFileSync(join(dist, 'sub/3'), 'utf8'), `${name}\n`)
  }
}

/** Runs vx eight times at once, in these worktrees by turns. */
async function eight(roots) {
  const runs = Array.from({ length: 8 }, (_, index) =>
    start(roots[index % roots.length], ['run', 'build', '--concurrency=4']),
  )
  for (const { code, stdout, stderr } of await Promise.all(runs.map(({ ended }) => ended))) {
    assert.equal(code, 0, `${stdout}${stderr}`)
    assert.equal(stderr, '')
    assert.match(stdout, /Tasks: 5 succeeded/)
  }
}

test('eight runs in one worktree: each task runs once', { skip, timeout: 120_000 }, async () => {
  const log = journal()
  const root = workspace(log)
  await eight([root])
  assert.deepEqual(log.lines().toSorted(), Object.keys(GRAPH).toSorted())
  assertBuilt(root)
  // And again with some outputs gone: put back once or twice, never built.
  for (const name of ['left', 'top']) rmSync(join(root, 'packages', name, 'dist'), { recursive: true })
  await eight([root])
  assert.equal(log.lines().length, 5)
  assertBuilt(root)
  const after = vxRun(root, ['build'])
  assert.deepEqual(new Set(Object.values(statuses(after))), new Set(['cache-hit']))
  assert.equal(
    Object.values(after.tasks).some((task) => task.restored),
    false,
  )
})

test(
  'eight runs in two worktrees of one repository: each task runs once',
  { skip, timeout: 120_000 },
  async () => {
    const log = journal()
    const root = workspace(log)
    const linked = join(scratch(), 'linked')
    git(root, 'worktree', 'add', '--quiet', linked)
    await eight([root, linked])
    assert.deepEqual(log.lines().toSorted(), Object.keys(GRAPH).toSorted())
    for (const worktree of [root, linked]) {
      assertBuilt(worktree)
      const after = vxRun(worktree, ['build'])
      assert.deepEqual(new Set(Object.values(statuses(after))), new Set(['cache-hit']))
      assert.equal(
        Object.values(after.tasks).some((task) => task.restored),
        false,
      )
    }
    assert.equal(log.lines().length, 5)
  },
)

function assertUseful(counts) {
  for (const { saved, found, restored } of counts) {
    assert.ok(saved > 200 && found > 50 && restored > 20, JSON.stringify(counts))
  }
  assert.ok(
    counts.some(({ pruned }) => pruned > 10),
    JSON.stringify(counts),
  )
}

async function assertSound(directory) {
  const cache = new Cache(directory)
  const tree = scratch()
  for (let number = 0; number < KEYS; number++) {
    const entry = await cache.get(keyOf(number))
    if (entry) {
      assert.equal(entry.stdout, `built ${number}`)
      await cache.restoreOutputs(keyOf(number), tree)
      assert.equal(readFileSync(join(tree, 'dist/a'), 'utf8'), `result ${number}`)
    }
  }
  const artifacts = readdirSync(directory).filter((name) => name.endsWith('.tar.zst'))
  assert.equal(cache.stats().entryCount, artifacts.length)
  cache.close()
  assert.deepEqual(
    readdirSync(directory).filter((name) => /^\.(?:tmp|staging)-/.test(name)),
    [],
  )
}

/** Four callers, each with a tree of its own, on one cache. */
async function four(call) {
  const directory = scratch()
  const counts = await Promise.all([1, 2, 3, 4].map((seed) => call({ directory, tree: scratch(), seed })))
  assertUseful(counts)
  await assertSound(directory)
}

test('four times a thousand calls of the library, side by side', { timeout: 120_000 }, () => four(calls))

test('four times a thousand calls of the library, in a thread each', { timeout: 120_000 }, () =>
  four(
    (what) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL('cache-calls.mjs', import.meta.url), {
          workerData: { calls: what },
        })
        worker.once('message', resolve)
        worker.once('error', reject)
      }),
  ),
)
