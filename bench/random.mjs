// Numbers and bytes that look random and are the same in every run.

import { createCipheriv } from 'node:crypto'

/**
 * A generator of whole numbers from 0 up to, and without, `below`.
 *
 * @param {number} seed
 * @returns {(below: number) => number}
 */
export function randomNumbers(seed) {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return Math.floor((((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32) * below)
  }
}

/**
 * A generator of bytes that cannot be compressed, fast enough for gigabytes.
 *
 * @param {number} seed
 * @returns {(length: number) => Buffer}
 */
export function randomBytes(seed) {
  const key = Buffer.alloc(16)
  key.writeUInt32LE(seed >>> 0)
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  return (length) => cipher.update(Buffer.alloc(length))
}
