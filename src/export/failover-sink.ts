/**
 * A group of sinks of which one at a time gets the records: the first in order that can be reached. What an earlier one
 * has not delivered goes to the next, and when an earlier one is back, it takes over again.
 */

import type { FlowRecordBatch } from '../records/flow-layout.ts';
import { joinSections, type RecordSections } from '../records/record-sections.ts';
import type { InterfaceDescription } from './contract/options-content.ts';
import type { CollectorStatistics, RecordSink, SinkContext } from './contract/record-sink.ts';

/** How often it is looked who can be reached. */
const LOOK_MS = 200;

export class FailoverSink implements RecordSink {
  readonly url: string;
  readonly members: readonly RecordSink[];
  readonly #context: SinkContext;
  readonly #timer: NodeJS.Timeout;
  #active: RecordSink;
  /** One thing at a time: an export, or moving records from one member to the next. */
  #work: Promise<void> = Promise.resolve();
  #isWorking = false;
  #isEnding = false;

  /** @param members in order of preference, at least one */
  constructor(name: string, members: readonly RecordSink[], context: SinkContext) {
    this.url = `failover:${name}`;
    this.members = members;
    this.#context = context;
    this.#active = members[0]!;
    this.#timer = setInterval(() => {
      if (!this.#isWorking && !this.#isEnding && this.#best() !== this.#active)
        this.#run(() => this.#settle());
    }, LOOK_MS);
    this.#timer.unref();
  }

  get needs(): RecordSections {
    return joinSections(this.members.map(({ needs }) => needs));
  }

  get isAway(): boolean {
    return this.members.every((member) => member.isAway === true);
  }

  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined {
    if (this.#isWorking || this.#best() !== this.#active) return this.#run(() => this.#exportSettled(batch));
    const pending = this.#active.exportBatch(batch);
    return pending && this.#run(() => this.#wait(pending));
  }

  announce(): readonly string[] {
    return this.members.flatMap((member) => member.announce?.() ?? []);
  }

  setInterfaces(interfaces: readonly InterfaceDescription[]): void {
    for (const member of this.members) member.setInterfaces(interfaces);
  }

  setStatistics(...from: Parameters<NonNullable<RecordSink['setStatistics']>>): void {
    for (const member of this.members) member.setStatistics?.(...from);
  }

  flush(): void {
    for (const member of this.members) member.flush();
  }

  async end(): Promise<void> {
    await this.#work;
    this.#isEnding = true;
    await this.#settle();
    await Promise.all(this.members.map((member) => member.end()));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.members.map((member) => member.close()));
  }

  /** Of the member in use; the exporting process shows each by itself. */
  statistics(): CollectorStatistics {
    return this.#active.statistics();
  }

  /** The first that can be reached; where none can, the one that has the records already. */
  #best(): RecordSink {
    return this.members.find((member) => member.isAway !== true) ?? this.#active;
  }

  #run(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      this.#isWorking = true;
      await work();
      this.#isWorking = false;
    });
    return this.#work;
  }

  /** Changes to the best member, with what the present one has not delivered. */
  async #settle(): Promise<void> {
    for (let best = this.#best(); best !== this.#active; best = this.#best()) {
      const from = this.#active;
      this.#active = best;
      const message = `${best.url} takes over from ${from.url} in the failover group ${this.url}`;
      this.#context.log('warning', 'a collector takes over', message);
      if (from.isAway === true) await from.reclaim?.((batch) => best.exportBatch(batch));
    }
  }

  async #exportSettled(batch: FlowRecordBatch): Promise<void> {
    await this.#settle();
    const pending = this.#active.exportBatch(batch);
    if (pending !== undefined) await this.#wait(pending);
  }

  /** Waits for a member; when it goes away meanwhile, its records move on, which makes room for the one that waits. */
  async #wait(pending: Promise<void>): Promise<void> {
    let isDone = false;
    const done = pending.then(() => {
      isDone = true;
    });
    while (!isDone) {
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, LOOK_MS).unref())]);
      await this.#settle();
    }
  }
}
