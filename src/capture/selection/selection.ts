/**
 * Packet selection in the worker (RFC 5475), before frames are decoded: systematic count-based, every N-th packet (§5.1),
 * where the kernel does not do that (ebpf.ts), and random for sources without the ring; with the ring that is the
 * kernel's (bpf.ts). Hash-based selection reads what was decoded (hash-selection.ts).
 */
import type { LivePacketBatch } from '../live-batch.ts';
import type { SamplingOptions } from '../live-options.ts';

export interface Selector {
  readonly method: SamplingOptions['method'];
  readonly interval: number;
  /** Packets until the next one that is selected. */
  skip: number;
}

/**
 * @param samplesBy methods that have been applied when packets arrive
 * @returns undefined where nothing is to be selected before frames are decoded
 */
export function createSelector(
  sampling: SamplingOptions | undefined,
  samplesBy: readonly SamplingOptions['method'][],
): Selector | undefined {
  if (sampling === undefined || sampling.interval <= 1) return undefined;
  const { interval, method } = sampling;
  if (method === 'hash' || samplesBy.includes(method)) return undefined;
  return { method, interval, skip: Math.floor(Math.random() * interval) };
}

/** Keeps the selected frames of the batch and drops the others, in place and in order. @returns how many it dropped */
export function selectFrames(selector: Selector, batch: LivePacketBatch): number {
  const { count } = batch;
  let kept = 0;
  let superPackets = 0;
  for (let i = 0; i < count; i++) {
    if (!isSelected(selector)) continue;
    if (batch.segmentOctets[i] !== 0) superPackets++;
    if (kept !== i) moveFrame(batch, i, kept);
    kept++;
  }
  batch.count = kept;
  batch.superPackets = superPackets;
  return count - kept;
}

function isSelected(selector: Selector): boolean {
  if (selector.method === 'systematic') return isNext(selector);
  return Math.random() * selector.interval < 1;
}

function isNext(selector: Selector): boolean {
  if (selector.skip-- > 0) return false;
  selector.skip = selector.interval - 1;
  return true;
}

function moveFrame(batch: LivePacketBatch, from: number, to: number): void {
  batch.frameOffset[to] = batch.frameOffset[from]!;
  batch.capturedLength[to] = batch.capturedLength[from]!;
  batch.wireLength[to] = batch.wireLength[from]!;
  batch.timeNs[to] = batch.timeNs[from]!;
  batch.interfaceIndex[to] = batch.interfaceIndex[from]!;
  batch.segmentOctets[to] = batch.segmentOctets[from]!;
  batch.transportOffset[to] = batch.transportOffset[from]!;
  batch.isUdp[to] = batch.isUdp[from]!;
}
