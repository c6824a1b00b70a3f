// What evaluating configs changes in the `vx` process, imported for its effect: a config's console output goes to
// stderr, since stdout carries vx's own output (`--dry=json` among it), and Node's remarks about how it loads modules
// are dropped, which a user of vx can do nothing about: where Node cannot go on, vx goes another way.

for (const method of ['log', 'info', 'debug']) {
  console[method] = console.error
}

const REMARKS =
  /^(?:Type Stripping is an experimental|To load an ES module, set "type"|Failed to load the ES module)/

if (!process.versions.bun) {
  const listeners = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (warning)
    if (code !== 'MODULE_TYPELESS_PACKAGE_JSON' && !REMARKS.test(message)) {
      listeners.forEach((listener) => listener.call(process, warning))
    }
  })
}
