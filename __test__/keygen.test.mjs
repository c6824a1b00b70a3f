// `vx cache keygen`: pairs of keys that others agree with, and that are told apart.

import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { scratch } from './scratch.mjs'
import { vx } from './workspace.mjs'

/** What stands before the 32 bytes of a key in the form that node:crypto reads. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** The 32 bytes of a key's text, whose checksum is looked at. */
function bytesOf(text, start) {
  assert.ok(text.startsWith(start), 'another beginning')
  const bytes = Buffer.from(text.slice(start.length), 'base64url')
  assert.equal(bytes.length, 36)
  const key = bytes.subarray(0, 32)
  const checksum = createHash('sha256').update(start).update(key).digest().subarray(0, 4)
  assert.deepEqual(bytes.subarray(32), checksum)
  return key
}

function generate(cwd = scratch()) {
  const { code, stdout, stderr } = vx(cwd, ['cache', 'keygen', '--json'])
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  return JSON.parse(stdout)
}

describe('vx cache keygen', () => {
  test('the two halves belong together', () => {
    const { privateKey, publicKey, keyId, ...rest } = generate()
    assert.deepEqual(rest, {})
    const seed = bytesOf(privateKey, 'vx-private-')
    const point = bytesOf(publicKey, 'vx-public-')
    const signing = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
    const verifying = createPublicKey({ key: Buffer.concat([SPKI, point]), format: 'der', type: 'spki' })
    assert.ok(verify(null, 'what is signed', verifying, sign(null, 'what is signed', signing)))
    assert.equal(keyId, createHash('sha256').update(point).digest('hex').slice(0, 16))
  })

  test('no two pairs are the same', () => {
    const cwd = scratch()
    const pairs = [generate(cwd), generate(cwd), generate(cwd)]
    for (const name of ['privateKey', 'publicKey', 'keyId']) {
      assert.equal(new Set(pairs.map((pair) => pair[name])).size, pairs.length, name)
    }
  })

  test('it needs no workspace and leaves nothing behind', () => {
    const cwd = scratch()
    generate(cwd)
    assert.deepEqual(readdirSync(cwd), [])
  })

  test('in words it says where each belongs', () => {
    const { code, stdout, stderr } = vx(scratch(), ['cache', 'keygen'])
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const [, privateKey] = /^Private key: (\S+)$/m.exec(stdout)
    const [, publicKey] = /^Public key: {2}(\S+)$/m.exec(stdout)
    bytesOf(privateKey, 'vx-private-')
    bytesOf(publicKey, 'vx-public-')
    assert.match(stdout, /VX_REMOTE_CACHE_SIGNING_KEY/)
    assert.ok(stdout.includes(`remote: { publicKeys: ['${publicKey}'] }`), stdout)
    assert.equal(stdout.split(privateKey).length, 2, 'shown once')
  })

  test('the public key is taken by vx.workspace.ts, the private one is refused and not shown', () => {
    const { privateKey, publicKey } = generate()
    const files = (key) => ({
      'package.json': '{}',
      'vx.workspace.mjs': `export default { remote: { publicKeys: ['${key}'] } }`,
    })
    assert.equal(vx(scratch(files(publicKey)), ['stats']).code, 0)
    const { code, stdout, stderr } = vx(scratch(files(privateKey)), ['stats'])
    assert.equal(code, 2)
    assert.match(stderr, /remote\.publicKeys\[0\]\n {2}is a private key/)
    assert.ok(!`${stdout}${stderr}`.includes(privateKey.slice(11, 25)))
  })
})
