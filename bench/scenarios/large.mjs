// One task with large outputs: what saving and restoring them costs, next to `tar` and `zstd` on the same files. The
// task's command only moves the files into place, so that a run takes what the cache takes.

import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../process.mjs'
import { randomBytes } from '../random.mjs'
import { NODE } from '../session.mjs'
import { expectOutcome, present } from '../turns.mjs'

/** Moves what lies beside the workspace into the package. */
const MOVE = {
  name: 'build',
  command: 'mv ../../../made dist',
  dependsOn: ['^build'],
  output: 'dist',
}

const TAR = 'tar | zstd -3 -T0'
const UNTAR = 'zstd -d | tar -x'

/** How much of the disk each byte of output takes at the most, with all that is compared. */
const ROOM = 5

/**
 * @param {import('../session.mjs').Session} session
 * @param {'files' | 'file'} shape 20,000 files, or one
 * @returns {Promise<import('../session.mjs').Result[]>}
 */
export async function large(session, shape) {
  const mebibytes = session.options.large
  const skipped = await lacking(session, mebibytes)
  if (skipped) {
    session.say(`${shape}: skipped: ${skipped}`)
    return []
  }
  const name = `large-${shape}`
  const workspace = await session.workspace(name, { packages: 1, files: 1, tasks: [MOVE] })
  const beside = join(session.directory, name)
  const project = join(workspace.root, workspace.packages[0].directory)
  const place = {
    workspace,
    made: join(beside, 'made'),
    dist: join(project, 'dist'),
    archive: join(beside, 'made.tar.zst'),
    // Beside the other, where the file system is as it is for the other.
    unpacked: join(project, 'dist-unpacked'),
  }
  session.say(`${shape}: ${mebibytes} MiB`)
  makeOutputs(place.made, mebibytes, shape === 'file' ? 1 : 20_000)
  const results = [await saving(session, shape, place), await restoring(session, shape, place)]
  ;[place.made, place.dist, place.unpacked].forEach((path) => aside(session, path))
  return results
}

/** What keeps the scenario from being measured, or nothing. */
async function lacking(session, mebibytes) {
  try {
    await must('zstd', ['--version'])
    await must('tar', ['--version'])
  } catch {
    return 'tar or zstd is not installed'
  }
  return session.freeBytes() < mebibytes * 2 ** 20 * ROOM ? 'there is too little room on the disk' : undefined
}

/** Half of each file cannot be compressed, the other half is text. */
function makeOutputs(directory, mebibytes, count) {
  const random = randomBytes(1)
  const text = Buffer.alloc(1 << 16, 'export const answer = (value) => value * 42 // and so on\n')
  const size = Math.floor((mebibytes * 2 ** 20) / count)
  for (let file = 0; file < count; file++) {
    const folder = join(directory, String(file % 100))
    mkdirSync(folder, { recursive: true })
    const path = join(folder, `${file}.js`)
    writeFileSync(path, '')
    for (let left = size; left > 0; left -= 2 * text.length) {
      const half = Math.ceil(Math.min(left, 2 * text.length) / 2)
      writeFileSync(path, Buffer.concat([random(half), text.subarray(0, half)]), { flag: 'a' })
    }
  }
}

function saving(session, shape, place) {
  const { workspace, made, dist, archive } = place
  const toolTurn = (tool) => ({
    name: tool.name,
    base: tool.base,
    async prepare() {
      tool.caches(workspace).forEach((path) => aside(session, path))
      putBack(dist, made)
      await must('sync', [])
    },
    command: tool.command(workspace),
    check: (stdout) => expectOutcome(tool, tool.outcome(stdout), { ran: 1, total: 1, restored: 0 }),
  })
  const tarTurn = {
    name: TAR,
    async prepare() {
      aside(session, archive)
      putBack(dist, made)
      await must('sync', [])
    },
    command: shell(session, 'tar -cf - -C "$1" . | zstd -q -3 -T0 -o "$2"', made, archive),
  }
  return measured(session, `${shape}-save`, place, [
    ...present([workspace.tools.vx, workspace.tools.turbo]).map(toolTurn),
    tarTurn,
  ])
}

/** Each tool's cache is as its last save left it. */
function restoring(session, shape, place) {
  const { workspace, dist, archive, unpacked } = place
  const toolTurn = (tool) => ({
    name: tool.name,
    base: tool.base,
    async prepare() {
      aside(session, dist)
      await must('sync', [])
    },
    command: tool.command(workspace),
    check: (stdout) => expectOutcome(tool, tool.outcome(stdout), { ran: 0, total: 1, restored: 1 }),
  })
  const untarTurn = {
    name: UNTAR,
    async prepare() {
      aside(session, unpacked)
      mkdirSync(unpacked)
      await must('sync', [])
    },
    command: shell(session, 'zstd -dcq "$1" | tar -xf - -C "$2"', archive, unpacked),
  }
  return measured(session, `${shape}-restore`, place, [
    ...present([workspace.tools.vx, workspace.tools.turbo]).map(toolTurn),
    untarTurn,
  ])
}

async function measured(session, scenario, { archive }, contenders) {
  const rounds = session.rounds(3)
  session.say(`${scenario}: ${rounds} rounds`)
  const withRuntime = [...contenders, ...session.runtimes().filter(({ name }) => name === NODE)]
  const figures = await session.measure(withRuntime, rounds)
  const packed = Math.round(statSync(archive).size / 2 ** 20)
  const notes = [`${session.options.large} MiB, packed by tar and zstd ${packed} MiB`]
  return { scenario, size: session.options.large, rounds, figures, notes }
}

function shell(session, script, ...args) {
  return { argv: ['sh', '-c', script, 'sh', ...args], cwd: session.directory, env: session.environment() }
}

/** Emptying many files takes its time, too: only where the room counts. */
function aside(session, path) {
  session.setAside(path, { emptied: session.options.large >= 256 })
}

function putBack(dist, made) {
  if (existsSync(dist) && !existsSync(made)) {
    renameSync(dist, made)
  }
}
