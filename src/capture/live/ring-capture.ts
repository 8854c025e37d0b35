/**
 * Captures from a ring that the kernel fills and we read in place (AF_PACKET, TPACKET_V3): packet(7) and the kernel's
 * Documentation/networking/packet_mmap.rst.
 *
 * The ring is an ArrayBuffer over mapped memory, not a SharedArrayBuffer. Atomics work on both, and V8 makes the same
 * sequentially consistent instructions for both: a load of a block's status is an acquire, the store that gives the
 * block back a release. DataViews of the decoder stay those that a replay uses, so that its code has one shape.
 */
import { CaptureError } from '../../base/errors.ts';
import { doWithout } from '../../sys/kernel-features.ts';
import * as linux from '../../sys/linux-constants.ts';
import {
  hardwareType,
  type InterfaceState,
  interfaceIndex,
  interfaceState,
} from '../../sys/network-interface.ts';
import { type MappedRing, noSuchInterface, PacketSocket } from '../../sys/packet-socket.ts';
import { LINKTYPE_ETHERNET } from '../link-types.ts';
import type { LivePacketBatch } from '../live-batch.ts';
import type {
  KernelSelectionOptions,
  LiveCaptureOptions,
  RingHandles,
  RingSize,
  SamplingOptions,
} from '../live-options.ts';
import type { BlockWalk, PacketTaker } from '../ring-block.ts';
import { attachSelection, leftOutBySelection, type SelectionFault } from '../selection/kernel-selection.ts';
import type { CaptureMemory } from './capture-memory.ts';
import { GroupMembers, type MemberNews } from './group-members.ts';
import type { KernelStatistics, LiveCapture, LiveInterface } from './live-capture.ts';
import { allocateRing, mapRing, receiveAll, ringLinkType, ringProgram, startCapture } from './ring-socket.ts';
import { createBlockWalk, walkPackets } from './ring-walk.ts';

/** Offsets in the ring are 31-bit integers. */
const RING_OCTETS_MAX = 2 ** 30;

/** Blocks on their way from a ring that does not lie in an engine's memory. */
interface BlockCopy {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** @returns undefined where the ring lies in `memory`, or there is none */
function copyTo(
  memory: CaptureMemory | undefined,
  ring: CaptureMemory,
  blockOctets: number,
): BlockCopy | undefined {
  if (memory === undefined || memory === ring) return undefined;
  const from = new Uint8Array(ring.buffer, ring.byteOffset, ring.octets);
  return { from, to: new Uint8Array(memory.buffer, memory.byteOffset, blockOctets) };
}

/** @param used octets that the block says it holds */
function copyBlock({ from, to }: BlockCopy, start: number, used: number): void {
  const octets = used >>> 0 < to.length ? used : to.length;
  to.set(from.subarray(start, start + octets));
}

export class RingCapture implements LiveCapture {
  readonly ring: RingSize;
  readonly handles: RingHandles;
  readonly samplesBy: readonly SamplingOptions['method'][];
  readonly placeFault: string | undefined;
  /** The interfaces that the ring is for together; undefined: it is that of one. */
  readonly members: GroupMembers | undefined;
  readonly #options: LiveCaptureOptions;
  readonly #interface: LiveInterface;
  readonly #socket: PacketSocket;
  readonly #walk: BlockWalk;
  readonly #selection: KernelSelectionOptions | undefined;
  readonly #statistics = new Uint8Array(linux.TPACKET_STATS_V3_OCTETS);
  /** The ring's memory. */
  readonly #ringWords: Int32Array;
  /** Where blocks are copied to, and from; undefined: they are read in place. */
  readonly #copy: BlockCopy | undefined;
  /** Word of each block's status, from the start of the ring. */
  readonly #statusWords: Int32Array;
  /** The block that is being read or is to come next. */
  #block = 0;
  /** Whether that block is ours. */
  #isHeld = false;
  /** What the kernel's sampling had left out when we last asked. */
  #leftOut = 0;

  /**
   * @param memory of an engine, on pages that hold nothing else, for as long as the capture is open: where the ring is to
   *   lie, if it has room there and can be mapped there; else its blocks are copied there, one at a time
   * @throws CaptureError
   */
  constructor(options: LiveCaptureOptions, timeBaseSeconds: number, memory?: CaptureMemory) {
    const name = options.interface;
    const { members: names, waitForInterface } = options;
    const members = names === undefined ? undefined : new GroupMembers(names, waitForInterface === true);
    const ifIndex = members === undefined ? interfaceIndex(name) : members.ifIndex;
    if (ifIndex === 0) throw noSuchInterface(name);
    this.#options = options;
    this.members = members;
    const { blocks, blockOctets } = options;
    const octets = blocks * blockOctets;
    if (octets > RING_OCTETS_MAX) {
      throw new CaptureError(name, `a ring of ${octets} octets is too large`, {
        remedy: `at most ${RING_OCTETS_MAX}: --ring-blocks times live.ring.blockOctets; more workers have a ring each`,
        exitCode: 2,
      });
    }
    const linkType = members?.linkType ?? ringLinkType(name, hardwareType(name));
    this.#interface = { name, linkType, snapLength: options.snapLength, ifIndex };
    this.ring = { blocks, blockOctets, octets };
    const socket = new PacketSocket(name);
    this.#socket = socket;
    let ring: MappedRing | undefined;
    try {
      const hasVnetHeader = allocateRing(socket, options);
      const mapped = mapRing(socket, octets, memory);
      ring = mapped.ring;
      this.placeFault = mapped.fault;
      const { buffer, byteOffset } = mapped.memory;
      this.#ringWords = new Int32Array(buffer, byteOffset, octets >>> 2);
      this.#copy = copyTo(memory, mapped.memory, blockOctets);
      const { kernelSelection } = options;
      // The map counts on over the lives of a worker.
      if (kernelSelection !== undefined) this.#leftOut = leftOutBySelection(kernelSelection);
      const fault = this.#attachProgram(kernelSelection);
      if (fault !== undefined) doWithout('BPF_FETCH', fault);
      const isSelecting = kernelSelection !== undefined && fault === undefined;
      this.#selection = isSelecting ? kernelSelection : undefined;
      this.samplesBy = isSelecting ? ['random', 'systematic'] : ['random'];
      startCapture(socket, options, members === undefined ? [ifIndex] : members.present);
      const isEthernet = linkType === LINKTYPE_ETHERNET;
      this.#walk = createBlockWalk(this.#copy === undefined ? mapped.memory : memory!, {
        timeBaseSeconds,
        interfaceIndex: options.interfaceIndex,
        isEthernet,
        hasVnetHeader,
        members,
      });
    } catch (error) {
      socket.close(ring);
      throw error;
    }
    this.handles = { descriptor: socket.descriptor, socket: socket.name, ...ring };
    this.#statusWords = Int32Array.from(
      { length: blocks },
      (_, block) => (block * blockOctets + linux.BLOCK_STATUS) >>> 2,
    );
  }

  get interface(): LiveInterface {
    // That of a group has the number of its first member that is there.
    const { members } = this;
    return members === undefined ? this.#interface : { ...this.#interface, ifIndex: members.ifIndex };
  }

  /** Attaches the program of the interfaces that are there. @returns why the kernel does not sample as it was to */
  #attachProgram(selection: KernelSelectionOptions | undefined): SelectionFault | undefined {
    const { sampling } = this.#options;
    const program = ringProgram(this.#options, this.#interface.linkType, this.members);
    const isSelecting = selection !== undefined && sampling !== undefined;
    const fault = isSelecting
      ? attachSelection(this.#socket, program, selection, sampling.interval)
      : undefined;
    if (!isSelecting || fault !== undefined) this.#socket.attachFilter(program);
    return fault;
  }

  /**
   * Looks after the members of a group, and captures those that have come.
   * @throws CaptureError
   */
  lookAtMembers(): MemberNews[] {
    const { members } = this;
    if (members === undefined) return [];
    const news = members.look();
    const come = news.filter(({ hasCome }) => hasCome);
    if (come.length === 0) return news;
    const fault = this.#attachProgram(this.#selection);
    if (fault !== undefined) {
      const what = 'the program that samples cannot be attached for the interfaces that have come';
      throw new CaptureError(
        this.#interface.name,
        `${what}: ${typeof fault === 'number' ? `error number ${fault}` : fault}`,
      );
    }
    for (const { member } of come) {
      receiveAll(this.#socket, this.#options, members.ifIndexes[members.names.indexOf(member)]!);
    }
    return news;
  }

  get faults(): number {
    return this.#walk.faults;
  }

  blocksUsed(): number {
    const words = this.#ringWords;
    let used = 0;
    for (const at of this.#statusWords) used += words[at]! & linux.TP_STATUS_USER;
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
      this.#endBlock();
    }
  }

  takeDirect(taker: PacketTaker): number {
    const walk = this.#walk;
    for (;;) {
      if (!this.#isHeld && !this.#takeBlock()) return 0;
      if (walk.left > 0) return taker.takeBlock(walk);
      this.#endBlock();
    }
  }

  /** Takes the next block if the kernel has handed it over. */
  #takeBlock(): boolean {
    const ringWords = this.#ringWords;
    if ((Atomics.load(ringWords, this.#statusWords[this.#block]!) & linux.TP_STATUS_USER) === 0) return false;
    const { blockOctets } = this.ring;
    const walk = this.#walk;
    let start = this.#block * blockOctets;
    if (this.#copy !== undefined) {
      copyBlock(this.#copy, start, ringWords[(start + linux.BLOCK_BLK_LEN) >>> 2]!);
      this.#giveBlock();
      start = 0;
    }
    const { words } = walk;
    const first = words[(start + linux.BLOCK_OFFSET_TO_FIRST_PKT) >>> 2]!;
    walk.left = words[(start + linux.BLOCK_NUM_PKTS) >>> 2]! >>> 0;
    walk.end = start + blockOctets;
    // An offset that makes no sense leads to the end, where the walk counts what it cannot reach.
    walk.at = first >= linux.BLOCK_DESC_OCTETS && first <= blockOctets ? start + first : walk.end;
    this.#isHeld = true;
    return true;
  }

  #endBlock(): void {
    this.#isHeld = false;
    if (this.#copy === undefined) this.#giveBlock();
  }

  #giveBlock(): void {
    Atomics.store(this.#ringWords, this.#statusWords[this.#block]!, linux.TP_STATUS_KERNEL);
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
    // Members come and go, and the ring stays.
    if (this.members !== undefined) return 'up';
    return interfaceState(this.#interface.name, this.#interface.ifIndex);
  }

  takeStatistics(): KernelStatistics {
    const octets = this.#statistics;
    const leftOut = this.#takeLeftOut();
    if (this.#socket.get(linux.SOL_PACKET, linux.PACKET_STATISTICS, octets) !== 0)
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
