// What vx tells about a run before it, after it, and of all runs: plans, summaries, statistics and pruning.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratch, write } from './scratch.mjs'
import { cached, journal, plain } from './tasks.mjs'
import { git, monorepo, vx, vxRun } from './workspace.mjs'

const unix = { skip: process.platform === 'win32' }
const HASH = /^[0-9a-f]{32}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** A workspace with a task of each kind: `app#all` is a group over `app#build`, `app#lint` and `lib#build`. */
function workspace(log = journal()) {
  return monorepo(
    {
      app: {
        tasks: {
          all: { dependsOn: ['build', 'lint'] },
          build: cached(`${log.note('app')}; mkdir -p dist; cat src/a > dist/x`, {
            dependsOn: ['^build'],
            inputs: { files: ['src/**', '!src/no'], workspaceFiles: ['base.json'] },
            outputs: { files: ['dist/**', '!dist/tmp'], workspaceFiles: ['made/*'] },
          }),
          lint: plain(log.note('lint')),
        },
        dependencies: ['lib'],
        files: { 'src/a': 'a', 'src/b': 'b', 'src/no': 'n' },
      },
      lib: {
        tasks: { build: cached(`${log.note('lib')}; mkdir -p dist; touch dist/x`) },
        files: { 'src/a': 'a' },
      },
    },
    { 'base.json': '{}' },
  )
}

/** `--dry=json`, by task. */
function plan(root, args = []) {
  const { code, stdout, stderr } = vx(root, ['run', 'all', '--dry=json', ...args])
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}
const cacheStatus = (root, args) =>
  Object.fromEntries(plan(root, args).tasks.map((task) => [task.id, task.cacheStatus]))

describe('--dry', unix, () => {
  test('=json has exactly this shape', () => {
    const log = journal()
    const root = workspace(log)
    const { workspaceRoot, tasks, ...rest } = plan(root)
    assert.deepEqual(rest, {})
    assert.equal(workspaceRoot, root)
    for (const task of tasks) {
      assert.match(task.hash, HASH)
      delete task.hash
    }
    const place = (id) => tasks.findIndex((task) => task.id === id)
    assert.ok(
      place('lib#build') < place('app#build') && place('app#build') < place('app#all'),
      'in an order to run',
    )
    assert.deepEqual(
      tasks.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      [
        {
          id: 'app#all',
          project: 'app',
          task: 'all',
          cacheStatus: 'group',
          command: null,
          dependsOn: ['app#build', 'app#lint'],
          inputs: [],
          outputs: [],
        },
        {
          id: 'app#build',
          project: 'app',
          task: 'build',
          cacheStatus: 'miss',
          command: `${log.note('app')}; mkdir -p dist; cat src/a > dist/x`,
          dependsOn: ['lib#build'],
          inputs: ['base.json', 'packages/app/src/a', 'packages/app/src/b'],
          outputs: ['dist/**', '!dist/tmp', 'made/*'],
        },
        {
          id: 'app#lint',
          project: 'app',
          task: 'lint',
          cacheStatus: 'no-cache',
          command: log.note('lint'),
          dependsOn: [],
          inputs: [],
          outputs: [],
        },
        {
          id: 'lib#build',
          project: 'lib',
          task: 'build',
          cacheStatus: 'miss',
          command: `${log.note('lib')}; mkdir -p dist; touch dist/x`,
          dependsOn: [],
          inputs: ['packages/lib/src/a'],
          outputs: ['dist/**'],
        },
      ],
    )
  })

  test('nothing runs and nothing is written, also where there is a cache already', () => {
    const log = journal()
    const root = workspace(log)
    for (const flag of ['--dry', '--dry=text', '--dry=json']) {
      const { code, stderr } = vx(root, ['run', 'all', flag])
      assert.equal(code, 0)
      assert.equal(stderr, '')
    }
    assert.deepEqual(log.lines(), [])
    assert.equal(existsSync(join(root, '.vx')), false)
    assert.equal(git(root, 'status', '--porcelain', '--ignored'), '')
    vxRun(root, ['all'])
    const count = log.lines().length
    const listing = () =>
      readdirSync(join(root, '.vx'), { recursive: true })
        .toSorted()
        .join('\n')
        .replaceAll(/^.*-(wal|shm)$/gm, '')
    const before = listing()
    writeFileSync(join(root, 'packages/app/src/a'), 'edited')
    plan(root)
    assert.equal(log.lines().length, count)
    assert.equal(listing(), before)
    const { runCountLast24h } = JSON.parse(vx(root, ['stats', '--json']).stdout)
    assert.equal(runCountLast24h, count)
  })

  test('cacheStatus and hash are what the run then has', () => {
    const root = workspace()
    const hashes = Object.fromEntries(plan(root).tasks.map(({ id, hash }) => [id, hash]))
    const { tasks } = vxRun(root, ['all'])
    for (const [id, { hash }] of Object.entries(tasks)) assert.equal(hash, hashes[id], id)
    const hit = {
      'app#all': 'group',
      'app#build': 'hit-local',
      'app#lint': 'no-cache',
      'lib#build': 'hit-local',
    }
    const miss = { ...hit, 'app#build': 'miss', 'lib#build': 'miss' }
    assert.deepEqual(cacheStatus(root), hit)
    assert.deepEqual(cacheStatus(root, ['--force']), miss)
    assert.deepEqual(cacheStatus(root, ['--no-cache']), miss)
    assert.deepEqual(cacheStatus(root, ['--cache-dir', scratch()]), miss)
    writeFileSync(join(root, 'packages/app/src/b'), 'edited')
    assert.deepEqual(cacheStatus(root), { ...hit, 'app#build': 'miss' })
  })

  test('as text: a line for each task', () => {
    const root = workspace()
    vxRun(root, ['lib#build'])
    const { stdout } = vx(root, ['run', 'all', '--dry'])
    const lines = stdout.trimEnd().split('\n').toSorted()
    assert.equal(lines.length, 4)
    assert.match(lines[0], /^group     [0-9a-f]{8} app#all  \(group\)$/)
    assert.match(lines[1], /^hit-local [0-9a-f]{8} lib#build  echo .*$/)
    assert.match(lines[2], /^miss      [0-9a-f]{8} app#build  echo .*$/)
    assert.match(lines[3], /^no-cache  [0-9a-f]{8} app#lint  echo .*$/)
  })
})

describe('--summarize', unix, () => {
  test('has exactly this shape', () => {
    const root = workspace()
    const file = join(scratch(), 'deep/summary.json')
    const summary = (...args) => {
      const { code } = vx(root, ['run', 'all', `--summarize=${file}`, ...args])
      const read = JSON.parse(readFileSync(file, 'utf8'))
      assert.equal(read.exitCode, code)
      return read
    }
    const before = Date.now()
    const { runId, startedAt, endedAt, durationMs, exitCode, tasks, ...rest } = summary()
    assert.deepEqual(rest, {})
    assert.match(runId, /^[0-9A-HJKMNP-TV-Z]{26}$/)
    assert.match(startedAt, TIME)
    assert.match(endedAt, TIME)
    assert.ok(Date.parse(startedAt) >= before - 1000 && Date.parse(endedAt) <= Date.now() + 1000)
    assert.ok(Math.abs(Date.parse(endedAt) - Date.parse(startedAt) - durationMs) <= 1)
    assert.equal(exitCode, 0)
    const ran = (id, missReason) => ({ id, status: 'success', restored: false, exitCode: 0, missReason })
    const known = tasks.map(({ hash, durationMs: took, cpuMs, peakRssBytes, ...others }) => {
      assert.match(hash, HASH)
      assert.ok(Number.isInteger(took) && took <= durationMs)
      assert.ok(Number.isInteger(cpuMs))
      assert.ok(peakRssBytes > 100_000)
      return others
    })
    const sorted = (list) => list.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    assert.deepEqual(sorted(known), [
      ran('app#build', 'cache miss'),
      ran('app#lint', null),
      ran('lib#build', 'cache miss'),
    ])

    write(join(root, 'packages/lib/dist/stray'), '')
    const again = Object.fromEntries(summary('app#build').tasks.map((task) => [task.id, task]))
    const { hash, durationMs: took, ...hit } = again['lib#build']
    assert.match(hash, HASH)
    assert.ok(Number.isInteger(took))
    assert.deepEqual(hit, {
      id: 'lib#build',
      status: 'cache-hit',
      restored: true,
      exitCode: 0,
      cpuMs: null,
      peakRssBytes: null,
      missReason: null,
    })
    assert.equal(again['app#build'].restored, false)
  })

  test('of a run that failed: skipped tasks have no key', () => {
    const root = monorepo({
      app: { tasks: { bad: plain('exit 5'), last: cached('true', { dependsOn: ['bad'] }) } },
    })
    const { code, tasks } = vxRun(root, ['last'])
    assert.equal(code, 1)
    assert.equal(tasks['app#bad'].exitCode, 5)
    const { durationMs, ...last } = tasks['app#last']
    assert.equal(durationMs, 0)
    assert.deepEqual(last, {
      id: 'app#last',
      hash: null,
      status: 'skipped',
      restored: false,
      exitCode: 1,
      cpuMs: null,
      peakRssBytes: null,
      missReason: null,
    })
  })

  test('without a file: one for each run under .vx/runs, which git does not see', () => {
    const root = workspace()
    writeFileSync(join(root, '.gitignore'), 'dist\n')
    git(root, 'commit', '--quiet', '--all', '--message=ignore less')
    for (const times of [1, 2]) {
      assert.equal(vx(join(root, 'packages/app'), ['run', 'lint', '--summarize']).code, 0)
      const files = readdirSync(join(root, '.vx/runs'))
      assert.equal(files.filter((name) => name.endsWith('.json')).length, times)
      for (const name of files.filter((file) => file.endsWith('.json'))) {
        assert.equal(`${JSON.parse(readFileSync(join(root, '.vx/runs', name), 'utf8')).runId}.json`, name)
      }
    }
    assert.equal(git(root, 'status', '--porcelain'), '')
  })

  test('a relative file is relative to where the command was typed; one that cannot be written is told', () => {
    const root = workspace()
    const app = join(root, 'packages/app')
    assert.equal(vx(app, ['run', 'lint', '--summarize=out/s.json']).code, 0)
    assert.ok(existsSync(join(app, 'out/s.json')))
    const { code, stderr } = vx(app, ['run', 'lint', '--summarize=package.json/s.json'])
    assert.equal(code, 2)
    assert.match(stderr, /package\.json/)
  })
})

describe('vx stats and vx info', unix, () => {
  test('without a cache: zeros, and none is made', () => {
    const root = workspace()
    for (const args of [
      ['stats'],
      ['info'],
      ['stats', '--json'],
      ['info', '--json'],
      ['cache', 'prune', '--older-than=1d'],
    ]) {
      const { code, stderr } = vx(root, args)
      assert.equal(code, 0, stderr)
      assert.equal(stderr, '')
    }
    assert.deepEqual(JSON.parse(vx(root, ['stats', '--json']).stdout), {
      cacheDir: join(root, '.vx/cache'),
      entryCount: 0,
      totalBytes: 0,
      runCountLast24h: 0,
      hitCountLast24h: 0,
      bytesUploadedLast24h: 0,
      bytesDownloadedLast24h: 0,
      savedMs: 0,
      projects: [],
    })
    assert.equal(existsSync(join(root, '.vx')), false)
  })

  test('stats count entries, tasks, hits and what was saved, for each project too', () => {
    const root = workspace()
    vxRun(root, ['all'])
    vxRun(root, ['all'])
    vxRun(root, ['lib#build'])
    const cache = join(root, '.vx/cache')
    const sizes = readdirSync(cache)
      .filter((name) => name.endsWith('.tar.zst'))
      .map((name) => readFileSync(join(cache, name)).length)
    const { savedMs, projects, ...stats } = JSON.parse(
      vx(join(root, 'packages/app'), ['stats', '--json']).stdout,
    )
    assert.deepEqual(stats, {
      cacheDir: cache,
      entryCount: 2,
      totalBytes: sizes[0] + sizes[1],
      runCountLast24h: 7,
      hitCountLast24h: 3,
      bytesUploadedLast24h: 0,
      bytesDownloadedLast24h: 0,
    })
    assert.ok(savedMs > 0)
    const counts = projects.map(({ project, hits, misses }) => ({ project, hits, misses }))
    assert.deepEqual(
      counts.toSorted((a, b) => (a.project < b.project ? -1 : 1)),
      [
        { project: 'app', hits: 1, misses: 1 },
        { project: 'lib', hits: 2, misses: 1 },
      ],
    )
    assert.equal(
      projects.reduce((sum, project) => sum + project.savedMs, 0),
      savedMs,
    )
    const text = vx(root, ['stats']).stdout
    assert.match(text, /^Entries: +2, \d+ B$|^Entries: +2, [\d.]+ KiB$/m)
    assert.match(text, /^Last 24 hours: 7 tasks, 3 hits$/m)
    assert.match(text, /^ {2}lib {2}2 hits, 1 misses?, saved \S+$/m)
    const other = JSON.parse(vx(root, ['stats', '--json', '--cache-dir', scratch()]).stdout)
    assert.equal(other.entryCount, 0)
  })

  test('info is what a report needs', () => {
    const root = workspace()
    vxRun(root, ['all'])
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    const { cores, workspaceFingerprint, totalBytes, platform, ...info } = JSON.parse(
      vx(root, ['info', '--json']).stdout,
    )
    assert.deepEqual(info, {
      version,
      cacheVersion: 'vx-cache-v23',
      workspaceRoot: root,
      projects: 3,
      projectsWithConfig: 2,
      liveConfigs: [],
      git: 'sha1',
      cacheDir: join(root, '.vx/cache'),
      entryCount: 2,
      remote: null,
    })
    assert.ok(cores > 0 && totalBytes > 0)
    assert.match(workspaceFingerprint, HASH)
    assert.match(platform, /^\w+-\w+$/)
    const text = vx(root, ['info']).stdout
    for (const part of [version, root, workspaceFingerprint, 'sha1', join(root, '.vx/cache')])
      assert.ok(text.includes(part), part)
  })

  test('a mistake in a project config does not keep them from answering', () => {
    const root = monorepo({ app: {} }, { 'packages/app/vx.config.mjs': 'export default { nope: 1 }' })
    assert.equal(vx(root, ['stats']).code, 0)
    assert.equal(vx(root, ['info']).code, 0)
    assert.equal(vx(root, ['run', 'x']).code, 2)
  })
})

describe('vx cache prune', unix, () => {
  /** Runs `lib#build` with so many different sources and gives the keys, oldest first. */
  function fill(root, number) {
    return Array.from({ length: number }, (_, index) => {
      writeFileSync(join(root, 'packages/lib/src/a'), `${index}`.repeat(1000))
      return vxRun(root, ['lib#build']).tasks['lib#build'].hash
    })
  }
  const entries = (root) =>
    readdirSync(join(root, '.vx/cache'))
      .filter((name) => name.endsWith('.tar.zst'))
      .map((name) => name.slice(0, 32))
      .toSorted()
  const prune = (root, ...args) => {
    const { code, stdout, stderr } = vx(root, ['cache', 'prune', '--json', ...args])
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }

  test('by size, the least recently used first; --dry-run only tells', () => {
    const root = workspace()
    const keys = fill(root, 3)
    writeFileSync(join(root, 'packages/lib/src/a'), '0'.repeat(1000))
    assert.equal(vxRun(root, ['lib#build']).tasks['lib#build'].status, 'cache-hit')
    const size = JSON.parse(vx(root, ['stats', '--json']).stdout).totalBytes
    const told = prune(root, `--max-size=${size - 1}`, '--dry-run')
    assert.deepEqual(Object.keys(told).toSorted(), ['bytesFreed', 'dryRun', 'evicted', 'keys'])
    assert.deepEqual([told.evicted, told.dryRun, told.keys], [1, true, [keys[1]]])
    assert.equal(entries(root).length, 3)
    const done = prune(root, `--max-size=${size - 1}`)
    assert.deepEqual(done, { ...told, dryRun: false })
    assert.ok(done.bytesFreed > 0)
    assert.deepEqual(entries(root), [keys[0], keys[2]].toSorted())
    assert.equal(prune(root, '--max-size=1MiB').evicted, 0)
    assert.match(vx(root, ['cache', 'prune', '--max-size=0']).stdout, /^removed 2 entries, \d+ B\n$/)
    assert.deepEqual(entries(root), [])
    assert.equal(vxRun(root, ['lib#build']).tasks['lib#build'].status, 'success')
  })

  test('by age', () => {
    const root = workspace()
    const [old] = fill(root, 1)
    assert.equal(prune(root, '--older-than=1h').evicted, 0)
    assert.match(
      vx(root, ['cache', 'prune', '--older-than=1ms', '--dry-run']).stdout,
      /^would remove 1 entry, \d+ B\n$/,
    )
    assert.deepEqual(prune(root, '--older-than', '1ms').keys, [old])
    assert.deepEqual(entries(root), [])
  })

  test('asks for a limit, and for one that it can read', () => {
    const root = workspace()
    assert.equal(vx(root, ['cache', 'prune']).code, 2)
    for (const wrong of ['--older-than=soon', '--older-than=5', '--max-size=big', '--max-size=-1']) {
      const { code, stderr } = vx(root, ['cache', 'prune', wrong])
      assert.equal(code, 2, wrong)
      assert.match(stderr, /invalid value/)
    }
  })

  test('files that are none of its own stay', () => {
    const root = workspace()
    fill(root, 1)
    const cache = join(root, '.vx/cache')
    for (const name of ['notes.txt', 'x.tar.zst', 'sub/file'])
      utimesSync(write(join(cache, name), 'mine'), 0, 0)
    prune(root, '--max-size=0')
    for (const name of ['notes.txt', 'x.tar.zst', 'sub/file']) assert.ok(existsSync(join(cache, name)), name)
  })
})

describe('retention at the end of a run', unix, () => {
  const build = cached('mkdir -p dist; head -c 20000 /dev/urandom > dist/x')
  const root = (config) =>
    monorepo(
      { lib: { tasks: { build } } },
      { 'vx.workspace.mjs': `export default ${JSON.stringify(config)}` },
    )
  const run = (place, number) => {
    writeFileSync(join(place, 'packages/lib/src'), '', { flag: 'a' })
    writeFileSync(
      join(place, 'packages/lib/package.json'),
      JSON.stringify({ name: 'lib', version: `1.0.${number}` }),
    )
    const result = vxRun(place, ['build'])
    assert.equal(result.code, 0, result.stderr)
    return result.tasks['lib#build']
  }
  const count = (place) =>
    readdirSync(join(place, '.vx/cache')).filter((name) => name.endsWith('.tar.zst')).length

  test('removes the least recently used, never what the run itself made or used', () => {
    const place = root({ cacheRetention: { maxSize: '50KB' } })
    for (const number of [1, 2, 3]) assert.equal(run(place, number).status, 'success')
    assert.equal(count(place), 2)
    assert.equal(run(place, 3).status, 'cache-hit')
    assert.equal(run(place, 2).status, 'cache-hit')
    assert.equal(run(place, 1).status, 'success')
    const small = root({ cacheRetention: { maxSize: '1' } })
    run(small, 1)
    assert.equal(run(small, 1).status, 'cache-hit', 'larger than the limit, and just made')
    run(small, 2)
    assert.equal(count(small), 1)
  })

  test('by age; and not at all where it is turned off or far from its limits', () => {
    const aged = root({ cacheRetention: { olderThan: '1ms' } })
    run(aged, 1)
    run(aged, 2)
    assert.equal(count(aged), 1)
    for (const config of [{ cacheRetention: false }, {}]) {
      const place = root(config)
      for (const number of [1, 2, 3]) run(place, number)
      assert.equal(count(place), 3)
    }
  })
})
