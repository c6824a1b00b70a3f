// The plot: what a cached run costs against the size of the workspace, both axes logarithmic, as one SVG file that needs
// nothing else and can be read on light and on dark. Pure.

import { aboveRuntime, median } from './figures.mjs'

const WIDTH = 980
const PANEL = { width: 320, height: 300, top: 80 }
const LEFT = [70, 550]
const HEIGHT = 430

/** The lines, each with how it is drawn; vx once as started and once without the runtime's own start. */
const LINES = [
  { label: 'vx', name: 'vx', value: median, className: 'vx' },
  { label: 'vx less node', name: 'vx', value: aboveRuntime, className: 'vx dashed' },
  { label: 'vx under Bun', name: 'vx under Bun', value: median, className: 'bun' },
  { label: 'turbo', name: 'turbo', value: median, className: 'turbo' },
  { label: 'nx', name: 'nx', value: median, className: 'nx' },
  { label: 'git status', name: 'git status', value: median, className: 'git' },
]

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .line { fill: none; stroke-width: 2 }
  .dashed { stroke-dasharray: 5 4 }
  .vx { stroke: #0969da; color: #0969da } .bun { stroke: #8250df; color: #8250df }
  .turbo { stroke: #cf222e; color: #cf222e } .nx { stroke: #9a6700; color: #9a6700 }
  .git { stroke: #1a7f37; color: #1a7f37 }
  .dot, .label { fill: currentColor; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .grid { stroke: #30363d }
    .vx { stroke: #58a6ff; color: #58a6ff } .bun { stroke: #bc8cff; color: #bc8cff }
    .turbo { stroke: #ff7b72; color: #ff7b72 } .nx { stroke: #d29922; color: #d29922 }
    .git { stroke: #3fb950; color: #3fb950 }
  }`

/**
 * @param {import('./session.mjs').Result[]} results
 * @returns {string}
 */
export function plot(results) {
  const panels = [
    { title: 'Outputs in place', left: LEFT[0], lines: linesOf(results, 'warm') },
    { title: 'Outputs deleted', left: LEFT[1], lines: linesOf(results, 'restore') },
  ]
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"`,
    '  aria-label="Wall time of a fully cached run against the number of packages, both logarithmic">',
    `<style>${STYLE}\n</style>`,
    '<text class="title" x="20" y="28">A fully cached run: wall time against packages, both logarithmic</text>',
    ...panels.flatMap((panel) => (points.length > 0 ? drawn(panel, points) : unmeasured(panel))),
    '</svg>',
    '',
  ].join('\n')
}

/** The lines that have points: sizes with wall times. */
function linesOf(results, scenario) {
  const measured = results
    .filter((result) => result.scenario === scenario)
    .toSorted((a, b) => a.size - b.size)
  return LINES.map(({ label, className, name, value }) => ({
    label,
    className,
    points: measured
      .map(({ size, figures }) => [size, value(figures, name, 'wallMs')])
      .filter(([, wall]) => wall > 0),
  })).filter(({ points }) => points.length > 0)
}

function unmeasured({ title, left }) {
  return [`<text x="${left}" y="${PANEL.top}">${title}: not measured</text>`]
}

/** One panel; both have the same scales, made from the points of both. */
function drawn({ title, left, lines }, points) {
  const sizes = [...new Set(points.map(([size]) => size))]
  const walls = points.map(([, wall]) => wall)
  const low = Math.floor(Math.log10(Math.min(...walls)))
  const high = Math.ceil(Math.log10(Math.max(...walls)))
  const [narrow, wide] = [Math.min(...sizes), Math.max(...sizes)].map(Math.log10)
  const x = scale(narrow, wide, left, left + PANEL.width)
  const y = scale(low, high, PANEL.top + PANEL.height, PANEL.top)
  return [
    `<text class="title" x="${left}" y="${PANEL.top - 16}">${title}</text>`,
    ...axes(sizes, low, high, x, y, left),
    ...lines.map((line) => curve(line, x, y)),
    ...labels(lines, x, y),
  ]
}

/** A logarithmic scale, its domain given as powers of ten; one of a single value is drawn at its start. */
function scale(low, high, from, to) {
  return (value) =>
    Math.round((from + ((Math.log10(value) - low) / (high - low || 1)) * (to - from)) * 10) / 10
}

function axes(sizes, low, high, x, y, left) {
  const parts = []
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power)
    parts.push(
      `<path class="grid" d="M${left} ${at}h${PANEL.width}"/>`,
      `<text x="${left - 8}" y="${at + 4}" text-anchor="end">${powerText(power)}</text>`,
    )
  }
  for (const size of sizes) {
    parts.push(
      `<path class="grid" d="M${x(size)} ${PANEL.top}v${PANEL.height}"/>`,
      `<text x="${x(size)}" y="${PANEL.top + PANEL.height + 20}" text-anchor="middle">${size.toLocaleString('en-US')}</text>`,
    )
  }
  const middle = left + PANEL.width / 2
  parts.push(`<text x="${middle}" y="${PANEL.top + PANEL.height + 42}" text-anchor="middle">packages</text>`)
  return parts
}

/** A power of ten of milliseconds. */
function powerText(power) {
  return power < 3 ? `${10 ** power} ms` : `${10 ** (power - 3)} s`
}

function curve({ className, points }, x, y) {
  const path = points.map(([size, wall], at) => `${at === 0 ? 'M' : 'L'}${x(size)} ${y(wall)}`).join('')
  const dots = points.map(([size, wall]) => `<circle class="dot" cx="${x(size)}" cy="${y(wall)}" r="3"/>`)
  return `<g class="${className}"><path class="line" d="${path}"/>${dots.join('')}</g>`
}

/** Names at the ends of the lines, moved apart where they would overlap. */
function labels(lines, x, y) {
  const placed = lines
    .map(({ label, className, points }) => {
      const [size, wall] = points.at(-1)
      return { label, className, x: x(size) + 8, y: y(wall) + 4 }
    })
    .toSorted((a, b) => a.y - b.y)
  for (let at = 1; at < placed.length; at++) {
    const above = placed.slice(0, at).findLast((line) => line.x === placed[at].x)
    placed[at].y = Math.max(placed[at].y, above ? above.y + 15 : 0)
  }
  return placed.map(
    (line) =>
      `<g class="${line.className}"><text class="label" x="${line.x}" y="${line.y}">${line.label}</text></g>`,
  )
}
