// Evaluates config files for the engine: paths in, JSON text out. A config that cannot be evaluated is data, never an
// exception. When a path is asked for again its file, or something it imports, has changed: the runtime keeps every
// module it has loaded, so that call is answered by a new worker thread, which has loaded none.

import { Worker } from 'node:worker_threads'
import { describeError } from './describe-error.js'
import { UnusableConfig, loadConfig } from './load-config.js'
import { NotPlainJson, plainJson } from './plain-json.js'

/** How many configs are loaded at once. */
const CONCURRENCY = 16

const loaded = new Set()

/**
 * @param {string[]} paths absolute paths of config files
 * @returns {Promise<string>} a JSON array aligned with `paths`: `{"value": …}` or
 *   `{"error": {"message": string, "path"?: string}}`, where `path` is the place inside the exported value, empty for
 *   the whole, and absent when evaluation failed
 */
export async function evaluate(paths) {
  if (paths.some((path) => loaded.has(path))) {
    return evaluateInNewThread(paths)
  }
  for (const path of paths) {
    loaded.add(path)
  }
  return evaluateHere(paths)
}

/**
 * @param {string[]} paths
 * @returns {Promise<string>}
 */
export async function evaluateHere(paths) {
  const results = Array.from({ length: paths.length })
  let next = 0
  const work = async () => {
    while (next < paths.length) {
      const index = next++
      results[index] = await evaluateOne(paths[index])
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, paths.length) }, work))
  return `[${results.join(',')}]`
}

async function evaluateOne(path) {
  try {
    return JSON.stringify({ value: plainJson(await loadConfig(path)) })
  } catch (error) {
    if (error instanceof NotPlainJson) {
      return failure(error.what, error.path)
    }
    return error instanceof UnusableConfig ? failure(error.message, '') : failure(describeError(error))
  }
}

/** Without a path: there is no value at all. */
function failure(message, path) {
  return JSON.stringify({ error: { message, path } })
}

function evaluateInNewThread(paths) {
  const worker = new Worker(new URL('evaluate-worker.js', import.meta.url), { workerData: paths })
  return new Promise((resolve) => {
    const failAll = (message) => resolve(`[${paths.map(() => failure(message)).join(',')}]`)
    worker.once('message', (answer) => {
      resolve(answer)
      void worker.terminate()
    })
    worker.once('error', (error) => failAll(describeError(error)))
    worker.once('exit', (code) => failAll(`evaluation ended the thread it ran in, with exit code ${code}`))
  })
}
