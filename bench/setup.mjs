// What must be there before anything is measured: the release addon, the peers in bench/node_modules, Bun.

import { join } from 'node:path'
import { ROOT, StepFailed, buildAddon, bunBinary, ensureModules } from '../scripts/steps.mjs'
import { must } from './process.mjs'

/**
 * Builds and installs what is absent or older than its sources.
 *
 * @param {{ build: boolean }} options
 * @returns {Promise<{ bun: string }>} path of Bun
 * @throws {StepFailed}
 */
export async function setUp({ build }) {
  if (process.platform === 'win32') {
    throw new StepFailed('the benchmark needs a POSIX shell and xargs, which Windows does not have')
  }
  ensureModules()
  if (build) {
    buildAddon()
  }
  // Not `npm ci`: that insists on a lockfile with the binaries of every system, and not every registry has them all.
  ensureModules(join(ROOT, 'bench'), ['install', '--no-save'])
  for (const program of ['git', 'xargs']) {
    try {
      await must(program, ['--version'])
    } catch (error) {
      throw new StepFailed(`${program} is needed: ${/** @type {Error} */ (error).message}`)
    }
  }
  return { bun: bunBinary() }
}
