/** Rules that concern several options at once; those of a single one are in schema.ts. */
import type { ConfigFault } from '../base/errors.ts';
import type { UdpTunnelName } from '../records/tunnel-kinds.ts';
import { asksForDnsNames } from './asked.ts';
import type { FlowtapConfig } from './config.ts';
import { observationPointFaults } from './types/live-interfaces.ts';
import { namedPathFaults } from './types/named-paths.ts';
import { formatDuration } from './types/option-types.ts';
import { ownNetworkFaults } from './types/own-networks.ts';

/** UDP ports that belong to two of the tunnels that are looked into: nothing could tell which one it is. */
function portFaults({ decode }: FlowtapConfig, nameOf: (path: string) => string): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const owners = new Map<number, string>();
  for (const [tunnel, ports] of Object.entries(decode.udpPorts)) {
    if (!decode.decapsulate.includes(tunnel as UdpTunnelName)) continue;
    const path = nameOf(`decode.udpPorts.${tunnel}`);
    for (const port of ports) {
      const owner = owners.get(port);
      if (owner === undefined) owners.set(port, path);
      else faults.push({ path, found: String(port), allowed: `a port that is not one of ${owner}` });
    }
  }
  return faults;
}

/** Names that nothing can find. */
function nameFaults(config: FlowtapConfig, nameOf: (path: string) => string): ConfigFault[] {
  const { inspect, dnsNames } = config.applications;
  if (inspect !== 'off' || !asksForDnsNames(config)) return [];
  const allowed = `auto or off with ${nameOf('applications.inspect')} off`;
  return [{ path: nameOf('applications.dnsNames'), found: dnsNames, allowed }];
}

/** Named paths, and what asks for them. */
function pathFaults(config: FlowtapConfig, nameOf: (path: string) => string): ConfigFault[] {
  const { paths, metering, exporters, replay } = config;
  const path = nameOf('paths');
  const faults = namedPathFaults(paths, path);
  if (paths.length > 0 && metering.pathHealth === 'off') {
    const found = `off, and there are ${path}`;
    faults.push({ path: nameOf('metering.pathHealth'), found, allowed: 'auto or on' });
  }
  if (paths.length > 0) return faults;
  const allowed = `${path} in the configuration file: [{name: NAME, from: [PREFIX], to: [PREFIX]}]`;
  if (replay.paths) faults.push({ path: nameOf('replay.paths'), found: 'it without any path', allowed });
  for (const { url, options } of exporters) {
    if (options.records === 'paths')
      faults.push({ path: url, found: 'records=paths without any path', allowed });
  }
  return faults;
}

/**
 * Options that are right by themselves and contradict each other.
 * @param nameOf how to call the option with this path: the path itself, or its flag
 */
export function crossFaults(config: FlowtapConfig, nameOf: (path: string) => string): ConfigFault[] {
  const faults: ConfigFault[] = [
    ...portFaults(config, nameOf),
    ...nameFaults(config, nameOf),
    ...pathFaults(config, nameOf),
    ...ownNetworkFaults(config.enrichment.networks, nameOf('enrichment.networks')),
  ];
  faults.push(...observationPointFaults(config.live.interfaces, nameOf('live.interfaces')));
  const { idleTimeoutMs, activeTimeoutMs } = config.metering;
  if (idleTimeoutMs > activeTimeoutMs) {
    faults.push({
      path: nameOf('metering.idleTimeout'),
      found: formatDuration(idleTimeoutMs),
      allowed: `at most ${nameOf('metering.activeTimeout')}, which is ${formatDuration(activeTimeoutMs)}`,
    });
  }
  const { ingressInterface, egressInterface, vlanInterfaces, macInterfaces } = config.observation;
  if (ingressInterface !== 'auto' && vlanInterfaces.length + macInterfaces.length > 0) {
    const path = nameOf('observation.ingressInterface');
    const allowed = 'auto with observation.vlanInterfaces or observation.macInterfaces';
    faults.push({ path, found: String(ingressInterface), allowed });
  }
  if (egressInterface !== 0 && macInterfaces.length > 0) {
    const path = nameOf('observation.egressInterface');
    faults.push({ path, found: String(egressInterface), allowed: '0 with observation.macInterfaces' });
  }
  const sent = new Set<string>();
  for (const exporter of config.exporters) {
    if (sent.has(exporter.url)) {
      faults.push({
        path: nameOf('exporters'),
        found: `${exporter.url} twice`,
        allowed: 'each collector once, since it would count every flow twice',
      });
    }
    sent.add(exporter.url);
  }
  return faults;
}
