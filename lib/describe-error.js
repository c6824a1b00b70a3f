// What a user reads when a config cannot be evaluated: what was thrown, where in the user's own files, and what
// caused it, on one line. Config code may throw anything, so nothing about the value is taken for granted.

import { fileURLToPath } from 'node:url'

/**
 * @param {any} thrown what config code threw
 * @returns {string} never empty
 */
export function describeError(thrown) {
  try {
    // Bun gathers all that it cannot parse in one AggregateError; the first is what the others follow from.
    const error = thrown?.errors?.[0] ?? thrown
    const place = placeOf(error)
    const at = place ? ` (at ${place})` : ''
    const causes = [...causesOf(error)].map((cause) => `; caused by: ${messageOf(cause)}`)
    return messageOf(error) + at + causes.join('')
  } catch {
    return 'evaluation threw a value that cannot be described'
  }
}

function messageOf(error) {
  if (typeof error?.message !== 'string') {
    return `evaluation threw ${String(error)}`
  }
  const message = error.message.trim().split('\n', 1)[0].trimEnd()
  const named = /^(?:Syntax|Reference|Type|Range)Error$/.test(error.name) && !message.startsWith(error.name)
  return named ? `${error.name}: ${message}` : message || String(error.name)
}

function* causesOf(error) {
  let at = error?.cause
  for (let depth = 0; at && depth < 5; depth++) {
    yield at
    at = at.cause
  }
}

/** `file:line:column` of the first place outside the runtime and this package, where the error tells one. */
function placeOf(error) {
  const position = error?.position
  if (position?.file && position.line) {
    return `${position.file}:${position.line}:${position.column}` // Bun, for what it cannot parse
  }
  for (const line of String(error?.stack ?? '').split('\n')) {
    // "at f (file:///a/b.ts:3:7)", "at /a/b.ts:3:7", "at async C:\a\b.ts:3:7"
    const [, file, where] =
      line.match(/(?:^|[\s(])((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+(?::\d+)?)\)?$/) ?? []
    const path = file?.startsWith('file:') ? fileURLToPath(file) : file
    if (path && !isOurs(path)) {
      return `${path}:${where}`
    }
  }
  return undefined
}

const OWN_DIRECTORY = fileURLToPath(new URL('.', import.meta.url))

function isOurs(path) {
  return path.startsWith(OWN_DIRECTORY) || /[\\/]jiti[\\/](?:dist|lib)[\\/]/.test(path)
}
