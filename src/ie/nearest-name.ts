/** The known name that was probably meant by an unknown one, for error messages. */

import { distance } from 'fastest-levenshtein';

/** @returns the nearest candidate, ignoring case, or undefined where more than a third of the name would differ */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = distance(wanted, candidate.toLowerCase());
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}
