/**
 * The classic libpcap file format (draft-ietf-opsawg-pcap): both byte orders, micro- and nanoseconds, and the
 * "modified" variant of old Linux captures whose record headers are 24 octets.
 *
 *     file header, 24 octets             record header, 16 octets
 *     0 magic  4 version  8, 12 unused   0 seconds  4 fraction  8 captured length  12 original length
 *     16 snap length  20 link type, and in its upper bits the length of a frame check sequence
 */
import { NS_PER_S } from '../../base/clock.ts';
import type { PacketBatch } from '../../records/packet-batch.ts';
import type { ByteWindow, DirectRecords } from '../source.ts';
import {
  type CaptureContext,
  type CaptureFormat,
  capturedLengthMax,
  type FormatFault,
  ROUNDING_NS,
} from './capture-format.ts';

export const PCAP_HEADER_OCTETS = 24;
const VERSION_MAJOR = 4;
const VERSION_MINOR = 6;
const SNAP_LENGTH = 16;
const LINK_TYPE = 20;
/** In the word of the link type (draft-ietf-opsawg-pcap §4): the upper four bits tell the length in words of 16 bits. */
const HAS_CHECK_SEQUENCE = 0x0400_0000;
const RECORD_HEADER_OCTETS = 16;
/** With interface index, protocol and packet type behind the lengths. */
const MODIFIED_RECORD_HEADER_OCTETS = 24;

const SECONDS = 0;
const FRACTION = 4;
/** The two lengths: captured and original; the other way round before version 2.3. */
const FIRST_LENGTH = 8;
const SECOND_LENGTH = 12;
/** Of DG/UX tcpdump, with the lengths swapped. */
const DG_UX_MAJOR = 543;

/** Nanoseconds of a fraction's unit, and octets of a record header, by magic number. */
const MAGICS = new Map([
  [0xa1b2c3d4, { unitNs: 1000, recordHeaderOctets: RECORD_HEADER_OCTETS }],
  [0xa1b23c4d, { unitNs: 1, recordHeaderOctets: RECORD_HEADER_OCTETS }],
  [0xa1b2cd34, { unitNs: 1000, recordHeaderOctets: MODIFIED_RECORD_HEADER_OCTETS }],
]);

/** Whether a file that begins with these octets is a classic capture, and in which byte order. */
export function detectPcap(view: DataView, at: number): { littleEndian: boolean } | undefined {
  if (MAGICS.has(view.getUint32(at, true))) return { littleEndian: true };
  if (MAGICS.has(view.getUint32(at, false))) return { littleEndian: false };
  return undefined;
}

export class PcapFormat implements CaptureFormat {
  readonly name = 'pcap';
  need: number;
  fault: FormatFault | undefined;
  readonly linkTypes: readonly number[];
  readonly #context: CaptureContext;
  readonly #littleEndian: boolean;
  readonly #unitNs: number;
  readonly #recordHeaderOctets: number;
  readonly #capturedLengthMax: number;
  readonly #interfaceIndex: number;
  /** Octets of the frame check sequence that each frame ends with. */
  readonly #checkOctets: number;
  readonly #capturedAt: number;
  /** Version 2.3 has the lengths in either order: the smaller one is the captured one then. */
  readonly #isOrderUnknown: boolean;
  /** What the engine needs to read records of this kind; undefined where it cannot. */
  readonly #direct: DirectRecords | undefined;

  /** Reads the file header, which must lie whole at `window.start`, and moves past it. */
  constructor(window: ByteWindow, littleEndian: boolean, context: CaptureContext) {
    const { view, start } = window;
    const variant = MAGICS.get(view.getUint32(start, littleEndian))!;
    const snapLength = view.getUint32(start + SNAP_LENGTH, littleEndian);
    this.#context = context;
    this.#littleEndian = littleEndian;
    this.#unitNs = variant.unitNs;
    this.#recordHeaderOctets = variant.recordHeaderOctets;
    this.#capturedLengthMax = capturedLengthMax(snapLength);
    const linkField = view.getUint32(start + LINK_TYPE, littleEndian);
    const linkType = linkField & 0xffff;
    this.#checkOctets = (linkField & HAS_CHECK_SEQUENCE) === 0 ? 0 : (linkField >>> 28) * 2;
    this.linkTypes = [linkType];
    this.#interfaceIndex = context.intern(0, { name: '', linkType, snapLength });
    const major = view.getUint16(start + VERSION_MAJOR, littleEndian);
    const minor = view.getUint16(start + VERSION_MINOR, littleEndian);
    if (!(major === 2 && minor <= 4) && !(major === DG_UX_MAJOR && minor === 0)) {
      const viewOffset = start + VERSION_MAJOR;
      this.fault = { viewOffset, expected: 'pcap version 2.0 to 2.4', found: `${major}.${minor}` };
    }
    this.#capturedAt = major === DG_UX_MAJOR || minor < 3 ? SECOND_LENGTH : FIRST_LENGTH;
    this.#isOrderUnknown = major === 2 && minor === 3;
    const hasDirectHeader = variant.recordHeaderOctets === RECORD_HEADER_OCTETS;
    const hasDirectLengths =
      this.#capturedAt === FIRST_LENGTH && !this.#isOrderUnknown && this.#checkOctets === 0;
    const isDirect = littleEndian && hasDirectHeader && hasDirectLengths;
    if (isDirect) {
      this.#direct = {
        window,
        capturedMax: this.#capturedLengthMax,
        linkType,
        unitNs: variant.unitNs,
        interfaceIndex: this.#interfaceIndex,
      };
    }
    window.start += PCAP_HEADER_OCTETS;
    this.need = this.#recordHeaderOctets;
  }

  get unfinished(): string {
    return this.need === this.#recordHeaderOctets
      ? `a record header of ${this.need} octets`
      : `a record of ${this.need} octets`;
  }

  /** Only what lies in the engine's memory, once the time base is known. */
  get directRecords(): DirectRecords | undefined {
    const { engine, timeBaseSeconds } = this.#context;
    if (this.#direct === undefined || engine === undefined || Number.isNaN(timeBaseSeconds)) return undefined;
    return this.#direct.window.view.buffer === engine.buffer ? this.#direct : undefined;
  }

  fill(window: ByteWindow, batch: PacketBatch): void {
    const direct = this.directRecords;
    if (direct !== undefined) this.#fillDirect(direct, batch);
    const { view, end } = window;
    const { frameOffset, capturedLength, wireLength, timeNs, interfaceIndex, capacity } = batch;
    const littleEndian = this.#littleEndian;
    const headerOctets = this.#recordHeaderOctets;
    const capturedMax = this.#capturedLengthMax;
    const unitNs = this.#unitNs;
    const index = this.#interfaceIndex;
    const checkOctets = this.#checkOctets;
    const capturedAt = this.#capturedAt;
    const originalAt = FIRST_LENGTH + SECOND_LENGTH - capturedAt;
    let base = this.#context.timeBaseSeconds;
    let at = window.start;
    let count = batch.count;
    this.need = headerOctets;
    while (count < capacity && at + headerOctets <= end) {
      let captured = view.getUint32(at + capturedAt, littleEndian);
      let original = view.getUint32(at + originalAt, littleEndian);
      if (original < captured) {
        // Some writers store more than they say was there; what is stored was there.
        const larger = captured;
        if (this.#isOrderUnknown) captured = original;
        original = larger;
      }
      if (captured > capturedMax) {
        this.fault = {
          viewOffset: at,
          expected: `a record with at most ${capturedMax} captured octets`,
          found: `${captured} captured octets`,
        };
        break;
      }
      const frame = at + headerOctets;
      if (frame + captured > end) {
        this.need = headerOctets + captured;
        break;
      }
      const seconds = view.getUint32(at + SECONDS, littleEndian);
      if (Number.isNaN(base)) base = this.#context.timeBaseSeconds = seconds;
      frameOffset[count] = frame;
      const wire = original > checkOctets ? original - checkOctets : 0;
      capturedLength[count] = captured < wire ? captured : wire;
      wireLength[count] = wire;
      const wholeNs = (seconds - base) * NS_PER_S; // exact: at most 53 significant bits
      const fractionNs = view.getUint32(at + FRACTION, littleEndian) * unitNs;
      let ns = wholeNs + fractionNs;
      if (ns - wholeNs < fractionNs) ns += ROUNDING_NS;
      timeNs[count] = ns;
      interfaceIndex[count] = index;
      count++;
      at = frame + captured;
    }
    batch.view = view;
    batch.count = count;
    window.start = at;
  }

  /** Adds the frames of direct records. */
  #fillDirect({ window, capturedMax, unitNs, interfaceIndex }: DirectRecords, batch: PacketBatch): void {
    const engine = this.#context.engine!;
    const { view, start, end } = window;
    const { timeNs, capacity, count } = batch;
    if (timeNs.buffer !== engine.buffer) return;
    const now = engine.walkPcap(
      view.byteOffset,
      start,
      end,
      capturedMax,
      this.#context.timeBaseSeconds,
      unitNs,
      interfaceIndex,
      timeNs.byteOffset,
      capacity,
      count,
    );
    if (now === count) return;
    batch.count = now;
    window.start = batch.frameOffset[now - 1]! + batch.capturedLength[now - 1]!;
  }
}
