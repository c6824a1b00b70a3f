// A thousand calls on one cache, as one of many callers makes them: a function, and what a worker thread runs.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { Cache } from '@vzn/vx'
import { numbers } from './numbers.mjs'

/** How many keys there are for all callers together: few, so that they meet. */
export const KEYS = 20

export const keyOf = (number) => String(number).padStart(32, '0')

/** Saves, looks up and restores results in a `tree` of its own, and prunes now and then; returns how often what came off. */
export async function calls({ directory, tree, seed }) {
  const random = numbers(seed)
  const cache = new Cache(directory)
  const output = join(tree, 'dist/a')
  mkdirSync(join(tree, 'dist'), { recursive: true })
  const counts = { saved: 0, found: 0, restored: 0, pruned: 0 }
  for (let call = 0; call < 1000; call++) {
    const number = random(KEYS)
    const hash = keyOf(number)
    const kind = random(100)
    if (kind < 30) {
      writeFileSync(output, `result ${number}`)
      const entry = {
        taskId: 'a#build',
        command: 'make',
        exitCode: 0,
        durationMs: 1,
        stdout: `built ${number}`,
        stderr: '',
      }
      await cache.save({ hash, entry, projectDir: tree, outputFiles: [output] })
      counts.saved++
    } else if (kind < 80) {
      const entry = await cache.get(hash)
      if (entry && entry.stdout !== `built ${number}`) {
        throw new Error(`another entry for ${number}: ${entry.stdout}`)
      }
      counts.found += entry ? 1 : 0
    } else if (kind < 98) {
      counts.restored += (await restores(cache, hash, tree, output, number)) ? 1 : 0
    } else {
      counts.pruned += (await cache.prune({ maxBytes: random(4000) })).evicted
    }
  }
  cache.close()
  return counts
}

/** `false`: there was no such entry, or it was evicted just then. */
async function restores(cache, hash, tree, output, number) {
  try {
    await cache.restoreOutputs(hash, tree)
  } catch (error) {
    if (error.code === 'VX_CACHE_MISSING') return false
    throw error
  }
  const text = readFileSync(output, 'utf8')
  if (text !== `result ${number}`) {
    throw new Error(`another result for ${number}: ${text}`)
  }
  return true
}

if (!isMainThread && workerData?.calls) {
  parentPort.postMessage(await calls(workerData.calls))
}
