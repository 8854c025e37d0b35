/** What rules find: the names of the verdicts and the shape of a finding. No rule stands here. */

/** Every verdict, the worst first. */
export const VERDICTS = [
  'refused',
  'unanswered',
  'reset',
  'stalled',
  'loss-limited',
  'window-limited',
  'application-limited',
  'unknown',
  'healthy',
] as const;
export type VerdictName = (typeof VERDICTS)[number];

/** What a rule finds. */
export interface Finding {
  readonly verdict: VerdictName;
  /** The conclusion, to stand at the end of a sentence. */
  readonly conclusion: string;
  /** The figures that led to it, a sentence each. */
  readonly reasons: readonly string[];
}
