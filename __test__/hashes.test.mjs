import assert from 'node:assert/strict'
import { chmodSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { defineProject, defineWorkspace, hashFile, hashTaskConfig, workspaceFingerprint } from '@vzn/vx'
import { scratch, write } from './scratch.mjs'
import { git } from './workspace.mjs'

const unix = process.platform !== 'win32'

describe('hashFile', () => {
  test('is what `git hash-object` says', async () => {
    const directory = scratch()
    git(directory, 'init', '--quiet')
    for (const content of ['', 'hello\n', 'a\r\nb', '\0\u0001', 'x'.repeat(300_000)]) {
      const path = write(join(directory, 'file'), content)
      assert.equal(`${await hashFile(path)}\n`, git(directory, 'hash-object', '--no-filters', path))
    }
  })

  test('in the object format of the repository', async () => {
    const directory = scratch()
    git(directory, 'init', '--quiet', '--object-format=sha256')
    const path = write(join(directory, 'sub/file'), 'hello\n')
    const id = await hashFile(path)
    assert.match(id, /^[0-9a-f]{64}$/)
    assert.equal(`${id}\n`, git(directory, 'hash-object', '--no-filters', path))
  })

  test('tells executables and links apart', { skip: !unix }, async () => {
    const directory = scratch({ run: '#!/bin/sh\n' })
    const run = join(directory, 'run')
    const plain = await hashFile(run)
    chmodSync(run, 0o755)
    assert.equal(await hashFile(run), `100755:${plain}`)
    symlinkSync('run', join(directory, 'link'))
    symlinkSync('nowhere', join(directory, 'broken'))
    assert.match(await hashFile(join(directory, 'link')), new RegExp(`^120000:[0-9a-f]{40}>100755:${plain}$`))
    assert.match(await hashFile(join(directory, 'broken')), /^120000:[0-9a-f]{40}$/)
  })

  test('errors have a code', async () => {
    const directory = scratch()
    await assert.rejects(hashFile(join(directory, 'gone')), { code: /^VX_/ })
    await assert.rejects(hashFile(directory), { code: /^VX_/ })
    await assert.rejects(hashFile(), { code: 'VX_ARGUMENT' })
    await assert.rejects(hashFile(1), { code: 'VX_ARGUMENT' })
  })
})

describe('hashTaskConfig', () => {
  const config = {
    exec: { command: 'tsc', env: { define: { MODE: 'prod' } } },
    cache: { inputs: { files: ['src/**'] }, outputs: { files: ['dist/**'] } },
  }

  test('is 32 hex digits, whatever the order of properties', () => {
    const hash = hashTaskConfig(config)
    assert.match(hash, /^[0-9a-f]{32}$/)
    const { exec, cache } = config
    assert.equal(hashTaskConfig({ cache: { outputs: cache.outputs, inputs: cache.inputs }, exec }), hash)
    assert.equal(hashTaskConfig({ ...config, dependsOn: undefined }), hash)
  })

  test('moves with every value', () => {
    const hashes = [
      config,
      { ...config, exec: { command: 'tsc -b' } },
      { ...config, exec: { ...config.exec, env: { define: { MODE: 'dev' } } } },
      { ...config, cache: { ...config.cache, outputs: { files: ['dist/**', 'lib/**'] } } },
      {},
    ].map((value) => hashTaskConfig(value))
    assert.equal(new Set(hashes).size, hashes.length)
  })

  test('refuses what is no JSON, with its place', () => {
    assert.throws(() => hashTaskConfig({ exec: { command: () => 'tsc' } }), {
      code: 'VX_CONFIG_NOT_JSON',
      path: 'exec.command',
    })
    assert.throws(() => hashTaskConfig(undefined), { code: 'VX_CONFIG_NOT_JSON', path: '' })
  })
})

describe('workspaceFingerprint', () => {
  test('moves with lockfiles and the workspaces of the root, and with nothing else', async () => {
    const files = {
      'package.json': '{ "name": "a", "workspaces": ["packages/*"] }',
      'package-lock.json': '{}',
    }
    const fingerprint = (changes) => workspaceFingerprint(scratch({ ...files, ...changes }))
    const base = await fingerprint({})
    assert.match(base, /^[0-9a-f]{32}$/)
    assert.equal(await fingerprint({ 'README.md': 'x', 'src/a.js': '' }), base)
    assert.equal(await fingerprint({ 'package.json': '{"workspaces":["packages/*"],"name":"b"}' }), base)
    const moved = await Promise.all([
      fingerprint({ 'package-lock.json': '{ }' }),
      fingerprint({ 'package.json': '{ "workspaces": ["apps/*"] }' }),
      fingerprint({ 'yarn.lock': '' }),
      fingerprint({ 'pnpm-workspace.yaml': 'packages: []\n' }),
    ])
    assert.equal(new Set([base, ...moved]).size, 5)
  })

  test('a root package.json that is no JSON is an error', async () => {
    const rejected = assert.rejects(workspaceFingerprint(scratch({ 'package.json': '{' })), {
      code: 'VX_MANIFEST_INVALID',
    })
    await rejected
    await assert.rejects(workspaceFingerprint(), { code: 'VX_ARGUMENT' })
  })
})

test('defineProject and defineWorkspace return what they are given', () => {
  const project = { tasks: {} }
  const workspace = {}
  assert.equal(defineProject(project), project)
  assert.equal(defineWorkspace(workspace), workspace)
})
