// What the benchmark makes of its measurements: medians, goals, tables, plot; and that the documents are what it makes
// of the figures kept beside them.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { figureOf } from '../bench/figures.mjs'
import { goals } from '../bench/goals.mjs'
import { measureRounds } from '../bench/measure.mjs'
import { BadOptions, parseOptions } from '../bench/options.mjs'
import { plot } from '../bench/plot.mjs'
import { merged, readRecord } from '../bench/record.mjs'
import { blocks, resultText, withBlocks } from '../bench/report.mjs'

const DOCS = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs')

/** Figures of one sample each: wall, CPU, memory. */
function figures(samples) {
  return Object.fromEntries(
    Object.entries(samples).map(([name, [wallMs, cpuMs, megabytes, base]]) => [
      name,
      figureOf([{ wallMs, cpuMs, peakBytes: megabytes * 1e6 }], base),
    ]),
  )
}

function warm(size, vx) {
  return {
    scenario: 'warm',
    size,
    rounds: 1,
    notes: [],
    figures: figures({
      vx: [...vx, 'node -e 0'],
      turbo: [size, 2 * size, 100],
      'git status': [size / 10, size / 10, 20],
      'node -e 0': [40, 30, 40],
    }),
  }
}

const RESULTS = [warm(100, [70, 150, 60]), warm(1000, [340, 700, 150]), warm(10_000, [3040, 7000, 300])]

const RECORD = {
  machine: { processor: 'a processor', cores: '2' },
  versions: { node: 'v20.0.0' },
  results: RESULTS.map((result) => ({ ...result, date: '2026-01-01', vx: 'abc' })),
}

test('every contender has a turn in each round, the order rotates, and the first round is not counted', async () => {
  const turns = []
  const meter = {
    run: async ({ argv }) => {
      turns.push(`run ${argv[0]}`)
      return { wallMs: turns.length, cpuMs: 1, peakBytes: 1, stdout: `out ${argv[0]}` }
    },
  }
  const contenders = ['a', 'b', 'c'].map((name) => ({
    name,
    prepare: () => turns.push(`prepare ${name}`),
    command: { argv: [name], cwd: '', env: {} },
    check: (stdout) => assert.equal(stdout, `out ${name}`),
  }))
  const samples = await measureRounds(meter, contenders, 2)
  const order = turns.filter((turn) => turn.startsWith('run')).map((turn) => turn.at(-1))
  assert.equal(order.join(''), 'abcbcacab')
  for (let at = 0; at < turns.length; at += 2) {
    assert.equal(turns[at].replace('prepare', 'run'), turns[at + 1])
  }
  // A's turns are the first, the sixth and the eighth, each a preparation and a run.
  assert.deepEqual(
    samples.a.map(({ wallMs }) => wallMs),
    [12, 16],
  )
})

test('a run that is not what it should be ends the measuring', async () => {
  const meter = { run: async () => ({ wallMs: 1, stdout: 'a miss' }) }
  const contender = {
    name: 'a',
    command: { argv: ['a'], cwd: '', env: {} },
    check: () => assert.fail('not a hit'),
  }
  await assert.rejects(measureRounds(meter, [contender], 1), /not a hit/)
})

test('a figure is the median with its spread', () => {
  assert.deepEqual(figureOf([{ wallMs: 9 }, { wallMs: 1 }, { wallMs: 2 }], 'node').wallMs, {
    median: 2,
    min: 1,
    max: 9,
  })
  assert.equal(figureOf([{ wallMs: 4 }, { wallMs: 1 }]).wallMs.median, 2.5)
  assert.ok(!('cpuMs' in figureOf([{ wallMs: 4 }])))
})

test('goals are told from the figures', () => {
  const { overSizes, single } = goals(RESULTS)
  const texts = Object.fromEntries(
    overSizes.map(({ label, cells }) => [label, cells.map(({ text }) => text)]),
  )
  // The runtime takes 40 of the 70, 340 and 3040 ms.
  assert.deepEqual(texts['warm, wall less the runtime, ÷ turbo'], ['✔ 0.30 (≤ 0.4)', '✘ 0.30 (≤ 0.25)', ''])
  assert.deepEqual(texts['warm, wall less the runtime, ÷ git status'], ['', '✘ 3.00 (≤ 2)', '✘ 3.00 (≤ 2.5)'])
  assert.equal(texts['warm, wall less the runtime, 10,000 ÷ ten times 1,000'][2], '✔ 1.00 (≤ 1.1)')
  assert.deepEqual(texts['warm, CPU ÷ turbo'], ['✘ 0.75 (≤ 0.6)', '✔ 0.35 (≤ 0.4)', ''])
  assert.deepEqual(texts['peak memory above the runtime, warm, MB'], [
    '✔ 20 (≤ 60)',
    '✘ 110 (≤ 100)',
    '✔ 260 (≤ 400)',
  ])
  assert.deepEqual(texts['restore, wall less the runtime, ÷ turbo'].slice(0, 2), [
    'not measured (≤ 0.6)',
    'not measured (≤ 0.6)',
  ])
  assert.ok(single.every(({ cell }) => cell.met === undefined))
})

test('a result shows ratios before what they are made of', () => {
  const text = resultText(RESULTS[0])
  const row = text.split('\n').find((line) => line.startsWith('| vx |'))
  assert.equal(
    row,
    '| vx | 0.30 | 3.00 | 0.75 | 15.00 | 70 ms (70–70) | 30 ms | 150 ms (150–150) | 60 MB (20 MB above) |',
  )
})

test('the generated parts of a document are replaced and nothing else', () => {
  const document = 'by hand\n<!-- generated: a -->\nold\n<!-- end: a -->\nby hand, too\n'
  const once = withBlocks(document, { a: 'new' })
  assert.equal(once, 'by hand\n<!-- generated: a -->\n\nnew\n\n<!-- end: a -->\nby hand, too\n')
  assert.equal(withBlocks(once, { a: 'new' }), once)
  assert.throws(() => withBlocks(document, { b: 'new' }), /no place for b/)
})

test('the plot shows every tool over the sizes, both axes logarithmic', () => {
  const svg = plot(RESULTS)
  for (const label of ['vx', 'vx less node', 'turbo', 'git status']) {
    assert.ok(svg.includes(`>${label}</text>`), label)
  }
  assert.ok(!svg.includes('>nx</text>'))
  const turbo = svg.match(
    /<g class="turbo"><path class="line" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/,
  )
  const [x1, y1, x2, y2, x3, y3] = turbo.slice(1).map(Number)
  // Ten times as much is as far again.
  assert.ok(Math.abs(x2 - x1 - (x3 - x2)) < 0.3, svg)
  assert.ok(Math.abs(y1 - y2 - (y2 - y3)) < 0.3, svg)
  assert.ok(x1 < x2 && y1 > y2)
  assertWellFormed(svg)
})

test('a plot of nothing says so', () => {
  const svg = plot([])
  assert.match(svg, /not measured/)
  assertWellFormed(svg)
})

/** Every element that is opened is closed, in order. */
function assertWellFormed(xml) {
  const open = []
  for (const [, close, name, rest] of xml.matchAll(/<(\/?)([a-z]+)([^>]*)>/g)) {
    if (close) {
      assert.equal(open.pop(), name)
    } else if (!rest.endsWith('/')) {
      open.push(name)
    }
    assert.ok(!/NaN|undefined|Infinity/.test(rest), rest)
  }
  assert.deepEqual(open, [])
}

test('a new result takes the place of the old one, and figures of another machine are dropped', () => {
  const again = { ...RECORD.results[0], date: '2026-02-02' }
  const fresh = { ...RECORD, results: [again] }
  const both = merged(RECORD, fresh)
  assert.deepEqual(both.results.map(({ size, date }) => `${size} ${date}`).toSorted(), [
    '100 2026-02-02',
    '1000 2026-01-01',
    '10000 2026-01-01',
  ])
  assert.deepEqual(merged({ ...RECORD, machine: { processor: 'another' } }, fresh).results, [again])
  assert.deepEqual(merged({ ...RECORD, versions: { node: 'v24.0.0' } }, fresh).results, [again])
  assert.deepEqual(merged(undefined, fresh), fresh)
})

test('options say what is measured', () => {
  const full = parseOptions([])
  assert.deepEqual(full.sizes, [100, 1000, 10_000])
  assert.ok(full.write && full.build && !full.scenarios.includes('instructions'))
  const some = parseOptions(['--sizes=100', '--only=warm', '--rounds=5', '--no-write', '--instructions'])
  assert.deepEqual(
    [some.sizes, some.scenarios, some.rounds, some.write],
    [[100], ['warm', 'instructions'], 5, false],
  )
  assert.equal(parseOptions(['--quick']).write, false)
  for (const bad of ['--only=hot', '--rounds=0', '--sizes=many', '--unknown']) {
    assert.throws(() => parseOptions([bad]), BadOptions, bad)
  }
})

test('docs/benchmarks.md and the plot are what the kept figures give', () => {
  const document = readFileSync(join(DOCS, 'benchmarks.md'), 'utf8')
  const record = readRecord(join(DOCS, 'benchmarks.json'))
  assert.ok(withBlocks(document, blocks(record ?? RECORD)))
  if (record) {
    assert.equal(document, withBlocks(document, blocks(record)))
    assert.equal(readFileSync(join(DOCS, 'benchmarks.svg'), 'utf8'), plot(record.results))
  } else {
    assert.ok(!existsSync(join(DOCS, 'benchmarks.svg')))
  }
})
