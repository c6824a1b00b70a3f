// What happens when the tree moves while tasks run: the results stand, and none is stored under a key that does not say
// what was read. The edits come from outside, while the command is held back at a known point.

import assert from 'node:assert/strict'
import { chmodSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  COPY,
  SOURCES,
  builds,
  holding,
  overwrite,
  posix,
  project,
  runWhile,
  sameAsRebuild,
  settle,
  src,
  starts,
  unnoticed,
} from './exact.mjs'
import { write } from './scratch.mjs'
import { cached } from './tasks.mjs'
import { git, monorepo, statuses, vxRun } from './workspace.mjs'

const MANIFEST = '{"name":"app","dependencies":{},"version":"2.0.0"}'

const MOVES = {
  'an input edited while the task runs': (root) => writeFileSync(src(root, 'a.txt'), 'edited\n'),
  'an input edited while the task runs, with size and mtime put back': (root) =>
    unnoticed(src(root, 'a.txt'), (path) => overwrite(path, 'AAAA\n')),
  'an input replaced while the task runs, with size and mtime put back': (root) =>
    unnoticed(src(root, 'a.txt'), (path) => {
      writeFileSync(`${path}.new`, 'BBBB\n')
      renameSync(`${path}.new`, path)
    }),
  'an input made executable while the task runs': (root) => chmodSync(src(root, 'a.txt'), 0o755),
  'a new input appearing while the task runs': (root) => writeFileSync(src(root, 'new.txt'), 'new\n'),
  'a new input appearing in a new directory while the task runs': (root) =>
    write(src(root, 'fresh/new.txt'), 'new\n'),
  'an input vanishing while the task runs': (root) => rmSync(src(root, 'a.txt')),
  'an input renamed while the task runs': (root) => renameSync(src(root, 'a.txt'), src(root, 'z.txt')),
  'an input becoming a link while the task runs': (root) => {
    rmSync(src(root, 'a.txt'))
    symlinkSync('b.txt', src(root, 'a.txt'))
  },
  'what a link leads to edited while the task runs': (root) =>
    writeFileSync(src(root, '../beside.txt'), 'edited\n'),
  'the package.json edited while the task runs': (root) =>
    writeFileSync(join(root, 'packages/app/package.json'), MANIFEST),
  'a lockfile edited while the task runs': (root) => writeFileSync(join(root, 'yarn.lock'), 'edited\n'),
}

describe('while a task runs', posix, () => {
  const hold = holding()
  let root
  /** The tree as it was committed; nothing of it was built if this is the first time. */
  function putBack() {
    if (!root) {
      const command = `${hold.wait}; ${COPY} && cp package.json ../../yarn.lock dist`
      root = project({
        command,
        files: { ...SOURCES, 'beside.txt': 'beside\n' },
        workspace: { 'yarn.lock': 'locked\n' },
      })
      symlinkSync('../beside.txt', src(root, 'link'))
      git(root, 'add', '--all')
      git(root, 'commit', '--quiet', '--message=link')
    }
    // Git is not asked whether they differ: it may not see an edit of the same size within a second.
    for (const path of ['packages/app', 'yarn.lock']) rmSync(join(root, path), { recursive: true })
    git(root, 'checkout', '--quiet', '--', '.')
    settle(root)
  }

  for (const [name, move] of Object.entries(MOVES)) {
    test(name, async () => {
      putBack()
      // It reads after the move: stored under its key, the result would be wrong whenever the tree is put back.
      const run = await runWhile(root, hold, () => move(root), { args: ['build', '--force'] })
      assert.match(run.output, /app#build: warning: not saved: .* while it ran/)
      sameAsRebuild(root)
      putBack()
      builds(root, undefined)
      move(root)
      builds(root, 'success')
    })
  }

  test('the config edited while the task runs', async () => {
    putBack()
    const config = join(root, 'packages/app/vx.config.mjs')
    const before = readFileSync(config, 'utf8')
    const edit = () => writeFileSync(config, before.replaceAll('dist/is', 'dist/was'))
    await runWhile(root, hold, edit, { args: ['build', '--force'] })
    builds(root, 'success')
    writeFileSync(config, before)
    builds(root, 'cache-hit')
  })
})

describe('tasks that wait for others', posix, () => {
  /** `lib` builds what `app` copies. */
  function chain({ lib = 'true', app = 'true', tasks } = {}) {
    const command = (wait, more) => `${wait}; mkdir -p dist && cp src/* dist${more}`
    return monorepo({
      lib: { tasks: { build: cached(command(lib, '')) }, files: { 'src/l.txt': 'lib\n' } },
      app: {
        dependencies: ['lib'],
        tasks: {
          build: cached(command(app, ' && cp ../lib/dist/* dist'), {
            dependsOn: ['^build'],
            inputs: tasks ? { tasks, workspaceFiles: ['packages/lib/src/**'] } : {},
          }),
        },
        files: { 'src/a.txt': 'app\n' },
      },
    })
  }
  const both = (lib, app) => ({ 'lib#build': lib, 'app#build': app })
  const TAKEN_BACK = /app#build: warning: not kept: outputs of lib#build changed during the run/
  const lib = (root) => join(root, 'packages/lib/src/l.txt')

  test('an input of the upstream task edited while that runs: what depends on it is not stored either', async () => {
    const hold = holding()
    const root = chain({ lib: hold.wait })
    const run = await runWhile(root, hold, () => writeFileSync(lib(root), 'edited\n'))
    assert.match(run.output, /lib#build: warning: not saved: packages\/lib\/src\/l\.txt changed while it ran/)
    assert.match(run.output, /app#build: warning: not saved: a task that it depends on/)
    sameAsRebuild(root)
    writeFileSync(lib(root), 'lib\n')
    builds(root, both('success', 'success'))
    writeFileSync(lib(root), 'edited\n')
    builds(root, both('success', 'success'))
    builds(root, both('cache-hit', 'cache-hit'))
  })

  test('an input of a waiting task edited while its upstream task runs', async () => {
    const hold = holding()
    const root = chain({ lib: hold.wait })
    await runWhile(root, hold, () => writeFileSync(src(root, 'a.txt'), 'edited\n'))
    sameAsRebuild(root)
    writeFileSync(src(root, 'a.txt'), 'app\n')
    builds(root, undefined)
    writeFileSync(src(root, 'a.txt'), 'edited\n')
    builds(root, undefined)
    builds(root, both('cache-hit', 'cache-hit'))
  })

  test('an input of a waiting hit edited while its upstream task runs', async () => {
    const hold = holding()
    const root = chain({ lib: hold.wait, tasks: [] })
    builds(root, both('success', 'success'))
    const edit = () => writeFileSync(src(root, 'a.txt'), 'edited\n')
    rmSync(join(root, '.vx/cache', `${builds(root, undefined).tasks['lib#build'].hash}.tar.zst`))
    const run = await runWhile(root, hold, edit)
    assert.deepEqual(statuses(run), both('success', 'success'))
    sameAsRebuild(root)
  })

  test('outputs of an upstream task rebuilt by another run while the task reads them', async () => {
    const hold = holding()
    const root = chain({ app: hold.wait })
    const { output } = await runWhile(root, hold, () => {
      writeFileSync(lib(root), 'edited\n')
      assert.equal(vxRun(root, ['build', '--filter', 'lib']).code, 0)
    })
    assert.match(output, TAKEN_BACK)
    writeFileSync(lib(root), 'lib\n')
    builds(root, both('cache-hit', 'success'))
    writeFileSync(lib(root), 'edited\n')
    builds(root, undefined)
  })

  test('outputs of an upstream task edited while the task reads them', async () => {
    const hold = holding()
    const root = chain({ app: hold.wait })
    const made = join(root, 'packages/lib/dist/l.txt')
    const { output } = await runWhile(root, hold, () => unnoticed(made, (path) => overwrite(path, 'LIB\n')))
    assert.match(output, TAKEN_BACK)
    builds(root, both('cache-hit', 'success'))
    builds(root, both('cache-hit', 'cache-hit'))
  })

  test('outputs of a task two steps above edited while the task reads them', async () => {
    const hold = holding()
    const read = 'cp ../lib/dist/* dist'
    const step = (name, dependencies, command) => ({
      dependencies,
      tasks: { build: cached(`mkdir -p dist && cp src/* dist && ${command}`, { dependsOn: ['^build'] }) },
      files: { [`src/${name}.txt`]: `${name}\n` },
    })
    const root = monorepo({
      lib: step('lib', [], 'true'),
      between: step('between', ['lib'], 'true'),
      app: step('app', ['between'], `(${hold.wait}) && ${read}`),
      other: step('other', ['lib'], read),
    })
    const made = join(root, 'packages/lib/dist/lib.txt')
    const { output } = await runWhile(root, hold, () => writeFileSync(made, 'edited\n'), {
      args: ['build', '--concurrency=1'],
    })
    assert.match(output, TAKEN_BACK)
    const hit = { 'lib#build': 'cache-hit', 'between#build': 'success', 'app#build': 'success' }
    builds(root, { ...hit, 'other#build': 'success' })
    builds(root, Object.fromEntries([...Object.keys(hit), 'other#build'].map((id) => [id, 'cache-hit'])))
  })
})

describe('two runs of one task at once', posix, () => {
  test('with different keys: each result is of one of them', async () => {
    const hold = holding()
    const root = project({
      command: `mkdir -p dist && echo $MODE > dist/$MODE; ${hold.wait}; echo $MODE > dist/last`,
      inputs: { env: ['MODE'] },
    })
    const env = (MODE) => ({ env: { MODE } })
    let other
    await runWhile(
      root,
      hold,
      async () => {
        // It must wait for the first one. Should it not, it is given the time to do its damage.
        other = starts(root, ['build'], { MODE: 'two' })
        await Promise.race([other, new Promise((resolve) => setTimeout(resolve, 1000))])
      },
      env('one'),
    )
    await other
    sameAsRebuild(root, env('two'))
    builds(root, 'cache-hit', env('one'))
    builds(root, 'cache-hit', env('two'))
  })

  test('with the same key: one runs, the other takes its result', async () => {
    const hold = holding()
    const root = project({ command: `${hold.wait}; ${COPY}` })
    let other
    const first = await runWhile(root, hold, () => void (other = starts(root)))
    assert.deepEqual(statuses(first), { 'app#build': 'success' })
    assert.deepEqual(statuses(await other), { 'app#build': 'cache-hit' })
    sameAsRebuild(root)
  })
})
