/**
 * How far the direct records of a capture's window stand in the order of time: looked at ahead of those that are taken,
 * by the engine, each of them once.
 */
import type { Engine } from '../../engine/engine.ts';
import { float64Array } from '../../records/memory.ts';
import { BLOCK_FRAME, useBlocks } from '../direct-blocks.ts';
import type { DirectRecords } from '../source.ts';

const RECORD_HEADER_OCTETS = 16;
/** Records looked at in one go. */
export const SCANNED_AT_ONCE = 1024;
/**
 * Octets of direct records that are moved on with their window, so that they can be looked beyond; less than it has room
 * for.
 */
const KEPT_OCTETS_MAX = 448 * 1024;

/** In a block. */
const BLOCK_LENGTH = 4;
const BLOCK_TIME_HIGH = 12;
const BLOCK_TIME_LOW = 16;

/** Whether all of the record at `at` lies in the window, whatever it is. */
function isWhole({ window, blocks }: DirectRecords, at: number): boolean {
  const { view, end } = window;
  if (blocks !== undefined)
    return at + BLOCK_LENGTH + 4 <= end && at + view.getUint32(at + BLOCK_LENGTH, true) <= end;
  const frame = at + RECORD_HEADER_OCTETS;
  return frame <= end && frame + view.getUint32(at + 8, true) <= end;
}

/** Octets of a record before its frame. */
export function headerOctets({ blocks }: DirectRecords): number {
  return blocks === undefined ? RECORD_HEADER_OCTETS : BLOCK_FRAME;
}

export class DirectScan {
  readonly #engine: Engine;
  readonly #out: Float64Array;
  /** All records of this kind, from the first one not taken to this place in the file, are in order up to `latestNs`. */
  #of: DirectRecords | undefined;
  #to = 0;
  latestNs = Number.NEGATIVE_INFINITY;
  /** Octets that the window is to hold before records are looked at again; 0 where there is no need. */
  wanted = 0;
  /** The records behind which nothing comes any more. */
  lastOf: DirectRecords | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#out = float64Array(engine.allocate, 1);
  }

  /** Forgets what has been seen: it says nothing about what comes. */
  reset(): void {
    this.latestNs = Number.NEGATIVE_INFINITY;
    this.#to = 0;
  }

  /** When the first record was observed that is not taken; NaN where it is not whole. */
  firstNs(direct: DirectRecords, timeBaseSeconds: number): number {
    const { window, unitNs, blocks } = direct;
    const { view, start, end } = window;
    if (start + headerOctets(direct) > end) return Number.NaN;
    if (blocks !== undefined) {
      const high = view.getUint32(start + BLOCK_TIME_HIGH, true) - blocks.baseHigh;
      return (high * 2 ** 32 + view.getUint32(start + BLOCK_TIME_LOW, true) - blocks.baseLow) * unitNs;
    }
    return (view.getUint32(start, true) - timeBaseSeconds) * 1e9 + view.getUint32(start + 4, true) * unitNs;
  }

  /** Where in the window the records end that have been seen; its start if none has been. */
  endOf(direct: DirectRecords): number {
    const { viewOffset, start } = direct.window;
    return this.#of === direct && this.#to > viewOffset + start ? this.#to - viewOffset : start;
  }

  /**
   * Looks further ahead. False if there is none in order.
   * @param latestNs the latest time of what was taken before
   */
  scan(direct: DirectRecords, timeBaseSeconds: number, latestNs: number): boolean {
    const { window, capturedMax, unitNs, blocks } = direct;
    const from = this.endOf(direct);
    const { byteOffset } = window.view;
    const lastNs = latestNs > this.latestNs ? latestNs : this.latestNs;
    const out = this.#out.byteOffset;
    const engine = this.#engine;
    if (blocks !== undefined) useBlocks(engine, unitNs, blocks);
    const to = engine.scanOrder(
      byteOffset,
      from,
      window.end,
      capturedMax,
      timeBaseSeconds,
      unitNs,
      lastNs,
      SCANNED_AT_ONCE,
      out,
      blocks !== undefined,
    );
    if (to === from) return false;
    this.#of = direct;
    this.#to = to + window.viewOffset;
    this.latestNs = this.#out[0]!;
    return true;
  }

  /**
   * Where records have been seen to the end of their window: moves it on, with those that are not taken. False if it is
   * not at hand (`wanted` then), or not to be.
   */
  extend(direct: DirectRecords): boolean {
    const { window } = direct;
    const { view, start, end } = window;
    const seenTo = this.endOf(direct);
    if (this.wanted > 0 || this.lastOf === direct || seenTo === start) return false;
    if (isWhole(direct, seenTo)) return false;
    const wanted = end - start + headerOctets(direct);
    if (wanted > KEPT_OCTETS_MAX || wanted > view.byteLength >> 1) return false;
    if (window.ensureNow(wanted)) return true;
    this.wanted = wanted;
    return false;
  }
}
