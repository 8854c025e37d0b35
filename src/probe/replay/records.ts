/** What the exporting process of a replay is told: its configuration, the interfaces of the captures, what the meters count. */
import { createLog, printLogLine } from '../../base/log.ts';
import type { SourceInterface } from '../../capture/source.ts';
import { isEnriching } from '../../config/asked.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import type { ExportingProcess } from '../../export/exporting-process.ts';
import { InterfaceNumbers } from '../../export/interface-numbers.ts';
import type { PathRecordSource } from '../../records/path-record.ts';
import { runCounters } from '../counters.ts';
import { meteringStatistics } from '../statistics.ts';

/** What writes the interfaces of records where VLANs or MAC addresses tell them. */
export function replayInterfaces({ observation }: FlowtapConfig): InterfaceNumbers | undefined {
  return InterfaceNumbers.isNeedless(observation) ? undefined : new InterfaceNumbers(observation, false);
}

/** Tells collectors the ifIndex and name of each interface of the capture. */
export function announceInterfaces(
  exporting: ExportingProcess | undefined,
  { observation: { ingressInterface } }: FlowtapConfig,
  interfaces: readonly SourceInterface[],
): void {
  exporting?.setInterfaces(
    interfaces.map(({ name }, i) => ({
      ifIndex: ingressInterface === 'auto' ? i + 1 : ingressInterface,
      name,
      description: '',
    })),
  );
}

/** Tells the exporting process where it finds the counters of the meters. */
export function tellStatistics(
  exporting: ExportingProcess | undefined,
  counters: readonly SharedArrayBuffer[],
): void {
  const meters = counters.map((buffer) => runCounters(buffer));
  exporting?.setMeteringStatistics(meteringStatistics(() => meters));
}

/**
 * @param isFollowed packets come as they are observed
 * @param paths gives the records of named paths
 * @throws ConfigError for faults in the templates, ExportError for a collector that cannot be opened
 */
export async function startExporting(
  config: FlowtapConfig,
  isFollowed: boolean,
  paths?: PathRecordSource,
): Promise<ExportingProcess> {
  const { createExportingProcess } = await import('../../export/exporting-process.ts');
  const log = createLog({ level: 'warning', print: printLogLine });
  const hasNetworks = isEnriching(config.enrichment);
  return createExportingProcess({ ...config, hasNetworks }, config.exporters, {
    isFollowed,
    ...(paths === undefined ? {} : { pathRecords: paths }),
    log: (level, kind, message) => log.write(level, kind, message),
  });
}
