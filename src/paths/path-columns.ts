/** The columns of a path record, for files and programs: IANA's names where there are some. */
import { VERDICTS } from '../diagnose/finding.ts';
import type { PathColumn, PathFigures } from '../records/path-record.ts';

/** `flowsLossLimited` of `loss-limited`. */
function verdictColumn(verdict: string): PathColumn {
  const words = verdict.split('-').map((word) => word[0]!.toUpperCase() + word.slice(1));
  return { name: `flows${words.join('')}`, type: 'count', read: ({ verdicts }) => verdicts[verdict] ?? 0 };
}

const figure = (
  name: string,
  type: 'count' | 'number',
  field: Exclude<keyof PathFigures, 'verdicts'>,
): PathColumn => ({
  name,
  type,
  read: (record) => record[field],
});

export const PATH_COLUMNS: readonly PathColumn[] = [
  { name: 'path', type: 'text', read: ({ path }) => path },
  { name: 'direction', type: 'text', read: ({ direction }) => direction },
  { name: 'startTime', type: 'time', read: ({ startMs }) => startMs },
  figure('deltaFlowCount', 'count', 'flows'),
  figure('octetDeltaCount', 'count', 'octets'),
  figure('packetDeltaCount', 'count', 'packets'),
  figure('roundTripMinMilliseconds', 'number', 'roundTripMinMs'),
  figure('roundTripMedianMilliseconds', 'number', 'roundTripMedianMs'),
  figure('roundTripP95Milliseconds', 'number', 'roundTripP95Ms'),
  figure('segments', 'count', 'segments'),
  figure('lostSegments', 'count', 'lostSegments'),
  figure('captureLostSegments', 'count', 'captureLostSegments'),
  figure('stalledMilliseconds', 'number', 'stalledMs'),
  figure('transfers', 'count', 'transfers'),
  figure('transferMeanBitsPerSecond', 'number', 'transferMeanBitsPerSecond'),
  figure('transferPeakBitsPerSecond', 'number', 'transferPeakBitsPerSecond'),
  ...VERDICTS.map(verdictColumn),
];
