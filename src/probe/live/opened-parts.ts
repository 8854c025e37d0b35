/** What a live probe is made of that takes time to open: exporters, anonymizer, networks, named paths. */
import type { Log } from '../../base/log.ts';
import type { FlowtapConfig } from '../../config/config.ts';
import type { Anonymizer } from '../../export/anonymization/anonymizer.ts';
import type { ExportingProcess } from '../../export/exporting-process.ts';
import { startAnonymizing } from '../record-taker.ts';
import { openCollectors } from './exporting.ts';
import { LiveNetworks } from './networks.ts';
import { type LivePaths, startLivePaths } from './paths.ts';

export interface OpenedParts {
  readonly collectors: ExportingProcess;
  readonly anonymizer: Anonymizer | undefined;
  readonly networks: LiveNetworks;
  readonly paths: LivePaths | undefined;
}

/**
 * Opens them; the exporters last, as they would have to be closed after a fault of the others.
 * @throws ConfigError for faults in templates, keys or databases, ExportError for a collector that cannot be opened
 */
export async function openParts(config: FlowtapConfig, log: Log): Promise<OpenedParts> {
  const anonymizer = await startAnonymizing(config);
  const networks = await LiveNetworks.open(config, log);
  const paths = await startLivePaths(config);
  const collectors = await openCollectors(config, log, paths?.meter);
  return { collectors, anonymizer, networks, paths };
}
