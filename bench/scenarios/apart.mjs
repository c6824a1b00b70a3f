// Those that are measured after all others, on a workspace of their own and in fewer rounds. nx, since without its daemon
// every run of it deletes the outputs and copies them anew, which no other tool's figures should have to bear; and those
// that start every command through the real npm, since they take as long as all others together.

import { coldTurn, hitTurn, present } from '../turns.mjs'

/** Above these sizes they take minutes for what a scenario needs: a filled cache, a run of all tasks. */
const UP_TO = { warm: 1000, restore: 1000, cold: 100 }

/**
 * The same results with more contenders.
 *
 * @param {import('../session.mjs').Session} session
 * @param {import('../session.mjs').BenchWorkspace} workspace
 * @param {import('../session.mjs').Result[]} results of this size
 * @returns {AsyncGenerator<import('../session.mjs').Result>}
 */
export async function* withThoseApart(session, workspace, results) {
  for (const result of results) {
    const contenders = contendersOf(session, workspace, result.scenario)
    const added =
      contenders.length > 0 ? await session.attempt(() => measured(session, contenders, result)) : undefined
    if (added) {
      yield added
    }
  }
}

/**
 * Whether any are measured beside the contenders of a result.
 *
 * @param {import('../session.mjs').Session} session
 * @param {{ scenario: string, size: number }} result
 */
export function hasThoseApart({ options }, { scenario, size }) {
  return !options.quick && size <= (UP_TO[scenario] ?? 0)
}

function contendersOf(session, workspace, scenario) {
  const { nx, nxNpm, turboNpm } = workspace.tools
  switch (scenario) {
    case 'warm':
      return present([nx]).map((tool) => hitTurn(session, tool, workspace, 'in place'))
    case 'restore':
      return present([nx]).map((tool) => hitTurn(session, tool, workspace, 'deleted'))
    default:
      return present([nx, turboNpm, nxNpm]).map((tool) => coldTurn(session, tool, workspace))
  }
}

async function measured(session, contenders, result) {
  const isCold = result.scenario === 'cold'
  const rounds = Math.min(result.rounds, session.rounds(isCold ? 2 : 5))
  const names = contenders.map(({ name }) => name)
  session.say(`${result.scenario} ${result.size}, ${names.join(', ')}: ${rounds} rounds`)
  const figures = await session.measure(contenders, rounds, { warmUp: !isCold })
  return {
    ...result,
    figures: { ...result.figures, ...figures },
    notes: [...result.notes, `apart, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}: ${names.join('; ')}`],
  }
}
