/** A capture file format turns octets of a window into frames of a batch. */
import type { Engine } from '../../engine/engine.ts';
import type { PacketBatch } from '../../records/packet-batch.ts';
import type { ByteWindow, DirectRecords, MissingPackets, SourceInterface } from '../source.ts';
import { CookedInterfaces, isCooked, LINKTYPE_LINUX_SLL2 } from './cooked-interfaces.ts';

/** Most octets of a frame, as in libpcap (MAXIMUM_SNAPLEN), unless the snap length is larger. */
export const CAPTURED_LENGTH_MAX = 262_144;
/** A snap length of more than this says nothing about where the damage begins: no frame is longer. */
export const SNAP_LENGTH_MAX = 16 * CAPTURED_LENGTH_MAX;

/** Most octets of a frame that was captured with this snap length; a captured length beyond that is damage. */
export function capturedLengthMax(snapLength: number): number {
  return snapLength > SNAP_LENGTH_MAX ? CAPTURED_LENGTH_MAX : Math.max(snapLength, CAPTURED_LENGTH_MAX);
}

/** Spacing of doubles below 2^62 ns: makes a time that was rounded down one rounded up (`PacketBatch.timeNs`). */
export const ROUNDING_NS = 512;

/** What the file is damaged by. `viewOffset` is where, in octets from the start of the window's view. */
export interface FormatFault {
  readonly viewOffset: number;
  readonly expected: string;
  readonly found: string;
}

export interface CaptureFormat {
  /** For messages: `pcap`, `pcapng`. */
  readonly name: string;
  /** Octets of input that the next record needs, as far as is known. */
  need: number;
  /** Set when the rest of the file cannot be read. */
  fault: FormatFault | undefined;
  /** LINKTYPE_ values of the file's interfaces so far. */
  readonly linkTypes: Iterable<number>;
  /** Adds frames to the batch until it is full or the window holds no whole record; moves `window.start`. */
  fill(window: ByteWindow, batch: PacketBatch): void;
  /** The records of the window, if they are direct ones. */
  readonly directRecords?: DirectRecords | undefined;
  /** What stands unfinished at the end of the input, in words: 'a record header of 16 octets'. */
  readonly unfinished: string;
}

/** What the captures of a run share: the time that packets are counted from, the interfaces, and which they are. */
export class CaptureContext {
  /** Unix time in whole seconds; NaN until the first packet. */
  timeBaseSeconds = Number.NaN;
  readonly interfaces: SourceInterface[] = [];
  readonly missing: MissingPackets = { recordedDrops: 0, untimedPackets: 0, untimedOctets: 0 };
  /** Files that turned out to be captures, in the order in which that was seen. */
  readonly filesRead: string[] = [];
  readonly #known = new Map<string, number>();
  /** Walks through records that lie in its memory. */
  readonly engine: Engine | undefined;

  /** Where a link type tells the interfaces of its frames; undefined until there is one. */
  cooked: CookedInterfaces | undefined;
  readonly #isDirectionApart: boolean;

  /** @param isDirectionApart whether outgoing packets of cooked captures have an interface of their own */
  constructor(engine?: Engine, isDirectionApart = false) {
    this.engine = engine;
    this.#isDirectionApart = isDirectionApart;
  }

  /** Counts a packet whose time no format can say. */
  refuseTime(octets: number): undefined {
    this.missing.untimedPackets++;
    this.missing.untimedOctets += Math.max(0, octets);
    return undefined;
  }

  /**
   * The index of an interface, the same one for the same link in several files: rotated captures of one interface
   * must not break its flows.
   * @param place which interface of its file it is, from 0
   */
  intern(place: number, described: SourceInterface): number {
    const key = `${place} ${described.linkType} ${described.name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // An index is 16 bits: a file that defines more shares the last one rather than mixing them up with the first.
    if (this.interfaces.length >= 0xffff) return 0xfffe;
    const index = this.interfaces.length;
    this.#known.set(key, index);
    if (isCooked(described.linkType))
      this.cooked ??= new CookedInterfaces(this.interfaces, this.#isDirectionApart);
    if (described.linkType === LINKTYPE_LINUX_SLL2) {
      // Its name, any, is that of no interface.
      this.interfaces.push({ ...described, name: '' });
      this.cooked!.addFree(index);
    } else this.interfaces.push(described);
    return index;
  }
}
