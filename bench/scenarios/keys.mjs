// `Cache.key()` called from JavaScript, next to the same derivation in plain JavaScript.

import { fileURLToPath } from 'node:url'
import { figureOf } from '../figures.mjs'
import { must } from '../process.mjs'

const PROGRAM = fileURLToPath(new URL('../keys-run.mjs', import.meta.url))

const KEYS = 10_000
const INPUTS = 100

/**
 * @param {import('../session.mjs').Session} session
 * @returns {Promise<import('../session.mjs').Result>}
 */
export async function keys(session) {
  const rounds = session.rounds(7)
  session.say(`keys: ${KEYS} of ${INPUTS} inputs, ${rounds} rounds`)
  const samples = await must(session.node, [PROGRAM, String(KEYS), String(INPUTS), String(rounds)], {
    cwd: session.directory,
  })
  return {
    scenario: 'keys',
    size: KEYS,
    rounds,
    figures: Object.fromEntries(
      Object.entries(JSON.parse(samples)).map(([name, taken]) => [name, figureOf(taken)]),
    ),
    notes: [`${INPUTS} inputs each, their file ids given`],
  }
}
