// Packs the package and this machine's platform package as they would be published, so that both can be installed from
// files: `packAll(directory)`.

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT, StepFailed, capture, libc, npmCommand } from './steps.mjs'

/**
 * @param {string} directory an empty one that exists
 * @returns {{ main: string, platform: string }} absolute paths of the two tarballs
 */
export function packAll(directory) {
  const platform = platformPackage()
  const platformStage = join(directory, 'platform')
  cpSync(platform.directory, platformStage, { recursive: true })
  copyFileSync(platform.addon, join(platformStage, platform.manifest.main))

  const mainStage = join(directory, 'main')
  for (const { path } of npmPack(ROOT, ['--dry-run']).files) {
    mkdirSync(dirname(join(mainStage, path)), { recursive: true })
    copyFileSync(join(ROOT, path), join(mainStage, path))
  }
  // What `napi pre-publish` writes at a release, for the one platform that was built here.
  const manifest = readJson(join(mainStage, 'package.json'))
  manifest.optionalDependencies = { [platform.manifest.name]: platform.manifest.version }
  writeFileSync(join(mainStage, 'package.json'), JSON.stringify(manifest, undefined, 2))

  return { main: packInto(directory, mainStage), platform: packInto(directory, platformStage) }
}

function packInto(directory, stage) {
  return join(directory, npmPack(stage, ['--pack-destination', directory]).filename)
}

function npmPack(cwd, args) {
  const json = JSON.parse(
    capture(process.execPath, [npmCommand('npm'), 'pack', '--json', '--ignore-scripts', ...args], { cwd }),
  )
  return Array.isArray(json) ? json[0] : Object.values(json)[0]
}

/** The manifest in `npm/` that fits this machine, and the addon built for it. */
function platformPackage() {
  for (const name of readdirSync(join(ROOT, 'npm'))) {
    const directory = join(ROOT, 'npm', name)
    const manifest = readJson(join(directory, 'package.json'))
    const addon = join(ROOT, manifest.main)
    const fits =
      manifest.os.includes(process.platform) &&
      manifest.cpu.includes(process.arch) &&
      (manifest.libc === undefined || manifest.libc.includes(libc()))
    if (fits && existsSync(addon)) {
      return { directory, manifest, addon }
    }
  }
  throw new StepFailed('there is no addon for this machine; run `npm run build`')
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}
