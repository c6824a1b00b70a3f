import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Cache, WORKSPACE_OUTPUT_PREFIX } from '@vzn/vx'
import { scratch, write } from './scratch.mjs'

const unix = process.platform !== 'win32'

/** What a git blob id is: the hash of a header and the content. */
const blobId = (content) =>
  createHash('sha1')
    .update(`blob ${Buffer.byteLength(content)}\0${content}`)
    .digest('hex')

/** A complete input of a key; `changes` replaces parts of it. */
function keyInput(changes = {}) {
  return {
    taskId: 'pkg#build',
    taskConfigHash: 'deadbeef'.repeat(4),
    projectPackageJsonHash: '',
    envValues: [],
    inputFiles: [],
    workspaceRoot: scratch(),
    upstreamHashes: [],
    workspaceFingerprint: '0'.repeat(32),
    ...changes,
  }
}

/** A cache in a new directory, closed when the test has ended. */
function openCache(t) {
  const cache = new Cache(scratch())
  t.after(() => cache.close())
  return cache
}

const entry = {
  taskId: 'pkg#build',
  command: 'tsc --project .',
  exitCode: 0,
  durationMs: 1234,
  stdout: 'compiled ✓\n',
  stderr: 'a warning\n',
}

function runRecord(changes = {}) {
  const now = Date.now()
  return {
    hash: 'a'.repeat(32),
    project: 'pkg',
    task: 'build',
    status: 'success',
    exitCode: 0,
    durationMs: 10,
    startedAt: now - 10,
    endedAt: now,
    ...changes,
  }
}

describe('key', () => {
  test('the two vectors of the format', async (t) => {
    const cache = openCache(t)
    const workspaceRoot = scratch()
    const files = { 'packages/a/src/x.js': 'a'.repeat(40), 'packages/a/bin/run': `100755:${'b'.repeat(40)}` }
    const fileHashes = new Map(Object.entries(files).map(([path, id]) => [join(workspaceRoot, path), id]))
    assert.equal(
      await cache.key(
        keyInput({
          envValues: [
            ['MODE', 'prod'],
            ['UNSET', null],
          ],
          inputFiles: [...fileHashes.keys()],
          fileHashes,
          workspaceRoot,
        }),
      ),
      '7f431f6319ec7a7760fd0bef2278f5bd',
    )
    assert.equal(
      await cache.key({
        taskId: 'web#test',
        taskConfigHash: '0'.repeat(32),
        projectPackageJsonHash: 'c'.repeat(40),
        envValues: [],
        inputFiles: [],
        workspaceRoot,
        upstreamHashes: ['2'.repeat(32), '1'.repeat(32)],
        workspaceFingerprint: 'f'.repeat(32),
        forwardArgs: ['--watch', 'a b'],
      }),
      '383a674d20b0415fc6d8376aae85eee2',
    )
  })

  test('every part moves it; the order of files and upstream keys does not', async (t) => {
    const cache = openCache(t)
    const workspaceRoot = scratch({ 'a.txt': 'a', 'b.txt': 'b' })
    const inputFiles = ['a.txt', 'b.txt'].map((name) => join(workspaceRoot, name))
    const base = keyInput({
      workspaceRoot,
      inputFiles,
      envValues: [['A', '1']],
      upstreamHashes: ['1'.repeat(32), '2'.repeat(32)],
      forwardArgs: ['x', 'y'],
    })
    const keys = new Set()
    const variants = [
      {},
      { taskId: 'pkg#test' },
      { taskConfigHash: 'cafebabe'.repeat(4) },
      { projectPackageJsonHash: 'e'.repeat(40) },
      { workspaceFingerprint: '1'.repeat(32) },
      { envValues: [['A', '2']] },
      { envValues: [['A', '']] },
      { envValues: [['A', null]] },
      { envValues: [] },
      { envValues: [['B', '1']] },
      { inputFiles: inputFiles.slice(1) },
      { upstreamHashes: ['1'.repeat(32)] },
      { forwardArgs: ['y', 'x'] },
      { forwardArgs: ['x y'] },
      { forwardArgs: undefined },
    ]
    for (const variant of variants) {
      const key = await cache.key({ ...base, ...variant })
      assert.match(key, /^[0-9a-f]{32}$/)
      keys.add(key)
    }
    assert.equal(keys.size, variants.length)

    const reordered = {
      inputFiles: inputFiles.toReversed(),
      upstreamHashes: base.upstreamHashes.toReversed(),
    }
    assert.equal(await cache.key({ ...base, ...reordered }), await cache.key(base))
  })

  test('files are read where `fileHashes` has none, and give the same key', async (t) => {
    const cache = openCache(t)
    const workspaceRoot = scratch({ 'src/a.txt': 'hello\n', 'src/b.txt': '' })
    const inputFiles = ['src/a.txt', 'src/b.txt'].map((name) => join(workspaceRoot, name))
    const read = keyInput({ workspaceRoot, inputFiles })
    const some = { ...read, fileHashes: new Map([[inputFiles[0], blobId('hello\n')]]) }
    const none = { ...read, fileHashes: new Map() }
    const key = await cache.key(read)
    assert.equal(await cache.key(some), key)
    assert.equal(await cache.key(none), key)
    assert.notEqual(
      await cache.key({ ...some, fileHashes: new Map([[inputFiles[0], blobId('other')]]) }),
      key,
    )
    write(inputFiles[1], 'changed')
    assert.notEqual(await cache.key(read), key)
  })

  test('a file outside the workspace and a file that is gone are errors', async (t) => {
    const cache = openCache(t)
    const workspaceRoot = scratch()
    const outside = write(join(scratch(), 'x'), 'x')
    for (const inputFiles of [[outside], [join(workspaceRoot, 'gone')]]) {
      await assert.rejects(cache.key(keyInput({ workspaceRoot, inputFiles })), { code: /^VX_/ })
    }
  })
})

describe('save, get, restoreOutputs', () => {
  /** Saves one entry with outputs of every kind; returns what a test needs to restore it elsewhere. */
  async function saved(t) {
    const cache = openCache(t)
    const workspaceRoot = scratch({
      'packages/pkg/dist/index.js': 'export {}\n',
      'packages/pkg/dist/a b "c".txt': '',
      'packages/pkg/dist/bin/run': '#!/bin/sh\n',
      'reports/pkg.json': '{}',
    })
    const projectDir = join(workspaceRoot, 'packages/pkg')
    const outputFiles = ['dist/index.js', 'dist/a b "c".txt', 'dist/bin/run'].map((path) =>
      join(projectDir, path),
    )
    if (unix) {
      chmodSync(join(projectDir, 'dist/bin/run'), 0o755)
      symlinkSync('bin/run', join(projectDir, 'dist/link'))
      outputFiles.push(join(projectDir, 'dist/link'))
    }
    utimesSync(join(projectDir, 'dist/index.js'), 1_600_000_000, 1_600_000_000.5)
    const hash = await cache.key(keyInput())
    const result = await cache.save({
      hash,
      entry,
      projectDir,
      outputFiles,
      workspaceOutputFiles: [join(workspaceRoot, 'reports/pkg.json')],
      workspaceRoot,
    })
    assert.equal(result, hash)
    return { cache, hash, projectDir, workspaceRoot }
  }

  test('what was saved comes back', async (t) => {
    const before = Date.now()
    const { cache, hash } = await saved(t)
    const found = await cache.get(hash)
    const { outputFiles, storedAt, source, ...rest } = found
    assert.deepEqual(rest, { hash, ...entry })
    assert.ok(source === undefined || source === 'local')
    assert.deepEqual(
      outputFiles.toSorted(),
      [
        'dist/a b "c".txt',
        'dist/bin/run',
        'dist/index.js',
        ...(unix ? ['dist/link'] : []),
        `${WORKSPACE_OUTPUT_PREFIX}reports/pkg.json`,
      ].toSorted(),
    )
    assert.match(storedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    assert.ok(Math.abs(Date.parse(storedAt) - before) < 60_000)
  })

  test('outputs are restored with content, mode, links and times', async (t) => {
    const { cache, hash, projectDir, workspaceRoot } = await saved(t)
    rmSync(join(projectDir, 'dist'), { recursive: true })
    rmSync(join(workspaceRoot, 'reports'), { recursive: true })
    assert.equal(await cache.restoreOutputs(hash, projectDir, workspaceRoot), undefined)
    assert.equal(readFileSync(join(projectDir, 'dist/index.js'), 'utf8'), 'export {}\n')
    assert.equal(readFileSync(join(projectDir, 'dist/a b "c".txt'), 'utf8'), '')
    assert.equal(readFileSync(join(workspaceRoot, 'reports/pkg.json'), 'utf8'), '{}')
    assert.equal(lstatSync(join(projectDir, 'dist/index.js')).mtimeMs, 1_600_000_000_500)
    if (unix) {
      assert.equal(lstatSync(join(projectDir, 'dist/bin/run')).mode & 0o777, 0o755)
      assert.equal(readlinkSync(join(projectDir, 'dist/link')), 'bin/run')
    }
  })

  test('into another place; without a workspace root only the project outputs', async (t) => {
    const { cache, hash } = await saved(t)
    const elsewhere = scratch({ 'pkg/dist/index.js': 'in the way', 'pkg/keep.txt': 'mine' })
    await cache.restoreOutputs(hash, join(elsewhere, 'pkg'))
    assert.equal(readFileSync(join(elsewhere, 'pkg/dist/index.js'), 'utf8'), 'export {}\n')
    assert.equal(readFileSync(join(elsewhere, 'pkg/keep.txt'), 'utf8'), 'mine')
    assert.deepEqual(readdirSync(elsewhere), ['pkg'])
    assert.equal(existsSync(join(elsewhere, 'pkg', WORKSPACE_OUTPUT_PREFIX)), false)
  })

  test('an entry outlives the cache object, for another one on the same directory', async () => {
    const directory = scratch()
    const first = new Cache(directory)
    const hash = await first.key(keyInput())
    await first.save({ hash, entry, projectDir: scratch(), outputFiles: [] })
    first.close()
    const second = new Cache(directory)
    assert.equal((await second.get(hash)).stdout, entry.stdout)
    second.close()
  })

  test('an unknown key is a miss', async (t) => {
    assert.equal(await openCache(t).get('0'.repeat(32)), null)
  })

  test('a damaged or missing artifact is a miss and restores nothing', async () => {
    for (const damage of [
      (path) => truncateSync(path, 20),
      (path) => rmSync(path),
      (path) => write(path, 'no zstd'),
    ]) {
      const directory = scratch()
      const cache = new Cache(directory)
      const projectDir = scratch({ 'out.txt': 'made' })
      const hash = await cache.key(keyInput())
      await cache.save({ hash, entry, projectDir, outputFiles: [join(projectDir, 'out.txt')] })
      damage(join(directory, `${hash}.tar.zst`))
      write(join(projectDir, 'out.txt'), 'mine')
      await assert.rejects(cache.restoreOutputs(hash, projectDir), { code: /^VX_/ })
      assert.equal(readFileSync(join(projectDir, 'out.txt'), 'utf8'), 'mine')
      assert.equal(await cache.get(hash), null)
      cache.close()
    }
  })

  test('a failure is not cached', async (t) => {
    const cache = openCache(t)
    const hash = await cache.key(keyInput())
    const failed = { ...entry, exitCode: 1 }
    assert.equal(await cache.save({ hash, entry: failed, projectDir: scratch(), outputFiles: [] }), null)
    assert.equal(await cache.get(hash), null)
  })

  test('an output that is gone is an error and leaves no entry', async (t) => {
    const cache = openCache(t)
    const projectDir = scratch()
    const hash = await cache.key(keyInput())
    await assert.rejects(cache.save({ hash, entry, projectDir, outputFiles: [join(projectDir, 'gone')] }), {
      code: /^VX_/,
    })
    assert.equal(await cache.get(hash), null)
  })

  test('an output outside the project is refused', async (t) => {
    const cache = openCache(t)
    const outside = write(join(scratch(), 'x'), 'x')
    const hash = await cache.key(keyInput())
    await assert.rejects(cache.save({ hash, entry, projectDir: scratch(), outputFiles: [outside] }), {
      code: /^VX_/,
    })
  })

  test('many saves and reads at once', async (t) => {
    const cache = openCache(t)
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const projectDir = scratch({ 'out.txt': `${n}` })
        const hash = await cache.key(keyInput({ taskId: `pkg${n}#build` }))
        const taskEntry = { ...entry, taskId: `pkg${n}#build`, stdout: `${n}\n` }
        await cache.save({ hash, entry: taskEntry, projectDir, outputFiles: [join(projectDir, 'out.txt')] })
        rmSync(join(projectDir, 'out.txt'))
        assert.equal((await cache.get(hash)).stdout, `${n}\n`)
        await cache.restoreOutputs(hash, projectDir)
        assert.equal(readFileSync(join(projectDir, 'out.txt'), 'utf8'), `${n}`)
      }),
    )
    assert.equal(cache.stats().entryCount, 40)
  })
})

describe('recordRun, stats, prune', () => {
  test('runs and hits of the last day are counted', (t) => {
    const cache = openCache(t)
    assert.deepEqual(cache.stats(), { entryCount: 0, totalBytes: 0, runCountLast24h: 0, hitCountLast24h: 0 })
    const old = Date.now() - 25 * 60 * 60 * 1000
    assert.equal(cache.recordRun(runRecord()), undefined)
    cache.recordRun(runRecord({ status: 'failed', exitCode: 1, forwardArgs: ['--watch'] }))
    cache.recordRun(runRecord({ status: 'cache-hit', cacheHit: true }))
    cache.recordRun(runRecord({ status: 'cache-hit-remote', bytesDownloaded: 2 ** 40, bytesUploaded: 0 }))
    cache.recordRun(runRecord({ status: 'cache-hit', startedAt: old, endedAt: old }))
    cache.recordRun(
      runRecord({
        runId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
        cpuMs: 12.5,
        peakRssBytes: 2 ** 33,
        wallclockStartNs: 0n,
        wallclockEndNs: 9_007_199_254_740_993n,
      }),
    )
    const { runCountLast24h, hitCountLast24h } = cache.stats()
    assert.deepEqual({ runCountLast24h, hitCountLast24h }, { runCountLast24h: 5, hitCountLast24h: 2 })
  })

  test('pruning by age and by size', async (t) => {
    const cache = openCache(t)
    const projectDir = scratch({ 'out.txt': 'x'.repeat(1000) })
    const hashes = []
    for (const n of [1, 2, 3]) {
      const hash = await cache.key(keyInput({ taskId: `pkg${n}#build` }))
      await cache.save({ hash, entry, projectDir, outputFiles: [join(projectDir, 'out.txt')] })
      hashes.push(hash)
    }
    const { entryCount, totalBytes } = cache.stats()
    assert.equal(entryCount, 3)
    assert.ok(totalBytes > 0)

    assert.deepEqual(await cache.prune({}), { evicted: 0, bytesFreed: 0 })
    assert.deepEqual(await cache.prune({ olderThanMs: Date.now() - 60_000 }), { evicted: 0, bytesFreed: 0 })
    assert.deepEqual(await cache.prune({ maxBytes: totalBytes }), { evicted: 0, bytesFreed: 0 })
    const bySize = await cache.prune({ maxBytes: totalBytes - 1 })
    assert.equal(bySize.evicted, 1)
    assert.equal(cache.stats().totalBytes, totalBytes - bySize.bytesFreed)
    const byAge = await cache.prune({ olderThanMs: Date.now() + 60_000 })
    assert.deepEqual(byAge, { evicted: 2, bytesFreed: totalBytes - bySize.bytesFreed })
    for (const hash of hashes) {
      assert.equal(await cache.get(hash), null)
    }
  })

  test('a limit that is no number removes nothing', async (t) => {
    const cache = openCache(t)
    const hash = await cache.key(keyInput())
    await cache.save({ hash, entry, projectDir: scratch(), outputFiles: [] })
    for (const limit of [Number.NaN, -1, Infinity, '0', null, {}]) {
      await assert.rejects(cache.prune({ maxBytes: limit }), { code: 'VX_ARGUMENT' })
      await assert.rejects(cache.prune({ olderThanMs: limit }), { code: 'VX_ARGUMENT' })
    }
    assert.equal(cache.stats().entryCount, 1)
  })
})

describe('errors', () => {
  test('bad arguments reject, or throw where the call is synchronous', async (t) => {
    const cache = openCache(t)
    const bad = { code: 'VX_ARGUMENT' }
    const files = (...inputFiles) => keyInput({ inputFiles, fileHashes: undefined })
    await assert.rejects(cache.key(files(1)), bad)
    await assert.rejects(cache.key(files('/w/a', undefined)), bad)
    await assert.rejects(cache.key(files('/w/a\0/w/b')), bad)
    const hashed = (id) => keyInput({ inputFiles: ['/w/a'], fileHashes: new Map([['/w/a', id]]) })
    await assert.rejects(cache.key(hashed(1)), bad)
    await assert.rejects(cache.key(hashed('a\0b')), bad)
    await assert.rejects(cache.key(), bad)
    await assert.rejects(cache.key({}), bad)
    await assert.rejects(cache.key(keyInput({ taskId: 1 })), bad)
    await assert.rejects(cache.key(keyInput({ envValues: [['A', 1]] })), bad)
    await assert.rejects(cache.get(), bad)
    await assert.rejects(cache.get(7), bad)
    await assert.rejects(cache.save(), bad)
    await assert.rejects(cache.save({ hash: '0'.repeat(32) }), bad)
    await assert.rejects(cache.restoreOutputs('0'.repeat(32)), bad)
    await assert.rejects(cache.prune(), bad)
    assert.throws(() => cache.recordRun(), bad)
    assert.throws(() => cache.recordRun(runRecord({ status: 'perhaps' })), { code: /^VX_/ })
    assert.throws(() => new Cache(), bad)
  })

  test('what is no key is refused, whatever it looks like', async (t) => {
    const cache = openCache(t)
    for (const hash of ['', 'abc', '../'.repeat(10), 'A'.repeat(32), 'g'.repeat(32), `${'0'.repeat(31)}\0`]) {
      await assert.rejects(cache.get(hash), { code: 'VX_KEY_MALFORMED' })
      await assert.rejects(cache.restoreOutputs(hash, scratch()), { code: 'VX_KEY_MALFORMED' })
      await assert.rejects(cache.save({ hash, entry, projectDir: scratch(), outputFiles: [] }), {
        code: 'VX_KEY_MALFORMED',
      })
    }
  })

  test('a cache directory that cannot be one', () => {
    const file = write(join(scratch(), 'file'), '')
    assert.throws(() => new Cache(join(file, 'cache')), { code: /^VX_/ })
  })

  test('after close every call fails with VX_CLOSED, and closing again is fine', async () => {
    const cache = new Cache(scratch())
    const pending = cache.key(keyInput())
    cache.close()
    cache.close()
    const closed = { code: 'VX_CLOSED' }
    await assert.rejects(cache.key(keyInput()), closed)
    await assert.rejects(cache.get('0'.repeat(32)), closed)
    await assert.rejects(cache.restoreOutputs('0'.repeat(32), '/x'), closed)
    await assert.rejects(cache.save({}), closed)
    await assert.rejects(cache.prune({}), closed)
    assert.throws(() => cache.recordRun(runRecord()), closed)
    assert.throws(() => cache.stats(), closed)
    // A call that had begun ends one way or the other.
    const outcome = await pending.then(
      (key) => /^[0-9a-f]{32}$/.test(key),
      (error) => error.code === 'VX_CLOSED',
    )
    assert.equal(outcome, true)
  })
})

describe('threads and processes', () => {
  test('workers share one cache directory', async () => {
    const directory = scratch()
    const source = `
      import { parentPort, workerData } from 'node:worker_threads'
      const { Cache } = await import(workerData.entry)
      const cache = new Cache(workerData.directory)
      for (let n = 0; n < 10; n++) {
        const hash = (workerData.id.toString(16) + n).padStart(32, '0')
        await cache.save({ ...workerData.save, hash })
        if ((await cache.get(hash))?.hash !== hash) throw new Error('lost ' + hash)
      }
      cache.close()
      parentPort.postMessage('done')`
    const worker = write(join(directory, 'worker.mjs'), source)
    const workerData = {
      entry: new URL('../lib/index.js', import.meta.url).href,
      directory: join(directory, 'cache'),
      save: { entry, projectDir: scratch(), outputFiles: [] },
    }
    const results = Array.from(
      { length: 4 },
      (_, id) =>
        new Promise((resolve, reject) => {
          const thread = new Worker(worker, { workerData: { ...workerData, id } })
          thread.on('message', resolve)
          thread.on('error', reject)
          thread.on('exit', (code) => reject(new Error(`exit code ${code}`)))
        }),
    )
    assert.deepEqual(await Promise.all(results), Array(4).fill('done'))
    const cache = new Cache(workerData.directory)
    assert.equal(cache.stats().entryCount, 40)
    cache.close()
  })

  test('a process ends by itself with a cache still open', () => {
    const script = `
      import { Cache } from ${JSON.stringify(new URL('../lib/index.js', import.meta.url).href)}
      const cache = new Cache(process.argv[2])
      console.log(await cache.get('0'.repeat(32)))`
    const path = write(join(scratch(), 'open.mjs'), script)
    const stdout = execFileSync(process.execPath, [path, scratch()], { encoding: 'utf8', timeout: 60_000 })
    assert.equal(stdout, 'null\n')
  })
})
