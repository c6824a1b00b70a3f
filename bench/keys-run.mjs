// `node keys-run.mjs <keys> <inputs> <rounds>`: derives so many keys of so many inputs by `Cache.key()` and in plain
// JavaScript, in turns, and prints what each took, as JSON. Fails unless both give the fixed keys and agree on all.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createXXHash128 } from 'hash-wasm'
import { Cache } from '../lib/index.js'
import { KNOWN_KEYS, framedKey } from './keys-plain.mjs'
import { rotated } from './measure.mjs'
import { randomNumbers } from './random.mjs'

const [keys, inputs, rounds] = process.argv.slice(2).map(Number)

const directory = mkdtempSync(join(tmpdir(), 'vx-bench-keys-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))

const cache = new Cache(join(directory, 'cache'))
const xxh3 = await createXXHash128()
const plainKey = (input) => xxh3.init().update(framedKey(input)).digest()

const WAYS = {
  'Cache.key(), one after another': async (all) => {
    const found = []
    for (const input of all) {
      found.push(await cache.key(input))
    }
    return found
  },
  'Cache.key(), all at once': (all) => Promise.all(all.map((input) => cache.key(input))),
  'plain JavaScript': async (all) => all.map(plainKey),
}

const known = KNOWN_KEYS.map(({ key }) => key)
const all = Array.from({ length: keys }, (_, index) => inputOf(index))
const samples = Object.fromEntries(Object.keys(WAYS).map((name) => [name, []]))
let first
for (let round = 0; round <= rounds; round++) {
  for (const [name, derive] of rotated(Object.entries(WAYS), round)) {
    check(name, await derive(KNOWN_KEYS.map(({ input }) => input)), known)
    const cpu = process.cpuUsage()
    const start = performance.now()
    const found = await derive(all)
    const wallMs = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    first ??= found
    check(name, found, first)
    if (round > 0) {
      samples[name].push({ wallMs, cpuMs: (user + system) / 1000 })
    }
  }
}
cache.close()
console.log(JSON.stringify(samples))

function check(name, found, expected) {
  const wrong = found.findIndex((key, index) => key !== expected[index])
  if (wrong !== -1) {
    throw new Error(`${name}: key ${wrong} is ${found[wrong]} and not ${expected[wrong]}`)
  }
}

function inputOf(index) {
  const random = randomNumbers(index)
  const hex = (length) => Array.from({ length }, () => random(16).toString(16)).join('')
  const root = '/workspace'
  const inputFiles = Array.from(
    { length: inputs },
    (_, file) => `${root}/packages/p${index}/src/part-${random(10)}/module-${file}.ts`,
  )
  return {
    taskId: `@bench/p${index}#build`,
    workspaceFingerprint: '0'.repeat(32),
    projectPackageJsonHash: hex(40),
    taskConfigHash: hex(32),
    envValues: [['NODE_ENV', 'production']],
    upstreamHashes: [hex(32), hex(32), hex(32)],
    workspaceRoot: root,
    inputFiles,
    fileHashes: new Map(inputFiles.map((path) => [path, hex(40)])),
  }
}
