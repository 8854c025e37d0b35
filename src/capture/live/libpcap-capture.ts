/**
 * Captures through libpcap, for systems and links that the ring does not know. A call of ours for each packet, or a
 * callback from C, would cost more than metering it; so pcap_dispatch gets libpcap's own pcap_dump as its callback,
 * which writes a batch of packets into our memory, in the records of a capture file.
 *
 * What libpcap does not tell is unknown: blocks of its ring, and which packets are super-packets (each is one packet).
 */
import { CaptureError } from '../../base/errors.ts';
import { errorBuffer, errorText, type Libpcap, libpcap, programBuffer } from '../../sys/libpcap.ts';
import * as linux from '../../sys/linux-constants.ts';
import { type InterfaceState, interfaceIndex, interfaceState } from '../../sys/network-interface.ts';
import { captureFault, noSuchInterface } from '../../sys/packet-socket.ts';
import { linkTypeOfDlt } from '../link-types.ts';
import type { LivePacketBatch } from '../live-batch.ts';
import type { LiveCaptureOptions, RingSize } from '../live-options.ts';
import type { PacketTaker } from '../ring-block.ts';
import { SNAP_LENGTH_MAX } from '../selection/bpf.ts';
import { type CaptureMemory, libpcapPackets } from './capture-memory.ts';
import type { KernelStatistics, LiveCapture, LiveInterface } from './live-capture.ts';
import { RecordWindow } from './record-window.ts';

// Results of pcap_activate (pcap/pcap.h).
const PCAP_ERROR_NO_SUCH_DEVICE = -5;
const PCAP_ERROR_PERM_DENIED = -8;
const PCAP_ERROR_PROMISC_PERM_DENIED = -11;
const PCAP_TSTAMP_PRECISION_NANO = 1;
const PCAP_D_IN = 1;
const PCAP_NETMASK_UNKNOWN = 0xffff_ffff;
/** struct pcap_stat: received, dropped by the ring, dropped by the interface. */
const STATISTICS_OCTETS = 12;
const STATISTICS_DROPPED = 4;
const INT32_MAX = 2 ** 31 - 1;

type Handle = number | bigint;

export class LibpcapCapture implements LiveCapture {
  readonly interface: LiveInterface;
  readonly ring: RingSize;
  readonly handles = undefined;
  readonly samplesBy = [];
  readonly faults = 0;
  readonly #library: Libpcap;
  readonly #pcap: Handle;
  readonly #window: RecordWindow;
  readonly #packetsMax: number;
  readonly #file: Handle;
  readonly #dumper: Handle;
  readonly #pollDescriptor = new Uint8Array(linux.POLLFD_OCTETS);
  #drops = 0;
  #isBroken = false;
  #isOpen = true;

  /**
   * @param memory of an engine, where packets are to lie
   * @throws CaptureError
   */
  constructor(options: LiveCaptureOptions, timeBaseSeconds: number, memory?: CaptureMemory) {
    const name = options.interface;
    const library = libpcap(name, '--capture libpcap');
    this.#library = library;
    const pcap = openPcap(library, options);
    this.#pcap = pcap;
    try {
      setFilter(library, pcap, options);
    } catch (error) {
      library.close(pcap);
      throw error;
    }
    const { snapLength } = options;
    const linkType = linkTypeOfDlt(library.datalink(pcap));
    this.interface = { name, linkType, snapLength, ifIndex: interfaceIndex(name) };
    const octets = options.blocks * options.blockOctets;
    this.ring = { blocks: Number.NaN, blockOctets: Number.NaN, octets };
    this.#packetsMax = libpcapPackets(snapLength);
    this.#window = new RecordWindow(options, linkType, timeBaseSeconds, memory);
    const { bytes } = this.#window;
    this.#file = library.openMemory(bytes, bytes.length);
    this.#dumper = library.dumpOpen(pcap, this.#file);
    const descriptor = new DataView(this.#pollDescriptor.buffer);
    descriptor.setInt32(0, library.selectableDescriptor(pcap), true);
    descriptor.setInt16(linux.POLLFD_EVENTS, linux.POLLIN, true);
  }

  blocksUsed(): number {
    return Number.NaN;
  }

  readBatch(batch: LivePacketBatch): number {
    if (this.#window.isEmpty) this.#dispatch();
    return this.#window.readBatch(batch);
  }

  takeDirect(taker: PacketTaker): number {
    if (this.#window.isEmpty) this.#dispatch();
    return this.#window.isEmpty ? 0 : this.#window.takeDirect(taker);
  }

  /** Has libpcap copy packets that are at hand. */
  #dispatch(): void {
    const library = this.#library;
    this.#window.begin(0);
    if (this.#isBroken) return;
    library.seekStart(this.#file);
    const count = library.dispatchToDump(this.#pcap, this.#packetsMax, this.#dumper);
    if (count < 0) this.#isBroken = true;
    if (count <= 0) return;
    library.flush(this.#file);
    this.#window.begin(Number(library.position(this.#file)));
  }

  wait(timeoutMs: number): boolean {
    if (this.#isBroken) return false;
    this.#library.poll(this.#pollDescriptor, 1, timeoutMs);
    return !this.#isBroken;
  }

  state(): InterfaceState {
    // A handle that has failed once is of no use any more, whatever the interface says.
    return this.#isBroken ? 'gone' : interfaceState(this.interface.name, this.interface.ifIndex);
  }

  takeStatistics(): KernelStatistics {
    const octets = new Uint8Array(STATISTICS_OCTETS);
    if (this.#library.statistics(this.#pcap, octets) !== 0)
      return { drops: 0, freezes: Number.NaN, leftOut: 0 };
    const total = new DataView(octets.buffer).getUint32(STATISTICS_DROPPED, true);
    // libpcap counts from the start, in 32 bits.
    const drops = (total - this.#drops) >>> 0;
    this.#drops = total;
    return { drops, freezes: Number.NaN, leftOut: 0 };
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#library.dumpClose(this.#dumper);
    this.#library.close(this.#pcap);
  }
}

/** Opens and starts a handle. */
function openPcap(library: Libpcap, options: LiveCaptureOptions): Handle {
  const name = options.interface;
  const errors = errorBuffer();
  const pcap = library.create(name, errors);
  if (pcap === 0) throw new CaptureError(name, `libpcap: ${errorText(errors)}`);
  library.setSnapLength(pcap, options.snapLength === 0 ? SNAP_LENGTH_MAX : options.snapLength);
  library.setPromiscuous(pcap, options.promiscuous ? 1 : 0);
  library.setTimeout(pcap, options.blockTimeoutMs);
  library.setBufferSize(pcap, Math.min(options.blocks * options.blockOctets, INT32_MAX));
  library.setTimestampPrecision(pcap, PCAP_TSTAMP_PRECISION_NANO);
  const status = library.activate(pcap);
  const isReady = status >= 0 && library.setNonBlocking(pcap, 1, errors) === 0;
  if (isReady && (options.outgoing || library.setDirection(pcap, PCAP_D_IN) === 0)) return pcap;
  const reason = library.errorText(pcap);
  library.close(pcap);
  if (status === PCAP_ERROR_NO_SUCH_DEVICE) throw noSuchInterface(name);
  if (status === PCAP_ERROR_PERM_DENIED || status === PCAP_ERROR_PROMISC_PERM_DENIED)
    throw captureFault(name, 'pcap_activate', linux.EPERM);
  const text = status < 0 ? library.statusText(status) : 'the capture cannot be set up';
  throw new CaptureError(name, `libpcap: ${text}${reason === '' ? '' : `: ${reason}`}`);
}

/** @throws CaptureError with libpcap's message */
function setFilter(library: Libpcap, pcap: Handle, options: LiveCaptureOptions): void {
  const filter = options.filter ?? '';
  if (filter === '') return;
  const program = programBuffer();
  const isCompiled = library.compile(pcap, program, filter, 1, PCAP_NETMASK_UNKNOWN) === 0;
  const isSet = isCompiled && library.setFilter(pcap, program) === 0;
  const reason = isSet ? '' : library.errorText(pcap);
  if (isCompiled) library.freeCode(program);
  if (isSet) return;
  throw new CaptureError(
    options.interface,
    `the filter ${JSON.stringify(filter)} does not compile: ${reason}`,
    {
      remedy: "filters are in tcpdump's syntax: see man pcap-filter",
      exitCode: 2,
    },
  );
}
