import { defineConfig } from 'vitest/config';

// Tests that start collectors or sniff loopback share this machine's ports and its two cores: one file at a time
// keeps their timing honest. Unit tests are quick enough not to notice.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Longer than any wait within a test, which says better what is missing: a limit is no measure of speed.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    execArgv: ['--expose-gc'],
  },
});
