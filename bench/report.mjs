// The tables, as Markdown, and the places in a document where they go. Pure.

import { aboveRuntime, median } from './figures.mjs'
import { goals } from './goals.mjs'

/**
 * Each scenario: its heading, in what its size is counted, and whom its contenders are compared with.
 *
 * @type {[scenario: string, heading: string, unit: string, references: string[]][]}
 */
const SECTIONS = [
  ['warm', 'Warm: everything cached, outputs in place', 'packages', ['turbo', 'git status']],
  ['restore', 'Restore: everything cached, outputs deleted', 'packages', ['turbo']],
  ['cold', 'Cold: nothing cached, trivial commands', 'packages', ['bare commands', 'turbo']],
  ['edit-leaf', 'One file edited in a package that nothing depends on', 'packages', ['turbo']],
  ['edit-root', 'One file edited in the package that all depend on', 'packages', ['turbo']],
  [
    'dense-warm',
    'Dense graph, warm: 30 dependencies and 3 tasks a package',
    'packages',
    ['turbo', 'git status'],
  ],
  ['dense-restore', 'Dense graph, restore', 'packages', ['turbo']],
  ['inputs-warm', '200,000 input files, warm', 'packages', ['turbo', 'git status']],
  ['files-save', 'Save outputs of 20,000 files', 'MiB', ['tar | zstd -3 -T0']],
  ['files-restore', 'Restore outputs of 20,000 files', 'MiB', ['zstd -d | tar -x']],
  ['file-save', 'Save one large output file', 'MiB', ['tar | zstd -3 -T0']],
  ['file-restore', 'Restore one large output file', 'MiB', ['zstd -d | tar -x']],
  ['history', 'A million runs in the history, warm', 'packages', ['vx']],
  ['keys', 'Keys from JavaScript', 'keys', ['plain JavaScript']],
  ['instructions', 'Instructions of a warm run', 'packages', []],
]

/**
 * The generated parts of the document, by name.
 *
 * @param {import('./record.mjs').Measurements} record
 * @returns {Record<string, string>}
 */
export function blocks(record) {
  return {
    goals: goalTables(record.results),
    figures: sections(record.results),
    machine: machineLines(record),
  }
}

/**
 * The document with its generated parts replaced; what stands between them stays.
 *
 * @param {string} document
 * @param {Record<string, string>} parts
 * @throws when the document lacks a place for one of them
 */
export function withBlocks(document, parts) {
  let text = document
  for (const [name, content] of Object.entries(parts)) {
    const [open, close] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`]
    const [start, end] = [text.indexOf(open), text.indexOf(close)]
    if (start === -1 || end < start) {
      throw new Error(`the document has no place for ${name}: ${open} … ${close}`)
    }
    text = `${text.slice(0, start + open.length)}\n\n${content}\n\n${text.slice(end)}`
  }
  return text
}

/**
 * How the figures stand to the goals.
 *
 * @param {import('./session.mjs').Result[]} results
 * @param {{ measuredOnly?: boolean }} [options] whether rows without any figure are left out
 */
export function goalTables(results, { measuredOnly = false } = {}) {
  const { sizes, ...all } = goals(results)
  const overSizes = all.overSizes.filter(({ cells }) => !measuredOnly || cells.some(isMeasured))
  const single = all.single.filter(({ cell }) => !measuredOnly || isMeasured(cell))
  return [
    table(
      ['', ...sizes.map((size) => `${count(size)} packages`)],
      overSizes.map(({ label, cells }) => [label].concat(cells.map((cell) => cell.text))),
    ),
    table(
      ['', 'result'],
      single.map(({ label, cell }) => [label, cell.text]),
    ),
  ]
    .filter(Boolean)
    .join('\n\n')
}

function isMeasured({ met }) {
  return met !== undefined
}

/** @param {import('./session.mjs').Result[]} results */
function sections(results) {
  return SECTIONS.flatMap(([scenario, heading, unit, references]) => {
    const found = results
      .filter((result) => result.scenario === scenario)
      .toSorted((a, b) => a.size - b.size)
      .map((result) => `${caption(result, unit)}\n\n${resultTable(result, references)}`)
    return found.length > 0 ? [`### ${heading}`, ...found] : []
  }).join('\n\n')
}

/**
 * One result with its heading, for the terminal.
 *
 * @param {import('./session.mjs').Result} result
 */
export function resultText(result) {
  const [, heading, unit, references] = SECTIONS.find(([scenario]) => scenario === result.scenario) ?? [
    '',
    result.scenario,
    '',
    [],
  ]
  return `${heading}\n${caption(result, unit)}\n\n${resultTable(result, references)}\n`
}

function caption({ size, rounds, notes }, unit) {
  const words = [`${count(size)} ${unit}`, `${rounds} ${rounds === 1 ? 'round' : 'rounds'}`, ...notes]
  return `${words.join('; ')}.`
}

/** Ratios first, then the medians that they are made of, with their spread. */
function resultTable({ figures }, references) {
  const names = Object.keys(figures)
  const compared = references.filter((reference) => names.includes(reference))
  const columns = [
    ...compared.map((reference) => ratioColumn(figures, reference, 'wallMs', `wall ÷ ${reference}`)),
    ...compared.map((reference) => ratioColumn(figures, reference, 'cpuMs', `CPU ÷ ${reference}`)),
    { heading: 'wall', text: (name) => spreadText(figures[name].wallMs, milliseconds) },
    { heading: 'less the runtime', text: (name) => lessRuntime(figures, name) },
    { heading: 'CPU', text: (name) => spreadText(figures[name].cpuMs, milliseconds) },
    { heading: 'peak memory', text: (name) => memoryText(figures, name) },
    { heading: 'instructions', text: (name) => spreadText(figures[name].instructions, millions) },
    { heading: 'instructions less the runtime', text: (name) => instructionsAbove(figures, name) },
  ]
  const told = columns.filter(({ text }) => names.some((name) => text(name) !== ''))
  return table(
    ['', ...told.map(({ heading }) => heading)],
    names.map((name) => [name].concat(told.map(({ text }) => text(name)))),
  )
}

/** Wall times are compared without the runtime's start, processor times with it. */
function ratioColumn(figures, reference, measure, heading) {
  const value = measure === 'wallMs' ? aboveRuntime : median
  return {
    heading,
    text(name) {
      const [top, bottom] = [value(figures, name, measure), value(figures, reference, measure)]
      const isRuntime = Object.values(figures).some(({ base }) => base === name)
      return top === undefined || bottom === undefined || isRuntime ? '' : (top / bottom).toFixed(2)
    },
  }
}

function lessRuntime(figures, name) {
  const value = aboveRuntime(figures, name, 'wallMs')
  return figures[name].base === undefined || value === undefined ? '' : milliseconds(value)
}

function instructionsAbove(figures, name) {
  const value = aboveRuntime(figures, name, 'instructions')
  return figures[name].base === undefined || value === undefined ? '' : millions(value)
}

function memoryText(figures, name) {
  const whole = figures[name].peakBytes
  if (!whole) {
    return ''
  }
  const above = aboveRuntime(figures, name, 'peakBytes')
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`
  return figures[name].base === undefined || above === undefined
    ? megabytes(whole.median)
    : `${megabytes(whole.median)} (${megabytes(above)} above)`
}

function spreadText(spread, format) {
  if (!spread) {
    return ''
  }
  const [middle, least, most] = [spread.median, spread.min, spread.max].map(format)
  const unit = middle.split(' ')[1]
  const bare = (text) => (text.endsWith(` ${unit}`) ? text.split(' ')[0] : text)
  return `${middle} (${bare(least)}–${bare(most)})`
}

/** @param {number} value */
export function milliseconds(value) {
  if (Math.abs(value) >= 1000) {
    return `${(value / 1000).toFixed(2)} s`
  }
  return `${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} ms`
}

function millions(value) {
  return `${(value / 1e6).toFixed(1)} M`
}

function machineLines({ machine, versions, results }) {
  const unique = (values) => [...new Set(values)].toSorted()
  const dates = unique(results.map(({ date }) => date))
  const states = unique(results.map(({ vx }) => vx))
  return table(
    ['', ''],
    [
      ['measured', dates.length > 1 ? `${dates[0]} to ${dates.at(-1)}` : (dates[0] ?? '')],
      ...Object.entries(machine),
      ['vx', states.join(', ')],
      ...Object.entries(versions),
    ],
  )
}

/** @param {number} number */
function count(number) {
  return number.toLocaleString('en-US')
}

/**
 * Nothing where there are no rows.
 *
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  if (rows.length === 0) {
    return ''
  }
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}
