// Artifacts made byte by byte, as no vx makes them: tar entries with any header, in a zstd frame without compression.

const BLOCK = 512
const MASK = (1n << 64n) - 1n

/**
 * One tar entry: header and content. Every field may be wrong on purpose; `size` is what the header claims, `name` and
 * `link` may be buffers.
 */
export function entry(
  name,
  { type = '0', content = '', mode = 0o644, size, link = '', magic = 'ustar\x0000' } = {},
) {
  const bytes = Buffer.from(content)
  const block = Buffer.alloc(BLOCK)
  Buffer.from(name).copy(block, 0, 0, 100)
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
  block.write('0000000\0'.repeat(2), 108)
  block.write(`${(size ?? bytes.length).toString(8).padStart(11, '0')}\0`, 124)
  block.write('00000000000\0        ', 136)
  block.write(type, 156, 'latin1')
  Buffer.from(link).copy(block, 157, 0, 100)
  block.write(magic, 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)
  return Buffer.concat([block, bytes, padding])
}

/** A PAX record for the entry that follows. */
export function pax(keyword, value) {
  const rest = keyword.length + Buffer.byteLength(value) + 3
  const digits = [1, 2, 3, 4, 5, 6, 7].find((count) => String(rest + count).length === count)
  const length = rest + digits
  return entry('PaxHeader', { type: 'x', content: `${length} ${keyword}=${value}\n` })
}

/** The entries that come before the outputs. `meta` replaces fields of `meta.json`. */
export function front(key, meta = {}) {
  const json = {
    version: 1,
    key,
    taskId: 'x#build',
    command: 'made by hand',
    durationMs: 1,
    storedAt: '2026-01-01T00:00:00.000Z',
    ...meta,
  }
  return Buffer.concat([
    entry('meta.json', { content: JSON.stringify(json) }),
    entry('stdout', { content: 'from the cache\n' }),
  ])
}

/** What a tar ends with. */
export const END = Buffer.alloc(2 * BLOCK)

/** A whole artifact: what `front` makes, then these entries. */
export function artifact(key, entries, meta) {
  return frame([front(key, meta), ...entries, END])
}

/** A zstd frame (RFC 8878) of uncompressed blocks with the checksum of its content. */
export function frame(parts) {
  const content = Buffer.concat(parts)
  const blocks = []
  for (let at = 0; at < content.length; at += 1 << 16) {
    const piece = content.subarray(at, at + (1 << 16))
    blocks.push(blockHeader(0, piece.length), piece)
  }
  return Buffer.concat([frameHeader(), ...blocks, LAST_BLOCK, checksum(content)])
}

/**
 * A frame that begins with `start` and goes on with zeros: `blocks` times 128 KiB of them, four bytes each. With
 * `declared`, its header says how much it holds. Its checksum is wrong; nobody should get that far.
 */
export function bomb(start, blocks, { declared = false } = {}) {
  const zeros = Buffer.concat([blockHeader(1, 128 << 10), Buffer.of(0)])
  const size = declared ? BigInt(start.length) + BigInt(blocks) * BigInt(128 << 10) : undefined
  const rest = Buffer.alloc(zeros.length * blocks, zeros)
  return Buffer.concat([
    frameHeader(size),
    blockHeader(0, start.length),
    start,
    rest,
    LAST_BLOCK,
    Buffer.alloc(4),
  ])
}

/** Magic number, a descriptor that promises a checksum, a window of 1 MiB, and the content's size where it is given. */
function frameHeader(size) {
  const declared = Buffer.alloc(size === undefined ? 0 : 8)
  if (size !== undefined) {
    declared.writeBigUInt64LE(size)
  }
  const descriptor = size === undefined ? 0x04 : 0xc4
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, descriptor, 10 << 3), declared])
}

/** Kind 0: bytes as they are; kind 1: one byte, repeated. */
function blockHeader(kind, size) {
  const header = Buffer.alloc(3)
  header.writeUIntLE((size << 3) | (kind << 1), 0, 3)
  return header
}

const LAST_BLOCK = Buffer.of(1, 0, 0)

function checksum(content) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(Number(xxh64(content) & 0xffff_ffffn))
  return bytes
}

const PRIMES = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
]

/** XXH64 with seed 0, as its specification gives it. */
function xxh64(bytes) {
  const [p1, p2, p3, p4, p5] = PRIMES
  const rotate = (value, by) => ((value << by) | (value >> (64n - by))) & MASK
  const round = (sum, lane) => (rotate((sum + lane * p2) & MASK, 31n) * p1) & MASK
  let at = 0
  let hash
  if (bytes.length >= 32) {
    let lanes = [(p1 + p2) & MASK, p2, 0n, -p1 & MASK]
    for (; at + 32 <= bytes.length; at += 32) {
      lanes = lanes.map((sum, lane) => round(sum, bytes.readBigUInt64LE(at + lane * 8)))
    }
    hash = lanes.reduce((sum, lane, index) => sum + rotate(lane, [1n, 7n, 12n, 18n][index]), 0n) & MASK
    for (const lane of lanes) {
      hash = ((hash ^ round(0n, lane)) * p1 + p4) & MASK
    }
  } else {
    hash = p5
  }
  hash = (hash + BigInt(bytes.length)) & MASK
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotate(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * p1 + p4) & MASK
  }
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(bytes.readUInt32LE(at)) * p1) & MASK), 23n) * p2 + p3) & MASK
    at += 4
  }
  for (; at < bytes.length; at++) {
    hash = (rotate(hash ^ ((BigInt(bytes[at]) * p5) & MASK), 11n) * p1) & MASK
  }
  hash = ((hash ^ (hash >> 33n)) * p2) & MASK
  hash = ((hash ^ (hash >> 29n)) * p3) & MASK
  return hash ^ (hash >> 32n)
}
