// A run that trusts the record of an earlier walk for what lies in the worktree beside what git tracks: whatever changes
// after that record was made, every build is that of a plain rebuild. A walk is recorded once all that it goes by has
// been left alone for three seconds; that is waited for once, for all workspaces together.

import assert from 'node:assert/strict'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { COPY, builds, posix, project, src } from './exact.mjs'
import { git, must } from './workspace.mjs'

const SETTLED = 3000

/** What is ignored is no input: it must not end up in the outputs either. */
const COPY_SEEN = `${COPY} && find dist -name '*.log' -delete`

/** What happens to a workspace whose walk is on record, and what its next run must be. */
const EVENTS = {
  'nothing happens': [() => {}, 'cache-hit'],
  'a new file': [(root) => writeFileSync(src(root, 'new.txt'), 'new\n'), 'success'],
  'a new file in a new directory': [
    (root) => {
      mkdirSync(src(root, 'x/y'), { recursive: true })
      writeFileSync(src(root, 'x/y/new.txt'), 'new\n')
    },
    'success',
  ],
  'a new file, with the times of its directory put back': [
    (root) => {
      must('/', 'touch', '-r', src(root), join(root, 'reference'))
      writeFileSync(src(root, 'new.txt'), 'new\n')
      must('/', 'touch', '-r', join(root, 'reference'), src(root))
      rmSync(join(root, 'reference'))
    },
    'success',
  ],
  'an untracked file is edited': [(root) => writeFileSync(src(root, 'loose.txt'), 'edited\n'), 'success'],
  'an untracked file goes': [(root) => rmSync(src(root, 'loose.txt')), 'success'],
  'an untracked file is renamed': [
    (root) => renameSync(src(root, 'loose.txt'), src(root, 'other.txt')),
    'success',
  ],
  'an untracked file becomes a link': [
    (root) => {
      rmSync(src(root, 'loose.txt'))
      symlinkSync('a.txt', src(root, 'loose.txt'))
    },
    'success',
  ],
  'an ignored file is edited': [(root) => writeFileSync(src(root, 'x.log'), 'edited\n'), 'cache-hit'],
  'rules are edited in place, and cover an untracked file': [
    (root) => appendFileSync(join(root, '.gitignore'), 'loose.txt\n'),
    'success',
  ],
  'rules are edited in place, and uncover an ignored file': [
    (root) => appendFileSync(join(root, '.gitignore'), '!x.log\n'),
    'success',
  ],
  'untracked rules below are edited in place': [
    (root) => writeFileSync(src(root, 'deep/.gitignore'), '!*\n'),
    'success',
  ],
  "the repository's own rules are edited": [
    (root) => appendFileSync(join(root, '.git/info/exclude'), 'loose.txt\n'),
    'success',
  ],
  'the configuration names other rules': [
    (root) => {
      writeFileSync(join(root, '.git/rules'), 'loose.txt\n')
      git(root, 'config', 'core.excludesFile', join(root, '.git/rules'))
    },
    'success',
  ],
  'a file is tracked no more': [(root) => git(root, 'rm', '--cached', '-q', src(root, 'a.txt')), 'cache-hit'],
  'a file is tracked no more, and ignored': [
    (root) => {
      git(root, 'rm', '--cached', '-q', src(root, 'a.txt'))
      appendFileSync(join(root, '.git/info/exclude'), 'a.txt\n')
    },
    'success',
  ],
  'an untracked file is tracked': [(root) => git(root, 'add', src(root, 'loose.txt')), 'cache-hit'],
  'an ignored file is tracked': [(root) => git(root, 'add', '-f', src(root, 'x.log')), 'success'],
  'a directory is swapped for a link to one with the same files': [
    (root) => {
      renameSync(src(root, 'deep'), join(root, 'elsewhere'))
      symlinkSync('../../../elsewhere', src(root, 'deep'))
    },
    'success',
  ],
  'a directory becomes a repository': [
    (root) => {
      must(root, 'git', 'init', '-q', src(root, 'untracked'))
      writeFileSync(src(root, 'untracked/more.txt'), 'more\n')
    },
    'success',
  ],
  'the index is as old as it was, and another': [
    (root) => {
      const index = join(root, '.git/index')
      git(root, 'add', '-f', src(root, 'x.log'))
      utimesSync(index, 1, 1)
    },
    'success',
  ],
}

/** Whether the cache of a workspace holds the record of a walk. */
const isRecorded = (root) => {
  const cache = join(root, '.vx/cache')
  const files = readdirSync(cache).filter((name) => /^cache\.db(?:-wal)?$/.test(name))
  return files.some((name) => readFileSync(join(cache, name)).includes('vx walk 1\n'))
}

describe('the record of a walk', posix, () => {
  const roots = new Map()

  before(async () => {
    const model = project({ workspace: { '.gitignore': '.vx\ndist\n*.log\n' } })
    writeFileSync(src(model, 'loose.txt'), 'loose\n')
    writeFileSync(src(model, 'x.log'), 'ignored\n')
    writeFileSync(src(model, 'deep/.gitignore'), 'hidden.txt\n')
    writeFileSync(src(model, 'deep/hidden.txt'), 'hidden\n')
    mkdirSync(src(model, 'untracked'))
    writeFileSync(src(model, 'untracked/file.txt'), 'file\n')
    for (const name of Object.keys(EVENTS)) {
      const root = project({ command: COPY_SEEN })
      cpSync(join(model, 'packages/app/src'), src(root), { recursive: true })
      cpSync(join(model, '.gitignore'), join(root, '.gitignore'))
      git(root, 'add', '.gitignore')
      roots.set(name, root)
    }
    for (const root of roots.values()) {
      builds(root, 'success')
      // As it is in a repository that has been left alone: not dated ahead.
      utimesSync(join(root, '.git/index'), 1, 1)
    }
    await setTimeout(SETTLED + 200)
    for (const root of roots.values()) builds(root, 'cache-hit')
  })

  for (const [name, [happen, expected]] of Object.entries(EVENTS)) {
    test(name, () => {
      const root = roots.get(name)
      assert.ok(existsSync(src(root, 'loose.txt')) && isRecorded(root))
      happen(root)
      builds(root, expected)
      builds(root, 'cache-hit')
    })
  }
})
