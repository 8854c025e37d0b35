/**
 * Which interface a frame of a Linux cooked capture (`tcpdump -i any`) was seen on, by the header that stands before it
 * (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html, …/LINKTYPE_LINUX_SLL.html). On a router each packet
 * comes in by one interface and goes out by another: two observation points, as those of a pcapng. The older header,
 * SLL, does not have the interface: there the two copies can be told apart by direction alone, which cuts the flows of
 * a host in two and is therefore done on demand.
 */
import type { PacketBatch } from '../../records/packet-batch.ts';
import type { SourceInterface } from '../source.ts';

const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_LINUX_SLL2 = 276;
const SLL_OCTETS = 16;
const SLL_PACKET_TYPE = 0; // u16
const SLL2_OCTETS = 20;
const SLL2_INTERFACE = 4; // u32, the kernel's ifIndex
const SLL2_PACKET_TYPE = 10; // u8
const PACKET_OUTGOING = 4; // if_packet.h
/** An index is 16 bits: interfaces beyond share the last one. */
const INDEX_MAX = 0xfffe;
/** Interfaces up to here have their ifIndex as their number in the capture, too. */
const IF_INDEX_MAX = 4096;

/** Whether frames of this link type say by which interface, or in which direction, they were seen. */
export function isCooked(linkType: number): boolean {
  return linkType === LINKTYPE_LINUX_SLL2 || linkType === LINKTYPE_LINUX_SLL;
}

export class CookedInterfaces {
  readonly #interfaces: SourceInterface[];
  readonly #isDirectionApart: boolean;
  /** By interface of the capture, then by ifIndex × 2 + 1 if outgoing. */
  readonly #known = new Map<number, Map<number, number>>();
  /** Places in `#interfaces` that no frame belongs to yet. */
  readonly #free = new Set<number>();
  // The last frame's.
  #own = -1;
  #key = -1;
  #index = -1;

  /**
   * @param interfaces of the run; new ones are added
   * @param isDirectionApart whether outgoing packets have an interface of their own
   */
  constructor(interfaces: SourceInterface[], isDirectionApart: boolean) {
    this.#interfaces = interfaces;
    this.#isDirectionApart = isDirectionApart;
  }

  /** Tells that no frame belongs to an interface that was just added: it stands for those behind it. */
  addFree(index: number): void {
    this.#free.add(index);
  }

  /** Replaces the interface of the batch's frames from number `from` on, where they are of such a link type. */
  apply(batch: PacketBatch, from: number): void {
    const { view, frameOffset, capturedLength, interfaceIndex, count } = batch;
    for (let i = from; i < count; i++) {
      const own = interfaceIndex[i]!;
      const isNew = this.#interfaces[own]!.linkType === LINKTYPE_LINUX_SLL2;
      if (!isNew && this.#interfaces[own]!.linkType !== LINKTYPE_LINUX_SLL) continue;
      if (capturedLength[i]! < (isNew ? SLL2_OCTETS : SLL_OCTETS)) continue;
      const at = frameOffset[i]!;
      const type = isNew ? view.getUint8(at + SLL2_PACKET_TYPE) : view.getUint16(at + SLL_PACKET_TYPE);
      const ifIndex = isNew ? view.getUint32(at + SLL2_INTERFACE) : 0;
      const key = ifIndex * 2 + (this.#isDirectionApart && type === PACKET_OUTGOING ? 1 : 0);
      if (key === 0) continue;
      if (own !== this.#own || key !== this.#key) {
        this.#index = this.#indexOf(own, key);
        this.#own = own;
        this.#key = key;
      }
      interfaceIndex[i] = this.#index;
    }
  }

  #indexOf(own: number, key: number): number {
    let known = this.#known.get(own);
    if (known === undefined) {
      known = new Map();
      this.#known.set(own, known);
    }
    let index = known.get(key);
    if (index === undefined) {
      index = this.#add(this.#interfaces[own]!, key % 2 === 0 ? key / 2 : 0);
      known.set(key, index);
    }
    return index;
  }

  /** @param ifIndex 0 for an interface that has no number of the kernel's */
  #add(described: SourceInterface, ifIndex: number): number {
    const interfaces = this.#interfaces;
    while (ifIndex <= IF_INDEX_MAX && interfaces.length < ifIndex) {
      this.#free.add(interfaces.length);
      interfaces.push(described);
    }
    const place = ifIndex - 1;
    if (interfaces[place]?.linkType === described.linkType && this.#free.delete(place)) return place;
    if (interfaces.length > INDEX_MAX) return INDEX_MAX;
    interfaces.push(described);
    return interfaces.length - 1;
  }
}
