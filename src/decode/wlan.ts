/**
 * IEEE 802.11 data frames (IEEE 802.11 §9.2, §9.3.2) behind the headers that drivers put before them: radiotap
 * (https://www.radiotap.org), Prism, AVS and PPI. Frames that are encrypted or aggregated get a reason; radio
 * information is skipped.
 */
import { type DecodeState, LAYER_ETHERNET, LAYER_LLC, leaveOut, missingHeader } from './decode-state.ts';
import {
  LINK_MALFORMED,
  LINK_TOO_SHORT,
  LINK_TRUNCATED,
  UNSUPPORTED_LINK_TYPE,
  WLAN_AGGREGATE,
  WLAN_NOT_DATA,
  WLAN_PROTECTED,
} from './reasons.ts';

// The first octet of the frame control field.
const TYPE_MASK = 0x0c;
const TYPE_DATA = 0x08;
const SUBTYPE_NO_DATA = 0x40;
const SUBTYPE_QOS = 0x80;
// The second one.
const BOTH_SYSTEMS = 0x03; // to and from the distribution system: a fourth address
const PROTECTED = 0x40;
const HT_CONTROL = 0x80;
const FRAME_CONTROL_OCTETS = 2;
const DATA_HEADER_OCTETS = 24; // with three addresses
const ADDRESS_OCTETS = 6;
const QOS_CONTROL_OCTETS = 2;
const HT_CONTROL_OCTETS = 4;
const AGGREGATE = 0x80; // in the QoS control field's first octet

/**
 * An 802.11 frame.
 * @param padded  whether the driver padded the header to a multiple of 4 octets
 */
export function wlanLayer(state: DecodeState, padded: boolean): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + FRAME_CONTROL_OCTETS > state.capturedEnd) {
    return missingHeader(state, FRAME_CONTROL_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const type = view.getUint8(offset);
  const flags = view.getUint8(offset + 1);
  if ((type & TYPE_MASK) !== TYPE_DATA || (type & SUBTYPE_NO_DATA) !== 0) return WLAN_NOT_DATA;
  if ((flags & PROTECTED) !== 0) return WLAN_PROTECTED;
  let octets = DATA_HEADER_OCTETS;
  if ((flags & BOTH_SYSTEMS) === BOTH_SYSTEMS) octets += ADDRESS_OCTETS;
  const qosOffset = offset + octets;
  const qos = (type & SUBTYPE_QOS) !== 0;
  if (qos) octets += QOS_CONTROL_OCTETS;
  if (qos && (flags & HT_CONTROL) !== 0) octets += HT_CONTROL_OCTETS;
  if (padded) octets = (octets + 3) & ~3;
  if (offset + octets > state.capturedEnd) {
    return missingHeader(state, octets, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  if (qos && (view.getUint8(qosOffset) & AGGREGATE) !== 0) return WLAN_AGGREGATE;
  state.offset = offset + octets;
  return LAYER_LLC;
}

const RADIOTAP_OCTETS = 8; // version (u8), pad (u8), length (u16), present (u32); little endian
const RADIOTAP_LENGTH = 2;
const RADIOTAP_PRESENT = 4;
const PRESENT_TSFT = 1 << 0; // u64, aligned to 8
const PRESENT_FLAGS = 1 << 1; // u8
const PRESENT_MORE = 1 << 31; // another word of present bits follows
const RADIOTAP_FLAG_FCS = 0x10;
const RADIOTAP_FLAG_DATA_PAD = 0x20;
/** The frame check sequence, which no length of a frame has. */
const FCS_OCTETS = 4;

/** A radiotap header. Of its fields only the one that tells of padding and frame check sequence matters. */
export function radiotapLayer(state: DecodeState): number {
  const start = state.offset;
  const view = state.view;
  if (start + RADIOTAP_OCTETS > state.capturedEnd) {
    return missingHeader(state, RADIOTAP_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const octets = view.getUint16(start + RADIOTAP_LENGTH, true);
  if (view.getUint8(start) !== 0 || octets < RADIOTAP_OCTETS) return LINK_MALFORMED;
  const end = start + octets;
  if (end > state.capturedEnd) return missingHeader(state, octets, LINK_TOO_SHORT, LINK_TRUNCATED);
  const present = view.getInt32(start + RADIOTAP_PRESENT, true);
  let word = present;
  let field = start + RADIOTAP_OCTETS;
  while ((word & PRESENT_MORE) !== 0 && field + 4 <= end) {
    word = view.getInt32(field, true);
    field += 4;
  }
  if ((present & PRESENT_TSFT) !== 0) field = start + ((field - start + 7) & ~7) + 8;
  const flags = (present & PRESENT_FLAGS) !== 0 && field < end ? view.getUint8(field) : 0;
  state.offset = end;
  leaveOut(state, (flags & RADIOTAP_FLAG_FCS) === 0 ? octets : octets + FCS_OCTETS);
  return wlanLayer(state, (flags & RADIOTAP_FLAG_DATA_PAD) !== 0);
}

const PRISM_OCTETS = 144;
const AVS_MAGIC_MASK = 0xfffff000 | 0;
const AVS_MAGIC = 0x80211000 | 0;
const AVS_LENGTH = 4; // u32
const AVS_OCTETS_MIN = 8;
/** Far more than any version has. */
const AVS_OCTETS_MAX = 512;

/** A Prism header; captures of this link type may hold AVS headers instead, which are told by their magic number. */
export function prismLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + AVS_OCTETS_MIN > state.capturedEnd) {
    return missingHeader(state, AVS_OCTETS_MIN, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  if ((state.view.getInt32(offset) & AVS_MAGIC_MASK) === AVS_MAGIC) return avsLayer(state);
  state.offset = offset + PRISM_OCTETS;
  leaveOut(state, PRISM_OCTETS);
  return wlanLayer(state, false);
}

/** An AVS header. */
export function avsLayer(state: DecodeState): number {
  const offset = state.offset;
  if (offset + AVS_OCTETS_MIN > state.capturedEnd) {
    return missingHeader(state, AVS_OCTETS_MIN, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const octets = state.view.getUint32(offset + AVS_LENGTH);
  if (octets < AVS_OCTETS_MIN || octets > AVS_OCTETS_MAX) return LINK_MALFORMED;
  state.offset = offset + octets;
  leaveOut(state, octets);
  return wlanLayer(state, false);
}

const PPI_OCTETS = 8; // version (u8), flags (u8), length (u16), link type (u32); little endian
const PPI_LENGTH = 2;
const PPI_LINK_TYPE = 4;
const PPI_FIELD_OCTETS = 4; // type (u16), length (u16)
/** The first field of all 802.11 captures: TSFT (u64), flags (u16), … */
const PPI_WLAN_COMMON = 2;
const PPI_WLAN_FLAGS = 8;
const PPI_FLAG_FCS = 0x01;

/** Whether the first of the PPI fields from `start` to `end` says that the frame has its check sequence. */
function ppiHasCheckSequence(state: DecodeState, start: number, end: number): boolean {
  const flags = start + PPI_FIELD_OCTETS + PPI_WLAN_FLAGS;
  if (flags + 2 > end || flags + 2 > state.capturedEnd) return false;
  if (state.view.getUint16(start, true) !== PPI_WLAN_COMMON) return false;
  return (state.view.getUint16(flags, true) & PPI_FLAG_FCS) !== 0;
}

/** A PPI header, which names the link type behind it: 802.11 or Ethernet. */
export function ppiLayer(state: DecodeState): number {
  const offset = state.offset;
  const view = state.view;
  if (offset + PPI_OCTETS > state.capturedEnd) {
    return missingHeader(state, PPI_OCTETS, LINK_TOO_SHORT, LINK_TRUNCATED);
  }
  const octets = view.getUint16(offset + PPI_LENGTH, true);
  if (view.getUint8(offset) !== 0 || octets < PPI_OCTETS) return LINK_MALFORMED;
  state.offset = offset + octets;
  leaveOut(state, octets);
  if (ppiHasCheckSequence(state, offset + PPI_OCTETS, offset + octets)) leaveOut(state, FCS_OCTETS);
  switch (view.getUint32(offset + PPI_LINK_TYPE, true)) {
    case 1:
      return LAYER_ETHERNET;
    case 105:
      return wlanLayer(state, false);
    default:
      return UNSUPPORTED_LINK_TYPE;
  }
}
