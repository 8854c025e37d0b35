/**
 * The engine: what is done for every packet, as WebAssembly. `assembly/` is its source in AssemblyScript, `engine.wasm`
 * what `npm run engine` makes of it; docs/decisions/0015 has why and what it gains.
 *
 * An engine has one memory, which both sides see: batches, the flow table and the window of a capture are allocated in
 * it, once, at start, and JavaScript reaches them through typed arrays. Places are octets from its start.
 */
import { readFileSync } from 'node:fs';
import { packageFile } from '../package-files.ts';
import { type AllocateMemory, allocateFrom } from '../records/memory.ts';

/** The parts of the standard that are used here; Node's types leave them to those of the browsers. */
declare namespace WebAssembly {
  class Module {
    constructor(octets: Uint8Array);
  }
  class Memory {
    /** A SharedArrayBuffer where the memory is shared, which typed arrays and views take in the same way. */
    readonly buffer: ArrayBuffer;
    constructor(pages: { initial: number; maximum: number; shared: boolean });
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
  readonly saysNothing: (
    isTcp: boolean,
    source: number,
    destination: number,
    start: number,
    end: number,
  ) => number;
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

/** A part of a memory that engines of several threads share: each of them allocates in its own. It can be posted to a thread. */
export interface EnginePart {
  readonly memory: WebAssembly.Memory;
  /** Octets from the start of the memory. */
  readonly start: number;
  readonly end: number;
}

/**
 * How a module imports its memory: module, field, kind, and limits with a maximum (WebAssembly Core Specification §5.5.5).
 * Behind a flag of 3 in place of 1 the memory is a shared one (Threads proposal, "Spec Changes").
 */
const MEMORY_IMPORT = Buffer.from('\x03env\x06memory\x02\x01', 'latin1');
const SHARED_LIMITS = 3;

const compiled = new Map<boolean, WebAssembly.Module>();

/** The compiled engine, read on first use. A module takes a memory of one kind alone: `isShared` says which. */
function engineModule(isShared: boolean): WebAssembly.Module {
  const known = compiled.get(isShared);
  if (known !== undefined) return known;
  const octets = readFileSync(packageFile('src/engine/engine.wasm'));
  if (isShared) octets[octets.indexOf(MEMORY_IMPORT) + MEMORY_IMPORT.length - 1] = SHARED_LIMITS;
  const module = new WebAssembly.Module(octets);
  compiled.set(isShared, module);
  return module;
}

function createMemory(octets: number, isShared: boolean): WebAssembly.Memory {
  const pages = Math.ceil(octets / PAGE_OCTETS);
  return new WebAssembly.Memory({ initial: pages, maximum: PAGES_MAX, shared: isShared });
}

/**
 * An engine with memory of its own.
 * @param octets what will be allocated in large pieces: tables (`tableOctets`) and windows
 * @throws RangeError when there is no memory of this size
 */
export function createEngine(octets: number): Engine {
  const all = octets + SMALL_OCTETS;
  const memory = createMemory(all, false);
  return instantiate({ memory, start: 0, end: memory.buffer.byteLength }, false);
}

/** Octets of a part, in whole pages. */
function partOctets(octets: number): number {
  return Math.ceil((octets + SMALL_OCTETS) / PAGE_OCTETS) * PAGE_OCTETS;
}

/** Whether a memory can have such parts. */
export function canDivide(octets: readonly number[]): boolean {
  return octets.reduce((sum, wanted) => sum + partOctets(wanted), 0) <= PAGES_MAX * PAGE_OCTETS;
}

/**
 * One memory for engines of several threads, which see all of it.
 * @param octets of each part, what will be allocated in large pieces
 * @throws RangeError when there is no memory of this size
 */
export function divideMemory<const Parts extends readonly number[]>(
  octets: Parts,
): { [Part in keyof Parts]: EnginePart } {
  const ends: number[] = [];
  for (const wanted of octets) ends.push((ends.at(-1) ?? 0) + partOctets(wanted));
  const memory = createMemory(ends.at(-1)!, true);
  const parts = ends.map((end, i): EnginePart => ({ memory, start: ends[i - 1] ?? 0, end }));
  return parts as { [Part in keyof Parts]: EnginePart };
}

/** An engine in a part of a memory that others share. */
export function createEngineIn(part: EnginePart): Engine {
  return instantiate(part, true);
}

/** Allocates in a part of a memory, from its beginning on: on both sides what is allocated in one order lies in one place. */
export function allocateInPart({ memory, start, end }: EnginePart): AllocateMemory {
  const allocateOn = allocateFrom(memory.buffer, Math.max(start, CACHE_LINE_OCTETS), end);
  return (wanted) => allocateOn(CACHE_LINE_OCTETS, wanted);
}

function instantiate({ memory, start, end }: EnginePart, isShared: boolean): Engine {
  const { exports } = new WebAssembly.Instance(engineModule(isShared), { env: { memory } });
  const { buffer } = memory;
  // Address 0 is not used: a place of 0 is always a mistake.
  const allocateOn = allocateFrom(buffer, Math.max(start, CACHE_LINE_OCTETS), end);
  const allocate: AllocateMemory = (wanted) => allocateOn(CACHE_LINE_OCTETS, wanted);
  // No system has larger pages than WebAssembly.
  const allocatePages: AllocateMemory = (wanted) =>
    allocateOn(PAGE_OCTETS, Math.ceil(wanted / PAGE_OCTETS) * PAGE_OCTETS);
  return { buffer, allocate, allocatePages, ...(exports as unknown as EngineFunctions) };
}
