/**
 * Makes the frames of a recipe: Ethernet, VLAN tags, IPv4 or IPv6, and TCP, UDP or ICMP echo requests, with lengths
 * (RFC 791 §3.1, RFC 8200 §3) and checksums (RFC 1071) as they must be, and a payload of zeroes. Each slot of one memory
 * holds a frame whose constant octets are written once; only what differs is written for a packet. No fragments, no
 * options, no answers: every packet goes from the source's side to the destination's.
 */

import type { PacketBatch } from '../records/packet-batch.ts';
import { PROTOCOL_ICMPV6 } from '../records/protocol-numbers.ts';
import { FlowOrder } from './flow-order.ts';
import type { Recipe } from './recipe.ts';

const ETHERNET = 14;
const TAG = 4;
const IPV4 = 20;
const IPV6 = 40;
const TRANSPORT_OCTETS = { tcp: 20, udp: 8, icmp: 8 } as const;
const PROTOCOL_NUMBER = { tcp: 6, udp: 17, icmp: 1 } as const;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const TPID = 0x8100;
/** Of the outer tag where there are two (IEEE 802.1ad). */
const SERVICE_TPID = 0x88a8;
const HOP_LIMIT = 64;
const DONT_FRAGMENT = 0x4000;
const ECHO_REQUEST_V4 = 8;
const ECHO_REQUEST_V6 = 128;
const TCP_ACK = 0x10;
const TCP_WINDOW = 0xffff;
/** Octets that no two frames share: a cache line. */
const SLOT_ALIGNMENT = 64;

/** Octets of all headers of the recipe's frames: the shortest that a frame can be. */
export function headerOctets(recipe: Pick<Recipe, 'protocol' | 'vlans' | 'source'>): number {
  const ip = recipe.source.address.version === 6 ? IPV6 : IPV4;
  return ETHERNET + recipe.vlans.length * TAG + ip + TRANSPORT_OCTETS[recipe.protocol];
}

/** Sum of the 16-bit words of a 32-bit word. */
function halves(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

/** Ones' complement of a sum below 2^32, folded (RFC 1071 §2). */
function checksumOf(sum: number): number {
  let folded = (sum & 0xffff) + (sum >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}

/** The frames of a recipe, without end. */
export class RecipeFrames {
  readonly errors = [];
  readonly #recipe: Recipe;
  readonly #order: FlowOrder;
  readonly #view: DataView;
  readonly #slotOctets: number;
  readonly #ip: number;
  readonly #transport: number;
  readonly #isV6: boolean;
  readonly #protocol: number;
  readonly #payloadOctetsMax: number;
  #sizeIndex = 0;
  #identification = 0;
  /** Sum of the 16-bit words of the packet's addresses, for the transport's checksum. */
  #addressSum = 0;

  /** @param slots frames of a batch at most */
  constructor(recipe: Recipe, slots: number) {
    this.#recipe = recipe;
    this.#order = new FlowOrder(recipe);
    this.#isV6 = recipe.source.address.version === 6;
    this.#protocol =
      this.#isV6 && recipe.protocol === 'icmp' ? PROTOCOL_ICMPV6 : PROTOCOL_NUMBER[recipe.protocol];
    this.#ip = ETHERNET + recipe.vlans.length * TAG;
    this.#transport = this.#ip + (this.#isV6 ? IPV6 : IPV4);
    const longest = Math.max(...recipe.frameOctets);
    this.#payloadOctetsMax = longest - this.#transport - TRANSPORT_OCTETS[recipe.protocol];
    this.#slotOctets = Math.ceil(longest / SLOT_ALIGNMENT) * SLOT_ALIGNMENT;
    this.#view = new DataView(new ArrayBuffer(slots * this.#slotOctets));
    for (let slot = 0; slot < slots; slot++) this.#writeConstants(slot * this.#slotOctets);
  }

  /** Fills `batch` to its capacity; its frames are valid until the next call. `timeNs` is left as it is. */
  readBatch(batch: PacketBatch): number {
    batch.view = this.#view;
    const { frameOctets } = this.#recipe;
    for (let i = 0; i < batch.capacity; i++) {
      const octets = frameOctets[this.#sizeIndex]!;
      this.#sizeIndex++;
      if (this.#sizeIndex === frameOctets.length) this.#sizeIndex = 0;
      this.#order.advance();
      const at = i * this.#slotOctets;
      this.#writeFrame(at, octets);
      batch.frameOffset[i] = at;
      batch.capturedLength[i] = octets;
      batch.wireLength[i] = octets;
    }
    batch.count = batch.capacity;
    return batch.count;
  }

  /** There is always more. */
  async more(): Promise<boolean> {
    return true;
  }

  close(): void {}

  #writeConstants(at: number): void {
    const view = this.#view;
    const { vlans, protocol, tcpFlags } = this.#recipe;
    let type = at + 12;
    vlans.forEach((id, i) => {
      view.setUint16(type, i === 0 && vlans.length > 1 ? SERVICE_TPID : TPID);
      view.setUint16(type + 2, id);
      type += TAG;
    });
    view.setUint16(type, this.#isV6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
    const ip = at + this.#ip;
    if (this.#isV6) {
      view.setUint32(ip, 0x60000000);
      view.setUint16(ip + 6, (this.#protocol << 8) | HOP_LIMIT);
    } else {
      view.setUint16(ip, 0x4500);
      view.setUint16(ip + 6, DONT_FRAGMENT);
      view.setUint16(ip + 8, (HOP_LIMIT << 8) | this.#protocol);
    }
    const transport = at + this.#transport;
    if (protocol === 'tcp') {
      view.setUint32(transport + 8, tcpFlags & TCP_ACK ? 1 : 0);
      view.setUint16(transport + 12, 0x5000 | tcpFlags);
      view.setUint16(transport + 14, TCP_WINDOW);
    } else if (protocol === 'icmp') {
      view.setUint8(transport, this.#isV6 ? ECHO_REQUEST_V6 : ECHO_REQUEST_V4);
    }
  }

  #writeFrame(at: number, octets: number): void {
    const { source, destination, protocol } = this.#recipe;
    const { flow } = this.#order;
    this.#writeMac(at, destination.mac.first + (flow % destination.mac.count));
    this.#writeMac(at + 6, source.mac.first + (flow % source.mac.count));
    if (this.#isV6) this.#writeIpv6(at + this.#ip, octets - this.#ip, flow);
    else this.#writeIpv4(at + this.#ip, octets - this.#ip, flow);
    const segmentOctets = octets - this.#transport;
    if (protocol === 'icmp') {
      this.#writeIcmp(at + this.#transport, segmentOctets);
      return;
    }
    const sourceTurn = Math.floor(flow / source.address.count);
    const destinationTurn = Math.floor(flow / destination.address.count);
    const sourcePort = source.port.first + (sourceTurn % source.port.count);
    const destinationPort = destination.port.first + (destinationTurn % destination.port.count);
    this.#view.setUint16(at + this.#transport, sourcePort);
    this.#view.setUint16(at + this.#transport + 2, destinationPort);
    const sum = this.#addressSum + this.#protocol + segmentOctets + sourcePort + destinationPort;
    if (protocol === 'tcp') this.#writeTcp(at + this.#transport, sum);
    else this.#writeUdp(at + this.#transport, segmentOctets, sum);
  }

  #writeMac(at: number, mac: number): void {
    this.#view.setUint16(at, Math.floor(mac / 0x1_0000_0000));
    this.#view.setUint32(at + 2, mac >>> 0);
  }

  #writeIpv4(at: number, totalLength: number, flow: number): void {
    const view = this.#view;
    const { source, destination } = this.#recipe;
    const from = (source.address.first[3] + (flow % source.address.count)) >>> 0;
    const to = (destination.address.first[3] + (flow % destination.address.count)) >>> 0;
    const id = this.#identification;
    this.#identification = (id + 1) & 0xffff;
    this.#addressSum = halves(from) + halves(to);
    view.setUint16(at + 2, totalLength);
    view.setUint16(at + 4, id);
    const constant = 0x4500 + DONT_FRAGMENT + ((HOP_LIMIT << 8) | this.#protocol);
    view.setUint16(at + 10, checksumOf(constant + totalLength + id + this.#addressSum));
    view.setUint32(at + 12, from);
    view.setUint32(at + 16, to);
  }

  #writeIpv6(at: number, ipOctets: number, flow: number): void {
    const { source, destination } = this.#recipe;
    this.#view.setUint16(at + 4, ipOctets - IPV6);
    this.#addressSum =
      this.#writeIpv6Address(at + 8, source.address.first, flow % source.address.count) +
      this.#writeIpv6Address(at + 24, destination.address.first, flow % destination.address.count);
  }

  /** @returns the sum of its 16-bit words */
  #writeIpv6Address(at: number, first: readonly [number, number, number, number], step: number): number {
    const view = this.#view;
    const low = first[3] + step;
    const middle = first[2] + (low > 0xffff_ffff ? 1 : 0);
    view.setUint32(at, first[0]);
    view.setUint32(at + 4, first[1]);
    view.setUint32(at + 8, middle);
    view.setUint32(at + 12, low >>> 0);
    return halves(first[0]) + halves(first[1]) + halves(middle) + halves(low >>> 0);
  }

  #writeIcmp(at: number, octets: number): void {
    const { source } = this.#recipe;
    const sequence = this.#order.before & 0xffff;
    const type = (this.#isV6 ? ECHO_REQUEST_V6 : ECHO_REQUEST_V4) << 8;
    // ICMPv6 includes the pseudo-header (RFC 4443 §2.3), ICMP does not.
    const pseudo = this.#isV6 ? this.#addressSum + this.#protocol + octets : 0;
    this.#view.setUint16(at + 2, checksumOf(pseudo + type + source.port.first + sequence));
    this.#view.setUint16(at + 4, source.port.first);
    this.#view.setUint16(at + 6, sequence);
  }

  /** The sequence number follows from packet to packet of a flow where flows take turns and all frames are as long. */
  #writeTcp(at: number, sum: number): void {
    const { tcpFlags } = this.#recipe;
    const sequence = (1 + Math.imul(this.#order.before, this.#payloadOctetsMax)) >>> 0;
    const acknowledgement = tcpFlags & TCP_ACK ? 1 : 0;
    const rest = acknowledgement + (0x5000 | tcpFlags) + TCP_WINDOW;
    this.#view.setUint32(at + 4, sequence);
    this.#view.setUint16(at + 16, checksumOf(sum + halves(sequence) + rest));
  }

  #writeUdp(at: number, octets: number, sum: number): void {
    this.#view.setUint16(at + 4, octets);
    // RFC 768: a checksum of 0 is sent as all ones, since 0 says that there is none.
    this.#view.setUint16(at + 6, checksumOf(sum + octets) || 0xffff);
  }
}
