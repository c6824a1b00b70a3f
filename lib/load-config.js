// From the path of a config file to its default export, as the running runtime evaluates it: natively where it can
// load the file as it is (TypeScript under Bun and under Node with type stripping, JavaScript nearly always), else with
// jiti. A module already loaded in this thread is not loaded again: who wants to see changes starts a new thread.

import { pathToFileURL } from 'node:url'

/** What Node throws when it cannot load a file, or something it imports, that jiti and Bun can. */
const BEYOND_NODE = new Set([
  'ERR_IMPORT_ASSERTION_TYPE_MISSING', // import data from './data.json', in Node 20
  'ERR_IMPORT_ATTRIBUTE_MISSING', // and in later ones
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_MODULE_NOT_FOUND', // import './preset', import './preset.js' for preset.ts
  'ERR_UNKNOWN_FILE_EXTENSION', // import './preset.ts' without type stripping
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX', // enum, namespace, parameter properties
])

const STRIPS_TYPES = Boolean(process.versions.bun || /** @type {any} */ (process.features).typescript)

/** A config file that evaluates to nothing vx can use. The message is for the user as it stands. */
export class UnusableConfig extends Error {}

/**
 * The default export of a config file; a promise is awaited.
 *
 * @param {string} path absolute
 * @returns {Promise<unknown>}
 * @throws {UnusableConfig} when there is no default export, or it is a function
 * @throws what evaluating the file threw
 */
export async function loadConfig(path) {
  const exported = await loadExports(path)
  if (!('default' in exported)) {
    throw new UnusableConfig('there is no default export; write `export default { … }`')
  }
  const config = await exported.default
  if (typeof config === 'function') {
    throw new UnusableConfig(
      'the default export is a function, which vx does not call; export what it returns',
    )
  }
  return config
}

async function loadExports(path) {
  const isTypeScript = /\.m?ts$/.test(path)
  if (!isTypeScript || STRIPS_TYPES) {
    try {
      return await import(pathToFileURL(path).href)
    } catch (error) {
      if (process.versions.bun || !isBeyondNode(error, isTypeScript)) {
        throw error
      }
    }
  }
  return loadWithJiti(path)
}

/**
 * Whether jiti should have a try. A SyntaxError stands for `import` and `export` in a package of the other type and, in
 * TypeScript, for a type imported without `type`, which stripping leaves in place; for a real one, jiti says where it is.
 *
 * @param {any} error
 * @param {boolean} isTypeScript
 */
function isBeyondNode(error, isTypeScript) {
  if (error instanceof SyntaxError) {
    // jiti would take a name that is not exported, and give undefined.
    return isTypeScript || !error.message.includes('does not provide an export')
  }
  return BEYOND_NODE.has(error?.code)
}

let jiti

async function loadWithJiti(path) {
  if (!jiti) {
    const { createJiti } = await import('jiti')
    // Nothing on disk: a cache beside the user's files is one more thing that can be stale.
    jiti = createJiti(import.meta.url, {
      fsCache: false,
      interopDefault: false,
      moduleCache: true,
      tryNative: false,
    })
  }
  return jiti.import(path)
}
