// The derivation of a key in plain JavaScript: what a program without the engine would have to do. It frames the fields
// as the engine does; the hash is the caller's, XXH3-128 for a real key.

/** As in the engine; the program that measures checks both against fixed keys. */
const CACHE_VERSION = 'vx-cache-v23'

/**
 * The bytes that are hashed.
 *
 * @param {import('../lib/index.js').CacheKeyInput} input with the ids of all its files
 * @returns {Uint8Array} valid until the next call
 */
export function framedKey(input) {
  const frame = new Frame()
  frame.text(CACHE_VERSION)
  frame.field('task', input.taskId)
  frame.field('workspace', input.workspaceFingerprint)
  frame.field('pkg', input.projectPackageJsonHash)
  frame.field('config', input.taskConfigHash)
  frame.list('forward-args', input.forwardArgs ?? [], (arg) => frame.text(arg))
  frame.list('env-values', input.envValues, ([name, value]) => {
    frame.text(name)
    frame.optional(value)
  })
  frame.list('upstream', input.upstreamHashes.toSorted(), (key) => frame.text(key))
  frame.list('inputs', identified(input), ([path, id]) => {
    frame.text(path)
    frame.text(id)
  })
  return frame.bytes()
}

/**
 * The inputs by their path in the workspace, in the order of its UTF-8 bytes.
 *
 * @param {import('../lib/index.js').CacheKeyInput} input
 * @returns {[path: string, id: string][]}
 */
function identified({ workspaceRoot, inputFiles, fileHashes }) {
  const below = workspaceRoot.length + 1
  /** @type {[string, string][]} */
  const inputs = inputFiles.map((path) => [path.slice(below), fileHashes?.get(path) ?? ''])
  // The order of UTF-16, which comparing strings goes by, is another one only where there are surrogates.
  const compare = inputs.some(([path]) => /[\ud800-\udfff]/.test(path)) ? byBytes : byUnits
  return inputs.toSorted(compare)
}

/** @type {(a: [string, string], b: [string, string]) => number} */
const byUnits = ([a], [b]) => (a < b ? -1 : 1)

/** @type {(a: [string, string], b: [string, string]) => number} */
const byBytes = ([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** One buffer for all keys, since allocating would cost more than writing. */
let buffer = Buffer.alloc(1 << 16)

class Frame {
  #length = 0

  text(text) {
    this.#reserve(8 + text.length * 3)
    const bytes = buffer.write(text, this.#length + 8)
    this.#number(bytes)
    this.#length += bytes
  }

  field(name, value) {
    this.text(name)
    this.text(value)
  }

  list(name, items, write) {
    this.text(name)
    this.#reserve(8)
    this.#number(items.length)
    items.forEach(write)
  }

  optional(value) {
    this.#reserve(1)
    buffer[this.#length++] = value === null ? 0 : 1
    if (value !== null) {
      this.text(value)
    }
  }

  bytes() {
    return buffer.subarray(0, this.#length)
  }

  /** A u64, which no length here needs more than half of. */
  #number(value) {
    buffer.writeUInt32LE(value, this.#length)
    buffer.writeUInt32LE(0, this.#length + 4)
    this.#length += 8
  }

  #reserve(bytes) {
    if (this.#length + bytes > buffer.length) {
      const larger = Buffer.alloc(Math.max(2 * buffer.length, this.#length + bytes))
      buffer.copy(larger, 0, 0, this.#length)
      buffer = larger
    }
  }
}

/**
 * Two inputs and their keys, to check a derivation with.
 *
 * @type {{ input: import('../lib/index.js').CacheKeyInput, key: string }[]}
 */
export const KNOWN_KEYS = [
  {
    input: {
      taskId: 'pkg#build',
      workspaceFingerprint: '0'.repeat(32),
      projectPackageJsonHash: '',
      taskConfigHash: 'deadbeef'.repeat(4),
      envValues: [
        ['MODE', 'prod'],
        ['UNSET', null],
      ],
      upstreamHashes: [],
      workspaceRoot: '/workspace',
      inputFiles: ['/workspace/packages/a/src/x.js', '/workspace/packages/a/bin/run'],
      fileHashes: new Map([
        ['/workspace/packages/a/src/x.js', 'a'.repeat(40)],
        ['/workspace/packages/a/bin/run', `100755:${'b'.repeat(40)}`],
      ]),
    },
    key: '7f431f6319ec7a7760fd0bef2278f5bd',
  },
  {
    input: {
      taskId: 'web#test',
      workspaceFingerprint: 'f'.repeat(32),
      projectPackageJsonHash: 'c'.repeat(40),
      taskConfigHash: '0'.repeat(32),
      forwardArgs: ['--watch', 'a b'],
      envValues: [],
      upstreamHashes: ['2'.repeat(32), '1'.repeat(32)],
      workspaceRoot: '/workspace',
      inputFiles: [],
      fileHashes: new Map(),
    },
    key: '383a674d20b0415fc6d8376aae85eee2',
  },
]
