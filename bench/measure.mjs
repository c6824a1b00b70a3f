// Interleaved measurements: in each round every contender has its turn, and the order rotates from round to round, so
// that what the machine does meanwhile meets all of them alike. The first round is not counted.

import { fileURLToPath } from 'node:url'
import { must } from './process.mjs'

const METER = fileURLToPath(new URL('meter.mjs', import.meta.url))

/**
 * What is run.
 *
 * @typedef {object} Command
 * @property {string[]} argv
 * @property {string} cwd
 * @property {Record<string, string>} env the whole environment
 * @property {string} [input] for stdin; else it is empty
 */

/**
 * What one run took.
 *
 * @typedef {object} Sample
 * @property {number} wallMs
 * @property {number} [cpuMs] of all processes
 * @property {number} [peakBytes] of the largest process
 * @property {number} [instructions]
 */

/**
 * One that takes part.
 *
 * @typedef {object} Contender
 * @property {string} name
 * @property {string} [base] the contender that is the runtime this one starts in
 * @property {() => void | Promise<void>} [prepare] before each turn; not measured
 * @property {Command} command
 * @property {(stdout: string) => void} [check] throws unless the run did what it was to be measured doing
 */

/** Runs one command through the meter, a process of its own under Bun. */
export class Meter {
  /** @param {string} bun path of Bun */
  constructor(bun) {
    this.bun = bun
  }

  /**
   * @param {Command} command
   * @returns {Promise<Sample & { stdout: string }>}
   * @throws when the program does not end with success, with what it wrote
   */
  async run(command) {
    const { exit, stderr, ...sample } = JSON.parse(
      await must(this.bun, [METER], { input: JSON.stringify(command) }),
    )
    if (exit !== 0) {
      throw new Error(
        `${command.argv.join(' ')} ended with ${exit}:\n${lastOf(sample.stdout)}\n${lastOf(stderr)}`,
      )
    }
    return sample
  }
}

/** The end of what a program wrote, where it says why it failed. */
function lastOf(text) {
  return text.slice(-4000)
}

/**
 * @param {{ run(command: Command): Promise<Sample & { stdout: string }> }} meter
 * @param {Contender[]} contenders
 * @param {number} rounds how many are counted
 * @param {{ warmUp?: boolean }} [options] `warmUp: false` counts the first round, too
 * @returns {Promise<Record<string, Sample[]>>} by contender
 */
export async function measureRounds(meter, contenders, rounds, { warmUp = true } = {}) {
  /** @type {Record<string, Sample[]>} */
  const samples = Object.fromEntries(contenders.map(({ name }) => [name, []]))
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    for (const contender of rotated(contenders, round)) {
      await contender.prepare?.()
      const { wallMs, cpuMs, peakBytes, stdout } = await meter.run(contender.command)
      contender.check?.(stdout)
      if (round > 0) {
        samples[contender.name].push({ wallMs, cpuMs, peakBytes })
      }
    }
  }
  return samples
}

/**
 * The list, begun `by` places later.
 *
 * @template T
 * @param {T[]} list
 * @param {number} by
 */
export function rotated(list, by) {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}
