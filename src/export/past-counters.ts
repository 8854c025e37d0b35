/** Counters of sinks that were replaced: they stay in the totals of the exporters that they were made for. */
import type { CollectorStatistics, RecordSink } from './contract/record-sink.ts';
import { addStatistics } from './contract/statistics.ts';

const membersOf = (sink: RecordSink) => sink.members ?? [sink];

/**
 * The counters of a sink that has ended, without the records that its successor found in the spool and counts itself. All
 * else that it left in memory is lost.
 */
function withoutInherited(past: CollectorStatistics, successor: CollectorStatistics): CollectorStatistics {
  const spooled = past.recordsSpooled ?? 0;
  const inherited = Math.min(spooled, successor.recordsRecovered ?? 0);
  const lost = past.recordsPending - spooled;
  const { recordsDropped } = past;
  return {
    ...past,
    recordsOffered: past.recordsOffered - inherited,
    recordsPending: spooled - inherited,
    ...(past.recordsQueued === undefined ? {} : { recordsQueued: 0 }),
    ...(past.recordsSpooled === undefined ? {} : { recordsSpooled: spooled - inherited }),
    ...(past.recordsRecovered === undefined ? {} : { recordsRecovered: past.recordsRecovered - inherited }),
    ...(lost === 0
      ? {}
      : { recordsDropped: { ...recordsDropped, stopped: (recordsDropped?.stopped ?? 0) + lost } }),
  };
}

export class PastCounters {
  /** By the exporter's URL. */
  readonly #past = new Map<string, CollectorStatistics>();

  /** Takes over the counters of a sink that has ended, those before it among them. */
  keep(sink: RecordSink): void {
    for (const { url, statistics } of this.with(sink, true)) this.#past.set(url, statistics);
  }

  /** Leaves to a sink that has just been made what it counts itself. */
  inherit(sink: RecordSink): void {
    for (const member of membersOf(sink)) {
      const past = this.#past.get(member.url);
      if (past !== undefined) this.#past.set(member.url, withoutInherited(past, member.statistics()));
    }
  }

  /**
   * The counters of a sink, or of each member of a group, with those before it.
   * @param isOpen false: it is among those before already
   */
  with(
    sink: RecordSink,
    isOpen: boolean,
  ): { readonly url: string; readonly statistics: CollectorStatistics }[] {
    return membersOf(sink).map((member) => {
      const { url } = member;
      const past = this.#past.get(url);
      if (past === undefined) return { url, statistics: member.statistics() };
      return { url, statistics: isOpen ? addStatistics(past, member.statistics()) : past };
    });
  }
}
