import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NotPlainJson, plainJson } from '../lib/plain-json.js'

const copyOf = (value) => JSON.parse(JSON.stringify(plainJson(value)))

function refusal(value) {
  try {
    plainJson(value)
  } catch (error) {
    assert.ok(error instanceof NotPlainJson, `${error}`)
    assert.equal(error.code, 'VX_CONFIG_NOT_JSON')
    assert.ok(error.message.includes(error.what))
    return error
  }
  return assert.fail('was not refused')
}

class Command {
  command = 'tsc'
}

describe('what is plain JSON', () => {
  test('comes back as it was', () => {
    const value = { text: 'a\u0000b 😀', list: [1, -0.5, [], {}], yes: true, no: false, nothing: null }
    assert.deepEqual(copyOf(value), value)
    for (const leaf of ['', 0, null, false]) {
      assert.equal(copyOf(leaf), leaf)
    }
  })

  test('properties that are undefined are left out', () => {
    assert.deepEqual(copyOf({ a: undefined, b: { c: undefined } }), { b: {} })
  })

  test('objects without a prototype, and a key named __proto__', () => {
    assert.deepEqual(copyOf(Object.assign(Object.create(null), { a: 1 })), { a: 1 })
    const value = JSON.parse('{"__proto__": {"a": 1}}')
    assert.equal(JSON.stringify(plainJson(value)), '{"__proto__":{"a":1}}')
  })

  test('an object used twice is no cycle', () => {
    const files = ['src/**']
    assert.deepEqual(copyOf({ a: files, b: [files, files] }), { a: files, b: [files, files] })
  })

  test('getters are read', () => {
    assert.deepEqual(
      copyOf({
        get command() {
          return 'tsc'
        },
      }),
      { command: 'tsc' },
    )
  })

  test('the copy shares nothing with the value', () => {
    const value = { files: ['a'] }
    const copy = plainJson(value)
    value.files.push('b')
    assert.deepEqual(copy.files, ['a'])
  })
})

describe('what is refused, with its place', () => {
  const cycle = { tasks: { build: {} } }
  cycle.tasks.build.again = cycle.tasks
  const deep = {}
  for (let i = 0, at = deep; i < 200; i++) {
    at = at.a = {}
  }
  const cases = [
    [
      'a function',
      { tasks: { build: { exec: { command: () => 'tsc' } } } },
      'tasks.build.exec.command',
      /function/,
    ],
    ['a method', { tasks: { build() {} } }, 'tasks.build', /function/],
    ['a symbol', { a: Symbol('s') }, 'a', /symbol/],
    ['a bigint', { timeout: 1n }, 'timeout', /bigint/],
    ['NaN', { timeout: Number.NaN }, 'timeout', /NaN/],
    ['Infinity', { a: [-Infinity] }, 'a[0]', /-Infinity/],
    ['undefined in an array', { files: ['a', undefined] }, 'files[1]', /undefined/],
    // oxlint-disable-next-line no-sparse-arrays
    ['a hole in an array', { files: ['a', , 'b'] }, 'files[1]', /undefined/],
    ['undefined as the whole', undefined, '', /undefined/],
    ['a cycle', cycle, 'tasks.build.again', /cycle/],
    ['a class instance', { exec: new Command() }, 'exec', /Command/],
    ['a Date', { at: new Date(0) }, 'at', /Date/],
    ['a Map', { env: new Map([['a', '1']]) }, 'env', /Map/],
    ['a Set', { files: new Set(['a']) }, 'files', /Set/],
    ['a RegExp', { files: [/a/] }, 'files[0]', /RegExp/],
    ['an Error', { a: new Error('x') }, 'a', /Error/],
    ['a promise', { a: Promise.resolve(1) }, 'a', /Promise/],
    // oxlint-disable-next-line no-new-wrappers
    ['a boxed text', { a: new String('x') }, 'a', /String/],
    ['a typed array', { a: new Uint8Array(1) }, 'a', /Uint8Array/],
    ['a toJSON method', { a: { toJSON: () => 'x' } }, 'a.toJSON', /function/],
    ['a symbol key', { a: { [Symbol('s')]: 1 } }, 'a', /Symbol\(s\)/],
    ['half a surrogate pair', { a: '\ud800' }, 'a', /surrogate/],
    ['half a surrogate pair in a key', { a: { '\udc00': 1 } }, 'a', /surrogate/],
    ['too deep a value', deep, Array.from({ length: 100 }, () => 'a').join('.'), /deeper/],
    ['a name that needs quotes', { tasks: { 'build:prod': 1n } }, 'tasks["build:prod"]', /bigint/],
    ['a name with a dash', { tasks: { 'type-check': 1n } }, 'tasks.type-check', /bigint/],
    [
      'a getter that throws',
      {
        tasks: {
          get build() {
            throw new Error('not today')
          },
        },
      },
      'tasks.build',
      /not today/,
    ],
  ]
  for (const [name, value, path, message] of cases) {
    test(name, () => {
      const error = refusal(value)
      assert.equal(error.path, path)
      assert.match(error.message, message)
    })
  }
})
