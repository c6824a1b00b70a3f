// `npm run demo`: the example workspace, outside this repository, with the packed package installed as a user would
// install it. Runs `vx run build test` three times and checks every claim: all misses; all hits; and, after one source
// file was edited, misses exactly downstream of it. The outputs must be what plain `tsc` makes, byte for byte.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join, relative } from 'node:path'
import { packAll } from './pack.mjs'
import { ROOT, StepFailed, buildAddon, capture, main, npmCommand, userEnvironment } from './steps.mjs'

/** The packages in the order in which they build on each other. */
const PACKAGES = ['money', 'tax', 'cart', 'receipt']

const EDITED = 'packages/tax/src/index.ts'

await main(() => {
  buildAddon()
  const temporary = mkdtempSync(join(tmpdir(), 'vx-demo-'))
  try {
    demonstrate(temporary)
  } finally {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 })
  }
})

function demonstrate(temporary) {
  const workspace = setUp(temporary)
  const all = tasksOf(PACKAGES)

  heading('1. Nothing is cached: every task runs')
  expectRun(workspace, { misses: all, hits: [] })
  const first = outputsOf(workspace)
  assert.deepEqual(
    first,
    plainBuild(workspace, join(temporary, 'plain-1')),
    'outputs differ from a plain build',
  )

  heading('2. Nothing has changed, two packages lost their outputs: every task is a hit')
  for (const name of ['money', 'receipt']) {
    rmSync(join(workspace, 'packages', name, 'dist'), { recursive: true })
  }
  expectRun(workspace, { misses: [], hits: all })
  assert.deepEqual(outputsOf(workspace), first, 'restored outputs differ from the saved ones')

  heading(`3. ${EDITED} is edited: what depends on it runs, the rest is a hit`)
  const file = join(workspace, EDITED)
  const source = readFileSync(file, 'utf8')
  const edited = source.replace('reduced: 7 }', 'reduced: 7, none: 0 }')
  assert.notEqual(edited, source)
  writeFileSync(file, edited)
  expectRun(workspace, { misses: tasksOf(['tax', 'cart', 'receipt']), hits: tasksOf(['money']) })
  const third = outputsOf(workspace)
  assert.deepEqual(
    third,
    plainBuild(workspace, join(temporary, 'plain-2')),
    'outputs differ from a plain build',
  )
  assert.notDeepEqual(third, first, 'the edit changed no output')

  console.log('\nAll three runs were as expected, and every output is what a plain build makes.')
}

/** A git repository with a copy of the example in which the packed package is installed. */
function setUp(temporary) {
  heading('Set-up: pack, copy the example, install')
  const packs = join(temporary, 'packs')
  mkdirSync(packs)
  const tarballs = packAll(packs)
  const workspace = join(temporary, 'monorepo')
  cpSync(join(ROOT, 'examples/monorepo'), workspace, {
    recursive: true,
    filter: (path) => !/[\\/](?:node_modules|dist|\.vx)$/.test(path),
  })
  npm(workspace, ['install', '--save-dev', '--no-audit', '--no-fund', tarballs.main, tarballs.platform])
  git(workspace, ['init', '--quiet', '--initial-branch=main'])
  git(workspace, ['add', '--all'])
  git(workspace, ['commit', '--quiet', '--message=The example workspace'])
  return workspace
}

function npm(cwd, args) {
  console.log(`$ npm ${args.map((arg) => (isAbsolute(arg) ? relative(cwd, arg) : arg)).join(' ')}`)
  process.stdout.write(
    capture(process.execPath, [npmCommand('npm'), ...args], { cwd, env: userEnvironment() }),
  )
}

function git(cwd, args) {
  const identity = [
    '-c',
    'user.name=vx demo',
    '-c',
    'user.email=demo@example.invalid',
    '-c',
    'commit.gpgsign=false',
  ]
  capture('git', [...identity, '-c', 'core.autocrlf=false', ...args], { cwd })
}

/** Runs `vx run build test`, shows what a user sees, and checks each task's status in the summary. */
function expectRun(workspace, { misses, hits }) {
  const summaryFile = join(workspace, '.vx/summary.json')
  rmSync(summaryFile, { force: true })
  console.log('$ npx vx run build test')
  const { status, signal } = spawnSync(
    process.execPath,
    [npmCommand('npx'), '--no-install', 'vx', 'run', 'build', 'test', `--summarize=${summaryFile}`],
    { cwd: workspace, env: userEnvironment(), stdio: 'inherit' },
  )
  if (status !== 0) {
    throw new StepFailed(`vx ended with ${signal ?? `exit code ${status}`}`)
  }
  const { tasks } = JSON.parse(readFileSync(summaryFile, 'utf8'))
  const withStatus = (wanted) => tasks.filter((task) => task.status === wanted).map((task) => task.id)
  assert.deepEqual(
    withStatus('success').toSorted(),
    misses.toSorted(),
    'these tasks should have run, and no others',
  )
  assert.deepEqual(
    withStatus('cache-hit').toSorted(),
    hits.toSorted(),
    'these tasks should have been hits, and no others',
  )
  assert.equal(tasks.length, misses.length + hits.length, 'every task either runs or is a hit')
}

function tasksOf(packages) {
  return packages.flatMap((name) => [`@example/${name}#build`, `@example/${name}#test`])
}

/** Every output file of the workspace, by path, as base64. */
function outputsOf(workspace) {
  const outputs = {}
  for (const name of PACKAGES) {
    const dist = join(workspace, 'packages', name, 'dist')
    for (const file of existsSync(dist)
      ? readdirSync(dist, { encoding: 'utf8', recursive: true }).toSorted()
      : []) {
      outputs[`${name}/${file}`] = readFileSync(join(dist, file), 'base64')
    }
  }
  return outputs
}

/** What `tsc` alone makes of the same sources, in a copy. */
function plainBuild(workspace, copy) {
  cpSync(workspace, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !/^(?:\.git|\.vx|packages[\\/][^\\/]+[\\/]dist)$/.test(relative(workspace, path)),
  })
  for (const name of PACKAGES) {
    const cwd = join(copy, 'packages', name)
    capture(process.execPath, [join(copy, 'node_modules/typescript/bin/tsc'), '--project', '.'], { cwd })
  }
  return outputsOf(copy)
}

function heading(text) {
  console.log(`\n--- ${text}\n`)
}
