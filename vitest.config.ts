import { defineConfig } from 'vitest/config';

/**
 * Three projects, told apart by the file's name, one after the other:
 * - `unit` (`.test.ts`): nothing but our code in this process, two files at a time;
 * - `process` (`.process.test.ts`): starts our own program, threads, sockets on loopback, four files at a time, as much
 *   of it is waiting;
 * - `tools` (`.tools.test.ts`): outside tools, network namespaces, services; one file at a time, for honest timing.
 * test/kinds.test.ts holds names against what files import.
 */
export default defineConfig({
  test: {
    // Longer than any wait within a test, which says better what is missing: a limit is no measure of speed.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    execArgv: ['--expose-gc'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{process,tools}.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'process',
          include: ['test/**/*.process.test.ts'],
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'tools',
          include: ['test/**/*.tools.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
