// From samples to figures: medians with their spread, and what is left of them without the runtime's own start.

/**
 * @typedef {object} Spread
 * @property {number} median
 * @property {number} min
 * @property {number} max
 */

/**
 * What one contender took. A measure that was not taken is absent.
 *
 * @typedef {object} Figure
 * @property {string} [base] the contender that is the runtime it starts in
 * @property {Spread} [wallMs]
 * @property {Spread} [cpuMs]
 * @property {Spread} [peakBytes]
 * @property {Spread} [instructions]
 */

const MEASURES = /** @type {const} */ (['wallMs', 'cpuMs', 'peakBytes', 'instructions'])

/**
 * @param {import('./measure.mjs').Sample[]} samples at least one
 * @param {string} [base]
 * @returns {Figure}
 */
export function figureOf(samples, base) {
  const figure = base === undefined ? {} : { base }
  for (const measure of MEASURES) {
    const values = samples.map((sample) => sample[measure]).filter((value) => value !== undefined)
    if (values.length > 0) {
      figure[measure] = spread(values)
    }
  }
  return figure
}

/**
 * @param {number[]} values at least one
 * @returns {Spread}
 */
export function spread(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const centre = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median: rounded(centre), min: rounded(sorted[0]), max: rounded(sorted.at(-1)) }
}

/** A thousandth of a millisecond, whole bytes. */
function rounded(value) {
  return Math.round(value * 1000) / 1000
}

/**
 * The median of a measure, or undefined.
 *
 * @param {Record<string, Figure> | undefined} figures
 * @param {string} name
 * @param {keyof Omit<Figure, 'base'>} measure
 */
export function median(figures, name, measure) {
  return figures?.[name]?.[measure]?.median
}

/**
 * The same less that of the runtime the contender starts in; for one without a runtime the median itself.
 *
 * @param {Record<string, Figure> | undefined} figures
 * @param {string} name
 * @param {keyof Omit<Figure, 'base'>} measure
 */
export function aboveRuntime(figures, name, measure) {
  const whole = median(figures, name, measure)
  const base = figures?.[name]?.base
  if (whole === undefined || base === undefined) {
    return whole
  }
  const runtime = median(figures, base, measure)
  return runtime === undefined ? undefined : whole - runtime
}
