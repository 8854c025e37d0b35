/** Addresses, ports and flags of flow records as text for people; RFC 5952 for IPv6. */

/** `192.0.2.1`, from one word in host order. */
export function formatIPv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

/** `2001:db8::1` (RFC 5952 §4), from four words at `at`; IPv4-mapped addresses with dots. */
export function formatIPv6(words: Int32Array, at: number): string {
  if (words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff) {
    return `::ffff:${formatIPv4(words[at + 3]!)}`;
  }
  const groups: number[] = [];
  for (let w = 0; w < 4; w++) groups.push(words[at + w]! >>> 16, words[at + w]! & 0xffff);
  // The longest run of two or more zero groups, the first of equals, is left out.
  let runStart = -1;
  let runLength = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > runLength) {
      runStart = start;
      runLength = end - start;
    }
    if (end > start) start = end;
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (runStart < 0) return hex(groups);
  return `${hex(groups.slice(0, runStart))}::${hex(groups.slice(runStart + runLength))}`;
}

const FLAG_LETTERS = 'CEUAPRSF';

/** tcpControlBits as nfdump writes them: `...AP.SF`. */
export function formatTcpFlags(flags: number): string {
  let text = '';
  for (let bit = 7; bit >= 0; bit--) text += (flags >> bit) & 1 ? FLAG_LETTERS[7 - bit] : '.';
  return text;
}

/** Keywords of IANA's protocol numbers that people meet. */
const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  1: 'ICMP',
  2: 'IGMP',
  4: 'IPv4',
  6: 'TCP',
  17: 'UDP',
  33: 'DCCP',
  41: 'IPv6',
  46: 'RSVP',
  47: 'GRE',
  50: 'ESP',
  51: 'AH',
  58: 'ICMPv6',
  88: 'EIGRP',
  89: 'OSPF',
  103: 'PIM',
  112: 'VRRP',
  115: 'L2TP',
  132: 'SCTP',
  136: 'UDPLite',
};

/** Name of a protocol, or its number. */
export function formatProtocol(protocol: number): string {
  return PROTOCOL_NAMES[protocol] ?? String(protocol);
}
