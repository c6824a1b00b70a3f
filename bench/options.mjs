// What the command line of the benchmark may say.

import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'

/** Every scenario, in the order in which it is measured. */
export const SCENARIOS = [
  'warm',
  'restore',
  'edit',
  'history',
  'instructions',
  'cold',
  'dense',
  'inputs',
  'files',
  'file',
  'keys',
]

/** Scenarios that a quick run and a full one leave out unless they are asked for. */
const UNASKED = {
  quick: ['edit', 'history', 'instructions', 'dense', 'inputs', 'file'],
  full: ['instructions'],
}

/** What need not take part. */
const OPTIONAL = ['nx', 'bun', 'turbo']

export const USAGE = `npm run bench -- [options]

  --sizes=100,1000,10000  how many packages the workspaces have
  --only=warm,restore     these scenarios only: ${SCENARIOS.join(' ')}
  --rounds=<n>            how many rounds count; default: 1 to 15, by what a round takes
  --large=<MiB>           size of the large outputs; default 1024
  --without=nx,bun,turbo  leave these out
  --instructions          also count the instructions of a warm run of 100 packages
  --quick                 some minutes instead of half an hour: small sizes, few rounds, nothing is written
  --no-write              do not write docs/benchmarks.*
  --no-build              measure the addon that is there
  --report                measure nothing, write the tables and the plot anew from docs/benchmarks.json
  --directory=<d>         where the workspaces are made; default: the temporary directory
  --keep                  leave the workspaces there
  --help
`

/** Options that cannot be understood. */
export class BadOptions extends Error {}

/**
 * @param {string[]} argv
 * @throws {BadOptions}
 */
export function parseOptions(argv) {
  const { values } = parsed(argv)
  const quick = values.quick ?? false
  const only = list(values.only)
  const unknown = only?.find((name) => !SCENARIOS.includes(name))
  if (unknown !== undefined) {
    throw new BadOptions(`--only: there is no ${unknown}; there are ${SCENARIOS.join(', ')}`)
  }
  const without = list(values.without) ?? []
  const unnamed = without.find((name) => !OPTIONAL.includes(name))
  if (unnamed !== undefined) {
    throw new BadOptions(`--without: ${unnamed} cannot be left out; ${OPTIONAL.join(', ')} can`)
  }
  const unasked = quick ? UNASKED.quick : UNASKED.full
  const scenarios = only ?? SCENARIOS.filter((name) => !unasked.includes(name))
  if (values.instructions && !scenarios.includes('instructions')) {
    scenarios.push('instructions')
  }
  return {
    help: values.help ?? false,
    report: values.report ?? false,
    build: !values['no-build'],
    write: !values['no-write'] && !quick,
    keep: values.keep ?? false,
    quick,
    scenarios,
    sizes:
      list(values.sizes)?.map((size) => whole('sizes', size)) ?? (quick ? [100, 1000] : [100, 1000, 10_000]),
    rounds: values.rounds === undefined ? undefined : whole('rounds', values.rounds),
    large: values.large === undefined ? (quick ? 64 : 1024) : whole('large', values.large),
    without,
    directory: values.directory ?? tmpdir(),
  }
}

function parsed(argv) {
  try {
    return parseArgs({
      args: argv,
      options: {
        sizes: { type: 'string' },
        only: { type: 'string' },
        rounds: { type: 'string' },
        large: { type: 'string' },
        without: { type: 'string' },
        directory: { type: 'string' },
        instructions: { type: 'boolean' },
        quick: { type: 'boolean' },
        'no-write': { type: 'boolean' },
        'no-build': { type: 'boolean' },
        report: { type: 'boolean' },
        keep: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new BadOptions(/** @type {Error} */ (error).message)
  }
}

/** @param {string | undefined} text */
function list(text) {
  return text?.split(',').filter(Boolean)
}

function whole(name, text) {
  if (!/^[1-9]\d*$/.test(text)) {
    throw new BadOptions(`--${name}: ${text} is no whole number above 0`)
  }
  return Number(text)
}
