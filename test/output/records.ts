/** Flow records for tests of the printed forms, laid out by hand after flow-layout.ts. */
import {
  ADDRESS_A,
  ADDRESS_B,
  ENCAPSULATION_WORD,
  FLOW_FIRST_NS,
  FLOW_LAST_NS,
  FLOW_PORTS,
  FLOW_PROTOCOL,
  FLOW_STATE,
  type FlowRecordBatch,
  FORWARD_DOUBLE,
  FORWARD_WORD,
  OCTETS,
  PACKETS,
  REVERSE_DOUBLE,
  REVERSE_WORD,
  STATE_END_REASON_SHIFT,
  TCP_FLAGS_TOS,
} from '../../src/records/flow-layout.ts';

const STRIDE = ENCAPSULATION_WORD;

export interface TestFlow {
  /** Four words for IPv6, one for IPv4. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly ports?: readonly [number, number];
  readonly protocol: number;
  readonly startNs?: number;
  readonly endNs?: number;
  /** Packets and octets from A to B, then from B to A. */
  readonly counts: readonly [number, number, number, number];
  readonly flags?: readonly [number, number];
  readonly endReason?: number;
}

/** A batch of these flows, with rubbish behind its last record. */
export function recordBatch(flows: readonly TestFlow[], timeBaseSeconds = 1_700_000_000): FlowRecordBatch {
  const words = new Int32Array((flows.length + 1) * STRIDE).fill(0xa5a5);
  const doubles = new Float64Array(words.buffer);
  for (const [i, flow] of flows.entries()) {
    const at = i * STRIDE;
    words.fill(0, at, at + STRIDE);
    words.set(flow.a, at + ADDRESS_A);
    words.set(flow.b, at + ADDRESS_B);
    const [portA, portB] = flow.ports ?? [0, 0];
    words[at + FLOW_PORTS] = (portA << 16) | portB;
    words[at + FLOW_PROTOCOL] = flow.protocol | ((flow.a.length === 4 ? 6 : 4) << 8);
    words[at + FLOW_STATE] = (flow.endReason ?? 1) << STATE_END_REASON_SHIFT;
    doubles[at / 2 + FLOW_FIRST_NS] = flow.startNs ?? 0;
    doubles[at / 2 + FLOW_LAST_NS] = flow.endNs ?? flow.startNs ?? 0;
    const [packetsA, octetsA, packetsB, octetsB] = flow.counts;
    doubles[at / 2 + FORWARD_DOUBLE + PACKETS] = packetsA;
    doubles[at / 2 + FORWARD_DOUBLE + OCTETS] = octetsA;
    doubles[at / 2 + REVERSE_DOUBLE + PACKETS] = packetsB;
    doubles[at / 2 + REVERSE_DOUBLE + OCTETS] = octetsB;
    words[at + FORWARD_WORD + TCP_FLAGS_TOS] = flow.flags?.[0] ?? 0;
    words[at + REVERSE_WORD + TCP_FLAGS_TOS] = flow.flags?.[1] ?? 0;
  }
  return { count: flows.length, stride: STRIDE, words, doubles, timeBaseSeconds, clockNs: 0 };
}
