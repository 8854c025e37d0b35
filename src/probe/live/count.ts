/**
 * Captures packets of one interface and throws them away: the baseline that a probe is judged by ("pcount"). No flow
 * is kept; what is counted is what the capture hands over and what it says it dropped. Packets are decoded only where
 * sampling is by hash, which reads what was decoded.
 */

import { LiveSource, type LiveStatistics } from '../../capture/live/live-source.ts';
import { liveOpener } from '../../capture/live/open-live.ts';
import { createLiveBatch, type LivePacketBatch } from '../../capture/live-batch.ts';
import type { LiveCaptureOptions } from '../../capture/live-options.ts';
import { createHashSelector, selectDecoded } from '../../capture/selection/hash-selection.ts';
import { shareSelection } from '../../capture/selection/kernel-selection.ts';
import { createSelector, type Selector, selectFrames } from '../../capture/selection/selection.ts';
import { createDecoder, decodeFrames } from '../../decode/decoder.ts';
import type { Engine } from '../../engine/engine.ts';
import { createDecodedBatch } from '../../records/decoded-batch.ts';
import { DIRECT_DOUBLES, DIRECT_OCTETS } from '../../records/engine-words.ts';
import { float64Array, int32Array } from '../../records/memory.ts';
import { createLiveMemory, type LiveMemory } from './memory.ts';

/** Packets looked at together; nothing but their headers is, so the batch may be large. */
const PACKETS_PER_BATCH = 512;
const BATCHES_PER_LOOK = 32;
const SECOND_MS = 1000;

/** Counts since the start; NaN for a count that the source cannot know. */
export interface LiveCount {
  readonly elapsedMs: number;
  readonly packets: number;
  /** Of frames on the wire. */
  readonly octets: number;
  /** By the ring, or by libpcap's. */
  readonly drops: number;
  /** Packets that sampling left out, as far as that is known; they are not in `packets`. */
  readonly unselected: number;
  /** Processor time of this process, user and system. */
  readonly cpuMs: number;
}

export interface LiveCountOptions {
  readonly capture: LiveCaptureOptions;
  /** Infinity: until `signal`. */
  readonly durationMs: number;
  readonly signal: AbortSignal;
  /** About once a second, and at the end. */
  readonly onCount: (count: LiveCount) => void;
  readonly onLog: (message: string) => void;
}

class Counter {
  readonly #options: LiveCountOptions;
  readonly #memory: LiveMemory;
  readonly #batch: LivePacketBatch;
  readonly #totals: Float64Array;
  readonly #startedAtMs = performance.now();
  readonly #cpuAtStart = process.cpuUsage();
  readonly #linkTypes: Int32Array;
  readonly #selectHashed: ((batch: LivePacketBatch) => { packets: number; octets: number }) | undefined;
  #selector: Selector | undefined;
  #packets = 0;
  #octets = 0;
  #unselected = 0;

  constructor(options: LiveCountOptions) {
    this.#options = options;
    const { capture } = options;
    // There are no flows.
    this.#memory = createLiveMemory({ metering: { flowTableEntries: 1 }, capture });
    const { engine } = this.#memory;
    this.#batch = createLiveBatch(PACKETS_PER_BATCH, engine.allocate);
    this.#totals = float64Array(engine.allocate, DIRECT_DOUBLES);
    this.#linkTypes = int32Array(engine.allocate, 65_536);
    this.#selectHashed = createHashSelection(capture, this.#linkTypes, engine);
  }

  async run(): Promise<LiveCount> {
    const { capture: wanted, onCount, onLog } = this.#options;
    const selection = shareSelection(wanted, 1);
    const capture = { ...wanted, kernelSelection: selection?.workers[0] };
    const open = await liveOpener(capture, Math.floor(Date.now() / 1000), this.#memory.captureMemory);
    const source = new LiveSource(capture, open, {
      onOpened: (opened) => {
        const { linkType } = opened.interface;
        this.#linkTypes[capture.interfaceIndex] = linkType;
        this.#selector = createSelector(capture.sampling, opened.samplesBy);
      },
      onLog: (_, message) => onLog(`${capture.interface}: ${message}`),
    });
    try {
      await this.#count(source);
    } finally {
      source.close();
      selection?.close();
    }
    const count = this.#now(source.statistics);
    onCount(count);
    return count;
  }

  async #count(source: LiveSource): Promise<void> {
    const { signal, durationMs, onCount } = this.#options;
    const batch = this.#batch;
    const endMs = this.#startedAtMs + durationMs;
    let tellAtMs = this.#startedAtMs + SECOND_MS;
    let looksIn = 0;
    for (;;) {
      const count = source.readBatch(batch);
      if (count > 0) this.#add(batch);
      if (count > 0 && --looksIn > 0) continue;
      looksIn = BATCHES_PER_LOOK;
      if (count === 0) await source.wait();
      const nowMs = count === 0 ? source.wokenAtMs : performance.now();
      if (signal.aborted || nowMs >= endMs) return;
      if (nowMs < tellAtMs) continue;
      tellAtMs += SECOND_MS * Math.ceil((nowMs - tellAtMs + 1) / SECOND_MS);
      source.updateStatistics();
      onCount(this.#now(source.statistics));
      // Signals come with the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #add(batch: LivePacketBatch): void {
    if (this.#selector !== undefined) this.#unselected += selectFrames(this.#selector, batch);
    const { timeNs, capacity, count } = batch;
    if (count === 0) return;
    const totals = this.#totals;
    this.#memory.engine.countFrames(timeNs.byteOffset, capacity, count, totals.byteOffset);
    const octets = totals[DIRECT_OCTETS]!;
    const dropped = this.#selectHashed?.(batch) ?? { packets: 0, octets: 0 };
    this.#unselected += dropped.packets;
    this.#packets += count - dropped.packets;
    this.#octets += octets - dropped.octets;
  }

  #now({ drops, leftOut }: LiveStatistics): LiveCount {
    const cpu = process.cpuUsage(this.#cpuAtStart);
    return {
      elapsedMs: performance.now() - this.#startedAtMs,
      packets: this.#packets,
      octets: this.#octets,
      drops,
      unselected: this.#unselected + leftOut,
      cpuMs: (cpu.user + cpu.system) / 1000,
    };
  }
}

/** What selection by hash drops of a batch; undefined where packets are not selected so. */
function createHashSelection(
  { sampling }: LiveCaptureOptions,
  linkTypes: Int32Array,
  engine: Engine,
): ((batch: LivePacketBatch) => { packets: number; octets: number }) | undefined {
  const selector = createHashSelector(sampling, engine);
  if (selector === undefined) return undefined;
  const decoder = createDecoder({}, undefined, engine);
  const decoded = createDecodedBatch(PACKETS_PER_BATCH, false, true, engine.allocate);
  return (batch) => {
    selector.packetsDropped = 0;
    selector.octetsDropped = 0;
    decodeFrames(decoder, batch, linkTypes, decoded);
    selectDecoded(selector, decoded, batch.view);
    return { packets: selector.packetsDropped, octets: selector.octetsDropped };
  };
}

/**
 * Counts until the time is over or the signal comes.
 * @throws CaptureError if the capture cannot be opened
 */
export function countLive(options: LiveCountOptions): Promise<LiveCount> {
  return new Counter(options).run();
}
