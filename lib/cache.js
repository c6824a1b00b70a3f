// The `Cache` class: the shapes of the public interface on one side, those of the native binding on the other. Holds no
// rule of its own; what a key is, how an entry is stored and restored is the engine's.

import { callNative, callNativeAsync, codedError } from './native-call.js'

export const WORKSPACE_OUTPUT_PREFIX = 'workspace-outputs/'

export class Cache {
  #native

  constructor(cacheDir) {
    this.#native = callNative((binding) => new binding.NativeCache(cacheDir))
  }

  async key(input) {
    const native = this.#opened()
    return callNativeAsync(() => native.key(toNativeKeyInput(input)))
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

  #opened() {
    if (!this.#native) {
      throw codedError('VX_CLOSED', 'the cache is closed; open a new one with `new Cache(dir)`')
    }
    return this.#native
  }
}

/**
 * The binding takes parallel arrays where the interface has pairs and a map, so that unset stays apart from empty and
 * nothing of the size of a workspace crosses as an object.
 */
function toNativeKeyInput({ envValues, fileHashes, inputFiles, upstreamHashes, forwardArgs, ...texts }) {
  const env = [...envValues]
  return {
    ...texts,
    envNames: env.map(([name]) => name),
    envSet: env.map(([, value]) => value !== null && value !== undefined),
    envValues: env.map(([, value]) => value ?? ''),
    inputFiles: [...inputFiles],
    upstreamHashes: [...upstreamHashes],
    forwardArgs: forwardArgs && [...forwardArgs],
    hashedPaths: fileHashes && [...fileHashes.keys()],
    hashedIds: fileHashes && [...fileHashes.values()],
  }
}

/** A limit that is no number would convert to 0 and evict everything. */
function checkLimit(options, name) {
  const limit = options?.[name]
  if (limit !== undefined && !(Number.isFinite(limit) && limit >= 0)) {
    throw codedError('VX_ARGUMENT', `${name} is ${String(limit)}; it takes a number that is not negative`)
  }
}
