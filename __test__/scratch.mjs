// Temporary directories for the tests, each gone when its test has ended.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'

const made = []

after(() => {
  for (const directory of made) {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
})

/** A new directory, by its real path, that holds `files`: contents by relative path. */
export function scratch(files = {}) {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'vx-test-')))
  made.push(directory)
  for (const [path, content] of Object.entries(files)) {
    write(join(directory, path), content)
  }
  return directory
}

/** Writes a file and the directories above it; returns its path. */
export function write(path, content) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}
