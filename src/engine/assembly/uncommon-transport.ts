/** Transport headers of uncommon packets, as decode/transport.ts has them: by its table of kinds. */
import * as layout from '../../records/decoded-words';
import * as kinds from '../../records/engine-words';
import { NOTICE_TRANSPORT_MALFORMED, NOTICE_TRANSPORT_TRUNCATED } from '../../records/notice-codes';
import { ACCEPTED } from '../../records/reason-codes';
import * as header from './headers';
import { isUdpTunnel } from './ip';
import { field, Frame, halfAt, isCaptured, LEFT, note, setField, wordAt } from './uncommon-frame';

const PORTS_OCTETS: u32 = 4;
const TYPE_CODE_OCTETS: u32 = 2;

/** The kind of a protocol's header: HEADER_… of engine-words.ts. */
export function kindOf(protocol: u32): u32 {
  const protocols = <usize>load<u32>(Frame.uncommon, kinds.UNCOMMON_PROTOCOLS * 4);
  return load<u32>(protocols + (<usize>protocol << 2));
}

/** Reads the transport header at `offset` into the record. @returns ACCEPTED or LEFT */
export function transportHeader(protocol: u32): i32 {
  if ((field(layout.DETAIL) & layout.DETAIL_LATER_FRAGMENT) !== 0) return ACCEPTED;
  const kind = kindOf(protocol);
  const octets = kind & kinds.HEADER_OCTETS_MASK;
  switch (kind & kinds.HEADER_KIND_MASK) {
    case 0:
      return ACCEPTED;
    case kinds.HEADER_LEFT:
      return LEFT;
    case kinds.HEADER_TYPE_CODE:
      typeAndCode(octets, 0xffff);
      return ACCEPTED;
    case kinds.HEADER_TYPE:
      typeAndCode(octets, 0xff00);
      return ACCEPTED;
    case kinds.HEADER_TCP:
      ports(octets);
      tcp();
      return ACCEPTED;
    case kinds.HEADER_UDP:
      ports(octets);
      udp();
      return Frame.udpTunnels !== 0 && isUdpTunnel(Frame.udpTunnels, field(layout.PORTS)) ? LEFT : ACCEPTED;
    default:
      ports(octets);
      return ACCEPTED;
  }
}

/** Leaves a notice unless a whole header was captured. */
function noteMissing(octets: u32): void {
  const end = Frame.offset + octets;
  if (end > Frame.wireEnd) note(NOTICE_TRANSPORT_MALFORMED);
  else if (end > Frame.capturedEnd) note(NOTICE_TRANSPORT_TRUNCATED);
}

function ports(octets: u32): void {
  noteMissing(octets);
  if (isCaptured(PORTS_OCTETS)) setField(layout.PORTS, wordAt(Frame.offset));
}

function typeAndCode(octets: u32, mask: u32): void {
  noteMissing(octets);
  if (isCaptured(TYPE_CODE_OCTETS)) setField(layout.PORTS, halfAt(Frame.offset) & mask);
}

function tcp(): void {
  if (!isCaptured(header.TCP_OFFSET_FLAGS + 2)) return;
  const offsetFlags = halfAt(Frame.offset + header.TCP_OFFSET_FLAGS);
  const octets = (offsetFlags >>> 12) << 2;
  setField(layout.CONTROL_BITS, field(layout.CONTROL_BITS) | (offsetFlags & header.TCP_CONTROL_BITS_MASK));
  setField(layout.DETAIL, field(layout.DETAIL) | layout.DETAIL_TCP);
  if (octets < <u32>header.TCP_HEADER_OCTETS || Frame.offset + octets > Frame.wireEnd) note(NOTICE_TRANSPORT_MALFORMED);
}

function udp(): void {
  if (!isCaptured(header.UDP_LENGTH + 2)) return;
  const length = halfAt(Frame.offset + header.UDP_LENGTH);
  const payload = Frame.wireEnd - Frame.offset;
  const isFragment = (field(layout.DETAIL) & layout.DETAIL_FRAGMENT) !== 0;
  const isWrong =
    length < <u32>header.UDP_HEADER_OCTETS
      ? length !== 0 || payload <= 0xffff
      : length > payload && !isFragment;
  if (isWrong) note(NOTICE_TRANSPORT_MALFORMED);
}
