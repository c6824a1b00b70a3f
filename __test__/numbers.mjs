// Numbers that look random and are the same in every run.

/** A small generator of numbers, so that a failure can be run again from its seed. */
export function numbers(seed) {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
