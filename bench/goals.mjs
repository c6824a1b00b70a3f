// The goals, and how near the figures come to each. Pure: figures in, rows out.

import { aboveRuntime, median } from './figures.mjs'

/** What doubling the size may cost beyond double: measurements are not exact. */
const LINEAR = 1.1

const SIZES = [100, 1000, 10_000]

const wall = (figures, name) => aboveRuntime(figures, name, 'wallMs')
const asStarted = (figures, name) => median(figures, name, 'wallMs')
const cpu = (figures, name) => median(figures, name, 'cpuMs')
const memory = (figures, name) => aboveRuntime(figures, name, 'peakBytes')

/** Rows over the sizes. `limits` in the order of the sizes; undefined: no goal there. */
const OVER_SIZES = [
  against('warm, wall less the runtime, ÷ turbo', 'warm', wall, 'turbo', [0.4, 0.25, undefined]),
  against('warm, wall less the runtime, ÷ git status', 'warm', wall, 'git status', [undefined, 2, 2.5]),
  linear('warm, wall less the runtime, 10,000 ÷ ten times 1,000', 'warm', wall),
  against('warm, CPU ÷ turbo', 'warm', cpu, 'turbo', [0.6, 0.4, undefined]),
  linear('warm, CPU, 10,000 ÷ ten times 1,000', 'warm', cpu),
  against('restore, wall less the runtime, ÷ turbo', 'restore', wall, 'turbo', [0.6, 0.6, undefined]),
  against('restore, wall as started, ÷ turbo', 'restore', asStarted, 'turbo', [0.6, 0.6, undefined]),
  linear('restore, wall less the runtime, 10,000 ÷ ten times 1,000', 'restore', wall),
  against('cold, wall less the runtime, ÷ bare commands', 'cold', wall, 'bare commands', [1.3, 1.3, 1.3]),
  against('cold, wall as started, ÷ bare commands', 'cold', asStarted, 'bare commands', [1.3, 1.3, 1.3]),
  {
    label: 'peak memory above the runtime, warm, MB',
    cell: (find, size, at) =>
      cell(megabytes(memory(find('warm', size), 'vx')), [60, 100, 400][at], (value) => value.toFixed(0)),
  },
]

/** Rows with one figure each. */
const SINGLE = [
  ['files', '20,000 files'],
  ['file', 'one file'],
].flatMap(([shape, words]) => [
  single(`save ${words}, wall ÷ tar and zstd`, 1.25, (find) =>
    ratio(asStarted, find(`${shape}-save`), 'vx', 'tar | zstd -3 -T0'),
  ),
  single(`restore ${words}, wall ÷ zstd and tar`, 1.25, (find) =>
    ratio(asStarted, find(`${shape}-restore`), 'vx', 'zstd -d | tar -x'),
  ),
  single(`save ${words}, peak memory above the runtime, MiB`, 64, (find) =>
    mebibytes(memory(find(`${shape}-save`), 'vx')),
  ),
  single(`restore ${words}, peak memory above the runtime, MiB`, 64, (find) =>
    mebibytes(memory(find(`${shape}-restore`), 'vx')),
  ),
])

SINGLE.push(
  single('a million runs of history, wall less the runtime, ÷ without them', 1.1, (find) =>
    ratio(wall, find('history'), 'vx, a million runs ago', 'vx'),
  ),
)

/**
 * How a figure stands to its limit.
 *
 * @typedef {{ text: string, met: boolean | undefined }} Cell
 */

/**
 * @param {import('./session.mjs').Result[]} results
 * @returns {{ sizes: number[], overSizes: { label: string, cells: Cell[] }[], single: { label: string, cell: Cell }[] }}
 */
export function goals(results) {
  const find = (scenario, size) =>
    results.find((result) => result.scenario === scenario && (size === undefined || result.size === size))
      ?.figures
  return {
    sizes: SIZES,
    overSizes: OVER_SIZES.map(({ label, cell: cellAt }) => ({
      label,
      cells: SIZES.map((size, at) => cellAt(find, size, at)),
    })),
    single: SINGLE.map(({ label, limit, value }) => ({ label, cell: cell(value(find), limit) })),
  }
}

function against(label, scenario, measure, reference, limits) {
  return {
    label,
    cell: (find, size, at) =>
      limits[at] === undefined
        ? NO_GOAL
        : cell(ratio(measure, find(scenario, size), 'vx', reference), limits[at]),
  }
}

function linear(label, scenario, measure) {
  return {
    label,
    cell(find, size) {
      if (size !== 10_000) {
        return NO_GOAL
      }
      const [small, large] = [1000, 10_000].map((packages) => measure(find(scenario, packages), 'vx'))
      return cell(small === undefined || large === undefined ? undefined : large / (10 * small), LINEAR)
    },
  }
}

function single(label, limit, value) {
  return { label, limit, value }
}

function ratio(measure, figures, name, reference) {
  const [top, bottom] = [measure(figures, name), measure(figures, reference)]
  return top === undefined || bottom === undefined ? undefined : top / bottom
}

function megabytes(bytes) {
  return bytes === undefined ? undefined : bytes / 1e6
}

function mebibytes(bytes) {
  return bytes === undefined ? undefined : bytes / 2 ** 20
}

const NO_GOAL = { text: '', met: undefined }

/** @returns {Cell} */
function cell(value, limit, format = (number) => number.toFixed(2)) {
  if (value === undefined) {
    return { text: `not measured (≤ ${limit})`, met: undefined }
  }
  const met = value <= limit
  return { text: `${met ? '✔' : '✘'} ${format(value)} (≤ ${limit})`, met }
}
