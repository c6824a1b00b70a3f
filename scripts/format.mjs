// `npm run format`: everything that `npm run lint` wants formatted.

import { ensureModules, main, run, toolScript } from './steps.mjs'

await main(() => {
  ensureModules()
  run('cargo', ['fmt'])
  run(process.execPath, [toolScript('oxfmt', 'oxfmt')])
})
