// `npm run build [-- <arguments of napi build>]`: the release build of the addon, its loader and its types.

import { buildAddon, main } from './steps.mjs'

await main(() => buildAddon(process.argv.slice(2)))
