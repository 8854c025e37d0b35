/**
 * Tells whether two fragments are of one packet. RFC 791 and RFC 8200 §4.5 name the fields. Parts of the flow key count too,
 * since networks that they tell apart may use the same addresses and identifications: VLANs, the interface, the PPPoE
 * session, tunnel and MPLS label.
 */

import type { DecodedBatch } from '../records/decoded-batch.ts';
import * as decoded from '../records/decoded-batch.ts';
import type { FlowKeyExtension, HashSeeds } from './table/flow-key.ts';

/**
 * Words of an identity: both addresses, identification, observation point with the customer VLAN, PPPoE session, tunnel
 * and label. The protocol, which also has VLANs, is compared by `isSameProtocol`.
 */
export const IDENTITY_WORDS = 12;
const ADDRESS_WORDS = 8;
const ID = 8;
const POINT = 9;
const SESSION = 10;
const AROUND = 11;

export interface FragmentKey {
  readonly multipliers: Int32Array;
  /** Bits of KEY_OBSERVATION_POINT that count. */
  readonly pointMask: number;
  readonly tunnel: boolean;
  readonly mpls: boolean;
}

export function createFragmentKey({ multipliers }: HashSeeds, key: FlowKeyExtension): FragmentKey {
  // A router may mark one fragment and not the other (RFC 3168 §5.3).
  const pointMask = multipliers[decoded.HASH_POINT_MASK]! & ~decoded.TOS_MASK;
  return { multipliers, pointMask, tunnel: key.tunnel || key.sharedTunnel === true, mpls: key.mpls };
}

/** Whether the protocol words of two fragments may be of one packet. */
export function isSameProtocol(one: number, other: number): boolean {
  const difference = one ^ other;
  // A later fragment of IPv6 names the header that its first one goes on with, which may be another extension header.
  return ((one >>> 8) & 0xf) === 4 ? difference === 0 : (difference & ~0xff) === 0;
}

/** Writes the identity of record `i` of a batch, whose addresses are as on the wire, to `out` from word `to` on. */
export function writeIdentity(
  out: Int32Array,
  to: number,
  { words, encapsulation }: DecodedBatch,
  i: number,
  { multipliers, pointMask, tunnel, mpls }: FragmentKey,
): void {
  const at = i * decoded.DECODED_WORDS;
  for (let w = 0; w < ADDRESS_WORDS; w++) out[to + w] = words[at + decoded.SOURCE_ADDRESS + w]!;
  out[to + ID] = words[at + decoded.FRAGMENT_ID]!;
  out[to + POINT] = words[at + decoded.KEY_OBSERVATION_POINT]! & pointMask;
  out[to + SESSION] = words[at + decoded.DETAIL]! & decoded.DETAIL_PPPOE_MASK;
  let around = 0;
  if (encapsulation !== undefined) {
    const from = i * decoded.ENCAPSULATION_WORDS;
    // One word for all of it: what is around differs by it as far as a random hash tells.
    if (tunnel) {
      around += Math.imul(encapsulation[from + decoded.TUNNEL_ID]!, multipliers[0]!);
      around += Math.imul(encapsulation[from + decoded.OUTER_KIND]!, multipliers[1]!);
    }
    if (mpls && encapsulation[from + decoded.MPLS_DEPTH]! > 0)
      around += Math.imul((encapsulation[from + decoded.MPLS_STACK]! >>> 12) + 1, multipliers[2]!);
  }
  out[to + AROUND] = around | 0;
}

export function isSameIdentity(one: Int32Array, at: number, other: Int32Array, otherAt: number): boolean {
  for (let w = 0; w < IDENTITY_WORDS; w++) {
    if (one[at + w] !== other[otherAt + w]) return false;
  }
  return true;
}

/** A hash of an identity: 12 bits. */
export function hashOfIdentity(identity: Int32Array, { multipliers: m }: FragmentKey): number {
  let sum = Math.imul(identity[ID]!, m[8]!) + Math.imul(identity[AROUND]!, m[9]!);
  for (let w = 0; w < ADDRESS_WORDS; w++) sum = (sum + Math.imul(identity[w]!, m[w]!)) | 0;
  return Math.imul(sum ^ (sum >>> 15), m[decoded.HASH_FINISH]!) >>> 20;
}
