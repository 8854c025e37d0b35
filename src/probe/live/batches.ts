/**
 * The batches of a live worker: what is at hand of its capture, read, counted, selected, decoded, and its keys prepared.
 * Where the ring lies in the engine's memory, nearly all packets go the direct path (decode/direct-path.ts); the others
 * are read into a packet batch first.
 */
import type { LiveCapture } from '../../capture/live/live-capture.ts';
import type { LiveSource } from '../../capture/live/live-source.ts';
import {
  numberSuperPackets,
  SUPER_PACKET_INDEX,
  splitSuperPackets,
} from '../../capture/live/super-packets.ts';
import { createLiveBatch, type LivePacketBatch } from '../../capture/live-batch.ts';
import {
  createHashSelector,
  type HashSelector,
  selectDecoded,
} from '../../capture/selection/hash-selection.ts';
import { createSelector, type Selector, selectFrames } from '../../capture/selection/selection.ts';
import { countAccepted, createDecoder, type Decoder, decodeFrames } from '../../decode/decoder.ts';
import { DirectPath } from '../../decode/direct-path.ts';
import type { Engine } from '../../engine/engine.ts';
import { createPreparedBatch, KeyPreparer, type PreparedBatch } from '../../metering/key-preparer.ts';
import type { HashSeeds } from '../../metering/table/flow-key.ts';
import { DIRECT_DOUBLES, DIRECT_KEPT_OCTETS } from '../../records/engine-words.ts';
import { float64Array, int32Array } from '../../records/memory.ts';
import {
  countRead,
  PACKETS_PAUSED,
  PACKETS_UNSELECTED,
  PAUSE_REQUESTED,
  type RunCounters,
  SUPER_PACKET_SEGMENTS,
  SUPER_PACKETS,
} from '../counters.ts';
import { publishMembers } from './counters.ts';
import { type LiveWorkerData, workerSections } from './messages.ts';

const INTERFACES_MAX = 65_536;
/**
 * Packets of a batch: so many that what is done once for each batch does not matter. Super-packets have numbers of their
 * own up to here (capture/live/super-packets.ts).
 */
const PACKETS_PER_BATCH = 512;
/** With path health, whose own tables are touched for a whole batch at once. */
const PACKETS_PER_HEALTH_BATCH = 128;
/** Packets that are read where one of them could not go the direct path, if it was the only one for long. */
const GENERAL_PACKETS = 64;

/** Packets of a worker's batches. */
export function batchCapacity({ health }: Pick<LiveWorkerData, 'health'>): number {
  return (health ?? 'off') === 'off' ? PACKETS_PER_BATCH : PACKETS_PER_HEALTH_BATCH;
}

export class LiveBatches {
  readonly #engine: Engine;
  readonly #data: LiveWorkerData;
  readonly #counters: RunCounters;
  readonly #superCounts: Float64Array;
  readonly #decoder: Decoder;
  readonly #preparer: KeyPreparer;
  readonly #prepared: PreparedBatch;
  readonly #linkTypes: Int32Array;
  readonly #totals: Float64Array;
  readonly #full: LivePacketBatch;
  readonly #small: LivePacketBatch;
  /** Where headers stand: for path health, applications and selection by hash always, else for batches with super-packets. */
  readonly #offsets: Int32Array;
  readonly #needsOffsets: boolean;
  readonly #hashSelector: HashSelector | undefined;
  readonly #direct: DirectPath | undefined;
  #selector: Selector | undefined;
  /** The capture, where it is that of a group of interfaces. */
  #group: LiveCapture | undefined;
  /** Packets that went the direct path since one could not. */
  #directInARow = 0;
  /** The batch that was read last, or undefined if its packets went the direct path. */
  #read: LivePacketBatch | undefined;
  #view: DataView;

  /** @param engine in whose memory batches lie */
  constructor(engine: Engine, data: LiveWorkerData, seeds: HashSeeds, counters: RunCounters) {
    const { encapsulation, metering, capture, decode } = data;
    this.#engine = engine;
    this.#data = data;
    this.#counters = counters;
    const place = counters.capture.byteOffset + SUPER_PACKETS * 8;
    this.#superCounts = new Float64Array(counters.buffer, place, SUPER_PACKET_SEGMENTS - SUPER_PACKETS + 1);
    const capacity = batchCapacity(data);
    this.#linkTypes = int32Array(engine.allocate, INTERFACES_MAX);
    this.#totals = float64Array(engine.allocate, DIRECT_DOUBLES);
    this.#full = createLiveBatch(capacity, engine.allocate);
    this.#small = createLiveBatch(GENERAL_PACKETS, engine.allocate);
    this.#view = this.#full.view;
    this.#prepared = createPreparedBatch(capacity, metering.flowKey, engine, {
      encapsulation,
      offsets: true,
    });
    this.#offsets = this.#prepared.offsets!;
    this.#decoder = createDecoder(decode, counters.decode, engine);
    this.#preparer = new KeyPreparer(engine, seeds, metering.flowKey, counters.metering);
    this.#hashSelector = createHashSelector(capture.sampling);
    const { health, applications } = workerSections(data);
    this.#needsOffsets = health || applications || this.#hashSelector !== undefined;
    if (!this.#needsOffsets) this.#prepared.offsets = undefined;
    // Selection by hash comes between decoding and keys.
    const isWhole = this.#prepared.keyExtensions.length === 0 && this.#hashSelector === undefined;
    if (isWhole)
      this.#direct = new DirectPath(engine, this.#decoder, this.#prepared, this.#preparer.multipliers);
  }

  /** The memory that the frames of the last batch lie in. */
  get view(): DataView {
    return this.#view;
  }

  /** Whether packets are left out, with a count of their own. */
  get isPaused(): boolean {
    return this.#counters.capture[PAUSE_REQUESTED] !== 0;
  }

  /** A capture has been opened. */
  learn(opened: LiveCapture): void {
    const { interfaceIndex, sampling } = this.#data.capture;
    const { linkType } = opened.interface;
    this.#linkTypes[interfaceIndex] = linkType;
    this.#linkTypes.fill(linkType, SUPER_PACKET_INDEX, SUPER_PACKET_INDEX + this.#full.capacity);
    this.#selector = createSelector(sampling, opened.samplesBy);
    this.#group = opened.members === undefined ? undefined : opened;
  }

  /** Reads packets that are at hand, up to a batch; false if there are none. `prepare` does the rest. */
  read(source: LiveSource): boolean {
    const mayBeDirect = this.#selector === undefined && !this.#preparer.isHolding && !this.isPaused;
    const direct = mayBeDirect ? this.#direct : undefined;
    if (direct !== undefined && source.takeDirect(direct) > 0) {
      this.#directInARow += this.#prepared.count;
      this.#read = undefined;
      this.#view = direct.view;
      return true;
    }
    // Where few could be taken, as many are read as can be.
    const batch = this.#directInARow > this.#full.capacity ? this.#small : this.#full;
    this.#directInARow = 0;
    this.#read = batch;
    if (source.readBatch(batch) === 0) return false;
    this.#view = batch.view;
    return true;
  }

  /** Counts what was read, selects and decodes it, and prepares its keys. */
  prepare(): PreparedBatch {
    const { capture } = this.#counters;
    const prepared = this.#prepared;
    const batch = this.#read;
    if (batch === undefined) {
      const { totals } = this.#direct!;
      countRead(capture, totals, prepared.count);
      countAccepted(this.#counters.decode, prepared.count, totals[DIRECT_KEPT_OCTETS]!);
    } else this.#prepareRead(batch);
    if (this.#group !== undefined) publishMembers(this.#group, capture);
    return prepared;
  }

  #prepareRead(batch: LivePacketBatch): void {
    const { capture, decode } = this.#counters;
    const prepared = this.#prepared;
    const { timeNs, capacity, count } = batch;
    this.#engine.countFrames(timeNs.byteOffset, capacity, count, this.#totals.byteOffset);
    countRead(capture, this.#totals, count);
    if (this.isPaused) {
      capture[PACKETS_PAUSED] = capture[PACKETS_PAUSED]! + count;
      prepared.count = 0;
      return;
    }
    if (this.#selector !== undefined) {
      capture[PACKETS_UNSELECTED] = capture[PACKETS_UNSELECTED]! + selectFrames(this.#selector, batch);
    }
    const hasSuperPackets = batch.superPackets > 0;
    if (hasSuperPackets) numberSuperPackets(batch);
    prepared.offsets = this.#needsOffsets || hasSuperPackets ? this.#offsets : undefined;
    let octets = decodeFrames(this.#decoder, batch, this.#linkTypes, prepared);
    const hash = this.#hashSelector;
    if (hash !== undefined) {
      selectDecoded(hash, prepared, batch.view);
      capture[PACKETS_UNSELECTED] = capture[PACKETS_UNSELECTED]! + hash.packetsDropped;
      octets -= hash.octetsDropped;
    }
    countAccepted(decode, prepared.count, octets);
    if (hasSuperPackets)
      splitSuperPackets(batch, prepared, this.#data.capture.interfaceIndex, this.#superCounts);
    this.#preparer.prepare(prepared, batch.view);
  }

  /** Fragments that wait no longer at `timeNs`, to be metered at once; see KeyPreparer. */
  takeOverdue(timeNs: number): PreparedBatch | undefined {
    return this.#preparer.takeOverdue(timeNs);
  }
}
