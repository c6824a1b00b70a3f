// XXH3-128 of more than 240 bytes, written down from its specification with no regard for speed, to check keys without
// the engine.

const WORD = (1n << 64n) - 1n
const HALF = (1n << 32n) - 1n

const PRIME_32 = [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn]
const PRIME_64 = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
]

const SECRET = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f' +
    'cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c' +
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364' +
    'eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e' +
    '2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
)

const STRIPE = 64
const STRIPES_PER_BLOCK = (SECRET.length - STRIPE) / 8

/**
 * @param {Uint8Array} bytes more than 240
 * @returns {string} 32 hex digits, high half first
 */
export function xxh3(bytes) {
  const input = Buffer.from(bytes)
  if (input.length <= 240) {
    throw new RangeError('shorter inputs are hashed in other ways')
  }
  const sums = [PRIME_32[2], ...PRIME_64.slice(0, 4), PRIME_32[1], PRIME_64[4], PRIME_32[0]]
  const stripes = Math.floor((input.length - 1) / STRIPE)
  for (let stripe = 0; stripe < stripes; stripe++) {
    const inBlock = stripe % STRIPES_PER_BLOCK
    accumulate(sums, input.subarray(stripe * STRIPE), SECRET.subarray(inBlock * 8))
    if (inBlock === STRIPES_PER_BLOCK - 1) {
      scramble(sums, SECRET.subarray(SECRET.length - STRIPE))
    }
  }
  accumulate(sums, input.subarray(input.length - STRIPE), SECRET.subarray(SECRET.length - STRIPE - 7))
  const length = BigInt(input.length)
  const low = merge(sums, SECRET.subarray(11), (length * PRIME_64[0]) & WORD)
  const high = merge(sums, SECRET.subarray(SECRET.length - STRIPE - 11), ~(length * PRIME_64[1]) & WORD)
  return ((high << 64n) | low).toString(16).padStart(32, '0')
}

function accumulate(sums, input, secret) {
  for (let lane = 0; lane < 8; lane++) {
    const value = input.readBigUInt64LE(lane * 8)
    const keyed = value ^ secret.readBigUInt64LE(lane * 8)
    sums[lane ^ 1] = (sums[lane ^ 1] + value) & WORD
    sums[lane] = (sums[lane] + (keyed & HALF) * (keyed >> 32n)) & WORD
  }
}

function scramble(sums, secret) {
  for (let lane = 0; lane < 8; lane++) {
    const mixed = sums[lane] ^ (sums[lane] >> 47n) ^ secret.readBigUInt64LE(lane * 8)
    sums[lane] = (mixed * PRIME_32[0]) & WORD
  }
}

function merge(sums, secret, start) {
  let result = start
  for (let pair = 0; pair < 4; pair++) {
    const [left, right] = [2 * pair, 2 * pair + 1].map(
      (lane) => sums[lane] ^ secret.readBigUInt64LE(lane * 8),
    )
    const product = left * right
    result = (result + ((product & WORD) ^ (product >> 64n))) & WORD
  }
  result ^= result >> 37n
  result = (result * 0x165667919e3779f9n) & WORD
  return result ^ (result >> 32n)
}
