// What lies around the cache goes wrong: its database, its directory, the disk, the system's limits. The run goes on and
// says so; only a cache directory of which nothing can be read is an error.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { start } from './processes.mjs'
import { scratch, write } from './scratch.mjs'
import { cached, journal } from './tasks.mjs'
import { BIN, hostEnv, monorepo, statuses, vx, vxRun } from './workspace.mjs'

const unix = process.platform !== 'win32'
const linux = process.platform === 'linux'
const root = unix && process.getuid() === 0
const NOBODY = 65534

/** A workspace of two projects, the second depending on the first, both built. */
function built() {
  const log = journal()
  const workspace = monorepo({
    a: {
      tasks: { build: cached(`mkdir -p dist && cp src/a dist/a && ${log.note('a')}`) },
      files: { 'src/a': 'A' },
    },
    b: {
      tasks: {
        build: cached(`mkdir -p dist && cat ../a/dist/a src/b > dist/b && ${log.note('b')}`, {
          dependsOn: ['^build'],
        }),
      },
      dependencies: ['a'],
      files: { 'src/b': 'B' },
    },
  })
  const cacheDir = join(workspace, '.vx/cache')
  const run = (...args) => vxRun(workspace, ['build', ...args])
  assert.deepEqual(statuses(run()), { 'a#build': 'success', 'b#build': 'success' })
  return { workspace, cacheDir, run, log }
}

const HITS = { 'a#build': 'cache-hit', 'b#build': 'cache-hit' }

function removeOutputs(workspace) {
  for (const name of ['a', 'b']) {
    rmSync(join(workspace, 'packages', name, 'dist'), { recursive: true, force: true })
  }
}

function assertOutputs(workspace) {
  assert.equal(readFileSync(join(workspace, 'packages/a/dist/a'), 'utf8'), 'A')
  assert.equal(readFileSync(join(workspace, 'packages/b/dist/b'), 'utf8'), 'AB')
}

/** What a killed or failed run could have left in the cache directory. */
const unfinished = (cacheDir) => readdirSync(cacheDir).filter((name) => /^\.(?:tmp|staging)-/.test(name))

/** The lines of a warning each. */
const lines = (text) => text.split('\n').filter(Boolean)

describe('the database', { skip: !unix }, () => {
  const DAMAGES = {
    'is gone': (path) => ['', '-wal', '-shm', '.lock'].forEach((end) => rmSync(path + end, { force: true })),
    'is empty': (path) => {
      foldIn(path)
      truncateSync(path)
    },
    'has lost its log': (path) => rmSync(`${path}-wal`),
    'is cut': (path) => {
      foldIn(path)
      truncateSync(path, 30_000)
    },
    'is garbage': (path) => {
      foldIn(path)
      writeFileSync(path, 'garbage '.repeat(4000))
    },
    'is a directory': (path) => {
      for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
      mkdirSync(path)
    },
  }
  for (const [how, damage] of Object.entries(DAMAGES)) {
    test(how, () => {
      const { workspace, cacheDir, run, log } = built()
      removeOutputs(workspace)
      damage(join(cacheDir, 'cache.db'))
      const first = run()
      assert.equal(first.code, 0, first.stderr)
      assert.deepEqual(statuses(first), HITS)
      assert.equal(lines(first.stderr).length, 1, first.stderr)
      assert.match(first.stderr, /cache\.db/)
      assertOutputs(workspace)
      const second = run()
      assert.deepEqual(statuses(second), HITS)
      assert.equal(second.stderr, how === 'is a directory' ? first.stderr : '')
      assert.equal(log.lines().length, 2)
    })
  }

  test('comes from a later vx: it is left alone, and the run goes on without a cache', () => {
    const { workspace, cacheDir, run, log } = built()
    sqlite(join(cacheDir, 'cache.db'), `UPDATE schema_meta SET value = '1000' WHERE key = 'version'`)
    // SQLite's own files beside it come and go with every look.
    const before = contents(cacheDir, (name) => !/-(?:wal|shm)$/.test(name))
    const result = run()
    assert.equal(result.code, 0, result.stderr)
    assert.deepEqual(statuses(result), { 'a#build': 'success', 'b#build': 'success' })
    assert.equal(lines(result.stderr).length, 1, result.stderr)
    assert.match(result.stderr, /running without the cache: .*schema version 1000/)
    assertOutputs(workspace)
    assert.equal(log.lines().length, 4)
    assert.deepEqual(
      contents(cacheDir, (name) => !/-(?:wal|shm)$/.test(name)),
      before,
    )
    const stats = vx(workspace, ['stats'])
    assert.equal(stats.code, 2)
    assert.match(stats.stderr, /VX_STORE_NEWER/)
  })

  test('is locked by another process for longer than anybody waits', async () => {
    const locks = {
      'for writing': 'BEGIN IMMEDIATE',
      altogether: 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE x (y)',
    }
    // Side by side, for each takes its time.
    await Promise.all(
      Object.entries(locks).map(async ([how, statements]) => {
        const { workspace, cacheDir, run, log } = built()
        write(join(workspace, 'packages/b/src/b'), 'C')
        const holder = await holdLock(join(cacheDir, 'cache.db'), statements)
        const { code, stdout, stderr } = await start(workspace, ['run', 'build']).ended
        await holder.release()
        assert.equal(code, 0, `${how}: ${stderr}`)
        assert.match(stdout, /Cache: 1 hit.*, 1 miss/, how)
        assert.equal(lines(stderr).length, 1, `${how}: ${stderr}`)
        assert.match(stderr, /cache\.db.* locked.*in memory/, how)
        // What was stored meanwhile counts.
        const second = run()
        assert.deepEqual(statuses(second), HITS, second.stderr)
        assert.equal(second.stderr, '', how)
        assert.equal(readFileSync(join(workspace, 'packages/b/dist/b'), 'utf8'), 'AC')
        assert.equal(log.lines().length, 3)
      }),
    )
  })
})

/** Bun has SQLite built in, and is there wherever these tests run. */
function bun() {
  const require = createRequire(import.meta.url)
  const found = [
    'bun-linux-x64',
    'bun-linux-x64-musl',
    'bun-linux-aarch64',
    'bun-darwin-aarch64',
    'bun-darwin-x64',
  ]
    .map((name) => {
      try {
        return require.resolve(`@oven/${name}/bin/bun`)
      } catch {
        return undefined
      }
    })
    .find(Boolean)
  assert.ok(found, 'no Bun is installed')
  return found
}

const SQLITE = `
  import { Database } from 'bun:sqlite'
  const [path, statements] = process.argv.slice(-2)
  const database = new Database(path)
  for (const statement of statements.split(';')) database.run(statement)
  if (statements.includes('BEGIN')) {
    console.log('locked')
    await Bun.stdin.text()
  }
  database.close()`

/** Brings all of the database into its one file. */
function foldIn(path) {
  sqlite(path, 'PRAGMA wal_checkpoint(TRUNCATE)')
}

function sqlite(path, statements) {
  const result = spawnSync(bun(), ['-e', SQLITE, path, statements], { encoding: 'utf8' })
  assert.equal(result.status, 0, result.stderr)
}

/** Another process that holds a lock until it is told to let go. */
async function holdLock(path, statements) {
  const child = spawn(bun(), ['-e', SQLITE, path, statements], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('exit', (code) => reject(new Error(`the lock was not taken: ${code}`)))
  })
  return {
    async release() {
      child.stdin.end()
      await exited
    },
  }
}

/** The digests of the files of a directory, by name. */
function contents(directory, wanted = () => true) {
  const files = readdirSync(directory, { withFileTypes: true }).filter(
    (one) => one.isFile() && wanted(one.name),
  )
  const digest = (name) =>
    createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex')
  return Object.fromEntries(files.map(({ name }) => [name, digest(name)]))
}

/**
 * A command line that runs vx as a user who may not write what belongs to root; undefined where there is none who can
 * run this very runtime and this very checkout.
 */
function unprivileged() {
  if (!unix) return undefined
  if (!root) return (args) => [process.execPath, [BIN, ...args]]
  const flags = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
  const run = (args) => ['setpriv', [...flags, process.execPath, BIN, ...args]]
  const [program, args] = run(['--version'])
  return spawnSync(program, args, { cwd: '/' }).status === 0 ? run : undefined
}

describe('the directory', { skip: !unix }, () => {
  const asUser = unprivileged()
  const skip = !asUser && 'no other user can run vx here'

  /** Runs vx as that user in a workspace that is theirs. */
  function runAs(workspace, ...args) {
    const summary = join(workspace, 'summary.json')
    rmSync(summary, { force: true })
    const [program, words] = asUser(['run', 'build', `--summarize=${summary}`, ...args])
    const { status, stderr } = spawnSync(program, words, {
      cwd: workspace,
      encoding: 'utf8',
      env: hostEnv({ HOME: workspace }),
    })
    const tasks = existsSync(summary) ? JSON.parse(readFileSync(summary, 'utf8')).tasks : []
    return { code: status, stderr, tasks: Object.fromEntries(tasks.map((task) => [task.id, task])) }
  }

  function give(workspace, journalDirectory) {
    if (!root) return
    for (const directory of [workspace, journalDirectory]) {
      spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, directory])
    }
  }

  /** Takes the cache directory away from that user: back to root, or at least unwritable. */
  function withhold(cacheDir, mode) {
    const chmod = (path, bits) => {
      if (root) chownSync(path, 0, 0)
      chmodSync(path, bits)
    }
    for (const name of readdirSync(cacheDir)) {
      const path = join(cacheDir, name)
      chmod(path, statSync(path).isDirectory() ? mode : mode & 0o444)
    }
    chmod(cacheDir, mode)
    after(() => existsSync(cacheDir) && chmodSync(cacheDir, 0o755))
  }

  test('can be read and not written: hits are hits, and misses run', { skip }, () => {
    const { workspace, cacheDir, log } = built()
    give(workspace, join(log.path, '..'))
    withhold(cacheDir, 0o555)
    removeOutputs(workspace)
    const before = contents(cacheDir)
    const first = runAs(workspace)
    assert.equal(first.code, 0, first.stderr)
    assert.deepEqual(statuses(first), HITS)
    assert.equal(lines(first.stderr).length, 1, first.stderr)
    assertOutputs(workspace)
    write(join(workspace, 'packages/b/src/b'), 'C')
    const second = runAs(workspace)
    assert.equal(second.code, 0, second.stderr)
    assert.deepEqual(statuses(second), { 'a#build': 'cache-hit', 'b#build': 'success' })
    assert.equal(lines(second.stderr).filter((line) => line.includes('not saved')).length, 1, second.stderr)
    assert.deepEqual(contents(cacheDir), before)
    assert.deepEqual(log.lines(), ['a', 'b', 'b'])
  })

  test('cannot be read: one error, exit code 2, nothing runs', { skip }, () => {
    const { workspace, cacheDir, log } = built()
    give(workspace, join(log.path, '..'))
    withhold(cacheDir, 0)
    const run = runAs(workspace, '--force')
    assert.equal(run.code, 2, run.stderr)
    assert.equal(lines(run.stderr).filter((line) => line.startsWith('error:')).length, 1)
    assert.match(run.stderr, /cache directory .*--cache-dir/)
    assert.match(run.stderr, /VX_CACHE_DIR/)
    assert.equal(log.lines().length, 2)
    assert.equal(runAs(workspace, '--no-cache').code, 0)
  })

  test('holds an artifact that cannot be read: its task runs', { skip }, () => {
    const { workspace, cacheDir, log, run } = built()
    const path = join(cacheDir, `${run().tasks['a#build'].hash}.tar.zst`)
    give(workspace, join(log.path, '..'))
    if (root) chownSync(path, 0, 0)
    chmodSync(path, 0)
    removeOutputs(workspace)
    const first = runAs(workspace)
    assert.equal(first.code, 0, first.stderr)
    assert.deepEqual(statuses(first), { 'a#build': 'success', 'b#build': 'cache-hit' })
    assert.equal(lines(first.stderr).length, 1, first.stderr)
    removeOutputs(workspace)
    const second = runAs(workspace)
    assert.deepEqual(statuses(second), HITS, second.stderr)
    assert.equal(second.stderr, '')
  })

  test('is a file, or lies below one: one error, exit code 2', () => {
    const { workspace, log } = built()
    write(join(workspace, 'file'), '')
    for (const dir of ['file', 'file/below']) {
      const run = vx(workspace, ['run', 'build', '--force', `--cache-dir=${dir}`])
      assert.equal(run.code, 2, run.stderr)
      assert.match(run.stderr, /VX_CACHE_DIR/)
    }
    assert.equal(log.lines().length, 2)
  })

  test('vanishes while a task runs: it comes back with the result', () => {
    const workspace = monorepo({
      a: {
        tasks: { build: cached('rm -rf ../../.vx && mkdir -p dist && cp src/a dist/a') },
        files: { 'src/a': 'A' },
      },
    })
    const first = vxRun(workspace, ['build'])
    assert.equal(first.code, 0, first.stderr)
    assert.deepEqual(statuses(first), { 'a#build': 'success' })
    const second = vxRun(workspace, ['build'])
    assert.deepEqual(statuses(second), { 'a#build': 'cache-hit' }, second.stderr)
    assert.equal(readFileSync(join(workspace, 'packages/a/dist/a'), 'utf8'), 'A')
  })
})

/** A small file system of its own, `size` as mount takes it; undefined where this user cannot mount one. */
function disk(size) {
  if (!root || !linux) return undefined
  const directory = mkdtempSync(join(tmpdir(), 'vx-test-disk-'))
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory]).status !== 0) {
    rmSync(directory, { recursive: true })
    return undefined
  }
  mounted.push(directory)
  return directory
}

const mounted = []
after(() => {
  for (const directory of mounted) {
    spawnSync('umount', ['--lazy', directory])
    rmSync(directory, { recursive: true, force: true })
  }
})

/** Takes all the room that is left, but for `spare` KiB. */
function fill(directory, spare = 0) {
  spawnSync('dd', ['if=/dev/zero', `of=${join(directory, 'filler')}`, 'bs=4k'], { stdio: 'ignore' })
  const { size } = statSync(join(directory, 'filler'))
  truncateSync(join(directory, 'filler'), Math.max(0, size - spare * 1024))
}

/** Whether a file system can be mounted; asked once, and of no use else. */
const mountable = Boolean(disk('64k'))
const needsMount = { skip: !mountable && 'nobody may mount a file system here' }

describe('a full disk', needsMount, () => {
  const noise = (size) => `head -c ${size} /dev/urandom`

  test('while results are stored: what fits is stored, the rest is said', () => {
    const cacheDir = disk('1m')
    const log = journal()
    const workspace = monorepo({
      big: {
        tasks: { build: cached(`mkdir -p dist && ${noise('3m')} > dist/a && ${log.note('big')}`) },
        files: { 'src/a': 'A' },
      },
      small: {
        tasks: { build: cached(`mkdir -p dist && cp src/a dist/a && ${log.note('small')}`) },
        files: { 'src/a': 'A' },
      },
    })
    for (const expected of ['success', 'cache-hit']) {
      const run = vxRun(workspace, ['build', `--cache-dir=${cacheDir}`, '--concurrency=1'])
      assert.equal(run.code, 0, run.stderr)
      assert.deepEqual(statuses(run), { 'big#build': 'success', 'small#build': expected })
      assert.equal(lines(run.stderr).length, 1, run.stderr)
      assert.match(run.stderr, /big#build: warning: not saved: .*No space left/)
      assert.deepEqual(unfinished(cacheDir), [])
    }
    assert.deepEqual(log.lines().toSorted(), ['big', 'big', 'small'])
  })

  test('while a result is unpacked: the task runs', () => {
    const cacheDir = disk('4m')
    const log = journal()
    const workspace = monorepo({
      a: {
        // Zeros: the artifact is tiny, and what is unpacked beside it is not.
        tasks: { build: cached(`mkdir -p dist && head -c 20m /dev/zero > dist/a && ${log.note('a')}`) },
        files: { 'src/a': 'A' },
      },
    })
    const run = () => vxRun(workspace, ['build', `--cache-dir=${cacheDir}`])
    assert.equal(run().stderr, '')
    rmSync(join(workspace, 'packages/a/dist'), { recursive: true })
    const second = run()
    assert.equal(second.code, 0, second.stderr)
    assert.deepEqual(statuses(second), { 'a#build': 'success' })
    assert.equal(lines(second.stderr).length, 1, second.stderr)
    assert.match(second.stderr, /No space left/)
    assert.equal(statSync(join(workspace, 'packages/a/dist/a')).size, 20 << 20)
    assert.deepEqual(unfinished(cacheDir), [])
    // The entry is as good as before.
    assert.deepEqual(statuses(run()), { 'a#build': 'cache-hit' })
    assert.equal(log.lines().length, 2)
  })

  test('while a result is put into place: the task runs, and nothing half-made stays', () => {
    const here = disk('8m')
    const source = monorepo({
      a: {
        tasks: {
          build: cached(
            // Where the big file does not fit, a small one will do.
            `mkdir -p dist && for i in 1 2 3; do ${noise('1m')} > dist/$i || echo small > dist/$i; done`,
          ),
        },
        files: { 'src/a': 'A' },
      },
    })
    spawnSync('cp', ['-a', `${source}/.`, here])
    const cacheDir = scratch()
    const run = () => vxRun(here, ['build', `--cache-dir=${cacheDir}`])
    const dist = join(here, 'packages/a/dist')
    assert.equal(run().stderr, '')
    rmSync(dist, { recursive: true })
    fill(here, 1200)
    const second = run()
    assert.equal(second.code, 0, second.stderr)
    assert.deepEqual(statuses(second), { 'a#build': 'success' })
    assert.match(second.stderr, /a#build: warning: .*No space left/)
    assert.deepEqual(readdirSync(dist).toSorted(), ['1', '2', '3'])
    rmSync(join(here, 'filler'))
    const third = run()
    assert.deepEqual(statuses(third), { 'a#build': 'cache-hit' }, third.stderr)
    assert.deepEqual(readdirSync(dist).toSorted(), ['1', '2', '3'])
  })

  test('while the database is written: the run goes on', () => {
    const cacheDir = disk('2m')
    const log = journal()
    const workspace = monorepo({
      a: {
        tasks: { build: cached(`mkdir -p dist && cp src/a dist/a && ${log.note('a')}`) },
        files: { 'src/a': 'A' },
      },
    })
    const run = () => vxRun(workspace, ['build', `--cache-dir=${cacheDir}`])
    assert.equal(run().stderr, '')
    // A hit writes only its history.
    fill(cacheDir)
    rmSync(join(workspace, 'packages/a/dist'), { recursive: true })
    const hit = run()
    assert.equal(hit.code, 0, hit.stderr)
    assert.deepEqual(statuses(hit), { 'a#build': 'cache-hit' })
    assert.equal(lines(hit.stderr).length, 1, hit.stderr)
    // A new database cannot even be made.
    for (const name of readdirSync(cacheDir).filter((one) => one.startsWith('cache.db'))) {
      rmSync(join(cacheDir, name))
    }
    fill(cacheDir)
    const without = run()
    assert.equal(without.code, 0, without.stderr)
    assert.deepEqual(statuses(without), { 'a#build': 'cache-hit' })
    assert.ok(lines(without.stderr).length > 0)
    rmSync(join(cacheDir, 'filler'))
    assert.deepEqual(statuses(run()), { 'a#build': 'cache-hit' })
    const last = run()
    assert.deepEqual(statuses(last), { 'a#build': 'cache-hit' })
    assert.equal(last.stderr, '')
    assert.equal(log.lines().length, 1)
  })

  test('while a lot of output is kept: the task succeeds, its output is cut, nothing is stored', () => {
    const temporary = disk('1m')
    const workspace = monorepo({
      a: {
        tasks: { build: cached('mkdir -p dist && cp src/a dist/a && seq 1 1000000') },
        files: { 'src/a': 'A' },
      },
    })
    const run = (env) => vxRun(workspace, ['build'], { env })
    const cut = run({ TMPDIR: temporary })
    assert.equal(cut.code, 0, cut.stderr)
    assert.deepEqual(statuses(cut), { 'a#build': 'success' })
    assert.match(cut.stderr, /its output is cut short.*No space left/)
    assert.match(cut.stderr, /not saved: its output is not complete/)
    assert.match(cut.stdout, /^a#build: 1000$/m)
    const whole = run({})
    assert.deepEqual(statuses(whole), { 'a#build': 'success' })
    assert.match(whole.stdout, /^a#build: 1000000$/m)
    assert.deepEqual(statuses(run({})), { 'a#build': 'cache-hit' })
  })
})

test('a cache on another file system', { skip: !linux && 'there may be no other one' }, (t) => {
  const other = '/dev/shm'
  if (!existsSync(other) || statSync(other).dev === statSync(scratch()).dev) {
    t.skip(`${other} is no other file system`)
    return
  }
  const cacheDir = join(other, `vx-test-${process.pid}-${Date.now()}`)
  try {
    const workspace = monorepo({
      a: {
        // Larger than what is unpacked in memory, and of a mode that nobody may write.
        tasks: {
          build: cached(
            'mkdir -p dist && head -c 18m /dev/zero > dist/big && chmod 444 dist/big && cp src/a dist/a',
          ),
        },
        files: { 'src/a': 'A' },
      },
    })
    const run = () => vxRun(workspace, ['build', `--cache-dir=${cacheDir}`])
    assert.equal(run().stderr, '')
    const dist = join(workspace, 'packages/a/dist')
    const before = statSync(join(dist, 'big'))
    rmSync(dist, { recursive: true })
    const second = run()
    assert.deepEqual(statuses(second), { 'a#build': 'cache-hit' }, second.stderr)
    assert.equal(second.stderr, '')
    assert.equal(second.tasks['a#build'].restored, true)
    const now = statSync(join(dist, 'big'))
    assert.deepEqual([now.size, now.mode, now.mtimeMs], [before.size, before.mode, before.mtimeMs])
    assert.deepEqual(readdirSync(dist).toSorted(), ['a', 'big'])
    assert.deepEqual(unfinished(cacheDir), [])
    assert.equal(run().tasks['a#build'].restored, false)
  } finally {
    rmSync(cacheDir, { recursive: true, force: true })
  }
})

test('too few open files: tasks may fail to start, no result is ever wrong', { skip: !linux }, () => {
  const names = Array.from({ length: 8 }, (_, index) => `p${index}`)
  const source = (name) => Object.fromEntries(names.map((other) => [`src/${other}`, `${name} ${other}\n`]))
  const workspace = monorepo(
    Object.fromEntries(
      names.map((name) => [
        name,
        { tasks: { build: cached('mkdir -p dist && cat src/* > dist/all') }, files: source(name) },
      ]),
    ),
  )
  const limited = (limit) =>
    spawnSync(
      'sh',
      [
        '-c',
        `ulimit -n ${limit} && exec "$@"`,
        'sh',
        process.execPath,
        BIN,
        'run',
        'build',
        '--concurrency=8',
      ],
      {
        cwd: workspace,
        encoding: 'utf8',
        env: hostEnv(),
      },
    )
  const check = (run) => {
    assert.equal(run.code, 0, run.stderr)
    for (const name of names) {
      const expected = Object.values(source(name)).join('')
      assert.equal(readFileSync(join(workspace, 'packages', name, 'dist/all'), 'utf8'), expected)
    }
  }
  let troubled = 0
  for (const limit of [32, 40, 48, 64]) {
    for (const name of names)
      rmSync(join(workspace, 'packages', name, 'dist'), { recursive: true, force: true })
    const run = limited(limit)
    assert.ok([0, 1, 2].includes(run.status), `${limit}: ${run.status} ${run.signal}`)
    troubled += run.stderr ? 1 : 0
    check(vxRun(workspace, ['build']))
    rmSync(join(workspace, '.vx'), { recursive: true, force: true })
  }
  assert.ok(troubled > 0)
  const enough = limited(256)
  assert.equal(enough.status, 0, enough.stderr)
  assert.equal(enough.stderr, '')
})
