// Nothing is cached and the commands are trivial: what a run costs beyond the commands themselves, which `xargs` starts
// for comparison, as many at once as there are cores.

import { coldTurn, present, removeOutputs } from '../turns.mjs'

/**
 * @param {import('../session.mjs').Session} session
 * @param {import('../session.mjs').BenchWorkspace} workspace
 * @returns {Promise<import('../session.mjs').Result>}
 */
export async function cold(session, workspace) {
  const { size, tools } = workspace
  const rounds = session.rounds(size <= 100 ? 5 : size <= 1000 ? 5 : 1)
  session.say(`cold ${size}: ${rounds} rounds`)
  const contenders = [
    ...present([tools.vx, tools.turbo]).map((tool) => coldTurn(session, tool, workspace)),
    bareCommands(session, workspace),
    ...session.runtimes().slice(0, 1),
  ]
  const warmUp = size <= 1000
  return {
    scenario: 'cold',
    size,
    rounds,
    figures: await session.measure(contenders, rounds, { warmUp }),
    notes: [],
  }
}

/** Each command as `sh -c` in its directory. */
function bareCommands(session, workspace) {
  const { root, packages, tasks } = workspace
  const script = `cd "$1" && ${tasks.map((task) => task.command).join(' && ')}`
  return {
    name: 'bare commands',
    prepare: () => removeOutputs(session, workspace),
    command: {
      argv: ['xargs', `-P${session.cores}`, '-n1', 'sh', '-c', script, 'sh'],
      cwd: root,
      env: session.environment(),
      input: packages.map(({ directory }) => `${directory}\n`).join(''),
    },
  }
}
