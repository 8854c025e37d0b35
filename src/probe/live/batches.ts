/**
 * The batches of a live worker: what is at hand of its capture, read, counted, selected, decoded, and its keys prepared.
 * Where the ring lies in the engine's memory, nearly all packets go the direct path (decode/direct-path.ts); the others
 * are read into a packet batch first.
 */
import type { LiveCapture } from '../../capture/live/live-capture.ts';
import type { LiveSource } from '../../capture/live/live-source.ts';
import { markSuperPacket } from '../../capture/live/super-packets.ts';
import { createLiveBatch, type LivePacketBatch } from '../../capture/live-batch.ts';
import {
  createHashSelector,
  type HashSelector,
  selectDecoded,
} from '../../capture/selection/hash-selection.ts';
import { createSelector, type Selector, selectFrames } from '../../capture/selection/selection.ts';
import {
  beginFrames,
  countAccepted,
  createDecoder,
  type Decoder,
  decodeRange,
} from '../../decode/decoder.ts';
import { DirectPath } from '../../decode/direct-path.ts';
import { createPreparedBatch, KeyPreparer, type PreparedBatch } from '../../metering/key-preparer.ts';
import type { HashSeeds } from '../../metering/table/flow-key.ts';
import {
  DIRECT_DOUBLES,
  DIRECT_KEPT_OCTETS,
  DIRECT_RECORDS,
  DIRECT_REFUSED,
  DIRECT_SEGMENTS,
  DIRECT_SUPER_PACKETS,
} from '../../records/engine-words.ts';
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
import type { LiveMemory } from './memory.ts';
import { type LiveWorkerData, workerSections } from './messages.ts';

const INTERFACES_MAX = 65_536;
/** Packets of a batch: so many that what is done once for each batch does not matter. */
const PACKETS_PER_BATCH = 512;
/** With path health outside the engine, whose tables are touched for a whole batch at once. */
const PACKETS_PER_HEALTH_BATCH = 128;
/** Packets that are read where one of them could not go the direct path, if it was the only one for long. */
const GENERAL_PACKETS = 64;

/** Packets of a worker's batches. */
export function batchCapacity(
  { health = 'off' }: Pick<LiveWorkerData, 'health'>,
  { allocateHealth }: Pick<LiveMemory, 'allocateHealth'>,
): number {
  return health === 'off' || allocateHealth !== undefined ? PACKETS_PER_BATCH : PACKETS_PER_HEALTH_BATCH;
}

export class LiveBatches {
  readonly #engine: LiveMemory['engine'];
  readonly #data: LiveWorkerData;
  readonly #counters: RunCounters;
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

  /** @param memory of the worker: batches lie in its engine's */
  constructor(memory: LiveMemory, data: LiveWorkerData, seeds: HashSeeds, counters: RunCounters) {
    const { encapsulation, metering, capture, decode } = data;
    const { engine } = memory;
    this.#engine = engine;
    this.#data = data;
    this.#counters = counters;
    const capacity = batchCapacity(data, memory);
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
    this.#hashSelector = createHashSelector(capture.sampling, engine);
    const { health, applications } = workerSections(data);
    this.#needsOffsets = health || applications || this.#hashSelector !== undefined;
    if (!this.#needsOffsets) this.#prepared.offsets = undefined;
    const selector = this.#hashSelector?.words.byteOffset ?? 0;
    // Of packets that were copied, none is selected on the way.
    const isWhole = selector === 0 || capture.capture === 'ring';
    const { multipliers } = this.#preparer;
    if (isWhole)
      this.#direct = new DirectPath(engine, this.#decoder, this.#prepared, multipliers, { selector });
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
    this.#selector = createSelector(sampling, opened.samplesBy);
    this.#group = opened.members === undefined ? undefined : opened;
  }

  /** Reads packets that are at hand, up to a batch; false if there are none. `prepare` does the rest. */
  read(source: LiveSource): boolean {
    const mayBeDirect = this.#selector === undefined && !this.#preparer.isHolding && !this.isPaused;
    const direct = mayBeDirect ? this.#direct : undefined;
    if (direct !== undefined) this.#prepared.offsets = this.#needsOffsets ? this.#offsets : undefined;
    const taken = direct === undefined ? 0 : source.takeDirect(direct);
    if (direct !== undefined && taken > 0) {
      this.#directInARow += taken;
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
      this.#countDirect(this.#direct!.totals, prepared.count);
      this.#preparer.prepareFragments(prepared, this.#view);
      this.#preparer.extend(prepared, this.#view);
    } else this.#prepareRead(batch);
    if (this.#group !== undefined) publishMembers(this.#group, capture);
    return prepared;
  }

  /** Counts packets that went the direct path. @param kept  those of them that are in the batch */
  #countDirect(totals: Float64Array, kept: number): void {
    const { capture, decode } = this.#counters;
    const taken = totals[DIRECT_RECORDS]!;
    countRead(capture, totals, taken);
    capture[PACKETS_UNSELECTED] = capture[PACKETS_UNSELECTED]! + taken - kept - totals[DIRECT_REFUSED]!;
    countAccepted(decode, kept, totals[DIRECT_KEPT_OCTETS]!);
    this.#countSuperPackets(totals[DIRECT_SUPER_PACKETS]!, totals[DIRECT_SEGMENTS]!);
  }

  #countSuperPackets(superPackets: number, segments: number): void {
    const { capture } = this.#counters;
    capture[SUPER_PACKETS] = capture[SUPER_PACKETS]! + superPackets;
    capture[SUPER_PACKET_SEGMENTS] = capture[SUPER_PACKET_SEGMENTS]! + segments;
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
    const octets = this.#decode(batch);
    countAccepted(decode, prepared.count, octets);
    this.#preparer.prepare(prepared, batch.view);
  }

  /** Decodes and selects a batch, and marks its super-packets. @returns octets on the wire of the packets that are left */
  #decode(batch: LivePacketBatch): number {
    const prepared = this.#prepared;
    const decoder = this.#decoder;
    const { superPackets, segmentOctets, count } = batch;
    const hash = this.#hashSelector;
    const [packetsBefore, octetsBefore] = [hash?.packetsDropped ?? 0, hash?.octetsDropped ?? 0];
    prepared.offsets = this.#needsOffsets || superPackets > 0 ? this.#offsets : undefined;
    beginFrames(decoder, batch, this.#linkTypes, prepared);
    let from = 0;
    for (let i = 0; superPackets > 0 && i < count; i++) {
      if (segmentOctets[i] === 0) continue;
      this.#decodeRange(batch, from, i);
      const before = prepared.count;
      this.#decodeRange(batch, i, i + 1);
      from = i + 1;
      // Neither refused nor left out.
      if (prepared.count === before) continue;
      this.#countSuperPackets(1, markSuperPacket(this.#engine, batch, i, prepared, before));
    }
    const octets = this.#decodeRange(batch, from, count);
    if (hash === undefined) return octets;
    const { capture } = this.#counters;
    capture[PACKETS_UNSELECTED] = capture[PACKETS_UNSELECTED]! + hash.packetsDropped - packetsBefore;
    return octets - (hash.octetsDropped - octetsBefore);
  }

  /** @returns octets on the wire of all frames decoded so far */
  #decodeRange(batch: LivePacketBatch, from: number, until: number): number {
    const prepared = this.#prepared;
    const before = prepared.count;
    const octets = decodeRange(this.#decoder, batch, prepared, from, until);
    if (this.#hashSelector !== undefined) selectDecoded(this.#hashSelector, prepared, batch.view, before);
    return octets;
  }

  /** Fragments that wait no longer at `timeNs`, to be metered at once; see KeyPreparer. */
  takeOverdue(timeNs: number): PreparedBatch | undefined {
    return this.#preparer.takeOverdue(timeNs);
  }
}
