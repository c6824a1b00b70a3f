// The remote cache as its users see it, with a real server of others behind it.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { LayeredCache } from '@vzn/vx'
import { deadUrl, hostileProxy } from './hostile-proxy.mjs'
import { start, until } from './processes.mjs'
import { LOCAL, RAN, REMOTE, became, build, checkout, outputs, vxBeside, workspace } from './remote-runs.mjs'
import { scratch, write } from './scratch.mjs'
import { cached, journal } from './tasks.mjs'
import { TOKEN, needsServer, remoteEnv, turboServer } from './turbo-server.mjs'
import { monorepo } from './workspace.mjs'

const server = needsServer.skip ? undefined : await turboServer()

let teams = 0

/** A proxy that writes down what is asked, and the variables for a team that has nothing yet. */
async function remote(fault) {
  const proxy = await hostileProxy(server.url, { fault })
  const team = `team-${(teams += 1)}`
  return { proxy, team, env: remoteEnv(proxy.url, { team }) }
}

const artifacts = (root) => {
  const directory = join(root, '.vx/cache')
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.tar.zst')) : []
}
const asked = (proxy, method) =>
  proxy.requests.filter((request) => request.method === method && !request.path.includes('/events'))
const keysAsked = (proxy, method) => asked(proxy, method).map(({ path }) => path.split(/[/?]/)[3])
const json = ({ code, stdout, stderr }) => {
  assert.ok(stdout, `${code}: ${stderr}`)
  return JSON.parse(stdout)
}

describe('a second checkout', needsServer, () => {
  test('takes what the first one made, byte for byte, and runs nothing', async () => {
    const log = journal()
    const { env, team } = await remote()
    const root = workspace({ log })
    const first = await build(root, env)
    assert.deepEqual(became(first), RAN)
    assert.equal(server.stored(team).length, 2)
    const other = checkout(root)
    const second = await build(other, env)
    assert.deepEqual(became(second), REMOTE)
    assert.deepEqual(outputs(other), outputs(root))
    assert.equal(outputs(other)['packages/lib/dist/x'].mode, '600')
    assert.deepEqual(outputs(other)['packages/lib/dist/link'], { link: 'bin/run' })
    assert.match(second.stdout, /built lib/)
    assert.deepEqual(log.lines(), ['lib', 'app'])
    assert.deepEqual([...first.warnings, ...second.warnings], [])
    // What came stays, and is no remote hit any more.
    assert.deepEqual(became(await build(other, env)), LOCAL)
  })

  test('asks for each key once, and for no key of a miss twice', async () => {
    const { proxy, env } = await remote()
    const root = workspace()
    await build(root, env)
    const missed = keysAsked(proxy, 'GET')
    assert.equal(missed.length, 2)
    assert.deepEqual(missed.toSorted(), keysAsked(proxy, 'PUT').toSorted())
    assert.ok(proxy.requests.every((request) => request.authorized))
    proxy.forget()
    const run = await build(checkout(root), env, ['--all', '--concurrency=8'])
    assert.deepEqual(became(run), REMOTE)
    assert.deepEqual(keysAsked(proxy, 'GET').toSorted(), missed.toSorted())
    assert.deepEqual(asked(proxy, 'PUT'), [])
    assert.deepEqual(asked(proxy, 'HEAD'), [])
  })

  test('says of each of a hundred results where it came from, however close they come to their tasks', async () => {
    const { env } = await remote()
    const root = monorepo(
      Object.fromEntries(
        Array.from({ length: 100 }, (_, number) => [
          `p${number}`,
          {
            tasks: { build: cached('mkdir -p dist; cat src/a > dist/x') },
            files: { 'src/a': `${number}` },
          },
        ]),
      ),
    )
    became(await build(root, env))
    const other = checkout(root)
    const args = ['--all', '--concurrency=16', '--cache=local:r,remote:r']
    const found = became(await build(other, env, args))
    assert.equal(Object.keys(found).length, 100)
    assert.deepEqual(
      Object.entries(found).filter(([, status]) => status !== 'cache-hit-remote'),
      [],
    )
    assert.deepEqual(artifacts(other), [])
  })

  test('asks nothing for what lies in its own cache', async () => {
    const { proxy, env } = await remote()
    const root = workspace()
    await build(root, env)
    proxy.forget()
    assert.deepEqual(became(await build(root, env)), LOCAL)
    assert.deepEqual(proxy.requests, [])
  })

  test('asks for a key that hangs on what another task makes only when that is there', async () => {
    const { proxy, env } = await remote()
    const root = monorepo({
      lib: {
        tasks: { build: cached('mkdir -p dist; cat src/a > dist/x') },
        files: { 'src/a': 'a' },
      },
      app: {
        tasks: {
          build: cached('mkdir -p dist; cat ../lib/dist/x > dist/y', {
            dependsOn: ['^build'],
            inputs: { workspaceFiles: ['packages/lib/dist/x'] },
          }),
        },
        dependencies: ['lib'],
      },
    })
    const first = await build(root, env)
    assert.deepEqual(became(first), RAN)
    proxy.forget()
    const other = checkout(root)
    const second = await build(other, env)
    assert.deepEqual(became(second), REMOTE)
    assert.deepEqual(keysAsked(proxy, 'GET'), [first.tasks['lib#build'].hash, first.tasks['app#build'].hash])
    assert.deepEqual(outputs(other), outputs(root))
  })
})

describe('settings', needsServer, () => {
  test("the variables of turbo are enough, and the workspace's config is", async () => {
    const { proxy, team } = await remote()
    const root = workspace()
    const turbo = { TURBO_API: proxy.url, TURBO_TOKEN: TOKEN, TURBO_TEAM: team }
    assert.deepEqual(became(await build(root, turbo)), RAN)
    assert.equal(server.stored(team).length, 2)
    const other = checkout(root)
    write(
      join(other, 'vx.workspace.mjs'),
      `export default { remote: { url: '${proxy.url}', team: '${team}' } }`,
    )
    assert.deepEqual(became(await build(other, { VX_REMOTE_CACHE_TOKEN: TOKEN })), REMOTE)
  })

  test('a setting that makes no sense costs the remote, and not the run', async () => {
    const root = workspace()
    const run = await build(root, { VX_REMOTE_CACHE_URL: 'gopher://cache' })
    assert.deepEqual(became(run), RAN)
    assert.equal(run.warnings.length, 1, run.stderr)
    assert.match(run.warnings[0], /VX_REMOTE_CACHE_URL/)
  })
})

describe('--cache and its like', needsServer, () => {
  test('remote:r uploads nothing', async () => {
    const { proxy, env } = await remote()
    const root = workspace()
    assert.deepEqual(became(await build(root, env, ['--all', '--cache=local:rw,remote:r'])), RAN)
    assert.equal(asked(proxy, 'GET').length, 2)
    assert.deepEqual(asked(proxy, 'PUT'), [])
    assert.equal(artifacts(root).length, 2)
  })

  test('local:r leaves nothing in the cache directory', async () => {
    const { env } = await remote()
    const root = workspace()
    await build(root, env)
    const other = checkout(root)
    assert.deepEqual(became(await build(other, env, ['--all', '--cache=local:r,remote:r'])), REMOTE)
    assert.deepEqual(artifacts(other), [])
    assert.deepEqual(outputs(other), outputs(root))
  })

  test('remote:rw alone works without a cache directory of its own', async () => {
    const { env, team } = await remote()
    const root = workspace()
    assert.deepEqual(became(await build(root, env, ['--all', '--cache=remote:rw'])), RAN)
    assert.equal(server.stored(team).length, 2)
    assert.deepEqual(artifacts(root), [])
    assert.deepEqual(became(await build(root, env, ['--all', '--cache=remote:rw'])), REMOTE)
    assert.deepEqual(artifacts(root), [])
  })

  test('local:rw alone asks nothing, and neither does --no-cache', async () => {
    const { proxy, env } = await remote()
    const root = workspace()
    for (const flag of ['--cache=local:rw', '--no-cache']) {
      assert.deepEqual(became(await build(root, env, ['--all', flag])), RAN)
    }
    assert.deepEqual(proxy.requests, [])
  })

  test('a text that says nothing ends with 2', async () => {
    const root = workspace()
    for (const text of ['cloud:rw', 'local:x', '']) {
      const { code, stderr } = await vxBeside(root, ['run', 'build', '--all', `--cache=${text}`])
      assert.equal(code, 2, text)
      assert.match(stderr, /--cache/)
    }
    assert.equal(existsSync(join(root, '.vx')), false)
  })

  test('--force asks for nothing and uploads anew', async () => {
    const { proxy, env } = await remote()
    const root = workspace()
    await build(root, env)
    proxy.forget()
    assert.deepEqual(became(await build(root, env, ['--all', '--force'])), RAN)
    assert.deepEqual(asked(proxy, 'GET'), [])
    assert.equal(asked(proxy, 'PUT').length, 2)
  })

  test('--dry=json says what the remote has, and downloads nothing', async () => {
    const { proxy, env } = await remote()
    const root = workspace()
    await build(root, env)
    const other = checkout(root)
    proxy.forget()
    const { tasks } = json(await vxBeside(other, ['run', 'build', '--all', '--dry=json'], env))
    assert.deepEqual(
      tasks.map(({ cacheStatus }) => cacheStatus),
      ['hit-remote', 'hit-remote'],
    )
    assert.deepEqual(asked(proxy, 'GET'), [])
    assert.equal(existsSync(join(other, '.vx')), false)
    writeFileSync(join(other, 'packages/app/src/a'), 'changed')
    const changed = json(await vxBeside(other, ['run', 'build', '--all', '--dry=json'], env))
    assert.deepEqual(Object.fromEntries(changed.tasks.map(({ id, cacheStatus }) => [id, cacheStatus])), {
      'lib#build': 'hit-remote',
      'app#build': 'miss',
    })
  })
})

describe('the CI run of a pull request', needsServer, () => {
  const event = (head, base) =>
    join(
      scratch({
        'event.json': JSON.stringify({ pull_request: { head: { repo: head }, base: { repo: base } } }),
      }),
      'event.json',
    )
  const github = (path) => ({
    GITHUB_ACTIONS: 'true',
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_EVENT_PATH: path,
  })

  test('from a fork it reads and does not write', async () => {
    const { proxy, env } = await remote()
    const root = workspace()
    await build(root, env)
    proxy.forget()
    const forked = { ...env, ...github(event({ id: 2 }, { id: 1 })) }
    const other = checkout(root)
    writeFileSync(join(other, 'packages/app/src/a'), 'changed')
    assert.deepEqual(became(await build(other, forked)), {
      'lib#build': 'cache-hit-remote',
      'app#build': 'success',
    })
    assert.deepEqual(asked(proxy, 'PUT'), [])
    const { code, stderr } = await vxBeside(other, ['cache', 'push', 'build', '--all'], forked)
    assert.equal(code, 2)
    assert.match(stderr, /VX_REMOTE_READ_ONLY/)
    const info = json(await vxBeside(other, ['info', '--json'], forked))
    assert.equal(info.remote.writes, false)
  })

  test('from the repository itself it writes', async () => {
    const { proxy, env } = await remote()
    const own = { ...env, ...github(event({ id: 1 }, { id: 1 })) }
    await build(workspace(), own)
    assert.equal(asked(proxy, 'PUT').length, 2)
  })
})

describe('vx info', needsServer, () => {
  const info = async (env) => json(await vxBeside(workspace(), ['info', '--json'], env)).remote

  test('says that all is well', async () => {
    const { env, team } = await remote()
    const found = await info(env)
    assert.equal(found.problem, null)
    assert.deepEqual([found.reads, found.writes], [true, true])
    assert.equal(found.facts.access, 'granted')
    assert.equal(found.facts.team, team)
  })

  test('names a wrong token, a port where nobody listens, and no remote', async () => {
    const wrong = await info(remoteEnv(server.url, { token: 'of-somebody-else' }))
    assert.equal(wrong.code, 'VX_REMOTE_UNAUTHORIZED')
    assert.match(wrong.problem, /401.*VX_REMOTE_CACHE_TOKEN/)
    const dead = await info(remoteEnv(await deadUrl()))
    assert.equal(dead.code, 'VX_REMOTE_UNREACHABLE')
    assert.equal((await info({ VX_REMOTE_CACHE_URL: 'gopher://x' })).code, 'VX_REMOTE_CONFIG')
    assert.equal(await info({}), null)
  })
})

describe('vx cache push and pull', needsServer, () => {
  const transfer = async (cwd, args, env) => json(await vxBeside(cwd, ['cache', ...args, '--json'], env))

  test('move results as the workspace is now, and say what they did', async () => {
    const { env, team } = await remote()
    const root = workspace()
    await build(root)
    const nothing = { alreadyThere: 0, absent: 0, late: 0, failed: 0, problems: [] }
    const one = await transfer(root, ['push', 'build', '--filter=lib'], env)
    assert.ok(one.bytes > 0)
    assert.deepEqual(one, { transferred: 1, bytes: one.bytes, ...nothing })
    assert.equal(server.stored(team).length, 1)
    const rest = await transfer(root, ['push', 'build', '--all'], env)
    assert.deepEqual(rest, { ...nothing, transferred: 1, bytes: rest.bytes, alreadyThere: 1 })
    const other = checkout(root)
    const pulled = await transfer(other, ['pull', 'build', '--all'], env)
    assert.deepEqual(pulled, { ...nothing, transferred: 2, bytes: one.bytes + rest.bytes })
    assert.deepEqual(outputs(other), {})
    // From here on without the remote.
    const run = await build(other)
    assert.deepEqual(Object.keys(became(run)).length, 2)
    assert.ok(Object.values(run.tasks).every(({ status }) => status.startsWith('cache-hit')))
    assert.deepEqual(outputs(other), outputs(root))
  })

  test('say what is nowhere, and end with 1 where the remote is away', async () => {
    const { env } = await remote()
    const root = workspace()
    assert.equal((await transfer(root, ['pull', 'build', '--all'], env)).absent, 2)
    assert.equal((await transfer(root, ['push', 'build', '--all'], env)).absent, 2)
    await build(root)
    const dead = remoteEnv(await deadUrl())
    const { code, stdout } = await vxBeside(root, ['cache', 'push', 'build', '--all'], dead)
    assert.equal(code, 1, stdout)
    const none = await vxBeside(root, ['cache', 'push', 'build', '--all'])
    assert.equal(none.code, 2)
    assert.match(none.stderr, /VX_NO_REMOTE/)
  })
})

describe('what stays of it', needsServer, () => {
  test('vx stats --json has the bytes that went up and came down', async () => {
    const { env } = await remote()
    const root = workspace()
    await build(root, env)
    const other = checkout(root)
    await build(other, env)
    const stats = async (cwd) => {
      const found = json(await vxBeside(cwd, ['stats', '--json']))
      return [found.bytesUploadedLast24h, found.bytesDownloadedLast24h]
    }
    const [up, nothing] = await stats(root)
    const [none, down] = await stats(other)
    assert.ok(up > 100, `${up}`)
    assert.deepEqual([nothing, none, down], [0, 0, up])
  })
})

describe('SIGINT', needsServer, () => {
  for (const method of ['PUT', 'GET']) {
    test(`ends a run at once while a ${method} hangs`, async () => {
      const { proxy, env } = await remote((request) => request.method === method && 'blackHole')
      const root = workspace()
      const run = start(root, ['run', 'build', '--all'], { env })
      await until(() => proxy.count(method) > 0, `a ${method}`)
      const began = performance.now()
      run.child.kill('SIGINT')
      const { code } = await run.ended
      assert.equal(code, 130)
      assert.ok(performance.now() - began < 3000, `${performance.now() - began} ms`)
    })
  }
})

describe('LayeredCache', needsServer, () => {
  const hash = (digit) => String(digit).repeat(32)
  const entry = {
    taskId: 'a#build',
    command: 'make',
    exitCode: 0,
    durationMs: 5,
    stdout: 'built',
    stderr: '',
  }
  const open = (t, { proxy, team }, directory = scratch()) => {
    process.env.VX_REMOTE_CACHE_TOKEN = TOKEN
    const cache = new LayeredCache(directory, { url: proxy.url, team })
    t.after(() => cache.close())
    return cache
  }
  const save = (cache, key, content = 'x') => {
    const projectDir = scratch({ 'dist/a': content })
    return cache.save({ hash: key, entry, projectDir, outputFiles: [join(projectDir, 'dist/a')] })
  }

  test('saves here and there, and finds there what is not here', async (t) => {
    const there = await remote()
    const first = open(t, there)
    await save(first, hash(1))
    assert.deepEqual(await first.flush(), { uploaded: 1, failures: [] })
    assert.equal((await first.get(hash(1))).source, 'local')
    const second = open(t, there)
    there.proxy.forget()
    const found = await Promise.all(Array.from({ length: 20 }, () => second.get(hash(1))))
    assert.ok(found.every(({ source, stdout }) => source === 'remote' && stdout === 'built'))
    assert.equal(there.proxy.count('GET'), 1)
    const into = scratch()
    await second.restoreOutputs(hash(1), into)
    assert.deepEqual(readdirSync(join(into, 'dist')), ['a'])
    assert.equal(await second.get(hash(2)), null)
    assert.equal(await second.get(hash(2)), null)
    assert.equal(there.proxy.count('GET'), 2)
    assert.deepEqual(await second.flush(), { uploaded: 0, failures: [] })
  })

  test('tells what could not be uploaded, and has it here all the same', async (t) => {
    const cache = open(t, await remote((request) => request.method === 'PUT' && 'status413'))
    await save(cache, hash(3))
    const { uploaded, failures } = await cache.flush()
    assert.equal(uploaded, 0)
    assert.equal(failures.length, 1, failures.join('\n'))
    assert.match(failures[0], /413/)
    assert.equal((await cache.get(hash(3))).source, 'local')
  })

  test('closed, it refuses and waits for nothing', async (t) => {
    const there = await remote((request) => request.method === 'PUT' && 'blackHole')
    const cache = open(t, there)
    await save(cache, hash(4))
    await until(() => there.proxy.count('PUT') > 0, 'an upload')
    cache.close()
    const began = performance.now()
    for (const call of [() => cache.get(hash(4)), () => save(cache, hash(5)), () => cache.flush()]) {
      await assert.rejects(call, { code: 'VX_CLOSED' })
    }
    assert.ok(performance.now() - began < 3000)
  })

  test('wants a remote that makes sense', () => {
    delete process.env.VX_REMOTE_CACHE_URL
    assert.throws(() => new LayeredCache(scratch()), { code: 'VX_ARGUMENT' })
    assert.throws(() => new LayeredCache(scratch(), { url: 'gopher://x' }), { code: 'VX_REMOTE_CONFIG' })
  })
})
