// The public entry of `@vzn/vx`. Its types and their documentation stand in `index.d.ts`.

import { callNative, callNativeAsync } from './native-call.js'
import { plainJson } from './plain-json.js'

export { Cache, WORKSPACE_OUTPUT_PREFIX } from './cache.js'
export { LayeredCache } from './layered-cache.js'

export function defineProject(config) {
  return config
}

export function defineWorkspace(config) {
  return config
}

export async function hashFile(path) {
  return callNativeAsync((native) => native.hashFile(path))
}

export function hashTaskConfig(config) {
  const json = JSON.stringify(plainJson(config))
  return callNative((native) => native.hashTaskConfig(json))
}

export async function workspaceFingerprint(workspaceRoot) {
  return callNativeAsync((native) => native.workspaceFingerprint(workspaceRoot))
}
