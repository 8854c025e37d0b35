/**
 * The account of a live probe: what became of every packet that was offered.
 *
 *     offered = refused + unselected + paused + lost + in flow records + still in flow tables
 *
 * All in packets, where a super-packet counts as its segments.
 */
import { sum } from '../base/sum.ts';
import type { LiveState, WorkerState } from './state.ts';

export interface Balance {
  /** Packets that the kernel offered to the rings. */
  readonly offered: number;
  readonly refused: number;
  readonly unselected: number;
  /** Left out while metering was paused. */
  readonly paused: number;
  /** In the ring, in the record queue, with workers that died. */
  readonly lost: number;
  /** In the flow records that the exporting process got. */
  readonly inRecords: number;
  /** The rest: in flow tables while the probe runs, 0 at its end. */
  readonly rest: number;
}

const known = (count: number) => (Number.isNaN(count) ? 0 : count);

function segmentsBeyondFrames({ capture }: WorkerState): number {
  return capture.superPacketSegments - capture.superPackets;
}

/** @returns where the packets of all workers went */
export function balanceOf({ workers }: Pick<LiveState, 'workers'>): Balance {
  const of = (read: (worker: WorkerState) => number) => sum(workers.map(read));
  const offered = of(
    (worker) =>
      worker.capture.packets +
      worker.capture.leftOut +
      segmentsBeyondFrames(worker) +
      known(worker.capture.ringDrops) +
      worker.capture.faults,
  );
  const refused = of(({ outcomes }) =>
    sum(outcomes.filter(({ kind }) => kind !== 'accepted').map(({ packets }) => packets)),
  );
  const unselected = of(({ capture }) => capture.unselected + capture.leftOut);
  const paused = of(({ capture }) => capture.paused);
  const lost = of(({ capture, queue, lost: died }) => {
    return known(capture.ringDrops) + capture.faults + queue.packetsDropped + died.packets;
  });
  const inRecords = of(({ queue }) => queue.packetsTaken);
  return {
    offered,
    refused,
    unselected,
    paused,
    lost,
    inRecords,
    rest: offered - refused - unselected - paused - lost - inRecords,
  };
}
