/**
 * Sinks that come, or take another's place, all or none of them. Those that can be open beside the ones that they replace
 * are opened first; those that need what the former one has (a spool, a source port, a file) take over in turn, and are
 * turned back where one of them fails.
 */
import type { RecordSections } from '../records/record-sections.ts';
import type { RecordSink } from './contract/record-sink.ts';
import type { ExportGroup, RunningGroup } from './export-groups.ts';

/** A group that is there already, and what it is to become. */
export interface Change {
  readonly group: ExportGroup;
  readonly old: RunningGroup;
}

/** Opens the sinks of groups. @throws what `create` does for the first that fails; then none is left open */
export async function openAll(
  groups: readonly ExportGroup[],
  create: (group: ExportGroup) => Promise<RecordSink>,
): Promise<Map<ExportGroup, RecordSink>> {
  const opened = new Map<ExportGroup, RecordSink>();
  try {
    for (const group of groups) opened.set(group, await create(group));
  } catch (error) {
    await Promise.all([...opened.values()].map((sink) => sink.close()));
    throw error;
  }
  return opened;
}

/**
 * Replaces sinks by successors that cannot be opened before they have ended.
 * @param restore makes a former sink again
 * @throws what `create` does for the first that fails; then the former sinks are back, or come back as soon as they can
 */
export async function handOverAll(
  changes: readonly Change[],
  create: (group: ExportGroup) => Promise<RecordSink>,
  restore: (old: RunningGroup) => Promise<RecordSink>,
): Promise<void> {
  const done: Change[] = [];
  try {
    for (const change of changes) {
      const { group, old } = change;
      await old.queue.handOver(
        () => create(group),
        () => restore(old),
      );
      done.push(change);
    }
  } catch (error) {
    const back = ({ old }: Change) =>
      old.queue.handOver(
        () => restore(old),
        () => restore(old),
      );
    await Promise.allSettled(done.map(back));
    throw error;
  }
}

/** What a sink reads and records do not carry: it would read the words of the next record. Undefined: nothing. */
export function missingSection(
  sink: RecordSink,
  kept: RecordSections,
): { readonly found: string; readonly allowed: string } | undefined {
  if (sink.needs.encapsulation && !kept.encapsulation) {
    return {
      found: 'elements of tunnels or MPLS',
      allowed: 'elements of the innermost packet, or a restart: workers do not keep what was around it',
    };
  }
  if (sink.needs.health && !kept.health) {
    return {
      found: 'elements of path health',
      allowed: 'other elements, or a restart: workers do not measure path health',
    };
  }
  if (sink.needs.applications && !kept.applications) {
    return {
      found: 'elements of applications',
      allowed: 'other elements, or a restart: workers do not look into payload',
    };
  }
  return undefined;
}
