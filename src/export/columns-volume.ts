/** Adds up what the records of each message amount to, in case that the message cannot be sent. */
import { FORWARD_DOUBLE, OCTETS, PACKETS, REVERSE_DOUBLE } from '../metering/flow-layout.ts';
import type { ColumnRun } from './columns.ts';
import type { MessageArena } from './message-arena.ts';
import { SIDE_FORWARD, SIDE_REVERSE } from './row-selection.ts';

/** @param side of the lane that the records are in */
export function addMessageVolumes(run: ColumnRun, side: number, arena: MessageArena): void {
  const { doubles, rows, positions, to } = run;
  const { slotOctets, flowPackets, flowOctets } = arena;
  for (let i = run.from; i < to; i++) {
    const slot = (positions[i]! / slotOctets) | 0;
    const entry = rows[i]! >>> 1;
    if (side !== SIDE_REVERSE) {
      flowPackets[slot] = flowPackets[slot]! + doubles[entry + FORWARD_DOUBLE + PACKETS]!;
      flowOctets[slot] = flowOctets[slot]! + doubles[entry + FORWARD_DOUBLE + OCTETS]!;
    }
    if (side !== SIDE_FORWARD) {
      flowPackets[slot] = flowPackets[slot]! + doubles[entry + REVERSE_DOUBLE + PACKETS]!;
      flowOctets[slot] = flowOctets[slot]! + doubles[entry + REVERSE_DOUBLE + OCTETS]!;
    }
  }
}
