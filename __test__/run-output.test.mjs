// What stands on the screen, in a file and on a terminal.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { start, until } from './processes.mjs'
import { cached, plain, waits } from './tasks.mjs'
import { BIN, monorepo, vx } from './workspace.mjs'

const ESC = '\x1b'
/** Any control sequence. */
const SEQUENCE = new RegExp(`${ESC}\\[[0-9;]*[a-zA-Z]`)

const unix = { skip: process.platform === 'win32' }

describe('which output is printed', unix, () => {
  const root = monorepo({
    app: {
      tasks: {
        good: cached('echo good out; echo good err >&2', { inputs: { files: [] }, outputs: { files: [] } }),
        bad: plain('echo bad out; echo bad err >&2; exit 1'),
        last: plain('true', { dependsOn: ['bad'] }),
      },
    },
  })
  /** The lines of a run by stream, sorted, without durations, keys and the summary. */
  const lines = (...args) => {
    const { stdout, stderr } = vx(root, ['run', 'good', 'last', '--concurrency=1', ...args])
    const plainly = (text) =>
      text
        .replaceAll(/\b\d+ms\b|\b\d+\.\d+s\b/g, 'TIME')
        .replaceAll(/ [0-9a-f]{8}$/gm, ' KEY')
        .trimEnd()
        .split('\n')
    const [tasks, summary] = stdout.split(/^\n/m)
    return { out: plainly(tasks), err: plainly(stderr), summary: plainly(summary) }
  }
  const bad = {
    out: ['app#bad: failed after TIME KEY', 'app#bad: bad out'],
    err: ['app#bad: bad err', 'app#bad: the command exited with 1'],
  }
  const skipped = 'app#last: skipped: app#bad did not succeed'
  const FAILED = [
    'Failed: app#bad: the command exited with 1',
    'Tasks: 1 succeeded, 1 failed, 1 skipped, 3 total',
  ]

  test('full is the default: of every task, of hits too', () => {
    for (const headline of ['cache miss, ran in TIME KEY', 'cache hit KEY']) {
      const { out, err, summary } = lines()
      assert.deepEqual(
        out,
        [...bad.out, `app#good: ${headline}`, 'app#good: good out', skipped].toSorted(order(out)),
      )
      assert.deepEqual(err.toSorted(), [...bad.err, 'app#good: good err'].toSorted())
      assert.deepEqual(summary.slice(0, 2), FAILED)
      assert.match(summary[2], /^Cache: (0 hits, 1 miss|1 hit, 0 misses)$/)
      assert.match(summary[3], /^Time:  TIME(, saved TIME)?$/)
    }
    assert.deepEqual(lines('--output-logs=full').out.length, 5)
  })

  /** Sorts as in `actual`: which of two independent tasks comes first is nobody's business. */
  const order = (actual) => (a, b) => actual.indexOf(a) - actual.indexOf(b)

  test('errors-only: nothing of tasks that are well', () => {
    const { out, err, summary } = lines('--output-logs=errors-only')
    assert.deepEqual(out, bad.out)
    assert.deepEqual(err, bad.err)
    assert.deepEqual(summary.slice(0, 2), FAILED)
  })

  test('hash-only: a line for each task and no output', () => {
    const { out, err, summary } = lines('--output-logs', 'hash-only')
    assert.deepEqual(out, [bad.out[0], 'app#good: cache hit KEY', skipped].toSorted(order(out)))
    assert.deepEqual(err, [bad.err[1]])
    assert.deepEqual(summary.slice(0, 2), FAILED)
  })

  test('none: no output at all, but failures are told', () => {
    const { out, err, summary } = lines('--output-logs=none')
    assert.deepEqual(out, [bad.out[0]])
    assert.deepEqual(err, [bad.err[1]])
    assert.deepEqual(summary.slice(0, 2), FAILED)
  })

  test('a word that is none of these is refused, and the right ones are named', () => {
    const { code, stderr } = vx(root, ['run', 'good', '--output-logs=all'])
    assert.equal(code, 2)
    assert.match(stderr, /full.*errors-only.*hash-only.*none/)
  })
})

describe('in which order', unix, () => {
  const tasks = (names, command) =>
    Object.fromEntries(names.map((name) => [name, { tasks: { t: plain(command(name)) } }]))
  const ids = (stdout) =>
    stdout
      .split('\n')
      .filter((line) => line.includes('#t: '))
      .map((line) => line[0])

  test('grouped: the lines of a task stand together, however many end at once', () => {
    const names = [...'abcdef']
    const print = 'seq 40000; seq 40000 >&2'
    const meet = `touch ../../$NAME; ${names.map((name) => waits(`[ -e ../../${name} ]`)).join('; ')}`
    const root = monorepo(tasks(names, (name) => `NAME=${name}; ${print}; ${meet}`))
    for (const args of [[], ['--log-order=grouped']]) {
      const { code, stdout, stderr } = vx(root, ['run', 't', '--concurrency=6', ...args])
      assert.equal(code, 0)
      for (const text of [stdout, stderr]) {
        const changes = ids(text).filter((id, index, all) => id !== all[index - 1])
        assert.deepEqual(changes.toSorted(), names)
      }
      assert.equal(ids(stdout).length, names.length * 40_001)
      names.forEach((name) => rmSync(join(root, name)))
    }
  })

  test('stream: each line as it comes, whole', async () => {
    const root = monorepo(
      tasks(['a', 'b'], (name) => {
        const other = name === 'a' ? 'b' : 'a'
        return `printf 'half '; echo line 1; touch ../../${name}; ${waits(`[ -e ../../${other} ]`)}; echo line 2; ${waits('[ -e ../../go ]')}; printf end`
      }),
    )
    const run = start(root, ['run', 't', '--concurrency=2', '--log-order=stream'])
    await until(() => (run.out().match(/line 2/g) ?? []).length === 2, 'both print while they run')
    const early = run.out()
    for (const name of ['a', 'b']) {
      assert.match(early, new RegExp(`^${name}#t: not cached, running [0-9a-f]{8}\\n`, 'm'))
      assert.match(early, new RegExp(`^${name}#t: half line 1\\n`, 'm'))
      assert.ok(early.indexOf(`${name}#t: half line 1`) < early.indexOf(`${name}#t: line 2`))
    }
    writeFileSync(join(root, 'go'), '')
    const { code, stdout } = await run.ended
    assert.equal(code, 0)
    assert.match(stdout, /^a#t: end\n/m)
    assert.match(stdout, /^b#t: ran in /m)
  })

  test('on GitHub Actions a task is a group that can be folded', () => {
    const root = monorepo({
      a: { tasks: { t: plain('echo one; echo two') } },
      b: { tasks: { t: plain('echo no; exit 1') } },
    })
    const { stdout } = vx(root, ['run', 't', '--concurrency=1'], {
      env: { GITHUB_ACTIONS: 'true', CI: 'true' },
    })
    const plainly = stdout.replaceAll(/(ran in|failed after) .*/g, '$1')
    assert.equal(
      plainly.split(/^\n/m)[0],
      '::group::a#t\na#t: ran in\na#t: one\na#t: two\n::endgroup::\n::group::b#t\nb#t: failed after\nb#t: no\n::endgroup::\n',
    )
  })
})

describe('colours', unix, () => {
  const root = monorepo({ app: { tasks: { t: plain('echo x') } } })
  const coloured = (env) => SEQUENCE.test(vx(root, ['run', 't'], { env }).stdout)

  test('FORCE_COLOR turns them on, NO_COLOR and a pipe leave them off', () => {
    assert.equal(coloured({}), false)
    assert.equal(coloured({ FORCE_COLOR: '1' }), true)
    assert.equal(coloured({ FORCE_COLOR: '3', NO_COLOR: '1' }), true)
    assert.equal(coloured({ FORCE_COLOR: '0' }), false)
    assert.equal(coloured({ NO_COLOR: '1' }), false)
  })
})

const PYTHON = ['python3', 'python'].find((name) => spawnSync(name, ['-c', 'import pty']).status === 0)

/** Runs vx on a terminal of its own, 60 columns wide, and gives all that was written to it. */
async function onTerminal(cwd, args, { env = {}, during = () => {} } = {}) {
  const script = `
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.chdir(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 60, 0, 0))
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`
  const run = start(cwd, ['-c', script, cwd, process.execPath, BIN, ...args], {
    program: PYTHON,
    before: [],
    env: { TERM: 'xterm-256color', ...env },
  })
  await during(run)
  return run.ended
}

/** What a person sees in the end: the lines of a terminal that knows `\r`, `\n` and "erase line". */
function screen(text) {
  const lines = [[]]
  let column = 0
  for (const [part] of text.matchAll(new RegExp(`${SEQUENCE.source}|[^]`, 'gu'))) {
    const line = lines.at(-1)
    if (part === '\n') lines.push([])
    else if (part === '\r') column = 0
    else if (part === `${ESC}[2K`) line.length = 0
    else if (!SEQUENCE.test(part)) line[column++] = part
  }
  return lines.map((line) => Array.from(line, (char) => char ?? ' ').join(''))
}

describe('on a terminal', { skip: unix.skip || !PYTHON }, () => {
  const workspace = () =>
    monorepo({
      first: { tasks: { t: plain(`echo before; ${waits('[ -e ../../go ]')}; printf after`) } },
      second: { tasks: { t: plain(waits('[ -e ../../go ]')) } },
    })
  const go = (root) => async (run) => {
    await until(() => run.out().includes('0/2 done'), 'the live line')
    writeFileSync(join(root, 'go'), '')
  }

  test('a live line says what runs, lines come as they are printed, and nothing of it is left in the end', async () => {
    const root = workspace()
    const { code, stdout } = await onTerminal(root, ['run', 't', '--concurrency=2'], { during: go(root) })
    assert.equal(code, 0)
    assert.match(stdout, /0\/2 done in \S+, running (first|second)#t \S+, /)
    const lines = screen(stdout)
    assert.ok(lines.includes('first#t: before'), stdout)
    assert.ok(lines.includes('first#t: after'), stdout)
    assert.ok(
      lines.every((line) => !line.includes('done in')),
      lines.join('\n'),
    )
    assert.deepEqual(
      lines.filter((line) => line.startsWith('Tasks:')),
      ['Tasks: 2 succeeded, 2 total'],
    )
    assert.equal(lines.at(-1), '')
    assert.ok(stdout.includes(`${ESC}[36m`), 'coloured')
    const live = [...stdout.matchAll(/\d\/2 done[^\r\n]*/g)].map(([line]) => line)
    assert.ok(
      live.every((line) => line.length < 60),
      'never wider than the terminal',
    )
  })

  test('nothing of it with NO_COLOR but colours, nothing at all in CI', async () => {
    const root = workspace()
    const bare = await onTerminal(root, ['run', 't', '--concurrency=2'], {
      env: { NO_COLOR: '1' },
      during: go(root),
    })
    assert.equal(bare.code, 0)
    assert.ok(!bare.stdout.includes(`${ESC}[36m`))
    const ci = await onTerminal(root, ['run', 't'], { env: { CI: 'true' } })
    assert.equal(ci.code, 0)
    assert.doesNotMatch(ci.stdout, /done in/)
  })

  test('Ctrl+C there ends the tasks, takes the live line away and gives 130', async () => {
    const root = workspace()
    const { code, stdout } = await onTerminal(root, ['run', 't', '--concurrency=2'], {
      during: async (run) => {
        await until(() => run.out().includes('0/2 done'), 'the live line')
        const { stdout: children } = spawnSync('pgrep', ['-P', String(run.child.pid)], { encoding: 'utf8' })
        process.kill(Number(children.trim()), 'SIGINT')
      },
    })
    assert.equal(code, 130)
    const lines = screen(stdout)
    assert.ok(
      lines.every((line) => !/done in/.test(line)),
      lines.join('\n'),
    )
    assert.match(stdout, /^Tasks: .*2 failed.*2 total\r?$/m)
  })
})
