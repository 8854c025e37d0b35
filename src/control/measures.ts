/**
 * What a probe's history and its stream tell, one row each: a number of the state for all interfaces or one of them. Those
 * that count something are told as rates, the others as they are.
 */
import { balanceOf } from '../metrics/balance.ts';
import type { InterfaceState, LiveState, WorkerState } from '../metrics/state.ts';

/** The part of a state that is about one interface, or all of it. */
export interface Scope {
  readonly workers: readonly WorkerState[];
  readonly interfaces: readonly InterfaceState[];
  readonly collectors: LiveState['collectors'];
}

export interface Measure {
  readonly name: string;
  readonly unit: string;
  /** One sentence. */
  readonly help: string;
  /** A count since the start, whose growth in a second is told. */
  readonly isRate: boolean;
  /** Only the probe as a whole has it. */
  readonly isOfAll?: boolean;
  /** Never less than 0. */
  read(scope: Scope): number;
}

const BITS_PER_OCTET = 8;

function sumOf<T>(all: readonly T[], read: (one: T) => number): number {
  return all.reduce((sum, one) => sum + (read(one) || 0), 0);
}

/** Packets that no ring can have seen, as the interfaces count them. */
function lostBefore({ nic, droppedUnseen }: InterfaceState): number {
  const counted = Object.entries(nic).filter(([counter]) => counter !== 'rx_dropped');
  return sumOf(counted, ([, packets]) => packets) + (droppedUnseen || 0);
}

function recordsLost({
  recordsFailed,
  recordsRefused = 0,
  recordsDropped = {},
}: LiveState['collectors'][number]) {
  return recordsFailed + recordsRefused + sumOf(Object.values(recordsDropped), (records) => records);
}

export const MEASURES: readonly Measure[] = [
  {
    name: 'offeredPackets',
    unit: 'packets/s',
    help: 'Packets that the kernel offered, super-packets as their segments.',
    isRate: true,
    read: ({ workers }) => balanceOf({ workers }).offered,
  },
  {
    name: 'offeredBits',
    unit: 'bit/s',
    help: 'Bits of the frames that were read, as long as they were on the wire.',
    isRate: true,
    read: ({ workers }) => sumOf(workers, ({ capture }) => capture.octets * BITS_PER_OCTET),
  },
  {
    name: 'meteredPackets',
    unit: 'packets/s',
    help: 'Packets metered into flows.',
    isRate: true,
    read: ({ workers }) => sumOf(workers, ({ metered }) => metered.packets),
  },
  {
    name: 'lostPackets',
    unit: 'packets/s',
    help: 'Packets lost by the interface, in the ring, in the record queue, or with a worker that died.',
    isRate: true,
    read: ({ workers, interfaces }) => balanceOf({ workers }).lost + sumOf(interfaces, lostBefore),
  },
  {
    name: 'activeFlows',
    unit: 'flows',
    help: 'Flows in the tables at the end of each interval.',
    isRate: false,
    read: ({ workers }) => sumOf(workers, ({ flows }) => flows.active),
  },
  {
    name: 'createdFlows',
    unit: 'flows/s',
    help: 'Flows begun.',
    isRate: true,
    read: ({ workers }) => sumOf(workers, ({ flows }) => flows.created),
  },
  {
    name: 'exportedRecords',
    unit: 'records/s',
    help: 'Flow records sent, of all collectors together.',
    isRate: true,
    isOfAll: true,
    read: ({ collectors }) => sumOf(collectors, ({ dataRecords }) => dataRecords),
  },
  {
    name: 'exportedBits',
    unit: 'bit/s',
    help: 'Bits of the messages sent, of all collectors together.',
    isRate: true,
    isOfAll: true,
    read: ({ collectors }) => sumOf(collectors, ({ octets }) => octets * BITS_PER_OCTET),
  },
  {
    name: 'lostRecords',
    unit: 'records/s',
    help: 'Flow records that did not reach a collector, or for which the record queue had no room.',
    isRate: true,
    isOfAll: true,
    read: ({ workers, collectors }) =>
      sumOf(workers, ({ queue }) => queue.recordsDropped) + sumOf(collectors, recordsLost),
  },
];

/** A measure of all interfaces (`point` undefined) or of one. */
export interface Series {
  readonly measure: Measure;
  readonly point: string | undefined;
}

/** All series of a probe with these observation points, in a fixed order. */
export function seriesOf(points: readonly string[]): readonly Series[] {
  return [undefined, ...points].flatMap((point) =>
    MEASURES.filter(({ isOfAll }) => point === undefined || !isOfAll).map((measure) => ({ measure, point })),
  );
}

/** Reads the state of this moment. @returns a number for each series, in order */
export function readSeries(series: readonly Series[], state: LiveState): Float64Array {
  const scopes = new Map<string | undefined, Scope>([[undefined, state]]);
  for (const { point } of series) {
    if (scopes.has(point)) continue;
    scopes.set(point, {
      workers: state.workers.filter((worker) => worker.interface === point),
      interfaces: state.interfaces.filter(({ name }) => name === point),
      collectors: [],
    });
  }
  return Float64Array.from(series, ({ measure, point }) => measure.read(scopes.get(point)!));
}
