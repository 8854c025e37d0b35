/**
 * What Linux tells of a network interface's losses before a packet reaches any socket: /sys/class/net/NAME/statistics.
 */
import { readFileSync } from 'node:fs';

/**
 * Counters of packets that were lost on the way in. rx_missed_errors: the card had no room; rx_fifo_errors: its buffer
 * overflowed (some drivers count the same packet there, too); rx_dropped: driver or kernel dropped it.
 */
export const LOSS_COUNTERS = ['rx_dropped', 'rx_missed_errors', 'rx_fifo_errors'] as const;
export type LossCounter = (typeof LOSS_COUNTERS)[number];
export type LossCounts = Readonly<Record<LossCounter, number>>;

/** Packets that an interface has received and sent, as its driver counts them. */
export interface TrafficCounts {
  readonly rx_packets: number;
  readonly tx_packets: number;
}

function readCounter(root: string, name: string, counter: LossCounter | keyof TrafficCounts): number {
  try {
    return Number(readFileSync(`${root}/${name}/statistics/${counter}`, 'latin1'));
  } catch {
    return Number.NaN;
  }
}

/**
 * @param root where Linux lists its interfaces
 * @returns counts since the interface came to be; NaN where the system does not tell, or the interface is gone
 */
export function interfaceLosses(name: string, root = '/sys/class/net'): LossCounts {
  return {
    rx_dropped: readCounter(root, name, 'rx_dropped'),
    rx_missed_errors: readCounter(root, name, 'rx_missed_errors'),
    rx_fifo_errors: readCounter(root, name, 'rx_fifo_errors'),
  };
}

/**
 * @param root where Linux lists its interfaces
 * @returns counts since the interface came to be; NaN where the system does not tell, or the interface is gone
 */
export function interfaceTraffic(name: string, root = '/sys/class/net'): TrafficCounts {
  return {
    rx_packets: readCounter(root, name, 'rx_packets'),
    tx_packets: readCounter(root, name, 'tx_packets'),
  };
}
