// A remote cache that fails in every way costs a run nothing but a bounded time: what it does, and how it ends, is what a
// run without a remote does.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { FAULT_NAMES, deadUrl, hostileProxy } from './hostile-proxy.mjs'
import { RAN, REMOTE, became, build, checkout, outputs, workspace } from './remote-runs.mjs'
import { write } from './scratch.mjs'
import { needsServer, remoteEnv, turboServer } from './turbo-server.mjs'

/** A tenth of the usual patience: half a second for the first byte, three for the verdict on an upload. */
const HURRIED = { VX_REMOTE_CACHE_TIMEOUT: '500' }

/** What a run may take in which the remote fails, in milliseconds. Most of it is for slow machines. */
const MOST = 20_000

const server = needsServer.skip ? undefined : await turboServer()

let teams = 0

/** A workspace whose results a team has on the server, the outputs that they make, and another checkout of it. */
async function shared() {
  const team = `faults-${(teams += 1)}`
  const root = workspace()
  const first = await build(root, remoteEnv(server.url, { team }))
  assert.deepEqual(became(first), RAN)
  return { team, root, made: outputs(root), other: checkout(root), hashes: first.tasks }
}

/** Runs with a remote that fails; the same came of it as without one, in bounded time. */
async function runsOn(root, env, made) {
  const run = await build(root, { ...HURRIED, ...env })
  assert.deepEqual(became(run), RAN, run.stderr)
  assert.deepEqual(outputs(root), made)
  assert.ok(run.ms < MOST, `${run.ms} ms`)
  return run
}

/** Answers that are nothing to warn of: there is nothing; it is there already; taken, with whatever body. */
const HARMLESS = { GET: ['status404'], PUT: ['status409', 'garbage', 'webPage', 'badChunks'] }

/** Faults of a body that comes: an answer to an upload has none that counts. */
const OF_BODIES = new Set(['endsEarly', 'tooLong', 'huge', 'trickle'])

for (const method of ['GET', 'PUT']) {
  describe(`a ${method} that`, needsServer, () => {
    const faults = FAULT_NAMES.filter((fault) => method === 'GET' || !OF_BODIES.has(fault))
    for (const fault of faults) {
      test(`meets ${fault}`, async () => {
        const { team, made, other } = await shared()
        const proxy = await hostileProxy(server.url, {
          fault: (request) => request.method === method && fault,
        })
        // Uploads come only of what the server has not yet.
        const env = remoteEnv(proxy.url, { team: method === 'PUT' ? `${team}-empty` : team })
        const run = await runsOn(other, env, made)
        assert.ok(proxy.count(method) > 0, 'the fault was met')
        if (HARMLESS[method].includes(fault)) {
          assert.deepEqual(run.warnings, [])
        } else {
          assert.equal(run.warnings.length, 1, run.stderr)
          assert.match(run.warnings[0], /remote/)
        }
      })
    }
  })
}

describe('what is between vx and the server', needsServer, () => {
  test('a port where nobody listens', async () => {
    const { made, other } = await shared()
    const run = await runsOn(other, remoteEnv(await deadUrl()), made)
    assert.equal(run.warnings.length, 1, run.stderr)
    assert.match(run.warnings[0], /cannot be reached/)
  })

  test('a host that has no address', async () => {
    const { made, other } = await shared()
    const run = await runsOn(other, remoteEnv('http://no-such-host.invalid'), made)
    assert.equal(run.warnings.length, 1, run.stderr)
  })

  test("another key's bytes", async () => {
    const { team, made, other, hashes } = await shared()
    const bytes = readFileSync(server.artifact(team, hashes['lib#build'].hash))
    const isWanted = ({ method, path }) => method === 'GET' && path.includes(hashes['app#build'].hash)
    const proxy = await hostileProxy(server.url, {
      fault: (request) => isWanted(request) && { bytes: () => bytes },
    })
    const run = await build(other, remoteEnv(proxy.url, { team }))
    assert.deepEqual(became(run), { 'lib#build': 'cache-hit-remote', 'app#build': 'success' })
    assert.deepEqual(outputs(other), made)
    assert.equal(run.warnings.length, 1, run.stderr)
    assert.match(run.warnings[0], /it belongs to another key/)
  })

  test('one bit that is another', async () => {
    const { team, made, other } = await shared()
    const flip = (body) => {
      const flipped = Buffer.from(body)
      flipped[Math.floor(body.length / 2)] ^= 1
      return flipped
    }
    const proxy = await hostileProxy(server.url, {
      fault: (request) => request.method === 'GET' && { bytes: flip },
    })
    const run = await runsOn(other, remoteEnv(proxy.url, { team }), made)
    assert.ok(run.warnings.length > 0 && run.warnings.every((line) => !line.includes('.tmp-')), run.stderr)
  })

  test('a box that packs what it passes on', async () => {
    const { team, made, other } = await shared()
    const proxy = await hostileProxy(server.url, {
      fault: (request) => request.method === 'GET' && { gzip: true },
    })
    // Either it is unpacked again, or it is not believed.
    const run = await build(other, { ...HURRIED, ...remoteEnv(proxy.url, { team }) })
    assert.ok([JSON.stringify(REMOTE), JSON.stringify(RAN)].includes(sorted(became(run))), run.stderr)
    assert.deepEqual(outputs(other), made)
  })

  test('a redirect to another host never takes the token there', async () => {
    const { team, made, other } = await shared()
    const elsewhere = await hostileProxy(server.url)
    for (const method of ['GET', 'PUT']) {
      const proxy = await hostileProxy(server.url, {
        fault: (request) => request.method === method && { redirect: elsewhere.url },
      })
      const root = method === 'GET' ? other : checkout(other)
      await runsOn(root, remoteEnv(proxy.url, { team: `${team}-${method}` }), made)
      assert.ok(proxy.count(method) > 0)
      assert.ok(elsewhere.requests.every((request) => !request.authorized))
    }
  })

  test('a server that takes no uploads, and one that takes small ones only', async () => {
    for (const options of [{ readOnly: true }, { bodyLimit: 10 }]) {
      const refusing = await turboServer(options)
      const root = workspace()
      const run = await build(root, refusing.env)
      assert.deepEqual(became(run), RAN)
      assert.equal(run.warnings.length, 1, run.stderr)
      assert.match(run.warnings[0], options.readOnly ? /403/ : /413/)
      await refusing.stop()
    }
  })

  test('a server that has ended', async () => {
    const own = await turboServer()
    const root = workspace()
    await build(root, own.env)
    const other = checkout(root)
    await own.stop()
    await runsOn(other, own.env, outputs(root))
  })

  test('what came and was damaged does not stay', async () => {
    const { team, made, other } = await shared()
    const env = remoteEnv(server.url, { team })
    const proxy = await hostileProxy(server.url, {
      fault: (request) => request.method === 'GET' && 'garbage',
    })
    await runsOn(other, remoteEnv(proxy.url, { team }), made)
    // Built here, it replaced nothing wrong: the others still read what is right.
    const third = checkout(other)
    assert.deepEqual(became(await build(third, env)), REMOTE)
    assert.deepEqual(outputs(third), made)
  })

  test('a failing task is no less a failure', async () => {
    const { other } = await shared()
    write(
      `${other}/packages/app/vx.config.mjs`,
      `export default { tasks: { build: { exec: { command: 'exit 3' } } } }`,
    )
    const run = await build(other, { ...HURRIED, ...remoteEnv(await deadUrl()) })
    assert.equal(run.code, 1)
    assert.equal(run.tasks['app#build'].status, 'failed')
    assert.equal(run.tasks['lib#build'].status, 'success')
  })
})

function sorted(object) {
  return JSON.stringify(Object.fromEntries(Object.entries(object).toSorted()))
}
