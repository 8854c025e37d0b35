/**
 * Hash-based packet selection (RFC 5475 §6.2) with the BOB function (appendix A.2; Jenkins 1997), on packets that have
 * been decoded: whatever stands before the IP header that is metered, it is found where the decoder found it.
 *
 * The hash is over the parts that a packet keeps along its path: of IPv4 identification, flags, fragment offset and
 * addresses, of IPv6 payload length and the parts of the addresses that vary most, and the first octets behind the IP
 * header.
 */
import { SELECTOR_INITIAL, SELECTOR_INPUT, SELECTOR_INTERVAL } from '../../records/engine-words';
import * as header from './headers';

/** IP payload that is hashed: IE 327 hashIPPayloadOffset is 0, IE 328 hashIPPayloadSize this. */
const HASHED_PAYLOAD_OCTETS: usize = 8;
const GOLDEN_RATIO: u32 = 0x9e3779b9;

/** The hash's state between its mixing rounds. */
let a: u32 = 0;
let b: u32 = 0;
let c: u32 = 0;

function mix(): void {
  a = (a - b - c) ^ (c >>> 13);
  b = (b - c - a) ^ (a << 8);
  c = (c - a - b) ^ (b >>> 13);
  a = (a - b - c) ^ (c >>> 12);
  b = (b - c - a) ^ (a << 16);
  c = (c - a - b) ^ (b >>> 5);
  a = (a - b - c) ^ (c >>> 3);
  b = (b - c - a) ^ (a << 10);
  c = (c - a - b) ^ (b >>> 15);
}

/** The BOB hash of `octets` octets at `input`. */
export function bobHash(input: usize, octets: u32, initialValue: u32): u32 {
  const end = input + octets;
  let at = input;
  a = GOLDEN_RATIO;
  b = GOLDEN_RATIO;
  c = initialValue;
  for (; end - at >= 12; at += 12) {
    a += load<u32>(at);
    b += load<u32>(at, 4);
    c += load<u32>(at, 8);
    mix();
  }
  c += octets;
  // The last word starts with its second octet: the first is the length's.
  for (let o: u32 = 0; at < end; o++, at++) {
    const octet = <u32>load<u8>(at);
    if (o < 4) a += octet << (8 * o);
    else if (o < 8) b += octet << (8 * (o - 4));
    else c += octet << (8 * (o - 7));
  }
  mix();
  return c;
}

/** Puts what is hashed of the IP packet at `ip`, whose header was captured, at `input`. @returns its octets */
function hashInput(input: usize, ip: usize, end: usize): u32 {
  let to = input;
  let payload = ip + header.IPV6_HEADER_OCTETS;
  if (load<u8>(ip) >>> 4 === 4) {
    // Identification, flags, fragment offset: 4 octets from the fifth; then the addresses.
    store<u32>(to, load<u32>(ip, 4));
    store<u64>(to, load<u64>(ip, header.IPV4_SOURCE), 4);
    to += 12;
    payload = ip + ((<usize>load<u8>(ip) & 0xf) << 2);
  } else {
    store<u16>(to, load<u16>(ip, header.IPV6_LENGTH_WORD));
    to += 2;
    // Octets 10, 11, 14, 15 and 16 of each address, counted from 1 (§6.2.1).
    for (let address = ip + header.IPV6_SOURCE; address <= ip + header.IPV6_DESTINATION; address += 16) {
      store<u16>(to, load<u16>(address, 9));
      store<u16>(to, load<u16>(address, 13), 2);
      store<u8>(to, load<u8>(address, 15), 4);
      to += 5;
    }
  }
  const last = min<usize>(end, payload + HASHED_PAYLOAD_OCTETS);
  for (let from = payload; from < last; from++) store<u8>(to++, load<u8>(from));
  return <u32>(to - input);
}

/**
 * Whether the packet whose IP header stands at `ip` is selected.
 * @param selector  words SELECTOR_… of engine-words.ts
 * @param end  behind what was captured of the packet
 */
export function isSelected(selector: usize, ip: usize, end: usize): bool {
  const input = selector + SELECTOR_INPUT * 4;
  const octets = hashInput(input, ip, end);
  const hash = bobHash(input, octets, load<u32>(selector, SELECTOR_INITIAL * 4));
  return <u64>hash * <u64>load<u32>(selector, SELECTOR_INTERVAL * 4) < 0x1_0000_0000;
}
