/** Says which tests do not run here, and why. */

/** Says on the console that `what` is skipped, and why. */
export function warnSkipped(what: string, missing: string): void {
  console.warn(`SKIPPED ${what}: ${missing} not found`);
}
