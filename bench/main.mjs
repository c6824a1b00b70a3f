// `npm run bench [-- options]`: sets everything up, measures vx beside turbo, nx and `git status` on generated workspaces
// outside this repository, prints the tables and writes docs/benchmarks.*. `--help` lists the options.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, StepFailed, main, userEnvironment } from '../scripts/steps.mjs'
import { machine, versions } from './machine.mjs'
import { BadOptions, USAGE, parseOptions } from './options.mjs'
import { measure } from './plan.mjs'
import { plot } from './plot.mjs'
import { merged, readRecord, writeRecord } from './record.mjs'
import { blocks, goalTables, resultText, withBlocks } from './report.mjs'
import { Session } from './session.mjs'
import { setUp } from './setup.mjs'

const DOCUMENT = join(ROOT, 'docs/benchmarks.md')
const RECORD = join(ROOT, 'docs/benchmarks.json')
const PLOT = join(ROOT, 'docs/benchmarks.svg')

await main(async () => {
  const options = understood(process.argv.slice(2))
  if (!options || options.help) {
    console.log(USAGE)
  } else if (options.report) {
    write(readRecord(RECORD))
  } else {
    await run(options)
  }
})

function understood(argv) {
  try {
    return parseOptions(argv)
  } catch (error) {
    if (!(error instanceof BadOptions)) {
      throw error
    }
    console.error(`${error.message}\n`)
    process.exitCode = 2
    return undefined
  }
}

/**
 * What was measured is kept as it comes: a run that is ended early leaves what it has.
 *
 * @param {ReturnType<typeof parseOptions>} options
 */
async function run(options) {
  const { bun } = await setUp(options)
  const session = new Session({ options, bun, path: userEnvironment().PATH })
  try {
    const { vx, ...others } = await versions(ROOT, bun)
    const about = { machine: machine(session.directory), versions: others }
    const date = new Date().toISOString().slice(0, 10)
    const measured = new Map()
    for await (const result of measure(session)) {
      console.log(`\n${resultText(result)}`)
      measured.set(`${result.scenario} ${result.size}`, { ...result, date, vx })
      if (options.write) {
        const record = merged(readRecord(RECORD), { ...about, results: [...measured.values()] })
        writeRecord(RECORD, record)
        write(record)
      }
    }
    console.log(`\n${goalTables([...measured.values()], { measuredOnly: true })}\n`)
    if (options.write && measured.size > 0) {
      console.log('written: docs/benchmarks.md docs/benchmarks.svg docs/benchmarks.json')
    }
    if (session.failures > 0) {
      throw new StepFailed(`${session.failures} of the scenarios could not be measured; see above`)
    }
  } finally {
    session.remove()
  }
}

/** @param {import('./record.mjs').Measurements | undefined} record */
function write(record) {
  if (!record) {
    throw new StepFailed('nothing was measured yet: there is no docs/benchmarks.json')
  }
  writeFileSync(DOCUMENT, withBlocks(readFileSync(DOCUMENT, 'utf8'), blocks(record)))
  writeFileSync(PLOT, plot(record.results))
}
