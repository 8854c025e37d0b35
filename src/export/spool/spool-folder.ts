/** Where the spool of an exporter lies, and opening it. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { formatCounted } from '../../base/units.ts';
import type { ExporterConfig, SinkContext } from '../contract/record-sink.ts';
import type { RecoveredDamage } from './recovery.ts';
import { Spool } from './spool.ts';

const SPOOL_OCTETS = 2 ** 30;

/** Where the spool of an exporter is, or undefined without one. */
function spoolFolderOf(to: ExporterConfig): { directory: string; octetsMax: number } | undefined {
  const { spoolDirectory, spoolOctets = SPOOL_OCTETS } = to.options as {
    spoolDirectory?: string;
    spoolOctets?: number;
  };
  // systemd's: the first of the directories, where there are several.
  const [state] = (process.env.STATE_DIRECTORY ?? '').split(':');
  const parent = spoolDirectory ?? (state === '' ? undefined : join(state!, 'spool'));
  if (parent === undefined || spoolOctets === 0) return undefined;
  const name = to.url.replaceAll(/[^\w.-]+/g, '_');
  const hash = createHash('sha256').update(to.url).digest('hex').slice(0, 8);
  return { directory: join(parent, `${name}-${hash}`), octetsMax: spoolOctets };
}

/**
 * Opens the spool of an exporter, and says what an earlier run left in it.
 * @returns undefined where the exporter has none
 * @throws ExportError where it cannot be used
 */
export function openSpool(to: ExporterConfig, context: SinkContext): Spool | undefined {
  const place = spoolFolderOf(to);
  if (place === undefined) return undefined;
  const spool = new Spool(to.url, place.directory, place.octetsMax);
  const { batches, dataRecords, damaged, torn } = spool.recovered;
  const kind = `${to.url} spool`;
  if (batches > 0) {
    const message = `${to.url}: ${formatCounted(dataRecords, 'flow records')} of an earlier run in the spool, to go out first`;
    context.log('info', kind, message);
  }
  if (damaged.octets > 0) {
    const remedy = `check the disk; the file is kept as ${place.directory}/*.damaged when the rest of it has arrived`;
    const what = `${formatCounted(damaged.octets, 'octets')} of the spool damaged`;
    context.log('warning', kind, `${to.url}: ${what}: ${lostText(damaged)}; ${remedy}`);
  }
  if (torn.octets > 0) {
    const what = `${formatCounted(torn.octets, 'octets')} at the end of the spool, not complete when flowtap ended`;
    context.log('warning', kind, `${to.url}: ${what}: ${lostText(torn)}`);
  }
  return spool;
}

/** The loss, as far as it is known. */
function lostText({ batches, dataRecords, unknownOctets }: RecoveredDamage): string {
  const known = `${formatCounted(dataRecords, 'flow records')} (${formatCounted(batches, 'batches')}) lost`;
  if (unknownOctets === 0) return known;
  const unknown = `what ${formatCounted(unknownOctets, 'octets')} held is lost, and not known`;
  return batches === 0 ? unknown : `${known}; ${unknown}`;
}
