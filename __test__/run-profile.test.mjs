// `vx run --profile`: what the trace holds, that viewers can read it, and when it is written.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { start, until } from './processes.mjs'
import { scratch } from './scratch.mjs'
import { cached, journal, plain, waits } from './tasks.mjs'
import { git, monorepo, vx } from './workspace.mjs'

const unix = { skip: process.platform === 'win32' }

const PLAN = [
  'discover the workspace',
  'open the cache',
  'read the configs',
  'build the graph',
  'load the memo',
  'look at the files',
  'key the tasks',
  'ask the cache',
  'prepare',
]
const WORK = ['run the tasks', 'look at outputs again', 'report', 'write the history']
const END = ['close the cache', 'end']

const count = (list, item) => list.filter((other) => other === item).length
const by = (events, cat) => events.filter((event) => event.cat === cat)
const names = (events) => events.map(({ name }) => name)

/** A trace as a viewer takes it: its lanes by name, each a list of spans. Fails on what a viewer would not read. */
function read(file) {
  const text = readFileSync(file, 'utf8')
  const { displayTimeUnit, otherData, traceEvents, ...rest } = JSON.parse(text)
  assert.deepEqual(rest, {})
  assert.equal(displayTimeUnit, 'ms')
  assert.equal(otherData.vxVersion, JSON.parse(vx('.', ['--version']).stdout.replace(/^vx (.*)\n$/, '"$1"')))
  assert.match(otherData.runId, /^[0-9A-HJKMNP-TV-Z]{26}$/)
  assert.match(otherData.startedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

  const kinds = { M: [], X: [] }
  traceEvents.forEach((event) => kinds[event.ph].push(event))
  const lanes = new Map()
  for (const { name, pid, tid, args, ...others } of kinds.M) {
    assert.deepEqual({ pid, ...others }, { pid: 1, ph: 'M' })
    if (name === 'process_name') assert.equal(args.name, 'vx')
    else if (name === 'thread_name') lanes.set(tid, { name: args.name, spans: [] })
    else assert.deepEqual([name, args], ['thread_sort_index', { sort_index: tid }])
  }
  const order = kinds.X.map(({ tid }) => tid)
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
    'lane by lane',
  )
  for (const event of kinds.X) {
    assert.ok(event.name && event.cat && event.pid === 1, JSON.stringify(event))
    assert.ok(Number.isSafeInteger(event.ts) && Number.isSafeInteger(event.dur), JSON.stringify(event))
    assert.ok(event.ts >= 0 && event.dur >= 0, JSON.stringify(event))
    lanes.get(event.tid).spans.push({ ...event, end: event.ts + event.dur })
  }
  lanes.forEach(({ name, spans }) => assertNested(name, spans))
  return { otherData, lanes: [...lanes.values()], spans: [...lanes.values()].flatMap((lane) => lane.spans) }
}

/** Spans of one lane come in the order in which they began and lie inside each other or apart. */
function assertNested(lane, spans) {
  const open = []
  let last = 0
  for (const span of spans) {
    assert.ok(last <= span.ts, `${lane}: ${span.name} comes too late`)
    last = span.ts
    while (open.length > 0 && open.at(-1).end <= span.ts) open.pop()
    assert.ok(
      open.every((outer) => span.end <= outer.end),
      `${lane}: ${span.name} lies partly over another`,
    )
    open.push(span)
  }
}

/** The spans that lie directly or further inside of another on its lane. */
const inside = ({ lanes }, outer) =>
  lanes
    .find(({ spans }) => spans.includes(outer))
    .spans.filter((span) => span !== outer && outer.ts <= span.ts && span.end <= outer.end)

/** The arguments of each task's span, by id; fails unless each task has one. */
function tasksOf({ spans }) {
  const tasks = by(spans, 'task')
  const known = Object.fromEntries(tasks.map(({ name, args }) => [name, args]))
  assert.equal(Object.keys(known).length, tasks.length, names(tasks).join(' '))
  for (const [name, args] of Object.entries(known)) assert.equal(args.id, name)
  return known
}

/** The phases follow each other without a gap from the beginning of the run to its end. */
function phasesOf({ lanes }) {
  const [{ name, spans }] = lanes
  assert.equal(name, 'run')
  const [run] = by(spans, 'run')
  const phases = by(spans, 'phase')
  phases.reduce((end, phase) => {
    assert.equal(phase.ts, end, phase.name)
    return phase.end
  }, phases[0].ts)
  const sum = phases.reduce((total, { dur }) => total + dur, 0)
  assert.ok(sum >= 0.9 * run.dur, `${sum} of ${run.dur}`)
  assert.equal(phases.at(-1).end, run.end)
  return { names: names(phases), args: run.args }
}

function profiled(root, args, options) {
  const [profile, summary] = [join(scratch(), 'profile.json'), join(scratch(), 'summary.json')]
  const result = vx(root, ['run', `--profile=${profile}`, `--summarize=${summary}`, ...args], options)
  return { ...result, trace: read(profile), summary: JSON.parse(readFileSync(summary, 'utf8')) }
}

/** `app#all` is a group over a build, a task that fails, and one that depends on a service and one that fails. */
const workspace = () =>
  monorepo({
    app: {
      tasks: {
        all: { dependsOn: ['build', 'last', 'served'] },
        build: cached('mkdir -p dist; cat src/a > dist/x', { dependsOn: ['^build'] }),
        bad: plain('exit 3', { exec: { retries: 2 } }),
        last: cached('true', { dependsOn: ['bad'], outputs: { files: [] } }),
        serve: plain('echo up; sleep 600', { exec: { persistent: { readyWhen: 'up' } } }),
        served: plain('true', { dependsOn: ['serve'] }),
      },
      dependencies: ['lib'],
      files: { 'src/a': 'a' },
    },
    lib: {
      tasks: { build: cached('mkdir -p dist; touch dist/x') },
      files: { 'src/a': 'a' },
    },
  })

describe('--profile', unix, () => {
  test('has the phases of the run and each task once, with what --summarize says of it', () => {
    const { code, trace, summary } = profiled(workspace(), ['all'])
    assert.equal(code, 1)
    assert.equal(trace.otherData.runId, summary.runId)
    const { names: phases, args } = phasesOf(trace)
    assert.deepEqual(phases, [...PLAN, ...WORK, 'retention', ...END])
    assert.deepEqual(args, { exitCode: 1 })

    const tasks = tasksOf(trace)
    assert.equal(tasks['app#all'].status, 'skipped')
    delete tasks['app#all']
    assert.deepEqual(tasks, Object.fromEntries(summary.tasks.map((task) => [task.id, task])))
    const status = (id) => [tasks[id].status, tasks[id].missReason]
    assert.deepEqual(status('app#build'), ['success', 'cache miss'])
    assert.deepEqual(status('app#bad'), ['failed', null])
    assert.deepEqual(status('app#last'), ['skipped', null])
  })

  test('tasks lie on the lanes of workers, a service on a lane of its own', () => {
    const { trace } = profiled(workspace(), ['all', '--concurrency=2'])
    const ranks = trace.lanes.map(({ name }) => name)
    assert.deepEqual(ranks.slice(0, 4), ['run', 'worker 1', 'worker 2', 'service app#serve'])
    assert.ok(ranks.slice(4).every((name) => name === 'walk' || name === 'lstat'))
    const work = trace.lanes[0].spans.find(({ name }) => name === 'run the tasks')
    for (const { name, spans } of trace.lanes.slice(1, 4)) {
      assert.ok(
        spans.every(({ ts, end }) => work.ts <= ts && end <= work.end),
        name,
      )
    }
    const [service, ...others] = trace.lanes[3].spans
    assert.deepEqual([service.cat, service.name, others.length], ['task', 'app#serve', 0])
    const [started] = by(trace.spans, 'start')
    const served = trace.spans.find(({ name }) => name === 'app#served')
    assert.equal(started.name, 'start app#serve')
    assert.ok(started.end <= served.ts && served.end <= service.end)
  })

  test('shows the steps of a miss, of a hit and of a restore', () => {
    const root = workspace()
    const steps = () => {
      const { trace } = profiled(root, ['build'])
      const lib = by(trace.spans, 'task').find(({ name }) => name === 'lib#build')
      return { args: lib.args, steps: names(inside(trace, lib)), phases: phasesOf(trace).names }
    }
    const miss = steps()
    assert.equal(miss.args.status, 'success')
    const MISS = ['key', 'lock the place', 'lock the key', 'clean', 'command', 'save', 'look at inputs again']
    const SAVE = ['list outputs', 'pack', 'publish', 'record', 'print']
    assert.deepEqual(
      miss.steps.filter((step) => step !== 'read the index'),
      [...MISS, ...SAVE],
    )
    assert.ok(miss.phases.includes('retention'))

    const hit = steps()
    assert.deepEqual([hit.args.status, hit.args.restored], ['cache-hit', false])
    assert.deepEqual(hit.steps, ['key', 'check outputs', 'print'])
    assert.ok(!hit.phases.includes('retention'))

    rmSync(join(root, 'packages/lib/dist'), { recursive: true })
    const restored = steps()
    assert.deepEqual([restored.args.status, restored.args.restored], ['cache-hit', true])
    for (const step of ['restore', 'unpack', 'clean', 'put', 'record'])
      assert.equal(count(restored.steps, step), 1, step)
    assert.ok(restored.steps.indexOf('unpack') < restored.steps.indexOf('put'))
    assert.ok(!restored.steps.includes('command'))
  })

  test('each try of a command is one span', () => {
    const { trace } = profiled(workspace(), ['bad'])
    const [bad] = by(trace.spans, 'task')
    const tries = inside(trace, bad).filter(({ name }) => name === 'command')
    assert.deepEqual(
      tries.map(({ args }) => args),
      [1, 2, 3].map((number) => ({ try: number, exitCode: 3 })),
    )
  })

  test('of a plan: the phases up to it; nothing else is written', () => {
    const log = journal()
    const root = monorepo({ app: { tasks: { build: cached(log.note('ran')) } } })
    const file = join(scratch(), 'deep/profile.json')
    const { code, stdout } = vx(root, ['run', 'build', '--dry=json', `--profile=${file}`])
    assert.equal(code, 0)
    assert.equal(JSON.parse(stdout).tasks.length, 1)
    const trace = read(file)
    assert.deepEqual(phasesOf(trace), { names: PLAN, args: { exitCode: 0 } })
    assert.deepEqual(tasksOf(trace), {})
    assert.deepEqual(log.lines(), [])
    assert.equal(existsSync(join(root, '.vx')), false)
  })

  test('without a file: beside the summary of the run under .vx/runs, which git does not see', () => {
    const root = workspace()
    writeFileSync(join(root, '.gitignore'), 'dist\n')
    git(root, 'commit', '--quiet', '--all', '--message=ignore less')
    for (const times of [1, 2]) {
      const { code } = vx(join(root, 'packages/lib'), ['run', 'build', '--profile', '--summarize'])
      assert.equal(code, 0)
      const files = readdirSync(join(root, '.vx/runs')).filter((name) => name.endsWith('.profile.json'))
      assert.equal(files.length, times)
      for (const name of files) {
        const { runId } = read(join(root, '.vx/runs', name)).otherData
        assert.equal(name, `${runId}.profile.json`)
        assert.ok(existsSync(join(root, '.vx/runs', `${runId}.json`)))
      }
    }
    assert.equal(git(root, 'status', '--porcelain'), '')
  })

  test('a relative file is relative to where the command was typed, and an earlier one is replaced', () => {
    const root = workspace()
    const lib = join(root, 'packages/lib')
    const ids = [1, 2].map(() => {
      assert.equal(vx(lib, ['run', 'build', '--profile=out/p.json']).code, 0)
      return read(join(lib, 'out/p.json')).otherData.runId
    })
    assert.notEqual(ids[0], ids[1])
  })

  test('a run without the flag leaves no profile', () => {
    const root = workspace()
    vx(root, ['run', 'build'])
    assert.equal(existsSync(join(root, '.vx/runs')), false)
  })
})

describe('--profile of a run that does not get far', unix, () => {
  test('refused: what there is up to there, and why', () => {
    const root = workspace()
    const file = join(scratch(), 'profile.json')
    const refused = vx(root, ['run', 'biuld', `--profile=${file}`])
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /VX_TASK_UNKNOWN/)
    const phases = phasesOf(read(file))
    assert.deepEqual(phases, { names: PLAN.slice(0, 4), args: { error: 'VX_TASK_UNKNOWN' } })
    assert.equal(existsSync(join(root, '.vx')), false)
  })

  test('a place that cannot be written to is refused before anything else', () => {
    const log = journal()
    const evaluated = join(scratch(), 'evaluated')
    const root = monorepo(
      { app: {} },
      {
        'packages/app/vx.config.mjs': `
          import { writeFileSync } from 'node:fs'
          writeFileSync(${JSON.stringify(evaluated)}, '')
          export default { tasks: { build: { exec: { command: ${JSON.stringify(log.note('ran'))} } } } }`,
      },
    )
    for (const file of ['package.json/p.json', 'packages']) {
      const { code, stdout, stderr } = vx(root, ['run', 'build', `--profile=${file}`])
      assert.deepEqual([code, stdout], [2, ''])
      assert.ok(stderr.includes(`cannot write the profile to ${JSON.stringify(join(root, file))}`), stderr)
      assert.match(stderr, /name another file with --profile=<file>\n +VX_PROFILE\n$/)
    }
    assert.equal(existsSync(evaluated), false)
    assert.deepEqual(log.lines(), [])
    assert.equal(git(root, 'status', '--porcelain', '--ignored'), '')
  })

  test('the summary and the profile cannot be one file', () => {
    const log = journal()
    const root = monorepo({ app: { tasks: { build: plain(log.note('ran')) } } })
    const { code, stderr } = vx(root, ['run', 'build', '--profile=x.json', `--summarize=${root}/x.json`])
    assert.equal(code, 2)
    assert.match(
      stderr,
      /cannot write the profile to ".*x\.json": the summary goes there;.*\n +VX_PROFILE\n$/,
    )
    assert.deepEqual(log.lines(), [])
    assert.equal(git(root, 'status', '--porcelain', '--ignored'), '')
  })

  test('a place that goes away during the run: that the profile is missing; the run itself stands', () => {
    const out = join(scratch(), 'out')
    const root = monorepo({
      app: {
        tasks: { build: cached(`mkdir -p dist; touch dist/x; rm -r '${out}'`) },
        files: { 'src/a': 'a' },
      },
    })
    const run = (flag) => vx(root, ['run', 'build', flag])
    const { code, stdout, stderr } = run(`--profile=${out}/p.json`)
    assert.equal(code, 2)
    assert.match(stdout, /1 succeeded/)
    assert.match(stderr, /cannot write the profile to ".*out\/p\.json".*\n +VX_PROFILE\n$/)
    assert.match(run(`--profile=${scratch()}/p.json`).stdout, /1 hit/)
  })

  test('without a file and outside of every workspace: that there is none', () => {
    const { code, stderr } = vx(scratch(), ['run', 'build', '--profile'])
    assert.equal(code, 2)
    assert.match(stderr, /VX_NO_WORKSPACE/)
  })

  test('stopped while a task runs: what ran and what did not', async () => {
    const up = join(scratch(), 'up')
    const root = monorepo({
      app: {
        tasks: {
          build: cached(`touch '${up}'; ${waits('false')}`),
          last: plain('true', { dependsOn: ['build'] }),
        },
      },
    })
    const file = join(scratch(), 'profile.json')
    const run = start(root, ['run', 'last', `--profile=${file}`])
    await until(() => existsSync(up), 'the task starts')
    run.child.kill('SIGINT')
    assert.equal((await run.ended).code, 130)
    const trace = read(file)
    assert.deepEqual(phasesOf(trace), { names: [...PLAN, ...WORK, ...END], args: { exitCode: 130 } })
    const tasks = tasksOf(trace)
    assert.deepEqual([tasks['app#build'].status, tasks['app#last'].status], ['failed', 'skipped'])
  })

  test('stopped while a config is evaluated: the phase that took so long', async () => {
    const up = join(scratch(), 'up')
    const root = monorepo(
      { app: {} },
      {
        'packages/app/vx.config.mjs': `
          import { writeFileSync } from 'node:fs'
          writeFileSync(${JSON.stringify(up)}, '')
          await new Promise((resolve) => setInterval(resolve, 1 << 30))
          export default {}`,
      },
    )
    const run = start(root, ['run', 'build', '--profile'])
    await until(() => existsSync(up), 'vx comes to wait')
    run.child.kill('SIGTERM')
    assert.equal((await run.ended).code, 143)
    const name = readdirSync(join(root, '.vx/runs')).find((file) => file.endsWith('.profile.json'))
    const phases = phasesOf(read(join(root, '.vx/runs', name)))
    assert.deepEqual(phases.names, PLAN.slice(0, 3))
    assert.deepEqual(phases.args, { error: 'VX_CONFIG_EVALUATION' })
  })
})
