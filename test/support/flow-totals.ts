/**
 * Flows as plain totals under a text key, the common ground on which flowtap's JSON output, tshark's packets and a
 * collector's records are compared. A key is one direction of one 5-tuple.
 */

/** One direction of a 5-tuple. */
export interface FlowTuple {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly sourcePort: number;
  /** ICMP and ICMPv6: type × 256 + code. */
  readonly destinationPort: number;
}

/** Counts for one key. Times in nanoseconds since 1970. */
export interface FlowTotals extends FlowTuple {
  packets: number;
  /** IP octets. */
  octets: number;
  firstNs: bigint;
  lastNs: bigint;
  /** OR of the TCP flags of all packets. */
  tcpFlags: number;
}

/** An address in one spelling: IPv4 as it is, IPv6 as eight groups of four lower-case hexadecimal digits. */
export function canonicalAddress(text: string): string {
  if (!text.includes(':')) return text;
  const [head = '', tail] = text.toLowerCase().split('%')[0]!.split('::');
  const groups = (part: string): string[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => {
          if (!group.includes('.')) return [group.padStart(4, '0')];
          const hex = group.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
          return [hex[0]! + hex[1]!, hex[2]! + hex[3]!];
        });
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0000');
  return [...before, ...(tail === undefined ? [] : zeros), ...after].join(':');
}

/** The key of a flow: readable, and equal exactly for equal flows. */
export function flowKeyOf(tuple: FlowTuple): string {
  const from = `${canonicalAddress(tuple.source)} ${tuple.sourcePort}`;
  const to = `${canonicalAddress(tuple.destination)} ${tuple.destinationPort}`;
  return `${tuple.protocol} ${from} > ${to}`;
}

/** Adds one packet, or another record of the same flow, to its totals in `flows`. */
export function addToFlows(flows: Map<string, FlowTotals>, part: FlowTotals): void {
  const key = flowKeyOf(part);
  const flow = flows.get(key);
  if (flow === undefined) {
    flows.set(key, { ...part });
    return;
  }
  flow.packets += part.packets;
  flow.octets += part.octets;
  if (part.firstNs < flow.firstNs) flow.firstNs = part.firstNs;
  if (part.lastNs > flow.lastNs) flow.lastNs = part.lastNs;
  flow.tcpFlags |= part.tcpFlags;
}

/** Milliseconds since 1970 of a flow time in JSON: a number, or ISO 8601 text. */
function millisecondsOf(value: unknown): number {
  return typeof value === 'number' ? value : Date.parse(String(value));
}

/**
 * Totals of flowtap's `-o json` output (uniflow, times in milliseconds): records of one flow are added up.
 * @param text one flow a line
 */
export function flowsOfJson(text: string): Map<string, FlowTotals> {
  const flows = new Map<string, FlowTotals>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const record = JSON.parse(line) as Record<string, unknown>;
    addToFlows(flows, {
      source: String(record.sourceIPv4Address ?? record.sourceIPv6Address),
      destination: String(record.destinationIPv4Address ?? record.destinationIPv6Address),
      protocol: Number(record.protocolIdentifier),
      sourcePort: Number(record.sourceTransportPort ?? 0),
      destinationPort: Number(record.destinationTransportPort ?? 0),
      packets: Number(record.packetDeltaCount),
      octets: Number(record.octetDeltaCount),
      firstNs: BigInt(millisecondsOf(record.flowStartMilliseconds)) * 1_000_000n,
      lastNs: BigInt(millisecondsOf(record.flowEndMilliseconds)) * 1_000_000n,
      tcpFlags: Number(record.tcpControlBits ?? 0),
    });
  }
  return flows;
}

/** What of two sets of flows differs, one line for each; empty when they are equal. Times are compared as whole ms. */
export function differencesOf(
  found: ReadonlyMap<string, FlowTotals>,
  expected: ReadonlyMap<string, FlowTotals>,
  options: { times?: boolean; tcpFlags?: boolean } = {},
): string[] {
  const { times = true, tcpFlags = true } = options;
  const differences: string[] = [];
  for (const [key, flow] of found)
    if (!expected.has(key)) differences.push(`${key}: extra, ${flow.packets} packets`);
  for (const [key, want] of expected) {
    const have = found.get(key);
    if (have === undefined) {
      differences.push(`${key}: missing, ${want.packets} packets`);
      continue;
    }
    const compare = (what: string, a: number | bigint, b: number | bigint) => {
      if (a !== b) differences.push(`${key}: ${what}: found ${a}, expected ${b}`);
    };
    compare('packets', have.packets, want.packets);
    compare('octets', have.octets, want.octets);
    if (tcpFlags) compare('tcpControlBits', have.tcpFlags, want.tcpFlags);
    if (times) {
      compare('first ms', have.firstNs / 1_000_000n, want.firstNs / 1_000_000n);
      compare('last ms', have.lastNs / 1_000_000n, want.lastNs / 1_000_000n);
    }
  }
  return differences;
}
