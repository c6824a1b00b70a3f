// The `Cache` class: the shapes of the public interface on one side, those of the native binding on the other. Holds no
// rule of its own; what a key is, how an entry is stored and restored is the engine's.

import { callNative, callNativeAsync, codedError } from './native-call.js'

export const WORKSPACE_OUTPUT_PREFIX = 'workspace-outputs/'

export class Cache {
  #native

  constructor(cacheDir, remote) {
    this.#native = callNative((binding) => new binding.NativeCache(cacheDir, remote))
  }

  async key(input) {
    const native = this.#opened()
    return callNativeAsync(() => {
      const { known, ...keyInput } = toNativeKeyInput(input)
      // Nothing has to be read then, and the way through another thread would cost more than the key.
      return known ? native.keyOfKnown(keyInput) : native.key(keyInput)
    })
  }

  async get(hash) {
    const native = this.#opened()
    return callNativeAsync(() => native.get(hash))
  }

  async restoreOutputs(hash, projectDir, workspaceRoot) {
    const native = this.#opened()
    return callNativeAsync(() => native.restoreOutputs(hash, projectDir, workspaceRoot))
  }

  async save(args) {
    const native = this.#opened()
    return callNativeAsync(() => native.save(args))
  }

  recordRun(run) {
    const native = this.#opened()
    callNative(() => native.recordRun(run))
  }

  stats() {
    const native = this.#opened()
    return callNative(() => native.stats())
  }

  async prune(options) {
    const native = this.#opened()
    checkLimit(options, 'olderThanMs')
    checkLimit(options, 'maxBytes')
    return callNativeAsync(() => native.prune(options))
  }

  close() {
    const native = this.#native
    this.#native = undefined
    if (native) {
      callNative(() => native.close())
    }
  }

  /** The binding of an open cache, for what builds on it. */
  static nativeOf(cache) {
    return cache.#opened()
  }

  #opened() {
    if (!this.#native) {
      throw codedError('VX_CLOSED', 'the cache is closed; open a new one with `new Cache(dir)`')
    }
    return this.#native
  }
}

/** For modules of this package only. */
export const nativeOf = (cache) => Cache.nativeOf(cache)

/** Up to so many files whose hashes are known, a key takes less than a millisecond. */
const AT_ONCE = 4096

/**
 * The binding takes parallel arrays where the interface has pairs and a map, so that unset stays apart from empty and
 * nothing of the size of a workspace crosses as an object.
 */
function toNativeKeyInput({ envValues, fileHashes, inputFiles, upstreamHashes, forwardArgs, ...texts }) {
  const env = [...envValues]
  const files = [...inputFiles]
  const ids = files.map((file) => fileHashes?.get(file) ?? '')
  if (![...files, ...ids].every((text) => typeof text === 'string')) {
    throw codedError('VX_ARGUMENT', 'inputFiles and fileHashes take strings')
  }
  return {
    ...texts,
    envNames: env.map(([name]) => name),
    envSet: env.map(([, value]) => value !== null && value !== undefined),
    envValues: env.map(([, value]) => value ?? ''),
    known: files.length <= AT_ONCE && !ids.includes(''),
    inputCount: files.length,
    inputPaths: files.join('\0'),
    inputIds: ids.join('\0'),
    upstreamHashes: [...upstreamHashes],
    forwardArgs: forwardArgs && [...forwardArgs],
  }
}

/** A limit that is no number would convert to 0 and evict everything. */
function checkLimit(options, name) {
  const limit = options?.[name]
  if (limit !== undefined && !(Number.isFinite(limit) && limit >= 0)) {
    throw codedError('VX_ARGUMENT', `${name} is ${String(limit)}; it takes a number that is not negative`)
  }
}
