/** IPv4 of uncommon frames, as decode/ipv4.ts has it: options, fragments, cut packets, and any protocol. */
import * as layout from '../../records/decoded-words';
import {
  NOTICE_FRAGMENT_FIRST,
  NOTICE_FRAGMENT_LATER,
  NOTICE_LENGTH_BEYOND_FRAME,
  NOTICE_LENGTH_ZERO,
} from '../../records/notice-codes';
import {
  IPV4_HEADER_LENGTH_LONG,
  IPV4_HEADER_LENGTH_SHORT,
  IPV4_TOO_SHORT,
  IPV4_TOTAL_LENGTH_SHORT,
  IPV4_TRUNCATED,
  IPV4_VERSION,
} from '../../records/reason-codes';
import * as header from './headers';
import { field, Frame, halfAt, isCaptured, keyProtocol, missingHeader, narrowLayer, note, octetAt, setField, wordAt, writeAlike } from './uncommon-frame';
import { transportHeader } from './uncommon-transport';

const IDENTIFICATION: u32 = 4;
const DONT_FRAGMENT: u32 = 0x4000;
const MORE_FRAGMENTS: u32 = 0x2000;
const FRAGMENT_OFFSET_MASK: u32 = 0x1fff;

/** An IPv4 packet at `offset`. */
export function uncommonIpv4(): i32 {
  const start = Frame.offset;
  if (!isCaptured(header.IPV4_HEADER_OCTETS)) return missingHeader(header.IPV4_HEADER_OCTETS, IPV4_TOO_SHORT, IPV4_TRUNCATED);
  const first = wordAt(start);
  if (first >>> 28 !== 4) return IPV4_VERSION;
  const headerOctets = ((first >>> 24) & 0xf) << 2;
  if (headerOctets < <u32>header.IPV4_HEADER_OCTETS) return IPV4_HEADER_LENGTH_SHORT;
  let octets = first & 0xffff;
  if (octets === 0) {
    octets = Frame.wireEnd - start;
    note(NOTICE_LENGTH_ZERO);
  }
  if (octets < <u32>header.IPV4_HEADER_OCTETS) return IPV4_TOTAL_LENGTH_SHORT;
  if (octets < headerOctets) return IPV4_HEADER_LENGTH_LONG;
  if (start + octets > Frame.wireEnd) note(NOTICE_LENGTH_BEYOND_FRAME);
  narrowLayer(start, octets);
  Frame.ipOffset = start;
  const protocol = octetAt(start + header.IPV4_PROTOCOL);
  writeAlike(octets, (first >>> 16) & 0xff, octetAt(start + header.IPV4_TTL), 0);
  setField(layout.SOURCE_ADDRESS, wordAt(start + header.IPV4_SOURCE));
  setField(layout.DESTINATION_ADDRESS, wordAt(start + header.IPV4_DESTINATION));
  setField(layout.KEY_PROTOCOL, keyProtocol(protocol, 4));
  writeFragment(start);
  Frame.offset = start + headerOctets;
  return transportHeader(protocol);
}

/** What the packet at `start` says of fragments. */
function writeFragment(start: u32): void {
  const fragment = halfAt(start + header.IPV4_FRAGMENT);
  let detail = field(layout.DETAIL);
  if ((fragment & DONT_FRAGMENT) !== 0) detail |= layout.DETAIL_DONT_FRAGMENT;
  if ((fragment & (MORE_FRAGMENTS | FRAGMENT_OFFSET_MASK)) !== 0) {
    const isLater = (fragment & FRAGMENT_OFFSET_MASK) !== 0;
    detail |= layout.DETAIL_FRAGMENT | (isLater ? layout.DETAIL_LATER_FRAGMENT : 0);
    setField(layout.FRAGMENT_ID, halfAt(start + IDENTIFICATION));
    note(isLater ? NOTICE_FRAGMENT_LATER : NOTICE_FRAGMENT_FIRST);
  }
  setField(layout.DETAIL, detail);
}
