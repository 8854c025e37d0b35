/** A direction's diagnosis as one sentence and one line of blocks, for people. */
import { formatCounted } from '../base/units.ts';
import { rateText, shareText, timeText } from '../output/words.ts';
import type { Measures } from './measures.ts';
import type { Judgement } from './verdict.ts';

/** From least to greatest; silence has a sign of its own, so that it is seen. */
const BLOCKS = '▁▂▃▄▅▆▇█';
const SILENCE = '·';

function silenceText({ stalledIntervals, intervals }: Measures): string | undefined {
  if (stalledIntervals === 0) return undefined;
  return `${stalledIntervals} of ${formatCounted(intervals.length, 'intervals')} silent`;
}

function lossText({ data, retransmittedShare, lostShare }: Measures): string | undefined {
  if (data.segments > 0 && !Number.isNaN(retransmittedShare))
    return retransmittedShare > 0
      ? `${shareText(retransmittedShare)} retransmitted`
      : 'nothing retransmitted';
  if (Number.isNaN(lostShare)) return undefined;
  return lostShare > 0 ? `${shareText(lostShare)} lost` : 'nothing lost';
}

/** `2.81 Mbit/s over 94 s; RTT 190 ms; 7 of 18 intervals silent; 0.8 % retransmitted: limited by loss, …` */
export function sentence({ measures, conclusion }: Judgement): string {
  const { throughputBitsPerSecond, durationMs, rttMs, data } = measures;
  const pace =
    Number.isNaN(throughputBitsPerSecond) || data.segments === 0
      ? formatCounted(data.packets, 'packets')
      : `${rateText(throughputBitsPerSecond)} over ${timeText(durationMs)}`;
  const rtt = Number.isNaN(rttMs.mean) ? undefined : `RTT ${timeText(rttMs.mean)}`;
  const facts = [pace, rtt, silenceText(measures), lossText(measures)].filter((text) => text !== undefined);
  return `${facts.join('; ')}: ${conclusion}`;
}

/** Takes the mean of neighbours until there are at most `count`. */
function squeeze(rates: readonly number[], count: number): readonly number[] {
  const together = Math.ceil(rates.length / count);
  if (together <= 1) return rates;
  return Array.from({ length: Math.ceil(rates.length / together) }, (_, i) => {
    const some = rates.slice(i * together, (i + 1) * together);
    return some.reduce((sum, rate) => sum + rate, 0) / some.length;
  });
}

/** A block for each interval, `·` for a silent one; neighbours share one where there are more than `columns`. */
export function sparkline(rates: readonly number[], columns: number): string {
  const values = squeeze(rates, columns);
  const most = values.reduce((greatest, value) => Math.max(greatest, value), 0);
  const block = (value: number) => BLOCKS[Math.min(7, Math.floor((value / most) * 8))]!;
  return values.map((value) => (value === 0 ? SILENCE : block(value))).join('');
}
