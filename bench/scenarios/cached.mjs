// Everything is cached: with the outputs in place, and with the outputs deleted.

import { hitTurn, present } from '../turns.mjs'

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

/** nx is measured apart. */
function taking({ options }, { tools }) {
  const missing = !tools.turbo && !options.without.includes('turbo')
  return {
    tools: present([tools.vx, tools.bun, tools.turbo]),
    notes: missing ? ['turbo: there is no binary for this platform'] : [],
  }
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
