// nx, measured after all others and on a workspace of its own: without its daemon every run of it deletes the outputs and
// copies them anew, which no other tool's figures should have to bear.

import { coldTurn, hitTurn } from '../turns.mjs'

/** Above these sizes nx takes minutes for what the scenario needs: a filled cache, a run of all tasks. */
const UP_TO = { warm: 1000, restore: 1000, cold: 100 }

/**
 * The same results with nx among their contenders.
 *
 * @param {import('../session.mjs').Session} session
 * @param {import('../session.mjs').BenchWorkspace} workspace
 * @param {import('../session.mjs').Result[]} results of this size, those of other scenarios among them
 * @returns {AsyncGenerator<import('../session.mjs').Result>}
 */
export async function* withNx(session, workspace, results) {
  for (const result of results) {
    if (takesPart(session, result)) {
      const added = await session.attempt(() => measured(session, workspace, result))
      if (added) {
        yield added
      }
    }
  }
}

/**
 * Whether nx is measured beside the contenders of a result.
 *
 * @param {import('../session.mjs').Session} session
 * @param {{ scenario: string, size: number }} result
 */
export function takesPart({ options }, { scenario, size }) {
  return !options.quick && !options.without.includes('nx') && size <= (UP_TO[scenario] ?? 0)
}

async function measured(session, workspace, result) {
  const { nx, nxNpm } = workspace.tools
  const rounds = Math.min(result.rounds, session.rounds(5))
  session.say(`${result.scenario} ${result.size}, nx: ${rounds} rounds`)
  const contenders = {
    warm: () => [hitTurn(session, nx, workspace, 'in place')],
    restore: () => [hitTurn(session, nx, workspace, 'deleted')],
    cold: () => [coldTurn(session, nx, workspace), coldTurn(session, nxNpm, workspace)],
  }[result.scenario]()
  const figures = await session.measure(contenders, rounds)
  return {
    ...result,
    figures: { ...result.figures, ...figures },
    notes: [...result.notes, `nx apart, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`],
  }
}
