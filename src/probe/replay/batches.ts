/**
 * The batches of a replay: what is at hand of its captures, read, counted, decoded, and its keys prepared. Nearly all
 * packets of a direct capture go the direct path (decode/direct-path.ts); the others are read into a packet batch first.
 */

import type { PacketSource, SourceInterface } from '../../capture/source.ts';
import { createDecodeCounters } from '../../decode/counters.ts';
import {
  countAccepted,
  createDecoder,
  type DecodeOptions,
  type Decoder,
  decodeFrames,
} from '../../decode/decoder.ts';
import { DirectPath } from '../../decode/direct-path.ts';
import type { Engine } from '../../engine/engine.ts';
import { createPreparedBatch, KeyPreparer, type PreparedBatch } from '../../metering/key-preparer.ts';
import type { FlowKeyExtension, HashSeeds } from '../../metering/table/flow-key.ts';
import { DIRECT_DOUBLES, DIRECT_KEPT_OCTETS, DIRECT_RECORDS } from '../../records/engine-words.ts';
import { float64Array, int32Array } from '../../records/memory.ts';
import { createPacketBatch, type PacketBatch } from '../../records/packet-batch.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import { countRead, noteTimes, type RunCounters, TIME_BASE_SECONDS } from '../counters.ts';
import { type LearnOthers, OthersDns } from './others-dns.ts';
import { Share } from './share.ts';

export interface ReplayBatchesOptions {
  readonly decode: DecodeOptions;
  readonly flowKey: FlowKeyExtension;
  readonly sections: RecordSections;
  /** Which of how many meters this one is, from 0. */
  readonly worker: number;
  readonly workers: number;
  /** Packets of a batch. */
  readonly capacity: number;
  readonly seeds: HashSeeds;
  /** Whether names are learned from packets that are another meter's; see `learnFromOthers`. */
  readonly learnsFromOthers?: boolean;
  /** Batches that are prepared and not yet metered at a time, the one that is being prepared among them. Default: 1. */
  readonly batchesKept?: number;
}

const INTERFACES_MAX = 65_536;
/** Packets that are read where one of them could not go the direct path, if it was the only one for long. */
const GENERAL_PACKETS = 64;

/** What stands beside the records of a batch that is to give records with these sections. */
export function besides({ encapsulation, health, applications }: RecordSections): {
  encapsulation: boolean;
  offsets: boolean;
} {
  return { encapsulation, offsets: health || applications };
}

export class ReplayBatches {
  #prepared: PreparedBatch;
  readonly #source: PacketSource;
  readonly #engine: Engine;
  readonly #options: ReplayBatchesOptions;
  readonly #counters: RunCounters;
  readonly #onInterfaces: (interfaces: readonly SourceInterface[]) => void;
  readonly #decoder: Decoder;
  readonly #preparer: KeyPreparer;
  readonly #linkTypes: Int32Array;
  readonly #totals: Float64Array;
  readonly #full: PacketBatch;
  readonly #small: PacketBatch;
  readonly #direct: DirectPath | undefined;
  /** Undefined where there is one meter, which gets all packets. */
  readonly #share: Share | undefined;
  #othersDns: OthersDns | undefined;
  /** Packets that went the direct path since one could not. */
  #directInARow = 0;
  /** The batch that was read last, or undefined if its packets went the direct path. */
  #read: PacketBatch | undefined;
  #view: DataView;
  #interfacesKnown = 0;

  /**
   * @param engine in whose memory batches lie
   * @param onInterfaces hears of the capture's interfaces before the first batch that names a new one
   * @param prepared the batch to overwrite, where it is not one of its own; see `use`
   */
  constructor(
    source: PacketSource,
    engine: Engine,
    options: ReplayBatchesOptions,
    counters: RunCounters,
    onInterfaces: (interfaces: readonly SourceInterface[]) => void,
    prepared?: PreparedBatch,
  ) {
    const { capacity, decode, flowKey, sections, seeds, worker, workers } = options;
    this.#source = source;
    this.#engine = engine;
    this.#options = options;
    this.#counters = counters;
    this.#onInterfaces = onInterfaces;
    this.#linkTypes = int32Array(engine.allocate, INTERFACES_MAX);
    this.#totals = float64Array(engine.allocate, DIRECT_DOUBLES);
    this.#full = createPacketBatch(capacity, engine.allocate);
    this.#small = createPacketBatch(Math.min(capacity, GENERAL_PACKETS), engine.allocate);
    this.#view = this.#full.view;
    this.#prepared = prepared ?? createPreparedBatch(capacity, flowKey, engine, besides(sections));
    // Every meter reads and decodes all; what that shows beside the packets that are kept, the first one counts.
    const refused = worker === 0 ? counters.decode : createDecodeCounters();
    this.#decoder = createDecoder(decode, refused, engine);
    this.#preparer = new KeyPreparer(engine, seeds, flowKey, counters.metering, options.batchesKept);
    const { multipliers } = this.#preparer;
    if (workers > 1) this.#share = new Share(engine, capacity, worker, workers);
    // A paced replay looks at each packet's time before it is decoded; and the direct path drops what is another's.
    if (capacity > 1 && options.learnsFromOthers !== true)
      this.#direct = new DirectPath(engine, this.#decoder, this.#prepared, multipliers, { worker, workers });
  }

  /** Puts the packets that are read from now on into this batch. */
  use(prepared: PreparedBatch): void {
    this.#prepared = prepared;
    this.#direct?.use(prepared);
  }

  /** Has packets of DNS looked at that are another meter's, before the batch that they came with is metered. */
  learnFromOthers(learn: LearnOthers): void {
    this.#othersDns = new OthersDns(this.#options.capacity, learn);
  }

  /** The memory that the frames of the last batch lie in. */
  get view(): DataView {
    return this.#view;
  }

  /** When the first packet was observed that was read last; not known where it went the direct path. */
  get timeNs(): number {
    return this.#read?.timeNs[0] ?? Number.NaN;
  }

  /** Reads what is at hand, up to a batch; false if nothing is. `prepare` does the rest. */
  read(): boolean {
    const source = this.#source;
    const isDirect = this.#direct !== undefined && !this.#preparer.isHolding;
    const records = isDirect ? source.directRecords : undefined;
    const taken = records === undefined ? 0 : this.#direct!.takeRecords(records, source.timeBaseSeconds);
    if (records !== undefined && taken > 0) {
      this.#directInARow += taken;
      this.#read = undefined;
      this.#view = records.window.view;
      return true;
    }
    // Where few could be taken, as many are read as can be.
    const batch = this.#directInARow > this.#full.capacity ? this.#small : this.#full;
    this.#directInARow = 0;
    this.#read = batch;
    if (source.readBatch(batch) === 0) return false;
    if (source.interfaces.length !== this.#interfacesKnown) this.#learnInterfaces();
    this.#view = batch.view;
    return true;
  }

  /** Counts what was read, decodes it, and prepares its keys. */
  prepare(): PreparedBatch {
    const prepared = this.#prepared;
    const batch = this.#read;
    if (batch === undefined) {
      const { totals } = this.#direct!;
      this.#count(totals, totals[DIRECT_RECORDS]!);
      countAccepted(this.#counters.decode, prepared.count, totals[DIRECT_KEPT_OCTETS]!);
      this.#preparer.prepareFragments(prepared, this.#view);
      this.#preparer.extend(prepared, this.#view);
      return prepared;
    }
    const { capacity, count, timeNs } = batch;
    this.#engine.countFrames(timeNs.byteOffset, capacity, count, this.#totals.byteOffset);
    this.#count(this.#totals, count);
    const all = decodeFrames(this.#decoder, batch, this.#linkTypes, prepared);
    const octets = this.#share === undefined ? all : this.#keepShare(this.#share, prepared, batch.view);
    countAccepted(this.#counters.decode, prepared.count, octets);
    this.#preparer.prepare(prepared, batch.view);
    return prepared;
  }

  /** @returns octets on the wire of the frames that are kept */
  #keepShare(share: Share, prepared: PreparedBatch, view: DataView): number {
    this.#othersDns?.note(prepared);
    const octets = share.keep(prepared);
    this.#othersDns?.handOn(share.kept, prepared.count, view);
    return octets;
  }

  /** Fragments that wait no longer at `timeNs`, to be metered at once; see KeyPreparer. */
  takeOverdue(timeNs: number): PreparedBatch | undefined {
    return this.#preparer.takeOverdue(timeNs);
  }

  #learnInterfaces(): void {
    const { interfaces } = this.#source;
    for (let i = this.#interfacesKnown; i < interfaces.length; i++) {
      this.#linkTypes[i] = interfaces[i]!.linkType;
    }
    this.#interfacesKnown = interfaces.length;
    this.#counters.capture[TIME_BASE_SECONDS] = this.#source.timeBaseSeconds;
    this.#onInterfaces(interfaces);
  }

  /** Counts what was read. Every meter reads all and needs its times; how much it is the first one tells. */
  #count(totals: Float64Array, count: number): void {
    const { capture } = this.#counters;
    if (this.#options.worker === 0) countRead(capture, totals, count);
    else noteTimes(capture, totals);
  }
}
