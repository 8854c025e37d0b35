/** The configuration of one replay, with the rules that concern a replay alone. */
import { statSync } from 'node:fs';
import type { ConfigFault } from '../base/errors.ts';
import { isEnriching, metersOf } from '../config/asked.ts';
import type { FlowtapConfig } from '../config/config.ts';
import type { Arguments } from './command.ts';
import { mergeConfig } from './flag-config.ts';

/**
 * What several meters cannot share: they each read all of the input, so it must be there more than once; and they share
 * it by the addresses that a frame shows at once, so those must decide which flow it belongs to.
 */
function sharingFaults(config: FlowtapConfig, files: readonly string[], path: string): ConfigFault[] {
  if (metersOf(config.replay) === 1) return [];
  const found = String(config.replay.workers);
  const faults: ConfigFault[] = [];
  const isPipe = (file: string) =>
    file === '-' || statSync(file, { throwIfNoEntry: false })?.isFile() === false;
  const pipe = files.find(isPipe);
  if (pipe !== undefined)
    faults.push({ path, found, allowed: `1, 2 or auto for ${pipe}, which can be read only once` });
  if (config.decode.decapsulate.length > 0)
    faults.push({ path, found, allowed: '1, 2 or auto with --decapsulate' });
  return faults;
}

/** What rows of a ranking cannot be about, as the rest of the configuration has it. */
function rankingFaults(config: FlowtapConfig, nameOf: (path: string) => string): ConfigFault[] {
  const { topBy, paths } = config.replay;
  if (topBy === 'flow') return [];
  const path = nameOf('replay.topBy');
  const faults: ConfigFault[] = [];
  if (paths) faults.push({ path, found: topBy, allowed: `flow with ${nameOf('replay.paths')}` });
  if (config.applications.inspect === 'off' && (topBy === 'application' || topBy === 'serverName')) {
    const found = `off, and ${path} ${topBy} reads what payload inspection finds`;
    faults.push({ path: nameOf('applications.inspect'), found, allowed: 'auto or on' });
  }
  const lacking = lackingNetworks(config);
  if (lacking !== undefined) faults.push({ path, found: topBy, allowed: `another one without ${lacking}` });
  return faults;
}

/** What tells the networks that rows are about, where that is not there. */
function lackingNetworks({ replay: { topBy }, enrichment }: FlowtapConfig): string | undefined {
  const databases = 'a database of networks (--mmdb FILE, enrichment.databases)';
  const networks = 'networks of your own (enrichment.networks in the configuration file)';
  if (topBy === 'as' && !isEnriching(enrichment)) return `${databases} or ${networks}`;
  if (topBy === 'country' && enrichment.databases.length === 0) return databases;
  return topBy === 'network' && enrichment.networks.length === 0 ? networks : undefined;
}

/**
 * @returns the complete configuration
 * @throws ConfigError for the file or the flags, or AggregateError with one for each
 */
export function replayConfig(args: Arguments): Promise<FlowtapConfig> {
  return mergeConfig('replay', args, ({ config, nameOf }) => [
    ...sharingFaults(config, args.operands, nameOf('replay.workers')),
    ...rankingFaults(config, nameOf),
  ]);
}
