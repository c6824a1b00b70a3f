// Everything is cached: with the outputs in place, and with the outputs deleted.

import { hitTurn, present } from '../turns.mjs'

/** Above it nx takes minutes to fill its cache. */
const NX_UP_TO = 1000

/**
 * @param {import('../session.mjs').Session} session
 * @param {import('../session.mjs').BenchWorkspace} workspace
 * @param {string} [scenario]
 * @returns {Promise<import('../session.mjs').Result>}
 */
export function warm(session, workspace, scenario = 'warm') {
  const { tools, notes } = taking(session, workspace)
  return measured(session, workspace, scenario, notes, [
    ...tools.map((tool) => hitTurn(session, tool, workspace, 'in place')),
    gitStatus(session, workspace),
    ...session.runtimes(),
  ])
}

/**
 * @param {import('../session.mjs').Session} session
 * @param {import('../session.mjs').BenchWorkspace} workspace
 * @param {string} [scenario]
 * @returns {Promise<import('../session.mjs').Result>}
 */
export function restore(session, workspace, scenario = 'restore') {
  const { tools, notes } = taking(session, workspace)
  return measured(session, workspace, scenario, notes, [
    ...tools.map((tool) => hitTurn(session, tool, workspace, 'deleted')),
    ...session.runtimes(),
  ])
}

/**
 * Which tools take part, and a line for each that does not.
 *
 * @param {import('../session.mjs').Session} session
 * @param {import('../session.mjs').BenchWorkspace} workspace
 */
function taking({ options }, { size, tasks, tools }) {
  const notes = []
  let { nx } = tools
  if (nx && options.quick) {
    nx = undefined
    notes.push('nx: left out of a quick run')
  } else if (nx && (size > NX_UP_TO || tasks.length > 1)) {
    nx = undefined
    notes.push('nx: left out, it would take minutes to fill its cache')
  }
  if (!tools.turbo && !options.without.includes('turbo')) {
    notes.push('turbo: there is no binary for this platform')
  }
  return { tools: present([tools.vx, tools.bun, tools.turbo, nx]), notes }
}

async function measured(session, { size }, scenario, notes, contenders) {
  const rounds = session.rounds(size <= 100 ? 15 : size <= 1000 ? 7 : 3)
  session.say(`${scenario} ${size}: ${rounds} rounds`)
  return { scenario, size, rounds, figures: await session.measure(contenders, rounds), notes }
}

function gitStatus(session, { root }) {
  return {
    name: 'git status',
    command: { argv: ['git', 'status', '--porcelain'], cwd: root, env: session.environment() },
    check(stdout) {
      if (stdout !== '') {
        throw new Error(`the workspace is not clean:\n${stdout}`)
      }
    },
  }
}
