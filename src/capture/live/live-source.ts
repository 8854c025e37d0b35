/**
 * A live interface as a source of packets that does not end: opens a capture, waits for packets, and when the interface
 * goes down or away says so, counts it, and opens it again once it is back. The capture itself is a LiveCapture.
 */
import { FlowtapError, NoInterfaceError } from '../../base/errors.ts';
import type { InterfaceState } from '../../sys/network-interface.ts';
import type { LivePacketBatch } from '../live-batch.ts';
import type { LiveCaptureOptions } from '../live-options.ts';
import type { PacketTaker } from '../ring-block.ts';
import type { MemberNews } from './group-members.ts';
import type { LiveCapture } from './live-capture.ts';

/** How long a wait lasts at most: how late a stop is heard when no packet comes. */
const WAIT_MS = 100;
/** The same once the interface is gone, and its last packets are read. */
const DRAIN_WAIT_MS = 1;
/** How often a quiet interface is looked at. */
const CHECK_MS = 1000;
/** How often a lost interface is tried again. */
const REOPEN_MS = 500;
/** A reopening that fails for another reason than the interface's absence is logged this often. */
const REFUSED_LOG_MS = 60_000;

const SAID: Readonly<Record<InterfaceState, string>> = {
  up: 'the interface delivers packets again',
  down: 'the interface is down: no packets until it is up',
  'no link': 'the interface has no link: no packets until it has',
  gone: 'the interface is gone; waiting for it to come back',
};
const CAPTURED_FIRST = 'has come, and is captured';
const CAPTURED_AGAIN = 'is back, and captured again';

export interface LiveEvents {
  /** The capture runs; called again after each reopening. */
  readonly onOpened: (capture: LiveCapture) => void;
  /** Members of a group have come, for the first time or again. */
  readonly onMembers?: (capture: LiveCapture, members: readonly string[]) => void;
  /** The interface is not there at the start, and is waited for. */
  readonly onAwaited?: () => void;
  readonly onLog: (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, string>) => void;
}

/** Counts since the start; NaN for a count that the source cannot know. */
export interface LiveStatistics {
  drops: number;
  freezes: number;
  /** Packets that the kernel's systematic sampling left out. */
  leftOut: number;
  /** Packets in blocks that made no sense. */
  faults: number;
  /** Times that the worker went to sleep. */
  waits: number;
  /** Times that the capture was opened again. */
  reopened: number;
  isUp: boolean;
}

export class LiveSource {
  readonly statistics: LiveStatistics = {
    drops: 0,
    freezes: 0,
    leftOut: 0,
    faults: 0,
    waits: 0,
    reopened: 0,
    isUp: true,
  };
  readonly #open: () => LiveCapture;
  readonly #name: string;
  readonly #drainMs: number;
  readonly #events: LiveEvents;
  #capture: LiveCapture | undefined;
  #state: InterfaceState = 'up';
  /** When the interface was found gone, by `performance.now()`; its last packets may still come. */
  #goneAtMs = Number.NaN;
  /** Since then as much time has passed as the last packets may take. */
  #isDrained = false;
  #hadNoLink = false;
  /** It ran at least once. */
  #hasOpened = true;
  #lookAtMs = 0;
  #wokenAtMs = performance.now();
  #refusedLogAtMs = -Infinity;
  #membersAtMs = 0;

  /**
   * @param open opens the capture
   * @throws CaptureError if it cannot be opened at the start, unless its interface is not there and is to be waited for
   */
  constructor(options: LiveCaptureOptions, open: () => LiveCapture, events: LiveEvents) {
    this.#name = options.interface;
    // The block that was being filled is handed over within the block timeout, interface or not.
    this.#drainMs = 2 * options.blockTimeoutMs + 20;
    this.#open = open;
    this.#events = events;
    try {
      this.#capture = open();
    } catch (error) {
      if (!(error instanceof NoInterfaceError) || options.waitForInterface !== true) throw error;
      this.#state = 'gone';
      this.statistics.isUp = false;
      this.#hasOpened = false;
      const { remedy = '' } = error;
      events.onLog('warn', `the interface is not there; waiting for it: ${remedy}`, { state: 'gone' });
      events.onAwaited?.();
      return;
    }
    events.onOpened(this.#capture);
    this.#tellMissing(this.#capture);
    this.#look(this.#capture);
  }

  #tellMissing({ members }: LiveCapture): void {
    for (const [i, member] of members?.names.entries() ?? []) {
      if (members!.states[i] !== 'gone') continue;
      const fields = { interface: member, state: 'gone' };
      this.#events.onLog('warn', `${member}: the interface is not there; waiting for it`, fields);
    }
  }

  /** The capture that runs, or undefined while the interface is lost. */
  get capture(): LiveCapture | undefined {
    return this.#capture;
  }

  /** When the last wait was over, by `performance.now()`, which costs more than it seems to right after a sleep. */
  get wokenAtMs(): number {
    return this.#wokenAtMs;
  }

  /** As LiveCapture.readBatch. */
  readBatch(batch: LivePacketBatch): number {
    return this.#capture === undefined ? 0 : this.#capture.readBatch(batch);
  }

  /** As LiveCapture.takeDirect; 0 where the capture has nothing of the kind. */
  takeDirect(taker: PacketTaker): number {
    return this.#capture?.takeDirect?.(taker) ?? 0;
  }

  /**
   * Sleeps until packets are at hand, a tenth of a second at most; looks after the interface meanwhile.
   * @returns a promise where the capture waits by the event loop; waking up from one costs more than the rest of a wake
   */
  wait(): Promise<void> | undefined {
    this.statistics.waits++;
    const capture = this.#capture;
    if (capture === undefined) return this.#waitForInterface();
    const waited = capture.wait(this.#state === 'gone' ? DRAIN_WAIT_MS : WAIT_MS);
    if (typeof waited !== 'boolean') return waited.then((isWell) => this.#awake(capture, isWell));
    this.#awake(capture, waited);
    return undefined;
  }

  async #waitForInterface(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    this.#wokenAtMs = performance.now();
    this.#reopenIfDue();
  }

  #awake(capture: LiveCapture, isWell: boolean): void {
    this.#wokenAtMs = performance.now();
    if (this.#state === 'gone') {
      // Reading comes between: this thread may not have run while the last block was handed over.
      if (this.#isDrained) this.#lose(capture);
      else this.#isDrained = this.#wokenAtMs - this.#goneAtMs > this.#drainMs;
    } else if (!isWell || this.#wokenAtMs >= this.#lookAtMs) this.#look(capture);
  }

  /** Asks the kernel for its counts: the only place that does, for it forgets them. */
  updateStatistics(): void {
    const capture = this.#capture;
    if (capture === undefined) return;
    const { drops, freezes, leftOut } = capture.takeStatistics();
    this.statistics.drops += drops;
    this.statistics.freezes += freezes;
    this.statistics.leftOut += leftOut;
    this.#lookAtMembers(capture);
  }

  /** Here, and not where a wait ends: one member may be busy while another one is away. */
  #lookAtMembers(capture: LiveCapture): void {
    const now = performance.now();
    if (capture.lookAtMembers === undefined || now < this.#membersAtMs) return;
    this.#membersAtMs = now + REOPEN_MS;
    const news = capture.lookAtMembers();
    for (const one of news) this.#tellMember(one);
    const come = news.filter(({ hasCome }) => hasCome).map(({ member }) => member);
    if (come.length > 0) this.#events.onMembers?.(capture, come);
  }

  #tellMember({ member, state, before, hasCome, hadCome }: MemberNews): void {
    const said = hasCome ? `the interface ${hadCome ? CAPTURED_AGAIN : CAPTURED_FIRST}` : SAID[state];
    this.#events.onLog(state === 'up' ? 'info' : 'warn', `${member}: ${said}`, {
      interface: member,
      state,
      before,
    });
  }

  close(): void {
    const capture = this.#capture;
    if (capture === undefined) return;
    this.#release(capture);
  }

  #release(capture: LiveCapture): void {
    this.updateStatistics();
    this.statistics.faults += capture.faults;
    this.#capture = undefined;
    capture.close();
  }

  /** Looks at the interface's state, and says when it has changed. */
  #look(capture: LiveCapture): void {
    const now = performance.now();
    this.#lookAtMs = now + CHECK_MS;
    const state = capture.state();
    // The system itself notices a link late: an interface that has just been switched on has none for a moment.
    const isSure = state !== 'no link' || this.#hadNoLink;
    this.#hadNoLink = state === 'no link';
    if (state === this.#state || !isSure) return;
    const before = this.#state;
    this.#state = state;
    this.statistics.isUp = state === 'up';
    if (state === 'gone') {
      this.#goneAtMs = now;
      this.#isDrained = false;
    }
    this.#events.onLog(state === 'up' ? 'info' : 'warn', SAID[state], { state, before });
  }

  #lose(capture: LiveCapture): void {
    this.#release(capture);
    this.#lookAtMs = performance.now();
  }

  #reopenIfDue(): void {
    const now = performance.now();
    if (now < this.#lookAtMs) return;
    this.#lookAtMs = now + REOPEN_MS;
    try {
      this.#capture = this.#open();
    } catch (error) {
      if (!(error instanceof FlowtapError)) throw error;
      this.#logRefused(error, now);
      return;
    }
    if (this.#hasOpened) this.statistics.reopened++;
    const message = this.#hasOpened ? CAPTURED_AGAIN : CAPTURED_FIRST;
    this.#hasOpened = true;
    this.#state = 'up';
    this.statistics.isUp = true;
    this.#events.onLog('info', `the interface ${message}`, { state: 'up' });
    this.#events.onOpened(this.#capture);
    this.#look(this.#capture);
  }

  #logRefused(error: FlowtapError, now: number): void {
    // That there is no such interface is why we are here.
    if (error instanceof NoInterfaceError || now - this.#refusedLogAtMs < REFUSED_LOG_MS) return;
    this.#refusedLogAtMs = now;
    const remedy = error.remedy === undefined ? {} : { remedy: error.remedy };
    const message = `cannot be captured${this.#hasOpened ? ' again' : ''}: ${error.message}`;
    this.#events.onLog('error', message, { interface: this.#name, ...remedy });
  }
}
