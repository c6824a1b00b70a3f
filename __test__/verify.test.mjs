import assert from 'node:assert/strict'
import { lstatSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { monorepo, vx, vxRun } from './workspace.mjs'

const cached = (command, more = {}) => ({
  exec: { command },
  cache: { inputs: { files: ['src/**'] }, outputs: { files: ['dist/**'] } },
  ...more,
})

/** Every file of a directory but the cache's own: its content, mode and times. */
function snapshot(root) {
  const found = {}
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name)
    if (entry.isFile() && !path.includes('/.vx/') && !path.includes('/.git/')) {
      const { mode, mtimeMs, ctimeMs, ino } = lstatSync(path)
      found[path] = [readFileSync(path, 'utf8'), mode, mtimeMs, ctimeMs, ino]
    }
  }
  return found
}

describe('vx run --verify', { skip: process.platform === 'win32' }, () => {
  test('the same outputs, upstream outputs and node_modules at hand: exit code 0, nothing changed', () => {
    const root = monorepo(
      {
        below: {
          tasks: { build: cached('mkdir dist && cp src/a dist/ && chmod 755 dist/a && ln -s a dist/link') },
        },
        above: {
          tasks: {
            build: cached('mkdir dist && cat ../below/dist/a src/a ../../node_modules/tool/t > dist/b', {
              dependsOn: ['^build'],
            }),
          },
          dependencies: ['below'],
          files: { 'src/a': 'above' },
        },
      },
      { 'packages/below/src/a': 'below', 'node_modules/tool/t': 'tool' },
    )
    assert.equal(vxRun(root, ['build']).code, 0)
    const before = snapshot(root)
    const { code, stdout, stderr } = vx(root, ['run', 'build', '--verify'])
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /above#build: same outputs/)
    assert.match(stdout, /Verified: 2 hits, 0 wrong; 0 misses left alone/)
    assert.deepEqual(snapshot(root), before)
  })

  test('a task that is not deterministic, and one that reads what it does not declare: named, exit code 1', () => {
    const root = monorepo(
      {
        random: {
          tasks: {
            build: cached('mkdir dist && cp src/a dist/same && head -c 16 /dev/urandom > dist/random'),
          },
        },
        sneaky: { tasks: { build: cached('mkdir dist && cat src/a hidden > dist/out') } },
        shy: {
          tasks: {
            build: cached('mkdir dist && cat src/a > dist/out; [ -e hidden ] && touch dist/extra; true'),
          },
        },
        good: { tasks: { build: cached('mkdir dist && cp src/a dist/') } },
      },
      Object.fromEntries(
        ['random', 'sneaky', 'shy', 'good'].flatMap((name) => [
          [`packages/${name}/src/a`, name],
          [`packages/${name}/hidden`, 'undeclared'],
        ]),
      ),
    )
    assert.equal(vxRun(root, ['build']).code, 0)
    const before = snapshot(root)
    const { code, stdout } = vx(root, ['run', 'build', '--verify'])
    assert.equal(code, 1)
    assert.match(stdout, /random#build: other outputs\n {2}outputs\/dist\/random differs in content\n/)
    assert.match(stdout, /sneaky#build: the command exited with 1 with only what the task declares/)
    assert.match(stdout, /shy#build: other outputs\n {2}outputs\/dist\/extra was not made\n/)
    assert.match(stdout, /good#build: same outputs/)
    assert.match(stdout, /Verified: 4 hits, 3 wrong; 0 misses left alone/)
    assert.deepEqual(snapshot(root), before)
  })

  test('misses are left alone', () => {
    const root = monorepo({
      one: { tasks: { build: cached('mkdir dist && cp src/a dist/') }, files: { 'src/a': 'a' } },
    })
    const { code, stdout } = vx(root, ['run', 'build', '--verify'])
    assert.equal(code, 0)
    assert.match(stdout, /Verified: 0 hits, 0 wrong; 1 miss left alone/)
  })

  test('does not go with flags that run or write', () => {
    const root = monorepo({ one: { tasks: { build: cached('true') } } })
    for (const flag of ['--force', '--no-cache', '--dry', '--summarize', '--profile']) {
      assert.equal(vx(root, ['run', 'build', '--verify', flag]).code, 2, flag)
    }
  })
})
