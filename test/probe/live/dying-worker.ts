/** The real live worker, which dies of an exception when it is told new timeouts: its ring is left open. */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', ({ kind }: { kind: string }) => {
  if (kind === 'metering') throw new Error('a defect of the test');
});

// Resolves when the worker is done.
await import('../../../src/probe/live/worker.ts');
