import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scratch, write } from './scratch.mjs'
import { BIN, statuses, vx, vxRun } from './workspace.mjs'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** A workspace of one package with a config in TypeScript, in which `@vzn/vx` can be imported. */
function workspace(config, name = 'vx.config.ts') {
  const root = scratch({
    'package.json': '{ "name": "root", "private": true, "workspaces": ["packages/*"] }',
    'packages/app/package.json': '{ "name": "app", "version": "1.0.0" }',
    [`packages/app/${name}`]: config,
    'packages/app/src/in.txt': 'in',
  })
  mkdirSync(join(root, 'node_modules/@vzn'), { recursive: true })
  symlinkSync(ROOT, join(root, 'node_modules/@vzn/vx'), 'junction')
  return root
}

const BUILD = `
  import { defineProject, type ProjectConfig } from '@vzn/vx'
  enum Out { File = 'dist/out.txt' }
  console.log('a config may print')
  const config: ProjectConfig = {
    tasks: {
      build: {
        exec: { command: \`node -e "require('fs').mkdirSync('dist', {recursive:true}); require('fs').writeFileSync('\${Out.File}', 'built')"\` },
        cache: { inputs: { files: ['src/**'] }, outputs: { files: ['dist/**'] } },
      },
    },
  }
  export default defineProject(config)`

describe('vx', () => {
  test('says what it is', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const { code, stdout } = vx(scratch(), ['--version'])
    assert.equal(code, 0)
    assert.ok(stdout.includes(version), stdout)
  })

  test('runs, then hits, then restores', () => {
    const root = workspace(BUILD)
    const output = join(root, 'packages/app/dist/out.txt')
    const run = () => {
      const result = vxRun(root, ['build'])
      assert.equal(result.code, 0, result.stderr)
      assert.equal(readFileSync(output, 'utf8'), 'built')
      return statuses(result)
    }
    assert.deepEqual(run(), { 'app#build': 'success' })
    assert.deepEqual(run(), { 'app#build': 'cache-hit' })
    write(output, 'something else')
    assert.deepEqual(run(), { 'app#build': 'cache-hit' })
    write(join(root, 'packages/app/src/in.txt'), 'changed')
    assert.deepEqual(run(), { 'app#build': 'success' })
  })

  test('what a config prints goes to stderr; stdout is JSON alone', () => {
    const { code, stdout, stderr } = vx(workspace(BUILD), ['run', 'build', '--dry=json'])
    assert.equal(code, 0, stderr)
    assert.equal(JSON.parse(stdout).tasks[0].id, 'app#build')
    assert.match(stderr, /a config may print/)
    assert.doesNotMatch(stderr, /Warning/)
  })

  test('a config that cannot be evaluated: exit code 2, the file and the reason', () => {
    const root = workspace('export default { tasks: { build: { exec: { command: () => "x" } } } }')
    const { code, stdout, stderr } = vx(root, ['run', 'build'])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /vx\.config\.ts/)
    assert.match(stderr, /tasks\.build\.exec\.command/)
    assert.equal(existsSync(join(root, '.vx')), false)
  })

  test('an unknown command and an unknown task: exit code 2', () => {
    const root = workspace(BUILD)
    assert.equal(vx(root, ['frobnicate']).code, 2)
    const { code, stderr } = vx(root, ['run', 'biuld'])
    assert.equal(code, 2)
    assert.match(stderr, /biuld/)
  })

  test('an error that a config leaves behind ends the run, children included', () => {
    const root = workspace(`
      setTimeout(() => { throw new Error('too late') }, 300)
      export default { tasks: { serve: { exec: { command: 'sleep 600' } } } }`)
    const { code, stderr } = vx(root, ['run', 'serve', '--all'])
    assert.equal(code, 2)
    assert.match(stderr, /too late/)
  })

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    test(
      `${signal} ends the task and gives exit code ${expected}`,
      { skip: process.platform === 'win32' },
      async () => {
        const root = workspace(
          `export default { tasks: { serve: { exec: { command: 'echo started; touch started; exec sleep 600' } } } }`,
        )
        const child = spawn(process.execPath, [BIN, 'run', 'serve', '--all', '--log-order=stream'], {
          cwd: root,
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
        await new Promise((resolve, reject) => {
          let seen = ''
          child.stdout.on('data', (chunk) => {
            seen += chunk
            if (seen.includes('started')) {
              resolve()
            }
          })
          child.once('exit', () => reject(new Error(`vx ended early: ${seen}`)))
        })
        child.kill(signal)
        assert.equal(await exited, expected)
      },
    )
  }
})

describe('without an addon for the platform', () => {
  /** A copy of the package as it is installed, without any addon. */
  function bareInstall() {
    const directory = scratch()
    cpSync(join(ROOT, 'lib'), join(directory, 'lib'), { recursive: true })
    for (const name of ['index.js', 'package.json']) {
      copyFileSync(join(ROOT, name), join(directory, name))
    }
    return directory
  }

  test('vx says which package is missing and what to do, and exits with 2', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(bareInstall(), 'lib/bin.cjs'), 'run', 'build'],
      {
        encoding: 'utf8',
      },
    )
    assert.equal(status, 2)
    assert.equal(stdout, '')
    assert.match(stderr, new RegExp(`@vzn/vx-${process.platform}-${process.arch}`))
    assert.match(stderr, /npm install/)
    assert.match(stderr, /npm\/cli#4828/)
    assert.doesNotMatch(stderr, /^\s+at /m)
  })

  test('importing the package and defining a config works; using the engine is VX_ADDON_MISSING', () => {
    const directory = bareInstall()
    const script = write(
      join(directory, 'use.mjs'),
      `import { Cache, defineProject, hashFile, hashTaskConfig } from './lib/index.js'
      const codes = [defineProject({ tasks: {} }).tasks !== undefined]
      for (const use of [() => new Cache('x'), () => hashTaskConfig({}), () => hashFile('x')]) {
        try { await use() } catch (error) { codes.push(error.code) }
      }
      console.log(JSON.stringify(codes))`,
    )
    const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
    assert.equal(stdout, '[true,"VX_ADDON_MISSING","VX_ADDON_MISSING","VX_ADDON_MISSING"]\n', stderr)
  })
})
