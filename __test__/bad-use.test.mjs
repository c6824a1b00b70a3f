// What can be wrong although every config is sound: names and flags on the command line, the workspace's own files, the
// disk. What is wrong before anything runs: exit code 2, one message, nothing touched. What goes wrong while a task runs
// fails that task and nothing else.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratch } from './scratch.mjs'
import { BIN, git, monorepo, statuses, vx, vxRun } from './workspace.mjs'

const POSIX = { skip: process.platform === 'win32' }

/** Its command leaves a file behind, so that a run that should have been refused shows. */
const TOUCH = { exec: { command: 'touch ran' } }
const CACHED = {
  exec: { command: 'touch ran' },
  cache: { inputs: { files: ['src/**'] }, outputs: { files: ['dist/**'] } },
}

const config = (tasks) => `export default ${JSON.stringify({ tasks })}\n`
const manifest = (name, more = {}) => JSON.stringify({ name, ...more })

/** A workspace without git: package `app` with the tasks `build`, `test` and `lint`, package `@acme/core` with `build`. */
const SOUND = {
  'package.json': manifest('root', { private: true, workspaces: ['packages/*'] }),
  'packages/app/package.json': manifest('app', { dependencies: { '@acme/core': '*' } }),
  'packages/app/vx.config.mjs': config({ build: CACHED, test: TOUCH, lint: TOUCH }),
  'packages/app/src/in': 'in',
  'packages/core/package.json': manifest('@acme/core'),
  'packages/core/vx.config.mjs': config({ build: TOUCH }),
}

function workspace(changes = {}) {
  const files = Object.entries({ ...SOUND, ...changes }).filter(([, content]) => content !== undefined)
  return scratch(Object.fromEntries(files))
}

const everything = (root) => readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted()

/** Runs vx where it must refuse; `root` may be a workspace or what is different in one. Returns what it said. */
function refusal(root, args = ['run', 'build'], { cwd = '', ...options } = {}) {
  const directory = typeof root === 'string' ? root : workspace(root)
  const before = everything(directory)
  const { code, stdout, stderr } = vx(join(directory, cwd), args, options)
  assert.equal(code, 2, stdout + stderr)
  assert.equal(stdout, '')
  assert.deepEqual(everything(directory), before)
  return stderr.replaceAll(`${directory}/`, '').replaceAll(directory, '<root>')
}

function says(message, ...parts) {
  for (const part of parts) {
    assert.ok(message.includes(part), `${part}\n${message}`)
  }
}

describe('names on the command line', () => {
  const root = workspace()
  for (const [name, args, ...parts] of [
    ['a slip in a task', ['biuld'], '"biuld"', 'did you mean "build", which exists in app, @acme/core?'],
    ['a task that is like none', ['deploy'], '"deploy"', 'the tasks are build, lint, test'],
    [
      'a slip in a project',
      ['ap#build'],
      '"ap#build"',
      'a project that does not exist',
      'did you mean "app"?',
    ],
    ['a project without its scope', ['core#build'], 'did you mean "@acme/core"?'],
    ['a project that is like none', ['website#build'], 'the projects are root, app, @acme/core'],
    [
      'a task that its project does not declare',
      ['@acme/core#lint'],
      '@acme/core declares no task "lint"',
      'exists in app',
    ],
    ['no task after #', ['app#'], '"app#" is no task', 'project#build'],
    ['no project before #', ['#build'], '"#build" is no task', 'project#build'],
    ['an empty word', [''], '"" is no task', 'such as "build"'],
    ['^task', ['^build'], '"^build"', 'did you mean "build"'],
    [
      'a filter that is like one project',
      ['build', '--filter=@acme/cor'],
      '"@acme/cor"',
      'did you mean "@acme/core"?',
    ],
    ['a filter that matches nothing', ['build', '-F', 'website'], 'matches no project', 'the projects are'],
    ['a directory as a name', ['build', '-F', 'packages/app'], 'for a directory write "./packages/app"'],
    [
      'a directory without projects',
      ['build', '-F', './tools'],
      'matches no project',
      'projects lie in ., packages/app',
    ],
    ['a directory outside', ['build', '-F', '../other'], 'it leaves the workspace'],
    [
      'a filter by git range',
      ['build', '-F', '...[main]'],
      '"...[main]"',
      'git range, which is not supported',
      'name projects',
    ],
    ['a filter that is none', ['build', '-F', 'a{b'], 'is not a filter: a `{` is not closed', '"@scope/*"'],
    ['an empty filter', ['build', '-F', ''], 'names no project', '"@scope/*"'],
    ['filters that leave nothing', ['build', '-F', 'app', '-F', '!app'], 'the filters leave no project'],
    [
      'a filter without the task',
      ['lint', '-F', '@acme/core'],
      '@acme/core declares no task "lint"',
      'exists in app',
    ],
  ]) {
    test(name, () => says(refusal(root, ['run', ...args]), ...parts))
  }
})

describe('flags', () => {
  const root = workspace()
  for (const [args, ...parts] of [
    [['run', 'build', '--frce'], "'--frce'", "'--force'"],
    [['run', 'build', '-x'], "'-x'"],
    [['run', 'build', '--concurrency=0'], "'0'", 'such as 4', 'such as 50%'],
    [['run', 'build', '--concurrency=many'], "'many'", 'such as 4'],
    [['run', 'build', '--timeout=5s'], "'5s'", 'a number of milliseconds above 0'],
    [['run', 'build', '--timeout=0'], "'0'", 'a number of milliseconds above 0'],
    [['run', 'build', '--retries=11'], "'11'", '0..=10'],
    [['run', 'build', '--continue=maybe'], "'maybe'", 'deps-ok, never, always'],
    [['run', 'build', '--output-logs=some'], "'some'", 'full, errors-only, hash-only, none'],
    [['run', 'build', '--log-order=random'], "'random'", 'grouped, stream'],
    [['run', 'build', '--dry=yaml'], "'yaml'", 'text, json'],
    [['run', 'build', '--cache-dir'], '--cache-dir <DIR>'],
    [['run', 'build', '--summarize='], '--summarize[=<FILE>]'],
    [['run', 'build', '--profile='], '--profile[=<FILE>]'],
    [['run', 'build', '--force', '--no-cache'], "'--force' cannot be used with '--no-cache'"],
    [['run'], '<TASK>'],
    [[], 'Usage: vx <COMMAND>', 'run '],
    [['build'], "unrecognized subcommand 'build'", 'to run a task: vx run build'],
    [['cache'], 'prune'],
    [['cache', 'prune'], '--older-than', '--max-size'],
    [['cache', 'prune', '--older-than=30'], '"30" is not a duration', '30d'],
    [['cache', 'prune', '--max-size=big'], '"big" is not a size', '20GiB'],
    [['stats', '--jsn'], "'--json'"],
  ]) {
    test(['vx', ...args].join(' '), () => says(refusal(root, args), ...parts))
  }
})

describe('what tasks depend on', () => {
  const app = (tasks) => ({ 'packages/app/vx.config.mjs': config(tasks) })
  for (const [name, changes, ...parts] of [
    [
      'a slip in a task of the project',
      app({ build: { dependsOn: ['codgen'] }, codegen: TOUCH }),
      'packages/app/vx.config.mjs: app#build depends on "codgen"',
      'did you mean "codegen"?',
    ],
    [
      'a task that another project does not declare',
      app({ build: { dependsOn: ['@acme/core#lint'] } }),
      'packages/app/vx.config.mjs: app#build depends on "@acme/core#lint"',
      'packages/core/vx.config.mjs declares no such task',
      'or remove it from dependsOn',
    ],
    [
      'a task of a project without config',
      app({ build: { dependsOn: ['root#gen'] } }),
      'app#build depends on "root#gen"',
      'has no vx.config.ts that could declare it',
    ],
    [
      'a slip in a project',
      app({ build: { dependsOn: ['@acme/cor#build'] } }),
      'packages/app/vx.config.mjs: app#build depends on "@acme/cor#build"',
      'there is no such project; did you mean "@acme/core#build"?',
    ],
    [
      'a task that waits for itself',
      app({ build: { ...TOUCH, dependsOn: ['build'] } }),
      'app#build → app#build;',
    ],
    [
      'tasks of several projects that wait for each other',
      {
        ...app({ build: { dependsOn: ['^build'] }, gen: { dependsOn: ['build'] } }),
        'packages/core/vx.config.mjs': config({ build: { dependsOn: ['app#gen'] } }),
      },
      '@acme/core#build → app#gen → app#build → @acme/core#build;',
      'remove one of the dependencies',
    ],
    [
      'two tasks with one output',
      app({
        build: { ...CACHED, dependsOn: ['types'] },
        types: { ...CACHED, cache: { inputs: { files: [] }, outputs: { files: ['dist/*.d.ts'] } } },
      }),
      'app#build and app#types both declare',
      '"dist/**" and "dist/*.d.ts"',
      'keep their outputs apart',
    ],
  ]) {
    test(name, () => says(refusal(changes), ...parts))
  }

  test('^task that no project declares is a warning, since a preset may be ahead of its users', () => {
    const root = workspace(app({ build: { ...TOUCH, dependsOn: ['^biuld'] } }))
    const { code, stderr } = vx(root, ['run', 'app#build'])
    assert.equal(code, 0, stderr)
    says(stderr, 'warning: app#build depends on "^biuld"', 'did you mean "^build"?')
    const fine = workspace(app({ build: { ...TOUCH, dependsOn: ['^build'] } }))
    assert.equal(vx(fine, ['run', 'build']).stderr, '')
  })
})

describe('the files of the workspace', () => {
  for (const [name, changes, ...parts] of [
    [
      'a root package.json that is not JSON',
      { 'package.json': '{\n  "name": "root",\n}' },
      'package.json:3:1 is not a valid package.json: trailing comma',
    ],
    [
      'a package.json of a member that is not JSON',
      { 'packages/core/package.json': '{ "name": "core" "version": 1 }' },
      'packages/core/package.json:1:18 is not a valid package.json',
    ],
    [
      'an empty package.json',
      { 'packages/core/package.json': '' },
      'packages/core/package.json:1:1 is not a valid package.json: it is empty; write {}',
    ],
    [
      'a name that is no text',
      { 'packages/core/package.json': '{ "name": 5 }' },
      'packages/core/package.json:1:11',
      'expected a string',
    ],
    [
      'dependencies that are no object',
      { 'packages/core/package.json': '{ "name": "core", "dependencies": "app" }' },
      'packages/core/package.json:1:39',
      'an object of names and versions',
    ],
    [
      'workspaces as text',
      { 'package.json': manifest('root', { workspaces: 'packages/*' }) },
      'package.json:1:',
      '`workspaces` to be an array of patterns',
    ],
    [
      'a member pattern that leaves the workspace',
      { 'package.json': manifest('root', { workspaces: ['../other/*'] }) },
      'package.json: ',
      '"../other/*" leaves its directory',
      'such as "packages/*"',
    ],
    [
      'a member pattern that is no glob',
      { 'package.json': manifest('root', { workspaces: ['packages/{a'] }) },
      '"packages/{a" is not a valid glob',
    ],
    [
      'a pnpm-workspace.yaml that is not YAML',
      { 'pnpm-workspace.yaml': 'packages:\n  - "packages/*\n' },
      'pnpm-workspace.yaml:2:5 is not a valid pnpm-workspace.yaml',
    ],
    [
      'a pnpm-workspace.yaml with text for a list',
      { 'pnpm-workspace.yaml': 'packages: packages/*\n' },
      'pnpm-workspace.yaml:1:11',
      '`packages` must be a list of patterns',
    ],
    [
      'a pnpm-workspace.yaml with a negation that needs quotes',
      { 'pnpm-workspace.yaml': 'packages:\n  - packages/*\n  - !packages/core\n' },
      'pnpm-workspace.yaml:3:5',
      'needs quotes',
    ],
    [
      'two projects with one name',
      { 'packages/core/package.json': manifest('app') },
      'two projects are named "app": packages/app/package.json and packages/core/package.json',
      'give one of them another `name`',
    ],
  ]) {
    test(name, () => says(refusal(changes), ...parts))
  }

  test('no workspace at all', () => {
    const message = refusal(scratch({ 'src/in': '' }), ['run', 'build'], { cwd: 'src' })
    says(message, 'no workspace holds src', 'create a package.json')
  })

  test('a workspace without any config', () => {
    const changes = { 'packages/app/vx.config.mjs': undefined, 'packages/core/vx.config.mjs': undefined }
    says(refusal(changes), 'no project declares a task "build"', 'there is no vx.config.ts')
  })
})

describe('places that cannot be used', POSIX, () => {
  const atFile = [
    ['as a flag', {}, ['--cache-dir=package.json'], 'package.json'],
    ['below a file', {}, ['--cache-dir=package.json/cache'], 'package.json/cache'],
    [
      'in the config',
      { 'vx.workspace.mjs': 'export default { cacheDir: "package.json" }' },
      [],
      'package.json',
    ],
    ['by default', { '.vx/cache': 'a file' }, [], '.vx/cache'],
  ]
  for (const [name, changes, flags, path] of atFile) {
    test(`a cache directory that is a file, ${name}`, () => {
      const root = workspace(changes)
      const what = path.endsWith('/cache') && path !== '.vx/cache' ? 'Not a directory' : 'it is a file'
      const parts = [`"${path}" cannot be used: ${what}`, 'choose another with --cache-dir']
      says(refusal(root, ['run', 'build', ...flags]), ...parts)
      says(refusal(root, ['run', 'build', '--dry', ...flags]), ...parts)
      says(refusal(root, ['stats', ...flags]), ...parts)
    })
  }

  test('a cache directory that holds something else: git would no longer see it', () => {
    for (const dir of ['.', 'packages', 'packages/app/src']) {
      const flagged = refusal({}, ['run', 'build', `--cache-dir=${dir}`])
      says(flagged, 'holds other files', 'a directory for the cache alone')
      says(refusal({ 'vx.workspace.mjs': `export default { cacheDir: '${dir}' }` }), 'holds other files')
      says(refusal({}, ['stats', `--cache-dir=${dir}`]), 'holds other files')
    }
  })

  test('a cache directory of its own is taken, new, empty, or in use', () => {
    const root = workspace({ 'empty/.gitkeep': '' })
    for (const dir of ['new/cache', 'new/cache', 'empty', 'empty']) {
      const { code, stderr } = vx(root, ['run', 'app#build', `--cache-dir=${dir}`])
      assert.equal(code, 0, stderr)
    }
    assert.ok(existsSync(join(root, 'new/cache/cache.db')) && existsSync(join(root, 'empty/cache.db')))
  })

  /** What makes a program run as somebody whom permissions hold back; undefined where nothing does. */
  function unprivileged() {
    if (process.getuid?.() !== 0) {
      return process.getuid && []
    }
    const words = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const reads = [process.execPath, '-e', `require('fs').readFileSync(${JSON.stringify(BIN)})`]
    return spawnSync(words[0], [...words.slice(1), ...reads]).status === 0 ? words : undefined
  }

  const user = unprivileged()
  test('directories without permissions', { skip: !user }, () => {
    const root = workspace({ 'closed/cache/.keep': '' })
    chmodSync(root, 0o755)
    chmodSync(join(root, 'closed'), 0)
    const [program, ...args] = [...user, process.execPath, BIN, 'run', 'app#build']
    try {
      for (const [flag, ...parts] of [
        ['--cache-dir=closed/cache', '"closed/cache" cannot be used', 'choose another with --cache-dir'],
        ['--cache-dir=closed', '"closed" cannot be used', 'choose another with --cache-dir'],
        ['--summarize=closed/a.json', 'the summary to "closed/a.json"', 'another file with --summarize'],
        ['--profile=closed/a.json', 'the profile to "closed/a.json"', 'another file with --profile'],
      ]) {
        const options = { cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH } }
        const { status, stdout, stderr } = spawnSync(program, [...args, flag], options)
        assert.equal(status, 2, stdout + stderr)
        assert.equal(stdout, '')
        says(stderr.replaceAll(`${root}/`, ''), ...parts)
      }
      assert.equal(existsSync(join(root, 'packages/app/ran')), false)
    } finally {
      chmodSync(join(root, 'closed'), 0o755)
    }
  })

  for (const path of ['package.json/summary.json', 'packages']) {
    test(`a summary cannot be written to ${path}: nothing runs`, () => {
      const message = refusal({}, ['run', 'build', `--summarize=${path}`])
      says(message, `cannot write the summary to "${path}"`, 'name another file')
    })
  }

  test('a summary that is there stays until there is another one', () => {
    const root = workspace({ 'summary.json': 'of an earlier run' })
    refusal(root, ['run', 'biuld', '--summarize=summary.json'])
    refusal(root, ['run', 'build', '--summarize=summary.json', '--cache-dir=package.json'])
  })
})

describe('inputs that cannot be read', () => {
  /** A name that is no UTF-8, where the file system takes one. */
  function odd(root) {
    const path = Buffer.concat([
      Buffer.from(join(root, 'packages/app/src/b')),
      Buffer.from([0xff]),
      Buffer.from('.txt'),
    ])
    try {
      writeFileSync(path, 'x')
      return true
    } catch {
      return false
    }
  }

  for (const [name, prepare] of [
    ['without git', () => {}],
    ['untracked', (root) => git(root, 'init', '--quiet')],
    [
      'tracked',
      (root) => {
        git(root, 'init', '--quiet')
        git(root, 'add', '--all')
      },
    ],
  ]) {
    test(`a name that is not UTF-8, ${name}`, { skip: process.platform !== 'linux' }, () => {
      const root = workspace({
        'packages/app/vx.config.mjs': config({
          build: CACHED,
          other: { ...CACHED, cache: { inputs: { files: ['src/in'] }, outputs: { files: [] } } },
        }),
      })
      assert.ok(odd(root))
      prepare(root)
      const message = refusal(root, ['run', 'app#build'])
      says(message, 'packages/app/src/b', 'not valid UTF-8', 'rename the file')
      const fine = vx(root, ['run', 'app#other'])
      assert.equal(fine.code, 0, fine.stderr)
    })
  }

  test('a runtime command that gives no value', POSIX, () => {
    const cache = { inputs: { files: [], runtime: ['no-such-tool --version'] }, outputs: { files: [] } }
    const message = refusal({ 'packages/app/vx.config.mjs': config({ build: { ...TOUCH, cache } }) })
    says(message, '"no-such-tool --version" of app exited with 127', 'must print its value')
  })
})

describe('what fails one task and no other', POSIX, () => {
  /** What `vx run build` says of two packages; `b#build` is fine. */
  function run(tasks, files) {
    const root = monorepo({
      a: { tasks, files },
      b: { tasks: { build: { exec: { command: 'echo fine' } } } },
    })
    return { root, ...vxRun(root, ['build', '--continue=always']) }
  }

  test('a command that is not found, or not executable', () => {
    for (const [command, code] of [
      ['no-such-command --flag', 127],
      ['./no-such-file', 127],
      ['./src/in', 126],
    ]) {
      const result = run({ build: { exec: { command } } }, { 'src/in': '' })
      assert.equal(result.code, 1, result.stderr)
      assert.deepEqual(statuses(result), { 'a#build': 'failed', 'b#build': 'success' })
      assert.equal(result.tasks['a#build'].exitCode, code)
      says(result.stderr, `a#build: the command exited with ${code}`)
      says(result.stdout, `Failed: a#build: the command exited with ${code}`)
      says(result.stderr, command.split(' ')[0])
    }
  })

  test('a persistent command that is not found', () => {
    const serve = { exec: { command: 'no-such-server', persistent: { readyWhen: 'listening' } } }
    const result = run({ serve, build: { exec: { command: 'touch ran' }, dependsOn: ['serve'] } })
    assert.equal(result.code, 1, result.stderr)
    assert.equal(result.tasks['a#serve'].exitCode, 127)
    assert.equal(result.tasks['b#build'].status, 'success')
  })

  test('a project whose directory vanished before its task', () => {
    for (const cache of [undefined, CACHED.cache]) {
      const vanish = { exec: { command: 'rm -rf "$(pwd)"' } }
      const build = { exec: { command: 'echo built' }, cache, dependsOn: ['vanish'] }
      const result = run({ vanish, build }, { 'src/in': '' })
      assert.equal(result.code, 1, result.stderr)
      assert.deepEqual(statuses(result), { 'a#vanish': 'success', 'a#build': 'failed', 'b#build': 'success' })
      says(
        result.stderr,
        'a#build: cannot start the command in',
        join(result.root, 'packages/a'),
        'No such file',
      )
    }
  })

  test('a project whose directory vanishes under its task: the result stands and is not stored', () => {
    const command = 'rm -rf "$(pwd)"; echo done'
    const result = run({ build: { ...CACHED, exec: { command } } }, { 'src/in': '' })
    assert.equal(result.code, 0, result.stderr)
    says(result.stderr, 'not saved')
  })
})
