// One cache for many states of a workspace: branches, worktrees, directories without git, and runs at the same time.

import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { start, until } from './processes.mjs'
import { scratch } from './scratch.mjs'
import { cached, journal, plain, waits } from './tasks.mjs'
import { git, monorepo, statuses, vx, vxRun } from './workspace.mjs'

const unix = { skip: process.platform === 'win32' }

/** `app` depends on `lib`; each copies its source and notes that it ran. */
function workspace(log) {
  const build = (name, from) =>
    cached(`${log.note(name)}; mkdir -p dist; cat ${from} > dist/x`, { dependsOn: ['^build'] })
  return monorepo({
    app: {
      tasks: { build: build('app', 'src/a ../lib/dist/x') },
      dependencies: ['lib'],
      files: { 'src/a': 'app 1\n' },
    },
    lib: { tasks: { build: build('lib', 'src/a') }, files: { 'src/a': 'lib 1\n' } },
  })
}

const HITS = { 'app#build': 'cache-hit', 'lib#build': 'cache-hit' }
const made = (root, name = 'app') => readFileSync(join(root, 'packages', name, 'dist/x'), 'utf8')

describe('one cache', unix, () => {
  test('from branch to branch and back', () => {
    const log = journal()
    const root = workspace(log)
    const build = () => statuses(vxRun(root, ['build']))
    build()
    git(root, 'switch', '--quiet', '--create', 'other')
    writeFileSync(join(root, 'packages/lib/src/a'), 'lib 2\n')
    git(root, 'commit', '--quiet', '--all', '--message=other')
    assert.deepEqual(build(), { 'app#build': 'success', 'lib#build': 'success' })
    assert.equal(made(root), 'app 1\nlib 2\n')
    for (const [branch, expected] of [
      ['main', 'app 1\nlib 1\n'],
      ['other', 'app 1\nlib 2\n'],
    ]) {
      git(root, 'switch', '--quiet', branch)
      assert.deepEqual(build(), HITS, branch)
      assert.equal(made(root), expected)
    }
    assert.equal(log.lines().length, 4)
  })

  test('the same content is a hit, committed or not', () => {
    const log = journal()
    const root = workspace(log)
    const build = () => statuses(vxRun(root, ['build']))
    writeFileSync(join(root, 'packages/lib/src/new'), 'new')
    build()
    git(root, 'add', '--all')
    assert.deepEqual(build(), HITS, 'staged')
    git(root, 'commit', '--quiet', '--message=new')
    assert.deepEqual(build(), HITS, 'committed')
    git(root, 'rm', '--quiet', '--cached', 'packages/lib/src/new')
    assert.deepEqual(build(), HITS, 'no longer tracked')
  })

  test('a linked worktree shares the cache of the main one, and each knows its own outputs', () => {
    const log = journal()
    const root = workspace(log)
    vxRun(root, ['build'])
    const linked = join(scratch(), 'linked')
    git(root, 'worktree', 'add', '--quiet', linked)
    const run = vxRun(linked, ['build'])
    assert.deepEqual(statuses(run), HITS)
    assert.ok(run.tasks['app#build'].restored)
    assert.equal(made(linked), 'app 1\nlib 1\n')
    assert.equal(existsSync(join(linked, '.vx')), false)
    for (const place of [root, linked]) {
      const again = vxRun(place, ['build'])
      assert.deepEqual(statuses(again), HITS)
      assert.equal(again.tasks['app#build'].restored, false, place)
    }
    writeFileSync(join(linked, 'packages/lib/src/a'), 'lib 2\n')
    vxRun(linked, ['build'])
    assert.equal(made(root), 'app 1\nlib 1\n')
    assert.equal(log.lines().length, 4)
  })

  test('a copy of the workspace elsewhere, and one reached through a link', () => {
    const log = journal()
    const root = workspace(log)
    const cacheDir = join(scratch(), 'cache')
    const build = (cwd) => vxRun(cwd, ['build', '--all', '--cache-dir', cacheDir])
    build(root)
    const copy = join(scratch(), 'copy')
    cpSync(root, copy, { recursive: true, filter: (path) => !path.endsWith('/dist') })
    assert.deepEqual(statuses(build(copy)), HITS)
    assert.equal(made(copy), 'app 1\nlib 1\n')
    const link = join(scratch(), 'link')
    symlinkSync(root, link)
    const through = build(join(link, 'packages/app'))
    assert.deepEqual(statuses(through), HITS)
    assert.equal(through.tasks['app#build'].restored, false)
    assert.equal(log.lines().length, 2)
  })

  test('without git, and again with it: .gitignore holds, and the keys are the same', () => {
    const log = journal()
    const root = workspace(log)
    const build = () => statuses(vxRun(root, ['build']))
    writeFileSync(join(root, '.gitignore'), 'node_modules\ndist\n.vx\n*.tmp\n')
    rmSync(join(root, '.git'), { recursive: true })
    assert.deepEqual(build(), { 'app#build': 'success', 'lib#build': 'success' })
    writeFileSync(join(root, 'packages/lib/src/x.tmp'), 'ignored')
    assert.deepEqual(build(), HITS)
    git(root, 'init', '--quiet', '--initial-branch=main')
    assert.deepEqual(build(), HITS)
    git(root, 'add', '--all')
    git(root, 'commit', '--quiet', '--message=start')
    assert.deepEqual(build(), HITS)
    rmSync(join(root, '.git'), { recursive: true })
    writeFileSync(join(root, 'packages/lib/src/a'), 'lib 2\n')
    assert.deepEqual(build(), { 'app#build': 'success', 'lib#build': 'success' })
    assert.equal(made(root), 'app 1\nlib 2\n')
  })

  test('no git on the machine', () => {
    const log = journal()
    const root = workspace(log)
    const bin = scratch()
    for (const tool of ['sh', 'cat', 'mkdir']) {
      const found = process.env.PATH.split(':')
        .map((dir) => join(dir, tool))
        .find((path) => existsSync(path))
      symlinkSync(found, join(bin, tool))
    }
    const build = () => vxRun(root, ['build'], { env: { PATH: bin } })
    assert.equal(build().code, 0)
    assert.deepEqual(statuses(build()), HITS)
  })
})

describe('two runs at once', unix, () => {
  test('each task runs once, and both runs end well', async () => {
    const log = journal()
    const names = ['a', 'b', 'c', 'd']
    const root = monorepo(
      Object.fromEntries(
        names.map((name, index) => [
          name,
          {
            tasks: {
              build: cached(`${log.note(name)}; mkdir -p dist; sleep 0.1; echo ${name} > dist/x`, {
                dependsOn: ['^build'],
              }),
            },
            dependencies: names.slice(0, index),
          },
        ]),
      ),
    )
    const runs = await Promise.all([1, 2, 3].map(() => start(root, ['run', 'build']).ended))
    for (const { code, stdout, stderr } of runs) {
      assert.equal(code, 0, stdout + stderr)
      assert.match(stdout, /^Tasks: 4 succeeded, 4 total$/m)
    }
    assert.deepEqual(log.lines(), names)
    const hits = runs.map(({ stdout }) => Number(/^Cache: (\d) hit/m.exec(stdout)[1]))
    assert.equal(
      hits.reduce((sum, count) => sum + count),
      8,
      runs.map(({ stdout }) => stdout).join('\n'),
    )
    for (const name of names) assert.equal(made(root, name), `${name}\n`)
    const after = vxRun(root, ['build'])
    assert.ok(Object.values(after.tasks).every((task) => task.status === 'cache-hit' && !task.restored))
    assert.deepEqual(
      readdirSync(join(root, '.vx/cache')).filter((name) => name.startsWith('.') && name !== '.gitignore'),
      [],
    )
  })

  test('one that waits for the other takes over where that one fails or is killed', async () => {
    const log = journal()
    const go = join(scratch(), 'go')
    const root = monorepo({
      app: {
        tasks: {
          build: cached(`${log.note('ran')}; mkdir -p dist; ${waits(`[ -e '${go}' ]`)}; touch dist/x`),
        },
      },
    })
    const first = start(root, ['run', 'build'])
    await until(() => log.lines().length === 1, 'the first run reaches the task')
    const second = start(root, ['run', 'build'])
    first.child.kill('SIGKILL')
    await until(() => log.lines().length === 2, 'the second run takes over')
    writeFileSync(go, '')
    const ended = await second.ended
    assert.equal(ended.code, 0)
    // The command of the killed run still worked there, so what came out may not be of the second run alone.
    assert.match(ended.stderr, /runs without the cache: processes that a killed run left behind/)
    await first.ended
    assert.deepEqual(statuses(vxRun(root, ['build'])), { 'app#build': 'success' })
    assert.deepEqual(statuses(vxRun(root, ['build'])), { 'app#build': 'cache-hit' })
  })

  test('one that waits can be interrupted', async () => {
    const log = journal()
    const go = join(scratch(), 'go')
    const root = monorepo({
      app: {
        tasks: {
          build: cached(`${log.note('ran')}; mkdir -p dist; ${waits(`[ -e '${go}' ]`)}; touch dist/x`, {
            dependsOn: ['first'],
          }),
          first: plain(log.note('first')),
        },
      },
    })
    const one = start(root, ['run', 'build'])
    await until(() => log.lines().includes('ran'), 'the first run reaches the task')
    const two = start(root, ['run', 'build', '--log-order=stream'])
    await until(
      () => log.lines().filter((line) => line === 'first').length === 2,
      'the second run comes to wait',
    )
    two.child.kill('SIGINT')
    const { code, stdout } = await two.ended
    assert.equal(code, 130, stdout)
    writeFileSync(go, '')
    assert.equal((await one.ended).code, 0)
    assert.equal(vx(root, ['run', 'build']).code, 0)
  })
})
