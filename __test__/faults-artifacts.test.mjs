// Artifacts that were damaged on disk: the task runs again, one line says why, and the entry is whole again.

import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { artifact, entry } from './archive.mjs'
import { numbers } from './numbers.mjs'
import { cached, journal } from './tasks.mjs'
import { monorepo, statuses, vxRun } from './workspace.mjs'

const skip = process.platform === 'win32'

/** Bytes that do not compress and are the same in every run. */
function noise(length, seed) {
  const random = numbers(seed)
  return Buffer.alloc(length).map(() => random(256))
}

const KIB = 1024

/** What happens to an artifact at `path` that was written whole as `bytes`; `other` is another task's. */
const DAMAGES = {
  empty: ({ path }) => truncateSync(path, 0),
  'garbage instead': ({ path, bytes }) => writeFileSync(path, noise(bytes.length, 7)),
  'text instead': ({ path }) => writeFileSync(path, '<html>502 Bad Gateway</html>\n'),
  'garbage at the end': ({ path, bytes }) => writeFileSync(path, Buffer.concat([bytes, noise(100, 8)])),
  'half of it zeros': ({ path, bytes }) => writeFileSync(path, Buffer.from(bytes).fill(0, bytes.length >> 1)),
  "another key's": ({ path, other }) => copyFileSync(other, path),
  "a later version's": ({ path, key }) =>
    writeFileSync(path, artifact(key, [entry('outputs/dist/a', { content: 'later' })], { version: 2 })),
}
for (let kib = 1; kib <= 12; kib++) {
  DAMAGES[`cut to ${kib} KiB`] = ({ path }) => truncateSync(path, kib * KIB)
}
for (let number = 0; number < 16; number++) {
  // Spread over the whole file, another bit of the byte each time.
  DAMAGES[`a bit changed, ${number}`] = ({ path, bytes }) => {
    const changed = Buffer.from(bytes)
    changed[Math.floor(((number + 0.5) * bytes.length) / 16)] ^= 1 << (number % 8)
    writeFileSync(path, changed)
  }
}

/** A workspace with one project a damage, and `spare`, all built; outputs of 12 KiB that do not compress. */
function built(names, log) {
  const task = cached(`mkdir -p dist && cp src/a dist/a && ${log.note('$P')}`.replace("'$P'", '"$P"'))
  const project = (name, seed) => ({
    tasks: { build: { ...task, exec: { ...task.exec, env: { define: { P: name } } } } },
    files: { 'src/a': noise(12 * KIB, seed) },
  })
  const packages = Object.fromEntries(names.map((_, index) => [`p${index}`, project(`p${index}`, index + 1)]))
  const root = monorepo({ ...packages, spare: project('spare', 99) })
  const run = vxRun(root, ['build'])
  assert.equal(run.code, 0, run.stderr)
  const pathOf = (name) => join(root, '.vx/cache', `${run.tasks[`${name}#build`].hash}.tar.zst`)
  const damage = () =>
    names.forEach((name, index) => {
      const path = pathOf(`p${index}`)
      const key = run.tasks[`p${index}#build`].hash
      DAMAGES[name]({ path, key, bytes: readFileSync(path), other: pathOf('spare') })
    })
  const sources = names.map((_, index) => readFileSync(join(root, `packages/p${index}/src/a`)))
  return { root, damage, keys: names.map((_, index) => run.tasks[`p${index}#build`].hash), sources, pathOf }
}

for (const [how, prepare] of [
  ['outputs gone', (root) => removeOutputs(root)],
  [
    'outputs and database gone',
    (root) => {
      removeOutputs(root)
      for (const name of readdirSync(join(root, '.vx/cache')).filter((one) => one.startsWith('cache.db'))) {
        rmSync(join(root, '.vx/cache', name))
      }
    },
  ],
]) {
  test(`damaged artifacts, ${how}`, { skip }, () => {
    const names = Object.keys(DAMAGES)
    const log = journal()
    const { root, damage, keys, sources } = built(names, log)
    damage()
    prepare(root)
    const before = log.lines().length
    const run = vxRun(root, ['build'])
    assert.equal(run.code, 0, run.stderr)
    const ran = new Set(log.lines().slice(before))
    names.forEach((name, index) => {
      const { status } = run.tasks[`p${index}#build`]
      const lines = run.stderr.split('\n').filter((line) => line.includes(keys[index]))
      // A bit that means nothing may go unnoticed; everything else is seen.
      if (status === 'cache-hit' && name.startsWith('a bit')) {
        assert.deepEqual(lines, [], name)
      } else {
        assert.equal(status, 'success', name)
        assert.ok(ran.has(`p${index}`), name)
        assert.equal(lines.length, 1, `${name}: ${lines.join('\n')}`)
        assert.match(lines[0], /damaged|belongs to the key|has format version 2/, name)
      }
      assert.ok(readFileSync(join(root, `packages/p${index}/dist/a`)).equals(sources[index]), name)
    })
    assert.equal(run.tasks['spare#build'].status, 'cache-hit')
    assert.ok(ran.size >= names.length - 4, `${ran.size} of ${names.length} were noticed`)

    removeOutputs(root)
    const again = vxRun(root, ['build'])
    assert.equal(again.stderr, '')
    assert.deepEqual(new Set(Object.values(statuses(again))), new Set(['cache-hit']))
    names.forEach((name, index) =>
      assert.ok(readFileSync(join(root, `packages/p${index}/dist/a`)).equals(sources[index]), name),
    )
  })
}

function removeOutputs(root) {
  for (const name of readdirSync(join(root, 'packages'))) {
    rmSync(join(root, 'packages', name, 'dist'), { recursive: true, force: true })
  }
}

test('a large artifact cut anywhere is no result', { skip }, () => {
  const root = monorepo({
    a: {
      tasks: { build: cached('mkdir -p dist && cp src/a src/b dist/') },
      files: { 'src/a': noise(1500 * KIB, 5), 'src/b': 'b' },
    },
  })
  const path = join(root, '.vx/cache', `${vxRun(root, ['build']).tasks['a#build'].hash}.tar.zst`)
  const size = readFileSync(path).length
  assert.ok(size > 1500 * KIB)
  for (const part of [0.1, 0.35, 0.6, 0.85]) {
    truncateSync(path, Math.floor((size * part) / KIB) * KIB)
    writeFileSync(join(root, 'packages/a/dist/b'), 'of the user')
    const run = vxRun(root, ['build'])
    assert.equal(run.tasks['a#build'].status, 'success')
    assert.equal(run.stderr.trim().split('\n').length, 1, run.stderr)
    assert.equal(readFileSync(join(root, 'packages/a/dist/b'), 'utf8'), 'b')
    assert.ok(readFileSync(path).length > 1500 * KIB)
  }
  assert.deepEqual(
    readdirSync(join(root, '.vx/cache')).filter((name) => /^\.(?:staging|tmp)-/.test(name)),
    [],
  )
})

test('an entry whose printed output cannot be read is run again, outputs in place or not', { skip }, () => {
  const log = journal()
  // More than the database keeps of a log.
  const command = `mkdir -p dist && cp src/a dist/a && seq 1 10000 && ${log.note('ran')}`
  const root = monorepo({ a: { tasks: { build: cached(command) }, files: { 'src/a': 'a' } } })
  const path = join(root, '.vx/cache', `${vxRun(root, ['build']).tasks['a#build'].hash}.tar.zst`)
  writeFileSync(path, noise(500, 3))
  // Nobody wants to see it: what lies in place is good.
  assert.equal(vxRun(root, ['build', '--output-logs=none']).tasks['a#build'].status, 'cache-hit')
  const run = vxRun(root, ['build'])
  assert.equal(run.tasks['a#build'].status, 'success')
  assert.equal(run.stderr.trim().split('\n').length, 1, run.stderr)
  assert.match(run.stdout, /^a#build: 10000$/m)
  const again = vxRun(root, ['build'])
  assert.equal(again.tasks['a#build'].status, 'cache-hit')
  assert.match(again.stdout, /^a#build: 10000$/m)
  assert.equal(log.lines().length, 2)
})

test(
  'an artifact that may not be read is run again and is replaced',
  { skip: skip || (process.getuid() === 0 && 'the superuser may read everything') },
  () => {
    const root = monorepo({
      a: { tasks: { build: cached('mkdir -p dist && cp src/a dist/a') }, files: { 'src/a': 'a' } },
    })
    const path = join(root, '.vx/cache', `${vxRun(root, ['build']).tasks['a#build'].hash}.tar.zst`)
    chmodSync(path, 0)
    rmSync(join(root, 'packages/a/dist'), { recursive: true })
    const run = vxRun(root, ['build'])
    assert.equal(run.tasks['a#build'].status, 'success')
    assert.equal(run.stderr.trim().split('\n').length, 1, run.stderr)
    rmSync(join(root, 'packages/a/dist'), { recursive: true })
    assert.equal(vxRun(root, ['build']).tasks['a#build'].status, 'cache-hit')
  },
)

test('an artifact that vanishes is a plain miss', { skip }, () => {
  const root = monorepo({
    a: { tasks: { build: cached('mkdir -p dist && cp src/a dist/a') }, files: { 'src/a': 'a' } },
  })
  const path = join(root, '.vx/cache', `${vxRun(root, ['build']).tasks['a#build'].hash}.tar.zst`)
  renameSync(path, `${path}.away`)
  const run = vxRun(root, ['build'])
  assert.equal(run.tasks['a#build'].status, 'success')
  assert.equal(run.tasks['a#build'].missReason, 'cache miss')
  assert.equal(run.stderr, '')
  assert.ok(existsSync(path))
})
