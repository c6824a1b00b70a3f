// Which packages a generated workspace has and which of them each depends on: a seeded, acyclic graph in layers, as
// monorepos have it. Pure.

import { randomNumbers } from './random.mjs'

/** How many layers of packages lie above the one package that everything depends on. */
const LAYERS = 8

/**
 * What a workspace is made of.
 *
 * @typedef {object} Spec
 * @property {number} packages how many
 * @property {number} files source files in each package
 * @property {number} [dependencies] how many each package depends on, where there are as many before it; without it one
 *   to four
 * @property {Task[]} [tasks] what each package declares; without it one task `build`
 * @property {number} [seed]
 */

/**
 * A task of every package.
 *
 * @typedef {object} Task
 * @property {string} name
 * @property {string} command
 * @property {string[]} dependsOn as both turbo and vx write it
 * @property {string} output the directory that it makes
 */

/**
 * One package.
 *
 * @typedef {object} Package
 * @property {string} name
 * @property {string} directory relative to the workspace
 * @property {string[]} dependencies names
 */

/** A trivial task: what is measured is what running it costs. */
export const BUILD = trivialTask('build', ['^build'])

/**
 * @param {string} name
 * @param {string[]} dependsOn
 * @returns {Task}
 */
export function trivialTask(name, dependsOn) {
  const output = name === 'build' ? 'dist' : `dist-${name}`
  return { name, command: `mkdir -p ${output} && cp src/0.js ${output}/`, dependsOn, output }
}

/**
 * The packages, each after those that it depends on. All but the first depend on it, directly or not; nothing depends on
 * the last.
 *
 * @param {Spec} spec
 * @returns {Package[]}
 */
export function packagesOf(spec) {
  const random = randomNumbers((spec.seed ?? 1) ^ 0x5eed)
  const digits = String(spec.packages - 1).length
  const nameOf = (index) => `@bench/p${String(index).padStart(digits, '0')}`
  return Array.from({ length: spec.packages }, (_, index) => {
    const wanted = spec.dependencies ?? 1 + random(4)
    const dependencies = pick(random, candidates(index, spec), wanted)
    return {
      name: nameOf(index),
      directory: `packages/p${String(index).padStart(digits, '0')}`,
      dependencies: dependencies.toSorted((a, b) => a - b).map(nameOf),
    }
  })
}

/**
 * How many of the first packages one may depend on: all those of the layers before its own.
 *
 * @param {number} index
 * @param {Spec} spec
 */
function candidates(index, { packages, dependencies }) {
  if (index === 0 || dependencies !== undefined) {
    return index
  }
  const layer = Math.floor(((index - 1) * LAYERS) / (packages - 1))
  return 1 + Math.ceil((layer * (packages - 1)) / LAYERS)
}

/** Up to `wanted` different numbers below `below`. */
function pick(random, below, wanted) {
  const picked = new Set()
  while (picked.size < Math.min(wanted, below)) {
    picked.add(random(below))
  }
  return [...picked]
}
