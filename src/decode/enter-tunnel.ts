/**
 * The step from an outer packet into a tunnel: whether it is to be taken, and what is noted of the outer packet.
 * Where tunnels are nested, the encapsulation record holds the innermost one, next to the metered packet.
 */

import {
  DESTINATION_ADDRESS,
  KEY_PROTOCOL,
  OUTER_DESTINATION_ADDRESS,
  OUTER_KIND,
  OUTER_SOURCE_ADDRESS,
  SOURCE_ADDRESS,
  TUNNEL_ID,
} from '../records/decoded-batch.ts';
import type { DecodeState } from './decode-state.ts';
import { NOTICE_TUNNEL_NESTING_LIMIT } from './notices.ts';

/** Whether tunnels of this kind are to be looked into. */
export function isChosen(state: DecodeState, kind: number): boolean {
  return (state.tunnels & (1 << kind)) !== 0;
}

/**
 * Notes the packet just written out as the outer one of what follows.
 * @returns false where this kind is not to be looked into, or tunnels are nested too deep
 */
export function enterTunnel(state: DecodeState, kind: number, tunnelId: number): boolean {
  if (!isChosen(state, kind)) return false;
  if (state.tunnelDepth >= state.tunnelDepthMax) {
    state.notices |= 1 << NOTICE_TUNNEL_NESTING_LIMIT;
    return false;
  }
  state.tunnelDepth++;
  const record = state.record;
  const encapsulation = state.encapsulation;
  encapsulation[OUTER_KIND] = ((record[KEY_PROTOCOL]! >>> 8) & 0xff) | (kind << 8);
  encapsulation[TUNNEL_ID] = tunnelId;
  for (let word = 0; word < 4; word++) {
    encapsulation[OUTER_SOURCE_ADDRESS + word] = record[SOURCE_ADDRESS + word]!;
    encapsulation[OUTER_DESTINATION_ADDRESS + word] = record[DESTINATION_ADDRESS + word]!;
  }
  state.encapsulated = 1;
  return true;
}
