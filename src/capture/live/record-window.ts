/**
 * Packets that a library copies to us, in the records of a capture file (pcap with nanoseconds, in the host's order), one
 * behind the other: the engine takes them as it takes those of a file (decode/direct-path.ts).
 */
import type { LivePacketBatch } from '../live-batch.ts';
import type { LiveCaptureOptions } from '../live-options.ts';
import type { PacketTaker } from '../ring-block.ts';
import { SNAP_LENGTH_MAX } from '../selection/bpf.ts';
import { type CaptureMemory, RECORD_HEADER_OCTETS, windowOctets } from './capture-memory.ts';

// A record's header.
const SECONDS = 0;
const NANOSECONDS = 4;
const CAPTURED = 8;
const ON_THE_WIRE = 12;

export class RecordWindow {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Octets of records that have not been handed out. */
  start = 0;
  end = 0;
  readonly #timeBaseSeconds: number;
  readonly #linkType: number;
  readonly #interfaceIndex: number;

  /** @param memory an engine's, of `windowOctets` at least; without, it has its own */
  constructor(
    options: LiveCaptureOptions,
    linkType: number,
    timeBaseSeconds: number,
    memory: CaptureMemory | undefined,
  ) {
    const octets = windowOctets(options);
    const { buffer, byteOffset } = memory ?? { buffer: new ArrayBuffer(octets), byteOffset: 0 };
    this.bytes = new Uint8Array(buffer, byteOffset, octets);
    this.view = new DataView(buffer, byteOffset, octets);
    this.#linkType = linkType;
    this.#timeBaseSeconds = timeBaseSeconds;
    this.#interfaceIndex = options.interfaceIndex;
  }

  get isEmpty(): boolean {
    return this.start >= this.end;
  }

  /** Begins with records that lie from the first octet to `end`; nobody may read those before any more. */
  begin(end: number): void {
    this.start = 0;
    this.end = end;
  }

  /**
   * Adds a record. Little-endian: so are all systems that flowtap runs on.
   * @returns false where there is no room for it
   */
  add(seconds: number, nanoseconds: number, frame: Uint8Array, wireLength: number): boolean {
    const { view, end } = this;
    if (end + RECORD_HEADER_OCTETS + frame.length > this.bytes.length) return false;
    view.setUint32(end + SECONDS, seconds, true);
    view.setUint32(end + NANOSECONDS, nanoseconds, true);
    view.setUint32(end + CAPTURED, frame.length, true);
    view.setUint32(end + ON_THE_WIRE, wireLength, true);
    this.bytes.set(frame, end + RECORD_HEADER_OCTETS);
    this.end = end + RECORD_HEADER_OCTETS + frame.length;
    return true;
  }

  /** Has records taken where they lie. @returns how many */
  takeDirect(taker: PacketTaker): number {
    const records = {
      window: this,
      capturedMax: SNAP_LENGTH_MAX,
      linkType: this.#linkType,
      unitNs: 1,
      interfaceIndex: this.#interfaceIndex,
    };
    return taker.takeRecords(records, this.#timeBaseSeconds);
  }

  /** Fills `batch` with records. @returns how many */
  readBatch(batch: LivePacketBatch): number {
    const { view, end } = this;
    let at = this.start;
    let i = 0;
    for (; i < batch.capacity && at + RECORD_HEADER_OCTETS <= end; i++) {
      const captured = view.getUint32(at + CAPTURED, true);
      const frame = at + RECORD_HEADER_OCTETS;
      if (captured > end - frame) break;
      batch.frameOffset[i] = frame;
      batch.capturedLength[i] = captured;
      batch.wireLength[i] = view.getUint32(at + ON_THE_WIRE, true);
      const seconds = view.getUint32(at + SECONDS, true) - this.#timeBaseSeconds;
      batch.timeNs[i] = seconds * 1e9 + view.getUint32(at + NANOSECONDS, true);
      batch.interfaceIndex[i] = this.#interfaceIndex;
      at = frame + captured;
    }
    // Octets in which no record is found are no record's.
    this.start = i === 0 ? end : at;
    batch.count = i;
    batch.superPackets = 0;
    batch.view = view;
    return i;
  }
}
