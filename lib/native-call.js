// Calls into the native addon so that whatever goes wrong carries a stable `VX_…` code. The addon is loaded by the
// first call, not by importing this: a config that only imports `defineProject` never loads it.

import { createRequire } from 'node:module'

const { loadNative } = createRequire(import.meta.url)('./native.cjs')

/**
 * Runs `use` with the binding. What it throws without a code of ours comes from converting the arguments.
 *
 * @template T
 * @param {(native: typeof import('../index.js')) => T} use
 * @returns {T}
 */
export function callNative(use) {
  const native = loadNative()
  try {
    return use(native)
  } catch (error) {
    throw withCode(error, 'VX_ARGUMENT')
  }
}

/**
 * The same for calls that return a promise: it rejects, and never throws.
 *
 * @template T
 * @param {(native: typeof import('../index.js')) => T | Promise<T>} use
 * @returns {Promise<T>}
 */
export async function callNativeAsync(use) {
  const result = callNative(use)
  try {
    return await result
  } catch (error) {
    throw withCode(error, 'VX_INTERNAL')
  }
}

/**
 * An error that every caller can tell apart by `code`.
 *
 * @param {string} code
 * @param {string} message
 * @param {unknown} [cause]
 */
export function codedError(code, message, cause) {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code })
}

/**
 * @param {any} error
 * @param {string} code
 */
function withCode(error, code) {
  return String(error?.code).startsWith('VX_')
    ? error
    : codedError(code, String(error?.message ?? error), error)
}
