/** Writes what a live source counts into the shared counters of its worker. */

import type { LiveCapture } from '../../capture/live/live-capture.ts';
import type { LiveSource } from '../../capture/live/live-source.ts';
import * as run from '../counters.ts';

/** Publishes that a capture is open, before anybody is told of it. */
export function publishOpened(opened: LiveCapture, capture: Float64Array): void {
  capture[run.RING_BLOCKS] = opened.ring.blocks;
  capture[run.INTERFACE_UP] = opened.state() === 'down' ? 0 : 1;
  publishMembers(opened, capture);
}

/** Publishes what a group's ring has counted of each interface: with every batch, as the packets of all are. */
export function publishMembers({ members }: Pick<LiveCapture, 'members'>, capture: Float64Array): void {
  if (members === undefined) return;
  const { states, packets, octets, reopened } = members;
  let up = 0;
  for (let i = 0; i < states.length; i++) {
    const at = run.MEMBERS + i * run.MEMBER_WORDS;
    const state = states[i]!;
    capture[at + run.MEMBER_PACKETS] = packets[i]!;
    capture[at + run.MEMBER_OCTETS] = octets[i]!;
    capture[run.MEMBER_STATES + i] =
      state === 'gone' ? run.MEMBER_GONE : state === 'up' ? run.MEMBER_UP : run.MEMBER_DOWN;
    capture[at + run.MEMBER_REOPENED] = reopened[i]!;
    if (state === 'up') up++;
  }
  capture[run.INTERFACE_UP] = up === states.length ? 1 : 0;
}

/** Publishes what costs a system call or a walk over the blocks: a few times a second. */
export function publishLive(source: LiveSource, capture: Float64Array): void {
  source.updateStatistics();
  const { drops, freezes, leftOut, faults, waits, reopened, isUp } = source.statistics;
  capture[run.RING_DROPS] = drops;
  capture[run.RING_FREEZES] = freezes;
  capture[run.PACKETS_LEFT_OUT] = leftOut;
  capture[run.RING_FAULTS] = faults + (source.capture?.faults ?? 0);
  capture[run.RING_BLOCKS] = source.capture?.ring.blocks ?? 0;
  capture[run.RING_BLOCKS_USED] = source.capture?.blocksUsed() ?? 0;
  capture[run.POLL_WAKEUPS] = waits;
  capture[run.INTERFACE_UP] = isUp ? 1 : 0;
  capture[run.CAPTURE_REOPENED] = reopened;
  if (source.capture !== undefined) publishMembers(source.capture, capture);
  capture[run.WORKER_TURNS]!++;
}
