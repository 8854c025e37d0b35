/**
 * The direct path from the direct records of a capture, or the packets of a ring, to prepared keys, in the engine
 * (engine/assembly/direct.ts, ring.ts): what reading, decoding and preparing a batch do one after the other, for each
 * packet at once. It takes what the common and the uncommon path take (engine/assembly/decode.ts, uncommon.ts), and stops at
 * anything else.
 */
import { useBlocks } from '../capture/direct-blocks.ts';
import {
  type BlockWalk,
  type MemberCounts,
  octetsBeforeFrame,
  type PacketTaker,
} from '../capture/ring-block.ts';
import type { TakenRecords } from '../capture/source.ts';
import type { Engine } from '../engine/engine.ts';
import { type DecodedBatch, ENCAPSULATION_WORDS } from '../records/decoded-batch.ts';
import {
  DIRECT_DOUBLES,
  DIRECT_END_NS,
  DIRECT_IS_LATE,
  DIRECT_LAST_NS,
  DIRECT_PLACE,
  DIRECT_RECORDS,
  DIRECT_SEGMENTS,
  DIRECT_SUPER_PACKETS,
  MEMBER_DOUBLES,
  MEMBER_NUMBERS,
  MEMBER_OCTETS_DOUBLE,
  MEMBER_PACKETS_DOUBLE,
} from '../records/engine-words.ts';
import { float64Array } from '../records/memory.ts';
import type { Decoder } from './decoder.ts';
import { udpTunnelsPlace } from './engine-path.ts';
import * as link from './link.ts';
import type { UncommonFrames } from './uncommon-frames.ts';

export class DirectPath implements PacketTaker {
  /** What the last packets taken add up to: DIRECT_… of records/engine-words.ts. */
  readonly totals: Float64Array;
  /** The memory that the frames of the last packets taken lie in. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Counts of the members of a group: MEMBER_… of records/engine-words.ts. */
  readonly #members: Float64Array;
  readonly #memberNumbers: Int32Array;
  readonly #engine: Engine;
  readonly #decoder: Decoder;
  #out: DecodedBatch;
  readonly #multipliers: Int32Array;
  readonly #worker: number;
  readonly #workers: number;
  readonly #selector: number;
  readonly #uncommon: UncommonFrames;

  /**
   * @param engine in whose memory everything lies
   * @param decoder one of that engine
   * @param out overwritten by each call
   * @param multipliers of the flow key's hash
   * @param share worker, workers: which of how many meters gets the packets of records; selector: which packets of a
   *   block are taken (SELECTOR_… of records/engine-words.ts; `out` has offsets then). Default: one meter, all packets
   */
  constructor(
    engine: Engine,
    decoder: Decoder,
    out: DecodedBatch,
    multipliers: Int32Array,
    { worker = 0, workers = 1, selector = 0 } = {},
  ) {
    this.totals = float64Array(engine.allocate, DIRECT_DOUBLES);
    this.#members = float64Array(engine.allocate, MEMBER_DOUBLES);
    this.#memberNumbers = new Int32Array(engine.buffer, this.#members.byteOffset, MEMBER_NUMBERS);
    this.#engine = engine;
    this.#decoder = decoder;
    this.#out = out;
    this.#multipliers = multipliers;
    this.#worker = worker;
    this.#workers = workers;
    this.#selector = selector;
    this.#uncommon = decoder.inEngine!.uncommon;
  }

  /** Overwrites this batch from now on. */
  use(out: DecodedBatch): void {
    this.#out = out;
  }

  /**
   * Takes records until the batch is full, or one is not for it; the batch's `count` says how many of them are its own.
   * Counts what was refused, and notices: `totals` has what else is to be counted.
   * @returns how many it took
   */
  takeRecords(records: TakenRecords, timeBaseSeconds: number): number {
    const { window, order, blocks } = records;
    const { view } = window;
    if (records.linkType !== link.LINKTYPE_ETHERNET || view.buffer !== this.#engine.buffer) return 0;
    const out = this.#out;
    this.view = view;
    const count = this.#take(records, timeBaseSeconds);
    const taken = this.totals[DIRECT_RECORDS]!;
    this.#begin(count);
    if (order !== undefined) {
      if (this.totals[DIRECT_IS_LATE] !== 0) {
        // It may belong before some of those that were taken: they are all taken again, in order.
        order.isLate = true;
        out.count = 0;
        this.#uncommon.forget();
        return 0;
      }
      if (taken > 0) order.latestNs = this.totals[DIRECT_LAST_NS]!;
    }
    if (taken > 0) {
      window.start = this.totals[DIRECT_PLACE]!;
      if (blocks !== undefined) blocks.lastNs = this.totals[DIRECT_END_NS]!;
    }
    this.#uncommon.end(out, this.#decoder.counters);
    return taken;
  }

  /** Records to the batch. @returns how many are in it */
  #take(records: TakenRecords, timeBaseSeconds: number): number {
    const out = this.#out;
    this.#uncommon.begin(out);
    const { window, order, blocks, unitNs } = records;
    const { tosMask, vlanMask } = this.#decoder.state;
    if (blocks !== undefined) useBlocks(this.#engine, unitNs, blocks);
    return this.#engine.takeRecords(
      window.view.byteOffset,
      window.start,
      window.end,
      records.capturedMax,
      timeBaseSeconds,
      unitNs,
      order === undefined ? Number.NaN : order.latestNs,
      order === undefined ? Number.POSITIVE_INFINITY : order.untilNs,
      records.interfaceIndex,
      tosMask,
      vlanMask,
      out.timeNs.byteOffset,
      out.timeNs.length,
      this.#multipliers.byteOffset,
      out.offsets?.byteOffset ?? 0,
      udpTunnelsPlace(this.#decoder.state),
      this.#uncommon.place,
      this.totals.byteOffset,
      this.#worker,
      this.#workers,
      blocks !== undefined,
    );
  }

  /**
   * Takes packets of a block until the batch is full, or one is not for it; the batch's `count` says how many of them are
   * selected. Counts what was refused, notices, and those of the members of a group: `totals` has what else is to be counted.
   * @returns how many it took
   */
  takeBlock(walk: BlockWalk): number {
    const { view, at, end, left, members } = walk;
    if (!walk.isEthernet || view.buffer !== this.#engine.buffer) return 0;
    const out = this.#out;
    const { tosMask, vlanMask } = this.#decoder.state;
    if (members !== undefined) this.#beginMembers(members);
    this.#uncommon.begin(out);
    this.totals[DIRECT_SUPER_PACKETS] = 0;
    this.totals[DIRECT_SEGMENTS] = 0;
    const count = this.#engine.takeRing(
      view.byteOffset,
      at,
      end,
      left,
      octetsBeforeFrame(walk),
      walk.timeBaseSeconds,
      walk.interfaceIndex,
      tosMask,
      vlanMask,
      out.timeNs.byteOffset,
      out.timeNs.length,
      this.#multipliers.byteOffset,
      out.offsets?.byteOffset ?? 0,
      udpTunnelsPlace(this.#decoder.state),
      this.#uncommon.place,
      members === undefined ? 0 : this.#members.byteOffset,
      this.#selector,
      this.totals.byteOffset,
    );
    this.#begin(count);
    this.#uncommon.end(out, this.#decoder.counters);
    const taken = this.totals[DIRECT_RECORDS]!;
    if (taken === 0) return 0;
    if (members !== undefined) this.#addMembers(members);
    this.view = view;
    walk.at = this.totals[DIRECT_PLACE]!;
    walk.left = left - taken;
    return taken;
  }

  /** A batch of packets of which nothing is kept that is around them. */
  #begin(count: number): void {
    const out = this.#out;
    out.count = count;
    out.hasFragments = false;
    out.encapsulation?.fill(0, 0, count * ENCAPSULATION_WORDS);
  }

  #beginMembers({ ifIndexes }: MemberCounts): void {
    this.#members.fill(0);
    this.#memberNumbers.set(ifIndexes);
  }

  #addMembers({ ifIndexes, packets, octets }: MemberCounts): void {
    const counts = this.#members;
    const members = packets.length;
    for (let i = 0; i < ifIndexes.length; i++) {
      const member = i < members ? i : i - members;
      packets[member] = packets[member]! + counts[MEMBER_PACKETS_DOUBLE + i]!;
      octets[member] = octets[member]! + counts[MEMBER_OCTETS_DOUBLE + i]!;
    }
  }
}
