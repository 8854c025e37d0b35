/**
 * The engine: what is done for every packet, as WebAssembly. `assembly/` is its source in AssemblyScript, `engine.wasm`
 * what `npm run engine` makes of it; docs/decisions/0015 has why and what it gains.
 *
 * An engine has one memory, which both sides see: batches, the flow table and the window of a capture are allocated in
 * it, once, at start, and JavaScript reaches them through typed arrays. Places are octets from its start.
 */
import { readFileSync } from 'node:fs';
import { packageFile } from '../package-files.ts';
import type { AllocateMemory } from '../records/memory.ts';

/** The parts of the standard that are used here; Node's types leave them to those of the browsers. */
declare namespace WebAssembly {
  class Module {
    constructor(octets: Uint8Array);
  }
  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(pages: { initial: number; maximum: number });
  }
  class Instance {
    readonly exports: Readonly<Record<string, unknown>>;
    constructor(module: Module, imports: { env: { memory: Memory } });
  }
}

const PAGE_OCTETS = 65_536;
/** WebAssembly's own limit: 4 GiB. */
const PAGES_MAX = 65_536;
const CACHE_LINE_OCTETS = 64;
/** Kept for what every engine holds besides its tables and windows: batches, clocks, link types. */
const SMALL_OCTETS = 4 * 2 ** 20;
/** The most that can be allocated in large pieces. */
export const ENGINE_OCTETS_MAX = PAGES_MAX * PAGE_OCTETS - SMALL_OCTETS;

/** The functions of assembly/index.ts, which says what they do. */
interface EngineFunctions {
  readonly walkPcap: (
    memory: number,
    start: number,
    end: number,
    capturedMax: number,
    baseSeconds: number,
    unitNs: number,
    interfaceIndex: number,
    batch: number,
    capacity: number,
    from: number,
  ) => number;
  readonly walkBlocks: (
    memory: number,
    start: number,
    end: number,
    capturedMax: number,
    interfaceIndex: number,
    batch: number,
    capacity: number,
    from: number,
  ) => number;
  readonly useInterface: (
    id: number,
    high: number,
    low: number,
    unitNs: number,
    start: number,
    end: number,
  ) => void;
  readonly scanOrder: (
    memory: number,
    start: number,
    end: number,
    capturedMax: number,
    baseSeconds: number,
    unitNs: number,
    lastNs: number,
    countMax: number,
    out: number,
    isBlock: boolean,
  ) => number;
  readonly countFrames: (batch: number, capacity: number, count: number, totals: number) => void;
  readonly decodeCommon: (
    memory: number,
    batch: number,
    capacity: number,
    count: number,
    from: number,
    linkTypes: number,
    tosMask: number,
    vlanMask: number,
    out: number,
    outCapacity: number,
    accepted: number,
    headers: number,
    udpTunnels: number,
    uncommon: number,
  ) => number;
  readonly decodedOctetsOnWire: () => number;
  readonly orderAndHash: (records: number, count: number, multipliers: number) => void;
  readonly takeRecords: (
    memory: number,
    start: number,
    end: number,
    capturedMax: number,
    baseSeconds: number,
    unitNs: number,
    latestNs: number,
    untilNs: number,
    interfaceIndex: number,
    tosMask: number,
    vlanMask: number,
    out: number,
    outCapacity: number,
    multipliers: number,
    headers: number,
    udpTunnels: number,
    uncommon: number,
    totals: number,
    worker: number,
    workers: number,
    isBlock: boolean,
  ) => number;
  readonly takeRing: (
    memory: number,
    start: number,
    end: number,
    left: number,
    before: number,
    baseSeconds: number,
    interfaceIndex: number,
    tosMask: number,
    vlanMask: number,
    out: number,
    outCapacity: number,
    multipliers: number,
    headers: number,
    udpTunnels: number,
    uncommon: number,
    members: number,
    selector: number,
    totals: number,
  ) => number;
  readonly markSegments: (
    record: number,
    frame: number,
    captured: number,
    length: number,
    transport: number,
    isUdp: number,
    segmentOctets: number,
    jumboOctets: number,
  ) => number;
  readonly bobHash: (input: number, octets: number, initialValue: number) => number;
  readonly isSelected: (selector: number, ip: number, end: number) => number;
  readonly keepShare: (
    records: number,
    times: number,
    count: number,
    worker: number,
    workers: number,
    kept: number,
    octets: number,
  ) => number;
  readonly useTable: (places: number) => void;
  readonly setTimeouts: (idleNs: number, activeNs: number, tcpEndDelayNs: number) => void;
  readonly touchIndex: (records: number, count: number, found: number) => void;
  readonly meter: (
    records: number,
    times: number,
    found: number,
    count: number,
    from: number,
    firstSlot: number,
    frames: number,
    offsets: number,
  ) => number;
  readonly insertFlow: (record: number, timeNs: number) => number;
  readonly beginFlow: (slot: number, record: number, timeNs: number) => void;
  readonly deadlineNs: (slot: number) => number;
  readonly scheduleFlow: (slot: number) => void;
  readonly unschedule: (slot: number) => void;
}

export interface Engine extends EngineFunctions {
  readonly buffer: ArrayBuffer;
  /** @throws RangeError when the engine was created for less */
  readonly allocate: AllocateMemory;
  /**
   * As `allocate`, on pages of the system that nothing else lies on: other memory may be mapped in their place.
   * @param octets a multiple of the system's page
   */
  readonly allocatePages: AllocateMemory;
}

let compiled: WebAssembly.Module | undefined;

/** The compiled engine, read on first use. */
function engineModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(packageFile('src/engine/engine.wasm')));
  return compiled;
}

/**
 * An engine with memory of its own.
 * @param octets what will be allocated in large pieces: tables (`tableOctets`) and windows
 * @throws RangeError when there is no memory of this size
 */
export function createEngine(octets: number): Engine {
  const pages = Math.ceil((octets + SMALL_OCTETS) / PAGE_OCTETS);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: PAGES_MAX });
  const { exports } = new WebAssembly.Instance(engineModule(), { env: { memory } });
  const { buffer } = memory;
  // Address 0 is not used: a place of 0 is always a mistake.
  let used = CACHE_LINE_OCTETS;
  const allocateOn = (boundary: number, wanted: number) => {
    const byteOffset = Math.ceil(used / boundary) * boundary;
    used = byteOffset + wanted;
    if (used > buffer.byteLength)
      throw new RangeError(`engine memory of ${buffer.byteLength} octets is full`);
    return { buffer, byteOffset };
  };
  const allocate: AllocateMemory = (wanted) => allocateOn(CACHE_LINE_OCTETS, wanted);
  // No system has larger pages than WebAssembly.
  const allocatePages: AllocateMemory = (wanted) =>
    allocateOn(PAGE_OCTETS, Math.ceil(wanted / PAGE_OCTETS) * PAGE_OCTETS);
  return { buffer, allocate, allocatePages, ...(exports as unknown as EngineFunctions) };
}
