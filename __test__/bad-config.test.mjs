// Every mistake that a config can hold. Many are looked at in one run, each in a package of its own, since vx reports
// all mistakes of all files at once: the message must name the file, the place inside it, and what to write instead.

import assert from 'node:assert/strict'
import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratch } from './scratch.mjs'
import { vx } from './workspace.mjs'

const EXEC = `exec: { command: 'touch ran' }`
const INPUTS = `inputs: { files: ['src/**'] }`
const OUTPUTS = `outputs: { files: ['dist/**'] }`

const config = (tasks) => `export default { tasks: ${tasks} }`
const build = (members) => config(`{ build: { ${members} } }`)
const cached = (cache) => build(`${EXEC}, cache: { ${cache} }`)
const inputs = (members) => cached(`inputs: { ${members} }, ${OUTPUTS}`)
const outputs = (members) => cached(`${INPUTS}, outputs: { ${members} }`)

const TASK = 'tasks.build'
const CACHE = 'tasks.build.cache'
const FILES = 'tasks.build.cache.inputs.files'
const WHOLE = 'the default export'

/** A pair of keys that is printed in a standard, and so nobody's. */
const PRIVATE = 'vx-private-nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2CDbMGF'
const PUBLIC = 'vx-public-11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURrT2bBX'

/** By name: the config, and each mistake in it as its place, what is wrong, and what to write. */
const MISTAKES = {
  // Unknown keys.
  'unknown key at the top': [
    `export default { tasks: {}, task: {} }`,
    [WHOLE, 'unknown key "task"', 'did you mean "tasks"?'],
  ],
  'unknown key of a task': [
    build(`${EXEC}, dependOn: []`),
    [TASK, 'unknown key "dependOn"', 'did you mean "dependsOn"?'],
  ],
  'a key that is like none': [
    build(`${EXEC}, zzz: []`),
    [TASK, 'unknown key "zzz"', 'known keys here: description, exec, dependsOn, cache'],
  ],
  'unknown key of exec': [
    build(`exec: { command: 'x', timout: 5 }`),
    [`${TASK}.exec`, 'unknown key "timout"', 'did you mean "timeout"?'],
  ],
  'a variable right below env': [
    build(`exec: { command: 'x', env: { NODE_ENV: 'test' } }`),
    [`${TASK}.exec.env`, 'unknown key "NODE_ENV"', 'known keys here: passThrough, define'],
  ],
  'unknown key of persistent': [
    build(`exec: { command: 'x', persistent: { readyWen: 'up' } }`),
    [`${TASK}.exec.persistent`, 'unknown key "readyWen"', 'did you mean "readyWhen"?'],
  ],
  'unknown key of cache': [
    cached(`${INPUTS}, ${OUTPUTS}, input: {}`),
    [CACHE, 'unknown key "input"', 'did you mean "inputs"?'],
  ],
  'unknown key of inputs': [
    inputs(`files: [], workspacefiles: []`),
    [`${CACHE}.inputs`, 'unknown key "workspacefiles"', 'did you mean "workspaceFiles"?'],
  ],
  'unknown key of outputs': [
    outputs(`files: [], fles: []`),
    [`${CACHE}.outputs`, 'unknown key "fles"', 'did you mean "files"?'],
  ],

  // Wrong types.
  'an array as the whole': [`export default []`, [WHOLE, 'an empty array', '{ tasks: { build: {']],
  'null as the whole': [`export default null`, [WHOLE, 'found null', '{ tasks: { build: {']],
  'no tasks': [`export default {}`, [WHOLE, '"tasks" is missing', 'write tasks: { build: {']],
  'tasks as an array': [config(`[]`), ['tasks', 'found an empty array', '{ build: {']],
  'a task as a string': [
    config(`{ build: 'tsc' }`),
    [TASK, 'found the string "tsc"', '{ exec: { command: "tsc -p ." } }'],
  ],
  'a task as null': [config(`{ build: null }`), [TASK, 'expected an object, found null', '{ exec: {']],
  'exec as a string': [
    build(`exec: 'tsc'`),
    [`${TASK}.exec`, 'expected an object, found the string "tsc"', '{ command: "tsc -p ." }'],
  ],
  'a command as an array': [
    build(`exec: { command: ['tsc', '-p', '.'] }`),
    [`${TASK}.exec.command`, 'expected a string, found an array', 'write "tsc -p ."'],
  ],
  'no command': [build(`exec: {}`), [`${TASK}.exec`, '"command" is missing', 'write command: "tsc -p ."']],
  'a blank command': [
    build(`exec: { command: ' ' }`),
    [`${TASK}.exec.command`, 'an empty string', 'write something'],
  ],
  'NUL in a command': [build(`exec: { command: 'a\\0b' }`), [`${TASK}.exec.command`, 'holds NUL', 'remove']],
  'a description as a number': [
    build(`${EXEC}, description: 5`),
    [`${TASK}.description`, 'expected a string, found the number 5', 'write "5"'],
  ],
  'dependsOn as a string': [
    build(`${EXEC}, dependsOn: '^build'`),
    [`${TASK}.dependsOn`, 'expected an array of strings, found the string "^build"', 'write ["^build"]'],
  ],
  'env as an array': [
    build(`exec: { command: 'x', env: ['CI'] }`),
    [`${TASK}.exec.env`, 'expected an object, found an array', '{ passThrough: ['],
  ],
  'passThrough as a string': [
    build(`exec: { command: 'x', env: { passThrough: 'CI' } }`),
    [`${TASK}.exec.env.passThrough`, 'found the string "CI"', 'write ["CI"]'],
  ],
  'define as an array': [
    build(`exec: { command: 'x', env: { define: ['A=1'] } }`),
    [`${TASK}.exec.env.define`, 'expected an object', '{ NODE_ENV: "production" }'],
  ],
  'defined values that are no strings': [
    build(`exec: { command: 'x', env: { define: { A: 5, B: true, C: null } } }`),
    [`${TASK}.exec.env.define.A`, 'found the number 5', 'write "5"'],
    [`${TASK}.exec.env.define.B`, 'found the boolean true', 'write "true"'],
    [`${TASK}.exec.env.define.C`, 'found null', 'leave it out'],
  ],
  'persistent as a boolean': [
    build(`exec: { command: 'x', persistent: true }`),
    [`${TASK}.exec.persistent`, 'found the boolean true', 'write {}, or { readyWhen:'],
  ],
  'an empty readyWhen': [
    build(`exec: { command: 'x', persistent: { readyWhen: '' } }`),
    [`${TASK}.exec.persistent.readyWhen`, 'an empty string', 'leave it out'],
  ],
  'cache as a boolean': [
    build(`${EXEC}, cache: false`),
    [CACHE, 'found the boolean false', 'leave it out for a task that is not cached'],
  ],
  'inputs as an array': [
    cached(`inputs: ['src/**'], ${OUTPUTS}`),
    [`${CACHE}.inputs`, 'expected an object, found an array', 'write { files: ["src/**"] }'],
  ],
  'outputs as an array': [
    cached(`${INPUTS}, outputs: ['dist/**']`),
    [`${CACHE}.outputs`, 'expected an object, found an array', 'write { files: ["dist/**"] }'],
  ],
  'files as strings': [
    cached(`inputs: { files: 'src/**' }, outputs: { files: 'dist' }`),
    [FILES, 'expected an array of strings', 'write ["src/**"]'],
    [`${CACHE}.outputs.files`, 'expected an array of strings', 'write ["dist"]'],
  ],
  'elements of lists that are no strings': [
    cached(`inputs: { files: [5], runtime: [null] }, outputs: { files: [{}] }`),
    [`${FILES}[0]`, 'expected a string, found the number 5', ''],
    [`${CACHE}.inputs.runtime[0]`, 'expected a string, found null', ''],
    [`${CACHE}.outputs.files[0]`, 'expected a string, found an object', ''],
  ],

  // Numbers.
  'a time limit as text': [
    build(`exec: { command: 'x', timeout: '5s' }`),
    [`${TASK}.exec.timeout`, 'a positive whole number of milliseconds, found the string "5s"', ''],
  ],
  ...Object.fromEntries(
    ['0', '-1', '1.5', '1e300'].map((number) => [
      `a time limit of ${number}`,
      [
        build(`exec: { command: 'x', timeout: ${number} }`),
        [`${TASK}.exec.timeout`, 'expected a positive whole number of milliseconds', ''],
      ],
    ]),
  ),
  ...Object.fromEntries(
    ['11', '-1', '0.5', `'1'`].map((number) => [
      `${number} retries`,
      [
        build(`exec: { command: 'x', retries: ${number} }`),
        [`${TASK}.exec.retries`, 'expected a whole number from 0 to 10', ''],
      ],
    ]),
  ),

  // Globs.
  'absolute globs': [
    cached(
      `inputs: { files: ['/a', '!/b', 'C:/c'], workspaceFiles: ['/d'] }, outputs: { files: ['/e'], workspaceFiles: ['/f'] }`,
    ),
    [`${FILES}[0]`, '"/a" is absolute', "relative to the project's directory"],
    [`${FILES}[1]`, '"!/b" is absolute', "relative to the project's directory"],
    [`${FILES}[2]`, '"C:/c" is absolute', "relative to the project's directory"],
    [`${CACHE}.inputs.workspaceFiles[0]`, '"/d" is absolute', 'relative to the workspace root'],
    [`${CACHE}.outputs.files[0]`, '"/e" is absolute', "relative to the project's directory"],
    [`${CACHE}.outputs.workspaceFiles[0]`, '"/f" is absolute', 'relative to the workspace root'],
  ],
  'globs that leave their directory': [
    cached(
      `inputs: { files: ['../a', 'a/../b'], ignored: ['../c'], workspaceFiles: ['../d'] }, outputs: { files: ['../e'], workspaceFiles: ['../f'] }`,
    ),
    [`${FILES}[0]`, '"../a" leaves its directory', 'use workspaceFiles'],
    [`${FILES}[1]`, '"a/../b" leaves its directory', 'use workspaceFiles'],
    [`${CACHE}.inputs.ignored[0]`, '"../c" leaves its directory', 'use workspaceFiles'],
    [`${CACHE}.inputs.workspaceFiles[0]`, '"../d" leaves its directory', 'nothing outside of the workspace'],
    [`${CACHE}.outputs.files[0]`, '"../e" leaves its directory', 'use workspaceFiles'],
    [`${CACHE}.outputs.workspaceFiles[0]`, '"../f" leaves its directory', 'nothing outside of the workspace'],
  ],
  'empty globs': [
    inputs(`files: ['src/**', '', '!']`),
    [`${FILES}[1]`, 'an empty pattern', 'leave it out'],
    [`${FILES}[2]`, 'an empty pattern', 'leave it out'],
  ],
  'globs that are none': [
    inputs(`files: ['a{b', 'a[b', 'src\\\\a.ts', 'a\\0b']`),
    [`${FILES}[0]`, '"a{b" is not a valid glob', 'complete it'],
    [`${FILES}[1]`, '"a[b" is not a valid glob', 'complete it'],
    [`${FILES}[2]`, '"src\\\\a.ts" holds a `\\` before a letter', 'write `/` between directories'],
    [`${FILES}[3]`, '"a\\0b" holds NUL', 'remove it'],
  ],

  // Outputs are removed before a command runs: what they may never be.
  'outputs that are the project': [
    outputs(`files: ['**']`),
    [`${CACHE}.outputs.files`, 'takes in package.json', 'name only what the command makes'],
  ],
  'outputs that are the config': [
    outputs(`files: ['*.mjs']`),
    [`${CACHE}.outputs.files`, 'takes in vx.config.mjs', 'name only what the command makes'],
  ],
  'outputs that are the inputs': [
    outputs(`files: ['src']`),
    [`${CACHE}.outputs.files`, 'takes in the input src/**', 'name only what the command makes'],
  ],
  'outputs that are the workspace': [
    outputs(`files: [], workspaceFiles: ['packages/**']`),
    [`${CACHE}.outputs.workspaceFiles`, 'takes in packages/', 'name only what the command makes'],
  ],

  // Blocks that miss something, or do not belong.
  'a cache without anything': [
    cached(``),
    [CACHE, '"inputs" is missing', 'write inputs: { files: ["src/**"] }'],
    [CACHE, '"outputs" is missing', 'write outputs: { files: ["dist/**"] }'],
  ],
  'a cache without outputs': [cached(INPUTS), [CACHE, '"outputs" is missing', '{ files: [] } when it makes']],
  'a cache without inputs': [cached(OUTPUTS), [CACHE, '"inputs" is missing', 'all that the task reads']],
  'no files': [
    cached(`inputs: {}, outputs: {}`),
    [`${CACHE}.inputs`, '"files" is missing', 'write files: ["src/**"]'],
    [`${CACHE}.outputs`, '"files" is missing', 'write files: ["dist/**"], or [] when'],
  ],
  'a cached persistent task': [
    build(`exec: { command: 'x', persistent: {} }, cache: { ${INPUTS}, ${OUTPUTS} }`),
    [CACHE, 'a persistent task never ends', 'remove `cache` or `exec.persistent`'],
  ],
  'a persistent task with retries': [
    build(`exec: { command: 'x', persistent: {}, retries: 2 }`),
    [`${TASK}.exec.retries`, 'a persistent task is never run again', 'remove `retries`'],
  ],
  'a cached group': [
    build(`dependsOn: ['^build'], cache: { ${INPUTS}, ${OUTPUTS} }`),
    [CACHE, 'a group task (one without exec) has nothing to cache', 'remove `cache`'],
  ],
  'a task that does nothing': [build(``), [TASK, 'the task does nothing', 'give it exec:']],

  // Names.
  'names of tasks': [
    config(
      `{ '': { ${EXEC} }, 'a#b': { ${EXEC} }, 'a b': { ${EXEC} }, '^a': { ${EXEC} }, '-a': { ${EXEC} } }`,
    ),
    ['tasks[""]', 'is empty', 'give the task another name'],
    ['tasks["a#b"]', 'holds a `#`', 'give the task another name'],
    ['tasks["a b"]', 'holds white space', 'give the task another name'],
    ['tasks["^a"]', 'starts with `^`', 'give the task another name'],
    ['tasks["-a"]', 'starts with `-`', 'give the task another name'],
  ],
  'entries of dependsOn': [
    build(`${EXEC}, dependsOn: ['', '^', '^^a', '#a', 'a#', 'a b', '^a#b', 5]`),
    ...[
      'is empty',
      'is empty',
      'starts with `^`',
      'names no project',
      'is empty',
      'white space',
      'a `#`',
    ].map((what, index) => [`${TASK}.dependsOn[${index}]`, what, 'write "build" (this project), "^build"']),
    [`${TASK}.dependsOn[7]`, 'found the number 5', ''],
  ],
  'inputs.tasks that are not waited for': [
    build(
      `${EXEC}, dependsOn: ['^build', 'gen'], cache: { inputs: { files: [], tasks: ['^biuld', 'gen', 'gen', 'zzz'] }, ${OUTPUTS} }`,
    ),
    [`${CACHE}.inputs.tasks[0]`, '"^biuld" is no entry', 'did you mean "^build"?'],
    [`${CACHE}.inputs.tasks[2]`, '"gen" stands here twice', ''],
    [`${CACHE}.inputs.tasks[3]`, '"zzz" is no entry', 'its entries are: ^build, gen'],
  ],
  'names of variables': [
    cached(`inputs: { files: [], env: ['A=1', '', 'AWS_*', '$HOME', 'A B'] }, ${OUTPUTS}`),
    [`${CACHE}.inputs.env[0]`, `it holds '='`, 'write the bare name'],
    [`${CACHE}.inputs.env[1]`, 'an empty name', 'write the bare name'],
    [`${CACHE}.inputs.env[2]`, `it holds '*'`, 'write the bare name'],
    [`${CACHE}.inputs.env[3]`, `it holds '$'`, 'write the bare name'],
    [`${CACHE}.inputs.env[4]`, `it holds ' '`, 'write the bare name'],
  ],
  'names of variables passed and defined': [
    build(`exec: { command: 'x', env: { passThrough: ['A=1'], define: { 'B=C': 'x', D: 'a\\0b' } } }`),
    [`${TASK}.exec.env.passThrough[0]`, `it holds '='`, 'write the bare name'],
    [`${TASK}.exec.env.define["B=C"]`, `it holds '='`, 'write the bare name'],
    [`${TASK}.exec.env.define.D`, 'cannot hold NUL', 'remove it'],
  ],

  // What has no value, or one that is no plain JSON.
  'a config that throws': [`throw new Error('not today')`, ['cannot be evaluated', 'not today', '']],
  'a promise that fails': [
    `export default Promise.reject(new Error('not tomorrow'))`,
    ['cannot be evaluated', 'not tomorrow', ''],
  ],
  'a syntax error': [`export default { tasks: {`, ['cannot be evaluated', 'vx.config.mjs:', '']],
  'an import that is not there': [
    `import './gone.mjs'\nexport default {}`,
    ['cannot be evaluated', 'gone.mjs', ''],
  ],
  'no default export': [
    `export const tasks = {}`,
    [WHOLE, 'there is no default export', 'write `export default { … }`'],
  ],
  'an empty file': [``, [WHOLE, 'there is no default export', 'write `export default { … }`']],
  'a function': [`export default () => ({ tasks: {} })`, [WHOLE, 'is a function', 'export what it returns']],
  'a function inside': [
    build(`exec: { command: () => 'tsc' }`),
    [`${TASK}.exec.command`, 'is a function', 'only plain JSON values'],
  ],
  NaN: [
    build(`exec: { command: 'x', timeout: NaN }`),
    [`${TASK}.exec.timeout`, 'is NaN', 'only finite numbers'],
  ],
  'a Date': [
    build(`${EXEC}, description: new Date(0)`),
    [`${TASK}.description`, 'an instance of Date', 'only plain objects'],
  ],
  'a RegExp': [
    build(`exec: { command: 'x', persistent: { readyWhen: /up/ } }`),
    [`${TASK}.exec.persistent.readyWhen`, 'an instance of RegExp', 'only plain objects'],
  ],
  'a class instance': [
    `class Config { tasks = {} }\nexport default new Config()`,
    [WHOLE, 'an instance of Config', 'only plain objects'],
  ],
  'a cyclic value': [
    `const tasks = { build: { ${EXEC} } }\ntasks.build.again = tasks\nexport default { tasks }`,
    [`${TASK}.again`, 'a cycle', ''],
  ],
}

const slug = (name) => name.replaceAll(/\W+/g, '-')

/** All files below a directory with their contents, and the times of all entries. */
function treeOf(root) {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((path) => {
      const stat = lstatSync(join(root, path))
      return [path, stat.mtimeMs, stat.isFile() ? readFileSync(join(root, path), 'utf8') : '']
    })
}

const ROOT = '{ "name": "root", "private": true, "workspaces": ["packages/*"] }'

/** Runs vx where it must refuse: exit code 2, all said on stderr, nothing touched. Returns what it said. */
function refusal(files, args = ['run', 'build']) {
  // A package's own node_modules keeps Bun from fetching what an import names.
  const root = scratch({
    'package.json': ROOT,
    'node_modules/.keep': '',
    'packages/sound/package.json': '{ "name": "sound" }',
    'packages/sound/vx.config.mjs': build(`${EXEC}, cache: { ${INPUTS}, ${OUTPUTS} }`),
    'packages/sound/dist/out': 'an output',
    ...files,
  })
  const before = treeOf(root)
  const { code, stdout, stderr } = vx(root, args)
  assert.equal(code, 2, stdout + stderr)
  assert.equal(stdout, '')
  assert.deepEqual(treeOf(root), before)
  assert.equal(existsSync(join(root, '.vx')), false)
  assert.match(stderr, /^error: /)
  assert.equal(stderr.match(/error:/g).length, 1, stderr)
  return stderr.replaceAll(join(root, '/'), '')
}

/** The problems of one file in a message: each its place and the lines below it. */
function problemsOf(message, file) {
  const found = []
  const lines = message.replace(/^error: /, '').replace(/\n {2}VX_\w+\n$/, '')
  for (const line of lines.split('\n')) {
    if (!line.startsWith('  ')) {
      found.push({ file: line.split(': ', 1)[0], place: line.split(': ').slice(1).join(': '), lines: [] })
    } else {
      found.at(-1).lines.push(line.trim())
    }
  }
  return found.filter((problem) => problem.file === file)
}

describe('mistakes in the config of a project', () => {
  let message
  const all = () => {
    const files = {}
    for (const [name, [source]] of Object.entries(MISTAKES)) {
      files[`packages/${slug(name)}/package.json`] = JSON.stringify({ name: slug(name) })
      files[`packages/${slug(name)}/vx.config.mjs`] = source
    }
    return (message ??= refusal(files))
  }

  for (const [name, [, ...expected]] of Object.entries(MISTAKES)) {
    test(name, () => {
      const problems = problemsOf(all(), `packages/${slug(name)}/vx.config.mjs`)
      const shown = JSON.stringify(problems, undefined, 2)
      for (const [place, what, fix] of expected) {
        const told = problems
          .filter((problem) => problem.place === place)
          .map(({ lines }) => lines.join('\n'))
        assert.ok(
          told.some((text) => text.includes(what) && text.includes(fix)),
          `${place}: ${what}: ${fix}\n${shown}`,
        )
      }
      assert.equal(problems.length, expected.length, shown)
    })
  }

  test('there is nothing to say about the sound one', () => {
    assert.deepEqual(problemsOf(all(), 'packages/sound/vx.config.mjs'), [])
  })

  test('in TypeScript as well', () => {
    const source = `enum Command { Build = 5 }\nexport default { tasks: { build: { exec: { command: Command.Build as number } } } }`
    const said = refusal({ 'packages/a/package.json': '{}', 'packages/a/vx.config.ts': source })
    const problems = problemsOf(said, 'packages/a/vx.config.ts')
    assert.deepEqual(problems, [
      {
        file: 'packages/a/vx.config.ts',
        place: `${TASK}.exec.command`,
        lines: ['expected a string, found the number 5', 'write "5"'],
      },
    ])
  })

  test('two configs beside each other', () => {
    const said = refusal({ 'packages/sound/vx.config.ts': build(EXEC) })
    assert.match(said, /vx\.config\.ts and packages\/sound\/vx\.config\.mjs .*remove one/)
  })
})

describe('mistakes in the config of the workspace', () => {
  const cases = {
    'an unknown key': [
      `{ concurency: 2 }`,
      [WHOLE, 'unknown key "concurency"', 'did you mean "concurrency"?'],
    ],
    'tasks, which projects have': [
      `{ tasks: {} }`,
      [WHOLE, 'unknown key "tasks"', 'known keys here: concurrency, cacheDir, cacheRetention'],
    ],
    'an array': [`[]`, [WHOLE, 'found an empty array', 'write {']],
    'a function': [`() => ({})`, [WHOLE, 'is a function', 'export what it returns']],
    'no tasks at once': [
      `{ concurrency: 0 }`,
      ['concurrency', 'a positive whole number, found the number 0', ''],
    ],
    'a share of the cores': [`{ concurrency: '50%' }`, ['concurrency', 'found the string "50%"', '']],
    'settings of the cache': [
      `{ cacheDir: 5, cacheRetention: { olderThan: 30, maxSize: '20 gigs', maxAge: '1d' } }`,
      ['cacheDir', 'expected a string, found the number 5', ''],
      ['cacheRetention', 'unknown key "maxAge"', 'known keys here: olderThan, maxSize'],
      ['cacheRetention.olderThan', 'a string such as "30d", found the number 30', ''],
      ['cacheRetention.maxSize', '"20 gigs" is not a size', '20GiB, 500MB'],
    ],
    'durations that are none': [
      `{ cacheDir: ' ', cacheRetention: { olderThan: '30 days' } }`,
      ['cacheDir', 'an empty string', 'leave it out'],
      ['cacheRetention.olderThan', '"30 days" is not a duration', '30d, 12h'],
    ],
    'retention as a boolean': [
      `{ cacheRetention: true }`,
      ['cacheRetention', 'found the boolean true', 'or false to remove nothing'],
    ],
    'other settings': [
      `{ affectedBase: [], volumes: [] }`,
      ['affectedBase', 'expected a string, found an empty array', ''],
      ['volumes', 'expected an object, found an empty array', '{ deps: {'],
    ],
    'a remote that is a text': [
      `{ remote: 'https://cache.example.com' }`,
      ['remote', 'expected an object, found the string', '{ url: "https://cache.example.com" }'],
    ],
    'unknown keys of remote': [
      `{ remote: { publicKey: '${PUBLIC}', token: 'x', policy: { branches: [] } } }`,
      ['remote', 'unknown key "publicKey"', 'did you mean "publicKeys"?'],
      ['remote', 'unknown key "token"', 'known keys here: url, team, publicKeys, policy'],
      ['remote.policy', 'no "publicKeys" are named', 'name them beside it'],
      ['remote.policy', 'unknown key "branches"', 'known keys here: refs'],
      ['remote.policy', '"refs" is missing', 'write refs: ["main"'],
    ],
    'settings of remote of other types': [
      `{ remote: { url: 5, team: ['a', 'b'], publicKeys: '${PUBLIC}', policy: { refs: 'main' } } }`,
      ['remote.url', 'expected a string, found the number 5', 'write "5"'],
      ['remote.team', 'expected a string, found an array', 'write "a b"'],
      ['remote.publicKeys', 'expected an array of strings', `write ["${PUBLIC}"]`],
      ['remote.policy.refs', 'expected an array of strings', 'write ["main"]'],
    ],
    'empty settings of remote': [
      `{ remote: { url: ' ', team: 'a\\tb', publicKeys: [], policy: { refs: [] } } }`,
      ['remote.url', 'an empty string', 'leave it out'],
      ['remote.team', 'holds a control character', 'remove it'],
      ['remote.publicKeys', 'nobody could be believed', 'name one at least'],
      ['remote.policy.refs', 'accepts nothing', 'write ["main", "release/*"]'],
    ],
    'a URL with a password': [
      `{ remote: { url: 'https://ann:hunter2@cache.example.com/v8' } }`,
      ['remote.url', 'holds a user or a password', 'environment variables'],
    ],
    'a URL with a token': [
      `{ remote: { url: 's3://hunter2@bucket/prefix' } }`,
      ['remote.url', 'holds a user or a password', 'before the `@`'],
    ],
    'public keys that are none': [
      `{ remote: { publicKeys: ['${PUBLIC}', '${PUBLIC.slice(0, -1)}', 'ssh-ed25519 AAAA', 7] } }`,
      ['remote.publicKeys[1]', 'not the whole text of a key', 'copy it again'],
      ['remote.publicKeys[2]', 'is no public key', '`vx-public-`'],
      ['remote.publicKeys[3]', 'expected a string, found the number 7', ''],
    ],
    'a private key where everybody reads it': [
      `{ remote: { publicKeys: ['${PRIVATE}'] } }`,
      ['remote.publicKeys[0]', 'is a private key', 'make a new pair with `vx cache keygen`'],
    ],
    'private keys where nothing expects one': [
      `{ affectedBase: ['${PRIVATE}'], cacheRetention: '${PRIVATE}', remote: { publicKeys: '${PRIVATE}' } }`,
      ['affectedBase', 'expected a string, found an array', ''],
      ['cacheRetention', 'found a string that holds a secret', ''],
      ['remote.publicKeys', 'found a string that holds a secret', 'write ["…"]'],
    ],
    'a password where nothing expects one': [
      `{ remote: 'https://ann:hunter2@cache.example.com' }`,
      ['remote', 'found a string that holds a secret', '{ url: "https://cache.example.com" }'],
    ],
    'patterns of a policy that are none': [
      `{ remote: { publicKeys: ['${PUBLIC}'], policy: { refs: ['main', '', '/x', '../x', 'a{b', 'a\\\\b', 5] } } }`,
      ['remote.policy.refs[1]', 'an empty pattern', 'the name of a branch or a tag'],
      ['remote.policy.refs[2]', '"/x" is absolute', 'the name of a branch or a tag'],
      ['remote.policy.refs[3]', '"../x" leaves', 'the name of a branch or a tag'],
      ['remote.policy.refs[4]', '"a{b" is not a valid glob', 'complete it'],
      ['remote.policy.refs[5]', 'where it stands for nothing', 'the name of a branch or a tag'],
      ['remote.policy.refs[6]', 'expected a string, found the number 5', ''],
    ],
  }
  for (const [name, [source, ...expected]] of Object.entries(cases)) {
    test(name, () => {
      const said = refusal({ 'vx.workspace.mjs': `export default ${source}` })
      assert.doesNotMatch(said, /vx-private-\w|hunter2/)
      const problems = problemsOf(said, 'vx.workspace.mjs')
      for (const [index, [place, what, fix]] of expected.entries()) {
        const told = problems[index]?.lines.join('\n') ?? ''
        assert.equal(problems[index]?.place, place, said)
        assert.ok(told.includes(what) && told.includes(fix), said)
      }
      assert.equal(problems.length, expected.length, said)
    })
  }

  test('a sound remote is taken', () => {
    const remote = `{ url: 'https://cache.example.com/@acme', team: 'acme', publicKeys: [' ${PUBLIC}\\n'], policy: { refs: ['main', 'release/*', '!release/old', 'refs/pull/**'] } }`
    const root = scratch({ 'package.json': '{}', 'vx.workspace.mjs': `export default { remote: ${remote} }` })
    const { code, stderr } = vx(root, ['stats'])
    assert.equal(code, 0, stderr)
  })

  test('two configs beside each other', () => {
    const files = { 'vx.workspace.mjs': 'export default {}', 'vx.workspace.js': 'export default {}' }
    assert.match(refusal(files), /vx\.workspace\.js and vx\.workspace\.mjs lie beside each other.*remove one/)
  })

  test('commands that only look at the cache read it, too, and no other', () => {
    const files = { 'vx.workspace.mjs': 'export default { cacheDri: "x" }' }
    for (const args of [['stats'], ['info', '--json'], ['cache', 'prune', '--older-than=1d']]) {
      assert.match(refusal(files, args), /unknown key "cacheDri"\n {2}did you mean "cacheDir"\?/)
    }
    const root = scratch({ 'package.json': '{}', 'vx.config.mjs': 'throw 1' })
    assert.equal(vx(root, ['stats']).code, 0)
  })
})

test('mistakes in several files are told at once', () => {
  const said = refusal({
    'vx.workspace.mjs': 'export default { foo: 1 }',
    'packages/a/package.json': '{}',
    'packages/a/vx.config.mjs': build('foo: 1'),
    'packages/b/package.json': '{}',
    'packages/b/vx.config.mjs': 'throw new Error("boom")',
    'packages/c/package.json': '{}',
    'packages/c/vx.config.mjs': 'export default {',
  })
  for (const file of [
    'vx.workspace.mjs',
    ...['a', 'b', 'c'].map((name) => `packages/${name}/vx.config.mjs`),
  ]) {
    assert.ok(problemsOf(said, file).length > 0, said)
  }
  assert.match(said, /\n {2}VX_CONFIG_INVALID\n$/)
})
