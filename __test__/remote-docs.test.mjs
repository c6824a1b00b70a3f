// The steps of docs/remote.md, as they stand there, lead from nothing to a signed cache.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from './processes.mjs'
import { checkout, outputs, workspace } from './remote-runs.mjs'
import { scratch, write } from './scratch.mjs'
import { SERVER, needsServer } from './turbo-server.mjs'
import { BIN, git, hostEnv } from './workspace.mjs'

const DOCUMENT = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs/remote.md')

/** The blocks that are marked to be run, by their names. */
const STEPS = Object.fromEntries(
  [...readFileSync(DOCUMENT, 'utf8').matchAll(/<!-- run: (\w+) -->\n```sh\n(.*?)```/gs)].map(
    ([, name, script]) => [name, script],
  ),
)

const started = new Set()

after(() => {
  for (const child of started) {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
})

/** `npx` that runs this checkout's vx and the server that is installed, and fetches nothing. */
function tools() {
  const node = process.versions.bun ? 'node' : `"${process.execPath}"`
  const script = `#!/bin/sh
case "$1" in
vx) shift; exec ${node} "${BIN}" "$@" ;;
turborepo-remote-cache@*) exec ${node} "${SERVER}" ;;
*) echo "no $1 here" >&2; exit 127 ;;
esac
`
  const directory = scratch()
  chmodSync(write(join(directory, 'npx'), script), 0o755)
  return directory
}

/** Runs a script as `sh` would; `out` and `err` are what it has printed so far. */
function sh(script, cwd, env) {
  const child = spawn('sh', ['-eu', '-c', script], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.add(child)
  const printed = { out: '', err: '' }
  child.stdout.on('data', (bytes) => (printed.out += bytes))
  child.stderr.on('data', (bytes) => (printed.err += bytes))
  const ended = new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, ...printed }))
  })
  return { ended, printed }
}

describe('docs/remote.md', needsServer, () => {
  test('names the steps that are run here', () => {
    assert.deepEqual(Object.keys(STEPS), ['server', 'workspace', 'keys', 'believe', 'trusted', 'everybody'])
    assert.ok(readFileSync(DOCUMENT, 'utf8').split('\n').length < 200)
  })

  test('leads from nothing to a signed cache', async () => {
    const env = hostEnv()
    env.PATH = [tools(), env.PATH].join(delimiter)
    // Port 3000 may be taken here: the system chooses one, and the other steps are told.
    assert.match(STEPS.server, /PORT=3000/)
    const server = sh(STEPS.server.replace('PORT=3000', 'PORT=0'), scratch(), env)
    const url = await until(
      () => /listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(server.printed.out)?.[1],
      'the server',
    )
    const step = async (cwd, ...names) => {
      const script = names.map((name) => STEPS[name].replaceAll('http://127.0.0.1:3000', url)).join('')
      const result = await sh(script, cwd, env).ended
      assert.equal(result.code, 0, `${names}: ${result.out}${result.err}`)
      return result
    }
    const root = workspace()
    const asked = await step(root, 'workspace')
    assert.match(asked.out, /access: granted/)
    await step(root, 'keys', 'believe')
    git(root, 'add', 'vx.workspace.mjs')
    git(root, 'commit', '--quiet', '--message=cache')
    // Each step goes on in the shell of those before it.
    env.VX_REMOTE_CACHE_TOKEN = /VX_REMOTE_CACHE_TOKEN=(\S+)/.exec(STEPS.workspace)[1]
    const trusted = await step(root, 'trusted')
    assert.match(trusted.out, /0 hits, 2 misses/)
    assert.equal(trusted.err, '')
    const other = checkout(root)
    const everybody = await step(other, 'everybody')
    assert.match(everybody.out, /remote cache hit/)
    assert.match(everybody.out, /2 hits/)
    assert.equal(everybody.err, '')
    assert.deepEqual(outputs(other), outputs(root))
  })
})
