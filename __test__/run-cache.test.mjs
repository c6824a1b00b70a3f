// Hits, restores and what is stored.

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
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratch, write } from './scratch.mjs'
import { cached, journal, plain } from './tasks.mjs'
import { BIN, git, hostEnv, monorepo, must, statuses, vx, vxRun } from './workspace.mjs'

const PYTHON = spawnSync('python3', ['-c', 'import sqlite3']).status === 0
const unix = { skip: process.platform === 'win32' }

/** All below a directory by path, nothing through a link: kind, mode, time in nanoseconds and content. */
function tree(directory, below = '') {
  const found = {}
  for (const name of readdirSync(join(directory, below))) {
    const path = join(below, name)
    const full = join(directory, path)
    const stat = lstatSync(full, { bigint: true })
    const mode = Number(stat.mode & 0o7777n).toString(8)
    if (stat.isDirectory()) {
      // A directory's time is its file system's affair.
      Object.assign(found, { [path]: { mode } }, tree(directory, path))
    } else if (stat.isSymbolicLink()) {
      found[path] = { link: readlinkSync(full), mtime: stat.mtimeNs }
    } else {
      found[path] = { mode, mtime: stat.mtimeNs, content: readFileSync(full, 'hex') }
    }
  }
  return found
}

/** Runs `build` and gives the one task's status with `restored` where files were put into place. */
function outcome(root, args = [], id = 'app#build') {
  const run = vxRun(root, ['build', ...args])
  assert.equal(run.code, 0, run.stdout + run.stderr)
  const { status, restored } = run.tasks[id]
  return restored ? `${status}, restored` : status
}

/** The artifacts of a cache directory. */
const artifacts = (dir) => readdirSync(dir).filter((name) => name.endsWith('.tar.zst'))
const stored = (root) => artifacts(join(root, '.vx/cache')).length

describe('replay', unix, () => {
  test('a hit prints again what the command printed, each stream where it belongs, byte for byte', () => {
    const file = (name) => `cat '${name}'`
    const out = Buffer.from([...Buffer.from('first\n\n  \x1b[31mred\x1b[0m\ttab\r\n'), 0xff, 0xfe, 0, 0x0a])
    const err = Buffer.from('problem: ✓\nno line break at the end')
    const root = monorepo({
      app: { tasks: { build: cached(`${file('out')}; ${file('err')} >&2`, { outputs: { files: [] } }) } },
    })
    writeFileSync(join(root, 'packages/app/out'), out)
    writeFileSync(join(root, 'packages/app/err'), err)
    const run = () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'run', 'build'], {
        cwd: root,
        env: hostEnv(),
      })
      assert.equal(status, 0)
      const text = stdout.toString('latin1')
      const [headline] = text.split('\n', 1)
      return {
        headline,
        body: text.slice(headline.length + 1, text.indexOf('\n\nTasks:')),
        stderr: stderr.toString('latin1'),
      }
    }
    const prefixed = (bytes) => {
      const lines = bytes.toString('latin1').replace(/\n$/, '').split('\n')
      return lines.map((line) => `app#build: ${line}`).join('\n')
    }
    const first = run()
    assert.match(first.headline, /^app#build: cache miss, ran in \S+ [0-9a-f]{8}$/)
    assert.equal(first.body, prefixed(out))
    assert.ok(first.stderr.endsWith(`${prefixed(err)}\n`), first.stderr)
    const second = run()
    assert.match(second.headline, /^app#build: cache hit [0-9a-f]{8}$/)
    assert.equal(second.body, first.body)
    assert.equal(second.stderr, first.stderr)
  })

  test('large outputs are replayed whole', () => {
    const numbers = (from, to) =>
      `node -e 'let s = ""; for (let i = ${from}; i < ${to}; i++) s += i + "\\n"; process.stdout.write(s)'`
    const command = `${numbers(0, 400_000)}; ${numbers(400_000, 500_000)} >&2`
    const root = monorepo({ app: { tasks: { build: cached(command, { outputs: { files: [] } }) } } })
    for (const headline of [/^app#build: cache miss/, /^app#build: cache hit/]) {
      const { code, stdout, stderr } = vx(root, ['run', 'build'])
      assert.equal(code, 0)
      assert.match(stdout, headline)
      const lines = stdout.split('\n')
      const body = lines.slice(1, lines.indexOf(''))
      assert.equal(body.length, 400_000)
      assert.ok(body.every((line, number) => line === `app#build: ${number}`))
      const errors = stderr.split('\n').filter((line) => /: \d+$/.test(line))
      assert.equal(errors.length, 100_000)
      assert.ok(errors.every((line, number) => line === `app#build: ${number + 400_000}`))
    }
  })
})

describe('restore', unix, () => {
  const odd = [
    'a b',
    "it's",
    '"q"',
    'new\nline',
    'back\\slash',
    '-dash',
    '[br]',
    '$HOME',
    'ü✓',
    '*',
    `${'long'.repeat(60)}`,
  ]
  const make = `
    const fs = require('fs')
    fs.mkdirSync('dist/empty/deep', { recursive: true })
    fs.mkdirSync('dist/odd')
    for (const name of JSON.parse(process.env.ODD)) fs.writeFileSync('dist/odd/' + name, name)
    fs.writeFileSync('dist/data', Buffer.from([...Array(256).keys()]))
    fs.utimesSync('dist/data', 1234567890.123456789, 1234567890.987654321)
    fs.writeFileSync('dist/run', '#!/bin/sh', { mode: 0o755 })
    fs.writeFileSync('dist/secret', 'x', { mode: 0o600 })
    fs.writeFileSync('dist/readonly', 'x', { mode: 0o444 })
    fs.writeFileSync('dist/none', '')
    fs.symlinkSync('data', 'dist/link')
    fs.symlinkSync('../src', 'dist/to-directory')
    fs.symlinkSync('nowhere', 'dist/dangling')
    fs.symlinkSync('../../other/src/x', 'dist/to-another-project')`
  const build = cached('node ../../make.cjs', { exec: { env: { define: { ODD: JSON.stringify(odd) } } } })
  const root = monorepo(
    { app: { tasks: { build }, files: { 'src/in': '1' } }, other: { files: { 'src/x': 'x' } } },
    { 'make.cjs': make },
  )
  const dist = join(root, 'packages/app/dist')
  let built

  test('outputs come back with content, modes, links, empty directories, times and odd names', () => {
    assert.equal(outcome(root), 'success')
    built = tree(dist)
    assert.equal(Object.keys(built).length, odd.length + 12)
    assert.equal(outcome(root), 'cache-hit', 'in place: not restored')
    rmSync(dist, { recursive: true })
    assert.equal(outcome(root), 'cache-hit, restored')
    assert.deepEqual(tree(dist), built)
    assert.equal(outcome(root), 'cache-hit', 'in place again')
  })

  for (const [what, damage] of [
    ['a stray file', () => write(join(dist, 'stray'), 'x')],
    ['a stray file in a new directory', () => write(join(dist, 'new/deep/stray'), 'x')],
    ['an edit', () => writeFileSync(join(dist, 'data'), 'edited')],
    [
      'an edit of the same length, its time set back',
      () => {
        const keptTime = join(scratch(), 'time')
        const file = join(dist, 'run')
        must(root, 'touch', '-r', file, keptTime)
        writeFileSync(file, '#!/bin/xx')
        must(root, 'touch', '-r', keptTime, file)
      },
    ],
    ['a deletion', () => rmSync(join(dist, 'none'))],
    ['a lost empty directory', () => rmSync(join(dist, 'empty/deep'), { recursive: true })],
    ['a changed mode', () => chmodSync(join(dist, 'run'), 0o644)],
    ['a link turned elsewhere', () => (rmSync(join(dist, 'link')), symlinkSync('run', join(dist, 'link')))],
    ['a link made a file', () => (rmSync(join(dist, 'link')), writeFileSync(join(dist, 'link'), 'x'))],
    ['a file made a directory', () => (rmSync(join(dist, 'none')), mkdirSync(join(dist, 'none')))],
    ['a renamed file', () => renameSync(join(dist, 'data'), join(dist, 'data2'))],
    ['a touched file', () => must(root, 'touch', join(dist, 'secret'))],
  ]) {
    test(`repaired: ${what}`, () => {
      damage()
      assert.equal(outcome(root), 'cache-hit, restored')
      assert.deepEqual(tree(dist), built)
    })
  }

  test('an output directory replaced by a link that leads out: the task runs without the cache, and nothing there goes', () => {
    const elsewhere = scratch({ precious: 'mine' })
    rmSync(dist, { recursive: true })
    symlinkSync(elsewhere, dist)
    const run = vxRun(root, ['build'])
    assert.match(run.stderr, /runs without the cache: .*dist" cannot be an output.*symbolic link/)
    assert.equal(run.tasks['app#build'].status, 'success')
    assert.equal(readFileSync(join(elsewhere, 'precious'), 'utf8'), 'mine')
    rmSync(dist)
    assert.equal(outcome(root), 'cache-hit, restored')
    assert.deepEqual(tree(dist), built)
  })

  test('a damaged artifact costs a run and no more', () => {
    const dir = join(root, '.vx/cache')
    for (const name of artifacts(dir)) truncateSync(join(dir, name), lstatSync(join(dir, name)).size - 20)
    rmSync(dist, { recursive: true })
    const run = vxRun(root, ['build'])
    assert.deepEqual(statuses(run), { 'app#build': 'success' })
    assert.match(run.stderr, /^app#build: warning: .*/m)
    rmSync(dist, { recursive: true })
    assert.equal(outcome(root), 'cache-hit, restored')
  })

  test('a removed cache directory and a broken database cost a run at most', () => {
    const dir = join(root, '.vx/cache')
    writeFileSync(join(dir, 'cache.db'), 'not a database')
    for (const suffix of ['-wal', '-shm']) rmSync(join(dir, `cache.db${suffix}`), { force: true })
    const rebuilt = vxRun(root, ['build'])
    assert.equal(rebuilt.code, 0)
    assert.deepEqual(statuses(rebuilt), { 'app#build': 'cache-hit' })
    assert.match(rebuilt.stderr, /^warning: .*database/m)
    rmSync(join(root, '.vx'), { recursive: true })
    assert.equal(outcome(root), 'success')
    assert.equal(outcome(root), 'cache-hit')
  })

  test('large outputs, and nothing of the work is left in the cache directory', () => {
    const command = `node -e "const b = Buffer.alloc(1 << 20); for (let i = 0; i < b.length; i++) b[i] = (i * 7919) >> 5; require('fs').mkdirSync('dist'); for (const n of 'ab') require('fs').writeFileSync('dist/' + n, Buffer.concat(Array(12).fill(b)))"`
    const other = monorepo({ app: { tasks: { build: cached(command) } } })
    const made = join(other, 'packages/app/dist')
    assert.equal(outcome(other), 'success')
    const before = tree(made)
    rmSync(made, { recursive: true })
    assert.equal(outcome(other), 'cache-hit, restored')
    assert.deepEqual(tree(made), before)
    const left = readdirSync(join(other, '.vx/cache')).filter(
      (name) => !/^(cache\.db.*|tasks\.lock|CACHEDIR\.TAG|\.gitignore)$/.test(name),
    )
    assert.deepEqual(left, artifacts(join(other, '.vx/cache')))
  })

  test('a database that breaks while the run goes on is told, and costs no more', { skip: !PYTHON }, () => {
    const drop = "import sqlite3; sqlite3.connect('../../.vx/cache/cache.db').execute('DROP TABLE entries')"
    const other = monorepo({
      app: {
        tasks: {
          build: cached(
            `mkdir -p dist; touch dist/x; [ -e ../../dropped ] || python3 -c "${drop}"; touch ../../dropped`,
          ),
        },
      },
    })
    const run = vxRun(other, ['build'])
    assert.equal(run.code, 0)
    assert.match(run.stderr, /^warning: the cache database .* was malformed \(no such table: entries\)/m)
    rmSync(join(other, 'packages/app/dist'), { recursive: true })
    assert.equal(outcome(other), 'cache-hit, restored')
  })
})

describe('outputs are owned', unix, () => {
  test('what an older build left is gone after a miss; files that are no outputs stay', () => {
    const build = cached('mkdir -p dist; cp src/* dist', {
      outputs: { files: ['dist/**', '!dist/keep', '*.log'] },
    })
    const root = monorepo({
      app: { tasks: { build }, files: { 'src/a': 'a', 'src/b': 'b' } },
      inner: {},
    })
    const app = join(root, 'packages/app')
    write(join(app, 'dist/old/deep'), 'from before vx')
    write(join(app, 'dist/keep'), 'kept')
    write(join(app, 'x.log'), 'log')
    write(join(app, 'x.txt'), 'mine')
    assert.equal(outcome(root), 'success')
    assert.deepEqual(readdirSync(join(app, 'dist')).toSorted(), ['a', 'b', 'keep'])
    assert.equal(existsSync(join(app, 'x.log')), false)
    assert.equal(readFileSync(join(app, 'x.txt'), 'utf8'), 'mine')
    renameSync(join(app, 'src/b'), join(app, 'src/c'))
    assert.equal(outcome(root), 'success')
    assert.deepEqual(readdirSync(join(app, 'dist')).toSorted(), ['a', 'c', 'keep'])
    renameSync(join(app, 'src/c'), join(app, 'src/b'))
    assert.equal(outcome(root), 'cache-hit, restored')
    assert.deepEqual(readdirSync(join(app, 'dist')).toSorted(), ['a', 'b', 'keep'])
  })

  test('a nested project is never cleaned, whatever the globs', () => {
    const build = cached('mkdir -p out; date +%N > out/made', {
      inputs: { files: ['in'] },
      outputs: { files: ['**/out/**'] },
    })
    const root = monorepo(
      { app: { tasks: { build }, files: { in: '1', 'nested/package.json': '{ "name": "nested" }' } } },
      { 'package.json': JSON.stringify({ name: 'root', workspaces: ['packages/*', 'packages/app/nested'] }) },
    )
    const app = join(root, 'packages/app')
    write(join(app, 'nested/out/precious'), 'x')
    write(join(app, 'lib/out/old'), 'x')
    const kept = () => {
      assert.equal(readFileSync(join(app, 'nested/out/precious'), 'utf8'), 'x')
      assert.equal(existsSync(join(app, 'lib/out/old')), false)
    }
    assert.equal(outcome(root), 'success')
    kept()
    rmSync(join(app, 'out'), { recursive: true })
    write(join(app, 'lib/out/old'), 'x')
    assert.equal(outcome(root), 'cache-hit, restored')
    kept()
  })

  test('outputs at the workspace root', () => {
    const build = cached(
      'mkdir -p ../../generated dist; cat ../../settings.json > ../../generated/app.js; echo > dist/x',
      {
        inputs: { files: ['src/**'], workspaceFiles: ['settings.json'] },
        outputs: { workspaceFiles: ['generated/app.*'] },
      },
    )
    const root = monorepo(
      { app: { tasks: { build } } },
      { 'settings.json': '1', 'generated/other.js': 'other' },
    )
    const generated = join(root, 'generated')
    const made = () => readFileSync(join(generated, 'app.js'), 'utf8')
    assert.equal(outcome(root), 'success')
    assert.equal(made(), '1')
    writeFileSync(join(root, 'settings.json'), '2')
    write(join(generated, 'app.old'), 'x')
    assert.equal(outcome(root), 'success')
    assert.equal(made(), '2')
    assert.deepEqual(readdirSync(generated).toSorted(), ['app.js', 'other.js'])
    writeFileSync(join(root, 'settings.json'), '1')
    assert.equal(outcome(root), 'cache-hit, restored')
    assert.equal(made(), '1')
    assert.deepEqual(readdirSync(generated).toSorted(), ['app.js', 'other.js'])
    assert.equal(outcome(root), 'cache-hit')
  })

  test('outputs that match nothing: a warning and an empty result', () => {
    const root = monorepo({ app: { tasks: { build: cached('echo done') } } })
    const first = vxRun(root, ['build'])
    assert.deepEqual(statuses(first), { 'app#build': 'success' })
    assert.match(first.stderr, /^app#build: warning: its declared outputs match no file/m)
    write(join(root, 'packages/app/dist/stray'), 'x')
    assert.equal(outcome(root), 'cache-hit, restored')
    assert.equal(existsSync(join(root, 'packages/app/dist')), false)
  })

  for (const [what, command, reason] of [
    ['a named pipe', 'mkfifo dist/odd', /dist\/odd" is a named pipe/],
    ['a name that is no text', "touch dist/$(printf '\\377')", /not valid UTF-8/],
  ]) {
    // Elsewhere a file system may refuse such a name.
    const linux = { skip: process.platform !== 'linux' }
    test(`${what} among the outputs: said, not stored, and the task stands`, linux, () => {
      const root = monorepo({ app: { tasks: { build: cached(`mkdir -p dist; ${command}`) } } })
      for (let again = 0; again < 2; again++) {
        const run = vxRun(root, ['build'])
        assert.equal(run.code, 0)
        assert.deepEqual(statuses(run), { 'app#build': 'success' })
        assert.match(run.stderr, /^app#build: warning: not saved: /m)
        assert.match(run.stderr, reason)
        assert.equal(stored(root), 0)
      }
    })
  }

  test('a link out of the workspace: said, not stored, and the task stands', () => {
    const elsewhere = scratch({ x: 'x' })
    const build = cached(`mkdir dist; ln -s '${elsewhere}/x' dist/out`)
    const root = monorepo({ app: { tasks: { build } } })
    for (let again = 0; again < 2; again++) {
      const run = vxRun(root, ['build'])
      assert.equal(run.code, 0)
      assert.deepEqual(statuses(run), { 'app#build': 'success' })
      assert.match(run.stderr, /^app#build: warning: not saved: .*dist\/out/m)
      assert.equal(stored(root), 0)
      assert.equal(readlinkSync(join(root, 'packages/app/dist/out')), join(elsewhere, 'x'))
    }
  })
})

describe('flags of the cache', unix, () => {
  const counted = (log, extra = 'true') =>
    cached(`mkdir -p dist; ${log.note('ran')}; ${extra}; echo made > dist/x`)

  test('failures are never stored', () => {
    const log = journal()
    const root = monorepo({ app: { tasks: { build: counted(log, 'exit 1') } } })
    for (const times of [1, 2]) {
      const run = vxRun(root, ['build'])
      assert.equal(run.code, 1)
      assert.deepEqual(statuses(run), { 'app#build': 'failed' })
      assert.equal(log.lines().length, times)
      assert.equal(stored(root), 0)
    }
  })

  test('--force runs all the same and stores the result anew', () => {
    const build = cached('mkdir -p dist; cat ../../hidden > dist/x')
    const root = monorepo({ app: { tasks: { build } } }, { hidden: '1' })
    const made = () => readFileSync(join(root, 'packages/app/dist/x'), 'utf8')
    assert.equal(outcome(root), 'success')
    writeFileSync(join(root, 'hidden'), '2')
    assert.equal(outcome(root), 'cache-hit')
    const forced = vxRun(root, ['build', '--force'])
    assert.equal(forced.tasks['app#build'].status, 'success')
    assert.equal(forced.tasks['app#build'].missReason, 'forced')
    rmSync(join(root, 'packages/app/dist'), { recursive: true })
    assert.equal(outcome(root), 'cache-hit, restored')
    assert.equal(made(), '2')
  })

  test('--no-cache neither reads nor writes nor cleans', () => {
    const log = journal()
    const root = monorepo({ app: { tasks: { build: counted(log) } } })
    write(join(root, 'packages/app/dist/old'), 'x')
    assert.equal(outcome(root, ['--no-cache']), 'success')
    assert.equal(existsSync(join(root, '.vx')), false)
    assert.deepEqual(readdirSync(join(root, 'packages/app/dist')).toSorted(), ['old', 'x'])
    assert.equal(outcome(root), 'success')
    assert.equal(outcome(root, ['--no-cache']), 'success')
    assert.equal(log.lines().length, 3)
    assert.equal(outcome(root), 'cache-hit, restored', "what ran without the cache is nobody's")
    const both = vx(root, ['run', 'build', '--no-cache', '--force'])
    assert.equal(both.code, 2)
  })

  test('--cache-dir, relative to where it was typed, and cacheDir, relative to the root', () => {
    const log = journal()
    const root = monorepo(
      { app: { tasks: { build: counted(log) } } },
      { 'vx.workspace.mjs': 'export default { cacheDir: "configured" }' },
    )
    assert.equal(outcome(root), 'success')
    assert.equal(artifacts(join(root, 'configured')).length, 1)
    const app = join(root, 'packages/app')
    assert.equal(outcome(app, ['--cache-dir', 'own']), 'success')
    assert.equal(artifacts(join(app, 'own')).length, 1)
    assert.equal(outcome(app, [`--cache-dir=${join(app, 'own')}`]), 'cache-hit')
    assert.equal(outcome(root), 'cache-hit, restored')
    assert.equal(log.lines().length, 2)
    assert.equal(existsSync(join(root, '.vx')), false)
    for (const dir of [join(root, 'configured'), join(app, 'own')]) {
      assert.equal(readFileSync(join(dir, '.gitignore'), 'utf8'), '*\n')
      assert.match(
        readFileSync(join(dir, 'CACHEDIR.TAG'), 'utf8'),
        /^Signature: 8a477f597d28d172789f06886806bc55\n/,
      )
    }
    assert.equal(git(root, 'status', '--porcelain'), '')
  })

  test('a cache directory that cannot be used: exit code 2, and nothing ran', () => {
    const log = journal()
    const root = monorepo({ app: { tasks: { build: counted(log) } } }, { file: '' })
    const { code, stdout, stderr } = vx(root, ['run', 'build', '--cache-dir', 'file'])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /file/)
    assert.match(stderr, /VX_/)
    assert.deepEqual(log.lines(), [])
  })

  test('arguments after -- go to the requested tasks only, in their order, into command and key', () => {
    const upstream = cached('mkdir -p dist; echo upstream > dist/x')
    const build = cached("mkdir -p dist; printf '<%s>' > dist/args", { dependsOn: ['^build'] })
    const root = monorepo({
      app: { tasks: { build }, dependencies: ['lib'] },
      lib: { tasks: { build: upstream } },
    })
    const run = (...args) => {
      const { tasks } = vxRun(root, ['app#build', '--', ...args])
      return [tasks['app#build'].status, tasks['lib#build'].status]
    }
    assert.deepEqual(run('a b', '--force', '$x', ''), ['success', 'success'])
    assert.equal(readFileSync(join(root, 'packages/app/dist/args'), 'utf8'), '<a b><--force><$x><>')
    assert.deepEqual(run('--force', 'a b', '$x', ''), ['success', 'cache-hit'])
    assert.deepEqual(run(), ['success', 'cache-hit'])
    assert.deepEqual(run('a b', '--force', '$x', ''), ['cache-hit', 'cache-hit'])
    assert.deepEqual(statuses(vxRun(root, ['lib#build', 'app#build', '--', 'x'])), {
      'app#build': 'success',
      'lib#build': 'success',
    })
  })

  test('arguments go to the last command of several lines', () => {
    const root = monorepo({ app: { tasks: { t: plain("\n  echo first\n  printf '<%s>'\n  ") } } })
    const { code, stdout } = vx(root, ['run', 't', '--', 'a', "b 'c"])
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^app#t: first\napp#t: <a><b 'c>\n/m)
  })

  test('a task without cache always runs, and its sources move the keys of those that depend on it', () => {
    const log = journal()
    const root = monorepo({
      app: {
        tasks: { build: cached('mkdir -p dist; touch dist/x', { dependsOn: ['^prepare'] }) },
        dependencies: ['lib'],
      },
      lib: { tasks: { prepare: plain(log.note('prepared')) }, files: { anything: '1' } },
    })
    assert.equal(outcome(root), 'success')
    assert.equal(outcome(root), 'cache-hit')
    assert.equal(log.lines().length, 2)
    writeFileSync(join(root, 'packages/lib/anything'), '2')
    assert.equal(outcome(root), 'success')
    writeFileSync(join(root, 'packages/lib/anything'), '1')
    assert.equal(outcome(root), 'cache-hit, restored')
    assert.equal(log.lines().length, 4)
  })
})
