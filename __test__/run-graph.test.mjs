// In which order tasks run, how many at once, and which are meant.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratch } from './scratch.mjs'
import { journal, plain, waits } from './tasks.mjs'
import { monorepo, statuses, vx, vxRun } from './workspace.mjs'

const unix = { skip: process.platform === 'win32' }

describe('the graph', unix, () => {
  test('^task means the nearest dependencies that declare it, passing through those that do not', () => {
    const log = journal()
    const build = (name) => ({ build: plain(log.note(name), { dependsOn: ['^build'] }) })
    const root = monorepo({
      app: { tasks: build('app'), dependencies: ['middle'] },
      middle: { tasks: { lint: plain(log.note('lint')) }, dependencies: ['bare'] },
      bare: { dependencies: ['lib'] },
      lib: { tasks: build('lib'), dependencies: ['deep'] },
      deep: { tasks: build('deep') },
      other: { tasks: build('other') },
    })
    const run = vxRun(root, ['app#build'])
    assert.equal(run.code, 0, run.stderr)
    assert.deepEqual(log.lines(), ['deep', 'lib', 'app'])
    assert.deepEqual(Object.keys(run.tasks).toSorted(), ['app#build', 'deep#build', 'lib#build'])
  })

  test('a group runs what it depends on, in its own project and in named others, each task once', () => {
    const log = journal()
    const root = monorepo({
      app: {
        tasks: {
          check: { dependsOn: ['lint', 'test', 'other#lint', '^check'] },
          lint: plain(log.note('app lint')),
          test: plain(log.note('app test'), { dependsOn: ['lint'] }),
          never: plain(log.note('never')),
        },
        dependencies: ['lib'],
      },
      lib: { tasks: { check: { dependsOn: ['lint'] }, lint: plain(log.note('lib lint')) } },
      other: { tasks: { lint: plain(log.note('other lint')), check: plain(log.note('never')) } },
    })
    const run = vxRun(root, ['app#check', 'app#lint', 'lint', '--filter', 'app'])
    assert.equal(run.code, 0, run.stderr)
    assert.deepEqual(log.lines().toSorted(), ['app lint', 'app test', 'lib lint', 'other lint'])
    assert.match(run.stdout, /^Tasks: 4 succeeded, 4 total$/m)
    assert.doesNotMatch(run.stdout, /check/)
  })

  test('nothing starts before all that it depends on has ended', () => {
    const log = journal()
    const task = (name, ...dependsOn) => ({
      t: plain(`${log.note(`${name} starts`)}; sleep 0.1; ${log.note(`${name} ends`)}`, { dependsOn }),
    })
    const root = monorepo({
      a: { tasks: task('a', 'b#t', 'c#t') },
      b: { tasks: task('b', 'd#t') },
      c: { tasks: task('c', 'd#t', 'e#t') },
      d: { tasks: task('d') },
      e: { tasks: task('e') },
    })
    assert.equal(vx(root, ['run', 'a#t', '--concurrency', '8']).code, 0)
    const lines = log.lines()
    assert.equal(lines.length, 10)
    for (const [down, up] of ['ab', 'ac', 'bd', 'cd', 'ce']) {
      assert.ok(lines.indexOf(`${up} ends`) < lines.indexOf(`${down} starts`), lines.join('; '))
    }
  })

  test('of the tasks that are ready, the one that most others wait for comes first', () => {
    const log = journal()
    const t = (name, ...dependsOn) => ({ tasks: { t: plain(log.note(name), { dependsOn }) } })
    const root = monorepo({
      a: t('a'),
      b: t('b', 'y#t'),
      c: t('c', 'x#t'),
      d: t('d', 'x#t'),
      e: t('e', 'd#t'),
      x: t('x'),
      y: t('y'),
    })
    assert.equal(vx(root, ['run', 't', '--concurrency=1']).code, 0)
    assert.deepEqual(log.lines(), ['x', 'd', 'y', 'a', 'b', 'c', 'e'])
  })

  test('two tasks that declare the same output are refused, and nothing was touched', () => {
    const log = journal()
    const writes = (file) => ({
      ...plain(log.note('ran')),
      cache: { inputs: { files: [] }, outputs: { files: [file] } },
    })
    const root = monorepo({ app: { tasks: { one: writes('dist/**'), two: writes('dist/a/*.js') } } })
    const both = vx(root, ['run', 'one', 'two'])
    assert.equal(both.code, 2)
    assert.equal(both.stdout, '')
    assert.match(both.stderr, /app#one/)
    assert.match(both.stderr, /app#two/)
    assert.match(both.stderr, /dist\/\*\*/)
    assert.deepEqual(log.lines(), [])
    assert.equal(vx(root, ['run', 'two']).code, 0, 'each alone is fine')
  })

  test('a cycle is refused with its path', () => {
    const t = (...dependsOn) => ({ tasks: { t: plain('true', { dependsOn }) } })
    const { code, stderr } = vx(monorepo({ a: t('b#t'), b: t('c#t'), c: t('a#t') }), ['run', 'a#t'])
    assert.equal(code, 2)
    assert.match(stderr, /a#t\b.*b#t\b.*c#t\b.*a#t/)
  })
})

describe('how many tasks run at once', unix, () => {
  test('as many as allowed run side by side', () => {
    const meets = (own, other) => plain(`touch ../${own}; ${waits(`[ -e ../${other} ]`)}`)
    const root = monorepo({ a: { tasks: { t: meets('a', 'b') } }, b: { tasks: { t: meets('b', 'a') } } })
    const run = vxRun(root, ['t', '--concurrency=2'])
    assert.deepEqual(statuses(run), { 'a#t': 'success', 'b#t': 'success' }, run.stdout)
  })

  /** The largest number of tasks that ran at one time; up to `meet` of them wait for each other. */
  function most(tasks, meet, args, workspaceConfig) {
    const log = journal()
    const command = [
      log.note('+'),
      waits(`[ "$(grep -c + '${log.path}')" -ge ${meet} ]`),
      'sleep 0.05',
      log.note('-'),
    ].join('; ')
    const names = Array.from({ length: tasks }, (_, number) => `p${number}`)
    const root = monorepo(
      Object.fromEntries(names.map((name) => [name, { tasks: { t: plain(command) } }])),
      workspaceConfig && {
        'vx.workspace.mjs': `export default ${JSON.stringify(workspaceConfig)}`,
      },
    )
    const { code, stdout } = vx(root, ['run', 't', ...args])
    assert.equal(code, 0, stdout)
    let now = 0
    return Math.max(...log.lines().map((line) => (now += line === '+' ? 1 : -1)))
  }

  test('and no more', () => {
    assert.equal(most(5, 2, ['--concurrency=2']), 2)
    assert.equal(most(3, 1, ['--concurrency', '1']), 1)
  })

  test('a share of the cores', () => {
    const root = scratch({ 'package.json': '{ "name": "root" }' })
    const { cores } = JSON.parse(vx(root, ['info', '--json']).stdout)
    const expected = 2 * cores
    assert.equal(most(expected + 1, expected, ['--concurrency=200%']), expected)
    const half = Math.max(1, Math.floor(cores / 2))
    assert.equal(most(half + 1, half, ['--concurrency=50%']), half)
  })

  test('the workspace config says so for all, the flag before it', () => {
    assert.equal(most(4, 3, [], { concurrency: 3 }), 3)
    assert.equal(most(3, 2, ['--concurrency=2'], { concurrency: 1 }), 2)
  })

  test('what is no number of tasks is refused', () => {
    for (const wrong of ['0', '-1', '1.5', 'x', '0%', '']) {
      const { code, stderr } = vx(scratch(), ['run', 't', `--concurrency=${wrong}`])
      assert.equal(code, 2, wrong)
      assert.match(stderr, /concurrency/)
    }
  })
})

describe('which projects are meant', () => {
  const tasks = { t: plain('true') }
  const root = monorepo(
    {
      core: { name: '@acme/core', tasks },
      ui: { name: '@acme/ui', tasks, dependencies: ['@acme/core'], files: { 'src/deep/a': '' } },
      app: { name: 'app', tasks: { t: plain('true'), only: plain('true') }, dependencies: ['@acme/ui'] },
      docs: { name: 'docs', tasks },
      plain: { name: 'plain', dependencies: ['@acme/ui'] },
    },
    { 'vx.config.mjs': 'export default { tasks: { t: { exec: { command: "true" } } } }' },
  )

  /** The projects whose task `t` a command line means. */
  function meant(args, cwd = root, task = 't') {
    const { code, stdout, stderr } = vx(cwd, ['run', task, '--dry=json', ...args])
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
      .tasks.map(({ project }) => project)
      .toSorted()
  }
  const EVERY = ['@acme/core', '@acme/ui', 'app', 'docs', 'root']

  test('without a filter: at the root all that declare the task, inside a project that one', () => {
    assert.deepEqual(meant([]), EVERY)
    assert.deepEqual(meant([], root, 'only'), ['app'])
    assert.deepEqual(meant([], join(root, 'packages')), EVERY)
    assert.deepEqual(meant([], join(root, 'packages/ui')), ['@acme/ui'])
    assert.deepEqual(meant([], join(root, 'packages/ui/src/deep')), ['@acme/ui'])
    assert.deepEqual(meant(['--all'], join(root, 'packages/ui')), EVERY)
    assert.deepEqual(meant([], join(root, 'packages/ui'), 'docs#t'), ['docs'])
  })

  const ui = join(root, 'packages/ui')
  for (const [filters, expected, cwd] of [
    [['app'], ['app']],
    [['@acme/*'], ['@acme/core', '@acme/ui']],
    [['*'], EVERY],
    [['./packages/ui'], ['@acme/ui']],
    [['.'], ['@acme/ui'], ui],
    [['../core'], ['@acme/core'], ui],
    [['{packages/ui}'], ['@acme/ui']],
    [['{packages/*}'], ['@acme/core', '@acme/ui', 'app', 'docs']],
    [['app...'], ['@acme/core', '@acme/ui', 'app']],
    [['app^...'], ['@acme/core', '@acme/ui']],
    [['...@acme/core'], ['@acme/core', '@acme/ui', 'app']],
    [['...^@acme/core'], ['@acme/ui', 'app']],
    [['!docs'], ['@acme/core', '@acme/ui', 'app', 'root']],
    [
      ['app...', '!@acme/core'],
      ['@acme/ui', 'app'],
    ],
    [
      ['docs', 'a*'],
      ['app', 'docs'],
    ],
    [['@acme/*{packages/u*}'], ['@acme/ui']],
  ]) {
    test(`--filter ${filters.join(' --filter ')}`, () => {
      const flags = filters.flatMap((filter, number) => [number === 0 ? '--filter' : '-F', filter])
      assert.deepEqual(meant(flags, cwd), expected)
    })
  }

  test('several selectors, with and without a project', () => {
    const { stdout } = vx(root, ['run', 'only', 'docs#t', 't', '--filter', 'app', '--dry=json'])
    const ids = JSON.parse(stdout).tasks.map(({ id }) => id)
    assert.deepEqual(ids.toSorted(), ['app#only', 'app#t', 'docs#t'])
  })

  for (const [args, said] of [
    [['t', '--filter', 'nope'], /"nope" matches no project/],
    [['t', '--filter', '@acme/uu'], /did you mean "@acme\/ui"/],
    [['t', '--filter', '{packages/ui'], /not a filter/],
    [['t', '--filter', '[main]'], /git range/],
    [['only', '--filter', 'docs'], /docs declares no task "only".*exists in app/],
    [['tt'], /no project declares a task "tt".*did you mean "t"/],
    [['nope#t'], /names a project that does not exist/],
    [['app#'], /is no task/],
    [[], /required/],
  ]) {
    test(`refused: vx run ${args.join(' ')}`, () => {
      const { code, stdout, stderr } = vx(root, ['run', ...args])
      assert.equal(code, 2)
      assert.equal(stdout, '')
      assert.match(stderr, said)
    })
  }
})
