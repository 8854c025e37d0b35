/** Signatures of applications over UDP, by the documents that define them. The first row that matches counts. */

import {
  begins,
  berContent,
  contains,
  createIndex,
  firstOf,
  isAt,
  littleWord,
  numbersFrom,
  octetsOf,
  type Signature,
} from './signature.ts';
import { doubleWordAt, wordAt } from './text.ts';

const MAGIC_COOKIE = 0x2112_a442;
const DHCP_COOKIE = 0x6382_5363;
const SIP_TARGETS = [' sip:', ' sips:', ' tel:'].map(octetsOf);
const SIP_REPLY = octetsOf('SIP/2.0 ');
const LINE_END = octetsOf('\r\n');
const NTP_OCTETS = 48;
const CAPITALS = numbersFrom(0x41, 0x5a);
/** First octets of RTP's version 2. */
const VERSION_2 = numbersFrom(0x80, 0xbf);

/** STUN (RFC 8489 §5), TURN among it. */
function isStun(octets: Uint8Array, at: number, length: number): boolean {
  return (
    length >= 20 &&
    (octets[at]! & 0xc0) === 0 &&
    doubleWordAt(octets, at + 4) === MAGIC_COOKIE &&
    wordAt(octets, at + 2) % 4 === 0 &&
    wordAt(octets, at + 2) === length - 20
  );
}

/** A request of SIP (RFC 3261 §7.1): a method in capitals, and the target of its line. */
export function isSip(octets: Uint8Array, at: number, length: number): boolean {
  if (isAt(octets, at, length, SIP_REPLY)) return true;
  let from = 0;
  while (from < 12 && from < length && octets[at + from]! >= 0x41 && octets[at + from]! <= 0x5a) from++;
  if (from < 3) return false;
  for (const target of SIP_TARGETS) if (isAt(octets, at + from, length - from, target)) return true;
  return false;
}

/** SNMP (RFC 3412 §6, RFC 1157): a sequence that fills the datagram, and a version. */
function isSnmp(octets: Uint8Array, at: number, length: number): boolean {
  const content = berContent(octets, at, length);
  if (content === 0 || content + 3 > length) return false;
  const version = octets[at + content + 2]!;
  return octets[at + content] === 2 && octets[at + content + 1] === 1 && version <= 3 && version !== 2;
}

/** Compound packets of RTCP (RFC 3550 §6.1) that fill the datagram. */
export function isRtcp(octets: Uint8Array, at: number, length: number): boolean {
  let from = 0;
  while (from + 4 <= length) {
    const type = octets[at + from + 1]!;
    if (octets[at + from]! >>> 6 !== 2 || type < 200 || type > 207) return false;
    from += 4 * (wordAt(octets, at + from + 2) + 1);
  }
  return from === length && length >= 8;
}

/** `<34>1 …` or `<34>Oct …`, with a priority of at most 191 (RFC 5424 §6.2.1). */
function isSyslog(octets: Uint8Array, at: number, length: number): boolean {
  let priority = 0;
  let from = 1;
  for (; from < 5 && from < length && octets[at + from] !== 0x3e; from++) {
    const digit = octets[at + from]! - 0x30;
    if (digit < 0 || digit > 9) return false;
    priority = 10 * priority + digit;
  }
  return from > 1 && from < length && octets[at + from] === 0x3e && priority <= 191;
}

/** IKE (RFC 7296 §3.1): a version, and a length that is the datagram's. */
function isIkeHeader(octets: Uint8Array, at: number, length: number): boolean {
  if (length < 28) return false;
  const version = octets[at + 17]!;
  return (version === 0x10 || version === 0x20) && doubleWordAt(octets, at + 24) === length;
}

function isTftp(octets: Uint8Array, at: number, length: number): boolean {
  if (length < 6 || octets[at] !== 0 || (octets[at + 1] !== 1 && octets[at + 1] !== 2)) return false;
  return octets[at + length - 1] === 0 && octets[at + 2]! >= 0x20;
}

const ROWS: readonly Signature[] = [
  { name: 'stun', isToldLater: true, isOuter: true, matches: isStun },
  {
    name: 'dhcp',
    first: [1, 2],
    matches: (o, at, length) => length >= 240 && doubleWordAt(o, at + 236) === DHCP_COOKIE,
  },
  { name: 'bittorrent', first: firstOf('d'), matches: begins('d1:ad2:id20:', 'd1:rd2:id20:') },
  { name: 'ssdp', first: firstOf('M', 'N'), matches: begins('M-SEARCH * HTTP/1.1', 'NOTIFY * HTTP/1.1') },
  // An answer comes from any port.
  { name: 'ssdp', first: firstOf('H'), matches: begins('HTTP/1.1 200 OK\r\n') },
  { name: 'sip', first: CAPITALS, matches: isSip },
  { name: 'rtcp', first: VERSION_2, isOuter: true, matches: isRtcp },
  {
    name: 'ntp',
    ports: [123],
    matches: (o, at, length) => {
      const version = (o[at]! >>> 3) & 7;
      const mode = o[at]! & 7;
      const isControl = mode >= 6;
      return version >= 1 && version <= 4 && mode >= 1 && (isControl ? length >= 8 : length >= NTP_OCTETS);
    },
  },
  { name: 'snmp', first: [0x30], ports: [161, 162], matches: isSnmp },
  {
    name: 'dhcpv6',
    least: 4,
    ports: [546, 547],
    matches: (o, at, length) => length >= 4 && o[at]! >= 1 && o[at]! <= 13,
  },
  { name: 'tftp', least: 6, first: [0], ports: [69], matches: isTftp },
  { name: 'syslog', least: 4, first: firstOf('<'), ports: [514], matches: isSyslog },
  {
    name: 'radius',
    ports: [1812, 1813, 1645, 1646, 3799],
    matches: (o, at, length) => length >= 20 && wordAt(o, at + 2) === length && o[at]! >= 1 && o[at]! <= 45,
  },
  {
    name: 'coap',
    least: 4,
    ports: [5683],
    matches: (o, at, length) =>
      length >= 4 && o[at]! >>> 6 === 1 && (o[at]! & 0xf) <= 8 && o[at + 1]! >>> 5 <= 5,
  },
  {
    name: 'netflow',
    first: [0],
    ports: [2055, 4739, 9995, 9996],
    matches: (o, at, length) =>
      length >= 16 &&
      (o[at + 1] === 5 || o[at + 1] === 9 || (o[at + 1] === 10 && wordAt(o, at + 2) === length)),
  },
  {
    name: 'sflow',
    first: [0],
    ports: [6343],
    matches: (o, at, length) =>
      length >= 28 &&
      doubleWordAt(o, at) === 5 &&
      (o[at + 7] === 1 || o[at + 7] === 2) &&
      doubleWordAt(o, at + 4) <= 2,
  },
  {
    name: 'gtp',
    ports: [2123, 2152],
    matches: (o, at, length) => {
      const version = o[at]! >>> 5;
      const header = version === 2 ? 4 : 8;
      return length >= 8 && (version === 1 || version === 2) && wordAt(o, at + 2) === length - header;
    },
  },
  {
    name: 'vxlan',
    first: [8],
    ports: [4789, 8472],
    matches: (o, at, length) => length >= 22 && (doubleWordAt(o, at) & 0xffffff) === 0 && o[at + 7] === 0,
  },
  {
    name: 'kerberos',
    ports: [88],
    matches: (o, at, length) => o[at]! >= 0x6a && o[at]! <= 0x7e && berContent(o, at, length) > 0,
  },
  {
    name: 'ldap',
    least: 7,
    first: [0x30],
    ports: [389],
    matches: (o, at, length) =>
      length >= 7 && o[at + berContent(o, at, length)] === 2 && berContent(o, at, length) > 0,
  },
  { name: 'ike', ports: [500], matches: isIkeHeader },
  {
    name: 'ike',
    first: [0],
    ports: [4500],
    matches: (o, at, length) =>
      length >= 32 && doubleWordAt(o, at) === 0 && isIkeHeader(o, at + 4, length - 4),
  },
  {
    name: 'bacnet',
    least: 4,
    first: [0x81],
    ports: [47_808],
    matches: (o, at, length) => length >= 4 && o[at + 1]! <= 12 && wordAt(o, at + 2) === length,
  },
  {
    name: 'ethernet-ip',
    ports: [44_818],
    matches: (o, at, length) => length >= 24 && littleWord(o, at + 2) === length - 24,
  },
  {
    name: 'dnp3',
    first: [5],
    ports: [20_000],
    matches: (o, at, length) => length >= 10 && o[at + 1] === 0x64 && o[at + 2]! >= 5,
  },
  {
    name: 'nfs',
    isToldLater: true,
    // A call of ONC RPC (RFC 5531 §9) for program 100003.
    matches: (o, at, length) =>
      length >= 24 &&
      doubleWordAt(o, at + 4) === 0 &&
      doubleWordAt(o, at + 8) === 2 &&
      doubleWordAt(o, at + 12) === 100_003,
  },
  {
    name: 'memcached',
    ports: [11_211],
    matches: (o, at, length) => length >= 12 && contains(o, at + 8, length - 8, LINE_END, 64),
  },
];

export const DATAGRAM_SIGNATURES = createIndex(ROWS);
