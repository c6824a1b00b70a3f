// One source file is edited: in the package that nothing depends on, so that one task runs, and in the one that all
// depend on, so that all run.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expectOutcome, present, settle, taskCount } from '../turns.mjs'

/**
 * @param {import('../session.mjs').Session} session
 * @param {import('../session.mjs').BenchWorkspace} workspace
 * @param {'leaf' | 'root'} where
 * @returns {Promise<import('../session.mjs').Result>}
 */
export async function edit(session, workspace, where) {
  const { packages, tools, size } = workspace
  const edited = packages[where === 'leaf' ? packages.length - 1 : 0]
  const affected = dependents(packages, edited.name)
  const rounds = session.rounds(where === 'leaf' ? 7 : 3)
  session.say(`edit-${where} ${size}: ${rounds} rounds, ${affected} tasks run`)
  const contenders = present([tools.vx, tools.turbo]).map((tool) =>
    editTurn(session, tool, workspace, edited, affected),
  )
  const figures = await session.measure([...contenders, ...session.runtimes().slice(0, 1)], rounds)
  return { scenario: `edit-${where}`, size, rounds, figures, notes: [`${affected} of ${size} tasks run`] }
}

let edits = 0

function editTurn(session, tool, workspace, edited, affected) {
  const path = join(workspace.root, edited.directory, 'src/0.js')
  const original = readFileSync(path)
  return {
    name: tool.name,
    base: tool.base,
    async prepare() {
      writeFileSync(path, original)
      await settle(session, tool, workspace)
      writeFileSync(path, `${original}// edit ${++edits}\n`)
    },
    command: tool.command(workspace),
    check(stdout) {
      writeFileSync(path, original)
      expectOutcome(tool, tool.outcome(stdout), {
        ran: affected,
        total: taskCount(workspace),
        restored: 0,
      })
    },
  }
}

/**
 * How many packages depend on one, directly or not, itself included.
 *
 * @param {import('../packages.mjs').Package[]} packages each after what it depends on
 * @param {string} name
 */
export function dependents(packages, name) {
  const found = new Set([name])
  for (const candidate of packages) {
    if (candidate.dependencies.some((dependency) => found.has(dependency))) {
      found.add(candidate.name)
    }
  }
  return found.size
}
