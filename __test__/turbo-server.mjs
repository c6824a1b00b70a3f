// A real server of the Turborepo wire, of others, for the tests to talk to: on this machine only, with a scratch directory
// for its artifacts.

import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scratch } from './scratch.mjs'

/** The program of the server. */
export const SERVER = join(
  dirname(fileURLToPath(import.meta.url)),
  'servers/node_modules/turborepo-remote-cache/dist/cli.js',
)

/** For `describe` and `test`: these need a Unix, and the server, which `npm test` installs. */
export const needsServer = {
  skip:
    process.platform === 'win32' || !existsSync(SERVER)
      ? 'the server is not installed: node scripts/test.mjs servers'
      : false,
}

/** What the server takes as the token. No output may ever show it. */
export const TOKEN = 'token-6f1c2a9e-of-the-tests'

/** It is written for Node, whatever runs the tests. */
const NODE = process.versions.bun ? 'node' : process.execPath

const started = new Set()

after(() => {
  for (const child of started) {
    child.kill('SIGKILL')
  }
})

/**
 * Starts a server. `url` is where it listens; `env` what vx needs to know to use it; `stored` the names of the artifacts
 * of a team; `stop` ends it.
 *
 * @param {{ readOnly?: boolean, signatureKey?: string, bodyLimit?: number }} [options]
 */
export async function turboServer({ readOnly = false, signatureKey, bodyLimit } = {}) {
  const store = scratch()
  const child = spawn(NODE, [SERVER], {
    cwd: store,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      AUTH_MODE: 'static',
      TURBO_TOKEN: TOKEN,
      HOST: '127.0.0.1',
      PORT: '0',
      STORAGE_PROVIDER: 'local',
      STORAGE_PATH: join(store, 'artifacts'),
      STORAGE_PATH_USE_TMP_FOLDER: 'false',
      READ_ONLY: String(readOnly),
      ...(signatureKey && { TURBO_REMOTE_CACHE_SIGNATURE_KEY: signatureKey }),
      ...(bodyLimit && { BODY_LIMIT: String(bodyLimit) }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  const ended = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  const url = await new Promise((resolve, reject) => {
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (text) => {
        said = (said + text).slice(-100_000)
        const listening = /listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(said)
        if (listening) {
          resolve(listening[1])
        }
      })
    }
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
  return {
    url,
    env: remoteEnv(url),
    stored(team) {
      const directory = join(store, 'artifacts', team)
      return existsSync(directory) ? readdirSync(directory).toSorted() : []
    },
    /** Where an artifact lies. */
    artifact: (team, name) => join(store, 'artifacts', team, name),
    async stop() {
      child.kill('SIGKILL')
      await ended
      started.delete(child)
    },
  }
}

/** The variables of vx for a server of the wire. */
export function remoteEnv(url, { token = TOKEN, team = 'acme' } = {}) {
  return { VX_REMOTE_CACHE_URL: url, VX_REMOTE_CACHE_TOKEN: token, VX_REMOTE_CACHE_TEAM: team }
}
