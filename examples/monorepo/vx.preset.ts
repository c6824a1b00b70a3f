// The tasks that every package of this workspace has; the vx.config.ts files import it.

import type { ProjectConfig } from '@vzn/vx'

export const library: ProjectConfig['tasks'] = {
  build: {
    description: 'Compiles src to dist',
    exec: { command: 'tsc --project .' },
    dependsOn: ['^build'],
    cache: {
      inputs: { files: ['src/**', 'tsconfig.json'], workspaceFiles: ['tsconfig.base.json'] },
      outputs: { files: ['dist/**'] },
    },
  },
  test: {
    description: 'Runs the compiled tests',
    exec: { command: 'node --test --test-reporter=spec dist/index.test.js' },
    dependsOn: ['build'],
    cache: {
      inputs: { files: ['src/**'] },
      outputs: { files: [] },
    },
  },
  // A group: runs nothing itself.
  check: {
    description: 'Everything that must pass before a change goes in',
    dependsOn: ['build', 'test'],
  },
}
