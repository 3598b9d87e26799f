import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What bridges keep that were given no folder of their own: not in the home of whoever runs the tests. */
const STATE_HOME = fileURLToPath(new URL('node_modules/.test-state', import.meta.url));
rmSync(STATE_HOME, { recursive: true, force: true });

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They mostly wait for processes and sockets, so more of them fit on a machine than it has processors.
    maxWorkers: 4,
    // Real child processes on a small machine: generous limits, so that only a hang fails a test and never a slow start.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { XDG_STATE_HOME: STATE_HOME },
    expect: { poll: { timeout: 10_000 } },
  },
});
