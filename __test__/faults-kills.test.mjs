// vx is ended at random moments, politely or not: what it started does not outlive it where it could help it, nothing
// is half-saved, and the next run is right.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { numbers } from './numbers.mjs'
import { isAlive, start, until } from './processes.mjs'
import { scratch, write } from './scratch.mjs'
import { cached, journal, plain, waits } from './tasks.mjs'
import { BIN, hostEnv, monorepo, statuses, vxRun } from './workspace.mjs'

const skip = process.platform === 'win32'

/** Each project copies its source and what those below it made; `big` makes a file that takes a while to pack. */
const GRAPH = { base: [], left: ['base'], right: ['base'], top: ['left', 'right'] }

function layers() {
  const build = (name, below) =>
    cached(
      [
        'mkdir -p dist/sub',
        // Long enough for a kill to come in between.
        'cp src/a dist/a && sleep 0.02',
        'head -c 300000 /dev/zero > dist/sub/zeros',
        `cat src/a ${below.map((other) => `../${other}/dist/all`).join(' ')} > dist/all`,
        'sleep 0.02 && cp src/a dist/sub/last',
      ].join(' && '),
      { dependsOn: ['^build'] },
    )
  return monorepo(
    Object.fromEntries(
      Object.entries(GRAPH).map(([name, below]) => [
        name,
        { tasks: { build: build(name, below) }, dependencies: below, files: { 'src/a': `${name} 0\n` } },
      ]),
    ),
  )
}

/** What `dist/all` of a project must be. */
function expected(root, name) {
  const own = readFileSync(join(root, 'packages', name, 'src/a'), 'utf8')
  return own + GRAPH[name].map((below) => expected(root, below)).join('')
}

function assertBuilt(root, context) {
  for (const name of Object.keys(GRAPH)) {
    const dist = join(root, 'packages', name, 'dist')
    const source = readFileSync(join(root, 'packages', name, 'src/a'), 'utf8')
    assert.deepEqual(readdirSync(dist, { recursive: true }).toSorted(), FILES, context)
    assert.equal(readFileSync(join(dist, 'a'), 'utf8'), source, context)
    assert.equal(readFileSync(join(dist, 'all'), 'utf8'), expected(root, name), context)
    assert.equal(readFileSync(join(dist, 'sub/last'), 'utf8'), source, context)
    assert.equal(readFileSync(join(dist, 'sub/zeros')).length, 300_000, context)
  }
}

const FILES = ['a', 'all', 'sub', 'sub/last', 'sub/zeros']

/** A change before a run: a source, or outputs that are gone. */
function change(root, random) {
  const names = Object.keys(GRAPH)
  const name = names[random(names.length)]
  if (random(3) > 0) {
    writeFileSync(join(root, 'packages', name, 'src/a'), `${name} ${random(4)}\n`)
  } else {
    rmSync(join(root, 'packages', name, 'dist'), { recursive: true, force: true })
  }
}

test('kill -9 at random moments, again and again', { skip, timeout: 240_000 }, async () => {
  const seed = 20
  const random = numbers(seed)
  const root = layers()
  const cacheDir = join(root, '.vx/cache')
  const log = []
  const began = performance.now()
  assert.equal(vxRun(root, ['build']).code, 0)
  const whole = Math.ceil(performance.now() - began)
  for (let round = 0; round < 30; round++) {
    change(root, random)
    const after = random(whole)
    const { child, exited: ended } = start(root, ['run', 'build'])
    await Promise.race([delay(after), ended])
    child.kill('SIGKILL')
    log.push(`${after} ms: ${(await ended).signal}`)
    // Every second time straight on to the next death: leftovers on top of leftovers.
    if (round % 2 === 1) {
      const run = vxRun(root, ['build'])
      const context = `seed ${seed}, round ${round}: ${log.join(', ')}\n${run.stdout}${run.stderr}`
      assert.equal(run.code, 0, context)
      assertBuilt(root, context)
    }
  }
  assert.ok(log.some((line) => line.endsWith('SIGKILL')))

  // All from the cache, into place: what was stored is what was built.
  const before = vxRun(root, ['build'])
  for (const name of Object.keys(GRAPH)) rmSync(join(root, 'packages', name, 'dist'), { recursive: true })
  const restored = vxRun(root, ['build'])
  assert.deepEqual(new Set(Object.values(statuses(restored))), new Set(['cache-hit']), restored.stderr)
  assert.equal(restored.stderr, '', before.stderr)
  assertBuilt(root, log.join(', '))

  // What is left over goes once it is old, with the next run that stores something.
  for (const name of readdirSync(cacheDir)) utimesSync(join(cacheDir, name), 1, 1)
  writeFileSync(join(root, 'packages/top/src/a'), 'top at last\n')
  assert.equal(vxRun(root, ['build']).code, 0)
  const strange = readdirSync(cacheDir).filter(
    (name) => !/^(?:\.gitignore|CACHEDIR\.TAG|tasks\.lock|cache\.db.*|[0-9a-f]{32}\.tar\.zst)$/.test(name),
  )
  assert.deepEqual(strange, [])
})

describe('what a killed run left running', { skip }, () => {
  /** A task that writes its source under a name of its own, slowly when the source says so. */
  function slow(seconds) {
    const here = scratch()
    const flag = (name) => join(here, name)
    const command = [
      'mkdir -p dist',
      'v=$(cat src/a)',
      `touch ${here}/$v-started`,
      // The slow one writes only when the other has started, or cannot have been started meanwhile.
      `if [ $v = old ]; then i=0; until [ -e ${flag('new-started')} ] || [ $i -ge ${seconds * 50} ]; do i=$((i+1)); sleep 0.02; done; fi`,
      `echo $v > dist/$v && touch ${here}/$v-written`,
      `if [ $v = new ]; then ${waits(`[ -e ${flag('old-written')} ]`)}; fi`,
    ].join('; ')
    const root = monorepo({ a: { tasks: { build: cached(command) }, files: { 'src/a': 'old' } } })
    return { root, flag }
  }

  const setSource = (root, text) => writeFileSync(join(root, 'packages/a/src/a'), text)
  const outputs = (root) => readdirSync(join(root, 'packages/a/dist'))

  test('is waited for, and never gets into the next result', async () => {
    const { root, flag } = slow(1)
    const { child, exited: ended } = start(root, ['run', 'build'])
    await until(() => existsSync(flag('old-started')), 'the task')
    child.kill('SIGKILL')
    await ended
    setSource(root, 'new')
    const run = vxRun(root, ['build'])
    assert.equal(run.code, 0, run.stderr)
    assert.ok(existsSync(flag('old-written')))
    assert.deepEqual(outputs(root), ['new'])
    rmSync(join(root, 'packages/a/dist'), { recursive: true })
    assert.deepEqual(statuses(vxRun(root, ['build'])), { 'a#build': 'cache-hit' })
    assert.deepEqual(outputs(root), ['new'])
  })

  test('a run that still goes on is waited for just so', async () => {
    const { root, flag } = slow(1)
    const first = start(root, ['run', 'build'])
    await until(() => existsSync(flag('old-started')), 'the task')
    setSource(root, 'new')
    const second = vxRun(root, ['build'])
    assert.equal(second.code, 0, second.stderr)
    const { code, stderr } = await first.exited
    assert.equal(code, 0)
    assert.match(stderr, /not saved: packages\/a\/src\/a changed while it ran/)
    assert.deepEqual(outputs(root), ['new'])
    rmSync(join(root, 'packages/a/dist'), { recursive: true })
    assert.deepEqual(statuses(vxRun(root, ['build'])), { 'a#build': 'cache-hit' })
    assert.deepEqual(outputs(root), ['new'])
  })

  test('and does not end is not waited for long; then nothing is saved', async () => {
    const log = journal()
    const pids = join(scratch(), 'pids')
    const root = monorepo({
      a: {
        tasks: {
          build: cached(
            `mkdir -p dist && cp src/a dist/a && ${log.note('ran')} && if grep -q old src/a; then echo $$ > ${pids}; sleep 600; fi`,
          ),
        },
        files: { 'src/a': 'old' },
      },
      b: {
        tasks: { build: cached('mkdir -p dist && cp ../a/dist/a dist/b', { dependsOn: ['^build'] }) },
        dependencies: ['a'],
        files: { 'src/b': '' },
      },
    })
    const { child, exited: ended } = start(root, ['run', 'build'])
    await until(() => existsSync(pids), 'the task')
    child.kill('SIGKILL')
    await ended
    setSource(root, 'new')
    try {
      const run = vxRun(root, ['build'])
      assert.equal(run.code, 0, run.stderr)
      assert.match(
        run.stderr,
        /a#build: warning: runs without the cache: processes that a killed run left behind/,
      )
      assert.equal(readFileSync(join(root, 'packages/b/dist/b'), 'utf8'), 'new')
    } finally {
      process.kill(-Number(readFileSync(pids, 'utf8')), 'SIGKILL')
    }
    // Neither it nor what depends on it was saved.
    const again = vxRun(root, ['build'])
    assert.deepEqual(statuses(again), { 'a#build': 'success', 'b#build': 'success' })
    assert.equal(again.stderr, '')
    assert.equal(log.lines().length, 3)
  })

  test('keeps only its own task waiting', async () => {
    const here = scratch()
    const flag = (name) => join(here, name)
    const root = monorepo({
      a: {
        tasks: {
          build: cached(
            `mkdir -p dist && cp src/a dist/a && if grep -q old src/a; then echo $$ > ${flag('build')}; sleep 600; fi`,
          ),
        },
        files: { 'src/a': 'old' },
      },
      // Started while the build holds its locks, and alive when the build is not any more.
      server: {
        tasks: {
          gate: plain(waits(`[ -s ${flag('build')} ]`)),
          serve: {
            exec: { command: `echo $$ > ${flag('server')}; exec sleep 600`, persistent: {} },
            dependsOn: ['gate'],
          },
        },
      },
    })
    const { child, exited } = start(root, ['run', 'build', 'serve', '--concurrency=3'])
    const pid = (name) => Number(readFileSync(flag(name), 'utf8'))
    await until(() => existsSync(flag('server')) && pid('server') > 0, 'the server')
    child.kill('SIGKILL')
    await exited
    process.kill(-pid('build'), 'SIGKILL')
    try {
      setSource(root, 'new')
      const run = vxRun(root, ['build'])
      assert.deepEqual(statuses(run), { 'a#build': 'success' })
      assert.equal(run.stderr, '')
      assert.ok(isAlive(pid('server')))
      assert.deepEqual(statuses(vxRun(root, ['build'])), { 'a#build': 'cache-hit' })
    } finally {
      process.kill(-pid('server'), 'SIGKILL')
    }
  })

  test('a daemon that a task started in peace is nobody’s business', async () => {
    const pids = join(scratch(), 'pids')
    const root = monorepo({
      a: {
        tasks: {
          build: cached(
            `mkdir -p dist && cp src/a dist/a && (setsid sleep 600 >/dev/null 2>&1 & echo $! >> ${pids})`,
          ),
        },
        files: { 'src/a': 'one' },
      },
    })
    try {
      assert.equal(vxRun(root, ['build']).stderr, '')
      setSource(root, 'two')
      const run = vxRun(root, ['build'])
      assert.deepEqual(statuses(run), { 'a#build': 'success' })
      assert.equal(run.stderr, '')
      assert.deepEqual(statuses(vxRun(root, ['build'])), { 'a#build': 'cache-hit' })
    } finally {
      for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) {
        if (isAlive(Number(pid))) process.kill(Number(pid), 'SIGKILL')
      }
    }
  })
})

describe('a polite end', { skip }, () => {
  /** Tasks that start processes of their own and would go on for ten minutes; all write down their ids. */
  function family() {
    const pids = join(scratch(), 'pids')
    const note = `echo $! >> ${pids}`
    const command = [
      'mkdir -p dist && cp src/a dist/a',
      `echo $$ >> ${pids}`,
      `sleep 600 & ${note}`,
      // A grandchild that does not listen, and one whose parent is gone.
      `sh -c "trap '' INT TERM HUP; sleep 600" & ${note}`,
      `(sleep 600 & ${note})`,
      'wait',
    ].join('; ')
    const task = { tasks: { build: cached(command) }, files: { 'src/a': 'a' } }
    const root = monorepo({
      a: task,
      b: task,
      quick: { tasks: { build: cached('mkdir -p dist && cp src/a dist/a') }, files: { 'src/a': 'a' } },
    })
    const all = () => (existsSync(pids) ? readFileSync(pids, 'utf8').trim().split('\n').map(Number) : [])
    return { root, pids, all }
  }

  async function assertNobodyLeft(all, context) {
    for (const pid of all()) {
      await until(() => !isAlive(pid), `${pid} to end (${context})`)
    }
  }

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ]) {
    test(`${signal} at random moments`, { timeout: 120_000 }, async () => {
      const random = numbers(code)
      for (let round = 0; round < 4; round++) {
        const { root, all } = family()
        const { child, exited: ended } = start(root, ['run', 'build', '--concurrency=3'])
        // Before anything was started, in the middle of it, or when all is running.
        if (round === 3) {
          await until(() => all().length >= 8, 'all processes')
        } else {
          await delay(random(350))
        }
        child.kill(signal)
        // Those who do not listen are ended after five seconds, or at once when asked twice.
        const impatient = setInterval(() => child.kill(signal), 300)
        const result = await ended
        clearInterval(impatient)
        // Until vx listens, the system's own answer to the signal holds.
        assert.ok(result.code === code || result.signal === signal, `${result.code} ${result.signal}`)
        await assertNobodyLeft(all, `${signal}, round ${round}`)
        const artifacts = existsSync(join(root, '.vx/cache')) ? readdirSync(join(root, '.vx/cache')) : []
        assert.ok(artifacts.filter((name) => name.endsWith('.tar.zst')).length <= 1)
        assert.deepEqual(
          artifacts.filter((name) => /^\.(?:tmp|staging)-/.test(name)),
          [],
        )
      }
    })
  }

  test('the terminal is closed', { timeout: 120_000 }, async (t) => {
    const python = spawnSync('python3', ['-c', 'import pty'])
    if (python.status !== 0) {
      t.skip('there is no python3 with pty')
      return
    }
    const script = write(
      join(scratch(), 'terminal.py'),
      `
import os, pty, sys, time
wanted, pids, program = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(program[0], program)
os.set_blocking(terminal, False)
deadline = time.time() + 20
while time.time() < deadline:
    try:
        os.read(terminal, 65536)
    except BlockingIOError:
        pass
    if os.path.exists(pids) and len(open(pids).readlines()) >= wanted:
        break
    time.sleep(0.01)
os.close(terminal)
_, status = os.waitpid(pid, 0)
print(os.waitstatus_to_exitcode(status))
`,
    )
    const { root, pids, all } = family()
    const child = spawn(
      'python3',
      [script, '8', pids, process.execPath, BIN, 'run', 'build', '--concurrency=3'],
      {
        cwd: root,
        env: hostEnv({ TERM: 'xterm' }),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (said += text))
    await new Promise((resolve) => child.once('close', resolve))
    assert.ok(all().length >= 8, 'the tasks were not started')
    // By the signal or with its number, which no shell tells apart.
    assert.ok(['-1', '129'].includes(said.trim()), said)
    await assertNobodyLeft(all, 'closed terminal')
  })
})

test('what a signal or the clock ended is never saved, nor is what depends on it', { skip }, () => {
  const log = journal()
  const after = cached(`mkdir -p dist && cp src/a dist/a && ${log.note('dependent')}`, {
    dependsOn: ['^build'],
  })
  const files = { 'src/a': 'a' }
  const made = 'mkdir -p dist && cp src/a dist/a'
  const root = monorepo({
    killed: { tasks: { build: cached(`${made} && kill -9 $$`) }, files },
    late: {
      tasks: {
        build: cached(`${made}; trap 'exit 0' TERM; while :; do sleep 0.05; done`, {
          exec: { timeout: 300 },
        }),
      },
      files,
    },
    plain: { tasks: { build: plain('kill -TERM $$') }, files },
    'after-killed': { tasks: { build: after }, dependencies: ['killed'], files },
    'after-late': { tasks: { build: after }, dependencies: ['late'], files },
    'after-plain': { tasks: { build: after }, dependencies: ['plain'], files },
  })
  for (let round = 1; round <= 2; round++) {
    const run = vxRun(root, ['build', '--continue'])
    assert.equal(run.code, 1)
    assert.deepEqual(statuses(run), {
      'killed#build': 'failed',
      'late#build': 'failed',
      'plain#build': 'failed',
      'after-killed#build': 'success',
      'after-late#build': 'success',
      'after-plain#build': 'success',
    })
    assert.equal(log.lines().length, 3 * round)
    assert.deepEqual(
      readdirSync(join(root, '.vx/cache')).filter((name) => name.endsWith('.tar.zst')),
      [],
    )
  }
})
