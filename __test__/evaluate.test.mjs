import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { evaluate } from '../lib/evaluate.js'
import { scratch, write } from './scratch.mjs'

/** Evaluates files of a new directory: the answers for `paths`, or for all of the files. */
async function evaluateFiles(files, paths = Object.keys(files)) {
  const directory = scratch(files)
  return JSON.parse(await evaluate(paths.map((path) => join(directory, path))))
}

async function valueOf(files, path) {
  const [answer] = await evaluateFiles(files, [path])
  assert.equal(answer.error, undefined, JSON.stringify(answer))
  return answer.value
}

async function errorOf(files, path) {
  const [answer] = await evaluateFiles(files, [path])
  assert.equal(answer.value, undefined, JSON.stringify(answer))
  assert.equal(typeof answer.error.message, 'string')
  return answer.error
}

describe('values', () => {
  test('JavaScript, as a module and as CommonJS', async () => {
    const answers = await evaluateFiles(
      {
        'a.mjs': 'export default { a: 1 }',
        'b.js': 'module.exports = { b: 1 }',
        'esm/package.json': '{ "type": "module" }',
        'esm/c.js': 'export default { c: 1 }',
      },
      ['a.mjs', 'b.js', 'esm/c.js'],
    )
    assert.deepEqual(answers, [{ value: { a: 1 } }, { value: { b: 1 } }, { value: { c: 1 } }])
  })

  test('TypeScript, in packages of every type', async () => {
    const source = 'interface A { a: number }\nexport default { a: 1 } satisfies A as A'
    const files = {
      'vx.config.ts': source,
      'vx.config.mts': source,
      'esm/package.json': '{ "type": "module" }',
      'esm/vx.config.ts': source,
      'cjs/package.json': '{ "type": "commonjs" }',
      'cjs/vx.config.mts': source,
    }
    const answers = await evaluateFiles(
      files,
      Object.keys(files).filter((path) => path.endsWith('ts')),
    )
    assert.deepEqual(
      answers,
      answers.map(() => ({ value: { a: 1 } })),
    )
  })

  test('syntax that type stripping refuses', async () => {
    const source = `
      enum Mode { Dev = 'dev', Prod = 'prod' }
      namespace Names { export const task = 'build' }
      class Task { constructor(public command: string) {} }
      export default { [Names.task]: new Task('tsc --mode ' + Mode.Prod).command }`
    assert.deepEqual(await valueOf({ 'vx.config.ts': source }, 'vx.config.ts'), { build: 'tsc --mode prod' })
  })

  test('a preset, however TypeScript lets one write its name', async () => {
    const preset = 'export const command: string = "tsc"\nexport interface Preset { command: string }'
    for (const name of ['../preset.ts', '../preset', '../preset.js']) {
      const source = `import { command } from '${name}'\nexport default { command: command as string }`
      assert.deepEqual(await valueOf({ 'preset.ts': preset, 'a/vx.config.ts': source }, 'a/vx.config.ts'), {
        command: 'tsc',
      })
    }
  })

  test('a CommonJS preset', async () => {
    const files = {
      'preset.cjs': 'module.exports = { command: "tsc" }',
      'vx.config.ts': `import preset from './preset.cjs'\nexport default { ...preset, a: 1 as number }`,
    }
    assert.deepEqual(await valueOf(files, 'vx.config.ts'), { command: 'tsc', a: 1 })
  })

  test('a type imported without the word type', async () => {
    const files = {
      'preset.ts': 'export interface Preset { a: number }',
      'vx.config.ts': `import { Preset } from './preset.ts'\nconst value: Preset = { a: 1 }\nexport default value`,
    }
    assert.deepEqual(await valueOf(files, 'vx.config.ts'), { a: 1 })
  })

  test('JSON, imported by TypeScript', async () => {
    const files = {
      'data.json': '{ "command": "tsc" }',
      'vx.config.ts': `import data from './data.json'\nexport default { ...data, a: 1 as number }`,
    }
    assert.deepEqual(await valueOf(files, 'vx.config.ts'), { command: 'tsc', a: 1 })
  })

  test('a byte order mark, a promise, await at the top level', async () => {
    const answers = await evaluateFiles({
      'bom.ts': '\uFEFFexport default { a: 1 as number }',
      'promise.ts': 'export default Promise.resolve({ a: 1 as number })',
      'await.ts': 'const a: number = await Promise.resolve(1)\nexport default { a }',
      'await.mjs': 'export default { a: await 1 }',
    })
    assert.deepEqual(
      answers,
      answers.map(() => ({ value: { a: 1 } })),
    )
  })

  test('many at once, in their order', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [
        `p${n}/vx.config.${n % 2 ? 'ts' : 'mjs'}`,
        `import { base } from '../base.mjs'\nexport default { ...base, n: ${n} }`,
      ]),
    )
    const answers = await evaluateFiles(
      { 'base.mjs': 'export const base = { a: 1 }', ...files },
      Object.keys(files),
    )
    assert.deepEqual(
      answers,
      Array.from({ length: 100 }, (_, n) => ({ value: { a: 1, n } })),
    )
  })

  test('nothing asked, nothing answered', async () => {
    assert.equal(await evaluate([]), '[]')
  })

  test('a path asked for again shows what changed, in the file and in what it imports', async () => {
    const directory = scratch({
      'preset.ts': 'export const command: string = "one"',
      'a.ts': `import { command } from './preset.ts'\nexport default { command }`,
      'b.mjs': 'export default { b: 1 }',
    })
    const paths = ['a.ts', 'b.mjs'].map((name) => join(directory, name))
    assert.deepEqual(JSON.parse(await evaluate(paths)), [{ value: { command: 'one' } }, { value: { b: 1 } }])
    write(join(directory, 'preset.ts'), 'export const command: string = "two"')
    assert.deepEqual(JSON.parse(await evaluate(paths)), [{ value: { command: 'two' } }, { value: { b: 1 } }])
    write(join(directory, 'b.mjs'), 'export default { b: 2 }')
    assert.deepEqual(JSON.parse(await evaluate(paths)), [{ value: { command: 'two' } }, { value: { b: 2 } }])
  })
})

describe('errors are data', () => {
  test('one broken config leaves the others alone', async () => {
    const [good, bad] = await evaluateFiles({
      'good.mjs': 'export default {}',
      'bad.mjs': 'throw new Error("boom")',
    })
    assert.deepEqual(good, { value: {} })
    assert.match(bad.error.message, /boom/)
  })

  for (const extension of ['ts', 'mts', 'mjs']) {
    test(`a syntax error in .${extension} says where`, async () => {
      const path = `vx.config.${extension}`
      const { message } = await errorOf({ [path]: 'export default {\n  a: 1\n  b: 2\n}\n' }, path)
      assert.match(message, new RegExp(`${path.replaceAll('.', '\\.')}:3:`))
    })

    test(`what .${extension} throws comes with the place and the cause`, async () => {
      const path = `vx.config.${extension}`
      const source =
        '\nfunction fail() {\n  throw new TypeError("boom", { cause: new Error("deep") })\n}\nfail()\nexport default {}\n'
      const { message } = await errorOf({ [path]: source }, path)
      assert.match(message, /TypeError: boom \(at .*vx\.config\.\w+:3:\d+\)/)
      assert.match(message, /caused by: deep$/)
    })
  }

  test('an error in a preset is placed in the preset', async () => {
    const files = {
      'preset.ts': 'const nothing: any = JSON.parse("null")\nexport const a = nothing.here',
      'vx.config.ts': `import { a } from './preset.ts'\nexport default { a }`,
    }
    assert.match((await errorOf(files, 'vx.config.ts')).message, /preset\.ts:2:/)
  })

  test('a missing file and a missing import', async () => {
    const [missing] = JSON.parse(await evaluate([join(scratch(), 'vx.config.ts')]))
    assert.match(missing.error.message, /vx\.config\.ts/)
    const { message } = await errorOf(
      { 'vx.config.ts': `import './gone.ts'\nexport default {}` },
      'vx.config.ts',
    )
    assert.match(message, /gone/)
  })

  test('no default export, or one that is no value', async () => {
    const cases = [
      ['export const tasks = {}', /no default export/],
      ['export default () => ({})', /function/],
      ['export default undefined', /undefined/],
      ['export default Promise.reject(new Error("boom"))', /boom/],
    ]
    for (const [source, message] of cases) {
      for (const path of ['vx.config.ts', 'vx.config.mjs']) {
        assert.match((await errorOf({ [path]: source }, path)).message, message, `${path}: ${source}`)
      }
    }
  })

  test('a value that is no JSON comes with the place inside it', async () => {
    const error = await errorOf(
      { 'vx.config.ts': 'export default { tasks: { build: { exec: { command: (): string => "tsc" } } } }' },
      'vx.config.ts',
    )
    assert.equal(error.path, 'tasks.build.exec.command')
    assert.match(error.message, /function/)
  })

  test('anything can be thrown', async () => {
    const sources = [
      'null',
      'undefined',
      '"text"',
      '{}',
      'Symbol("s")',
      'Object.create(null)',
      'new Error("")',
    ]
    for (const source of [...sources, '{ get message() { throw 1 } }']) {
      const { message } = await errorOf({ 'vx.config.mjs': `throw ${source}` }, 'vx.config.mjs')
      assert.ok(message.length > 0, source)
    }
  })

  test('a config that ends its thread is told as one', async () => {
    const path = join(scratch({ 'vx.config.mjs': 'export default { a: 1 }' }), 'vx.config.mjs')
    await evaluate([path])
    write(path, 'process.exit(7)\nexport default {}')
    const [answer] = JSON.parse(await evaluate([path]))
    assert.match(answer.error.message, /exit code 7/)
  })
})
