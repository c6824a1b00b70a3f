// Artifacts that somebody made to do harm, each under the very key that a task asks for: nothing outside of the
// declared outputs is written, removed or changed, the task runs instead, and one line says why.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as zlib from 'node:zlib'
import { END, artifact, bomb, entry, front, frame, pax } from './archive.mjs'
import { scratch, write } from './scratch.mjs'
import { BIN, hostEnv, monorepo, statuses, vx, vxRun } from './workspace.mjs'

const unix = process.platform !== 'win32'

const COMMAND = 'rm -rf dist && mkdir dist && cp src/a dist/a'

const file = (name, options) => entry(name, { content: 'evil', ...options })
const link = (name, to) => entry(name, { type: '2', link: to })
const good = file('outputs/dist/a')

/** What stands after the metadata, by what is wrong with it. */
const HOSTILE = {
  traversal: [file('outputs/../../victim')],
  'traversal below an output': [file('outputs/dist/../../../victim')],
  'traversal in a record': [pax('path', 'outputs/dist/../../../victim'), good],
  'absolute name': [file('/tmp/vx-evil')],
  'absolute name in a record': [pax('path', '/tmp/vx-evil'), good],
  'absolute below the prefix': [file('outputs//tmp/vx-evil')],
  'NUL in a record': [pax('path', 'outputs/dist/a\0b'), good],
  'drive letter': [file('outputs/C:/evil')],
  'backslashes instead of the prefix': [file('outputs\\..\\victim')],
  'dot segments': [file('outputs/./dist/a')],
  'empty name': [file('outputs/')],
  'the same name twice': [good, good],
  'hard link': [entry('outputs/dist/a', { type: '1', link: '../../victim' })],
  'character device': [entry('outputs/dist/a', { type: '3' })],
  'block device': [entry('outputs/dist/a', { type: '4' })],
  'named pipe': [entry('outputs/dist/a', { type: '6' })],
  'GNU long name': [entry('././@LongLink', { type: 'L', content: '../../victim\0' }), good],
  'GNU sparse file': [entry('outputs/dist/a', { type: 'S' })],
  'global records': [entry('pax_global_header', { type: 'g', content: '19 path=../../evil\n' }), good],
  'link to an absolute path': [link('outputs/dist/l', '/etc/passwd')],
  'link out of the workspace': [link('outputs/dist/l', '../../../../../../etc/passwd')],
  'link and a file through it': [link('outputs/dist/d', '../../..'), file('outputs/dist/d/victim')],
  'chain of links and a file through it': [
    link('outputs/dist/d', 'e'),
    link('outputs/dist/e', '../..'),
    file('outputs/dist/e/victim'),
  ],
  'link over the output directory': [link('outputs/dist', '../other'), file('outputs/dist/victim')],
  'a record that shrinks a content': [pax('size', '1'), good],
  'a record that grows a content': [pax('size', '4096'), good],
  'a header that grows a content': [entry('outputs/dist/a', { content: 'evil', size: 1 << 30 })],
  'undeclared file of the project': [file('outputs/src/a')],
  'the config of the project': [file('outputs/vx.config.mjs')],
  'the manifest of the project': [file('outputs/package.json')],
  'undeclared file of the workspace': [file('workspace-outputs/victim')],
  'git hook': [file('workspace-outputs/.git/hooks/pre-commit', { mode: 0o755 })],
  'package that is run later': [file('outputs/node_modules/.bin/tsc', { mode: 0o755 })],
  'a second meta.json': [entry('meta.json', { content: '{}' }), good],
  'another prefix': [file('OUTPUTS/dist/a')],
}

/** What is wrong with the whole file, by what it is. */
const FRAMES = {
  'no checksum': (key) => {
    const bytes = artifact(key, [good])
    bytes[4] &= ~0x04
    return bytes.subarray(0, bytes.length - 4)
  },
  'wrong checksum': (key) => {
    const bytes = artifact(key, [good])
    bytes[bytes.length - 1] ^= 1
    return bytes
  },
  'no end': (key) => frame([front(key), good]),
  'more after the end': (key) => frame([front(key), good, END, good]),
  'a second frame': (key) => Buffer.concat([artifact(key, [good]), artifact(key, [good])]),
  'a bomb': (key) => bomb(endless(key, 'outputs/dist/a'), 512 << 10),
  'a bomb of declared size': (key) => bomb(endless(key, 'outputs/dist/a'), 512 << 10, { declared: true }),
  'a bomb for a log': (key) => bomb(endless(key, 'stderr'), 512 << 10),
}

/** The first entries of an artifact whose last one goes on for 8 GiB. */
function endless(key, name) {
  return Buffer.concat([front(key), entry(name, { size: 0o77777777777 })])
}

/** A workspace with one project a case, all with the same task. */
function workspaceOf(count) {
  const task = {
    exec: { command: COMMAND },
    cache: { inputs: { files: ['src/**'] }, outputs: { files: ['dist/**'] } },
  }
  const packages = Array.from({ length: count }, (_, index) => [
    `p${index}`,
    { tasks: { build: task }, files: { 'src/a': `source ${index}`, 'other/kept': 'kept' } },
  ])
  const root = monorepo(Object.fromEntries(packages), { victim: 'precious' })
  chmodSync(join(root, 'victim'), 0o600)
  const { tasks } = JSON.parse(vx(root, ['run', 'build', '--dry=json']).stdout)
  const keys = Object.fromEntries(tasks.map(({ project, hash }) => [project, hash]))
  const cache = join(root, '.vx/cache')
  mkdirSync(cache, { recursive: true })
  return {
    root,
    keys: packages.map(([name]) => keys[name]),
    plant: (key, bytes) => writeFileSync(join(cache, `${key}.tar.zst`), bytes),
  }
}

/** Everything but the declared outputs and vx's own files: kind, mode, time and content by path. */
function surroundings(root) {
  const found = {}
  const look = (directory, prefix) => {
    for (const { name } of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, name)
      const at = `${prefix}${name}`
      if (/^(?:\.vx|\.git\/index|packages\/\w+\/dist)$/.test(at)) continue
      const stat = lstatSync(path)
      if (stat.isDirectory()) {
        found[at] = stat.mode
        look(path, `${at}/`)
      } else {
        const content = stat.isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'latin1')
        found[at] = [stat.mode, stat.mtimeMs, content]
      }
    }
  }
  look(root, '')
  return found
}

test('every hostile artifact is refused, the task runs, and one line says why', { skip: !unix }, () => {
  const names = [...Object.keys(HOSTILE), ...Object.keys(FRAMES)]
  const { root, keys, plant } = workspaceOf(names.length)
  names.forEach((name, index) => {
    const key = keys[index]
    plant(key, HOSTILE[name] ? artifact(key, HOSTILE[name]) : FRAMES[name](key))
  })
  const before = surroundings(root)
  const run = vxRun(root, ['build'])
  assert.equal(run.code, 0, run.stderr)
  assert.deepEqual(surroundings(root), before)
  assert.equal(existsSync('/tmp/vx-evil'), false)
  names.forEach((name, index) => {
    const id = `p${index}#build`
    assert.equal(run.tasks[id].status, 'success', `${name}: ${run.stderr}`)
    const lines = run.stderr.split('\n').filter((line) => line.includes(keys[index]))
    assert.equal(lines.length, 1, `${name}: ${lines.join('\n')}`)
    assert.match(lines[0], /damaged and cannot be used|outside of the workspace/, name)
    assert.deepEqual(readdirSync(join(root, `packages/p${index}/dist`)), ['a'], name)
    assert.equal(readFileSync(join(root, `packages/p${index}/dist/a`), 'utf8'), `source ${index}`, name)
  })

  const again = vxRun(root, ['build'])
  assert.deepEqual(new Set(Object.values(statuses(again))), new Set(['cache-hit']), again.stderr)
  assert.equal(again.stderr, '')
  assert.deepEqual(
    readdirSync(join(root, '.vx/cache')).filter((name) => /^\.(?!gitignore)/.test(name)),
    [],
  )
})

test('what is odd and harmless is restored as it should be', { skip: !unix }, () => {
  const { root, keys, plant } = workspaceOf(2)
  plant(keys[0], artifact(keys[0], [file('outputs/dist/a', { mode: 0o7777 })]))
  plant(
    keys[1],
    artifact(keys[1], [link('outputs/dist/dangling', 'nowhere'), link('outputs/dist/up', '../../../victim')]),
  )
  const before = surroundings(root)
  const run = vxRun(root, ['build'])
  assert.deepEqual(statuses(run), { 'p0#build': 'cache-hit', 'p1#build': 'cache-hit' }, run.stderr)
  assert.deepEqual(surroundings(root), before)
  // No setuid, setgid or sticky bit comes back, and no mode is changed through a link.
  assert.equal(lstatSync(join(root, 'packages/p0/dist/a')).mode & 0o7777, 0o777)
  assert.equal(readlinkSync(join(root, 'packages/p1/dist/up')), '../../../victim')
})

test('outputs are not put or removed through a link that stands in their way', { skip: !unix }, () => {
  const outside = scratch({ a: 'precious', 'deep/a': 'precious' })
  const { root, keys, plant } = workspaceOf(3)
  for (const key of keys) {
    plant(key, artifact(key, [file('outputs/dist/a'), file('outputs/dist/deep/a')]))
  }
  // The whole output directory, a directory in it, and a file of it.
  symlinkSync(outside, join(root, 'packages/p0/dist'))
  mkdirSync(join(root, 'packages/p1/dist'))
  symlinkSync(join(outside, 'deep'), join(root, 'packages/p1/dist/deep'))
  mkdirSync(join(root, 'packages/p2/dist'))
  symlinkSync(join(outside, 'a'), join(root, 'packages/p2/dist/a'))
  const before = surroundings(outside)
  const run = vxRun(root, ['build'])
  assert.equal(run.code, 0, run.stderr)
  assert.deepEqual(surroundings(outside), before)
  // Below a link that leads out nothing is restored; a link that is an output itself gives way to one.
  assert.deepEqual(
    statuses(run),
    { 'p0#build': 'success', 'p1#build': 'success', 'p2#build': 'cache-hit' },
    run.stderr,
  )
  assert.equal(lstatSync(join(root, 'packages/p2/dist/a')).isFile(), true)
  assert.equal(readFileSync(join(root, 'packages/p2/dist/a'), 'utf8'), 'evil')
})

/** Runs vx and gives the most memory that its own process took, in MiB. */
function peak(root) {
  const out = join(scratch(), 'peak')
  const report = write(
    join(scratch(), 'report.mjs'),
    // Not what `resourceUsage` says: that counts the process that started this one, too.
    `import { readFileSync, writeFileSync } from 'node:fs'
     process.on('exit', () => {
       const [, peak] = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
       writeFileSync(process.env.VX_TEST_PEAK, peak)
     })`,
  )
  const flag = process.versions.bun ? '--preload' : '--import'
  const result = spawnSync(process.execPath, [flag, report, BIN, 'run', 'build'], {
    cwd: root,
    encoding: 'utf8',
    env: hostEnv({ VX_TEST_PEAK: out }),
  })
  assert.equal(result.status, 0, result.stderr)
  return { mib: Number(readFileSync(out, 'utf8')) / 1024, stderr: result.stderr }
}

/** More empty files than an artifact may hold, compressed; undefined where the runtime has no zstd. */
function manyEntries(key) {
  const count = 300_000
  if (!zlib.zstdCompressSync) return undefined
  const block = entry('outputs/dist/0000000')
  const zero = Number.parseInt(block.toString('latin1', 148, 154), 8)
  const content = Buffer.alloc(count * block.length)
  for (let number = 0; number < count; number++) {
    const at = number * block.length
    const digits = String(number).padStart(7, '0')
    let sum = zero
    for (const digit of digits) sum += Number(digit)
    block.copy(content, at)
    content.write(digits, at + 13, 'latin1')
    content.write(sum.toString(8).padStart(6, '0'), at + 148, 'latin1')
  }
  const params = { [zlib.constants.ZSTD_c_checksumFlag]: 1, [zlib.constants.ZSTD_c_windowLog]: 20 }
  return zlib.zstdCompressSync(Buffer.concat([front(key), content, END]), { params })
}

test('memory stays bounded', { skip: process.platform !== 'linux' }, () => {
  const { root, keys, plant } = workspaceOf(1)
  const [key] = keys
  plant(key, artifact(key, [good]))
  assert.match(peak(root).stderr, /rebuilt from 1 artifact/)
  writeFileSync(join(root, 'packages/p0/dist/a'), 'other')
  const base = peak(root)
  assert.equal(base.stderr, '')

  const cases = { ...FRAMES, 'too many entries': manyEntries }
  for (const name of ['a bomb', 'a bomb of declared size', 'a bomb for a log', 'too many entries']) {
    const bytes = cases[name](key)
    if (!bytes) {
      console.log(
        'skipped: too many entries, as this runtime has no zstd; tests/artifact/memory.rs has them too',
      )
      continue
    }
    plant(key, bytes)
    writeFileSync(join(root, 'packages/p0/dist/a'), 'other')
    const { mib, stderr } = peak(root)
    assert.match(stderr, /damaged and cannot be used/, name)
    assert.ok(mib - base.mib < 64, `${name}: ${mib} MiB, ${base.mib} MiB without`)
  }
})
