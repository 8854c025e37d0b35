/**
 * The frame that is decoded by the uncommon path (uncommon.ts): where its decoders are in it, where it ends, and what they
 * have found, as decode/decode-state.ts has it for the general path. Nothing here reads a packet.
 *
 * Offsets count octets from where the frame begins. A decoder starts at `offset` and returns a code of
 * records/reason-codes.ts, or LEFT.
 */
import * as layout from '../../records/decoded-words';
import { CUSTOMER_VLAN_HIGH_SHIFT, CUSTOMER_VLAN_LOW_BITS, CUSTOMER_VLAN_LOW_SHIFT } from '../../records/decoded-words';
import { half, word } from './octets';

/** The frame is left to the general path. */
export const LEFT: i32 = -1;

export class Frame {
  static start: usize = 0;
  static offset: u32 = 0;
  /** First octet behind what was captured of the current layer, and behind that layer on the wire. */
  static capturedEnd: u32 = 0;
  static wireEnd: u32 = 0;
  /** Of the Ethernet header before the packet. */
  static linkOffset: u32 = 0;
  static ipOffset: u32 = 0;
  static etherType: u32 = 0;
  static tags: u32 = 0;
  static vlanId: u32 = 0;
  static customerVlanId: u32 = 0;
  static priority: u32 = 0;
  static session: u32 = 0;
  /** Bit n: notice n (records/notice-codes.ts). */
  static notices: u32 = 0;

  // Settings.
  /** Words UNCOMMON_… of engine-words.ts. */
  static uncommon: usize = 0;
  static udpTunnels: usize = 0;
  /** Index of the interface, and how far the frame is behind what offsets of the record count from. */
  static point: u32 = 0;
  static place: u32 = 0;
  static tosMask: u32 = 0;
  static vlanMask: u32 = 0;
  /** The record. */
  static to: usize = 0;
}

/** Sets the settings that hold for all frames of a call. */
export function useFrames(uncommon: usize, udpTunnels: usize, tosMask: u32, vlanMask: u32): void {
  Frame.uncommon = uncommon;
  Frame.udpTunnels = udpTunnels;
  Frame.tosMask = tosMask;
  Frame.vlanMask = vlanMask;
}

export function note(notice: u32): void {
  Frame.notices |= 1 << notice;
}

/** The reason for a header of `octets` at `offset` that was not captured whole. */
export function missingHeader(octets: u32, tooShort: i32, truncated: i32): i32 {
  return Frame.offset + octets > Frame.wireEnd ? tooShort : truncated;
}

/** Whether `octets` at `offset` were captured. */
export function isCaptured(octets: u32): bool {
  return Frame.offset + octets <= Frame.capturedEnd;
}

/** Limits the current layer to the `octets` from `start` that a length field promises. */
export function narrowLayer(start: u32, octets: u32): void {
  Frame.capturedEnd = min<u32>(Frame.capturedEnd, start + octets);
  Frame.wireEnd = min<u32>(Frame.wireEnd, start + octets);
}

export function octetAt(offset: u32): u32 {
  return <u32>load<u8>(Frame.start + <usize>offset);
}

export function halfAt(offset: u32): u32 {
  return half(Frame.start + <usize>offset);
}

export function wordAt(offset: u32): u32 {
  return word(Frame.start + <usize>offset);
}

export function field(number: usize): u32 {
  return load<u32>(Frame.to + (number << 2));
}

export function setField(number: usize, value: u32): void {
  store<u32>(Frame.to + (number << 2), value);
}

/** The KEY_PROTOCOL word of a packet (decode/key-words.ts). */
export function keyProtocol(protocol: u32, version: u32): u32 {
  const customer = Frame.customerVlanId & Frame.vlanMask;
  return protocol | (version << 8) | ((Frame.vlanId & Frame.vlanMask) << 16) | (customer << CUSTOMER_VLAN_LOW_SHIFT);
}

/** What IPv4 and IPv6 fill in alike. @param tos  or traffic class; `flowLabel`: 0 of IPv4 */
export function writeAlike(octets: u32, tos: u32, ttl: u32, flowLabel: u32): void {
  const customer = Frame.customerVlanId & Frame.vlanMask;
  const point = (Frame.point + 1) | ((tos & Frame.tosMask) << 16);
  setField(layout.IP_OCTETS, octets);
  setField(
    layout.KEY_OBSERVATION_POINT,
    point | ((customer >>> CUSTOMER_VLAN_LOW_BITS) << CUSTOMER_VLAN_HIGH_SHIFT),
  );
  setField(layout.CONTROL_BITS, (ttl << 16) | (tos << 24));
  setField(
    layout.DETAIL,
    (Frame.priority << layout.DETAIL_PRIORITY_SHIFT) | (Frame.session << layout.DETAIL_PPPOE_SHIFT),
  );
  setField(layout.FLOW_LABEL, flowLabel | (customer << 20));
  setField(layout.LINK_OFFSET, Frame.place + Frame.linkOffset);
}
