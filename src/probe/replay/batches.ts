/**
 * The batches of a replay: what is at hand of its captures, read, counted, decoded, and its keys prepared. Nearly all
 * packets of a plain capture go the straight way (decode/plain-path.ts); the others are read into a packet batch first.
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
import { PlainPath } from '../../decode/plain-path.ts';
import type { Engine } from '../../engine/engine.ts';
import { createPreparedBatch, KeyPreparer, type PreparedBatch } from '../../metering/key-preparer.ts';
import type { FlowKeyExtension, HashSeeds } from '../../metering/table/flow-key.ts';
import { createDecodedBatch } from '../../records/decoded-batch.ts';
import { float64Array, int32Array } from '../../records/memory.ts';
import { createPacketBatch, type PacketBatch } from '../../records/packet-batch.ts';
import {
  PLAIN_DOUBLES,
  PLAIN_FIRST_NS,
  PLAIN_LAST_NS,
  PLAIN_OCTETS,
  PLAIN_SNAPPED,
} from '../../records/places.ts';
import {
  FIRST_PACKET_NS,
  LAST_PACKET_NS,
  OCTETS_READ,
  PACKETS_READ,
  PACKETS_SNAPPED,
  type RunCounters,
  TIME_BASE_SECONDS,
} from '../counters.ts';
import { keepShare } from './share.ts';

export interface ReplayBatchesOptions {
  readonly decode: DecodeOptions;
  readonly flowKey: FlowKeyExtension;
  readonly encapsulation: boolean;
  readonly health: boolean;
  /** Which of how many meters this one is, from 0. */
  readonly worker: number;
  readonly workers: number;
  /** Packets of a batch. */
  readonly capacity: number;
  readonly seeds: HashSeeds;
}

const INTERFACES_MAX = 65_536;
/** Packets that are read where one of them could not go the straight way, if it was the only one for long. */
const DETOUR_PACKETS = 64;

export class ReplayBatches {
  readonly prepared: PreparedBatch;
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
  readonly #detour: PacketBatch;
  readonly #plain: PlainPath | undefined;
  /** Packets that went the straight way since one could not. */
  #straight = 0;
  /** The batch that was read last, or undefined if its packets went the straight way. */
  #read: PacketBatch | undefined;
  #view: DataView;
  #interfacesKnown = 0;

  /**
   * @param engine in whose memory batches lie
   * @param onInterfaces hears of the capture's interfaces before the first batch that names a new one
   */
  constructor(
    source: PacketSource,
    engine: Engine,
    options: ReplayBatchesOptions,
    counters: RunCounters,
    onInterfaces: (interfaces: readonly SourceInterface[]) => void,
  ) {
    const { capacity, decode, encapsulation, flowKey, health, seeds, worker, workers } = options;
    this.#source = source;
    this.#engine = engine;
    this.#options = options;
    this.#counters = counters;
    this.#onInterfaces = onInterfaces;
    this.#linkTypes = int32Array(engine.allocate, INTERFACES_MAX);
    this.#totals = float64Array(engine.allocate, PLAIN_DOUBLES);
    this.#full = createPacketBatch(capacity, engine.allocate);
    this.#detour = createPacketBatch(Math.min(capacity, DETOUR_PACKETS), engine.allocate);
    this.#view = this.#full.view;
    const decoded = createDecodedBatch(capacity, encapsulation, health, engine.allocate);
    this.prepared = createPreparedBatch(decoded, capacity, flowKey, engine);
    // Every meter reads and decodes all; what that shows beside the packets that are kept, the first one counts.
    const refused = worker === 0 ? counters.decode : createDecodeCounters();
    this.#decoder = createDecoder(decode, refused, engine);
    this.#preparer = new KeyPreparer(engine, seeds, flowKey, counters.metering);
    const { multipliers } = this.#preparer;
    // A paced replay looks at each packet's time before it is decoded, and a share of the packets is chosen once they are decoded.
    const isWhole = workers === 1 && capacity > 1 && this.prepared.keyExtensions.length === 0;
    if (isWhole && PlainPath.isFor(this.#decoder, decoded))
      this.#plain = new PlainPath(engine, this.#decoder, this.prepared, multipliers);
  }

  /** The memory that the frames of the last batch lie in. */
  get view(): DataView {
    return this.#view;
  }

  /** When the first packet was observed that was read last; not known where it went the straight way. */
  get timeNs(): number {
    return this.#read?.timeNs[0] ?? Number.NaN;
  }

  /** Reads what is at hand, up to a batch; false if nothing is. `prepare` does the rest. */
  read(): boolean {
    const source = this.#source;
    const records = this.#plain === undefined ? undefined : source.plainRecords;
    if (records !== undefined && this.#plain!.take(records, source.timeBaseSeconds) > 0) {
      this.#straight += this.prepared.count;
      this.#read = undefined;
      this.#view = records.window.view;
      return true;
    }
    // Where few could be taken, as many are read as can be.
    const batch = this.#straight > this.#full.capacity ? this.#detour : this.#full;
    this.#straight = 0;
    this.#read = batch;
    if (source.readBatch(batch) === 0) return false;
    if (source.interfaces.length !== this.#interfacesKnown) this.#learnInterfaces();
    this.#view = batch.view;
    return true;
  }

  /** Counts what was read, decodes it, and prepares its keys. */
  prepare(): PreparedBatch {
    const { prepared } = this;
    const batch = this.#read;
    if (batch === undefined) {
      this.#count(this.#plain!.totals, prepared.count);
      return prepared;
    }
    const { worker, workers } = this.#options;
    const { capacity, count, timeNs } = batch;
    if (worker === 0) {
      this.#engine.countFrames(timeNs.byteOffset, capacity, count, this.#totals.byteOffset);
      this.#count(this.#totals, count);
    }
    let octets = decodeFrames(this.#decoder, batch, this.#linkTypes, prepared);
    if (workers > 1) octets -= keepShare(prepared, worker, workers);
    countAccepted(this.#counters.decode, prepared.count, octets);
    this.#preparer.prepare(prepared, batch.view);
    return prepared;
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

  /** @param totals what the engine counted of these packets (PLAIN_… of records/places.ts) */
  #count(totals: Float64Array, count: number): void {
    const { capture } = this.#counters;
    const first = totals[PLAIN_FIRST_NS]!;
    const last = totals[PLAIN_LAST_NS]!;
    capture[PACKETS_READ] = capture[PACKETS_READ]! + count;
    capture[OCTETS_READ] = capture[OCTETS_READ]! + totals[PLAIN_OCTETS]!;
    capture[PACKETS_SNAPPED] = capture[PACKETS_SNAPPED]! + totals[PLAIN_SNAPPED]!;
    // Not a number before the first batch.
    if (!(first >= capture[FIRST_PACKET_NS]!)) capture[FIRST_PACKET_NS] = first;
    if (!(last <= capture[LAST_PACKET_NS]!)) capture[LAST_PACKET_NS] = last;
  }
}
