// What was measured, kept in docs/benchmarks.json: so that the tables can be written anew without measuring, and one
// scenario can be measured again without the others. Pure but for `readRecord` and `writeRecord`.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * @typedef {object} Measurements
 * @property {Record<string, string>} machine
 * @property {Record<string, string>} versions of all but vx
 * @property {(import('./session.mjs').Result & { date: string, vx: string })[]} results
 */

/**
 * @param {string} path
 * @returns {Measurements | undefined} undefined when there is none yet
 */
export function readRecord(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

/**
 * @param {string} path
 * @param {Measurements} record
 */
export function writeRecord(path, record) {
  writeFileSync(path, `${JSON.stringify(record, undefined, 1)}\n`)
}

/**
 * The record with new results in the place of old ones. Figures of another machine or other versions do not go into one
 * table with them: then the old ones are dropped.
 *
 * @param {Measurements | undefined} old
 * @param {Measurements} fresh
 * @returns {Measurements}
 */
export function merged(old, fresh) {
  if (!old || !sameTexts(old.machine, fresh.machine) || !sameTexts(old.versions, fresh.versions)) {
    return fresh
  }
  const replaced = new Set(fresh.results.map(nameOf))
  return {
    ...fresh,
    results: [...old.results.filter((result) => !replaced.has(nameOf(result))), ...fresh.results],
  }
}

function nameOf({ scenario, size }) {
  return `${scenario} ${size}`
}

function sameTexts(a, b) {
  const sorted = (texts) => JSON.stringify(Object.entries(texts).toSorted())
  return sorted(a) === sorted(b)
}
