// Whatever state a git repository is in, and whatever git was told to believe: keys follow the bytes on disk.

import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { COPY, builds, overwrite, posix, project, settle, src, unnoticed } from './exact.mjs'
import { scratch, write } from './scratch.mjs'
import { git, must } from './workspace.mjs'

/** An edit that only the bytes and the ctime of a file tell of. */
const editUnnoticed = (root, content = 'AAAA\n', name = 'a.txt') =>
  unnoticed(src(root, name), (path) => overwrite(path, content))

/** Adds all, and lets git's index be later than every file. */
function add(root, ...config) {
  must(root, 'git', ...config, 'add', '--all')
  settle(root)
}

/** Writes a file as if long before git looked: git takes its entry for settled, and does not read it again. */
function writeEarlier(path, content) {
  writeFileSync(path, content)
  const earlier = new Date(Date.now() - 3_600_000)
  utimesSync(path, earlier, earlier)
}

/** Two contents of `a.txt`, both added by git in turn: each must have its own result, whatever git makes of them. */
function twoContents(root, one, other, ...config) {
  for (const [content, expected] of [
    [one, 'success'],
    [other, 'success'],
    [one, 'cache-hit'],
    [other, 'cache-hit'],
  ]) {
    writeEarlier(src(root, 'a.txt'), content)
    add(root, ...config)
    builds(root, expected)
  }
}

describe('what git was told not to look at', posix, () => {
  for (const [name, args] of [
    ['files under skip-worktree', ['update-index', '--skip-worktree']],
    ['files under assume-unchanged', ['update-index', '--assume-unchanged']],
  ]) {
    test(name, () => {
      const root = project()
      git(root, ...args, 'packages/app/src/a.txt', 'packages/app/src/b.txt')
      settle(root)
      builds(root, 'success')
      editUnnoticed(root)
      builds(root, 'success')
      rmSync(src(root, 'b.txt'))
      builds(root, 'success')
      builds(root, 'cache-hit')
    })
  }

  test('files under intent-to-add', () => {
    const root = project()
    writeFileSync(src(root, 'new.txt'), 'new one\n')
    git(root, 'add', '--intent-to-add', 'packages/app/src/new.txt')
    settle(root)
    builds(root, 'success')
    editUnnoticed(root, 'new two\n', 'new.txt')
    builds(root, 'success')
    rmSync(src(root, 'new.txt'))
    builds(root, 'success')
  })

  for (const [name, setting, change] of [
    ['core.trustctime off', ['core.trustctime', 'false'], editUnnoticed],
    ['core.checkStat minimal', ['core.checkStat', 'minimal'], editUnnoticed],
    ['core.fileMode off', ['core.fileMode', 'false'], (root) => chmodSync(src(root, 'a.txt'), 0o755)],
  ]) {
    test(name, () => {
      const root = project()
      git(root, 'config', ...setting)
      settle(root)
      builds(root, 'success')
      change(root)
      git(root, 'status')
      settle(root)
      builds(root, 'success')
      builds(root, 'cache-hit')
    })
  }

  test('a fsmonitor hook that lies', () => {
    const root = project()
    const hook = write(join(scratch(), 'hook'), '#!/bin/sh\nprintf "token\\0"\n')
    chmodSync(hook, 0o755)
    git(root, 'config', 'core.fsmonitor', hook)
    git(root, 'config', 'core.fsmonitorHookVersion', '2')
    git(root, 'update-index', '--fsmonitor')
    git(root, 'status')
    settle(root)
    builds(root, 'success')
    writeFileSync(src(root, 'a.txt'), 'longer than before\n')
    writeFileSync(src(root, 'new.txt'), 'new\n')
    assert.equal(git(root, 'status', '--porcelain', '-uno'), '', 'git believes the hook')
    settle(root)
    builds(root, 'success')
    rmSync(src(root, 'new.txt'))
    builds(root, 'success')
  })

  test('an untracked cache that missed a file', () => {
    const root = project()
    git(root, 'config', 'core.untrackedCache', 'true')
    git(root, 'update-index', '--force-untracked-cache')
    git(root, 'status')
    git(root, 'status')
    settle(root)
    builds(root, 'success')
    unnoticed(src(root), () => writeFileSync(src(root, 'new.txt'), 'new\n'))
    git(root, 'status')
    settle(root)
    builds(root, 'success')
    unnoticed(src(root, 'deep'), () => rmSync(src(root, 'deep/c.txt')))
    builds(root, 'success')
  })
})

describe('how git stores its index', posix, () => {
  test('a split index', () => {
    const root = project()
    git(root, 'config', 'core.splitIndex', 'true')
    git(root, 'config', 'splitIndex.maxPercentChange', '100')
    git(root, 'update-index', '--split-index')
    writeFileSync(src(root, 'b.txt'), 'in the split part\n')
    add(root)
    assert.ok(git(root, 'rev-parse', '--shared-index-path').trim(), 'the index is split')
    builds(root, 'success')
    editUnnoticed(root)
    builds(root, 'success')
    editUnnoticed(root, 'IN THE SPLIT PART\n', 'b.txt')
    builds(root, 'success')
    builds(root, 'cache-hit')
  })

  test('index versions 2 and 4', () => {
    const root = project()
    for (const [version, content] of [
      ['4', 'AAAA\n'],
      ['2', 'BBBB\n'],
    ]) {
      git(root, 'update-index', '--index-version', version)
      settle(root)
      builds(root, undefined)
      editUnnoticed(root, content)
      builds(root, 'success')
    }
  })

  test('a sparse checkout with a sparse index', () => {
    const root = project({
      workspace: { 'shared/in.txt': 'shared\n', 'shared/more/in.txt': 'more\n' },
      inputs: { workspaceFiles: ['shared/**'] },
    })
    git(root, 'sparse-checkout', 'set', '--cone', '--sparse-index', 'packages/app')
    settle(root)
    assert.ok(!existsSync(join(root, 'shared')), 'the checkout is sparse')
    assert.match(git(root, 'ls-files', '--sparse'), /^shared\/$/m)
    const keys = new Set()
    const missed = () => keys.add(builds(root, 'success').tasks['app#build'].hash)
    missed()
    editUnnoticed(root)
    missed()
    // What git takes for absent is an input all the same once it is there.
    write(join(root, 'shared/more/in.txt'), 'more\n')
    missed()
    overwrite(join(root, 'shared/more/in.txt'), 'MORE\n')
    missed()
    write(join(root, 'shared/new.txt'), 'new\n')
    missed()
    rmSync(join(root, 'shared'), { recursive: true })
    builds(root, 'cache-hit')
    git(root, 'sparse-checkout', 'disable')
    settle(root)
    missed()
    assert.equal(keys.size, 6)
  })

  test('a sha256 repository', () => {
    const root = project({ git: false })
    git(root, 'init', '--quiet', '--object-format=sha256')
    add(root)
    const first = builds(root, 'success').tasks['app#build'].hash
    editUnnoticed(root)
    builds(root, 'success')
    add(root)
    builds(root, 'cache-hit')
    editUnnoticed(root, 'aaaa\n')
    assert.equal(builds(root, 'cache-hit').tasks['app#build'].hash, first)
  })
})

describe('where the repository lies', posix, () => {
  test('a workspace in a sub-directory of the repository', () => {
    const outer = scratch()
    const root = join(outer, 'some where/[ws]')
    mkdirSync(join(outer, 'some where'))
    renameSync(project({ git: false }), root)
    write(join(outer, 'packages/app/src/a.txt'), 'no input\n')
    git(outer, 'init', '--quiet')
    add(outer)
    builds(root, 'success')
    editUnnoticed(root)
    builds(root, 'success')
    writeFileSync(src(root, 'new.txt'), 'new\n')
    builds(root, 'success')
    write(join(outer, 'packages/app/src/a.txt'), 'still no input\n')
    builds(root, 'cache-hit')
    builds(root, 'cache-hit', { cwd: join(root, 'packages/app') })
  })

  test('linked worktrees: one cache, and outputs of their own', () => {
    const root = project()
    git(root, 'add', '--all')
    const linked = join(scratch(), 'linked')
    git(root, 'worktree', 'add', '--quiet', linked)
    settle(linked)
    builds(root, 'success')
    builds(linked, 'cache-hit')
    builds(linked, 'cache-hit')
    editUnnoticed(linked)
    builds(linked, 'success')
    builds(root, 'cache-hit')
    editUnnoticed(root)
    builds(root, 'cache-hit')
    rmSync(src(linked, 'b.txt'))
    builds(linked, 'success')
    builds(root, 'cache-hit')
    assert.ok(!existsSync(join(linked, '.vx/cache')), 'the cache is the main worktree’s')
  })

  test('started from a git hook of another repository', () => {
    const root = project()
    const other = project()
    builds(root, 'success')
    editUnnoticed(root)
    const env = {
      GIT_DIR: join(other, '.git'),
      GIT_INDEX_FILE: join(other, '.git/index'),
      GIT_WORK_TREE: other,
    }
    builds(root, 'success', { env, rebuildEnv: {} })
    builds(root, 'cache-hit')
  })

  test(
    'a repository owned by another user',
    { skip: process.getuid?.() !== 0 && 'only root can give files away' },
    () => {
      const root = project()
      git(root, 'config', 'filter.fold.clean', 'tr a-z A-Z')
      write(join(root, '.git/info/attributes'), '*.txt filter=fold\n')
      add(root)
      must(root, 'chown', '-R', '12345:12345', root)
      builds(root, 'success')
      builds(root, 'cache-hit')
      // The filter makes one blob of both, and the configuration that says so is not read.
      writeFileSync(src(root, 'a.txt'), 'AAAA\n')
      must(root, 'git', '-c', `safe.directory=${root}`, 'status')
      must(root, 'chown', '-R', '12345:12345', root)
      builds(root, 'success')
      writeFileSync(src(root, 'new.txt'), 'new\n')
      builds(root, 'success')
    },
  )

  test('an embedded repository', () => {
    const root = project({ command: `${COPY} && rm -rf dist/*/inner/.git` })
    const inner = src(root, 'inner')
    write(join(inner, 'x.txt'), 'one\n')
    git(inner, 'init', '--quiet')
    add(inner)
    settle(root)
    builds(root, 'success')
    unnoticed(join(inner, 'x.txt'), (path) => overwrite(path, 'two\n'))
    builds(root, 'success')
    add(inner)
    builds(root, 'cache-hit')
    write(join(inner, 'new.txt'), 'new\n')
    builds(root, 'success')
    git(inner, 'rm', '--quiet', '--force', 'x.txt')
    builds(root, 'success')
  })

  test('a submodule', () => {
    const root = project()
    const origin = project()
    const sub = src(root, 'sub')
    must(root, 'git', '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', origin, sub)
    git(root, 'commit', '--quiet', '--all', '--message=submodule')
    settle(root)
    settle(sub)
    const inside = join(sub, 'packages/app/src/a.txt')
    builds(root, 'success')
    unnoticed(inside, (path) => overwrite(path, 'AAAA\n'))
    builds(root, 'success')
    writeFileSync(inside, 'AAAA\n')
    // Git may well take the file for the one it knows: same size, same second.
    git(sub, 'rm', '--quiet', '--cached', inside)
    git(sub, 'add', inside)
    git(sub, 'commit', '--quiet', '--message=inside')
    settle(sub)
    builds(root, 'cache-hit')
    git(sub, 'checkout', '--quiet', 'HEAD~')
    assert.equal(readFileSync(inside, 'utf8'), 'aaaa\n')
    builds(root, 'cache-hit')
    write(join(sub, 'new.txt'), 'new\n')
    builds(root, 'success')
  })
})

describe('history', posix, () => {
  test('branch A, B, A', () => {
    const root = project()
    builds(root, 'success')
    git(root, 'checkout', '--quiet', '-b', 'B')
    writeFileSync(src(root, 'a.txt'), 'of branch B\n')
    renameSync(src(root, 'b.txt'), src(root, 'z.txt'))
    git(root, 'add', '--all')
    git(root, 'commit', '--quiet', '--message=B')
    builds(root, 'success')
    for (const branch of ['main', 'B', 'main', 'B']) {
      git(root, 'checkout', '--quiet', branch)
      builds(root, 'cache-hit')
    }
  })

  test('merge conflicts', () => {
    const root = project()
    for (const [branch, content] of [
      ['left', 'the left side\n'],
      ['right', 'the right side\n'],
    ]) {
      git(root, 'checkout', '--quiet', '-b', branch, 'main')
      writeFileSync(src(root, 'a.txt'), content)
      if (branch === 'right') rmSync(src(root, 'b.txt'))
      else writeFileSync(src(root, 'b.txt'), 'changed\n')
      git(root, 'commit', '--quiet', '--all', `--message=${branch}`)
    }
    builds(root, 'success')
    assert.throws(() => git(root, 'merge', 'left'), /CONFLICT/)
    assert.match(git(root, 'ls-files', '--unmerged'), /b\.txt/)
    settle(root)
    builds(root, 'success')
    builds(root, 'cache-hit')
    unnoticed(src(root, 'a.txt'), (path) => {
      const text = readFileSync(path, 'utf8')
      overwrite(path, text.replace('right', 'RIGHT'))
    })
    builds(root, 'success')
    rmSync(src(root, 'b.txt'))
    builds(root, 'success')
    writeFileSync(src(root, 'a.txt'), 'the right side\n')
    builds(root, 'cache-hit')
  })
})

describe('line endings', posix, () => {
  const [LF, CRLF] = ['one\ntwo\n', 'one\r\ntwo\r\n']

  test('CRLF/LF flips under core.autocrlf', () => {
    const root = project()
    git(root, 'config', 'core.autocrlf', 'true')
    twoContents(root, LF, CRLF)
  })

  test('CRLF/LF flips under core.autocrlf=input', () => {
    const root = project()
    git(root, 'config', 'core.autocrlf', 'input')
    twoContents(root, CRLF, LF)
  })

  test('CRLF/LF flips under text=auto', () => {
    const root = project({ workspace: { '.gitattributes': '* text=auto\n' } })
    twoContents(root, LF, CRLF)
  })

  test('core.autocrlf on when git looked, and off later', () => {
    const root = project()
    git(root, 'config', 'core.autocrlf', 'true')
    writeEarlier(src(root, 'a.txt'), CRLF)
    must(root, 'git', 'add', '--all')
    git(root, 'config', 'core.autocrlf', 'false')
    settle(root)
    builds(root, 'success')
    writeFileSync(src(root, 'a.txt'), LF)
    builds(root, 'success')
  })

  test('core.autocrlf on for one command only', () => {
    const root = project()
    twoContents(root, CRLF, LF, '-c', 'core.autocrlf=true')
  })
})

describe('attributes and filters', posix, () => {
  /** Where attributes can be said, from inside the project's sources to outside of the repository. */
  const SOURCES_OF_ATTRIBUTES = {
    'a clean filter, its attribute in the tree': (root) => src(root, '.gitattributes'),
    'a clean filter, its attribute above the project': (root) => join(root, '.gitattributes'),
    'a clean filter, its attribute in the .git directory': (root) => join(root, '.git/info/attributes'),
    'a clean filter, its attribute in core.attributesFile': (root) => {
      const path = join(scratch(), 'attributes')
      git(root, 'config', 'core.attributesFile', path)
      return path
    },
  }

  for (const [name, place] of Object.entries(SOURCES_OF_ATTRIBUTES)) {
    test(name, () => {
      const root = project()
      git(root, 'config', 'filter.fold.clean', 'tr a-z A-Z')
      write(place(root), '*.txt filter=fold\n')
      twoContents(root, 'one\n', 'ONE\n')
    })
  }

  test('a clean filter, its attribute in a file of the user', () => {
    const home = scratch({ '.config/git/attributes': '*.txt filter=fold\n' })
    const env = { HOME: home, XDG_CONFIG_HOME: '' }
    const root = project()
    git(root, 'config', 'filter.fold.clean', 'tr a-z A-Z')
    for (const [content, expected] of [
      ['one\n', 'success'],
      ['ONE\n', 'success'],
      ['one\n', 'cache-hit'],
    ]) {
      writeEarlier(src(root, 'a.txt'), content)
      must(root, 'env', `HOME=${home}`, 'XDG_CONFIG_HOME=', 'git', 'add', '--all')
      settle(root)
      builds(root, expected, { env, rebuildEnv: {} })
    }
  })

  test('.gitattributes above the workspace', () => {
    const outer = scratch({ '.gitattributes': '*.txt filter=fold\n' })
    const root = join(outer, 'ws')
    renameSync(project({ git: false }), root)
    git(outer, 'init', '--quiet')
    git(outer, 'config', 'filter.fold.clean', 'tr a-z A-Z')
    twoContents(root, 'one\n', 'ONE\n')
  })

  test('an LFS-like filter: one pointer for two contents', () => {
    const root = project({ workspace: { '.gitattributes': '*.txt filter=pointer diff=pointer -text\n' } })
    git(root, 'config', 'filter.pointer.clean', 'cat > /dev/null; echo pointer')
    twoContents(root, 'one\n', 'two\n')
  })

  /** Ways to turn a filter off again, after git took a file in under it. */
  const OFF = {
    'a clean filter on and later off, its attribute taken out of .gitattributes': (root) =>
      writeFileSync(join(root, '.gitattributes'), '# none\n'),
    'a clean filter on and later off, .gitattributes removed': (root) =>
      git(root, 'rm', '--quiet', '--force', '.gitattributes'),
    'a clean filter on and later off, its attribute overruled': (root) =>
      write(join(root, '.git/info/attributes'), '*.txt -filter\n'),
  }

  for (const [name, turnOff] of Object.entries(OFF)) {
    test(name, () => {
      const root = project({ workspace: { '.gitattributes': '*.txt filter=fold\n' } })
      git(root, 'config', 'filter.fold.clean', 'tr a-z A-Z')
      writeEarlier(src(root, 'a.txt'), 'one\n')
      must(root, 'git', 'add', '--all')
      turnOff(root)
      settle(root)
      builds(root, 'success')
      builds(root, 'cache-hit')
      writeFileSync(src(root, 'a.txt'), 'ONE\n')
      builds(root, 'success')
      settle(root)
      must(root, 'git', 'add', '--all')
      settle(root)
      builds(root, 'cache-hit')
    })
  }
})
