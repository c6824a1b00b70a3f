// Writes a generated workspace to disk, as a repository with one commit. Nothing of the machine's git configuration has a
// part in it, and nothing outside the given directory is written.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { filesOf } from './files.mjs'
import { packagesOf } from './packages.mjs'
import { must } from './process.mjs'

/** Nothing of the machine's git configuration, and who commits when. */
export const GIT_ENV = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Bench',
  GIT_AUTHOR_EMAIL: 'bench@example.com',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'Bench',
  GIT_COMMITTER_EMAIL: 'bench@example.com',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
}

/**
 * @param {string} root an empty or absent directory
 * @param {import('./packages.mjs').Spec} spec
 * @returns {Promise<{ root: string, packages: import('./packages.mjs').Package[] }>}
 */
export async function generate(root, spec) {
  const made = new Set()
  for (const [path, content] of filesOf(spec)) {
    const full = join(root, path)
    const directory = dirname(full)
    if (!made.has(directory)) {
      mkdirSync(directory, { recursive: true })
      made.add(directory)
    }
    writeFileSync(full, content)
  }
  const packages = packagesOf(spec)
  linkPackages(root, packages)
  const env = { ...process.env, ...GIT_ENV }
  const git = (...args) => must('git', ['-c', 'gc.auto=0', ...args], { cwd: root, env })
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '--all')
  await git('commit', '--quiet', '--message=The generated workspace')
  return { root, packages }
}

/** What an install makes of workspaces: a link for each in node_modules. */
function linkPackages(root, packages) {
  for (const { name, directory } of packages) {
    const link = join(root, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(relative(dirname(link), join(root, directory)), link)
  }
}
