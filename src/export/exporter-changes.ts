/**
 * Sinks that come, or take another's place, all or none of them. Those that can be open beside the ones that they replace
 * are opened first; those that need what the former one has (a spool, a source port, a file) take over in turn, and are
 * turned back where one of them fails.
 */
import type { RecordParts } from '../records/flow-layout.ts';
import type { RecordSink } from './contract/record-sink.ts';
import type { RunningUnit, Unit } from './export-units.ts';

/** A unit that is there already, and what it is to become. */
export interface Change {
  readonly unit: Unit;
  readonly old: RunningUnit;
}

/** Opens the sinks of units. @throws what `create` does for the first that fails; then none is left open */
export async function openAll(
  units: readonly Unit[],
  create: (unit: Unit) => Promise<RecordSink>,
): Promise<Map<Unit, RecordSink>> {
  const opened = new Map<Unit, RecordSink>();
  try {
    for (const unit of units) opened.set(unit, await create(unit));
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
  create: (unit: Unit) => Promise<RecordSink>,
  restore: (old: RunningUnit) => Promise<RecordSink>,
): Promise<void> {
  const done: Change[] = [];
  try {
    for (const change of changes) {
      const { unit, old } = change;
      await old.queue.handOver(
        () => create(unit),
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
export function missingPart(
  sink: RecordSink,
  keeps: RecordParts,
): { readonly found: string; readonly allowed: string } | undefined {
  if (sink.needsEncapsulation && !keeps.encapsulation) {
    return {
      found: 'elements of tunnels or MPLS',
      allowed: 'elements of the innermost packet, or a restart: workers do not keep what was around it',
    };
  }
  if (sink.needsHealth === true && !keeps.health) {
    return {
      found: 'elements of path health',
      allowed: 'other elements, or a restart: workers do not measure path health',
    };
  }
  return undefined;
}
