/** Waiting for what a test needs to hold. */
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `condition` holds.
 * @throws Error naming `what` when it does not within `limitMs`
 */
export async function waitFor(what: string, condition: () => boolean, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`);
    await delay(20);
  }
}
