/** Adds up flows, packets and octets of each message, so that they can be counted if the message is not sent. */
import { FORWARD_DOUBLE, OCTETS, PACKETS, REVERSE_DOUBLE } from '../../records/flow-layout.ts';
import { DIRECTION_FORWARD, DIRECTION_REVERSE } from '../contract/row-selection.ts';
import type { MessageArena } from '../transport/message-arena.ts';
import type { ColumnRun } from './columns.ts';

/** @param side of the recordClass that the records are in */
export function addMessageVolumes(run: ColumnRun, side: number, arena: MessageArena): void {
  const { doubles, rows, positions, to } = run;
  const { slotOctets, flowPackets, flowOctets } = arena;
  for (let i = run.from; i < to; ) {
    const slot = (positions[i]! / slotOctets) | 0;
    const end = (slot + 1) * slotOctets;
    let packets = 0;
    let octets = 0;
    // Positions grow within a message, and start again from the front only where slots do.
    for (let last = -1; i < to && positions[i]! < end && positions[i]! > last; i++) {
      last = positions[i]!;
      const entry = rows[i]! >>> 1;
      if (side !== DIRECTION_REVERSE) {
        packets += doubles[entry + FORWARD_DOUBLE + PACKETS]!;
        octets += doubles[entry + FORWARD_DOUBLE + OCTETS]!;
      }
      if (side !== DIRECTION_FORWARD) {
        packets += doubles[entry + REVERSE_DOUBLE + PACKETS]!;
        octets += doubles[entry + REVERSE_DOUBLE + OCTETS]!;
      }
    }
    flowPackets[slot] = flowPackets[slot]! + packets;
    flowOctets[slot] = flowOctets[slot]! + octets;
  }
}
