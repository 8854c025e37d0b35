/** Writes messages of DNS octet by octet (RFC 1035 §4); knows nothing of flowtap's code. */

const word = (value: number) => [(value >>> 8) & 0xff, value & 0xff];
const doubleWord = (value: number) => [...word(value >>> 16), ...word(value & 0xffff)];

export const TYPE = { A: 1, CNAME: 5, AAAA: 28, HTTPS: 65 } as const;

/** Labels of a name, and the root. */
export function dnsName(text: string): number[] {
  return [...text.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]), 0];
}

export interface DnsRecord {
  readonly owner: string;
  readonly type: number;
  readonly timeToLive: number;
  readonly data: readonly number[];
}

export const a = (owner: string, address: string, timeToLive = 300): DnsRecord => ({
  owner,
  type: TYPE.A,
  timeToLive,
  data: address.split('.').map(Number),
});

/** @param address eight groups of hexadecimal digits */
export const aaaa = (owner: string, address: string, timeToLive = 300): DnsRecord => ({
  owner,
  type: TYPE.AAAA,
  timeToLive,
  data: address.split(':').flatMap((group) => word(Number.parseInt(group, 16))),
});

export const cname = (owner: string, target: string, timeToLive = 300): DnsRecord => ({
  owner,
  type: TYPE.CNAME,
  timeToLive,
  data: dnsName(target),
});

/** With an address hint (RFC 9460 §7.3): priority 1, its own name, ipv4hint. */
export const https = (owner: string, address: string, timeToLive = 300): DnsRecord => ({
  owner,
  type: TYPE.HTTPS,
  timeToLive,
  data: [0, 1, 0, 0, 4, 0, 4, ...address.split('.').map(Number)],
});

export function dnsQuery(id: number, name: string, type: number = TYPE.A): number[] {
  return [...word(id), 1, 0, ...[1, 0, 0, 0].flatMap(word), ...dnsName(name), ...word(type), 0, 1];
}

/** @param flags the header word: 0x8180 is a response that recursion is available for */
export function dnsResponse(
  id: number,
  name: string,
  records: readonly DnsRecord[],
  { type = TYPE.A, flags = 0x8180 }: { type?: number; flags?: number } = {},
): number[] {
  return [
    ...[id, flags, 1, records.length, 0, 0].flatMap(word),
    ...[...dnsName(name), ...word(type), 0, 1],
    ...records.flatMap((record) => [
      ...[...dnsName(record.owner), ...word(record.type), 0, 1],
      ...[...doubleWord(record.timeToLive), ...word(record.data.length), ...record.data],
    ]),
  ];
}

/** As it goes over TCP. */
export const withLength = (message: readonly number[]): number[] => [...word(message.length), ...message];
