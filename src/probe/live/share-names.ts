/** Names by DNS of several live workers: each tells the others what it learns, and takes over what they tell. */
import { SharedNames } from '../../applications/name-log.ts';
import type { FlowTable } from '../../metering/table/flow-table.ts';
import type { LiveWorkerData } from './messages.ts';

/** @param timeBaseSeconds Unix time that the worker's times count from. @returns undefined where nobody else learns any */
export function shareNames(
  { nameLogs }: LiveWorkerData,
  { applications }: FlowTable,
  timeBaseSeconds: number,
): SharedNames | undefined {
  const names = applications?.names;
  if (nameLogs === undefined || names === undefined) return undefined;
  const shared = new SharedNames(nameLogs, names.names, timeBaseSeconds);
  names.learner.onRemembered = (...told) => shared.publish(...told);
  names.isShared = true;
  return shared;
}
