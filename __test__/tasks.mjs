// What the tests of `vx run` share: tasks written shortly, and a log in which tasks say when they ran.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratch } from './scratch.mjs'

/** A task that is never cached. */
export function plain(command, { exec, ...rest } = {}) {
  return { exec: { command, ...exec }, ...rest }
}

/** A cached task that reads `src` and writes `dist`, unless `inputs` and `outputs` (fields of `cache`) say otherwise. */
export function cached(command, { exec, inputs, outputs, ...rest } = {}) {
  return {
    exec: { command, ...exec },
    cache: { inputs: { files: ['src/**'], ...inputs }, outputs: { files: ['dist/**'], ...outputs } },
    ...rest,
  }
}

/** A shell command that waits until `condition` (of `test`) holds, and fails when it still does not after `seconds`. */
export function waits(condition, seconds = 20) {
  return `i=0; until ${condition}; do i=$((i+1)); [ $i -lt ${seconds * 50} ] || exit 99; sleep 0.02; done`
}

/** A file outside of every workspace, to which tasks append a line each time they run. */
export function journal() {
  const path = join(scratch(), 'journal')
  return {
    path,
    /** The shell command that appends a line. */
    note: (text) => `echo '${text}' >> '${path}'`,
    lines: () => (existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []),
  }
}
