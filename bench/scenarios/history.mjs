// Two caches of one workspace, one with a million past runs in its history: does a run feel it?

import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { must } from '../process.mjs'
import { vx } from '../tools.mjs'
import { hitTurn, settle } from '../turns.mjs'
import { NODE } from '../session.mjs'

const FILL = fileURLToPath(new URL('../history-fill.mjs', import.meta.url))

const RUNS = 1_000_000

/**
 * @param {import('../session.mjs').Session} session
 * @param {import('../session.mjs').BenchWorkspace} workspace
 * @returns {Promise<import('../session.mjs').Result>}
 */
export async function history(session, workspace) {
  await settle(session, workspace.tools.vx, workspace)
  const environment = session.environment()
  const cache = join(workspace.root, '.vx/cache')
  const copies = { short: join(workspace.root, '.vx/short'), long: join(workspace.root, '.vx/long') }
  for (const copy of Object.values(copies)) {
    cpSync(cache, copy, { recursive: true })
  }
  const total = (await must(session.bun, [FILL, join(copies.long, 'cache.db'), String(RUNS)])).trim()
  const rounds = session.rounds(11)
  session.say(`history: ${rounds} rounds`)
  const contenders = [
    vx('vx', NODE, session.node, environment, [`--cache-dir=${copies.short}`]),
    vx('vx, a million runs ago', NODE, session.node, environment, [`--cache-dir=${copies.long}`]),
  ].map((tool) => hitTurn(session, tool, workspace, 'in place'))
  const figures = await session.measure([...contenders, ...session.runtimes().slice(0, 1)], rounds)
  const notes = [
    `${total} rows of history before the first run, in a workspace of ${workspace.size} packages`,
  ]
  return { scenario: 'history', size: workspace.size, rounds, figures, notes }
}
