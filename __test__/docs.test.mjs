// What the documents list must be what the code has.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

function sources(directory) {
  return (
    readdirSync(join(ROOT, directory), { recursive: true })
      .filter((name) => /\.(?:rs|c?js)$/.test(name))
      // Its variable is for tests only, and no code.
      .filter((name) => name !== 'fault.rs')
      .map((name) => readFileSync(join(ROOT, directory, name), 'utf8'))
      .join('\n')
  )
}

// Environment variables are no codes.
const codes = (text) =>
  [...new Set(text.match(/\bVX_[A-Z0-9_]+\b/g))]
    .filter((code) => !code.startsWith('VX_REMOTE_CACHE_'))
    .toSorted()

test('docs/errors.md lists every error code, and no other', () => {
  const inCode = codes(
    [sources('src'), sources('lib')]
      .join('\n')
      .match(/["']VX_(?!REMOTE_CACHE_)[A-Z0-9_]+["']/g)
      .join(' '),
  )
  assert.deepEqual(codes(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')), inCode)
})

test('every test that docs/guarantees.md names exists', () => {
  const text = readFileSync(join(ROOT, 'docs/guarantees.md'), 'utf8').replaceAll(/\s+/g, ' ')
  // A file, and after it the names of tests in it.
  const named = [...text.matchAll(/`([^`]+\.(?:mjs|rs))`((?:[^`"]*"[^"]+")+)/g)].flatMap(([, file, rest]) =>
    [...rest.matchAll(/"([^"]+)"/g)].map(([, name]) => [file, name]),
  )
  assert.ok(named.length > 100, `${named.length}`)
  for (const [file, name] of named) {
    const code = readFileSync(join(ROOT, file), 'utf8')
    const found = file.endsWith('.rs')
      ? code.includes(`fn ${name}(`)
      : [`'${name}'`, `"${name}"`, `\`${name}\``].some((literal) => code.includes(literal))
    assert.ok(found, `docs/guarantees.md names ${file}: ${name}`)
  }
})

test('docs/guarantees.md names every exactness test', () => {
  const text = readFileSync(join(ROOT, 'docs/guarantees.md'), 'utf8').replaceAll(/\s+/g, ' ')
  for (const file of readdirSync(join(ROOT, '__test__')).filter((name) =>
    /^exact-.*\.test\.mjs$/.test(name),
  )) {
    const code = readFileSync(join(ROOT, '__test__', file), 'utf8')
    for (const [, name] of code.matchAll(/^ *test\(\s*'([^']+)'/gm)) {
      assert.ok(text.includes(`"${name}"`), `docs/guarantees.md does not name ${file}: ${name}`)
    }
  }
})

test('every module that docs/architecture.md names exists', () => {
  const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
  const cells = [...text.matchAll(/^\|[^|]+\|([^|]+)\|$/gm)].map(([, cell]) => cell).join(' ')
  const named = [...cells.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
  const paths = named.filter((path) => /[/.]/.test(path))
  assert.ok(paths.length > 20)
  for (const path of paths) {
    const full = path.startsWith('lib/') ? path : `src/${path}`
    assert.doesNotThrow(() => readdirOrFile(join(ROOT, full)), `docs/architecture.md names ${path}`)
  }
})

/** Throws unless there is such a directory, such a file, or a file with what stands around `*` in its name. */
function readdirOrFile(path) {
  const [start, end] = basename(path).split('*')
  if (end === undefined) {
    return path.endsWith('/') ? readdirSync(path) : readFileSync(path)
  }
  const named = readdirSync(dirname(path)).filter((name) => name.startsWith(start) && name.endsWith(end))
  return assert.notEqual(named.length, 0, `nothing is called ${path}`)
}
