/**
 * The pcapng file format (draft-ietf-opsawg-pcapng): several sections in either byte order, several interfaces each
 * with its own link type, snap length, time resolution and offset; Enhanced, Simple and obsolete Packet Blocks. Blocks
 * of other kinds are passed by.
 *
 *     block   0 type  4 total length  8 body …  total length again
 */

import type { PacketBatch } from '../../records/packet-batch.ts';
import { ENHANCED_PACKET_BLOCK } from '../direct-blocks.ts';
import type { ByteWindow, DirectRecords } from '../source.ts';
import {
  type CaptureContext,
  type CaptureFormat,
  capturedLengthMax,
  type FormatFault,
} from './capture-format.ts';
import { PcapngDirect } from './pcapng-direct.ts';
import { createTimeScale, type InterfaceTime, readInterfaceOptions, unitsToNs } from './pcapng-interface.ts';
import { type PacketOptions, readPacketOptions, readStatisticsDrops } from './pcapng-options.ts';

export const SECTION_HEADER_BLOCK = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION_BLOCK = 1;
const PACKET_BLOCK = 2;
const SIMPLE_PACKET_BLOCK = 3;
const INTERFACE_STATISTICS_BLOCK = 5;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BLOCK_MIN_OCTETS = 12;
/** A block has no limit of its own; one beyond this is taken for damage, as Wireshark does. */
const BLOCK_MAX_OCTETS = 16 * 1024 * 1024;
const SECTION_HEADER_MIN_OCTETS = 28;
const INTERFACE_MIN_OCTETS = 20;

/** Where the fields of the packet blocks are, from the start of the block. */
const ENHANCED = { interfaceId: 8, timeHigh: 12, timeLow: 16, captured: 20, original: 24, data: 28 };
const SIMPLE = { original: 8, data: 12 };
const STATISTICS = { interfaceId: 8, options: 20 };

export interface SectionInterface extends InterfaceTime {
  readonly index: number;
  readonly linkType: number;
  /** Captured octets of a frame: what a Simple Packet Block stores at most, and more than any frame has. */
  readonly snapLength: number;
  readonly capturedMax: number;
  /** Octets of the frame check sequence that each frame ends with. */
  readonly checkOctets: number;
  /** Packets that the capture says were lost: between its packets, and in its statistics, which tell of the same ones. */
  dropsBetween: number;
  dropsReported: number;
}

export class PcapngFormat implements CaptureFormat {
  readonly name = 'pcapng';
  need = BLOCK_MIN_OCTETS;
  fault: FormatFault | undefined;
  readonly linkTypes = new Set<number>();
  readonly #context: CaptureContext;
  #littleEndian = true;
  #interfaces: SectionInterface[] = [];
  #interfacesOfFile = 0;
  #lastTimeNs = 0;
  readonly #packetOptions: PacketOptions = { checkOctets: 0, drops: 0 };
  readonly #direct: PcapngDirect;

  /** @param window where it is to be read from */
  constructor(window: ByteWindow, context: CaptureContext) {
    this.#context = context;
    this.#direct = new PcapngDirect(window, context);
  }

  /** Blocks of the interface whose block comes next. */
  get directRecords(): DirectRecords | undefined {
    return this.#littleEndian ? this.#direct.recordsOf(this.#interfaces) : undefined;
  }

  get unfinished(): string {
    return this.need === BLOCK_MIN_OCTETS
      ? 'a block of at least 12 octets'
      : `a block of ${this.need} octets`;
  }

  fill(window: ByteWindow, batch: PacketBatch): undefined {
    const { view, end } = window;
    batch.view = view;
    const direct = this.#direct;
    this.#lastTimeNs = direct.lastTime(this.#lastTimeNs);
    while (batch.count < batch.capacity) {
      if (this.#littleEndian) this.#lastTimeNs = direct.fill(this.#interfaces, batch, this.#lastTimeNs);
      if (batch.count === batch.capacity) return;
      const at = window.start;
      this.need = BLOCK_MIN_OCTETS;
      if (at + BLOCK_MIN_OCTETS > end) return;
      const isSection = view.getUint32(at, true) === SECTION_HEADER_BLOCK;
      if (isSection && !this.#readByteOrder(view, at)) return;
      const length = view.getUint32(at + 4, this.#littleEndian);
      if (length < BLOCK_MIN_OCTETS || length > BLOCK_MAX_OCTETS || length % 4 !== 0) {
        const allowed = `a block total length from ${BLOCK_MIN_OCTETS} to ${BLOCK_MAX_OCTETS}, a multiple of 4`;
        return this.#damage(at + 4, allowed, `${length}`);
      }
      if (at + length > end) {
        this.need = length;
        return;
      }
      const trailing = view.getUint32(at + length - 4, this.#littleEndian);
      if (trailing !== length) {
        return this.#damage(at + length - 4, `the block total length ${length} again`, `${trailing}`);
      }
      if (isSection) this.#beginSection(view, at, length);
      else this.#readBlock(view, at, length, batch);
      if (this.fault !== undefined) return;
      window.start = at + length;
    }
  }

  /** Always undefined, so that a caller can leave with it. */
  #damage(viewOffset: number, expected: string, found: string): undefined {
    this.fault = { viewOffset, expected, found };
    return undefined;
  }

  #readByteOrder(view: DataView, at: number): boolean {
    const magic = view.getUint32(at + 8, true);
    this.#littleEndian = magic === BYTE_ORDER_MAGIC;
    if (this.#littleEndian || view.getUint32(at + 8, false) === BYTE_ORDER_MAGIC) return true;
    this.#damage(at + 8, 'byte order magic 1a2b3c4d in either order', magic.toString(16).padStart(8, '0'));
    return false;
  }

  #beginSection(view: DataView, at: number, length: number): undefined {
    if (length < SECTION_HEADER_MIN_OCTETS) {
      return this.#damage(
        at,
        `a section header of at least ${SECTION_HEADER_MIN_OCTETS} octets`,
        `${length}`,
      );
    }
    const major = view.getUint16(at + 12, this.#littleEndian);
    if (major !== 1) return this.#damage(at + 12, 'pcapng version 1', `${major}`);
    this.#interfaces = [];
    this.#interfacesOfFile = 0;
  }

  #readBlock(view: DataView, at: number, length: number, batch: PacketBatch): undefined {
    switch (view.getUint32(at, this.#littleEndian)) {
      case ENHANCED_PACKET_BLOCK:
        return this.#readPacket(
          view,
          at,
          length,
          batch,
          view.getUint32(at + ENHANCED.interfaceId, this.#littleEndian),
        );
      case PACKET_BLOCK:
        // The same places, but for a 16-bit interface id with a drop count behind it.
        return this.#readPacket(
          view,
          at,
          length,
          batch,
          view.getUint16(at + ENHANCED.interfaceId, this.#littleEndian),
        );
      case SIMPLE_PACKET_BLOCK:
        return this.#readSimplePacket(view, at, length, batch);
      case INTERFACE_DESCRIPTION_BLOCK:
        return this.#readInterface(view, at, length);
      case INTERFACE_STATISTICS_BLOCK:
        return this.#readStatistics(view, at, length);
      default:
    }
  }

  #readInterface(view: DataView, at: number, length: number): undefined {
    if (length < INTERFACE_MIN_OCTETS) {
      return this.#damage(
        at,
        `an interface description of at least ${INTERFACE_MIN_OCTETS} octets`,
        `${length}`,
      );
    }
    const littleEndian = this.#littleEndian;
    const linkType = view.getUint16(at + 8, littleEndian);
    const snapLength = view.getUint32(at + 12, littleEndian);
    const options = readInterfaceOptions(view, at + 16, at + length - 4, littleEndian);
    const place = this.#interfacesOfFile++;
    this.linkTypes.add(linkType);
    const index = this.#context.intern(place, { name: options.name, linkType, snapLength });
    const capturedMax = capturedLengthMax(snapLength);
    const { checkOctets } = options;
    const described = { index, linkType, snapLength, capturedMax, checkOctets };
    const drops = { dropsBetween: 0, dropsReported: 0 };
    this.#interfaces.push({ ...described, ...drops, ...createTimeScale(options) });
  }

  #readPacket(
    view: DataView,
    at: number,
    length: number,
    batch: PacketBatch,
    interfaceId: number,
  ): undefined {
    const littleEndian = this.#littleEndian;
    if (length < ENHANCED.data + 4) {
      return this.#damage(at, `a packet block of at least ${ENHANCED.data + 4} octets`, `${length}`);
    }
    const captured = view.getUint32(at + ENHANCED.captured, littleEndian);
    if (captured > length - ENHANCED.data - 4) {
      return this.#damage(
        at + ENHANCED.captured,
        `at most ${length - ENHANCED.data - 4} captured octets`,
        `${captured}`,
      );
    }
    const one = this.#interfaces[interfaceId];
    if (one === undefined) return this.#unknownInterface(at + ENHANCED.interfaceId, interfaceId);
    if (captured > one.capturedMax) return this.#tooLong(at + ENHANCED.captured, captured, one);
    const high = view.getUint32(at + ENHANCED.timeHigh, littleEndian);
    const low = view.getUint32(at + ENHANCED.timeLow, littleEndian);
    const timeNs = unitsToNs(one, high, low, this.#context);
    const original = view.getUint32(at + ENHANCED.original, littleEndian);
    const optionsAt = at + ENHANCED.data + ((captured + 3) & ~3);
    const own = this.#packetOptions;
    readPacketOptions(view, optionsAt, at + length - 4, littleEndian, own);
    if (own.drops > 0) this.#noteDrops(one, one.dropsBetween + own.drops, one.dropsReported);
    const checkOctets = own.checkOctets > 0 ? own.checkOctets : one.checkOctets;
    if (Number.isNaN(timeNs)) return this.#context.refuseTime(Math.max(original, captured) - checkOctets);
    this.#lastTimeNs = timeNs;
    addFrame(batch, at + ENHANCED.data, captured, original, checkOctets, timeNs, one.index);
  }

  /** A Simple Packet Block has no time and belongs to the first interface: it is given the time of the one before. */
  #readSimplePacket(view: DataView, at: number, length: number, batch: PacketBatch): undefined {
    if (length < SIMPLE.data + 4) {
      return this.#damage(at, `a simple packet block of at least ${SIMPLE.data + 4} octets`, `${length}`);
    }
    const one = this.#interfaces[0];
    if (one === undefined) return this.#unknownInterface(at, 0);
    const original = view.getUint32(at + SIMPLE.original, this.#littleEndian);
    const stored = length - SIMPLE.data - 4;
    const captured = Math.min(original, stored, one.snapLength === 0 ? stored : one.snapLength);
    if (captured > one.capturedMax) return this.#tooLong(at + SIMPLE.original, captured, one);
    if (Number.isNaN(this.#context.timeBaseSeconds)) this.#context.timeBaseSeconds = 0;
    addFrame(batch, at + SIMPLE.data, captured, original, one.checkOctets, this.#lastTimeNs, one.index);
  }

  #readStatistics(view: DataView, at: number, length: number): undefined {
    if (length < STATISTICS.options + 4) {
      return this.#damage(
        at,
        `interface statistics of at least ${STATISTICS.options + 4} octets`,
        `${length}`,
      );
    }
    const interfaceId = view.getUint32(at + STATISTICS.interfaceId, this.#littleEndian);
    const one = this.#interfaces[interfaceId];
    if (one === undefined) return this.#unknownInterface(at + STATISTICS.interfaceId, interfaceId);
    const drops = readStatisticsDrops(view, at + STATISTICS.options, at + length - 4, this.#littleEndian);
    this.#noteDrops(one, one.dropsBetween, Math.max(one.dropsReported, drops));
  }

  /** Of two figures for the same losses the larger one counts. */
  #noteDrops(one: SectionInterface, between: number, reported: number): void {
    const before = Math.max(one.dropsBetween, one.dropsReported);
    one.dropsBetween = between;
    one.dropsReported = reported;
    this.#context.missing.recordedDrops += Math.max(between, reported) - before;
  }

  #tooLong(viewOffset: number, captured: number, { capturedMax }: SectionInterface): undefined {
    return this.#damage(viewOffset, `at most ${capturedMax} captured octets`, `${captured} captured octets`);
  }

  #unknownInterface(viewOffset: number, interfaceId: number): undefined {
    const known = this.#interfaces.length;
    const expected =
      known === 0 ? 'an interface description before the first packet' : `an interface id below ${known}`;
    this.#damage(viewOffset, expected, `interface id ${interfaceId}`);
  }
}

function addFrame(
  batch: PacketBatch,
  offset: number,
  captured: number,
  original: number,
  checkOctets: number,
  timeNs: number,
  interfaceIndex: number,
): void {
  const i = batch.count++;
  const stored = original < captured ? captured : original;
  const wire = stored > checkOctets ? stored - checkOctets : 0;
  batch.frameOffset[i] = offset;
  batch.capturedLength[i] = captured < wire ? captured : wire;
  batch.wireLength[i] = wire;
  batch.timeNs[i] = timeNs;
  batch.interfaceIndex[i] = interfaceIndex;
}
