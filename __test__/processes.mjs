// What the tests that watch vx while it runs share: start it, wait for something to happen, see who is still alive.

import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { after } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { BIN, hostEnv } from './workspace.mjs'

const started = new Set()

after(() => {
  for (const child of started) {
    child.kill('SIGKILL')
  }
})

/**
 * Starts vx. `ended` resolves with its exit code or signal and all that it printed; `out` and `err` give what it has
 * printed so far.
 */
export function start(cwd, args, { env = {}, program = process.execPath, before = [BIN] } = {}) {
  const child = spawn(program, [...before, ...args], {
    cwd,
    env: hostEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  const printed = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8')
    child[stream].on('data', (text) => {
      printed[stream] += text
    })
  }
  // Its streams may be held open by what it has left behind: then it has exited and not ended.
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => setImmediate(() => resolve({ code, signal, ...printed })))
  })
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      started.delete(child)
      resolve({ code, signal, ...printed })
    })
  })
  return { child, ended, exited, out: () => printed.stdout, err: () => printed.stderr }
}

/** Waits until `happened` gives something true, and gives that; fails after a deadline that only a defect can reach. */
export async function until(happened, what, seconds = 30) {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    const result = await happened()
    if (result) {
      return result
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${seconds} s in vain: ${what}`)
    }
    await delay(10)
  }
}

/** Whether a process is there and not merely unreaped. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    // Gone meanwhile; or a system without /proc, which tells no more.
    return !existsSync('/proc/self/status')
  }
}
