// Who is believed: what was signed where trusted builds run is used by everybody, and nothing else is.

import assert from 'node:assert/strict'
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { hostileProxy } from './hostile-proxy.mjs'
import { RAN, REMOTE, became, build, checkout, outputs, vxBeside, workspace } from './remote-runs.mjs'
import { scratch, write } from './scratch.mjs'
import { cached } from './tasks.mjs'
import { TOKEN, needsServer, remoteEnv, turboServer } from './turbo-server.mjs'
import { git, monorepo, vx } from './workspace.mjs'

/** It keeps signatures only when it is started with a key, and never looks at them. */
const server = needsServer.skip ? undefined : await turboServer({ signatureKey: 'any'.repeat(11) })

let teams = 0
const newTeam = () => `trust-${(teams += 1)}`

const keygen = () => JSON.parse(vx(scratch(), ['cache', 'keygen', '--json']).stdout)

/** `vx.workspace.mjs` that believes these keys. */
const believing = (publicKeys, refs) => ({
  'vx.workspace.mjs': `export default { remote: ${JSON.stringify({ publicKeys, ...(refs && { policy: { refs } }) })} }\n`,
})

/** A team with a pair of keys, a workspace that believes them, and what a trusted build needs besides. */
function team(refs) {
  const { privateKey, publicKey } = keygen()
  const name = newTeam()
  const env = remoteEnv(server.url, { team: name })
  const root = workspace({ files: believing([publicKey], refs) })
  return {
    name,
    env,
    root,
    publicKey,
    privateKey,
    trusted: { ...env, VX_REMOTE_CACHE_SIGNING_KEY: privateKey },
  }
}

/** Puts what one team has stored where another looks. */
function copyTo(from, to, tasks) {
  mkdirSync(dirname(server.artifact(to, 'x')), { recursive: true })
  for (const { hash } of Object.values(tasks)) {
    copyFileSync(server.artifact(from, hash), server.artifact(to, hash))
    copyFileSync(`${server.artifact(from, hash)}.tag`, `${server.artifact(to, hash)}.tag`)
  }
}

/** A run that found nothing that it believes; why, in one line. */
async function refused(root, env, reason) {
  const run = await build(root, env)
  assert.deepEqual(became(run), RAN)
  assert.equal(run.warnings.length, 1, run.stderr)
  assert.match(run.warnings[0], reason)
  return run
}

describe('a private key', needsServer, () => {
  test('signs what others read, who have the public key only and write nothing', async () => {
    const { name, env, root, trusted } = team()
    const first = await build(root, trusted)
    assert.deepEqual(became(first), RAN)
    assert.deepEqual(first.warnings, [])
    assert.equal(server.stored(name).filter((file) => file.endsWith('.tag')).length, 2)
    const other = checkout(root)
    const proxy = await hostileProxy(server.url)
    const reading = remoteEnv(proxy.url, { team: name })
    const second = await build(other, reading)
    assert.deepEqual(became(second), REMOTE)
    assert.deepEqual(second.warnings, [])
    assert.deepEqual(outputs(other), outputs(root))
    writeFileSync(join(other, 'packages/app/src/a'), 'changed')
    const third = await build(other, reading)
    assert.equal(third.tasks['app#build'].status, 'success')
    assert.deepEqual(third.warnings, [])
    assert.equal(proxy.count('PUT'), 0)
    const info = JSON.parse((await vxBeside(other, ['info', '--json'], env)).stdout).remote
    assert.equal(info.writes, false)
    assert.match(info.readOnlyBecause, /not signed/)
    const pushed = await vxBeside(other, ['cache', 'push', 'build', '--all'], env)
    assert.equal(pushed.code, 2)
    assert.match(pushed.stderr, /VX_REMOTE_READ_ONLY/)
  })

  test('in a pull request there is none: it reads, and uploads nothing', async () => {
    const { name, root, trusted } = team(['main'])
    await build(root, trusted)
    const other = checkout(root)
    git(other, 'checkout', '--quiet', '-b', 'feature')
    writeFileSync(join(other, 'packages/app/src/a'), 'of the pull request')
    git(other, 'commit', '--quiet', '--all', '--message=feature')
    const repo = { id: 1 }
    const event = { pull_request: { head: { repo }, base: { repo } } }
    const proxy = await hostileProxy(server.url)
    const run = await build(other, {
      ...remoteEnv(proxy.url, { team: name }),
      // A secret that the CI does not give is set, and empty.
      VX_REMOTE_CACHE_SIGNING_KEY: '',
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_REF: 'refs/pull/7/merge',
      GITHUB_SHA: git(other, 'rev-parse', 'HEAD').trim(),
      GITHUB_EVENT_PATH: write(join(scratch(), 'event.json'), JSON.stringify(event)),
    })
    assert.deepEqual(became(run), { 'lib#build': 'cache-hit-remote', 'app#build': 'success' })
    assert.equal(proxy.count('PUT'), 0)
  })

  test('what is not signed is not used', async () => {
    const { root, privateKey } = team()
    // A server without a key of its own drops the signatures.
    const dropping = await turboServer()
    await build(root, { ...dropping.env, VX_REMOTE_CACHE_SIGNING_KEY: privateKey })
    assert.deepEqual(
      dropping.stored('acme').filter((file) => file.endsWith('.tag')),
      [],
    )
    await refused(checkout(root), dropping.env, /2 artifacts.* not used: it is not signed/)
    await dropping.stop()
  })

  test('what was changed is not used', async () => {
    const { name, env, root, trusted } = team()
    const { tasks } = await build(root, trusted)
    for (const { hash } of Object.values(tasks)) {
      appendFileSync(server.artifact(name, hash), 'x')
    }
    await refused(checkout(root), env, /its signature does not fit its content/)
    assert.deepEqual(became(await build(checkout(root), trusted)), RAN)
  })

  test('what stands under the key of another task is not used', async () => {
    const { name, env, root, trusted } = team()
    const { tasks } = await build(root, trusted)
    const [lib, app] = ['lib#build', 'app#build'].map((id) => server.artifact(name, tasks[id].hash))
    copyFileSync(lib, app)
    copyFileSync(`${lib}.tag`, `${app}.tag`)
    const run = await build(checkout(root), env)
    assert.deepEqual(became(run), { 'lib#build': 'cache-hit-remote', 'app#build': 'success' })
    assert.match(run.warnings.join('\n'), /its signature does not fit its content/)
  })

  test('says whom to believe, and not for which team: a copy in another store is as good', async () => {
    const { name, root, trusted } = team()
    const { tasks } = await build(root, trusted)
    const other = newTeam()
    copyTo(name, other, tasks)
    assert.deepEqual(became(await build(checkout(root), remoteEnv(server.url, { team: other }))), REMOTE)
  })

  test('what somebody else signed is not used', async () => {
    const { env, root } = team()
    const eve = keygen()
    const hers = checkout(root)
    write(join(hers, 'vx.workspace.mjs'), believing([eve.publicKey])['vx.workspace.mjs'])
    const run = await build(hers, { ...env, VX_REMOTE_CACHE_SIGNING_KEY: eve.privateKey })
    assert.deepEqual(run.warnings, [])
    await refused(checkout(root), env, new RegExp(`signed with the key ${eve.keyId}, which .* not list`))
  })

  test('two keys are believed while one replaces the other', async () => {
    const { env, root, trusted, publicKey } = team()
    await build(root, trusted)
    const other = checkout(root)
    write(join(other, 'vx.workspace.mjs'), believing([keygen().publicKey, publicKey])['vx.workspace.mjs'])
    assert.deepEqual(became(await build(other, env)), REMOTE)
  })

  test('a shared key is no substitute for it', async () => {
    const { env, root } = team()
    const shared = { ...env, VX_REMOTE_CACHE_SIGNATURE_KEY: 'k'.repeat(32) }
    const plain = checkout(root)
    write(join(plain, 'vx.workspace.mjs'), 'export default {}')
    await build(plain, shared)
    await refused(checkout(root), shared, /not signed with a private key/)
  })

  test('one that is none costs the remote, is not shown, and does not fail the run', async () => {
    const { env, root, privateKey } = team()
    const broken = `${privateKey.slice(0, -1)}${privateKey.endsWith('A') ? 'B' : 'A'}`
    const run = await refused(
      checkout(root),
      { ...env, VX_REMOTE_CACHE_SIGNING_KEY: broken },
      /VX_SIGNING_KEY/,
    )
    assert.ok(!`${run.stdout}${run.stderr}`.includes(broken.slice(11, 30)))
  })
})

describe('a policy', needsServer, () => {
  test('takes what was built on its refs, and nothing else', async () => {
    const { env, root, trusted, publicKey } = team(['main', 'release/*'])
    const on = async (branch, config) => {
      const tree = checkout(root)
      git(tree, 'checkout', '--quiet', '-b', branch)
      writeFileSync(join(tree, 'packages/lib/src/a'), branch)
      writeFileSync(join(tree, 'packages/app/src/a'), branch)
      if (config) {
        write(join(tree, 'vx.workspace.mjs'), config)
      }
      git(tree, 'commit', '--quiet', '--all', '--message=change')
      return tree
    }
    const release = await on('release/1')
    assert.deepEqual(became(await build(release, trusted)), RAN)
    assert.deepEqual(became(await build(checkout(release), env)), REMOTE)
    // One that says that everything is believed signs for nobody else.
    const feature = await on('feature', believing([publicKey])['vx.workspace.mjs'])
    assert.deepEqual(became(await build(feature, trusted)), RAN)
    const reader = checkout(feature)
    write(join(reader, 'vx.workspace.mjs'), believing([publicKey], ['main', 'release/*'])['vx.workspace.mjs'])
    await refused(reader, env, /built on 'feature', and only main and release\/\* are accepted/)
  })

  test('keeps a build of another ref from uploading what nobody would use', async () => {
    const { name, root, trusted } = team(['main'])
    const tree = checkout(root)
    git(tree, 'checkout', '--quiet', '-b', 'feature')
    const run = await build(tree, trusted)
    assert.deepEqual(became(run), RAN)
    assert.deepEqual(server.stored(name), [])
    const info = JSON.parse((await vxBeside(tree, ['info', '--json'], trusted)).stdout).remote
    assert.match(info.readOnlyBecause, /built on 'feature'/)
  })
})

describe('a shared key', needsServer, () => {
  const key = 'a shared key of at least 32 bytes!'

  test('signs and believes on both sides, under the name that turbo gives it, too', async () => {
    const env = remoteEnv(server.url, { team: newTeam() })
    const root = workspace()
    assert.deepEqual(became(await build(root, { ...env, VX_REMOTE_CACHE_SIGNATURE_KEY: key })), RAN)
    for (const variable of ['VX_REMOTE_CACHE_SIGNATURE_KEY', 'TURBO_REMOTE_CACHE_SIGNATURE_KEY']) {
      assert.deepEqual(became(await build(checkout(root), { ...env, [variable]: key })), REMOTE)
    }
    // Whoever has no key believes everything, and reads it.
    assert.deepEqual(became(await build(checkout(root), env)), REMOTE)
    const another = { ...env, VX_REMOTE_CACHE_SIGNATURE_KEY: `${key}, but another` }
    await refused(checkout(root), another, /its signature does not fit its content/)
  })

  test('vouches for one team', async () => {
    const [from, to] = [newTeam(), newTeam()]
    const of = (name) => ({
      ...remoteEnv(server.url, { team: name }),
      VX_REMOTE_CACHE_SIGNATURE_KEY: key,
    })
    const root = workspace()
    const { tasks } = await build(root, of(from))
    copyTo(from, to, tasks)
    await refused(checkout(root), of(to), /its signature does not fit its content/)
  })

  test('of too few bytes costs the remote, and is not shown', async () => {
    const env = { ...remoteEnv(server.url, { team: newTeam() }), VX_REMOTE_CACHE_SIGNATURE_KEY: 'hunter2' }
    const run = await refused(workspace(), env, /VX_SIGNATURE_KEY/)
    assert.ok(!`${run.stdout}${run.stderr}`.includes('hunter2'))
  })
})

test('nothing secret gets into any output, into the database or into an artifact', needsServer, async () => {
  const { privateKey, publicKey } = keygen()
  const shared = 'a shared key that nobody may see!'
  const name = newTeam()
  const env = {
    ...remoteEnv(server.url, { team: name }),
    VX_REMOTE_CACHE_SIGNING_KEY: privateKey,
    VX_REMOTE_CACHE_SIGNATURE_KEY: shared,
  }
  const root = monorepo(
    { app: { tasks: { build: cached('env; mkdir -p dist; env > dist/env') } } },
    believing([publicKey]),
  )
  const run = await build(root, env)
  assert.deepEqual(became(run), { 'app#build': 'success' })
  const texts = [run.stdout, run.stderr]
  for (const args of [
    ['run', 'build', '--all', '--force', '--profile', '--summarize'],
    ['info', '--json'],
    ['info'],
    ['stats', '--json'],
    ['cache', 'push', 'build', '--all'],
    ['run', 'build', '--all', '--dry=json'],
  ]) {
    const { code, stdout, stderr } = await vxBeside(root, args, env)
    assert.equal(code, 0, stderr)
    texts.push(stdout, stderr)
  }
  const seed = Buffer.from(privateKey.slice('vx-private-'.length), 'base64url').subarray(0, 32)
  const secrets = [TOKEN, privateKey.slice('vx-private-'.length), shared, seed, seed.toString('hex')]
  const files = [
    ...everything(join(root, '.vx')),
    ...everything(join(root, 'packages')),
    ...server.stored(name).map((file) => server.artifact(name, file)),
  ]
  assert.ok(files.length > 5 && files.some((file) => file.endsWith('.tar.zst')), files.join('\n'))
  assert.ok(server.stored(name).length === 2, 'an artifact and its signature')
  for (const bytes of [
    ...texts.map((text) => Buffer.from(text)),
    ...files.map((file) => readFileSync(file)),
  ]) {
    for (const secret of secrets) {
      assert.equal(bytes.includes(secret), false)
    }
  }
})

function everything(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => statSync(path).isFile())
}
