// What the figures were measured on: the machine, without anything that names it, and the versions of all that took part.

import { readFileSync, statfsSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { must } from './process.mjs'

const FILE_SYSTEMS = new Map([
  [0xef53, 'ext4'],
  [0x01021994, 'tmpfs'],
  [0x9123683e, 'btrfs'],
  [0x58465342, 'xfs'],
  [0x794c7630, 'overlayfs'],
  [0x2fc12fc1, 'zfs'],
])

/**
 * @param {string} directory where the workspaces lie
 * @returns {Record<string, string>}
 */
export function machine(directory) {
  const fileSystem = FILE_SYSTEMS.get(statfsSync(directory).type)
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: String(availableParallelism()),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release().match(/^\d+\.\d+/)?.[0] ?? ''} ${arch()}`,
    ...(fileSystem ? { 'file system': fileSystem } : {}),
  }
}

/**
 * @param {string} repository
 * @param {string} bun path
 * @returns {Promise<Record<string, string>>} by program, of those that are there
 */
export async function versions(repository, bun) {
  const asked = {
    vx: () => must('git', ['describe', '--always', '--dirty', '--abbrev=8'], { cwd: repository }),
    node: () => process.version,
    bun: () => must(bun, ['--version']),
    turbo: () => installedVersion('turbo'),
    nx: () => installedVersion('nx'),
    git: () => must('git', ['--version']),
    tar: () => must('tar', ['--version']),
    zstd: () => must('zstd', ['--version']),
  }
  const found = {}
  for (const [name, ask] of Object.entries(asked)) {
    try {
      const answer = (await ask()).trim()
      found[name] = name === 'vx' ? answer : (answer.match(/\d+\.\d+(?:\.\d+)*/)?.[0] ?? answer)
    } catch {
      // What is not there takes no part, which the tables say.
    }
  }
  return found
}

function installedVersion(name) {
  const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(manifest, 'utf8')).version
}
