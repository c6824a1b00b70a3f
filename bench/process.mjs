// Programs run to their end without blocking this one, so that a signal finds it awake. Each is a process group of its
// own, and all that still run can be ended.

import { spawn } from 'node:child_process'

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set()

/**
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string }} [options] `env` replaces this process's
 * @returns {Promise<{ status: number | null, signal: string | null, stdout: string, stderr: string }>}
 */
export function run(program, args, { cwd, env = process.env, input = '' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: 'pipe' })
    running.add(child)
    const texts = [child.stdout, child.stderr].map((stream) => {
      const chunks = []
      stream.on('data', (chunk) => chunks.push(chunk))
      return () => Buffer.concat(chunks).toString()
    })
    child.on('error', (error) => {
      running.delete(child)
      reject(new Error(`${program} cannot be started: ${error.message}`))
    })
    child.on('close', (status, signal) => {
      running.delete(child)
      const [stdout, stderr] = texts.map((text) => text())
      resolve({ status, signal, stdout, stderr })
    })
    // One that ends without reading is told apart by how it ends.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/**
 * The same for a program that has to succeed; resolves with what it wrote to stdout.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string }} [options]
 * @throws with what it wrote
 */
export async function must(program, args, options) {
  const { status, signal, stdout, stderr } = await run(program, args, options)
  if (status !== 0) {
    throw new Error(
      `${program} ${args.join(' ')} ended with ${signal ?? status}\n${ending(stdout)}${ending(stderr)}`,
    )
  }
  return stdout
}

/** Ends all programs that still run, with what they started. */
export function endAll() {
  for (const { pid } of running) {
    try {
      process.kill(-Number(pid), 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
}

/** The end of what a program wrote, where it says why it failed. */
function ending(text) {
  return text.slice(-4000)
}
