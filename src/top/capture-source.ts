/** What `flowtap top` sees of a capture that is replayed at a pace: the flow table of its meter, on the capture's clock. */
import { setTimeout as delay } from 'node:timers/promises';
import { formatTime } from '../base/units.ts';
import { flowObjects, greatestFlows } from '../control/flow-objects.ts';
import { parseFlowQuery } from '../control/flow-query.ts';
import { FLOWS_ACTIVE } from '../metering/table/counters.ts';
import {
  LAST_PACKET_NS,
  OCTETS_READ,
  PACKETS_READ,
  RECORDED_DROPS,
  TIME_BASE_SECONDS,
} from '../probe/counters.ts';
import type { ReplayView, ReplayWatcher } from '../probe/replay/options.ts';
import { FLOWS_TOP_MAX } from '../records/flow-query.ts';
import type { Look, TopQuestion, TopSource } from './look.ts';

export interface CaptureReplay {
  /** Names of the files, for the title. */
  readonly name: string;
  readonly observationDomainId: number;
  /** Begins. @returns what resolves with the faults of the input when all is over */
  start(watcher: ReplayWatcher): Promise<readonly string[]>;
  /** Ends it early. */
  stop(): void;
}

const BEGIN_LOOK_MS = 10;

/** Of a capture that is over before anybody asked. */
const FIRST_QUESTION: TopQuestion = { sort: 'octets', filter: '' };

class CaptureSource implements TopSource, ReplayWatcher {
  readonly #replay: CaptureReplay;
  readonly #ended: Promise<readonly string[]>;
  readonly #started = Promise.withResolvers<void>();
  #names: readonly string[] = [];
  #view: ReplayView | undefined;
  /** The last one that could be answered. */
  #question = FIRST_QUESTION;
  /** The last look, taken when all was read. */
  #atEnd: Look | undefined;
  #faults: readonly string[] = [];

  constructor(replay: CaptureReplay) {
    this.#replay = replay;
    this.#ended = replay.start(this).then((faults) => {
      this.#faults = faults;
      return faults;
    });
    this.#ended.then(() => this.#started.resolve(), this.#started.reject);
    this.#started.promise.catch(() => {});
  }

  onStart(view: ReplayView): void {
    this.#view = view;
    this.#started.resolve();
  }

  onInterfaces(names: readonly string[]): void {
    this.#names = names;
  }

  onInputEnd(): void {
    this.#atEnd = this.#lookAt(this.#view!, this.#question, true);
  }

  async look(question: TopQuestion): Promise<Look> {
    await this.#started.promise;
    // Before its first packet a capture has nothing to show, not even its interfaces.
    while (!this.#hasBegun && this.#atEnd === undefined) await delay(BEGIN_LOOK_MS);
    this.#check(question);
    this.#question = question;
    const look = this.#atEnd ?? this.#lookAt(this.#view!, question, false);
    // The table is empty behind the end: its last flows are sorted, and not filtered, anew.
    const flows =
      this.#atEnd === undefined ? look.flows : greatestFlows(look.flows, question.sort, FLOWS_TOP_MAX);
    return { ...look, flows, losses: this.#faults };
  }

  close(): Promise<readonly string[]> {
    this.#replay.stop();
    return this.#ended;
  }

  get #hasBegun(): boolean {
    return !Number.isNaN(this.#view!.counters.capture[LAST_PACKET_NS]!);
  }

  #check({ sort, filter }: TopQuestion) {
    const asked = { points: this.#names, measuresHealth: true, isAnonymizing: false };
    return parseFlowQuery({ sort, filter, top: String(FLOWS_TOP_MAX) }, asked);
  }

  #lookAt({ counters, findFlows }: ReplayView, question: TopQuestion, isOver: boolean): Look {
    const { capture, metering } = counters;
    const timeNs = capture[TIME_BASE_SECONDS]! * 1e9 + capture[LAST_PACKET_NS]!;
    const nowMs = timeNs / 1e6;
    const batch = findFlows(this.#check(question));
    const nameOf = (point: number) => this.#names[point - 1] || String(point);
    const flows = flowObjects(batch, nameOf, nowMs, this.#replay.observationDomainId);
    const time = Number.isNaN(nowMs)
      ? isOver
        ? 'without any packet'
        : 'before its first packet'
      : `at ${formatTime(timeNs)}`;
    return {
      title: `flowtap top ${this.#replay.name}, ${time}`,
      nowMs,
      interfaces: [
        {
          name: 'capture',
          isUp: true,
          packets: capture[PACKETS_READ]!,
          octets: capture[OCTETS_READ]!,
          droppedPackets: capture[RECORDED_DROPS]!,
          activeFlows: metering[FLOWS_ACTIVE]!,
        },
      ],
      losses: [],
      flows: greatestFlows(flows, question.sort, FLOWS_TOP_MAX),
      isComplete: true,
      isOver,
    };
  }
}

/** A capture, whose replay begins now. */
export function captureSource(replay: CaptureReplay): TopSource {
  return new CaptureSource(replay);
}
