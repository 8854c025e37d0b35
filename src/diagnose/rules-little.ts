/** Rules for what cannot be judged by its rate: too little of it, sampled, nothing but acknowledgements, no TCP. */

import { formatCounted } from '../base/units.ts';
import { shareText, timeText } from '../output/words.ts';
import { PROTOCOL_TCP } from '../records/protocol-numbers.ts';
import type { Finding } from './finding.ts';
import type { Measures } from './measures.ts';

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;

/** Two initial windows of RFC 6928: with fewer segments, slow start alone sets the pace. */
const SEGMENTS_MIN = 20;
/** Slow start needs about as many round trips to get anywhere. */
const ROUND_TRIPS_MIN = 5;
/** Packets with sequence numbers of their own (RFC 8250) that a share of losses can be read from. */
const PACKETS_MIN = 20;
/** Above this share, loss is felt by any use (ITU-T Y.1541 asks for 0.1 % of the most demanding classes). */
const LOST_SHARE_FELT = 0.01;

function unknown(reason: string): Finding {
  return { verdict: 'unknown', conclusion: `unknown, ${reason}`, reasons: [reason] };
}

/** What can be said where no transport acknowledges: something only with RFC 8250 in the packets. */
function withoutTcp({ data, lostShare, rttMs }: Measures): Finding {
  if (Number.isNaN(lostShare))
    return unknown('nothing acknowledges here, so that loss and delay cannot be seen');
  if (data.packets < PACKETS_MIN) return unknown(`only ${formatCounted(data.packets, 'packets')}`);
  const lost = `${shareText(lostShare)} of ${formatCounted(data.packets, 'packets')} lost, by their sequence numbers`;
  if (lostShare > LOST_SHARE_FELT)
    return { verdict: 'unknown', conclusion: `unknown limit, ${shareText(lostShare)} lost`, reasons: [lost] };
  const reasons = Number.isNaN(rttMs.mean) ? [lost] : [lost, `RTT ${timeText(rttMs.mean)}`];
  return { verdict: 'healthy', conclusion: 'healthy', reasons };
}

/** Why there is too little to judge this direction by, or undefined when there is enough. */
export function tooLittle(measures: Measures): Finding | undefined {
  const { flow, data, durationMs, rttMs } = measures;
  if (flow.isSampled) return unknown('packets were sampled: sequence numbers tell nothing');
  if (flow.protocol !== PROTOCOL_TCP) return withoutTcp(measures);
  if (Number.isNaN(data.segments)) return unknown('its segments were not looked into');
  if (data.segments === 0) return unknown('no data in this direction');
  if (data.segments < SEGMENTS_MIN)
    return unknown(`only ${formatCounted(data.segments, 'segments')} of data`);
  if (durationMs < ROUND_TRIPS_MIN * rttMs.min)
    return unknown(`over within ${(durationMs / rttMs.min).toFixed(1)} round trips`);
  return undefined;
}

/** A short connection that did all it was opened for. */
export function completeExchange(measures: Measures): Finding | undefined {
  const { flow, data, durationMs, rttMs } = measures;
  const { forward, reverse } = flow;
  const isWhole = (forward.tcpFlags & reverse.tcpFlags & (SYN | FIN)) === (SYN | FIN);
  const isReset = ((forward.tcpFlags | reverse.tcpFlags) & RST) !== 0;
  if (flow.protocol !== PROTOCOL_TCP || !isWhole || isReset || data.retransmittedPackets !== 0)
    return undefined;
  const isShort = data.segments < SEGMENTS_MIN || durationMs < ROUND_TRIPS_MIN * rttMs.min;
  if (!isShort) return undefined;
  return {
    verdict: 'healthy',
    conclusion: 'healthy, opened, answered and closed in order',
    reasons: [
      `${data.segments === 0 ? 'no data' : `${formatCounted(data.segments, 'segments')} of data`}, nothing retransmitted, FIN from both sides`,
    ],
  };
}
