// Which changes make a task run again, and what happens when its inputs do not hold still.

import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { write } from './scratch.mjs'
import { cached, journal, plain } from './tasks.mjs'
import { monorepo, statuses, vx, vxRun } from './workspace.mjs'

const unix = { skip: process.platform === 'win32' }

/** The status of each task of a run that went well, by id. */
function run(root, args = ['build']) {
  const result = vxRun(root, args)
  assert.equal(result.code, 0, result.stdout + result.stderr)
  return statuses(result)
}

describe('what counts as an input', unix, () => {
  test('each declared kind of file, and nothing else', () => {
    const build = cached('mkdir -p dist; date +%N > dist/x', {
      inputs: {
        files: ['src/**', '!src/*.md', '.env', 'secret.key'],
        ignored: ['generated/**'],
        workspaceFiles: ['shared/*.json', 'root.env'],
      },
    })
    const root = monorepo(
      {
        app: {
          tasks: { build },
          files: {
            'src/a.ts': '1',
            'src/notes.md': '1',
            'src/inner/package.json': '{"name":"inner"}',
            'src/inner/x': '1',
            'other.txt': '1',
          },
        },
      },
      {
        'package.json': JSON.stringify({
          name: 'root',
          workspaces: ['packages/*', 'packages/app/src/inner'],
        }),
        '.gitignore': 'node_modules\ndist\n.vx\n.env\n*.env\nsecret.key\ngenerated\n*.tmp\n',
        'package-lock.json': '{}',
        'shared/a.json': '1',
        'shared/a.txt': '1',
      },
    )
    const app = join(root, 'packages/app')
    for (const file of ['.env', 'secret.key', 'generated/x', 'src/cache.tmp']) write(join(app, file), '1')
    write(join(root, 'root.env'), '1')
    assert.deepEqual(run(root), { 'app#build': 'success' })
    const changed = (path) => {
      const before = existsSync(join(root, path)) ? readFileSync(join(root, path)) : undefined
      appendFileSync(join(root, path), ' ')
      const { 'app#build': status } = run(root)
      if (before === undefined) rmSync(join(root, path))
      else writeFileSync(join(root, path), before)
      return status
    }
    for (const path of [
      'packages/app/src/a.ts',
      'packages/app/src/new file',
      'packages/app/.env',
      'packages/app/secret.key',
      'packages/app/generated/x',
      'packages/app/generated/new',
      'packages/app/package.json',
      'shared/a.json',
      'root.env',
      'package-lock.json',
    ]) {
      assert.equal(changed(path), 'success', path)
    }
    for (const path of [
      'packages/app/src/notes.md',
      'packages/app/src/inner/x',
      'packages/app/src/cache.tmp',
      'packages/app/other.txt',
      'packages/app/vx.config.mjs',
      'packages/app/dist/x',
      'shared/a.txt',
      'package.json',
    ]) {
      assert.equal(changed(path), 'cache-hit', path)
    }
    chmodSync(join(app, 'src/a.ts'), 0o755)
    assert.deepEqual(run(root), { 'app#build': 'success' }, 'the executable bit')
  })

  test('of the config: what the command does, not how long it may take', () => {
    const of = (exec, rest) => ({ build: { ...cached('mkdir -p dist; touch dist/x', { exec }), ...rest } })
    const root = monorepo({ app: { tasks: of({}) } })
    const status = (tasks) => {
      writeFileSync(join(root, 'packages/app/vx.config.mjs'), `export default ${JSON.stringify({ tasks })}`)
      return run(root)['app#build']
    }
    assert.equal(status(of({})), 'success')
    assert.equal(status(of({ timeout: 50_000, retries: 2 })), 'cache-hit')
    assert.equal(status({ ...of({}), other: plain('true') }), 'cache-hit')
    assert.deepEqual(run(root, ['build', '--timeout=60000', '--retries=1']), { 'app#build': 'cache-hit' })
    assert.equal(status(of({ command: 'mkdir -p dist; touch dist/x ' })), 'success')
  })

  test('an input that an upstream task makes', () => {
    const log = journal()
    const root = monorepo({
      app: {
        tasks: {
          generate: cached('mkdir -p src/made; sort template > src/made/x', {
            inputs: { files: ['template'] },
            outputs: { files: ['src/made/**'] },
          }),
          build: cached(`${log.note('build')}; mkdir -p dist; cat src/made/* src/own > dist/x`, {
            dependsOn: ['generate'],
            inputs: { tasks: [] },
          }),
          check: cached('mkdir -p checked; cp dist/x checked', {
            dependsOn: ['build'],
            inputs: { files: [], ignored: ['dist/**'] },
            outputs: { files: ['checked/**'] },
          }),
        },
        files: { template: 'b\na\n', 'src/own': 'own\n' },
      },
    })
    const app = join(root, 'packages/app')
    const all = (generate, build, check) => {
      assert.deepEqual(run(root, ['check']), {
        'app#build': build,
        'app#check': check,
        'app#generate': generate,
      })
      assert.equal(readFileSync(join(app, 'checked/x'), 'utf8'), readFileSync(join(app, 'dist/x'), 'utf8'))
    }
    all('success', 'success', 'success')
    all('cache-hit', 'cache-hit', 'cache-hit')
    assert.deepEqual(log.lines(), ['build'])
    for (const made of ['src/made', 'dist', 'checked']) rmSync(join(app, made), { recursive: true })
    all('cache-hit', 'cache-hit', 'cache-hit')
    writeFileSync(join(app, 'template'), 'a\nb\n')
    all('success', 'cache-hit', 'cache-hit')
    writeFileSync(join(app, 'template'), 'a\nc\n')
    all('success', 'success', 'success')
    assert.equal(readFileSync(join(app, 'dist/x'), 'utf8'), 'a\nc\nown\n')
    writeFileSync(join(app, 'template'), 'b\na\n')
    all('cache-hit', 'cache-hit', 'cache-hit')
    assert.equal(readFileSync(join(app, 'dist/x'), 'utf8'), 'a\nb\nown\n')
  })

  test('doubtful declarations are told: once, with the task, and the run goes on', () => {
    const root = monorepo({
      app: {
        tasks: {
          build: cached('mkdir -p dist; touch dist/x', {
            inputs: { files: ['src/**', 'absent.json'], ignored: ['nothing/**'] },
          }),
          late: cached('true', {
            dependsOn: ['build'],
            inputs: { files: ['src/**', 'also-absent'], ignored: ['dist/**'] },
            outputs: { files: [] },
          }),
        },
        files: { 'src/a': '1' },
      },
    })
    const { code, stderr } = vx(root, ['run', 'build', 'late'])
    assert.equal(code, 0)
    const lines = stderr.trimEnd().split('\n').toSorted()
    assert.equal(lines.length, 3, stderr)
    assert.match(
      lines[0],
      /^app#late: warning: cache\.inputs\.files declares "also-absent", which does not exist/,
    )
    assert.match(
      lines[1],
      /^warning: app#build: cache\.inputs\.files declares "absent\.json", which does not exist$/,
    )
    assert.match(lines[2], /^warning: app#build: cache\.inputs\.ignored matches no file/)
  })
})

describe('inputs that change while the task runs', unix, () => {
  /** A task that once does something to the tree while it runs. */
  const once = (change) =>
    cached(
      `mkdir -p dist; cat src/* package.json > dist/x; [ -e ../../changed ] || { ${change}; touch ../../changed; }`,
    )

  for (const [what, change, reason] of [
    ['one was edited', 'echo 2 > src/a', 'packages/app/src/a changed while it ran'],
    [
      'one was written again with the same bytes',
      'printf 1 > src/a',
      'packages/app/src/a changed while it ran',
    ],
    ['one appeared', 'echo 2 > src/new', 'packages/app/src/new appeared while it ran'],
    ['one vanished', 'rm src/b', 'packages/app/src/b vanished while it ran'],
    ['one was made executable', 'chmod +x src/a', 'packages/app/src/a changed while it ran'],
    ['the package.json was edited', 'echo >> package.json', 'packages/app/package.json changed while it ran'],
    [
      'a lockfile was edited',
      'echo >> ../../yarn.lock',
      'a lockfile or the list of workspace members changed while it ran',
    ],
  ]) {
    test(`${what}: the result stands, and neither it nor what depends on it is stored`, () => {
      const root = monorepo(
        {
          app: { tasks: { build: once(change) }, files: { 'src/a': '1', 'src/b': '1' } },
          top: {
            tasks: { build: cached('mkdir -p dist; cp ../app/dist/x dist', { dependsOn: ['^build'] }) },
            dependencies: ['app'],
          },
          apart: { tasks: { build: cached('mkdir -p dist; touch dist/x') } },
        },
        { 'yarn.lock': '' },
      )
      const first = vxRun(root, ['build', '--concurrency=1'])
      assert.equal(first.code, 0, first.stdout)
      const success = { 'app#build': 'success', 'apart#build': 'success', 'top#build': 'success' }
      assert.deepEqual(statuses(first), success)
      assert.match(first.stderr, new RegExp(`^app#build: warning: not saved: ${reason}$`, 'm'))
      assert.match(first.stderr, /^top#build: warning: not saved: .*depends on/m)
      assert.ok(existsSync(join(root, 'packages/top/dist/x')))

      const second = vxRun(root, ['build'])
      const { 'app#build': app, 'top#build': top } = statuses(second)
      assert.deepEqual([app, top], ['success', 'success'])
      assert.doesNotMatch(second.stderr, /not saved/)
      const hit = { 'app#build': 'cache-hit', 'apart#build': 'cache-hit', 'top#build': 'cache-hit' }
      assert.deepEqual(run(root), hit)
    })
  }

  test('what depends on a result that is not stored is not taken from the cache either', () => {
    const log = journal()
    const root = monorepo({
      app: {
        tasks: { build: cached('[ ! -e ../../edit ] || echo 2 > src/a; mkdir -p dist; cp src/a dist') },
        files: { 'src/a': '1' },
      },
      top: {
        tasks: {
          build: cached(`${log.note('top')}; mkdir -p dist; cp ../app/dist/a dist`, {
            dependsOn: ['^build'],
          }),
        },
        dependencies: ['app'],
      },
    })
    const first = vxRun(root, ['build'])
    assert.deepEqual(statuses(first), { 'app#build': 'success', 'top#build': 'success' })
    // The result of `app` is evicted, so that it runs again; that of `top` is still there.
    rmSync(join(root, '.vx/cache', `${first.tasks['app#build'].hash}.tar.zst`))
    write(join(root, 'edit'), '')
    assert.deepEqual(run(root), { 'app#build': 'success', 'top#build': 'success' })
    assert.equal(log.lines().length, 2)
    const made = (project) => readFileSync(join(root, 'packages', project, 'dist/a'), 'utf8')
    assert.equal(made('top'), made('app'))
  })

  test('an upstream task that edits what a later task reads: that one is not stored under its old key', () => {
    const root = monorepo({
      app: {
        tasks: {
          format: cached('[ -e ../../done ] || echo formatted > src/a; touch ../../done', {
            inputs: { files: ['format.json'] },
            outputs: { files: [] },
          }),
          build: cached('mkdir -p dist; cp src/a dist', { dependsOn: ['format'] }),
        },
        files: { 'src/a': 'raw\n', 'format.json': '{}' },
      },
    })
    const first = vxRun(root, ['build'])
    assert.equal(first.code, 0)
    assert.match(first.stderr, /^app#build: warning: not saved: packages\/app\/src\/a changed while it ran$/m)
    assert.deepEqual(run(root), { 'app#build': 'success', 'app#format': 'cache-hit' })
    writeFileSync(join(root, 'packages/app/src/a'), 'raw\n')
    assert.deepEqual(run(root), { 'app#build': 'success', 'app#format': 'cache-hit' })
    assert.equal(readFileSync(join(root, 'packages/app/dist/a'), 'utf8'), 'raw\n')
  })

  test('a hit is looked at again when a task that it depends on ran and may have edited what it reads', () => {
    const root = monorepo({
      app: {
        tasks: {
          format: cached('echo formatted > src/a', {
            inputs: { files: ['format.json'] },
            outputs: { files: [] },
          }),
          ready: { dependsOn: ['format'] },
          build: cached('mkdir -p dist; cp src/a dist', { dependsOn: ['ready'], inputs: { tasks: [] } }),
        },
        files: { 'src/a': 'raw\n', 'format.json': '{}' },
      },
    })
    const app = join(root, 'packages/app')
    const made = () => readFileSync(join(app, 'dist/a'), 'utf8')
    run(root, ['format'])
    assert.deepEqual(run(root), { 'app#build': 'success', 'app#format': 'cache-hit' })
    writeFileSync(join(app, 'src/a'), 'raw\n')
    assert.deepEqual(run(root), { 'app#build': 'success', 'app#format': 'cache-hit' })
    assert.equal(made(), 'raw\n')
    writeFileSync(join(app, 'format.json'), '{ }')
    assert.deepEqual(run(root), { 'app#build': 'cache-hit', 'app#format': 'success' })
    assert.equal(made(), 'formatted\n')
  })

  test('and where its key has moved, so have those of all that depend on it', () => {
    const root = monorepo({
      app: {
        tasks: {
          format: cached('echo formatted > src/a', {
            inputs: { files: ['format.json'] },
            outputs: { files: [] },
          }),
          build: cached('mkdir -p dist; cp src/a dist', {
            dependsOn: ['format'],
            inputs: { files: ['src/a'], tasks: [] },
          }),
          check: cached('mkdir -p checked; cat src/b dist/a > checked/x', {
            dependsOn: ['build'],
            inputs: { files: ['src/b'] },
            outputs: { files: ['checked/**'] },
          }),
        },
        files: { 'src/a': 'raw\n', 'src/b': '1\n', 'format.json': '{}' },
      },
    })
    const app = join(root, 'packages/app')
    const checked = () => readFileSync(join(app, 'checked/x'), 'utf8')
    run(root, ['format'])
    run(root)
    writeFileSync(join(app, 'src/a'), 'raw\n')
    run(root)
    writeFileSync(join(app, 'src/b'), '2\n')
    writeFileSync(join(app, 'format.json'), '{ }')
    run(root, ['check'])
    assert.equal(checked(), '2\nformatted\n')
    writeFileSync(join(app, 'src/a'), 'raw\n')
    run(root, ['check'])
    assert.equal(checked(), '2\nraw\n')
  })
})
