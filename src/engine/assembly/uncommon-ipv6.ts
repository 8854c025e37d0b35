/**
 * IPv6 of uncommon frames, as decode/ipv6.ts and ipv6-chain.ts have it: extension headers, fragments, cut packets, and any
 * upper-layer protocol. Packets whose length field is 0 are left, unless nothing follows.
 */
import * as layout from '../../records/decoded-words';
import * as extension from '../../records/extension-headers';
import * as notice from '../../records/notice-codes';
import { ACCEPTED, IPV6_TOO_SHORT, IPV6_TRUNCATED, IPV6_VERSION } from '../../records/reason-codes';
import { HEADER_OCTETS_MASK } from '../../records/engine-words';
import * as header from './headers';
import { fourWords } from './octets';
import { field, Frame, halfAt, isCaptured, keyProtocol, LEFT, missingHeader, narrowLayer, note, octetAt, setField, wordAt, writeAlike } from './uncommon-frame';
import { kindOf, transportHeader } from './uncommon-transport';

const HEADERS_MAX: u32 = 10;
const CHAIN_OCTETS_MAX: u32 = 512;
const HEADER_LENGTH: u32 = 1;
const FRAGMENT_OFFSET: u32 = 2;
const FRAGMENT_IDENTIFICATION: u32 = 4;
const FRAGMENT_OCTETS: u32 = 8;
/** Offset, and whether there is more to come. */
const FRAGMENT_MASK: u32 = 0xfff9;

/** An IPv6 packet at `offset`. */
export function uncommonIpv6(): i32 {
  const start = Frame.offset;
  if (!isCaptured(header.IPV6_HEADER_OCTETS)) return missingHeader(header.IPV6_HEADER_OCTETS, IPV6_TOO_SHORT, IPV6_TRUNCATED);
  const first = wordAt(start);
  if (first >>> 28 !== 6) return IPV6_VERSION;
  const lengthWord = wordAt(start + header.IPV6_LENGTH_WORD);
  const nextHeader = (lengthWord >>> 8) & 0xff;
  const payload = lengthWord >>> 16;
  if (payload === 0 && nextHeader !== extension.HEADER_NONE) return LEFT;
  const octets = header.IPV6_HEADER_OCTETS + payload;
  if (start + octets > Frame.wireEnd) note(notice.NOTICE_LENGTH_BEYOND_FRAME);
  narrowLayer(start, octets);
  Frame.ipOffset = start;
  writeAlike(octets, (first >>> 20) & 0xff, lengthWord & 0xff, first & header.FLOW_LABEL_MASK);
  const at = Frame.start + <usize>start;
  v128.store(Frame.to, fourWords(at + header.IPV6_SOURCE), layout.SOURCE_ADDRESS * 4);
  v128.store(Frame.to, fourWords(at + header.IPV6_DESTINATION), layout.DESTINATION_ADDRESS * 4);
  Frame.offset = start + header.IPV6_HEADER_OCTETS;
  const walked = walkHeaderChain(nextHeader);
  // A negative result is a chain that could not be followed: nothing is known of what lies behind that header.
  const protocol = <u32>(walked < 0 ? ~walked : walked);
  setField(layout.KEY_PROTOCOL, keyProtocol(protocol, 6));
  return walked < 0 ? ACCEPTED : transportHeader(protocol);
}

function addExtension(bits: u32): void {
  setField(layout.EXTENSION_HEADERS, field(layout.EXTENSION_HEADERS) | bits);
}

/**
 * Follows the chain of extension headers and leaves `offset` at the upper-layer header.
 * @returns the upper-layer protocol, or the one's complement of the header number at which the chain broke off
 */
function walkHeaderChain(nextHeader: u32): i32 {
  const chainStart = Frame.offset;
  let current = nextHeader;
  for (let count: u32 = 0; ; count++) {
    addExtension(extensionBit(current));
    if (isUpperLayer(current)) break;
    if (current === extension.HEADER_HOP_BY_HOP && count > 0) return breakOff(current, notice.NOTICE_HOP_BY_HOP_MISPLACED);
    if (count === HEADERS_MAX) return breakOff(current, notice.NOTICE_CHAIN_LIMIT);
    const offset = Frame.offset;
    const end = offset + (isCaptured(FRAGMENT_OCTETS) ? extensionOctets(offset, current) : FRAGMENT_OCTETS);
    if (end > Frame.wireEnd) return breakOff(current, notice.NOTICE_CHAIN_MALFORMED);
    if (end > Frame.capturedEnd) return breakOff(current, notice.NOTICE_CHAIN_TRUNCATED);
    if (end - chainStart > CHAIN_OCTETS_MAX) return breakOff(current, notice.NOTICE_CHAIN_LIMIT);
    const next = octetAt(offset);
    Frame.offset = end;
    if (current === extension.HEADER_FRAGMENT && fragmentHeader(offset)) {
      // What follows is the middle of something: `next` is the first fragment's header.
      return isUpperLayer(next) ? <i32>next : ~(<i32>next);
    }
    if (next === extension.HEADER_NONE && current >= <u32>extension.HEADER_MOBILITY) {
      addExtension(extension.EXTENSION_NONE);
      return ~(<i32>current);
    }
    current = next;
  }
  const octets = kindOf(current) & HEADER_OCTETS_MASK;
  if (isFirstFragment() && Frame.offset + octets > Frame.wireEnd) note(notice.NOTICE_FIRST_FRAGMENT_INCOMPLETE);
  return <i32>current;
}

function breakOff(current: u32, why: u32): i32 {
  const isCutByFragment = why === notice.NOTICE_CHAIN_MALFORMED && isFirstFragment();
  note(isCutByFragment ? notice.NOTICE_FIRST_FRAGMENT_INCOMPLETE : why);
  addExtension(extension.EXTENSION_UNKNOWN | extension.EXTENSION_INCOMPLETE);
  return ~(<i32>current);
}

function isFirstFragment(): bool {
  const both = layout.DETAIL_FRAGMENT | layout.DETAIL_LATER_FRAGMENT;
  return (field(layout.DETAIL) & both) === layout.DETAIL_FRAGMENT;
}

/** Reads the fragment header at `offset`. @returns whether this is a later fragment */
function fragmentHeader(offset: u32): bool {
  const value = halfAt(offset + FRAGMENT_OFFSET);
  // A whole packet in one "atomic fragment" (RFC 6946).
  if ((value & FRAGMENT_MASK) === 0) return false;
  setField(layout.FRAGMENT_ID, wordAt(offset + FRAGMENT_IDENTIFICATION));
  if (value >>> 3 === 0) {
    setField(layout.DETAIL, field(layout.DETAIL) | layout.DETAIL_FRAGMENT);
    note(notice.NOTICE_FRAGMENT_FIRST);
    return false;
  }
  setField(layout.DETAIL, field(layout.DETAIL) | layout.DETAIL_FRAGMENT | layout.DETAIL_LATER_FRAGMENT);
  const seen = field(layout.EXTENSION_HEADERS) & ~extension.EXTENSION_FRAGMENT_FIRST;
  setField(layout.EXTENSION_HEADERS, seen | extension.EXTENSION_FRAGMENT_LATER);
  note(notice.NOTICE_FRAGMENT_LATER);
  return true;
}

function extensionOctets(offset: u32, current: u32): u32 {
  // Its second octet is reserved.
  if (current === extension.HEADER_FRAGMENT) return FRAGMENT_OCTETS;
  const length = octetAt(offset + HEADER_LENGTH);
  return current === extension.HEADER_AUTHENTICATION ? (length + 2) << 2 : (length + 1) << 3;
}

function isUpperLayer(current: u32): bool {
  switch (current) {
    case extension.HEADER_HOP_BY_HOP:
    case extension.HEADER_ROUTING:
    case extension.HEADER_FRAGMENT:
    case extension.HEADER_AUTHENTICATION:
    case extension.HEADER_DESTINATION:
    case extension.HEADER_MOBILITY:
    case extension.HEADER_HIP:
    case extension.HEADER_SHIM6:
      return false;
    default:
      return true;
  }
}

/** The bits of a header number, 0 where it has none. */
function extensionBit(current: u32): u32 {
  switch (current) {
    case extension.HEADER_HOP_BY_HOP:
      return extension.EXTENSION_HOP_BY_HOP;
    case extension.HEADER_ROUTING:
      return extension.EXTENSION_ROUTING;
    case extension.HEADER_FRAGMENT:
      return extension.EXTENSION_FRAGMENT_FIRST;
    case extension.HEADER_ESP:
      return extension.EXTENSION_ESP | extension.EXTENSION_UNKNOWN;
    case extension.HEADER_AUTHENTICATION:
      return extension.EXTENSION_AUTHENTICATION;
    case extension.HEADER_DESTINATION:
      return extension.EXTENSION_DESTINATION;
    case extension.HEADER_PAYLOAD_COMPRESSION:
      return extension.EXTENSION_PAYLOAD_COMPRESSION | extension.EXTENSION_UNKNOWN;
    case extension.HEADER_MOBILITY:
      return extension.EXTENSION_MOBILITY;
    case extension.HEADER_HIP:
      return extension.EXTENSION_HIP;
    case extension.HEADER_SHIM6:
      return extension.EXTENSION_SHIM6;
    case extension.HEADER_NONE:
      return extension.EXTENSION_NONE;
    case extension.HEADER_EXPERIMENT_1:
      return extension.EXTENSION_EXPERIMENT_1;
    case extension.HEADER_EXPERIMENT_2:
      return extension.EXTENSION_EXPERIMENT_2;
    default:
      return 0;
  }
}
