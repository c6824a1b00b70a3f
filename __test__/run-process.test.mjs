// Signals, pipes and processes: what vx ends, what it waits for, and that no byte is lost on the way.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { isAlive, start, until } from './processes.mjs'
import { scratch, write } from './scratch.mjs'
import { cached, journal, plain, waits } from './tasks.mjs'
import { BIN, monorepo, statuses, vx, vxRun } from './workspace.mjs'

const unix = { skip: process.platform === 'win32' }

/** The artifacts in a workspace's cache. */
function stored(root) {
  const dir = join(root, '.vx/cache')
  return existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.zst')) : []
}

describe('signals', unix, () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ]) {
    test(`${signal}: tasks and grandchildren end, exit code ${code}, nothing is stored, and the next run is right`, async () => {
      const log = journal()
      const go = join(scratch(), 'go')
      const hangs = `mkdir -p dist; touch dist/half; (sleep 600 & echo $! >> '${log.path}'; wait); ${waits(`[ -e '${go}' ]`)}; touch dist/whole`
      const root = monorepo({
        a: { tasks: { build: cached(`[ -e '${go}' ] || { ${hangs}; }; mkdir -p dist; touch dist/whole`) } },
        b: {
          tasks: { build: cached('mkdir -p dist; touch dist/x', { dependsOn: ['^build'] }) },
          dependencies: ['a'],
        },
      })
      const run = start(root, ['run', 'build'])
      await until(() => log.lines().length === 1, 'the grandchild starts')
      run.child.kill(signal)
      const ended = await run.ended
      assert.equal(ended.code, code, ended.stdout)
      assert.match(ended.stdout, /^Failed: a#build: the command was stopped$/m)
      assert.match(ended.stdout, /^b#build: skipped: the run was stopped$/m)
      assert.ok(!isAlive(log.lines()[0]), 'the grandchild is alive')
      assert.deepEqual(stored(root), [])
      writeFileSync(go, '')
      assert.deepEqual(statuses(vxRun(root, ['build'])), { 'a#build': 'success', 'b#build': 'success' })
      assert.deepEqual(readdirSync(join(root, 'packages/a/dist')), ['whole'])
    })
  }

  test('a task hears the signal itself and has time to clean up; even exit code 0 is not stored', async () => {
    const root = monorepo({
      app: {
        tasks: {
          build: cached(
            `trap 'echo cleaned > ../../cleaned; exit 0' INT; mkdir -p dist; touch ../../up dist/x; ${waits('false')}`,
          ),
        },
      },
    })
    const run = start(root, ['run', 'build'])
    await until(() => existsSync(join(root, 'up')), 'the task starts')
    run.child.kill('SIGINT')
    assert.equal((await run.ended).code, 130)
    assert.equal(readFileSync(join(root, 'cleaned'), 'utf8'), 'cleaned\n')
    assert.deepEqual(stored(root), [])
  })

  test('a second signal does not wait for one that does not listen', async () => {
    const build = plain(
      `trap 'touch ../../heard' INT; trap '' TERM; touch ../../up; while :; do sleep 0.05; done`,
    )
    const root = monorepo({ app: { tasks: { build } } })
    const run = start(root, ['run', 'build'])
    await until(() => existsSync(join(root, 'up')), 'the task starts')
    const began = Date.now()
    run.child.kill('SIGINT')
    await until(() => existsSync(join(root, 'heard')), 'the task hears the first')
    run.child.kill('SIGTERM')
    assert.equal((await run.ended).code, 130)
    assert.ok(Date.now() - began < 4000, 'it waited for the grace period')
  })

  for (const [what, config] of [
    ['a config that never answers', 'await new Promise((resolve) => setInterval(resolve, 1 << 30))'],
    ['a runtime input that never answers', ''],
  ]) {
    test(`${what} does not hold it`, async () => {
      const runtime = ['touch ../../up; sleep 600']
      const tasks = { build: cached('touch ../../ran', { inputs: { files: [], runtime } }) }
      const root = monorepo(
        { app: {} },
        {
          'packages/app/vx.config.mjs': `${
            config &&
            `import { writeFileSync } from 'node:fs'
            writeFileSync(new URL('../../up', import.meta.url), '')`
          }
            ${config}
            export default ${JSON.stringify({ tasks })}`,
        },
      )
      const run = start(root, ['run', 'build'])
      await until(() => existsSync(join(root, 'up')), 'vx comes to wait')
      run.child.kill('SIGTERM')
      const { code, stdout, stderr } = await run.ended
      assert.deepEqual([code, stdout, stderr], [143, '', ''])
      assert.equal(existsSync(join(root, 'ran')), false)
    })
  }
})

describe('pipes', unix, () => {
  const prints = (lines) =>
    `node -e "let s = ''; for (let i = 0; i < ${lines}; i++) s += String(i).padStart(40, '.') + '\\n'; process.stdout.write(s)"`
  const printed = (number) => `app#build: ${String(number).padStart(40, '.')}`

  for (const order of ['grouped', 'stream']) {
    test(`vx run | head -1 ends quietly, ${order}`, async () => {
      const log = journal()
      const root = monorepo({
        app: { tasks: { build: plain(prints(300_000)) } },
        zz: {
          tasks: {
            build: plain(`sleep 600 & echo $! > '${log.path}'; wait`, {
              dependsOn: order === 'grouped' ? ['app#build'] : [],
            }),
          },
        },
      })
      if (order === 'grouped') write(log.path, '')
      const script = `{ "$0" "$@"; echo $? > '${join(root, 'code')}'; } | { ${order === 'stream' ? waits(`[ -s '${log.path}' ]`) : ':'}; head -1; }`
      const run = start(
        root,
        ['-c', script, process.execPath, BIN, 'run', 'build', '--concurrency=2', `--log-order=${order}`],
        {
          program: 'bash',
          before: [],
        },
      )
      const { stdout, stderr } = await run.ended
      assert.match(stdout, /^(app|zz)#build: .*\n$/)
      assert.equal(stderr, '')
      assert.equal(readFileSync(join(root, 'code'), 'utf8'), '141\n')
      const [pid] = log.lines()
      if (pid) await until(() => !isAlive(pid), 'the other task ends')
    })
  }

  /** Runs vx with a reader that looks away for a while, then reads all. */
  function slowly(root, args, nonBlocking) {
    const script = `
import fcntl, os, subprocess, sys, time
reader, writer = os.pipe()
if sys.argv[1] == 'true':
    fcntl.fcntl(writer, fcntl.F_SETFL, fcntl.fcntl(writer, fcntl.F_GETFL) | os.O_NONBLOCK)
child = subprocess.Popen(sys.argv[2:], stdout=writer)
os.close(writer)
time.sleep(1.2)
while True:
    data = os.read(reader, 1 << 16)
    if not data:
        break
    os.write(1, data)
sys.exit(child.wait())`
    const before = ['-c', script, String(nonBlocking), process.execPath, BIN]
    return start(root, args, { program: 'python3', before }).ended
  }

  for (const order of ['grouped', 'stream']) {
    test(
      `nothing is lost on the way to a slow reader, ${order}`,
      { skip: spawnSync('python3', ['--version']).status !== 0 },
      async () => {
        // Megabytes, and so little that the command has exited while all pipes are still full.
        const cases = [
          [100_000, true],
          [100_000, false],
          [3000, true],
          [3000, false],
        ]
        const reads = async ([lines, nonBlocking]) => {
          const root = monorepo({
            app: { tasks: { build: cached(prints(lines), { outputs: { files: [] } }) } },
          })
          const check = (status, code, stdout) => {
            const context = `${lines} lines, ${nonBlocking ? 'non-blocking' : 'blocking'}, ${status}`
            assert.equal(code, 0, context)
            const got = stdout.split('\n').filter((text) => text.startsWith('app#build: .'))
            assert.equal(got.length, lines, context)
            assert.ok(
              got.every((text, number) => text === printed(number)),
              context,
            )
            assert.match(stdout, new RegExp(`^app#build: ${status}`, 'm'))
          }
          const first = await slowly(root, ['run', 'build', `--log-order=${order}`], nonBlocking)
          check('cache miss', first.code, first.stdout)
          const second = vx(root, ['run', 'build'])
          check('cache hit', second.code, second.stdout)
        }
        await Promise.all(cases.map(reads))
      },
    )
  }

  test('a process left behind that holds the output is ended; what it printed in time is there', () => {
    const log = journal()
    const root = monorepo({
      app: {
        tasks: {
          build: cached(`sleep 600 & echo $! > '${log.path}'; mkdir -p dist; touch dist/x; echo done`),
        },
      },
    })
    const run = vxRun(root, ['build'])
    assert.equal(run.code, 0)
    assert.match(run.stdout, /^app#build: done$/m)
    assert.ok(!isAlive(log.lines()[0]))
    assert.ok(run.tasks['app#build'].durationMs < 5000)
    assert.equal(statuses(vxRun(root, ['build']))['app#build'], 'cache-hit')
  })

  test(
    'a daemon in a session of its own is left alone, and does not hold the run',
    { skip: spawnSync('setsid', ['--version']).error !== undefined },
    () => {
      const log = journal()
      const root = monorepo({
        app: {
          tasks: {
            build: plain(
              `setsid sh -c 'echo $$ > "${log.path}"; exec sleep 600' & ${waits(`[ -s '${log.path}' ]`)}; echo done`,
            ),
          },
        },
      })
      const { code, stdout } = vx(root, ['run', 'build'])
      const [pid] = log.lines()
      const alive = isAlive(pid)
      process.kill(Number(pid), 'SIGKILL')
      assert.equal(code, 0)
      assert.match(stdout, /^app#build: done$/m)
      assert.ok(alive)
    },
  )

  test(
    'such a daemon can print on while the run goes on',
    { skip: spawnSync('setsid', ['--version']).error !== undefined },
    () => {
      const log = journal()
      const daemon = `echo $$ > "${log.path}"; while sleep 0.05; do echo out; echo err >&2; echo printed >> "${log.path}"; done`
      const root = monorepo({
        app: {
          tasks: { build: plain(`setsid sh -c '${daemon}' & ${waits(`[ -s '${log.path}' ]`)}; echo done`) },
        },
        zz: {
          tasks: {
            build: plain(
              `had=$(grep -c printed '${log.path}'); ${waits(`[ $(grep -c printed '${log.path}') -gt $((had + 3)) ]`)}`,
              { dependsOn: ['app#build'] },
            ),
          },
        },
      })
      const { code, stdout } = vx(root, ['run', 'build'])
      const [pid] = log.lines()
      if (isAlive(pid)) process.kill(Number(pid), 'SIGKILL')
      assert.equal(code, 0, stdout)
    },
  )
})

/** Where a link leads; none where it is gone. */
function linkOf(path) {
  try {
    return [readlinkSync(path)]
  } catch {
    return []
  }
}

describe('how a command is started', unix, () => {
  test('a pipe inside of it ends as in a shell', () => {
    const root = monorepo({ app: { tasks: { build: plain('yes | head -1; echo done') } } })
    const { code, stdout, stderr } = vx(root, ['run', 'build'])
    assert.equal(code, 0)
    assert.match(stdout, /^app#build: y\napp#build: done\n/m)
    assert.equal(stderr, '')
  })

  test(
    'it holds no file of the cache open but the lock of its place',
    { skip: !existsSync('/proc/self/fd') },
    () => {
      const build = cached('mkdir -p dist; for fd in /proc/$$/fd/*; do readlink $fd; done; true')
      const root = monorepo({ app: { tasks: { build } } })
      const { stdout } = vx(root, ['run', 'build'])
      assert.match(stdout, /^app#build: \/dev\/null$/m)
      // By that lock a later run knows that what a killed one started still works there.
      const held = stdout.match(/^.*\.vx\/cache.*$/gm) ?? []
      assert.ok(
        held.every((line) => line.endsWith('/tasks.lock')),
        stdout,
      )
    },
  )

  test(
    'those that run side by side have nothing of each other open',
    { skip: !existsSync('/proc/self/fd') },
    () => {
      const names = Array.from({ length: 16 }, (_, number) => `p${number}`)
      const command = 'for fd in /proc/$$/fd/*; do readlink $fd; done; sleep 0.05'
      // Those that are cached keep a lock; the others are started while one of them is.
      const task = (number) => (number % 2 ? plain(command) : cached(command, { outputs: { files: [] } }))
      const root = monorepo(
        Object.fromEntries(names.map((name, number) => [name, { tasks: { t: task(number) } }])),
      )
      const { code, stdout } = vx(root, ['run', 't', '--concurrency=8'])
      assert.equal(code, 0)
      // What this very process hands down to all that it starts is not vx's.
      const handedDown = new Set(readdirSync('/proc/self/fd').flatMap((fd) => linkOf(`/proc/self/fd/${fd}`)))
      const open = names.map((name) => {
        const lines = stdout.matchAll(new RegExp(`^${name}#t: (/.*|\\w+:\\[.*)$`, 'gm'))
        const targets = Array.from(lines, ([, target]) => target)
        return targets.filter((target) => target === '/dev/null' || !handedDown.has(target))
      })
      open.forEach((targets, number) => {
        const kept = targets.filter((target) => target.endsWith('/tasks.lock'))
        const pipes = targets.filter((target) => target.startsWith('pipe:'))
        assert.deepEqual([pipes.length, kept.length, targets.length], number % 2 ? [2, 0, 3] : [2, 1, 4])
      })
      const pipes = open.flat().filter((target) => target.startsWith('pipe:'))
      assert.equal(new Set(pipes).size, pipes.length)
    },
  )
})

describe('persistent tasks', unix, () => {
  /** A server that says when it is ready, and goes on. */
  const server = (
    log,
    { ready = 'echo listening on 1234', after = 'true', persistent = { readyWhen: 'listening on' } } = {},
  ) =>
    plain(`echo $$ > '${log.path}'; echo starting; ${after}; ${ready}; exec sleep 600`, {
      exec: { persistent },
    })

  test('dependents start when readyWhen shows, and the helper is ended when they are done', async () => {
    const log = journal()
    const order = journal()
    const root = monorepo({
      app: {
        tasks: {
          serve: server(log, { after: `sleep 0.3; ${order.note('ready')}` }),
          e2e: cached(`${order.note('e2e')}; kill -0 $(cat '${log.path}'); mkdir -p dist; touch dist/x`, {
            dependsOn: ['serve'],
          }),
        },
      },
    })
    const run = vxRun(root, ['e2e'])
    assert.equal(run.code, 0, run.stdout + run.stderr)
    assert.deepEqual(order.lines(), ['ready', 'e2e'])
    assert.ok(!isAlive(log.lines()[0]), 'the server is alive')
    assert.deepEqual(statuses(run), { 'app#e2e': 'success', 'app#serve': 'success' })
    assert.match(run.stdout, /^app#serve: listening on 1234$/m)
    assert.match(run.stdout, /^Cache: 0 hits, 1 miss$/m)
    assert.equal(vxRun(root, ['e2e']).tasks['app#e2e'].status, 'cache-hit')
  })

  test('without readyWhen dependents start once it was started', () => {
    const log = journal()
    const root = monorepo({
      app: {
        tasks: {
          serve: server(log, { persistent: {}, ready: 'true' }),
          e2e: plain(waits(`[ -s '${log.path}' ]`), { dependsOn: ['serve'] }),
        },
      },
    })
    const run = vxRun(root, ['e2e'])
    assert.equal(run.code, 0, run.stdout)
    assert.ok(!isAlive(log.lines()[0]))
  })

  for (const [what, ready] of [
    ['fails', 'exit 7'],
    ['exits with 0', 'exit 0'],
  ]) {
    test(`one that ${what} before it is ready fails, and its dependents are skipped`, () => {
      const log = journal()
      const root = monorepo({
        app: {
          tasks: {
            serve: server(log, { ready }),
            e2e: cached('mkdir -p dist; touch dist/x', { dependsOn: ['serve'] }),
          },
        },
      })
      const run = vxRun(root, ['e2e'])
      assert.equal(run.code, 1)
      assert.deepEqual(statuses(run), { 'app#e2e': 'skipped', 'app#serve': 'failed' })
      assert.match(run.stdout, /^Failed: app#serve: .*before it was ready/m)
    })
  }

  test('one that dies while its dependents run fails the run', () => {
    const log = journal()
    const root = monorepo({
      app: {
        tasks: {
          serve: plain(`echo ready; ${waits(`[ -s '${log.path}' ]`)}; exit 4`, {
            exec: { persistent: { readyWhen: 'ready' } },
          }),
          e2e: cached(`echo $$ > '${log.path}'; sleep 0.3; mkdir -p dist; touch dist/x`, {
            dependsOn: ['serve'],
          }),
        },
      },
    })
    const run = vxRun(root, ['e2e'])
    assert.equal(run.code, 1)
    assert.equal(run.tasks['app#serve'].status, 'failed')
    assert.equal(run.tasks['app#serve'].exitCode, 4)
    assert.match(run.stdout, /^Failed: app#serve: the command exited with 4$/m)
    assert.deepEqual(stored(root), [], 'what ran beside a dying server is not stored')
  })

  test('one that was asked for runs on until the run is stopped, beside all others', async () => {
    const log = journal()
    const root = monorepo({
      app: { tasks: { dev: server(log) } },
      lib: { tasks: { dev: plain('echo lib is done') } },
    })
    const run = start(root, ['run', 'dev', '--concurrency=1'])
    await until(
      () => run.out().includes('listening on 1234') && run.out().includes('lib is done'),
      'both are up',
    )
    assert.ok(isAlive(log.lines()[0]))
    run.child.kill('SIGINT')
    assert.equal((await run.ended).code, 130)
    assert.ok(!isAlive(log.lines()[0]))
  })

  test('with --continue=never a failure ends it', () => {
    const log = journal()
    const root = monorepo({
      app: { tasks: { dev: server(log) } },
      lib: { tasks: { dev: plain(`${waits(`[ -s '${log.path}' ]`)}; exit 1`) } },
    })
    const run = vxRun(root, ['dev', '--continue=never', '--concurrency=2'])
    assert.equal(run.code, 1)
    assert.ok(!isAlive(log.lines()[0]))
  })

  test('what it depends on may have moved its key: dependents are keyed by what it really was started with', () => {
    const log = journal()
    const outside = write(join(scratch(), 'value'), '1')
    const root = monorepo({
      app: {
        tasks: {
          prepare: plain(`cp '${outside}' value`),
          serve: { ...server(log), dependsOn: ['prepare'] },
          e2e: cached('mkdir -p dist; cat ../app/value > dist/x', { dependsOn: ['serve'] }),
        },
        files: { value: '1' },
      },
    })
    const run = () => {
      const result = vxRun(root, ['e2e'])
      assert.equal(result.code, 0, result.stdout + result.stderr)
      return [result.tasks['app#e2e'].status, readFileSync(join(root, 'packages/app/dist/x'), 'utf8')]
    }
    assert.deepEqual(run(), ['success', '1'])
    assert.deepEqual(run(), ['cache-hit', '1'])
    writeFileSync(outside, '2')
    assert.deepEqual(run(), ['success', '2'])
  })

  test('what depends on one is not stored where the server rests on a result that is not', () => {
    const log = journal()
    const root = monorepo({
      app: {
        tasks: {
          build: cached('mkdir -p dist; cat src/a > dist/x; echo 2 > src/a'),
          serve: { ...server(log), dependsOn: ['build'] },
          e2e: cached('mkdir -p e2e; cat dist/x > e2e/x', {
            dependsOn: ['serve'],
            inputs: { files: [] },
            outputs: { files: ['e2e/**'] },
          }),
        },
        files: { 'src/a': '1' },
      },
    })
    const run = vxRun(root, ['e2e'])
    assert.equal(run.code, 0)
    assert.match(run.stderr, /^app#build: warning: not saved: .*src\/a changed/m)
    assert.match(run.stderr, /^app#e2e: warning: not saved: .*depends on/m)
    assert.deepEqual(stored(root), [])
  })

  test('a dead one keeps what has not started from starting', () => {
    const log = journal()
    const root = monorepo({
      app: {
        tasks: {
          serve: plain(`echo $$ > '${log.path}'; echo ready; sleep 0.1; exit 4`, {
            exec: { persistent: { readyWhen: 'ready' } },
          }),
          first: plain(`${waits(`! kill -0 $(cat '${log.path}') 2>/dev/null`)}; sleep 0.3`, {
            dependsOn: ['serve'],
          }),
          all: { dependsOn: ['first'] },
          e2e: plain('true', { dependsOn: ['all'] }),
        },
      },
    })
    const run = vxRun(root, ['e2e'])
    assert.equal(run.code, 1)
    assert.deepEqual(statuses(run), { 'app#e2e': 'skipped', 'app#first': 'success', 'app#serve': 'failed' })
    assert.match(run.stdout, /^app#all: skipped: app#serve did not succeed$/m)
  })
})
