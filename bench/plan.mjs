// Which scenarios are measured on which workspaces, in which order.

import { trivialTask } from './packages.mjs'
import { hasThoseApart, withThoseApart } from './scenarios/apart.mjs'
import { restore, warm } from './scenarios/cached.mjs'
import { cold } from './scenarios/cold.mjs'
import { edit } from './scenarios/edit.mjs'
import { history } from './scenarios/history.mjs'
import { instructions } from './scenarios/instructions.mjs'
import { keys } from './scenarios/keys.mjs'
import { large } from './scenarios/large.mjs'

/** The size at which what is measured at one size only is measured. */
const EDIT_SIZE = 1000
const HISTORY_SIZE = 100
const INSTRUCTIONS_SIZE = 100

const DENSE = {
  packages: 1000,
  files: 20,
  dependencies: 30,
  tasks: [
    trivialTask('build', ['^build']),
    trivialTask('check', ['^build', '^check']),
    trivialTask('test', ['build', '^test']),
  ],
}

const MANY_INPUTS = { packages: 50, files: 4000 }

/**
 * Everything the options ask for, as it is measured; a result that more is added to comes once more.
 *
 * @param {import('./session.mjs').Session} session
 * @returns {AsyncGenerator<import('./session.mjs').Result>}
 */
export async function* measure(session) {
  const { sizes, scenarios } = session.options
  const wanted = new Set(scenarios)
  const overSizes = []
  for (const size of sizes) {
    for await (const result of atSize(session, size, wanted)) {
      overSizes.push(result)
      yield result
    }
  }
  yield* atOneSize(session, wanted)
  for (const size of sizes) {
    const results = overSizes.filter((result) => result.size === size && hasThoseApart(session, result))
    if (results.length > 0) {
      const workspace = await session.workspace(`apart-${size}`, { packages: size, files: 20 })
      yield* withThoseApart(session, workspace, results)
    }
  }
}

async function* atSize(session, size, wanted) {
  const coldUpTo = session.options.quick ? 100 : Infinity
  const only = (name, at, scenario) => (wanted.has(name) && size === at ? [scenario] : [])
  yield* inWorkspace(session, `packages-${size}`, { packages: size, files: 20 }, [
    ...(wanted.has('warm') ? [(workspace) => warm(session, workspace)] : []),
    ...(wanted.has('restore') ? [(workspace) => restore(session, workspace)] : []),
    ...only('history', HISTORY_SIZE, (workspace) => history(session, workspace)),
    ...only('instructions', INSTRUCTIONS_SIZE, (workspace) => instructions(session, workspace)),
    ...only('edit', EDIT_SIZE, (workspace) => edit(session, workspace, 'leaf')),
    ...only('edit', EDIT_SIZE, (workspace) => edit(session, workspace, 'root')),
    ...(wanted.has('cold') && size <= coldUpTo ? [(workspace) => cold(session, workspace)] : []),
  ])
}

async function* atOneSize(session, wanted) {
  if (wanted.has('dense')) {
    yield* inWorkspace(session, 'dense', DENSE, [
      (workspace) => warm(session, workspace, 'dense-warm'),
      (workspace) => restore(session, workspace, 'dense-restore'),
    ])
  }
  if (wanted.has('inputs')) {
    yield* inWorkspace(session, 'inputs', MANY_INPUTS, [
      (workspace) => warm(session, workspace, 'inputs-warm'),
    ])
  }
  for (const shape of /** @type {const} */ (['files', 'file'])) {
    if (wanted.has(shape)) {
      yield* (await session.attempt(() => large(session, shape))) ?? []
    }
  }
  const derived = wanted.has('keys') ? await session.attempt(() => keys(session)) : undefined
  if (derived) {
    yield derived
  }
}

/** Generates a workspace and measures the scenarios in it. */
async function* inWorkspace(session, name, spec, scenarios) {
  if (scenarios.length === 0) {
    return
  }
  const workspace = await session.workspace(name, spec)
  for (const scenario of scenarios) {
    const result = await session.attempt(() => scenario(workspace))
    if (result) {
      yield result
    }
  }
}
