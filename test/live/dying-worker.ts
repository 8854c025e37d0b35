/** The real live worker, which dies of an exception half a second after its start: its ring is left open. */
setTimeout(() => {
  throw new Error('a defect of the test');
}, 500);

// Resolves when the worker is done, which it never is.
await import('../../src/live-worker.ts');
