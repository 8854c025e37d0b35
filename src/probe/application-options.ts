/** How payload is looked into, as the configuration of a probe says. */
import type { FlowtapConfig } from '../config/config.ts';
import type { ApplicationOptions } from '../metering/table/application-table.ts';

/** Whether people read names of servers in what a replay prints. */
function printsNames({ output, topBy }: FlowtapConfig['replay']): boolean {
  return topBy === 'serverName' || (topBy === 'flow' && output === 'table');
}

/** @param isReplay whether the probe is a replay, which looks for names by DNS where its table shows them */
export function applicationOptions(config: FlowtapConfig, isReplay: boolean): ApplicationOptions {
  const { dnsNames, ...options } = config.applications;
  const auto = isReplay && printsNames(config.replay) ? 'client' : 'off';
  const scope = dnsNames === 'auto' ? auto : dnsNames;
  return { ...options, dnsNames: scope === 'off' ? undefined : scope };
}
