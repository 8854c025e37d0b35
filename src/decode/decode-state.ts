/**
 * What the header decoders share while they work on one frame: where they are, where the frame ends, and what they
 * have found. One object per decoder, reused for every frame. Nothing here reads a packet.
 *
 * A header decoder is a function of this state. It starts at `offset` and returns
 *   - a negative LAYER_ number: the next header starts at `offset` and is of that kind; or
 *   - a code of reasons.ts: ACCEPTED (0), or why there is no packet to meter.
 */
import {
  CAPTURED_END,
  DECODED_WORDS,
  DETAIL,
  DETAIL_ENCAPSULATED,
  DETAIL_PPPOE_SHIFT,
  ENCAPSULATION_WORDS,
  FRAME_OCTETS,
  IP_OFFSET,
  PPPOE_SESSION,
  TRANSPORT_OFFSET,
} from '../records/decoded-batch.ts';
import { type AllocateMemory, allocateOnHeap, uint8Array } from '../records/memory.ts';

export const LAYER_ETHERNET = -1;
/** The payload of `etherType`. */
export const LAYER_ETHER_TYPE = -2;
export const LAYER_LLC = -3;
export const LAYER_MPLS = -4;
export const LAYER_PPPOE = -5;
export const LAYER_PPP = -6;
export const LAYER_IPV4 = -7;
export const LAYER_IPV6 = -8;
/** IP of the version that its first four bits say. */
export const LAYER_IP = -9;

export interface DecodeState {
  // Settings.
  /** Bit k: look into tunnels of kind k (tunnel-kinds.ts). */
  tunnels: number;
  tunnelDepthMax: number;
  /** By UDP port: kind of a tunnel towards this port | kind << 4 of one to or from it. */
  readonly udpTunnels: Uint8Array;
  /** 0xff or 0: what of the ToS octet belongs to the flow key. */
  tosMask: number;
  /** 0xfff or 0: what of the VLAN ids belongs to the flow key. */
  vlanMask: number;
  /** 0xffff or 0: what of the PPPoE session id belongs to the flow key. */
  pppoeMask: number;

  /** LINKTYPE_ number by interface index, of the current batch. */
  linkTypes: Int32Array;

  // The frame. All offsets count octets from the start of `view`.
  view: DataView;
  offset: number;
  /** The innermost IP header so far. */
  ipOffset: number;
  /** First octet behind what was captured of the current layer. */
  capturedEnd: number;
  /** First octet behind the current layer on the wire; at least `capturedEnd`. */
  wireEnd: number;
  frameOctets: number;
  observationPoint: number;

  // Findings on the way.
  etherType: number;
  /** Start of the innermost Ethernet header so far, or -1. */
  linkOffset: number;
  vlanTags: number;
  vlanId: number;
  customerVlanId: number;
  priority: number;
  /** Tunnels looked into. */
  tunnelDepth: number;
  /** Bit n: notice n (reasons.ts). */
  notices: number;
  /** 1 once `encapsulation` holds something of this frame. */
  encapsulated: number;
  /** 1 once a packet of this frame was written out. */
  committed: number;
  /** The work record in the making. */
  readonly record: Int32Array;
  /** The encapsulation record in the making. */
  readonly encapsulation: Int32Array;

  // Where results go.
  /** Octets on the wire of the frames accepted in this batch. */
  acceptedOctets: number;
  outWords: Int32Array;
  outAt: number;
  outEncapsulation: Int32Array | undefined;
  outEncapsulationAt: number;
  outOffsets: Int32Array | undefined;
  outOffsetsAt: number;
}

/** A state without settings, frame and target. @param allocate where its table of ports is to lie */
export function createDecodeState(allocate: AllocateMemory = allocateOnHeap): DecodeState {
  return {
    tunnels: 0,
    tunnelDepthMax: 0,
    udpTunnels: uint8Array(allocate, 65_536),
    tosMask: 0,
    vlanMask: 0,
    pppoeMask: 0,
    linkTypes: new Int32Array(0),
    view: new DataView(new ArrayBuffer(0)),
    offset: 0,
    ipOffset: 0,
    capturedEnd: 0,
    wireEnd: 0,
    frameOctets: 0,
    observationPoint: 0,
    etherType: 0,
    linkOffset: -1,
    vlanTags: 0,
    vlanId: 0,
    customerVlanId: 0,
    priority: 0,
    tunnelDepth: 0,
    notices: 0,
    encapsulated: 0,
    committed: 0,
    record: new Int32Array(DECODED_WORDS),
    encapsulation: new Int32Array(ENCAPSULATION_WORDS),
    acceptedOctets: 0,
    outWords: new Int32Array(0),
    outAt: 0,
    outEncapsulation: undefined,
    outEncapsulationAt: 0,
    outOffsets: undefined,
    outOffsetsAt: 0,
  };
}

/** Frames longer than this are decoded as if they ended here, so that every offset stays a small integer. */
const FRAME_OCTETS_MAX = 0x3fff_ffff;

/**
 * Points the state at a new frame of `view` and forgets the last one.
 * @param start  where the frame starts
 * @param capturedLength  octets of it in `view`
 * @param wireLength  octets it had; a length below `capturedLength` is taken as that
 */
export function startFrame(
  state: DecodeState,
  start: number,
  capturedLength: number,
  wireLength: number,
): void {
  state.offset = start;
  state.capturedEnd = start + capturedLength;
  state.wireEnd = start + Math.max(capturedLength, Math.min(wireLength, FRAME_OCTETS_MAX));
  state.frameOctets = wireLength | 0;
  state.etherType = 0;
  state.linkOffset = -1;
  state.vlanTags = 0;
  state.vlanId = 0;
  state.customerVlanId = 0;
  state.priority = 0;
  state.tunnelDepth = 0;
  state.notices = 0;
  state.committed = 0;
  if (state.encapsulated !== 0) {
    state.encapsulated = 0;
    state.encapsulation.fill(0);
  }
}

/** Writes the record in the making out: it is the answer, unless a packet further inside replaces it. */
export function commitRecord(state: DecodeState): void {
  const record = state.record;
  const words = state.outWords;
  const at = state.outAt;
  record[FRAME_OCTETS] = state.frameOctets;
  if (state.encapsulated !== 0) {
    const session = state.encapsulation[PPPOE_SESSION]! & state.pppoeMask;
    record[DETAIL] = record[DETAIL]! | (session << DETAIL_PPPOE_SHIFT);
  }
  if (state.outEncapsulation !== undefined) {
    if (state.encapsulated !== 0) record[DETAIL] = record[DETAIL]! | DETAIL_ENCAPSULATED;
    state.outEncapsulation.set(state.encapsulation, state.outEncapsulationAt);
  }
  for (let word = 0; word < DECODED_WORDS; word++) words[at + word] = record[word]!;
  const offsets = state.outOffsets;
  if (offsets !== undefined) {
    offsets[state.outOffsetsAt + IP_OFFSET] = state.ipOffset;
    offsets[state.outOffsetsAt + TRANSPORT_OFFSET] = state.offset;
    offsets[state.outOffsetsAt + CAPTURED_END] = state.capturedEnd;
  }
  state.committed = 1;
}

/** Leaves octets out of the frame's length that were not on the wire: what a card, router or system wrote before it. */
export function leaveOut(state: DecodeState, octets: number): void {
  state.frameOctets = state.frameOctets > octets ? state.frameOctets - octets : 0;
}

/**
 * The reason for a header of `octets` at `offset` that was not captured whole.
 * @param tooShort  returned when the frame itself ended before
 * @param truncated  returned when only the capture did
 */
export function missingHeader(
  state: DecodeState,
  octets: number,
  tooShort: number,
  truncated: number,
): number {
  return state.offset + octets > state.wireEnd ? tooShort : truncated;
}

/** Limits the current layer to the `octets` from `start` that a length field promises. */
export function narrowLayer(state: DecodeState, start: number, octets: number): void {
  const end = start + octets;
  if (end < state.capturedEnd) state.capturedEnd = end;
  if (end < state.wireEnd) state.wireEnd = end;
}
