// Whatever happens to the outputs of a task between two runs, a hit leaves exactly what a rebuild would.

import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { builds, dist, overwrite, posix, project, snapshot, src, unnoticed } from './exact.mjs'
import { scratch, write } from './scratch.mjs'
import { cached } from './tasks.mjs'
import { git, monorepo, must, vxRun } from './workspace.mjs'

/** Makes one output of every kind. */
const KINDS = [
  'mkdir -p dist/dir/below dist/empty',
  'cat src/*.txt > dist/dir/file',
  'cp src/a.txt dist/dir/below/tool',
  'chmod 750 dist/dir/below/tool',
  'ln -s file dist/dir/link',
].join(' && ')

const DAMAGE = {
  'an edited output': (out) => writeFileSync(join(out, 'dir/file'), 'edited'),
  'an edited output with size and mtime put back': (out) =>
    unnoticed(join(out, 'dir/file'), (path) => overwrite(path, readFileSync(path, 'utf8').replace('a', 'b'))),
  'an output swapped for a copy that differs, with size and mtime put back': (out) =>
    unnoticed(join(out, 'dir/file'), (path) => {
      writeFileSync(`${path}.new`, readFileSync(path, 'utf8').replace('a', 'c'))
      renameSync(`${path}.new`, path)
    }),
  'a deleted output': (out) => rmSync(join(out, 'dir/file')),
  'a deleted link': (out) => rmSync(join(out, 'dir/link')),
  'a deleted empty directory': (out) => rmSync(join(out, 'empty'), { recursive: true }),
  'a deleted output directory': (out) => rmSync(out, { recursive: true }),
  'an output with another mode': (out) => chmodSync(join(out, 'dir/below/tool'), 0o644),
  'an empty directory with another mode': (out) => chmodSync(join(out, 'empty'), 0o700),
  'a stray file': (out) => writeFileSync(join(out, 'dir/stray'), ''),
  'a stray file in an empty directory': (out) => writeFileSync(join(out, 'empty/stray'), ''),
  'a stray empty directory': (out) => mkdirSync(join(out, 'stray')),
  'a stray link out of the workspace': (out) => symlinkSync('/', join(out, 'stray')),
  'a renamed output': (out) => renameSync(join(out, 'dir/file'), join(out, 'dir/other')),
  'a retargeted link': (out) => {
    rmSync(join(out, 'dir/link'))
    symlinkSync('below/tool', join(out, 'dir/link'))
  },
  'a link swapped for what it points to': (out) => {
    rmSync(join(out, 'dir/link'))
    writeFileSync(join(out, 'dir/link'), readFileSync(join(out, 'dir/file')))
  },
  'an output swapped for a directory': (out) => {
    rmSync(join(out, 'dir/file'))
    mkdirSync(join(out, 'dir/file/full/of'), { recursive: true })
    writeFileSync(join(out, 'dir/file/full/of/files'), '')
  },
  'a directory swapped for a file': (out) => {
    rmSync(join(out, 'dir'), { recursive: true })
    writeFileSync(join(out, 'dir'), '')
  },
  'an output directory without permissions': (out) => chmodSync(join(out, 'dir'), 0o500),
}

describe('a hit on damaged outputs', posix, () => {
  let root
  let made
  for (const [name, damage] of Object.entries(DAMAGE)) {
    test(name, () => {
      if (!root) {
        root = project({ command: KINDS })
        builds(root, 'success')
        made = times(dist(root))
      }
      damage(dist(root))
      builds(root, 'cache-hit')
      assert.deepEqual(times(dist(root)), made, 'times are restored too')
    })
  }

  test('outputs that were only looked at are left alone', () => {
    const whole = project({ command: KINDS })
    const { tasks: first } = builds(whole, 'success')
    assert.equal(first['app#build'].restored, false)
    const before = lstatSync(dist(whole, 'dir/file')).ino
    const { tasks } = builds(whole, 'cache-hit')
    assert.equal(tasks['app#build'].restored, false)
    assert.equal(lstatSync(dist(whole, 'dir/file')).ino, before)
    chmodSync(dist(whole, 'dir/below/tool'), 0o640)
    assert.equal(builds(whole, 'cache-hit').tasks['app#build'].restored, true)
    assert.equal(builds(whole, 'cache-hit').tasks['app#build'].restored, false)
  })
})

/** The modification time of every file below a directory. */
function times(directory) {
  const files = Object.keys(snapshot(directory)).filter((name) => !name.endsWith('/'))
  return files.map((name) => [name, lstatSync(join(directory, name), { bigint: true }).mtimeNs])
}

describe('what a task owns', posix, () => {
  test('a task that leaves old outputs behind: they are gone before it runs, and before a restore', () => {
    // Names of the sources, with content: what an earlier run made stays unless somebody removes it.
    const root = project()
    builds(root, 'success')
    renameSync(src(root, 'a.txt'), src(root, 'z.txt'))
    builds(root, 'success')
    assert.ok(!existsSync(dist(root, 'is/a.txt')))
    rmSync(src(root, 'deep'), { recursive: true })
    builds(root, 'success')
    git(root, 'checkout', '--quiet', '--', 'packages/app/src')
    rmSync(src(root, 'z.txt'))
    builds(root, 'cache-hit')
  })

  test('a task that appends to its output does not see what it wrote before', () => {
    const root = project({ command: 'mkdir -p dist && cat src/a.txt >> dist/log' })
    builds(root, 'success')
    for (const content of ['second\n', 'third\n']) {
      writeFileSync(src(root, 'a.txt'), content)
      builds(root, 'success')
    }
    builds(root, 'success', { args: ['--force'] })
  })

  test('two entries whose outputs agree in size and mtime', () => {
    // The time of every output is the same whatever was built: only the bytes differ.
    const root = project({
      command: 'mkdir -p dist && cp src/a.txt dist/out && touch -d @1000000000 dist/out dist',
    })
    const contents = { one: 'one\n', two: 'two\n' }
    for (const [name, expected] of [
      ['one', 'success'],
      ['two', 'success'],
      ['one', 'cache-hit'],
      ['two', 'cache-hit'],
      ['two', 'cache-hit'],
      ['one', 'cache-hit'],
    ]) {
      writeFileSync(src(root, 'a.txt'), contents[name])
      builds(root, expected)
      assert.equal(readFileSync(dist(root, 'out'), 'utf8'), contents[name])
      assert.equal(lstatSync(dist(root, 'out')).mtimeMs, 1e12)
    }
  })

  test('outputs of another entry, put into place by hand', () => {
    const root = project({ command: 'mkdir -p dist && cp src/a.txt dist/out' })
    builds(root, 'success')
    const aside = join(scratch(), 'aside')
    must(root, 'cp', '-RPp', dist(root), aside)
    writeFileSync(src(root, 'a.txt'), 'AAAA\n')
    builds(root, 'success')
    rmSync(dist(root), { recursive: true })
    must(root, 'cp', '-RPp', aside, dist(root))
    builds(root, 'cache-hit')
  })

  test('files beside the outputs, and of a nested project, are never touched', () => {
    const root = project({
      workspace: { 'package.json': '{"name":"root","workspaces":["packages/*","packages/app/dist/inner"]}' },
      outputs: { files: ['dist/**', '!dist/keep/**'] },
    })
    const inner = { 'dist/inner/package.json': '{"name":"inner"}', 'dist/inner/mine': 'mine' }
    const kept = { ...inner, 'dist/keep/mine': 'mine', beside: 'mine' }
    for (const [path, content] of Object.entries(kept)) write(join(root, 'packages/app', path), content)
    const changes = [
      () => {},
      () => writeFileSync(src(root, 'a.txt'), 'edit\n'),
      () => rmSync(dist(root, 'is'), { recursive: true }),
    ]
    for (const change of changes) {
      change()
      const { code, stderr } = vxRun(root, ['build'])
      assert.equal(code, 0, stderr)
      assert.ok(existsSync(dist(root, 'is/a.txt')))
      for (const [path, content] of Object.entries(kept)) {
        assert.equal(readFileSync(join(root, 'packages/app', path), 'utf8'), content, path)
      }
    }
  })
})

describe('an output directory that is a symlink', posix, () => {
  const PLACES = [(root) => join(root, 'elsewhere'), () => join(scratch(), 'elsewhere')]

  test('the task runs every time, and nothing is removed through the link', () => {
    for (const place of PLACES) {
      const root = project()
      const elsewhere = place(root)
      write(join(elsewhere, 'mine'), 'mine')
      symlinkSync(elsewhere, dist(root))
      for (const content of ['aaaa\n', 'AAAA\n', 'aaaa\n', 'aaaa\n']) {
        writeFileSync(src(root, 'a.txt'), content)
        builds(root, 'success')
        assert.equal(readFileSync(join(elsewhere, 'mine'), 'utf8'), 'mine')
        assert.ok(lstatSync(dist(root)).isSymbolicLink())
      }
    }
  })

  test('in place of a directory that was saved before', () => {
    for (const place of PLACES) {
      const root = project()
      builds(root, 'success')
      const elsewhere = place(root)
      renameSync(dist(root), elsewhere)
      symlinkSync(elsewhere, dist(root))
      writeFileSync(join(elsewhere, 'is/a.txt'), 'edited\n')
      builds(root, 'success')
      rmSync(dist(root))
      builds(root, 'cache-hit')
      assert.ok(lstatSync(dist(root)).isDirectory())
    }
  })

  test('below the outputs: it is replaced, and what it leads to stays', () => {
    for (const [place, expected] of [
      [(root) => [join(root, 'packages/app/elsewhere'), '../elsewhere'], 'cache-hit'],
      // Nothing is restored below a link that leads out of the project: the task runs instead.
      [(root) => [join(root, 'elsewhere'), '../../../elsewhere'], 'success'],
    ]) {
      const root = project()
      builds(root, 'success')
      const [elsewhere, target] = place(root)
      renameSync(dist(root, 'is'), elsewhere)
      symlinkSync(target, dist(root, 'is'))
      builds(root, expected)
      assert.ok(lstatSync(dist(root, 'is')).isDirectory())
      assert.ok(existsSync(join(elsewhere, 'a.txt')))
      builds(root, 'cache-hit')
    }
  })
})

describe('outputs that are inputs downstream', posix, () => {
  /** `lib` builds for `app`, which reads what was built rather than what it was built from. */
  function chain() {
    const packages = {
      lib: {
        tasks: { build: cached('mkdir -p dist && head -c 4 src/a.txt > dist/head') },
        files: { 'src/a.txt': 'aaaa and more\n' },
      },
      app: {
        dependencies: ['lib'],
        tasks: {
          build: cached('mkdir -p dist && cat ../lib/dist/head src/b.txt > dist/out', {
            dependsOn: ['^build'],
            inputs: { workspaceFiles: ['packages/lib/dist/**'], tasks: [] },
          }),
        },
        files: { 'src/b.txt': 'b\n' },
      },
    }
    return monorepo(packages, { '.gitignore': 'node_modules\n.vx\n' })
  }
  const both = (lib, app) => ({ 'lib#build': lib, 'app#build': app })

  test('they count as they are once the upstream task has ended', () => {
    const root = chain()
    const lib = join(root, 'packages/lib')
    builds(root, both('success', 'success'))
    builds(root, both('cache-hit', 'cache-hit'))
    // Its source moves what is built: both run.
    writeFileSync(join(lib, 'src/a.txt'), 'AAAA and more\n')
    builds(root, both('success', 'success'))
    // Its source does not move what is built: the one downstream is a hit.
    writeFileSync(join(lib, 'src/a.txt'), 'AAAA and less\n')
    builds(root, both('success', 'cache-hit'))
    // Back again: what lies there from the run before does not count.
    writeFileSync(join(lib, 'src/a.txt'), 'aaaa and more\n')
    builds(root, both('cache-hit', 'cache-hit'))
    // Edited or gone when the run begins: restored first, then read.
    writeFileSync(join(lib, 'dist/head'), 'XXXX')
    builds(root, both('cache-hit', 'cache-hit'))
    rmSync(join(lib, 'dist'), { recursive: true })
    rmSync(join(root, 'packages/app/dist'), { recursive: true })
    builds(root, both('cache-hit', 'cache-hit'))
    writeFileSync(join(lib, 'dist/stray'), '')
    builds(root, both('cache-hit', 'cache-hit'))
    assert.deepEqual(readdirSync(join(lib, 'dist')), ['head'])
  })
})
