/** The configuration of `flowtap run`, with the rules that concern a live capture alone. */

import { readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { ConfigFault } from '../base/errors.ts';
import type { FlowtapConfig } from '../config/config.ts';
import { waitsForInterfaces } from '../probe/live/plan.ts';
import type { Arguments } from './command.ts';
import { type MergedConfig, mergeConfig } from './flag-config.ts';

const SYSTEM_PATH = '/sys/class/net';

/** Names of this machine's interfaces; undefined where they cannot be listed. */
function interfaceNames(): string[] | undefined {
  try {
    return readdirSync(SYSTEM_PATH);
  } catch {
    const names = Object.keys(networkInterfaces());
    return names.length === 0 ? undefined : names;
  }
}

function interfaceFaults({ config, nameOf, hasFile }: MergedConfig): ConfigFault[] {
  const path = hasFile ? nameOf('live.interfaces') : '--interface';
  const { interfaces, capture } = config.live;
  const known = interfaceNames();
  const waits = waitsForInterfaces(config, process.env.NOTIFY_SOCKET !== undefined);
  const allowed = known === undefined ? 'the name of an interface' : known.join(', ');
  if (interfaces.length === 0) return [{ path, found: 'nothing', allowed: `one or more of ${allowed}` }];
  const faults: ConfigFault[] = [];
  for (const [i, name] of interfaces.entries()) {
    const found = JSON.stringify(name);
    if (interfaces.indexOf(name) !== i) {
      faults.push({
        path,
        found: `${found} twice`,
        allowed: 'each interface once; live.workers shares one out',
      });
    } else if (capture === 'ring' && known !== undefined && !known.includes(name) && !waits) {
      // libpcap knows devices that are no interfaces.
      faults.push({
        path,
        found: `${found}, which is no interface here`,
        allowed: `${allowed}; or any with --wait-for-interfaces on (live.waitForInterfaces)`,
      });
    }
  }
  return faults;
}

/** Options of a live capture that say something which others make void. */
export function contradictions({ config, nameOf, isGiven }: MergedConfig): ConfigFault[] {
  const { capture, workers, sampling } = config.live;
  const faults: ConfigFault[] = [];
  if (capture !== 'ring') {
    const found = `with ${nameOf('live.capture')} ${capture}`;
    for (const option of ['live.ring.blocks', 'live.ring.blockOctets', 'live.ring.blockTimeout']) {
      if (!isGiven(option)) continue;
      faults.push({ path: nameOf(option), found, allowed: 'only with capture ring: leave one of them out' });
    }
    if (workers !== 'auto' && workers > 1) {
      faults.push({
        path: nameOf('live.workers'),
        found: `${workers} ${found}`,
        allowed: '1, or capture ring',
      });
    }
  }
  if (config.decode.decapsulate.length > 0 && workers !== 'auto' && workers > 1) {
    const allowed = `1 with ${nameOf('decode.decapsulate')}: the kernel shares packets out by what is around a tunnel`;
    faults.push({ path: nameOf('live.workers'), found: String(workers), allowed });
  }
  if (sampling.interval === 1 && isGiven('live.sampling.method')) {
    const allowed = `only with ${nameOf('live.sampling.interval')} of 2 or more: every packet is metered`;
    faults.push({ path: nameOf('live.sampling.method'), found: sampling.method, allowed });
  }
  if (sampling.interval === 1 && sampling.scale) {
    const allowed = `only with ${nameOf('live.sampling.interval')} of 2 or more`;
    faults.push({ path: nameOf('live.sampling.scale'), found: 'true', allowed });
  }
  return faults;
}

/** Options of a live capture that contradict each other. */
export function captureFaults(merged: MergedConfig): ConfigFault[] {
  return [...interfaceFaults(merged), ...contradictions(merged)];
}

/**
 * @returns the complete configuration
 * @throws ConfigError for the file or the flags, or AggregateError with one for each
 */
export function runConfig(args: Arguments): Promise<FlowtapConfig> {
  return mergeConfig('run', args, captureFaults);
}
