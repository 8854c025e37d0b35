/** A TCP connection with a loss, a retransmission and data both ways, metered with its path health. */
import type { FlowRecordBatch } from '../../../src/records/flow-layout.ts';
import type { FlowHealth } from '../../../src/records/path-health-figures.ts';
import { flowsOf } from '../../metering/path-health/support.ts';
import { handshake, type Segment, segmentCapture } from '../../support/segments.ts';

const data = (ms: number, seq: number): Segment => ({
  ms,
  from: 'client',
  seq,
  ack: 1,
  payload: 1000,
  id: ms,
});
const SEGMENTS: readonly Segment[] = [
  ...handshake(),
  ...[100, 101, 102].map((ms, i) => data(ms, 1 + i * 1000)),
  { ms: 121, from: 'server', seq: 1, ack: 1001 },
  data(140, 1001),
  { ms: 160, from: 'server', seq: 1, ack: 3001, payload: 300 },
  { ms: 6000, from: 'client', seq: 3001, ack: 301, payload: 50 },
];
/** The connection as a flow. */
export async function healthFlow(): Promise<{ record: FlowRecordBatch; health: FlowHealth }> {
  const [flow] = await flowsOf(segmentCapture(SEGMENTS, { client: 7, server: 9 }));
  return { record: flow!.record!, health: flow!.health! };
}
