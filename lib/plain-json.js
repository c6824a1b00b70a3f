// What a config may hold: plain JSON, nothing else. `plainJson` copies a value and refuses, naming the place inside
// it, whatever JSON.stringify would drop or change silently. Never calls a function of the value but its getters.

/** Deeper values are refused: the engine's JSON reader stops at 128 levels. */
const MAX_DEPTH = 100

/** A value that is not plain JSON. */
export class NotPlainJson extends Error {
  code = 'VX_CONFIG_NOT_JSON'

  /**
   * @param {string} path where in the value, such as `tasks.build.exec.command`; empty for the whole
   * @param {string} what what is wrong there
   */
  constructor(path, what) {
    super(`${path || 'the value'} ${what}`)
    this.path = path
    this.what = what
  }
}

/**
 * A deep copy of `value` that holds only null, booleans, finite numbers, well-formed strings, arrays and plain
 * objects. Properties that are `undefined` are left out.
 *
 * @param {unknown} value
 * @throws {NotPlainJson} at the first place that is anything else
 */
export function plainJson(value) {
  return copy(value, [], new Set())
}

/**
 * @param {any} value
 * @param {(string | number)[]} path property names and indexes down to the value
 * @param {Set<object>} parents the objects that hold it, to tell a cycle from a value used twice
 */
function copy(value, path, parents) {
  if (value === null || typeof value === 'boolean') {
    return value
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) {
      refuse(path, 'holds half of a surrogate pair, which is no valid text')
    }
    return value
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) {
      refuse(path, `is ${value}; JSON has only finite numbers`)
    }
    return value
  }
  if (typeof value !== 'object') {
    refuse(path, `is ${described(value)}; only plain JSON values are allowed`)
  }
  if (parents.has(value)) {
    refuse(path, 'refers back to an object that holds it (a cycle)')
  }
  if (path.length >= MAX_DEPTH) {
    refuse(path, `is nested deeper than ${MAX_DEPTH} levels`)
  }
  parents.add(value)
  const result = Array.isArray(value) ? copyArray(value, path, parents) : copyObject(value, path, parents)
  parents.delete(value)
  return result
}

function copyArray(array, path, parents) {
  return Array.from({ length: array.length }, (_, index) =>
    copy(read(array, index, path), [...path, index], parents),
  )
}

function copyObject(object, path, parents) {
  const prototype = Object.getPrototypeOf(object)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    refuse(
      path,
      `is an instance of ${prototype.constructor?.name || 'a class'}; only plain objects are allowed`,
    )
  }
  const symbol = Object.getOwnPropertySymbols(object).find((key) =>
    Object.prototype.propertyIsEnumerable.call(object, key),
  )
  if (symbol) {
    refuse(path, `has the symbol key ${String(symbol)}; only text keys are allowed`)
  }
  // Without a prototype, so that a key named `__proto__` is a key like any other.
  const result = Object.create(null)
  for (const key of Object.keys(object)) {
    const value = read(object, key, path)
    if (value !== undefined) {
      if (!key.isWellFormed()) {
        refuse(path, 'has a key that holds half of a surrogate pair')
      }
      result[key] = copy(value, [...path, key], parents)
    }
  }
  return result
}

/**
 * @param {any} object
 * @param {string | number} key
 * @param {(string | number)[]} path down to the object
 */
function read(object, key, path) {
  try {
    return object[key]
  } catch (/** @type {any} */ error) {
    return refuse([...path, key], `cannot be read: ${error?.message ?? error}`)
  }
}

/**
 * @param {(string | number)[]} path
 * @param {string} what
 * @returns {never}
 */
function refuse(path, what) {
  throw new NotPlainJson(pathText(path), what)
}

function described(value) {
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
}

/** `tasks.build.inputs[0]`; names that are no identifiers are quoted: `tasks["build:prod"]`. */
function pathText(path) {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') {
      text += `[${part}]`
    } else if (/^[\p{ID_Start}$_][\p{ID_Continue}$-]*$/u.test(part)) {
      text += text ? `.${part}` : part
    } else {
      text += `[${JSON.stringify(part)}]`
    }
  }
  return text
}
