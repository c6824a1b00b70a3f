// Values of configs that are used again: that they are, and that none is ever used that evaluating the config now
// would not give.

import assert from 'node:assert/strict'
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BUN, Workspace, config } from './installed.mjs'
import { scratch, write } from './scratch.mjs'
import { git } from './workspace.mjs'

const unix = { skip: process.platform === 'win32' }

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** A workspace whose values are kept, as far as they can be. */
async function kept(files, how, options) {
  const workspace = new Workspace(files, options)
  await workspace.settle()
  const { status, stderr } = workspace.run(['run', 'build', '--all'], how)
  assert.equal(status, 0, stderr)
  return workspace
}

/** Fails unless a plan is what each config gives alone; returns what was evaluated for it. */
function planned(workspace, how) {
  const { commands, status, evaluated, stderr } = workspace.plan(how)
  assert.equal(status, 0, stderr)
  assert.deepEqual(commands, workspace.evaluate(how))
  return evaluated
}

// In JavaScript, since Node without type stripping takes its time for the other.
const A = 'packages/a/vx.config.mjs'
const B = 'packages/b/vx.config.mjs'

const PURE = {
  plain: config("'x'"),
  typed: config('name', 'interface Named { name: string }\nconst name = "x" satisfies string as string'),
  function: `const make = (command: string, { more = [] as string[], ...rest } = {}) => ({ build: { exec: { command }, ...rest } })
    export default { tasks: make('echo x') }`,
  'built-ins': config("[...new Set(['a', 'b'].map((n) => n.toUpperCase()))].join(Math.max(1, 2))"),
  preset: config('name', "import { name } from '../../presets/one.ts'"),
  'whole module': config('all.lib(all.name)', "import * as all from '../../presets/one.ts'"),
  json: config('data.name', "import data from './data.json' with { type: 'json' }"),
  own: `import { defineProject } from '@vzn/vx'
    export default defineProject({ tasks: { build: { exec: { command: String('echo x') } } } })`,
  'types of its own package': `import type { ProjectConfig } from '@vzn/vx'
    const value: ProjectConfig = { tasks: { build: { exec: { command: String('echo x') } } } }
    export default value`,
  variables: config("`${process.env.CI ?? 'no'} ${process.env.A === 'x'} ${!!process.env.B}`"),
  'taken apart': config('B ? 1 : 2', 'const { A, B = A } = { A: process.env.CI }'),
}

const PRESETS = {
  'presets/one.ts': `import { two } from './deeper/two.mjs'
    export const name: string = two
    export const lib = (name: string) => name + two`,
  'presets/deeper/two.mjs': "export const two = 'two'",
}

describe('a config that is pure', unix, () => {
  test('is not evaluated again while nothing changes', async () => {
    const configs = Object.entries(PURE).map(([name, text]) => [
      `packages/${name.replaceAll(' ', '-')}/vx.config.ts`,
      text,
    ])
    const files = {
      ...Object.fromEntries(configs),
      ...PRESETS,
      'packages/json/data.json': '{ "name": "data" }',
      'vx.workspace.ts': `import { defineWorkspace } from '@vzn/vx'\nexport default defineWorkspace({ concurrency: Number(2) })`,
    }
    const workspace = new Workspace(files)
    await workspace.settle()
    const all = [...configs.map(([path]) => path), 'vx.workspace.ts'].toSorted()
    const first = workspace.run(['run', 'build', '--all'])
    assert.equal(first.status, 0, first.stderr)
    assert.deepEqual(
      first.batches.map((batch) => batch.toSorted()),
      [all],
    )
    assert.deepEqual(planned(workspace), [])
    for (const args of [
      ['run', 'build', '--all'],
      ['run', 'build', '--all', '--verify'],
      ['stats'],
      ['info'],
    ]) {
      const { status, evaluated, stderr } = workspace.run(args)
      assert.equal(status, 0, stderr)
      assert.deepEqual(evaluated, [], args.join(' '))
    }
  })

  test('in JavaScript, too', async () => {
    const workspace = await kept({
      'packages/a/vx.config.js': config('b', "import { b } from './b.mjs'"),
      'packages/a/package.json': '{ "name": "a", "type": "module" }',
      'packages/a/b.mjs': 'export const b = 1',
      'packages/c/vx.config.mjs': config('1'),
    })
    assert.deepEqual(planned(workspace), [])
  })

  test('is evaluated alone when it alone has changed', async () => {
    const workspace = await kept({ [A]: config('1'), [B]: config('2') })
    write(workspace.path(A), config('3'))
    assert.deepEqual(planned(workspace), [A])
    assert.deepEqual(planned(workspace), [A], 'a plan writes nothing')
    await workspace.settle()
    workspace.run(['run', 'build', '--all'])
    assert.deepEqual(planned(workspace), [])
  })

  test('a touched file is the same file, and is then known by its new stamp', async () => {
    const workspace = await kept({
      [A]: config('one', "import { one } from './one.mjs'"),
      'packages/a/one.mjs': 'export const one = 1',
    })
    utimesSync(workspace.path('packages/a/one.mjs'), new Date(), new Date())
    await workspace.settle()
    assert.deepEqual(planned(workspace), [])
    assert.deepEqual(workspace.run(['run', 'build', '--all']).evaluated, [])
    assert.deepEqual(planned(workspace), [])
  })

  test('with --force and with --no-cache it is evaluated', async () => {
    const workspace = await kept({ [A]: config('1') })
    assert.deepEqual(workspace.run(['run', 'build', '--all', '--no-cache']).evaluated, [A])
    assert.deepEqual(workspace.run(['run', 'build', '--all', '--force']).evaluated, [A])
    assert.deepEqual(planned(workspace), [])
  })

  test('with a mistake it is evaluated until that is gone', async () => {
    const workspace = new Workspace({ [A]: 'export default { tasks: { build: { nope: Number(1) } } }' })
    await workspace.settle()
    for (let time = 0; time < 2; time++) {
      const { status, evaluated, stderr } = workspace.run(['run', 'build', '--all'])
      assert.equal(status, 2)
      assert.match(stderr, /nope/)
      assert.deepEqual(evaluated, [A])
    }
    write(workspace.path(A), 'export default { tasks: { build: null.x } }')
    await workspace.settle()
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(workspace.run(['run', 'build', '--all']).evaluated, [A])
    }
  })
})

/** Expressions, and what comes before them, that give something else each time or depend on what nobody can know. */
const LIVE = {
  clock: ['Date.now()'],
  'new date': ['new Date().getTime()'],
  random: ['Math.random()'],
  'random by text': ["Math['random']()"],
  'random by alias': ['m.random()', 'const m = Math'],
  'random taken apart': ['random()', 'const { random } = Math'],
  'random by constructor': ["[].constructor.constructor('return Math.random()')()"],
  'random by function': ["Object.getPrototypeOf(() => 1).constructor('return Math.random()')()"],
  'random by a key': ["({})[k][k]('return Math.random()')()", "const k = ['constructor'][0]"],
  'random by a pattern': ["f('return Math.random()')()", 'const { constructor: { constructor: f } } = {}'],
  'random by globalThis': ['globalThis.Math.random()'],
  'random by a type': ['Math2.random()', 'const Math2 = ((x: any) => x)(globalThis)["Math"]'],
  'declared elsewhere': ['performance.now()', 'declare const performance: { now(): number }'],
  'typed only': ['Date.now()', 'interface Date { now(): number }'],
  file: ["readFileSync('value', 'utf8')", "import { readFileSync } from 'node:fs'"],
  'file by require': [
    "createRequire(import.meta.url)('node:fs').readFileSync('value')",
    "import { createRequire } from 'node:module'",
  ],
  'dynamic import': ["(await import('../../presets/deeper/two.mjs')).two"],
  'import without extension': ['two', "import { two } from '../../presets/deeper'"],
  'bare import': ['value', "import { value } from 'dependency'"],
  'all variables': ['({ ...process.env }).A'],
  'variables by alias': ['env.A', 'const env = process.env'],
  'variables by process': ['p.env.A', 'const p = process'],
  'variable by name': ['process.env[name]', "const name = ['A'][0]"],
  'variable in a value': ['process.env.A'],
  'is a variable set': ["'A' in process.env"],
  optional: ['process.env?.A ? 1 : 2'],
  getter: ['({ get a() { return Math.random() } }).a'],
  'tagged template': ['((s) => Math.random())`x`'],
  counter: ['++n', 'let n = 0'],
  'sets a variable': ["(process.env.A = 'changed')"],
  platform: ['process.platform'],
  directory: ['process.cwd()'],
  locale: ['(1.5).toLocaleString()'],
  promise: ['await Promise.resolve(1)'],
  class: ['new (class { a = 1 })().a'],
}

describe('a config that is not', unix, () => {
  test('is evaluated every time', async () => {
    const configs = Object.entries(LIVE).map(([name, [expression, before]]) => [
      `packages/${name.replaceAll(' ', '-')}/vx.config.ts`,
      config(expression, before),
    ])
    const workspace = await kept({
      ...Object.fromEntries(configs),
      'presets/deeper/two.mjs': "export const two = 'two'",
      'presets/deeper/index.ts': "export const two: string = 'two'",
      value: 'from a file',
      'node_modules/dependency/package.json': '{ "type": "module", "exports": "./index.js" }',
      'node_modules/dependency/index.js': 'export const value = 1',
      [A]: config('1'),
    })
    const all = configs.map(([path]) => path).toSorted()
    assert.deepEqual(workspace.plan().evaluated, all)
    assert.deepEqual(workspace.run(['run', 'build', '--all']).evaluated, all)
    assert.deepEqual(workspace.plan().evaluated, all)
    const { liveConfigs } = JSON.parse(workspace.run(['info', '--json']).stdout)
    assert.deepEqual(liveConfigs.map((line) => line.split(':')[0]).toSorted(), all)
    assert.ok(
      liveConfigs.includes('packages/clock/vx.config.ts:2:68: the free name `Date`'),
      liveConfigs.join('\n'),
    )
  })

  test('shows every change of what it reads', async () => {
    const workspace = await kept({
      [A]: config("readFileSync('value', 'utf8')", "import { readFileSync } from 'node:fs'"),
      [B]: config('value', "import { value } from 'dependency'"),
      'packages/c/vx.config.ts': config('process.env.A'),
      'packages/d/vx.config.ts': config('two', "import { two } from '../../presets/two'"),
      value: 'one',
      'presets/two.ts': "export const two: string = 'two'",
      'node_modules/dependency/package.json': '{ "type": "module", "exports": "./index.js" }',
      'node_modules/dependency/index.js': 'export const value = 1',
    })
    write(workspace.path('value'), 'two')
    write(workspace.path('node_modules/dependency/index.js'), 'export const value = 2')
    write(workspace.path('presets/two/index.ts'), "export const two: string = 'a directory'")
    write(workspace.path('presets/two.mts'), "export const two: string = 'another'")
    assert.equal(planned(workspace, { env: { A: 'x' } }).length, 4)
  })
})

/** Each changes what the pure config at `A` gives, or what it is made from. */
const CHANGES = {
  'the config': (workspace) => write(workspace.path(A), config("'changed'")),
  'the config, with size and mtime put back': (workspace) => {
    const { atime, mtime } = statSync(workspace.path(A))
    const text = readFileSync(workspace.path(A), 'utf8')
    writeFileSync(workspace.path(A), text.replace('mark1', 'mark2'))
    utimesSync(workspace.path(A), atime, mtime)
  },
  'a preset': (workspace) => write(workspace.path('presets/one.mjs'), "export const name = 'changed'"),
  'a preset two imports away': (workspace) =>
    write(workspace.path('presets/deeper/two.mjs'), "export const two = 'changed'"),
  'an imported JSON file': (workspace) =>
    write(workspace.path('packages/a/data.json'), '{ "name": "changed" }'),
  'a preset, by another file renamed to its name': (workspace) => {
    write(workspace.path('presets/other.mjs'), "export const name = 'changed'")
    renameSync(workspace.path('presets/other.mjs'), workspace.path('presets/one.mjs'))
  },
  'a preset, by a link in its place': (workspace) => {
    write(workspace.path('presets/other.mjs'), "export const name = 'changed'")
    rmSync(workspace.path('presets/one.mjs'))
    symlinkSync('other.mjs', workspace.path('presets/one.mjs'))
  },
  'a preset, by a link to its like elsewhere, where it imports something else': (workspace) => {
    write(workspace.path('moved/one.mjs'), readFileSync(workspace.path('presets/one.mjs')))
    write(workspace.path('moved/deeper/two.mjs'), "export const two = 'changed'")
    rmSync(workspace.path('presets/one.mjs'))
    symlinkSync('../moved/one.mjs', workspace.path('presets/one.mjs'))
  },
  "a preset's directory, by a link to its like, where an import out of it leads elsewhere": (workspace) => {
    renameSync(workspace.path('presets/deeper'), workspace.path('elsewhere'))
    symlinkSync('../elsewhere', workspace.path('presets/deeper'))
    write(workspace.path('base.mjs'), "export const base = 'changed'")
  },
  'a preset that exports what it did by other means': (workspace) => {
    write(
      workspace.path('presets/one.mjs'),
      "export * from './deeper/two.mjs'\nexport { two as name } from './deeper/three.mjs'",
    )
    write(workspace.path('presets/deeper/three.mjs'), "export const two = 'changed'")
  },
}

/** Each changes nothing that shows, but what decides how files are loaded. */
const RELOADS = {
  'the type of its package': (workspace) =>
    write(workspace.path('packages/a/package.json'), '{ "name": "a", "type": "module" }'),
  'a package.json nearer to a preset': (workspace) =>
    write(workspace.path('presets/package.json'), '{ "type": "commonjs" }'),
  'a package.json nearer to the preset of a preset': (workspace) =>
    write(workspace.path('presets/deeper/package.json'), '{}'),
}

describe('what shows when it changes', unix, () => {
  const files = {
    [A]: config(
      '`${name} ${data.name} mark1`',
      "import { name } from '../../presets/one.mjs'\nimport data from './data.json' with { type: 'json' }",
    ),
    'packages/a/data.json': '{ "name": "data" }',
    'presets/one.mjs': "import { two } from './deeper/two.mjs'\nexport const name = two",
    'presets/deeper/two.mjs': "import { base } from '../base.mjs'\nexport const two = 'two' + base",
    'presets/base.mjs': "export const base = 'base'",
    [B]: config("'other'"),
  }

  for (const [what, change] of Object.entries(CHANGES)) {
    test(what, async () => {
      const workspace = await kept(files)
      assert.deepEqual(planned(workspace), [])
      const before = workspace.plan().commands
      change(workspace)
      assert.deepEqual(planned(workspace), [A])
      assert.notDeepEqual(workspace.plan().commands, before)
    })
  }

  for (const [what, change] of Object.entries(RELOADS)) {
    test(what, async () => {
      const workspace = await kept(files)
      change(workspace)
      assert.deepEqual(planned(workspace), [A])
    })
  }

  test('a preset that is gone', async () => {
    const workspace = await kept(files)
    rmSync(workspace.path('presets/deeper/two.mjs'))
    const { status, evaluated, stderr } = workspace.plan()
    assert.equal(status, 2)
    assert.deepEqual(evaluated, [A])
    assert.match(stderr, /two\.mjs/)
  })

  test('edits as fast as vx can run', async () => {
    const workspace = new Workspace({ [A]: config('10') })
    for (let value = 11; value < 17; value++) {
      writeFileSync(workspace.path(A), config(value))
      workspace.run(['run', 'build', '--all', '--output-logs=none'])
      writeFileSync(workspace.path(A), config(value + 50))
      assert.equal(workspace.plan().commands['a#build'], `echo ${value + 50}`)
    }
  })

  test('a config that is edited while it is evaluated is not kept', async () => {
    const preset = "export const name = 'one'"
    const workspace = new Workspace({
      [A]: config('name', "import { name } from '../../presets/one.mjs'"),
      'presets/one.mjs': preset,
    })
    const path = JSON.stringify(workspace.path('presets/one.mjs'))
    const evaluate = join(workspace.vx, 'lib/evaluate.js')
    const original = readFileSync(evaluate, 'utf8')
    await workspace.settle()
    // What it is made from is something else while it is evaluated, and as it was before and after.
    writeFileSync(
      evaluate,
      `import { writeFileSync } from 'node:fs'
      import { evaluate as evaluateNow } from './evaluate-noted.js'
      export async function evaluate(paths) {
        writeFileSync(${path}, "export const name = 'two'")
        const answer = await evaluateNow(paths)
        writeFileSync(${path}, ${JSON.stringify(preset)})
        return answer
      }`,
    )
    assert.match(workspace.run(['run', 'build', '--all']).stdout, /^a#build: two$/m)
    writeFileSync(evaluate, original)
    await workspace.settle()
    assert.deepEqual(planned(workspace), [A])
  })
})

describe('the environment', unix, () => {
  const files = {
    [A]: config(
      "`${process.env.A === undefined} ${process.env.A === ''} ${process.env.A === 'x'} ${process.env.CI}`",
    ),
    [B]: config("B ? 'set' : 'not'", 'const { B } = process.env'),
  }

  test('each value has its own result; unset is not empty', async () => {
    const workspace = await kept(files)
    const values = [undefined, '', 'x', 'y']
    const expected = values.map((value) => workspace.evaluate({ env: { A: value } }))
    for (const before of values) {
      workspace.run(['run', 'build', '--all'], { env: { A: before } })
      for (const [index, now] of values.entries()) {
        const { commands, evaluated } = workspace.plan({ env: { A: now } })
        assert.deepEqual(commands, expected[index])
        assert.deepEqual(evaluated, now === before ? [] : [A], `${before} then ${now}`)
      }
    }
    assert.deepEqual(planned(workspace, { env: { A: 'y', CI: '1' } }), [A])
    assert.deepEqual(planned(workspace, { env: { A: 'y', B: '1' } }), [B])
    assert.deepEqual(planned(workspace, { env: { A: 'y', OTHER: '1' } }), [])
  })

  test('no value of a variable is kept', async () => {
    const secret = 'correct-horse-battery'
    const workspace = await kept(
      {
        ...files,
        'packages/c/vx.config.ts': `export default { tasks: { build: { exec: { command: 'true', env: { define: { TOKEN: process.env.A } } } } } }`,
        'packages/d/vx.config.ts': config("token === 'x' ? 1 : 2", 'const { A: token } = process.env'),
      },
      { env: { A: secret, B: secret } },
    )
    assert.deepEqual(workspace.plan({ env: { A: secret, B: secret } }).evaluated, ['packages/c/vx.config.ts'])
    const cache = workspace.path('.vx/cache')
    const names = readdirSync(cache).filter((name) => statSync(join(cache, name)).isFile())
    assert.ok(names.includes('cache.db'), names.join(' '))
    for (const name of names) {
      assert.ok(!readFileSync(join(cache, name)).includes(secret), name)
    }
  })
})

describe('configs beside each other', unix, () => {
  const pure = config(
    "['a', 'b'].map((x) => (x + name).padEnd(5, '.')).join()",
    "import { name } from '../../presets/one.ts'",
  )

  for (const [what, text] of Object.entries({
    'built-ins changed by another config': `String.prototype.padEnd = () => 'polluted'\n${config("'x'")}`,
    'a preset changed by another config': `import all from '../../presets/all.ts'\nall.name = 'polluted'\n${config("'x'")}`,
    'a variable changed by another config': `process.env.A = 'polluted'\n${config("'x'")}`,
  })) {
    test(`${what}: each gives what it gives alone`, async () => {
      const workspace = new Workspace({
        // Whichever comes first by name.
        [A]: text,
        [B]: config(
          "`${process.env.A === 'polluted'} ${all.name} ${'a'.padEnd(2, '.')}`",
          "import all from '../../presets/all.ts'",
        ),
        'packages/c/vx.config.ts': pure,
        'packages/d/vx.config.ts': text,
        'presets/all.ts': "export default { name: 'clean' } as Record<string, string>",
        ...PRESETS,
      })
      const live = [A, 'packages/d/vx.config.ts']
      await workspace.settle()
      const first = workspace.plan(undefined, ['--no-cache'])
      const alone = workspace.evaluate({ alone: true })
      assert.deepEqual(first.commands, alone)
      assert.deepEqual(first.batches, [[B, 'packages/c/vx.config.ts'], live])
      workspace.run(['run', 'build', '--all'])
      const { commands, batches } = workspace.plan()
      assert.deepEqual(commands, alone)
      assert.deepEqual(batches, [live])
    })
  }

  test('presets that import each other are evaluated every time', async () => {
    const workspace = await kept({
      [A]: config('a', "import { a } from '../../presets/a.mjs'"),
      'presets/a.mjs': "import { b } from './b.mjs'\nexport const a = 'a'\nexport const f = () => b",
      'presets/b.mjs': "import { a } from './a.mjs'\nexport const b = 'b'\nexport const g = () => a",
    })
    assert.deepEqual(planned(workspace), [A])
  })
})

describe('the package itself', unix, () => {
  const text = `import { defineProject } from '@vzn/vx'\nexport default defineProject({ tasks: { build: { exec: { command: String('echo x') } } } })`
  const stub = {
    'package.json': '{ "name": "@vzn/vx", "type": "module", "exports": "./index.js" }',
    'index.js': `export const defineProject = () => ({ tasks: { build: { exec: { command: 'echo stub' } } } })`,
  }
  const put = (directory) => {
    for (const [name, content] of Object.entries(stub)) {
      write(join(directory, name), content)
    }
  }

  test('another package by its name is no such function', async () => {
    const workspace = new Workspace({ [A]: text }, { isInstalled: false })
    put(workspace.path('node_modules/@vzn/vx'))
    await workspace.settle()
    workspace.run(['run', 'build', '--all'])
    assert.deepEqual(planned(workspace), [A])
  })

  test('another package in its place, and one nearer to the config, are noticed', async () => {
    const workspace = await kept({ [A]: text, [B]: text })
    assert.deepEqual(planned(workspace), [])
    put(workspace.path('packages/a/node_modules/@vzn/vx'))
    assert.deepEqual(planned(workspace), [A])
    rmSync(workspace.path('node_modules/@vzn/vx'))
    put(workspace.path('node_modules/@vzn/vx'))
    assert.deepEqual(planned(workspace), [A, B])
  })

  test('names mapped by tsconfig.json, which Bun heeds', { skip: !BUN }, async () => {
    const how = { runtime: BUN }
    const workspace = await kept({ [A]: text }, how)
    assert.deepEqual(planned(workspace, how), [])
    put(workspace.path('stub'))
    const paths = { '@vzn/vx': ['./stub/index.js'] }
    write(workspace.path('tsconfig.json'), JSON.stringify({ compilerOptions: { baseUrl: '.', paths } }))
    assert.deepEqual(planned(workspace, how), [A])
    assert.equal(workspace.plan(how).commands['a#build'], 'echo stub')
  })
})

describe('the runtime', unix, () => {
  const text = config("`${process.env.CI} ${'1'.padEnd(1)}`")

  test(
    'values of one are not those of another',
    { skip: !BUN || Boolean(process.versions.bun) },
    async () => {
      const workspace = await kept({ [A]: text })
      const bun = { runtime: BUN }
      assert.deepEqual(planned(workspace, bun), [A])
      workspace.run(['run', 'build', '--all'], bun)
      assert.deepEqual(planned(workspace, bun), [])
      assert.deepEqual(planned(workspace), [A])
    },
  )

  test("Bun's own settings and files of variables", { skip: !BUN }, async () => {
    const bun = { runtime: BUN }
    const workspace = await kept({ [A]: text }, bun)
    assert.deepEqual(planned(workspace, bun), [])
    write(workspace.path('.env'), 'CI=from-a-file')
    assert.deepEqual(planned(workspace, bun), [A])
    assert.equal(workspace.plan(bun).commands['a#build'], 'echo from-a-file 1')
    rmSync(workspace.path('.env'))
    assert.deepEqual(planned(workspace, bun), [])
    write(workspace.path('bunfig.toml'), 'define = { "process.env.CI" = "\\"defined\\"" }')
    assert.deepEqual(planned(workspace, bun), [A])
    assert.equal(workspace.plan(bun).commands['a#build'], 'echo defined 1')
  })

  test('its options', { skip: Boolean(process.versions.bun) }, async () => {
    const hook = write(
      join(scratch(), 'hook.mjs'),
      "String.prototype.padEnd = () => 'hooked'; process.env.CI = 'hooked'",
    )
    const workspace = await kept({ [A]: text })
    const harmless = { env: { NODE_OPTIONS: '--no-warnings' } }
    assert.deepEqual(planned(workspace, harmless), [A])
    workspace.run(['run', 'build', '--all'], harmless)
    assert.deepEqual(planned(workspace, harmless), [])
    for (const how of [
      { env: { NODE_OPTIONS: `--import ${hook}` } },
      { options: ['--import', hook] },
      { env: { NODE_OPTIONS: `--import=${hook} --no-warnings` } },
    ]) {
      workspace.run(['run', 'build', '--all'], how)
      assert.deepEqual(planned(workspace, how), [A])
      assert.equal(workspace.plan(how).commands['a#build'], 'echo hooked hooked')
    }
    assert.match(
      JSON.parse(workspace.run(['info', '--json'], { options: ['--import', hook] }).stdout).liveConfigs[0],
      /^packages\/a\/vx\.config\.mjs: the way the runtime was started/,
    )
    workspace.run(['run', 'build', '--all'])
    assert.deepEqual(planned(workspace), [])
  })
})

describe('where the cache lies', unix, () => {
  const WORKSPACE = 'vx.workspace.ts'
  const isCache = (workspace, dir) => readdirSync(workspace.path(dir)).includes('cache.db')

  test('as a literal of a config that is not pure: the others are kept', async () => {
    const workspace = await kept({
      [A]: config('1'),
      [WORKSPACE]: `import os from 'node:os'\nexport default { concurrency: os.cpus().length, cacheDir: 'of-its-own' }`,
    })
    assert.deepEqual(planned(workspace), [WORKSPACE])
    assert.ok(isCache(workspace, 'of-its-own'))
  })

  test('not as a literal: everything is evaluated, and it lies there', async () => {
    const workspace = await kept({
      [A]: config('1'),
      [WORKSPACE]: "const dir = ['of', 'its', 'own'].join('-')\nexport default { cacheDir: dir }",
    })
    assert.deepEqual(planned(workspace), [A, WORKSPACE].toSorted())
    assert.ok(isCache(workspace, 'of-its-own'))
    const how = ['--cache-dir', 'by-flag']
    workspace.run(['run', 'build', '--all', ...how])
    assert.deepEqual(workspace.plan(undefined, how).evaluated, [])
    assert.ok(isCache(workspace, 'by-flag'))
  })

  test('as a literal that is not what comes out: what comes out counts', async () => {
    const workspace = new Workspace({
      [A]: config('1'),
      [WORKSPACE]: "const config = { cacheDir: 'said' }\nconfig.cacheDir = 'meant'\nexport default config",
    })
    await workspace.settle()
    for (let time = 0; time < 2; time++) {
      const { status, stdout, stderr } = workspace.run(['run', 'build', '--all'])
      assert.equal(status, 0, stderr)
      assert.match(stdout, /^Tasks: +1 succeeded/m)
      assert.ok(isCache(workspace, 'meant'))
      assert.throws(() => readdirSync(workspace.path('said')))
    }
    // A cache that is there is opened, and what it says does not count.
    mkdirSync(workspace.path('said'))
    assert.deepEqual(planned(workspace), [A, A, WORKSPACE, WORKSPACE].toSorted())
  })

  test('linked worktrees: each has values of its own', async () => {
    const workspace = await kept({ [A]: config('1') })
    const other = join(scratch(), 'other')
    git(workspace.root, 'worktree', 'add', '--quiet', other)
    write(join(other, A), config('2'))
    const { stdout, batches } = workspace.run(['run', 'build', '--all', '--dry=json'], { cwd: other })
    assert.equal(JSON.parse(stdout).tasks[0].command, 'echo 2')
    assert.equal(batches.length, 1)
    assert.deepEqual(planned(workspace), [])
  })
})

/** Names that built-in objects may have, which may be read and not called. */
const HARMLESS = new Set(
  `BYTES_PER_ELEMENT anchor big blink bold dotAll fixed flags fontcolor fontsize global hasIndices hasOwnProperty
  ignoreCase italics isPrototypeOf length link multiline name propertyIsEnumerable size small source sticky strike sub
  sup substr toJSON trimLeft trimRight unicode unicodeSets valueOf forEach union intersection difference
  symmetricDifference isSubsetOf isSupersetOf isDisjointFrom raw fromCharCode fromCodePoint groups index indices input
  MAX_VALUE MIN_VALUE NEGATIVE_INFINITY POSITIVE_INFINITY EPSILON MAX_SAFE_INTEGER MIN_SAFE_INTEGER isFinite isInteger
  isNaN isSafeInteger parseFloat parseInt NaN`.split(/\s+/),
)

test('every property that a config could reach is judged', () => {
  const names = readFileSync(join(ROOT, 'src/purity/names.rs'), 'utf8')
  const list = (name) => {
    const [, body] = names.match(new RegExp(`const ${name}: [^=]*= \\[([^;]*)\\];`))
    return new Set([...body.matchAll(/"(\w+)"/g)].map(([, word]) => word))
  }
  const [methods, forbidden] = [list('METHODS'), list('FORBIDDEN')]
  assert.ok(methods.has('map') && forbidden.has('constructor') && forbidden.has('__proto__'))
  const reached = [
    Object.prototype,
    Function.prototype,
    Array.prototype,
    String.prototype,
    Number.prototype,
    Boolean.prototype,
    RegExp.prototype,
    Map.prototype,
    Set.prototype,
    String,
    Number,
    Boolean,
    isNaN,
    /x/,
    'x'.match(/x/),
    [],
    () => 1,
    function () {},
    'x',
  ]
  for (const object of reached) {
    for (const name of Object.getOwnPropertyNames(object).filter((key) => !/^\d+$/.test(key))) {
      const lists = [methods, forbidden, HARMLESS].filter((one) => one.has(name))
      assert.equal(
        lists.length,
        1,
        `${name} of ${Object.prototype.toString.call(object)} is on ${lists.length} lists`,
      )
    }
  }
})
