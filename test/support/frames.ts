/**
 * Small builders for tests: Ethernet, IPv4, IPv6, UDP and TCP around a payload, and classic pcap files of such frames.
 * Checksums are left 0: flow meters do not look at them. Independent of the code under test.
 */

/** Octets given as numbers, hex text, or ready. */
export type Octets = Uint8Array | readonly number[] | string;

function octetsOf(data: Octets): Uint8Array {
  if (typeof data === 'string') return Uint8Array.from(Buffer.from(data.replace(/\s/g, ''), 'hex'));
  return data instanceof Uint8Array ? data : Uint8Array.from(data);
}

function concat(...parts: Octets[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...octetsOf(part)]));
}

function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}

function ipv4Address(text: string): number[] {
  return text.split('.').map(Number);
}

/** Sixteen octets of an IPv6 address without an embedded IPv4 one. */
function ipv6Address(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after].flatMap(u16);
}

/** An Ethernet II frame around an IPv4 or IPv6 packet (told by its first octet), with VLAN tags if any. */
export function ethernet(
  packet: Octets,
  options: { vlans?: readonly number[]; etherType?: number } = {},
): Uint8Array {
  const body = octetsOf(packet);
  const etherType = options.etherType ?? ((body[0] ?? 0x40) >> 4 === 6 ? 0x86dd : 0x0800);
  const tags = (options.vlans ?? []).flatMap((id) => [0x81, 0x00, ...u16(id)]);
  return concat('02 00 00 00 00 02  02 00 00 00 00 01', tags, u16(etherType), body);
}

export interface Ipv4Options {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly id?: number;
  /** In octets; a multiple of 8. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  readonly ttl?: number;
  readonly tos?: number;
}

/** The packet with the checksum of its IPv4 header, of which there are no options (RFC 1071). */
export function withHeaderChecksum(packet: Uint8Array): Uint8Array {
  let sum = 0;
  for (let at = 0; at < 20; at += 2) if (at !== 10) sum += (packet[at]! << 8) | packet[at + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return Uint8Array.from(packet, (octet, at) =>
    at === 10 || at === 11 ? u16(~sum & 0xffff)[at - 10]! : octet,
  );
}

/** An IPv4 packet without options. */
export function ipv4(options: Ipv4Options, payload: Octets): Uint8Array {
  const body = octetsOf(payload);
  const fragment = ((options.moreFragments === true ? 1 : 0) << 13) | ((options.fragmentOffset ?? 0) >> 3);
  return concat(
    [0x45, options.tos ?? 0, ...u16(20 + body.length), ...u16(options.id ?? 0), ...u16(fragment)],
    [options.ttl ?? 64, options.protocol, 0, 0],
    ipv4Address(options.source),
    ipv4Address(options.destination),
    body,
  );
}

/** An IPv6 packet; `nextHeader` is that of the payload, extension headers included. */
export function ipv6(
  options: { source: string; destination: string; nextHeader: number; hopLimit?: number },
  payload: Octets,
): Uint8Array {
  const body = octetsOf(payload);
  return concat(
    [0x60, 0, 0, 0, ...u16(body.length), options.nextHeader, options.hopLimit ?? 64],
    ipv6Address(options.source),
    ipv6Address(options.destination),
    body,
  );
}

/** A UDP datagram. */
export function udp(sourcePort: number, destinationPort: number, payload: Octets = []): Uint8Array {
  const body = octetsOf(payload);
  return concat(u16(sourcePort), u16(destinationPort), u16(8 + body.length), u16(0), body);
}

/** A TCP segment without options. */
export function tcp(
  sourcePort: number,
  destinationPort: number,
  flags: number,
  payload: Octets = [],
): Uint8Array {
  return concat(
    u16(sourcePort),
    u16(destinationPort),
    u32(1),
    u32(1),
    [0x50, flags],
    u16(65535),
    u32(0),
    payload,
  );
}

/** One record of a capture. */
export interface CapturedFrame {
  readonly frame: Octets;
  /** Since 1970. */
  readonly timeNs: bigint;
  /** Octets on the wire; those stored unless given. */
  readonly wireLength?: number;
}

export interface PcapOptions {
  readonly linkType?: number;
  readonly nanoseconds?: boolean;
  readonly bigEndian?: boolean;
  readonly snapLength?: number;
}

/** A classic pcap file. */
export function pcapFile(frames: readonly CapturedFrame[], options: PcapOptions = {}): Buffer {
  const { linkType = 1, nanoseconds = false, bigEndian = false, snapLength = 262144 } = options;
  const header = Buffer.alloc(24);
  const put = (buffer: Buffer, words: readonly number[]) => {
    words.forEach((word, i) => {
      if (bigEndian) buffer.writeUInt32BE(word, i * 4);
      else buffer.writeUInt32LE(word, i * 4);
    });
  };
  const version = bigEndian ? 0x00020004 : 0x00040002;
  put(header, [nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, version, 0, 0, snapLength, linkType]);
  const records = frames.map(({ frame, timeNs, wireLength }) => {
    const body = octetsOf(frame);
    const record = Buffer.alloc(16);
    const fraction = Number(timeNs % 1_000_000_000n);
    const unitNs = nanoseconds ? 1 : 1000;
    put(record, [
      Number(timeNs / 1_000_000_000n),
      Math.floor(fraction / unitNs),
      body.length,
      wireLength ?? body.length,
    ]);
    return Buffer.concat([record, body]);
  });
  return Buffer.concat([header, ...records]);
}
