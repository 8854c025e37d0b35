/**
 * tshark as an independent witness: runs it, reads its fields, and adds its packets up to flows under the accounting
 * rules that flowtap keeps (outermost IP header, IP octets, later fragments to the flow of their first one). Knows
 * nothing of flowtap's code.
 */
import { spawnSync } from 'node:child_process';
import { addToFlows, type FlowTotals } from './flow-totals.ts';

/** The values of each field in one packet, outermost first. */
export type FieldRow = Readonly<Record<string, readonly string[]>>;

const SEPARATOR = '\t';
const AGGREGATOR = '|';
/** Packets as they are: nothing reassembled, no names looked up, no guesses about what a checksum says. */
const PREFERENCES = [
  'ip.defragment:FALSE',
  'ipv6.defragment:FALSE',
  'tcp.desegment_tcp_streams:FALSE',
  'ip.use_geoip:FALSE',
  'ipv6.use_geoip:FALSE',
  'ip.tso_support:FALSE',
];

/**
 * Runs `tshark -T fields` over a capture.
 * @param options.arguments more of tshark's own, such as `['-d', 'udp.port==4789,vxlan']`
 * @throws Error when tshark fails, except for a capture cut short in the middle of a packet, which it reads so far
 */
export function readFields(
  file: string,
  fields: readonly string[],
  options: { arguments?: readonly string[] } = {},
): FieldRow[] {
  const run = spawnSync(
    'tshark',
    [
      ...['-n', '-r', file, '-T', 'fields', '-E', 'occurrence=a'],
      ...['-E', `separator=${SEPARATOR}`, '-E', `aggregator=${AGGREGATOR}`],
      ...PREFERENCES.flatMap((preference) => ['-o', preference]),
      ...(options.arguments ?? []),
      ...fields.flatMap((field) => ['-e', field]),
    ],
    { encoding: 'utf8', maxBuffer: 1 << 30 },
  );
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0 && !/cut short|damaged|corrupt/.test(run.stderr)) {
    throw new Error(`tshark ${file}: exit code ${run.status}: ${run.stderr}`);
  }
  const lines = run.stdout.split('\n');
  lines.pop();
  return lines.map((line) => {
    const cells = line.split(SEPARATOR);
    return Object.fromEntries(fields.map((field, i) => [field, cells[i] ? cells[i].split(AGGREGATOR) : []]));
  });
}

const IPV4 = [
  'ip.src',
  'ip.dst',
  'ip.proto',
  'ip.len',
  'ip.id',
  'ip.frag_offset',
  'ip.flags.mf',
  'ip.hdr_len',
];
const IPV6 = ['ipv6.src', 'ipv6.dst', 'ipv6.nxt', 'ipv6.plen', 'ipv6.opt.jumbo'];
const FRAGMENT6 = ['ipv6.fraghdr.ident', 'ipv6.fraghdr.offset', 'ipv6.fraghdr.more'];
const ICMP = ['icmp.type', 'icmp.code', 'icmpv6.type', 'icmpv6.code', 'igmp.type'];

/** The field with the next header, by the extension header that holds it (its own protocol number). */
const NEXT_OF_EXTENSION: Readonly<Record<number, string>> = {
  0: 'ipv6.hopopts.nxt',
  43: 'ipv6.routing.nxt',
  44: 'ipv6.fraghdr.nxt',
  51: 'ah.next_header',
  60: 'ipv6.dstopts.nxt',
  135: 'mip6.proto',
  140: 'shim6.nxt',
};

/** The fields with ports, by protocol. */
const PORTS_OF_PROTOCOL: Readonly<Record<number, readonly [string, string]>> = {
  6: ['tcp.srcport', 'tcp.dstport'],
  17: ['udp.srcport', 'udp.dstport'],
  33: ['dccp.srcport', 'dccp.dstport'],
  132: ['sctp.srcport', 'sctp.dstport'],
  136: ['udp.srcport', 'udp.dstport'],
};

const FLOW_FIELDS = [
  ...['frame.time_epoch', 'frame.protocols', 'frame.interface_id', 'frame.number', 'vlan.id'],
  ...IPV4,
  ...IPV6,
  ...FRAGMENT6,
  ...ICMP,
  ...Object.values(NEXT_OF_EXTENSION),
  ...new Set(Object.values(PORTS_OF_PROTOCOL).flat()),
  'tcp.flags',
];

/** What tshark says of one packet's outermost IP header and transport. */
export interface WitnessedPacket extends FlowTotals {
  readonly frameNumber: number;
  /** Interface within the capture, from 0. */
  readonly interfaceId: number;
  /** Outer 802.1Q VLAN id, or 0. */
  readonly vlanId: number;
}

/** Nanoseconds of tshark's `frame.time_epoch` (`1763702388.596008687`, before 1970 with a minus sign). */
export function epochNs(text: string): bigint {
  const [, sign, seconds, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (seconds === undefined) throw new RangeError(`frame.time_epoch: found ${text}`);
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
  return sign === '-' ? -ns : ns;
}

function first(row: FieldRow, field: string): string | undefined {
  return row[field]?.[0];
}

/** A number in decimal or 0x notation; `fallback` where the field is absent. */
function number(row: FieldRow, field: string, fallback = 0): number {
  const text = first(row, field);
  return text === undefined || text === '' ? fallback : Number(text);
}

function isTrue(text: string | undefined): boolean {
  return text === '1' || text === 'True';
}

/** The protocol behind the outer IPv6 header's extension headers, each header type's fields taken in order. */
function upperProtocolOf(row: FieldRow): number {
  const taken = new Map<string, number>();
  let protocol = number(row, 'ipv6.nxt', 59);
  for (;;) {
    const field = NEXT_OF_EXTENSION[protocol];
    if (field === undefined) return protocol;
    const index = taken.get(field) ?? 0;
    const next = row[field]?.[index];
    if (next === undefined) return protocol;
    taken.set(field, index + 1);
    protocol = Number(next);
    if (field === 'ipv6.fraghdr.nxt' && number(row, 'ipv6.fraghdr.offset') !== 0) return protocol;
  }
}

interface IpHeader {
  readonly isV6: boolean;
  readonly protocol: number;
  readonly octets: number;
  /** Identification of the packet that this is a fragment of; undefined for a whole packet. */
  readonly fragmentOf: string | undefined;
  readonly isLaterFragment: boolean;
}

function ipHeaderOf(row: FieldRow, isV6: boolean): IpHeader {
  if (isV6) {
    const ident = first(row, 'ipv6.fraghdr.ident');
    const jumbo = number(row, 'ipv6.opt.jumbo');
    const offset = number(row, 'ipv6.fraghdr.offset');
    const isFragment = ident !== undefined && (offset > 0 || isTrue(first(row, 'ipv6.fraghdr.more')));
    return {
      isV6,
      protocol: upperProtocolOf(row),
      octets: 40 + (number(row, 'ipv6.plen') || jumbo),
      fragmentOf: isFragment ? ident : undefined,
      isLaterFragment: offset > 0,
    };
  }
  const offset = number(row, 'ip.frag_offset');
  const isFragment = offset > 0 || isTrue(first(row, 'ip.flags.mf'));
  return {
    isV6,
    protocol: number(row, 'ip.proto'),
    octets: number(row, 'ip.len'),
    fragmentOf: isFragment ? first(row, 'ip.id') : undefined,
    isLaterFragment: offset > 0,
  };
}

type Ports = readonly [sourcePort: number, destinationPort: number];

function portsOf(row: FieldRow, ip: IpHeader): Ports {
  if (ip.isLaterFragment) return [0, 0];
  if (ip.protocol === 1 && !ip.isV6) return [0, number(row, 'icmp.type') * 256 + number(row, 'icmp.code')];
  if (ip.protocol === 58 && ip.isV6)
    return [0, number(row, 'icmpv6.type') * 256 + number(row, 'icmpv6.code')];
  if (ip.protocol === 2 && !ip.isV6) return [0, number(row, 'igmp.type') * 256];
  const fields = PORTS_OF_PROTOCOL[ip.protocol];
  return fields === undefined ? [0, 0] : [number(row, fields[0]), number(row, fields[1])];
}

/** A row with only the innermost value of each field. */
function lastOfEach(row: FieldRow): FieldRow {
  return Object.fromEntries(Object.entries(row).map(([field, values]) => [field, values.slice(-1)]));
}

export interface WitnessOptions {
  /** More of tshark's own. */
  readonly arguments?: readonly string[];
  /** The last IP header of each packet instead of the first, as after looking into every tunnel. */
  readonly innermost?: boolean;
}

/** How long later fragments wait for their first one. */
const FRAGMENT_WAIT_NS = 1_000_000_000n;

function givePorts(packet: WitnessedPacket, [sourcePort, destinationPort]: Ports): void {
  Object.assign(packet, { sourcePort, destinationPort });
}

/** Every packet of a capture that tshark sees an IP header in. */
export function witnessPackets(file: string, options: WitnessOptions = {}): WitnessedPacket[] {
  const packets: WitnessedPacket[] = [];
  const portsOfFragments = new Map<string, Ports>();
  /** Later fragments that came before their first one. */
  const waiting = new Map<string, WitnessedPacket[]>();
  for (const whole of readFields(file, FLOW_FIELDS, options)) {
    const row = options.innermost === true ? lastOfEach(whole) : whole;
    const layers = (first(row, 'frame.protocols') ?? '').split(':');
    if (options.innermost === true) layers.reverse();
    const outer = layers.find((layer) => layer === 'ip' || layer === 'ipv6');
    const prefix = outer === 'ipv6' ? 'ipv6' : 'ip';
    const source = first(row, `${prefix}.src`);
    const destination = first(row, `${prefix}.dst`);
    if (outer === undefined || source === undefined || destination === undefined) continue;
    const ip = ipHeaderOf(row, outer === 'ipv6');
    const ports = portsOf(row, ip);
    const timeNs = epochNs(first(row, 'frame.time_epoch') ?? '0');
    const witnessed: WitnessedPacket = {
      frameNumber: number(row, 'frame.number'),
      interfaceId: number(row, 'frame.interface_id'),
      vlanId: number(row, 'vlan.id'),
      source,
      destination,
      protocol: ip.protocol,
      sourcePort: ports[0],
      destinationPort: ports[1],
      packets: 1,
      octets: ip.octets,
      firstNs: timeNs,
      lastNs: timeNs,
      tcpFlags: ip.protocol === 6 && !ip.isLaterFragment ? number(row, 'tcp.flags') : 0,
    };
    packets.push(witnessed);
    if (ip.fragmentOf === undefined) continue;
    const packet = `${source} ${destination} ${ip.protocol} ${ip.fragmentOf}`;
    if (!ip.isLaterFragment) {
      portsOfFragments.set(packet, ports);
      for (const early of waiting.get(packet) ?? [])
        if (timeNs - early.lastNs <= FRAGMENT_WAIT_NS) givePorts(early, ports);
      waiting.delete(packet);
      continue;
    }
    const known = portsOfFragments.get(packet);
    if (known !== undefined) givePorts(witnessed, known);
    else waiting.set(packet, [...(waiting.get(packet) ?? []), witnessed]);
  }
  return packets;
}

/** tshark's packets of a capture added up to one total for each direction of each 5-tuple. */
export function witnessFlows(file: string, options: WitnessOptions = {}): Map<string, FlowTotals> {
  const flows = new Map<string, FlowTotals>();
  for (const packet of witnessPackets(file, options)) {
    const { frameNumber: _, interfaceId: __, vlanId: ___, ...part } = packet;
    addToFlows(flows, part);
  }
  return flows;
}
