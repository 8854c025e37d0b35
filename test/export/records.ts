import {
  ADDRESS_A,
  ADDRESS_B,
  ENCAPSULATION_WORD,
  EXTENSION_HEADERS_SEEN,
  FIRST_NS,
  FLOW_OBSERVATION_POINT,
  FLOW_PORTS,
  FLOW_PROTOCOL,
  FLOW_STATE,
  type FlowRecordBatch,
  FORWARD_WORD,
  INGRESS_FORWARD,
  INGRESS_REVERSE,
  LABEL_CUSTOMER_VLAN,
  LAST_NS,
  LAYER2_OCTETS,
  LENGTH_MAX,
  LENGTH_MIN,
  LINK_WORD,
  OCTETS,
  PACKETS,
  REVERSE_WORD,
  STATE_END_REASON_SHIFT,
  TCP_FLAGS_TOS,
  TTL_FRAGMENTS,
} from '../../src/records/flow-layout.ts';
import { recordStride } from '../../src/records/record-sections.ts';

export interface TestDirection {
  readonly packets: number;
  readonly octets: number;
  readonly layer2Octets?: number;
  readonly firstNs: number;
  readonly lastNs: number;
  readonly tcpFlags?: number;
  readonly tos?: number;
  readonly ttl?: readonly [number, number];
  readonly lengths?: readonly [number, number];
  readonly fragments?: number;
  readonly flowLabel?: number;
  readonly customerVlan?: number;
  readonly extensionHeaders?: number;
}

export interface TestFlow {
  /** Four words each; IPv4 has the first alone. */
  readonly source: readonly number[];
  readonly destination: readonly number[];
  readonly ipVersion: 4 | 6;
  readonly protocol: number;
  readonly ports: readonly [number, number];
  readonly vlan?: number;
  readonly observationPoint?: number;
  readonly endReason?: number;
  /** Source and destination, 6 octets each. */
  readonly macs?: readonly [readonly number[], readonly number[]];
  readonly priority?: number;
  readonly encapsulation?: readonly number[];
  readonly forward?: TestDirection;
  readonly reverse?: TestDirection;
}

/** The words of an IPv4 address. */
export function ipv4(text: string): number[] {
  const [a, b, c, d] = text.split('.').map(Number);
  return [(a! << 24) | (b! << 16) | (c! << 8) | d!, 0, 0, 0];
}

/** The words of an IPv6 address whose eight groups are all written out. */
export function ipv6(text: string): number[] {
  const groups = text.split(':').map((group) => Number.parseInt(group, 16));
  return [0, 1, 2, 3].map((w) => (groups[2 * w]! << 16) | groups[2 * w + 1]!);
}

function writeDirection(batch: FlowRecordBatch, line: number, direction: TestDirection): void {
  const { words, doubles } = batch;
  doubles[line / 2 + OCTETS] = direction.octets;
  doubles[line / 2 + PACKETS] = direction.packets;
  doubles[line / 2 + LAYER2_OCTETS] = direction.layer2Octets ?? 0;
  doubles[line / 2 + FIRST_NS] = direction.firstNs;
  doubles[line / 2 + LAST_NS] = direction.lastNs;
  words[line + TCP_FLAGS_TOS] = (direction.tcpFlags ?? 0) | ((direction.tos ?? 0) << 16);
  words[line + LENGTH_MIN] = direction.lengths?.[0] ?? 0;
  words[line + LENGTH_MAX] = direction.lengths?.[1] ?? 0;
  const [least, greatest] = direction.ttl ?? [0, 0];
  words[line + TTL_FRAGMENTS] = least | (greatest << 8) | ((direction.fragments ?? 0) << 16);
  words[line + LABEL_CUSTOMER_VLAN] = (direction.flowLabel ?? 0) | ((direction.customerVlan ?? 0) << 20);
  words[line + EXTENSION_HEADERS_SEEN] = direction.extensionHeaders ?? 0;
}

/** A batch of these flows; its memory is as large as they need. */
export function recordBatch(
  flows: readonly TestFlow[],
  options: {
    timeBaseSeconds?: number;
    clockNs?: number;
    withEncapsulation?: boolean;
    /** With path health, of which nothing was measured. */
    withHealth?: boolean;
    /** With applications, of which nothing is known. */
    withApplications?: boolean;
    /** With names of networks, of which none is known. */
    withNetworks?: boolean;
  } = {},
): FlowRecordBatch {
  const {
    withEncapsulation = false,
    withHealth = false,
    withApplications = false,
    withNetworks = false,
  } = options;
  const stride = recordStride({
    encapsulation: withEncapsulation,
    health: withHealth,
    applications: withApplications,
    networks: withNetworks,
  });
  const buffer = new SharedArrayBuffer(Math.max(1, flows.length) * stride * 4);
  const words = new Int32Array(buffer);
  const doubles = new Float64Array(buffer);
  const batch = {
    count: flows.length,
    stride,
    words,
    doubles,
    timeBaseSeconds: options.timeBaseSeconds ?? 0,
    clockNs: options.clockNs ?? Number.NEGATIVE_INFINITY,
  };
  flows.forEach((flow, i) => {
    const at = i * stride;
    words.set(flow.source, at + ADDRESS_A);
    words.set(flow.destination, at + ADDRESS_B);
    words[at + FLOW_PORTS] = (flow.ports[0] << 16) | flow.ports[1];
    words[at + FLOW_PROTOCOL] = flow.protocol | (flow.ipVersion << 8) | ((flow.vlan ?? 0) << 16);
    words[at + FLOW_OBSERVATION_POINT] = flow.observationPoint ?? 1;
    words[at + INGRESS_FORWARD] = flow.observationPoint ?? 1;
    words[at + INGRESS_REVERSE] = flow.observationPoint ?? 1;
    words[at + FLOW_STATE] = 1 | ((flow.endReason ?? 1) << STATE_END_REASON_SHIFT);
    if (flow.forward) writeDirection(batch, at + FORWARD_WORD, flow.forward);
    if (flow.reverse) writeDirection(batch, at + REVERSE_WORD, flow.reverse);
    const [source, destination] = flow.macs ?? [
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ];
    const link = new DataView(new ArrayBuffer(12));
    [...source, ...destination].forEach((octet, o) => {
      link.setUint8(o, octet);
    });
    for (let w = 0; w < 3; w++) words[at + LINK_WORD + w] = link.getInt32(4 * w);
    const etherType = flow.ipVersion === 4 ? 0x0800 : 0x86dd;
    words[at + LINK_WORD + 3] = (etherType << 16) | (flow.macs ? 1 << 8 : 0) | (flow.priority ?? 0);
    if (stride > ENCAPSULATION_WORD && flow.encapsulation)
      words.set(flow.encapsulation, at + ENCAPSULATION_WORD);
  });
  return batch;
}
