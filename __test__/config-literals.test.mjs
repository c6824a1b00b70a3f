// Configs that are plain data: what they say is read off their text, and everything that a user sees of them is what
// evaluating them shows. What each of many texts stands for, `tests/config_literals` compares with every runtime.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Workspace, config } from './installed.mjs'
import { write } from './scratch.mjs'

const unix = { skip: process.platform === 'win32' }

/** With a variable of this kind nobody knows what evaluating gives, so that everything is evaluated. */
const EVALUATED = { env: { JITI_UNKNOWN: '1' } }

const A = 'packages/a/vx.config.ts'
const B = 'packages/b/vx.config.mjs'

const PLAIN = {
  'packages/bare/vx.config.mjs': "export default { tasks: { build: { exec: { command: 'echo bare' } } } }",
  'packages/typed/vx.config.ts': `import { type ProjectConfig, defineProject } from '@vzn/vx'
    const exec = { command: 'echo typed' } as const
    const config: ProjectConfig = { tasks: { build: { exec } } }
    export default defineProject(config)`,
  'packages/preset/vx.config.ts': `import { build, name } from '../../presets/all.ts'
    import data from './data.json' with { type: 'json' }
    export default { tasks: { build: { ...build, exec: { command: \`echo \${name}\`, env: data } } } }`,
  'packages/preset/data.json': '{ "define": { "A": "1" } }',
  'presets/all.ts':
    "export * from './one.mjs'\nexport const build = { cache: { inputs: { files: ['*.ts'] }, outputs: { files: [] } } }",
  'presets/one.mjs': "export const name = 'one'",
  'vx.workspace.ts':
    "import { defineWorkspace } from '@vzn/vx'\nexport default defineWorkspace({ concurrency: 2 })",
}

describe('a config that is plain data', unix, () => {
  test('is not evaluated, whatever is asked for', async () => {
    const workspace = new Workspace(PLAIN)
    await workspace.settle()
    const plan = workspace.plan()
    assert.deepEqual(plan.commands, workspace.evaluate())
    assert.deepEqual(plan.evaluated, [])
    for (const args of [
      ['run', 'build', '--all', '--no-cache'],
      ['run', 'build', '--all'],
      ['run', 'build', '--all', '--force'],
      ['run', 'build', '--all'],
      ['info'],
      ['stats'],
    ]) {
      const { status, evaluated, stderr } = workspace.run(args)
      assert.equal(status, 0, stderr)
      assert.deepEqual(evaluated, [], args.join(' '))
    }
  })

  test('is planned as when it is evaluated', async () => {
    const workspace = new Workspace(PLAIN)
    const plan = (how) => workspace.run(['run', 'build', '--all', '--dry=json'], how)
    const [read, evaluated] = [plan(), plan(EVALUATED)]
    assert.equal(read.status, 0, read.stderr)
    assert.equal(read.evaluated.length, 0)
    assert.equal(evaluated.evaluated.length, 4)
    assert.equal(read.stdout, evaluated.stdout)
  })

  test('beside others: those are evaluated', async () => {
    const workspace = new Workspace({
      ...PLAIN,
      [A]: config('1'),
      [B]: 'export default { tasks: { build: { exec: { command: `echo ${Date.now() > 0}` } } } }',
    })
    const { batches, commands } = workspace.plan()
    assert.deepEqual(batches, [[A], [B]])
    assert.deepEqual(commands, workspace.evaluate())
  })

  test('shows what it is made from at once', async () => {
    const workspace = new Workspace(PLAIN)
    const command = () => {
      const { commands, evaluated, stderr } = workspace.plan()
      assert.deepEqual(evaluated, [], stderr)
      return commands['preset#build']
    }
    assert.equal(command(), 'echo one')
    write(workspace.path('presets/one.mjs'), "export const name = 'two'")
    assert.equal(command(), 'echo two')
    await workspace.settle()
    workspace.run(['run', 'build', '--all'])
    assert.equal(command(), 'echo two')
    write(workspace.path('presets/one.mjs'), "export const name = 'three'")
    assert.equal(command(), 'echo three')
    write(workspace.path('presets/one.mjs'), "export const name = ['f', 'our'].join('')")
    const { commands, evaluated } = workspace.plan()
    assert.deepEqual(evaluated, ['packages/preset/vx.config.ts'])
    assert.equal(commands['preset#build'], 'echo four')
  })

  test('that imports another package by the name of this one is evaluated', async () => {
    const workspace = new Workspace(PLAIN)
    rmSync(workspace.path('node_modules/@vzn/vx'))
    const stub = workspace.path('node_modules/@vzn/vx')
    write(join(stub, 'package.json'), '{ "name": "@vzn/vx", "type": "module", "exports": "./index.js" }')
    const value = "{ tasks: { build: { exec: { command: 'echo stub' } } } }"
    write(
      join(stub, 'index.js'),
      `export const defineProject = () => (${value})\nexport const defineWorkspace = () => ({})`,
    )
    const { commands, evaluated } = workspace.plan()
    assert.deepEqual(evaluated, ['packages/typed/vx.config.ts', 'vx.workspace.ts'])
    assert.equal(commands['typed#build'], 'echo stub')
  })

  test('is evaluated where other code is loaded before it', { skip: Boolean(process.versions.bun) }, () => {
    const workspace = new Workspace({ [B]: PLAIN['packages/bare/vx.config.mjs'] })
    const hook = write(workspace.path('hook.mjs'), '')
    assert.deepEqual(workspace.plan({ options: ['--import', hook] }).evaluated, [B])
    assert.deepEqual(workspace.plan().evaluated, [])
  })
})

/** Configs with a mistake, and whether it shows in data that is read off the text. */
const MISTAKES = {
  'a field that is none': ["export default { tasks: { build: { nope: 1, exec: { command: '' } } } }", true],
  'a task that is a text': ["export default { tasks: { build: 'tsc' } }", true],
  'no object': ['export default [1]', true],
  'a text': ["export default 'x'", true],
  null: ['export default null', true],
  'numbers where they do not belong': ['export default { tasks: { build: { timeout: -1.5e300 } } }', true],
  'more than one': [
    "export default { x: 1, tasks: { a: { y: 2 }, 10: {}, 9: { exec: 1 }, 'b c': { exec: { command: 3 } } } }",
    true,
  ],
  'a command that is missing': [
    'export default { tasks: { build: { exec: { command: undefined } } } }',
    true,
  ],
  'a pattern that leads out': [
    "export default { tasks: { build: { exec: { command: 'x' }, cache: { outputs: { files: ['../x'] } } } } }",
    true,
  ],
  'no default export': ['export const tasks = {}', false],
  'nothing at all': ['', false],
  undefined: ['export default undefined', false],
  'a function': ['export default { tasks: { build: () => 1 } }', false],
  'no number': ['export default { timeout: NaN }', false],
  'half of a surrogate pair': ["export default { a: '\\ud800' }", false],
  'no syntax': ['export default {', false],
  'a name that is missing': ['export default { tasks }', false],
  'a name used too early': ['export default { tasks }\nconst tasks = {}', false],
  'what throws beside it': ['const x = null.x\nexport default {}', false],
  'an export of this package that is none': [
    "import { defineProjekt } from '@vzn/vx'\nexport default {}",
    false,
  ],
  'an import that is not there': ["import { a } from './a.mjs'\nexport default { a }", false],
  'too deep': [`export default ${'['.repeat(101)}${']'.repeat(101)}`, false],
}

describe('a config with a mistake', unix, () => {
  for (const [what, [text, isRead]] of Object.entries(MISTAKES)) {
    test(`${what}: the same is said of it`, () => {
      const workspace = new Workspace({ [B]: text })
      const read = workspace.run(['run', 'build', '--all', '--dry=json'])
      const evaluated = workspace.run(['run', 'build', '--all', '--dry=json'], EVALUATED)
      assert.equal(read.status, 2)
      assert.match(read.stderr, /packages\/b\/vx\.config\.mjs/)
      assert.deepEqual([read.stdout, read.stderr], [evaluated.stdout, evaluated.stderr])
      assert.equal(evaluated.status, 2)
      assert.deepEqual(read.evaluated, isRead ? [] : [B])
      assert.deepEqual(evaluated.evaluated, [B])
    })
  }
})
