#!/usr/bin/env node
// The `vx` command. Hands the arguments, the signals and a way to evaluate configs to the engine and exits with
// the code it returns. Loads nothing else up front and never writes to stdout, which belongs to the engine.
'use strict'

const { fstatSync, statSync, writeSync } = require('node:fs')
const { dirname } = require('node:path')
const { loadNative } = require('./native.cjs')

/** Resolves with what `evaluate.js` makes of the config files; loaded only when the engine asks. */
async function evaluateConfigs(paths) {
  const [{ evaluate }] = await Promise.all([import('./evaluate.js'), import('./quiet-host.js')])
  return evaluate(paths)
}

/** What tells this runtime apart from others, and the environment that configs see: values that were evaluated under the
 * same may be used again. */
function runtime() {
  const { bun, deno } = process.versions
  return {
    name: bun ? 'bun' : deno ? 'deno' : 'node',
    versions: JSON.stringify(process.versions),
    executable: process.execPath,
    options: process.execArgv,
    packageDir: dirname(__dirname),
    // By name, since some variables are not listed and are there all the same.
    variables: Object.getOwnPropertyNames(process.env).flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [name, value]
    }),
  }
}

async function main() {
  const native = loadNative()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => native.interrupt(signal))
  }
  // The only JavaScript that runs meanwhile is config code, from a timer or a promise it left behind. The engine ends
  // its children before this process goes.
  let stray
  process.on('uncaughtException', (error) => {
    stray ??= new Error(`a config file threw after its evaluation: ${error?.stack ?? error}`)
    native.interrupt('SIGTERM')
  })
  const code = await native.runCli(process.argv.slice(2), process.cwd(), evaluateConfigs, runtime())
  if (stray) {
    throw stray
  }
  return code
}

/** What kept vx from running, or from running on: no task's failure, hence exit code 2. */
function fail(error) {
  const code = error?.code && error.code !== 'VX_ADDON_MISSING' ? ` (${error.code})` : ''
  try {
    writeSync(2, `${error?.message ?? error}${code}\n`)
  } catch {
    // Nobody reads stderr; the exit code still tells.
  }
  process.exit(2)
}

/** Ended by a signal or a broken pipe: only then may the terminal be gone. */
const HUNG_UP = new Set([129, 141])

/** Whether a standard stream is a terminal that was closed: a device still, and no terminal any more. */
function terminalIsGone() {
  const { isatty } = require('node:tty')
  try {
    const nowhere = statSync('/dev/null').rdev
    return [0, 1, 2].some((descriptor) => {
      const { rdev } = fstatSync(descriptor)
      return rdev !== 0 && rdev !== nowhere && !isatty(descriptor)
    })
  } catch {
    return false
  }
}

/**
 * Ends this process. Without its terminal, by the signal that says so: Node 20 aborts when it tries to put a closed
 * terminal back into order.
 */
function end(code) {
  if (HUNG_UP.has(code) && terminalIsGone()) {
    process.removeAllListeners('SIGHUP')
    process.kill(process.pid, 'SIGHUP')
  }
  process.exit(code)
}

main().then(end, fail)
