// The `LayeredCache` class: a local cache with a remote beneath it. What may come from there and what is believed are the
// engine's rules; here uploads wait for their turn, so that few of the runtime's worker threads are busy with them.

import { Cache, nativeOf } from './cache.js'
import { codedError } from './native-call.js'

/** How many uploads are under way at once. */
const UPLOADS = 2

export class LayeredCache extends Cache {
  #waiting = []
  #running = new Set()
  #uploaded = 0
  #failures = []

  constructor(cacheDir, remote = {}) {
    super(cacheDir, toNativeRemote(remote))
  }

  async save(args) {
    const hash = await super.save(args)
    if (hash !== null) {
      this.#waiting.push([hash, args.entry.durationMs])
      this.#start()
    }
    return hash
  }

  async flush() {
    while (this.#running.size > 0) {
      await Promise.all(this.#running)
    }
    const uploaded = this.#uploaded
    const failures = [...this.#failures, ...nativeOf(this).remarks()]
    this.#uploaded = 0
    this.#failures = []
    return { uploaded, failures }
  }

  close() {
    this.#waiting = []
    super.close()
  }

  #start() {
    while (this.#running.size < UPLOADS && this.#waiting.length > 0) {
      const [hash, durationMs] = this.#waiting.shift()
      const upload = this.#upload(hash, durationMs).finally(() => {
        this.#running.delete(upload)
        this.#start()
      })
      this.#running.add(upload)
    }
  }

  async #upload(hash, durationMs) {
    try {
      const bytes = await nativeOf(this).push(hash, durationMs)
      this.#uploaded += bytes > 0 ? 1 : 0
    } catch (/** @type {any} */ error) {
      // Closed meanwhile, or the remote is away: the entry is here, and nobody waits for this.
      if (error?.code !== 'VX_CLOSED') {
        this.#failures.push(String(error?.message ?? error))
      }
    }
  }
}

function toNativeRemote(remote) {
  if (remote === null || typeof remote !== 'object') {
    throw codedError('VX_ARGUMENT', 'the remote is described by an object such as { url, team }')
  }
  const { url, team, publicKeys, policy, write } = remote
  return { variables: { ...process.env }, url, team, publicKeys, refs: policy?.refs, write }
}
