/**
 * Systematic sampling in the kernel: what the workers of an interface share for it, and attaching the program to a
 * worker's socket. Where the kernel refuses either, the worker samples (selection.ts). The program: ebpf.ts.
 */
import { closeEbpf, createCounterMap, loadSocketFilter, readCounter } from '../../sys/ebpf.ts';
import { doWithout } from '../../sys/kernel-features.ts';
import * as linux from '../../sys/linux-constants.ts';
import type { PacketSocket } from '../../sys/packet-socket.ts';
import type { KernelSelectionOptions, LiveCaptureOptions } from '../live-options.ts';
import { createSelectionProgram } from './ebpf.ts';

/** Entry of the map that counts the packets of all workers; behind it each worker has its own. */
const SEQUENCE_ENTRY = 0;

/** What the workers of one interface share. */
export interface SharedSelection {
  readonly workers: readonly KernelSelectionOptions[];
  close(): void;
}

/** Why the kernel does not sample: its errno, or a reason of ours. */
export type SelectionFault = number | string;

/**
 * Makes what the workers of an interface count with; close it when they have ended.
 * @param options of any of them
 * @returns undefined if the kernel has nothing to sample systematically, or refuses to
 */
export function shareSelection(
  { capture, sampling }: Pick<LiveCaptureOptions, 'capture' | 'sampling'>,
  workers: number,
): SharedSelection | undefined {
  if (capture !== 'ring' || sampling?.method !== 'systematic' || sampling.interval <= 1) return undefined;
  const { descriptor: map, errno } = createCounterMap(1 + workers);
  if (map < 0) {
    doWithout('BPF_FETCH', errno);
    return undefined;
  }
  const phase = Math.floor(Math.random() * sampling.interval);
  return {
    workers: Array.from({ length: workers }, (_, ring) => ({ map, leftOutEntry: 1 + ring, phase })),
    close: () => closeEbpf(map),
  };
}

/**
 * Attaches a program that selects what `filter` lets through.
 * @param filter classic BPF
 * @returns why that cannot be, or undefined; then the socket is as before
 */
export function attachSelection(
  socket: PacketSocket,
  filter: Uint8Array,
  { map, leftOutEntry, phase }: KernelSelectionOptions,
  interval: number,
): SelectionFault | undefined {
  const entries = { map, sequenceEntry: SEQUENCE_ENTRY, leftOutEntry };
  const program = createSelectionProgram(filter, entries, interval, phase);
  if (program === undefined) return 'the filter has instructions that cannot be translated to eBPF';
  const result = loadSocketFilter(program);
  if (result.descriptor < 0) return result.errno;
  const errno = socket.trySet(linux.SOL_SOCKET, linux.SO_ATTACH_BPF, result.descriptor);
  // Attached, it lives as long as the socket.
  closeEbpf(result.descriptor);
  return errno === 0 ? undefined : errno;
}

/** Packets that a worker was not given since the map was made. */
export function leftOutBySelection({ map, leftOutEntry }: KernelSelectionOptions): number {
  return readCounter(map, leftOutEntry);
}
