// How a tool is brought into the state that a scenario measures, and how its output is checked for having done just that.

import { join } from 'node:path'

/**
 * Runs the tool unmeasured, so that its cache holds every task and the outputs lie as it left them.
 *
 * @param {import('./session.mjs').Session} session
 * @param {import('./tools.mjs').Tool} tool
 * @param {import('./session.mjs').BenchWorkspace} workspace
 */
export async function settle(session, tool, workspace) {
  if (!workspace.filled.has(tool.name)) {
    session.say(`${tool.name} fills its cache`)
    tool.setUp(workspace)
  }
  await session.meter.run(tool.command(workspace))
  workspace.filled.add(tool.name)
}

/**
 * The tool's turn in which every task is a hit.
 *
 * @param {import('./session.mjs').Session} session
 * @param {import('./tools.mjs').Tool} tool
 * @param {import('./session.mjs').BenchWorkspace} workspace
 * @param {'in place' | 'deleted'} outputs
 * @returns {import('./measure.mjs').Contender}
 */
export function hitTurn(session, tool, workspace, outputs) {
  return {
    name: tool.name,
    base: tool.base,
    async prepare() {
      // Others may have put the same files there anew, which is not the place where this one left them.
      if (outputs === 'in place' || !workspace.filled.has(tool.name)) {
        await settle(session, tool, workspace)
      }
      if (outputs === 'deleted') {
        removeOutputs(session, workspace)
      }
    },
    command: tool.command(workspace),
    check(stdout) {
      const outcome = tool.outcome(stdout)
      const restored = outputs === 'deleted' ? outcome.total : 0
      expectOutcome(tool, outcome, { ran: 0, total: taskCount(workspace), restored })
    },
  }
}

/**
 * The tool's turn in which nothing is cached.
 *
 * @param {import('./session.mjs').Session} session
 * @param {import('./tools.mjs').Tool} tool
 * @param {import('./session.mjs').BenchWorkspace} workspace
 * @returns {import('./measure.mjs').Contender}
 */
export function coldTurn(session, tool, workspace) {
  return {
    name: tool.name,
    base: tool.base,
    prepare() {
      tool.setUp(workspace)
      tool.caches(workspace).forEach((path) => session.setAside(path))
      workspace.filled.delete(tool.name)
      removeOutputs(session, workspace)
    },
    command: tool.command(workspace),
    check(stdout) {
      const total = taskCount(workspace)
      expectOutcome(tool, tool.outcome(stdout), { ran: total, total, restored: 0 })
    },
  }
}

/**
 * @param {import('./tools.mjs').Tool} tool
 * @param {import('./tools.mjs').Outcome} outcome
 * @param {{ ran: number, total: number, restored: number }} expected
 */
export function expectOutcome(tool, { hits, total, restored }, expected) {
  const asExpected =
    total === expected.total &&
    total - hits === expected.ran &&
    (restored === undefined || restored === expected.restored)
  if (!asExpected) {
    const wanted = `${expected.ran} of ${expected.total} tasks should have run, ${expected.restored} been restored`
    throw new Error(`${tool.name}: ${wanted}; it says ${hits} hits of ${total}, ${restored ?? 0} restored`)
  }
}

/** @param {import('./tools.mjs').Workspace} workspace */
export function taskCount({ packages, tasks }) {
  return packages.length * tasks.length
}

/**
 * @param {import('./session.mjs').Session} session
 * @param {import('./tools.mjs').Workspace} workspace
 */
export function removeOutputs(session, { root, packages, tasks }) {
  for (const { directory } of packages) {
    for (const { output } of tasks) {
      session.setAside(join(root, directory, output))
    }
  }
}

/**
 * Those that are there: this machine may lack one, or the options leave it out.
 *
 * @template T
 * @param {(T | undefined)[]} tools
 * @returns {T[]}
 */
export function present(tools) {
  return /** @type {T[]} */ (tools.filter(Boolean))
}
