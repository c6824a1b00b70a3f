// A workspace goes through random edits, reverts, deletions, mode changes and renames. After every step a run must say
// hit exactly where the same state was built before, and leave the very bytes and modes that a plain rebuild makes.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratch } from './scratch.mjs'
import { monorepo, must, vxRun } from './workspace.mjs'

const STEPS = 20

/** Copies names, contents and modes of the sources, and what upstream made, into the output. */
const BUILD = [
  'mkdir -p dist/files',
  'for f in src/*; do [ -e "$f" ] && cp -p "$f" dist/files/; done',
  'ls src > dist/names',
  'for d in $UPSTREAM; do cat "../$d/dist/names" "../$d/dist/digest"; done > dist/upstream',
  'cat dist/files/* dist/names dist/upstream 2>/dev/null | cksum > dist/digest',
].join(' && ')

const GRAPH = { base: [], left: ['base'], right: ['base'], top: ['left', 'right'] }

function task(upstream) {
  return {
    build: {
      exec: { command: `${BUILD}`, env: { define: { UPSTREAM: upstream.join(' ') } } },
      dependsOn: ['^build'],
      cache: { inputs: { files: ['src/**'] }, outputs: { files: ['dist/**'] } },
    },
  }
}

/** A small generator of numbers, so that a failure can be run again from its seed. */
function numbers(seed) {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function snapshot(directory) {
  const found = {}
  if (!existsSync(directory)) return found
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name)
    if (entry.isFile()) {
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex')
      found[path.slice(directory.length + 1)] = `${lstatSync(path).mode & 0o777}:${digest}`
    }
  }
  return found
}

/** What a package's key depends on: its own sources, and those of all below it. Git keeps only the executable bit. */
function stateOf(root, name) {
  const own = Object.entries(snapshot(join(root, 'packages', name, 'src'))).map(([path, file]) => {
    const [mode, digest] = file.split(':')
    return [path, (Number(mode) & 0o100) !== 0, digest]
  })
  return JSON.stringify([own.toSorted(), GRAPH[name].map((below) => stateOf(root, below))])
}

function step(root, random, log) {
  const names = Object.keys(GRAPH)
  const dir = join(root, 'packages', names[random(names.length)], 'src')
  const files = readdirSync(dir).filter((name) => name !== 'keep')
  const file = files.length > 0 ? join(dir, files[random(files.length)]) : join(dir, 'a')
  const kind = ['edit', 'edit', 'create', 'delete', 'chmod', 'rename', 'revert', 'nothing', 'break output'][
    random(9)
  ]
  log.push(`${kind} ${file.slice(root.length + 1)}`)
  switch (kind) {
    case 'edit':
      return writeFileSync(file, `content ${random(3)}\n`)
    case 'create':
      return writeFileSync(join(dir, `new ${random(3)} $x`), `created ${random(2)}\n`)
    case 'delete':
      return rmSync(file, { force: true })
    case 'chmod':
      return existsSync(file) ? chmodSync(file, [0o644, 0o755][random(2)]) : undefined
    case 'rename':
      return existsSync(file) ? renameSync(file, join(dir, `renamed-${random(3)}`)) : undefined
    case 'revert':
      rmSync(dir, { recursive: true })
      return must(root, 'git', 'checkout', '--', dir)
    case 'break output': {
      const dist = join(dir, '../dist')
      if (existsSync(join(dist, 'names')))
        writeFileSync(join(dist, ['names', 'stray'][random(2)]), 'broken\n')
      return undefined
    }
    default:
      return undefined
  }
}

/** The outputs of a rebuild from nothing, without vx. */
function rebuilt(root) {
  const copy = scratch()
  cpSync(join(root, 'packages'), join(copy, 'packages'), { recursive: true, preserveTimestamps: true })
  const outputs = {}
  for (const [name, upstream] of Object.entries(GRAPH)) {
    const dir = join(copy, 'packages', name)
    rmSync(join(dir, 'dist'), { recursive: true, force: true })
    must(dir, 'sh', '-c', `UPSTREAM='${upstream.join(' ')}'; ${BUILD}`)
    outputs[name] = snapshot(join(dir, 'dist'))
  }
  rmSync(copy, { recursive: true })
  return outputs
}

for (const seed of [1, 2, 3]) {
  test(
    `${STEPS} random steps, seed ${seed}`,
    { skip: process.platform === 'win32', timeout: 300_000 },
    () => {
      const random = numbers(seed)
      const packages = Object.fromEntries(
        Object.entries(GRAPH).map(([name, upstream]) => [
          name,
          {
            tasks: task(upstream),
            dependencies: upstream,
            files: { 'src/keep': name, 'src/a': 'a\n', 'src/b': 'b\n' },
          },
        ]),
      )
      const root = monorepo(packages)
      const built = new Set()
      const log = []
      for (let number = 0; number <= STEPS; number++) {
        if (number > 0) step(root, random, log)
        const expected = {}
        for (const name of Object.keys(GRAPH)) {
          expected[`${name}#build`] = built.has(name + stateOf(root, name)) ? 'cache-hit' : 'success'
          built.add(name + stateOf(root, name))
        }
        const run = vxRun(root, ['build'])
        const context = `step ${number} of seed ${seed}: ${log.join('; ')}\n${run.stdout}${run.stderr}`
        assert.equal(run.code, 0, context)
        const got = Object.fromEntries(Object.entries(run.tasks).map(([id, { status }]) => [id, status]))
        assert.deepEqual(got, expected, context)
        const plain = rebuilt(root)
        for (const name of Object.keys(GRAPH)) {
          assert.deepEqual(snapshot(join(root, 'packages', name, 'dist')), plain[name], `${name}, ${context}`)
        }
      }
    },
  )
}
