/**
 * Systematic sampling in the kernel: what the workers of an interface share for it, and attaching the program to a
 * worker's socket. Where the kernel refuses either, the worker samples (selection.ts). The program: ebpf.ts.
 */
import {
  closeEbpf,
  createCounterMap,
  type EbpfResult,
  loadSocketFilter,
  readCounter,
} from '../../sys/ebpf.ts';
import * as linux from '../../sys/linux-constants.ts';
import type { PacketSocket } from '../../sys/packet-socket.ts';
import type { KernelSelectionOptions, LiveCaptureOptions } from '../live-options.ts';
import { createSelectionProgram } from './ebpf.ts';

/** Entry of the map that counts the packets of all workers; behind it each worker has its own. */
const SEQUENCE_ENTRY = 0;

/** What an operator can do about a refusal. */
function faultOf(what: string, { errno }: EbpfResult): string {
  if (errno === linux.EPERM || errno === linux.EACCES) {
    return `the kernel refuses ${what}: CAP_BPF is missing (and, under systemd, SystemCallFilter=bpf)`;
  }
  if (errno === linux.EINVAL || errno === linux.ENOSYS)
    return `this kernel does not know ${what}: that takes Linux 5.12 with eBPF`;
  return `the kernel refuses ${what}: error number ${errno}`;
}

/** The message where the kernel does not sample. @param fault of `shareSelection` or `attachSelection` */
export function samplesItself(fault: string): string {
  return `every packet is read, and sampled afterwards, each worker by itself: ${fault}`;
}

/** What the workers of one interface share; `fault` says why there is nothing to share. */
export type SharedSelection =
  | { readonly workers: readonly KernelSelectionOptions[]; readonly fault?: undefined; close(): void }
  | { readonly workers: readonly []; readonly fault: string; close(): void };

/**
 * Makes what the workers of an interface count with; close it when they have ended.
 * @param options of any of them
 * @returns undefined if the kernel has nothing to sample systematically
 */
export function shareSelection(
  { capture, sampling }: Pick<LiveCaptureOptions, 'capture' | 'sampling'>,
  workers: number,
): SharedSelection | undefined {
  if (capture !== 'ring' || sampling?.method !== 'systematic' || sampling.interval <= 1) return undefined;
  const result = createCounterMap(1 + workers);
  const { descriptor: map } = result;
  if (map < 0)
    return { workers: [], fault: faultOf('a map of eBPF to sample with', result), close: () => {} };
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
): string | undefined {
  const entries = { map, sequenceEntry: SEQUENCE_ENTRY, leftOutEntry };
  const program = createSelectionProgram(filter, entries, interval, phase);
  if (program === undefined) return 'the filter has instructions that cannot be translated to eBPF';
  const result = loadSocketFilter(program);
  if (result.descriptor < 0) return faultOf('a program of eBPF to sample with', result);
  const errno = socket.trySet(linux.SOL_SOCKET, linux.SO_ATTACH_BPF, result.descriptor);
  // Attached, it lives as long as the socket.
  closeEbpf(result.descriptor);
  return errno === 0 ? undefined : faultOf('the program of eBPF', { descriptor: -1, errno });
}

/** Packets that a worker was not given since the map was made. */
export function leftOutBySelection({ map, leftOutEntry }: KernelSelectionOptions): number {
  return readCounter(map, leftOutEntry);
}
