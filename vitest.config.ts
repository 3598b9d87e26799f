import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They mostly wait for processes and sockets, so more of them fit on a machine than it has processors.
    maxWorkers: 4,
    // Real child processes on a small machine: generous limits, so that only a hang fails a test and never a slow start.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['test/support/state-home.ts'],
    expect: { poll: { timeout: 30_000 } },
  },
});
