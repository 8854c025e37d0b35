/**
 * What the engine needs to decode uncommon frames (engine/assembly/uncommon.ts), in its memory: the kinds of EtherTypes
 * and of protocols, as the general path has them, and room for what it counts, since the decoder's counters lie where
 * other threads read them.
 */
import type { Engine } from '../engine/engine.ts';
import type { DecodedBatch } from '../records/decoded-batch.ts';
import * as place from '../records/engine-words.ts';
import { float64Array, int32Array, uint8Array } from '../records/memory.ts';
import type { DecodeCounters } from './counters.ts';
import { KINDS_BY_ETHER_TYPE, REASONS_BY_SAP } from './ether-kinds.ts';
import { NOTICES } from './notices.ts';
import { REASONS } from './reasons.ts';
import { KINDS_BY_PROTOCOL } from './transport.ts';

/** The same for all decoders of an engine. */
const sharedPlaces = new WeakMap<Engine, { etherKinds: number; sapReasons: number }>();

function allocatePlaces(engine: Engine): { etherKinds: number; sapReasons: number } {
  let places = sharedPlaces.get(engine);
  if (places === undefined) {
    const copy = (table: Uint8Array): number => {
      const there = uint8Array(engine.allocate, table.length);
      there.set(table);
      return there.byteOffset;
    };
    places = { etherKinds: copy(KINDS_BY_ETHER_TYPE), sapReasons: copy(REASONS_BY_SAP) };
    sharedPlaces.set(engine, places);
  }
  return places;
}

export class UncommonFrames {
  /** Where the engine finds all of it. */
  readonly place: number;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;

  /**
   * @param leftProtocols of packets that the engine is to leave, since they may hold a tunnel that is looked into
   * @param pppoeMask what of the PPPoE session id belongs to the key
   */
  constructor(engine: Engine, leftProtocols: readonly number[], pppoeMask: number) {
    this.#doubles = float64Array(engine.allocate, place.UNCOMMON_DOUBLES);
    this.place = this.#doubles.byteOffset;
    this.#words = new Int32Array(engine.buffer, this.place, place.UNCOMMON_PACKETS_DOUBLE * 2);
    const protocols = int32Array(engine.allocate, KINDS_BY_PROTOCOL.length);
    protocols.set(KINDS_BY_PROTOCOL);
    for (const protocol of leftProtocols) protocols[protocol] = place.HEADER_LEFT;
    const { etherKinds, sapReasons } = allocatePlaces(engine);
    this.#words[place.UNCOMMON_ETHER_KINDS] = etherKinds;
    this.#words[place.UNCOMMON_SAP_REASONS] = sapReasons;
    this.#words[place.UNCOMMON_PROTOCOLS] = protocols.byteOffset;
    this.#words[place.UNCOMMON_PPPOE_MASK] = pppoeMask;
  }

  /** To be called before the engine decodes to `out`. */
  begin(out: DecodedBatch): void {
    this.#words[place.UNCOMMON_KEEPS_AROUND] = out.encapsulation === undefined ? 0 : 1;
  }

  /** To be called when the engine has decoded to `out`: adds what it has counted to the decoder's counters. */
  end(out: DecodedBatch, counters: DecodeCounters): void {
    const words = this.#words;
    if (words[place.UNCOMMON_HAS_FRAGMENTS] !== 0) {
      words[place.UNCOMMON_HAS_FRAGMENTS] = 0;
      out.hasFragments = true;
    }
    if (words[place.UNCOMMON_IS_COUNTED] === 0) return;
    words[place.UNCOMMON_IS_COUNTED] = 0;
    this.#move(place.UNCOMMON_PACKETS_DOUBLE, counters.packetsByReason, REASONS.length);
    this.#move(place.UNCOMMON_OCTETS_DOUBLE, counters.octetsByReason, REASONS.length);
    this.#move(place.UNCOMMON_NOTICES_DOUBLE, counters.packetsByNotice, NOTICES.length);
  }

  /** In place of `end`, where the same frames are decoded again. */
  forget(): void {
    this.#words[place.UNCOMMON_HAS_FRAGMENTS] = 0;
    this.#words[place.UNCOMMON_IS_COUNTED] = 0;
    this.#doubles.fill(0, place.UNCOMMON_PACKETS_DOUBLE);
  }

  #move(from: number, to: Float64Array, count: number): void {
    const doubles = this.#doubles;
    for (let i = 0; i < count; i++) {
      const counted = doubles[from + i]!;
      if (counted === 0) continue;
      to[i] = to[i]! + counted;
      doubles[from + i] = 0;
    }
  }
}
