// What happens when a command fails, hangs, or fails only sometimes.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { isAlive, until } from './processes.mjs'
import { write } from './scratch.mjs'
import { cached, journal, plain, waits } from './tasks.mjs'
import { monorepo, statuses, vx, vxRun } from './workspace.mjs'

const unix = { skip: process.platform === 'win32' }

describe('after a failure', unix, () => {
  /** `low` fails; `mid` and `top` depend on it; `apart` does not, and is last when tasks run one by one. */
  function workspace(log, apart = 'true') {
    const build = (name, command, dependencies = []) => ({
      tasks: {
        build: cached(`${log.note(name)}; mkdir -p dist; echo ${name} > dist/x; ${command}`, {
          dependsOn: ['^build'],
        }),
      },
      dependencies,
    })
    return monorepo({
      low: build('low', 'echo broken >&2; exit 3'),
      mid: build('mid', 'true', ['low']),
      top: build('top', 'true', ['mid']),
      zone: build('zone', apart),
    })
  }
  const failed = {
    status: 'failed',
    exitCode: 3,
    restored: false,
    missReason: 'cache miss',
  }

  for (const args of [[], ['--continue=deps-ok']]) {
    test(`what does not depend on it goes on: ${args.join(' ') || 'the default'}`, () => {
      const log = journal()
      const run = vxRun(workspace(log), ['build', '--concurrency=1', ...args])
      assert.equal(run.code, 1)
      assert.deepEqual(log.lines(), ['low', 'zone'])
      assert.deepEqual(statuses(run), {
        'low#build': 'failed',
        'mid#build': 'skipped',
        'top#build': 'skipped',
        'zone#build': 'success',
      })
      const { status, exitCode, restored, missReason } = run.tasks['low#build']
      assert.deepEqual({ status, exitCode, restored, missReason }, failed)
      assert.match(run.stdout, /^low#build: failed after \S+ [0-9a-f]{8}$/m)
      assert.match(run.stdout, /^mid#build: skipped: low#build did not succeed$/m)
      assert.match(run.stdout, /^top#build: skipped: mid#build did not succeed$/m)
      assert.match(run.stdout, /^Failed: low#build: the command exited with 3$/m)
      assert.match(run.stdout, /^Tasks: 1 succeeded, 1 failed, 2 skipped, 4 total$/m)
      assert.match(run.stdout, /^Cache: 0 hits, 2 misses$/m)
      assert.match(run.stderr, /^low#build: broken\nlow#build: the command exited with 3$/m)
    })
  }

  test('--continue=never: nothing more is started', () => {
    const log = journal()
    const run = vxRun(workspace(log), ['build', '--concurrency=1', '--continue=never'])
    assert.equal(run.code, 1)
    assert.deepEqual(log.lines(), ['low'])
    assert.equal(run.tasks['zone#build'].status, 'skipped')
    assert.match(run.stdout, /^zone#build: skipped: the run was stopped$/m)
    assert.match(run.stdout, /^Tasks: 0 succeeded, 1 failed, 3 skipped, 4 total$/m)
  })

  test('--continue=never: what runs is ended, with all that it started', async () => {
    const log = journal()
    const root = monorepo({
      low: { tasks: { build: plain(`${waits(`[ -s '${log.path}' ]`)}; exit 1`) } },
      zone: {
        tasks: { build: cached(`mkdir -p dist; touch dist/x; sleep 600 & echo $! > '${log.path}'; wait`) },
      },
    })
    const run = vxRun(root, ['build', '--concurrency=2', '--continue=never'])
    assert.equal(run.code, 1)
    assert.deepEqual(statuses(run), { 'low#build': 'failed', 'zone#build': 'failed' })
    assert.match(run.stdout, /^Failed: zone#build: the command was stopped$/m)
    const [pid] = log.lines()
    await until(() => !isAlive(pid), 'the grandchild ends')
    assert.deepEqual(
      readdirSync(join(root, '.vx/cache')).filter((name) => name.endsWith('.zst')),
      [],
    )
  })

  for (const flag of ['--continue', '--continue=always']) {
    test(`${flag}: dependents run all the same, and are neither stored nor taken from the cache`, () => {
      const log = journal()
      const root = workspace(log)
      for (let times = 1; times <= 2; times++) {
        const run = vxRun(root, ['build', '--concurrency=1', flag])
        assert.equal(run.code, 1)
        assert.deepEqual(statuses(run), {
          'low#build': 'failed',
          'mid#build': 'success',
          'top#build': 'success',
          'zone#build': times === 1 ? 'success' : 'cache-hit',
        })
        assert.equal(log.lines().filter((name) => name === 'top').length, times)
        assert.match(run.stderr, /^top#build: warning: not saved: .*depends on/m)
      }
      writeFileSync(
        join(root, 'packages/low/vx.config.mjs'),
        `export default ${JSON.stringify({ tasks: { build: cached('mkdir -p dist; touch dist/x') } })}`,
      )
      const repaired = vxRun(root, ['build'])
      assert.equal(repaired.code, 0)
      assert.equal(repaired.tasks['top#build'].status, 'success')
    })
  }

  test('a group that holds a failure fails, and so does what depends on the group', () => {
    const root = monorepo({
      app: {
        tasks: {
          bad: plain('exit 1'),
          good: plain('true'),
          all: { dependsOn: ['good', 'bad'] },
          last: plain('true', { dependsOn: ['all'] }),
        },
      },
    })
    const run = vxRun(root, ['last'])
    assert.equal(run.code, 1)
    assert.deepEqual(statuses(run), { 'app#bad': 'failed', 'app#good': 'success', 'app#last': 'skipped' })
    const always = vxRun(root, ['last', '--continue'])
    assert.equal(always.code, 1)
    assert.deepEqual(statuses(always), { 'app#bad': 'failed', 'app#good': 'success', 'app#last': 'success' })
  })

  test('a command that a signal kills, and one that does not exist', () => {
    const root = monorepo({
      app: { tasks: { killed: plain('kill -9 $$'), absent: plain('no-such-command-here') } },
    })
    const run = vxRun(root, ['killed', 'absent'])
    assert.equal(run.code, 1)
    assert.equal(run.tasks['app#killed'].exitCode, 137)
    assert.equal(run.tasks['app#absent'].exitCode, 127)
    assert.match(run.stdout, /^Failed: app#killed: the command was killed by signal 9$/m)
    assert.match(run.stderr, /^app#absent: .*no-such-command-here.*not found$/m)
  })

  test('a failure leaves the outputs that it made, and the next run starts clean', () => {
    const root = monorepo({
      app: {
        tasks: {
          build: cached(
            'mkdir -p dist; if [ -e ../../fixed ]; then echo > dist/good; else echo > dist/half; exit 1; fi',
          ),
        },
      },
    })
    const dist = () => readdirSync(join(root, 'packages/app/dist'))
    assert.equal(vx(root, ['run', 'build']).code, 1)
    assert.deepEqual(dist(), ['half'])
    write(join(root, 'fixed'), '')
    assert.equal(vx(root, ['run', 'build']).code, 0)
    assert.deepEqual(dist(), ['good'])
  })
})

describe('retries', unix, () => {
  /** A task that succeeds the third time. */
  const third = (log, exec) =>
    cached(
      `${log.note('try')}; mkdir -p dist; echo "try $(grep -c . '${log.path}')" | tee -a dist/x; [ $(grep -c . '${log.path}') -ge 3 ]`,
      { exec },
    )

  test('a failed command is run again, from clean outputs; what it printed last is what is kept', () => {
    const log = journal()
    const root = monorepo({ app: { tasks: { build: third(log, { retries: 2 }) } } })
    const run = vxRun(root, ['build'])
    assert.equal(run.code, 0, run.stdout)
    assert.deepEqual(log.lines(), ['try', 'try', 'try'])
    assert.match(run.stderr, /^app#build: warning: the command exited with 1; trying again \(1 of 2\)$/m)
    assert.match(run.stderr, /^app#build: warning: the command exited with 1; trying again \(2 of 2\)$/m)
    rmSync(join(root, 'packages/app/dist'), { recursive: true })
    const hit = vxRun(root, ['build'])
    assert.equal(hit.tasks['app#build'].status, 'cache-hit')
    assert.match(hit.stdout, /^app#build: cache hit.*\napp#build: try 3\n\n/)
    assert.deepEqual(readdirSync(join(root, 'packages/app/dist')), ['x'])
  })

  test('what a failed try printed is shown', () => {
    for (const order of ['grouped', 'stream']) {
      const log = journal()
      const root = monorepo({ app: { tasks: { build: third(log, { retries: 2 }) } } })
      const { stdout } = vx(root, ['run', 'build', `--log-order=${order}`])
      const tries = [...stdout.matchAll(/^app#build: try (\d)$/gm)].map(([, number]) => number)
      assert.deepEqual(tries, ['1', '2', '3'], order)
    }
  })

  test('the flag is for tasks without a number of their own', () => {
    for (const [exec, args, code, tries] of [
      [{}, [], 1, 1],
      [{}, ['--retries=2'], 0, 3],
      [{ retries: 1 }, ['--retries=2'], 1, 2],
      [{ retries: 0 }, ['--retries=2'], 1, 1],
    ]) {
      const log = journal()
      const root = monorepo({ app: { tasks: { build: third(log, exec) } } })
      assert.equal(vx(root, ['run', 'build', ...args]).code, code, JSON.stringify([exec, args]))
      assert.equal(log.lines().length, tries)
    }
  })
})

describe('time limits', unix, () => {
  const slow = (log, exec) =>
    cached(`${log.note('ran')}; mkdir -p dist; touch dist/x; sleep 600 & echo $! >> '${log.path}'; wait`, {
      exec,
    })

  for (const [exec, args] of [
    [{ timeout: 300 }, []],
    [{}, ['--timeout=300']],
    [{ timeout: 300 }, ['--timeout=600000']],
  ]) {
    test(`a command whose time is up is ended with all that it started, and failed: ${JSON.stringify(exec)} ${args}`, async () => {
      const log = journal()
      const root = monorepo({ app: { tasks: { build: slow(log, exec) } } })
      const run = vxRun(root, ['build', ...args])
      assert.equal(run.code, 1)
      assert.deepEqual(statuses(run), { 'app#build': 'failed' })
      assert.ok(run.tasks['app#build'].durationMs >= 300)
      assert.match(run.stdout, /^Failed: app#build: the command was ended when its time was up$/m)
      const [, pid] = log.lines()
      await until(() => !isAlive(pid), 'the grandchild ends')
      assert.equal(existsSync(join(root, '.vx/cache', `${run.tasks['app#build'].hash}.tar.zst`)), false)
    })
  }

  test('exit code 0 after the time was up is a failure, and is not stored', () => {
    const root = monorepo({
      app: {
        tasks: {
          build: cached("trap 'exit 0' TERM; mkdir -p dist; while :; do sleep 0.02; done", {
            exec: { timeout: 200 },
          }),
        },
      },
    })
    for (let times = 0; times < 2; times++) {
      assert.deepEqual(statuses(vxRun(root, ['build'])), { 'app#build': 'failed' })
    }
  })

  test('one that ignores the polite request is killed', () => {
    const root = monorepo({
      app: {
        tasks: { build: plain("trap '' TERM; while :; do sleep 0.1; done", { exec: { timeout: 100 } }) },
      },
    })
    const run = vxRun(root, ['build'])
    assert.equal(run.code, 1)
    assert.match(run.stdout, /ended when its time was up/)
  })

  test('each try has its own time', () => {
    const log = journal()
    const root = monorepo({ app: { tasks: { build: slow(log, { timeout: 100, retries: 1 }) } } })
    const run = vxRun(root, ['build'])
    assert.equal(run.code, 1)
    assert.equal(log.lines().filter((line) => line === 'ran').length, 2)
    assert.match(run.stderr, /was ended when its time was up; trying again \(1 of 1\)/)
  })
})
