// Every way in which files can differ from what they were: a stale result is never taken for them, and a result is taken
// again once they are as they were.

import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { SOURCES, builds, overwrite, posix, project, settle, src, unnoticed } from './exact.mjs'
import { write } from './scratch.mjs'
import { git, vxRun } from './workspace.mjs'

/** What happens to the sources, and how they were before: given their directory, and a path beside it that is no input. */
const CHANGES = {
  'a same-size edit with size and mtime put back': {
    change: (dir) => unnoticed(`${dir}/a.txt`, (path) => overwrite(path, 'AAAA\n')),
  },
  'a same-size edit by a new file, with its mtime put back': {
    change: (dir) =>
      unnoticed(`${dir}/a.txt`, (path) => {
        writeFileSync(`${path}.new`, 'BBBB\n')
        renameSync(`${path}.new`, path)
      }),
  },
  'an edit that grows a file': { change: (dir) => writeFileSync(`${dir}/a.txt`, 'longer\n') },
  'a file that becomes empty': { change: (dir) => writeFileSync(`${dir}/a.txt`, '') },
  'chmod +x': { change: (dir) => chmodSync(`${dir}/a.txt`, 0o755) },
  'chmod -x': {
    before: (dir) => ['a.txt', 'b.txt'].forEach((name) => chmodSync(`${dir}/${name}`, 0o755)),
    change: (dir) => chmodSync(`${dir}/a.txt`, 0o644),
  },
  'a file swapped for a symlink with equal bytes': {
    before: (dir) => writeFileSync(`${dir}/b.txt`, 'aaaa\n'),
    change: (dir) => relink(`${dir}/a.txt`, 'b.txt'),
  },
  'a file swapped for a symlink whose text is what the file held': {
    before: (dir) => writeFileSync(`${dir}/a.txt`, 'b.txt'),
    change: (dir) => relink(`${dir}/a.txt`, 'b.txt'),
  },
  'a symlink swapped for a file with equal bytes': {
    before: (dir) => symlinkSync('a.txt', `${dir}/link`),
    change: (dir) => {
      rmSync(`${dir}/link`)
      writeFileSync(`${dir}/link`, 'aaaa\n')
    },
  },
  'a link retargeted to a file with equal bytes': {
    before: (dir) => {
      writeFileSync(`${dir}/b.txt`, 'aaaa\n')
      symlinkSync('a.txt', `${dir}/link`)
    },
    change: (dir) => relink(`${dir}/link`, 'b.txt'),
  },
  'a link retargeted to a directory': {
    before: (dir) => symlinkSync('a.txt', `${dir}/link`),
    change: (dir) => relink(`${dir}/link`, 'deep'),
  },
  'an edit of what a link points to, outside of the declared inputs': {
    before: (dir, beside) => {
      writeFileSync(beside, 'one\n')
      symlinkSync(relative(dir, beside), `${dir}/link`)
    },
    change: (_, beside) => unnoticed(beside, (path) => overwrite(path, 'two\n')),
  },
  'an edit behind a link to a directory outside of the declared inputs': {
    before: (dir, beside) => {
      write(`${beside}/x.txt`, 'one\n')
      symlinkSync(relative(dir, beside), `${dir}/link`)
    },
    change: (_, beside) => unnoticed(`${beside}/x.txt`, (path) => overwrite(path, 'two\n')),
  },
  'an untracked new file': { change: (dir) => writeFileSync(`${dir}/new.txt`, 'new\n') },
  'an untracked new file in a new directory': { change: (dir) => write(`${dir}/fresh/new.txt`, 'new\n') },
  'a deleted tracked file': { change: (dir) => rmSync(`${dir}/a.txt`) },
  'a deleted directory of tracked files': { change: (dir) => rmSync(`${dir}/deep`, { recursive: true }) },
  'a rename without a change of content': {
    change: (dir) => renameSync(`${dir}/a.txt`, `${dir}/renamed.txt`),
  },
  'a rename that changes only the case of a name': {
    change: (dir) => renameSync(`${dir}/a.txt`, `${dir}/A.txt`),
  },
  'two files swapping contents': {
    change: (dir) => {
      renameSync(`${dir}/a.txt`, `${dir}/swap`)
      renameSync(`${dir}/b.txt`, `${dir}/a.txt`)
      renameSync(`${dir}/swap`, `${dir}/b.txt`)
    },
  },
  'a file swapped for a directory': {
    change: (dir) => {
      rmSync(`${dir}/a.txt`)
      write(`${dir}/a.txt/inside`, 'aaaa\n')
    },
  },
  'a directory swapped for a link to one with the same files': {
    before: (_, beside) => write(`${beside}/c.txt`, SOURCES['src/deep/c.txt']),
    change: (dir, beside) => relink(`${dir}/deep`, relative(dir, beside)),
  },
}

function relink(path, target) {
  rmSync(path, { recursive: true })
  symlinkSync(target, path)
}

/** The directory of sources anew as it is before a change, added to git where there is git. */
function start(root, before) {
  for (const path of [src(root), beside(root)]) {
    rmSync(path, { recursive: true, force: true })
  }
  for (const [path, content] of Object.entries(SOURCES)) {
    write(join(root, 'packages/app', path), content)
  }
  before?.(src(root), beside(root))
  if (existsSync(join(root, '.git'))) {
    git(root, 'add', '--all')
    settle(root)
  }
}

const beside = (root) => join(root, 'packages/app/beside')

for (const [how, withGit] of [
  ['with git', true],
  ['with no git at all', false],
]) {
  describe(`changed files, ${how}`, posix, () => {
    let root
    for (const [name, { before, change }] of Object.entries(CHANGES)) {
      test(name, () => {
        root ??= project({ git: withGit })
        start(root, before)
        assert.equal(vxRun(root, ['build']).code, 0)
        change(src(root), beside(root))
        builds(root, 'success')
      })
    }
  })
}

test('sources behind a link', posix, () => {
  const root = project()
  const [real, other] = [src(root, '../real'), src(root, '../other')]
  renameSync(src(root), real)
  symlinkSync('real', src(root))
  git(root, 'add', '--all')
  settle(root)
  builds(root, 'success')
  unnoticed(`${real}/a.txt`, (path) => overwrite(path, 'AAAA\n'))
  builds(root, 'success')
  writeFileSync(`${real}/new.txt`, 'new\n')
  builds(root, 'success')
  write(`${other}/a.txt`, 'other\n')
  relink(src(root), 'other')
  builds(root, 'success')
  relink(src(root), 'real')
  builds(root, 'cache-hit')
})

describe('files that are as they were', posix, () => {
  test('a touched file is the same file', () => {
    const root = project()
    builds(root, 'success')
    writeFileSync(src(root, 'a.txt'), SOURCES['src/a.txt'])
    builds(root, 'cache-hit')
  })

  test('edit, back, edit: each state has its own result', () => {
    const root = project()
    for (const [content, expected] of [
      ['aaaa\n', 'success'],
      ['AAAA\n', 'success'],
      ['aaaa\n', 'cache-hit'],
      ['AAAA\n', 'cache-hit'],
      ['aaaa\n', 'cache-hit'],
    ]) {
      writeFileSync(src(root, 'a.txt'), content)
      builds(root, expected)
    }
  })
})

test('racy edits in the same clock tick', posix, () => {
  // As fast as the machine can: each edit of the same size follows the run that built the one before, its mtime put back.
  const root = project()
  const [path, seen] = [src(root, 'a.txt'), new Set()]
  const { mtime } = lstatSync(path)
  for (let round = 0; round < 12; round++) {
    const content = `${'wxyz'[round % 4]}aaa\n`
    unnoticed(path, () => overwrite(path, content))
    assert.equal(lstatSync(path).mtime.getTime(), mtime.getTime())
    git(root, 'add', '--all')
    builds(root, seen.has(content) ? 'cache-hit' : 'success')
    seen.add(content)
  }
})

describe('an ignored file that is declared', posix, () => {
  const workspace = { '.gitignore': 'node_modules\ndist\n.vx\n*.env\ngenerated\n' }
  const files = { ...SOURCES, 'src/local.env': 'one\n', 'src/generated/x.txt': 'one\n' }

  test('literally: its edit, its deletion and its return count', () => {
    const root = project({
      files,
      workspace,
      inputs: { files: ['src/**', 'src/local.env', 'src/generated'] },
    })
    const [env, generated] = [src(root, 'local.env'), src(root, 'generated/x.txt')]
    builds(root, 'success')
    builds(root, 'cache-hit')
    for (const path of [env, generated]) {
      unnoticed(path, () => overwrite(path, 'two\n'))
      builds(root, 'success')
      const content = readFileSync(path)
      rmSync(path)
      builds(root, 'success')
      writeFileSync(path, content)
      builds(root, 'cache-hit')
    }
    writeFileSync(src(root, 'generated/new.txt'), 'new\n')
    builds(root, 'success')
  })

  test('by a pattern of cache.inputs.ignored: the same', () => {
    const root = project({ files, workspace, inputs: { ignored: ['src/*.env', 'src/generated/**'] } })
    builds(root, 'success')
    for (const name of ['local.env', 'generated/x.txt']) {
      unnoticed(src(root, name), (path) => overwrite(path, 'two\n'))
      builds(root, 'success')
    }
    writeFileSync(src(root, 'more.env'), 'new\n')
    builds(root, 'success')
    builds(root, 'cache-hit')
  })
})
