// How many instructions a warm run takes, less those of the runtime alone: a figure that other work on the machine does
// not move, for comparing two states of the code. `perf` counts where the machine lets it, else valgrind.

import { figureOf } from '../figures.mjs'
import { run } from '../process.mjs'
import { runtimeAlone } from '../tools.mjs'
import { settle } from '../turns.mjs'
import { NODE } from '../session.mjs'

const ROUNDS = 3

const COUNTERS = [
  {
    name: 'perf',
    argv: ['perf', 'stat', '-x', ',', '-e', 'instructions:u'],
    pattern: /^(\d+),[^,]*,instructions:u/m,
  },
  {
    name: 'valgrind',
    argv: ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null', '--'],
    pattern: /Collected *: *(\d+)/,
  },
]

/**
 * @param {import('../session.mjs').Session} session
 * @param {import('../session.mjs').BenchWorkspace} workspace
 * @returns {Promise<import('../session.mjs').Result | undefined>} undefined where nothing can count
 */
export async function instructions(session, workspace) {
  const { vx } = workspace.tools
  const alone = runtimeAlone(NODE, session.node, session.environment())
  const counter = await firstThatCounts(alone.command)
  if (!counter) {
    session.say('instructions: skipped: neither perf nor valgrind can count them here')
    return undefined
  }
  session.say(`instructions ${workspace.size}: counted by ${counter.name}`)
  await settle(session, vx, workspace)
  const figures = {}
  for (const { name, base, command } of [
    { name: vx.name, base: vx.base, command: vx.command(workspace) },
    alone,
  ]) {
    const samples = []
    while (samples.length < ROUNDS) {
      samples.push({ instructions: await count(counter, command) })
    }
    figures[name] = figureOf(samples, base)
  }
  const notes = [`counted by ${counter.name}`]
  return { scenario: 'instructions', size: workspace.size, rounds: ROUNDS, figures, notes }
}

async function firstThatCounts(command) {
  for (const counter of COUNTERS) {
    if ((await count(counter, command)) !== undefined) {
      return counter
    }
  }
  return undefined
}

/** @returns {Promise<number | undefined>} undefined when the counter is not there or is not allowed to count */
async function count({ argv, pattern }, { argv: counted, cwd, env }) {
  const [program, ...args] = [...argv, ...counted]
  try {
    const { status, stderr } = await run(program, args, { cwd, env })
    const found = status === 0 ? stderr.match(pattern) : undefined
    return found ? Number(found[1]) : undefined
  } catch {
    return undefined
  }
}
