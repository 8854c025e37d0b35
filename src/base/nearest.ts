/** The known name that is nearest to an unknown one, for error messages. */
import { distance } from 'fastest-levenshtein';

/**
 * @returns the candidate that `name` was probably meant to be, or undefined where none is near. Case, dashes and
 *   underscores do not count, so that `idle_timeout` finds `idleTimeout`; nor does an end that was left out.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const folded = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  const wanted = folded(name);
  const distanceMax = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const known = folded(candidate);
    // A missing end counts half an edit, so that a whole name that is as near wins.
    const beginning = wanted.length >= 3 ? distance(wanted, known.slice(0, wanted.length)) + 0.5 : least;
    const edits = Math.min(distance(wanted, known), beginning);
    if (edits >= least || edits > distanceMax + 0.5) continue;
    least = edits;
    best = candidate;
  }
  return best;
}
