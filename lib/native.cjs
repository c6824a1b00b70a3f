// Loads the native addon, once, when it is first needed. CommonJS, because that loads synchronously on every
// supported runtime and starts faster. Never downloads or builds anything.
'use strict'

let binding

/**
 * The raw binding. Throws `VX_ADDON_MISSING`, which says what to install, where the addon cannot be loaded.
 *
 * @returns {typeof import('../index.js')}
 */
function loadNative() {
  if (!binding) {
    try {
      binding = require('../index.js')
    } catch (error) {
      throw addonMissing(error)
    }
  }
  return binding
}

/** @param {any} cause */
function addonMissing(cause) {
  const { version } = require('../package.json')
  const reasons = [...reasonChain(cause)]
  const platformPackage = reasons.join('\n').match(/@vzn\/vx-[a-z0-9-]+/)?.[0]
  const lines = [
    `vx cannot load its native addon on ${process.platform} ${process.arch}.`,
    ...reasons.map((reason) => `  because: ${reason}`),
  ]
  if (platformPackage) {
    lines.push(
      `The addon comes in the package ${platformPackage}, which npm installs beside @vzn/vx.`,
      'A package-lock.json that was made on another system can leave it out (npm/cli#4828):',
      'remove node_modules and package-lock.json and install again, without --omit=optional, or',
      `  npm install --save-optional ${platformPackage}@${version}`,
    )
  } else {
    lines.push(
      'There is no prebuilt addon for this platform. Build one from source: npm run build in a clone.',
    )
  }
  return Object.assign(new Error(lines.join('\n'), { cause }), { code: 'VX_ADDON_MISSING' })
}

/**
 * The first line of each message, outermost first.
 *
 * @param {any} error
 */
function* reasonChain(error) {
  for (let at = error, depth = 0; at && depth < 10; at = at.cause, depth++) {
    yield String(at.message ?? at).split('\n', 1)[0]
  }
}

module.exports = { loadNative }
