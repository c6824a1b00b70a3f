// What a task's command sees of the world around it, and what of that is in its key.

import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, test } from 'node:test'
import { write } from './scratch.mjs'
import { cached, journal, plain } from './tasks.mjs'
import { monorepo, vx, vxRun } from './workspace.mjs'

const unix = { skip: process.platform === 'win32' }

/** A task that writes its whole environment, NUL after each variable. */
const printsEnv = (exec, inputs) => cached('mkdir dist; env -0 > dist/env', { exec, inputs })

function envOf(root, project) {
  const text = readFileSync(join(root, 'packages', project, 'dist/env'), 'utf8')
  const pairs = text.split('\0').filter(Boolean)
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
}

describe('the environment of a command', unix, () => {
  test('only what is on the short list or declared is there', () => {
    const root = monorepo({
      app: {
        tasks: {
          build: printsEnv(
            {
              env: {
                passThrough: ['TOKEN', 'ABSENT'],
                define: { MODE: 'defined', EMPTY: '', ODD: "a b\n'$x" },
              },
            },
            { env: ['FLAVOUR', 'EMPTY_INPUT'] },
          ),
        },
      },
    })
    const host = {
      SECRET: 'seen by nobody',
      VX_SOMETHING: 'x',
      npm_config_user_agent: 'npm',
      TOKEN: 't',
      MODE: 'of the host',
      FLAVOUR: 'sweet',
      EMPTY_INPUT: '',
      HOME: '/home/somebody',
      LC_ALL: 'C',
      LC_ANYTHING: 'y',
      LANG: 'C',
      CI: 'true',
      NO_COLOR: '1',
      NODE_OPTIONS: '--no-deprecation',
    }
    const { code, stderr } = vx(root, ['run', 'build'], { env: host })
    assert.equal(code, 0, stderr)
    const seen = envOf(root, 'app')
    const expected = {
      TOKEN: 't',
      MODE: 'defined',
      EMPTY: '',
      ODD: "a b\n'$x",
      FLAVOUR: 'sweet',
      EMPTY_INPUT: '',
      HOME: '/home/somebody',
      LC_ALL: 'C',
      LC_ANYTHING: 'y',
      LANG: 'C',
      CI: 'true',
      NO_COLOR: '1',
      NODE_OPTIONS: '--no-deprecation',
    }
    // What the shell itself sets, and what the machine of this test may have of the short list.
    const unknown = [
      'PATH',
      'PWD',
      'OLDPWD',
      'SHLVL',
      '_',
      'SHELL',
      'USER',
      'LOGNAME',
      'TMPDIR',
      'TERM',
      'COLORTERM',
    ]
    for (const name of unknown) delete seen[name]
    assert.deepEqual(seen, expected)
  })

  test('node_modules/.bin of the project and of all above it come first on PATH, in the project directory', () => {
    const root = monorepo({
      app: {
        tasks: {
          build: cached('mkdir dist; near; far; only-root; pwd; echo "$PATH"; near | cat - > dist/x'),
        },
      },
    })
    const tool = (dir, name, says) => {
      chmodSync(write(join(root, dir, 'node_modules/.bin', name), `#!/bin/sh\necho ${says}\n`), 0o755)
    }
    tool('packages/app', 'near', 'of the project')
    tool('', 'near', 'of the root')
    tool('packages', 'far', 'between')
    tool('', 'far', 'of the root')
    tool('', 'only-root', 'root')
    const { code, stdout, stderr } = vx(root, ['run', 'build'])
    assert.equal(code, 0, stderr)
    const lines = stdout.split('\n').map((line) => line.replace(/^app#build: /, ''))
    const at = lines.indexOf('of the project')
    assert.deepEqual(lines.slice(at, at + 4), [
      'of the project',
      'between',
      'root',
      join(root, 'packages/app'),
    ])
    const bins = ['packages/app/', 'packages/', ''].map((dir) => join(root, dir, 'node_modules/.bin'))
    assert.equal(lines[at + 4], [...bins, process.env.PATH].join(delimiter))
  })

  test('standard input is empty', () => {
    const root = monorepo({ app: { tasks: { build: plain('cat; echo end') } } })
    assert.match(vx(root, ['run', 'build']).stdout, /^app#build: end$/m)
  })
})

describe('the environment in the key', unix, () => {
  const root = monorepo({
    app: {
      tasks: {
        build: cached('mkdir dist; echo "${FLAVOUR-unset}" > dist/flavour', {
          exec: { env: { passThrough: ['TOKEN'] } },
          inputs: { env: ['FLAVOUR'] },
        }),
      },
    },
  })
  const status = (env) => vxRun(root, ['build'], { env }).tasks['app#build'].status
  const flavour = () => readFileSync(join(root, 'packages/app/dist/flavour'), 'utf8').trimEnd()

  test('each value of inputs.env has its own result; unset differs from empty', () => {
    for (const [env, expected, made] of [
      [{}, 'success', 'unset'],
      [{ FLAVOUR: '' }, 'success', ''],
      [{ FLAVOUR: 'sour' }, 'success', 'sour'],
      [{}, 'cache-hit', 'unset'],
      [{ FLAVOUR: '' }, 'cache-hit', ''],
      [{ FLAVOUR: 'sour' }, 'cache-hit', 'sour'],
    ]) {
      assert.equal(status(env), expected, JSON.stringify(env))
      assert.equal(flavour(), made, JSON.stringify(env))
    }
  })

  test('what is passed through, and what is on the short list, is not', () => {
    assert.equal(status({ FLAVOUR: 'a' }), 'success')
    for (const env of [{ TOKEN: 'x' }, { CI: '1' }, { LC_ALL: 'C' }, { UNDECLARED: 'x' }]) {
      assert.equal(status({ FLAVOUR: 'a', ...env }), 'cache-hit', JSON.stringify(env))
    }
  })

  test('what is defined is, as part of the config', () => {
    const config = join(root, 'packages/app/vx.config.mjs')
    const before = readFileSync(config, 'utf8')
    const define = (value) => {
      writeFileSync(config, before.replace('"env":{', `"env":{"define":{"MODE":"${value}"},`))
      return status({ FLAVOUR: 'b' })
    }
    assert.equal(define('one'), 'success')
    assert.equal(define('two'), 'success')
    assert.equal(define('one'), 'cache-hit')
  })
})

describe('runtime inputs', unix, () => {
  test('what they print is in the key, white space around it is not; they are asked once for a project', () => {
    const log = journal()
    const runtime = [`${log.note('asked')}; cat version.txt; echo noise >&2`]
    const root = monorepo({
      app: {
        tasks: {
          build: cached('mkdir dist; cp version.txt dist', { inputs: { files: [], runtime } }),
          lint: cached('true', { inputs: { files: [], runtime }, outputs: { files: [] } }),
        },
        files: { 'version.txt': 'v1' },
      },
    })
    const run = (version) => {
      writeFileSync(join(root, 'packages/app/version.txt'), version)
      const { code, stderr, tasks } = vxRun(root, ['build', 'lint', '--concurrency=1'])
      assert.equal(code, 0, stderr)
      return tasks['app#build'].status
    }
    assert.equal(run('v1'), 'success')
    assert.deepEqual(log.lines(), ['asked'])
    assert.equal(run('\n v1 \n\n'), 'cache-hit')
    assert.equal(run('v2'), 'success')
    assert.equal(run('v1'), 'cache-hit')
    assert.equal(vx(root, ['run', 'build', '--dry']).code, 0)
    assert.deepEqual(log.lines(), Array(5).fill('asked'))
  })

  test('they see what a command sees', () => {
    const command = 'mkdir dist; touch dist/x'
    const runtime = ['echo "${SECRET-none}"', 'tool']
    const root = monorepo({ app: { tasks: { build: cached(command, { inputs: { files: [], runtime } }) } } })
    const tool = write(join(root, 'node_modules/.bin/tool'), '#!/bin/sh\necho 1\n')
    chmodSync(tool, 0o755)
    const status = (env) => vxRun(root, ['build'], { env }).tasks['app#build'].status
    assert.equal(status({}), 'success')
    assert.equal(status({ SECRET: 'x' }), 'cache-hit')
    writeFileSync(tool, '#!/bin/sh\necho 2\n')
    assert.equal(status({}), 'success')
  })

  test('one that fails ends the run before it starts', () => {
    const log = journal()
    const build = cached(log.note('ran'), { inputs: { files: [], runtime: ['exit 3'] } })
    const { code, stdout, stderr } = vx(monorepo({ app: { tasks: { build } } }), ['run', 'build'])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /runtime input "exit 3" of app exited with 3/)
    assert.deepEqual(log.lines(), [])
  })
})
