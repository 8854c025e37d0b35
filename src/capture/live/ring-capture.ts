/**
 * Captures from a ring that the kernel fills and we read in place (AF_PACKET, TPACKET_V3): packet(7) and the kernel's
 * Documentation/networking/packet_mmap.rst.
 *
 * The ring is an ArrayBuffer over mapped memory, not a SharedArrayBuffer. Atomics work on both, and V8 makes the same
 * sequentially consistent instructions for both: a load of a block's status is an acquire, the store that gives the
 * block back a release. DataViews of the decoder stay those that a replay uses, so that its code has one shape.
 */
import { CaptureError } from '../../base/errors.ts';
import * as linux from '../../sys/linux-constants.ts';
import {
  hardwareType,
  type InterfaceState,
  interfaceIndex,
  interfaceState,
} from '../../sys/network-interface.ts';
import { noSuchInterface, PacketSocket } from '../../sys/packet-socket.ts';
import { LINKTYPE_ETHERNET, linkTypeOfHardware } from '../link-types.ts';
import type { LivePacketBatch } from '../live-batch.ts';
import type {
  KernelSelectionOptions,
  LiveCaptureOptions,
  RingHandles,
  RingSize,
  SamplingOptions,
} from '../live-options.ts';
import { compileProgram } from '../selection/bpf.ts';
import { attachSelection, leftOutBySelection } from '../selection/kernel-selection.ts';
import type { KernelStatistics, LiveCapture, LiveInterface } from './live-capture.ts';
import { type BlockWalk, createBlockWalk, walkPackets } from './ring-walk.ts';

const { BLOCK_DESC_OCTETS, BLOCK_NUM_PKTS, BLOCK_OFFSET_TO_FIRST_PKT, BLOCK_STATUS, SOL_PACKET } = linux;
const { TP_STATUS_KERNEL, TP_STATUS_USER } = linux;

/** Frames are laid out one behind the other, whatever this says; the kernel wants it to divide a block. */
const FRAME_OCTETS = 2048;
/** Offsets in the ring are 31-bit integers. */
const RING_OCTETS_MAX = 2 ** 30;

export class RingCapture implements LiveCapture {
  readonly interface: LiveInterface;
  readonly ring: RingSize;
  readonly handles: RingHandles;
  readonly samplesBy: readonly SamplingOptions['method'][];
  readonly samplingFault: string | undefined;
  readonly #socket: PacketSocket;
  readonly #walk: BlockWalk;
  readonly #selection: KernelSelectionOptions | undefined;
  readonly #statistics = new Uint8Array(linux.TPACKET_STATS_V3_OCTETS);
  /** Word of each block's status, from the start of the ring. */
  readonly #statusWords: Int32Array;
  /** The block that is being read or is to come next. */
  #block = 0;
  /** Whether that block is ours. */
  #isHeld = false;
  /** What the kernel's sampling had left out when we last asked. */
  #leftOut = 0;

  /** @throws CaptureError */
  constructor(options: LiveCaptureOptions, timeBaseSeconds: number) {
    const name = options.interface;
    const ifIndex = interfaceIndex(name);
    if (ifIndex === 0) throw noSuchInterface(name);
    const { blocks, blockOctets } = options;
    const octets = blocks * blockOctets;
    if (octets > RING_OCTETS_MAX) {
      throw new CaptureError(name, `a ring of ${octets} octets is too large`, {
        remedy: `at most ${RING_OCTETS_MAX}: --ring-blocks times live.ring.blockOctets; more workers have a ring each`,
        exitCode: 2,
      });
    }
    const linkType = linkTypeOf(name);
    this.interface = { name, linkType, snapLength: options.snapLength, ifIndex };
    this.ring = { blocks, blockOctets, octets };
    const socket = new PacketSocket(name);
    this.#socket = socket;
    let address = 0n;
    try {
      const hasVnetHeader = allocateRing(socket, options);
      const mapped = socket.map(octets);
      address = mapped.address;
      const program = programOf(options, linkType);
      const { kernelSelection, sampling } = options;
      const isSelecting = kernelSelection !== undefined && sampling !== undefined;
      // The map counts on over the lives of a worker.
      if (isSelecting) this.#leftOut = leftOutBySelection(kernelSelection);
      this.samplingFault = isSelecting
        ? attachSelection(socket, program, kernelSelection, sampling.interval)
        : undefined;
      this.#selection = isSelecting && this.samplingFault === undefined ? kernelSelection : undefined;
      this.samplesBy = this.#selection === undefined ? ['random'] : ['random', 'systematic'];
      if (this.#selection === undefined) socket.attachFilter(program);
      startCapture(socket, options, ifIndex);
      const isEthernet = linkType === LINKTYPE_ETHERNET;
      this.#walk = createBlockWalk(mapped.memory, {
        timeBaseSeconds,
        interfaceIndex: options.interfaceIndex,
        isEthernet,
        hasVnetHeader,
      });
    } catch (error) {
      socket.close(address === 0n ? undefined : { address, octets });
      throw error;
    }
    this.handles = { descriptor: socket.descriptor, socket: socket.name, address, octets };
    this.#statusWords = Int32Array.from(
      { length: blocks },
      (_, block) => (block * blockOctets + BLOCK_STATUS) >>> 2,
    );
  }

  get faults(): number {
    return this.#walk.faults;
  }

  blocksUsed(): number {
    const { words } = this.#walk;
    let used = 0;
    for (const at of this.#statusWords) used += words[at]! & TP_STATUS_USER;
    return used;
  }

  readBatch(batch: LivePacketBatch): number {
    const walk = this.#walk;
    for (;;) {
      if (!this.#isHeld && !this.#takeBlock()) return 0;
      if (walk.left > 0) {
        const count = walkPackets(walk, batch);
        if (count > 0) return count;
      }
      // Everything of the block was handed out with the calls before, and whoever got it is done with it.
      this.#giveBlock();
    }
  }

  /** Takes the next block if the kernel has handed it over. */
  #takeBlock(): boolean {
    const walk = this.#walk;
    const { words } = walk;
    if ((Atomics.load(words, this.#statusWords[this.#block]!) & TP_STATUS_USER) === 0) return false;
    const { blockOctets } = this.ring;
    const start = this.#block * blockOctets;
    const first = words[(start + BLOCK_OFFSET_TO_FIRST_PKT) >>> 2]!;
    walk.left = words[(start + BLOCK_NUM_PKTS) >>> 2]! >>> 0;
    walk.end = start + blockOctets;
    // An offset that makes no sense leads to the end, where the walk counts what it cannot reach.
    walk.at = first >= BLOCK_DESC_OCTETS && first <= blockOctets ? start + first : walk.end;
    this.#isHeld = true;
    return true;
  }

  #giveBlock(): void {
    Atomics.store(this.#walk.words, this.#statusWords[this.#block]!, TP_STATUS_KERNEL);
    this.#isHeld = false;
    this.#block = this.#block + 1 === this.ring.blocks ? 0 : this.#block + 1;
  }

  wait(timeoutMs: number): boolean {
    const events = this.#socket.poll(timeoutMs);
    if ((events & linux.POLLERR) === 0) return true;
    // The interface went down or away: live-source.ts looks which. Asking takes the error out of the socket.
    this.#socket.pendingError();
    return false;
  }

  state(): InterfaceState {
    return interfaceState(this.interface.name, this.interface.ifIndex);
  }

  takeStatistics(): KernelStatistics {
    const octets = this.#statistics;
    const leftOut = this.#takeLeftOut();
    if (this.#socket.get(SOL_PACKET, linux.PACKET_STATISTICS, octets) !== 0)
      return { drops: 0, freezes: 0, leftOut };
    const view = new DataView(octets.buffer);
    return {
      drops: view.getUint32(linux.STATS_DROPS, true),
      freezes: view.getUint32(linux.STATS_FREEZE_Q_CNT, true),
      leftOut,
    };
  }

  #takeLeftOut(): number {
    if (this.#selection === undefined) return 0;
    const before = this.#leftOut;
    this.#leftOut = leftOutBySelection(this.#selection);
    return this.#leftOut - before;
  }

  close(): void {
    this.#socket.close(this.handles);
  }
}

/** @throws CaptureError for kinds of interface that carry no IP packets */
function linkTypeOf(name: string): number {
  const hardware = hardwareType(name);
  if (hardware < 0) throw noSuchInterface(name);
  const linkType = linkTypeOfHardware(hardware);
  if (linkType !== undefined) return linkType;
  throw new CaptureError(name, `interfaces of this kind are not known (ARPHRD ${hardware})`, {
    remedy: 'try --capture libpcap, which knows more of them',
    exitCode: 2,
  });
}

/** Sets the socket up and allocates its ring. @returns whether a virtio_net_hdr will stand before each frame */
function allocateRing(socket: PacketSocket, options: LiveCaptureOptions): boolean {
  socket.set('PACKET_VERSION', SOL_PACKET, linux.PACKET_VERSION, linux.TPACKET_V3);
  const hasVnetHeader = socket.trySet(SOL_PACKET, linux.PACKET_VNET_HDR, 1) === 0;
  const { blocks, blockOctets } = options;
  const frameOctets = Math.min(FRAME_OCTETS, blockOctets);
  const request = new DataView(new ArrayBuffer(linux.TPACKET_REQ3_OCTETS));
  request.setUint32(linux.REQ_BLOCK_SIZE, blockOctets, true);
  request.setUint32(linux.REQ_BLOCK_NR, blocks, true);
  request.setUint32(linux.REQ_FRAME_SIZE, frameOctets, true);
  request.setUint32(linux.REQ_FRAME_NR, blocks * Math.floor(blockOctets / frameOctets), true);
  request.setUint32(linux.REQ_RETIRE_BLK_TOV, options.blockTimeoutMs, true);
  const errno = socket.trySet(SOL_PACKET, linux.PACKET_RX_RING, new Uint8Array(request.buffer));
  if (errno === linux.EINVAL) {
    throw new CaptureError(
      options.interface,
      `the kernel refuses a ring of ${blocks} blocks of ${blockOctets} octets`,
      { remedy: 'blocks are a multiple of the page size: live.ring.blockOctets', exitCode: 2 },
    );
  }
  if (errno !== 0)
    socket.set('PACKET_RX_RING', SOL_PACKET, linux.PACKET_RX_RING, new Uint8Array(request.buffer));
  return hasVnetHeader;
}

function programOf(options: LiveCaptureOptions, linkType: number): Uint8Array {
  const { sampling } = options;
  return compileProgram({
    name: options.interface,
    linkType,
    snapLength: options.snapLength,
    filter: options.filter ?? '',
    randomInterval: sampling?.method === 'random' ? sampling.interval : 1,
    // The workers of a fanout group share what the kernel hands to the group, and older kernels hand it everything.
    withoutOutgoing: !options.outgoing && options.fanoutGroup !== undefined,
  });
}

/** Binds the socket: packets come from here on. */
function startCapture(socket: PacketSocket, options: LiveCaptureOptions, ifIndex: number): void {
  // A kernel before 4.20 does not know the option: the program drops what this host sends there.
  if (!options.outgoing) socket.trySet(SOL_PACKET, linux.PACKET_IGNORE_OUTGOING, 1);
  const address = new DataView(new ArrayBuffer(linux.SOCKADDR_LL_OCTETS));
  address.setUint16(linux.SLL_FAMILY, linux.AF_PACKET, true);
  address.setUint16(linux.SLL_PROTOCOL, linux.ETH_P_ALL);
  address.setInt32(linux.SLL_IFINDEX, ifIndex, true);
  socket.bind(new Uint8Array(address.buffer));
  if (options.promiscuous) {
    const membership = new DataView(new ArrayBuffer(linux.PACKET_MREQ_OCTETS));
    membership.setInt32(linux.MREQ_IFINDEX, ifIndex, true);
    membership.setUint16(linux.MREQ_TYPE, linux.PACKET_MR_PROMISC, true);
    const octets = new Uint8Array(membership.buffer);
    socket.set('promiscuous mode', SOL_PACKET, linux.PACKET_ADD_MEMBERSHIP, octets);
  }
  if (options.fanoutGroup !== undefined) joinFanout(socket, options, options.fanoutGroup);
}

/** Joins the workers that share the interface: both directions of a flow, and all fragments of a packet, to one. */
function joinFanout(socket: PacketSocket, options: LiveCaptureOptions, group: number): void {
  const flags = linux.PACKET_FANOUT_HASH | linux.PACKET_FANOUT_FLAG_DEFRAG;
  const ignore = options.outgoing ? 0 : linux.PACKET_FANOUT_FLAG_IGNORE_OUTGOING;
  const value = (type: number) => (group & 0xffff) | (type << 16);
  if (ignore !== 0 && socket.trySet(SOL_PACKET, linux.PACKET_FANOUT, value(flags | ignore)) === 0) return;
  socket.set('PACKET_FANOUT', SOL_PACKET, linux.PACKET_FANOUT, value(flags));
}
