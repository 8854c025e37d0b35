/**
 * The words of the flow key that hold more than one field (records/decoded-words.ts): what stood around the packet goes
 * there as far as it belongs to the key.
 */
import {
  CUSTOMER_VLAN_HIGH_SHIFT,
  CUSTOMER_VLAN_LOW_BITS,
  CUSTOMER_VLAN_LOW_SHIFT,
} from '../records/decoded-batch.ts';
import type { DecodeState } from './decode-state.ts';

/** The KEY_PROTOCOL word of a packet of this protocol and IP version. */
export function keyProtocol(state: DecodeState, protocol: number, version: number): number {
  const { vlanMask } = state;
  const customer = state.customerVlanId & vlanMask;
  return (
    protocol | (version << 8) | ((state.vlanId & vlanMask) << 16) | (customer << CUSTOMER_VLAN_LOW_SHIFT)
  );
}

/** The KEY_OBSERVATION_POINT word of a packet with this ToS, or traffic class. */
export function keyObservationPoint(state: DecodeState, tos: number): number {
  const customer = (state.customerVlanId & state.vlanMask) >>> CUSTOMER_VLAN_LOW_BITS;
  return state.observationPoint | ((tos & state.tosMask) << 16) | (customer << CUSTOMER_VLAN_HIGH_SHIFT);
}
