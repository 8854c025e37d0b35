/**
 * The plain case of pcapng, which the engine reads by itself: Enhanced Packet Blocks without options, of an interface
 * that counts whole nanoseconds and keeps no frame check sequence, in the host's byte order. Of other blocks the format's
 * own code takes one at a time.
 */
import type { PacketBatch } from '../../records/packet-batch.ts';
import { ENHANCED_PACKET_BLOCK, useBlocks } from '../direct-blocks.ts';
import type { ByteWindow, DirectBlocks, DirectRecords } from '../source.ts';
import type { CaptureContext } from './capture-format.ts';
import type { SectionInterface } from './pcapng-format.ts';

/** In a block. */
const INTERFACE_ID = 8;
const SEEN_OCTETS = 12;
/** Behind a frame: the length of its block. */
const TRAILING_OCTETS = 4;
/** Blocks that are passed by where the engine could not take one, at most: each time twice as many. */
const PASSED_MAX = 64;

type BlockRecords = DirectRecords & { readonly blocks: DirectBlocks };

export class PcapngDirect {
  readonly #window: ByteWindow;
  readonly #context: CaptureContext;
  /** By interface. */
  readonly #records = new Map<SectionInterface, BlockRecords>();
  /** The records handed out last: some of them may have been taken since. */
  #handed: BlockRecords | undefined;
  /** Blocks to be passed by, and how many after the next one that the engine cannot take. */
  #passing = 0;
  #toPass = 1;

  constructor(window: ByteWindow, context: CaptureContext) {
    this.#window = window;
    this.#context = context;
  }

  /** The blocks of the interface whose block comes next; undefined where the engine cannot read it. */
  recordsOf(interfaces: readonly SectionInterface[]): DirectRecords | undefined {
    const records = this.#nextOf(interfaces);
    if (records !== undefined) this.#handed = records;
    return records;
  }

  /** When the last packet was observed, if the one that the format read was at `ns`. */
  lastTime(ns: number): number {
    const lastNs = this.#handed?.blocks.lastNs ?? Number.NaN;
    if (Number.isNaN(lastNs)) return ns;
    this.#handed!.blocks.lastNs = Number.NaN;
    return lastNs;
  }

  /** Adds the frames of direct blocks to the batch. @returns the time of the last one, or `lastNs` if there is none */
  fill(interfaces: readonly SectionInterface[], batch: PacketBatch, lastNs: number): number {
    if (this.#passing > 0) {
      this.#passing--;
      return lastNs;
    }
    const { engine } = this.#context;
    const records = this.#nextOf(interfaces);
    const { timeNs, capacity, count } = batch;
    if (records === undefined || engine === undefined || timeNs.buffer !== engine.buffer) return lastNs;
    const { view, start, end } = this.#window;
    const { capturedMax, interfaceIndex, blocks } = records;
    useBlocks(engine, records.unitNs, blocks);
    const place = timeNs.byteOffset;
    const now = engine.walkBlocks(
      view.byteOffset,
      start,
      end,
      capturedMax,
      interfaceIndex,
      place,
      capacity,
      count,
    );
    if (now === count) {
      this.#passing = this.#toPass;
      this.#toPass = Math.min(this.#toPass * 2, PASSED_MAX);
      return lastNs;
    }
    this.#toPass = 1;
    batch.count = now;
    this.#window.start =
      batch.frameOffset[now - 1]! + ((batch.capturedLength[now - 1]! + 3) & ~3) + TRAILING_OCTETS;
    return timeNs[now - 1]!;
  }

  #nextOf(interfaces: readonly SectionInterface[]): BlockRecords | undefined {
    const { view, start, end } = this.#window;
    const { engine } = this.#context;
    if (engine === undefined || view.buffer !== engine.buffer || start + SEEN_OCTETS > end) return undefined;
    if (view.getUint32(start, true) !== ENHANCED_PACKET_BLOCK) return undefined;
    const interfaceId = view.getUint32(start + INTERFACE_ID, true);
    const one = interfaces[interfaceId];
    // Its clock has a base once a packet of it has been read.
    if (one === undefined || one.nsPerUnit === 0 || one.checkOctets > 0 || Number.isNaN(one.baseHigh))
      return undefined;
    let records = this.#records.get(one);
    if (records === undefined) {
      const { baseHigh, baseLow, startNs, endNs, capturedMax, linkType, index, nsPerUnit: unitNs } = one;
      const blocks = { interfaceId, baseHigh, baseLow, startNs, endNs, lastNs: Number.NaN };
      records = { window: this.#window, capturedMax, linkType, unitNs, interfaceIndex: index, blocks };
      this.#records.set(one, records);
    }
    return records;
  }
}
