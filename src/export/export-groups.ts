/** How exporters are put together: which of them share a queue, which share the flows, and what makes two the same. */

import type { ExporterConfig, ExportingConfig, RecordSink, SinkContext } from './contract/record-sink.ts';
import { FailoverSink } from './failover-sink.ts';
import { FlowShare } from './flow-share.ts';
import { GuardedSink } from './guarded-sink.ts';
import type { SinkQueue } from './sink-queue.ts';
import { exclusivePlaces, makesBiflows, sinkFactory } from './sink-registry.ts';

/** Groups of the whole configuration that no exporter reads: a change there leaves them alone. */
const NOT_OF_EXPORTING = {
  metering: undefined,
  decode: undefined,
  export: undefined,
  exporters: undefined,
  paths: undefined,
  replay: undefined,
  live: undefined,
  metrics: undefined,
  log: undefined,
};

/** One queue: an exporter, or a failover group of them. */
export interface ExportGroup {
  readonly key: string;
  readonly exporters: readonly ExporterConfig[];
  /** Everything that the sink is made of: the same text, the same sink. */
  readonly identity: string;
}

export interface RunningGroup extends ExportGroup {
  readonly queue: SinkQueue;
}

/** Who gets the records: one group, or the groups of a balance group among them. */
export interface Recipient {
  readonly queues: readonly SinkQueue[];
  /** Undefined for one alone. */
  readonly share: FlowShare | undefined;
}

/** The queues that a list of exporters asks for. */
export function groupsOf(config: ExportingConfig, exporters: readonly ExporterConfig[]): ExportGroup[] {
  const byKey = new Map<string, ExporterConfig[]>();
  for (const exporter of exporters) {
    const { failover } = exporter.options;
    const key = failover === undefined ? exporter.url : `failover:${failover}`;
    byKey.set(key, [...(byKey.get(key) ?? []), exporter]);
  }
  return [...byKey].map(([key, members]) => ({
    key,
    exporters: members,
    identity: JSON.stringify([members, { ...config, ...NOT_OF_EXPORTING }]),
  }));
}

/** Makes the sink of a group. Throws as the factories do. */
export async function createSink(
  config: ExportingConfig,
  group: ExportGroup,
  context: SinkContext,
): Promise<RecordSink> {
  const sinks: RecordSink[] = [];
  try {
    for (const exporter of group.exporters) {
      const create = await sinkFactory(exporter.protocol);
      const sink = await create(config, exporter, context);
      sinks.push(new GuardedSink(sink, makesBiflows(config, exporter), context.log));
    }
  } catch (error) {
    await Promise.all(sinks.map((sink) => sink.close()));
    throw error;
  }
  const { failover } = group.exporters[0]!.options;
  return failover === undefined ? sinks[0]! : new FailoverSink(failover, sinks, context);
}

/** Whether the sinks of two groups can be open at the same time. */
export function canCoexist(a: ExportGroup, b: ExportGroup): boolean {
  const places = new Set(a.exporters.flatMap(exclusivePlaces));
  return !b.exporters.flatMap(exclusivePlaces).some((place) => places.has(place));
}

/** Each group by itself, except those of a balance group. */
export function recipientsOf(groups: readonly RunningGroup[]): Recipient[] {
  const recipients: Recipient[] = [];
  const byKey = new Map<string, RunningGroup[]>();
  for (const group of groups) {
    const { balance } = group.exporters[0]!.options;
    if (balance === undefined) recipients.push({ queues: [group.queue], share: undefined });
    else byKey.set(balance, [...(byKey.get(balance) ?? []), group]);
  }
  for (const members of byKey.values()) {
    const share = new FlowShare(members.map(({ key }) => key));
    recipients.push({ queues: members.map(({ queue }) => queue), share });
  }
  return recipients;
}
