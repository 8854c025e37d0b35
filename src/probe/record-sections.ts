/** Which optional sections the records of a run carry, by its configuration and by what its templates read. */

import { ConfigError } from '../base/errors.ts';
import { asksForDnsNames } from '../config/asked.ts';
import type { FlowtapConfig } from '../config/config.ts';
import type { ExportingProcess } from '../export/exporting-process.ts';
import type { FlowWriter } from '../output/flow-writer.ts';
import { joinSections, type RecordSections } from '../records/record-sections.ts';

/** The optional sections of records that templates of the collectors or of the printed output read. */
export function sectionsNeeded(
  exporting: ExportingProcess | undefined,
  writer?: FlowWriter | undefined,
): RecordSections {
  return joinSections([exporting?.needs, writer?.needs]);
}

/**
 * What records carry: the encapsulation where somebody reads it, the flow key has it or tunnels are looked into; path
 * health and applications as configured, or where a template reads them.
 * @throws ConfigError where a template reads path health or applications though that is switched off
 */
export function sectionsOf(config: FlowtapConfig, needed: RecordSections): RecordSections {
  const { metering, decode, applications } = config;
  const { pathHealth, flowKey } = metering;
  if (pathHealth === 'off' && needed.health) {
    const found = 'off, and a template names path health';
    throw new ConfigError('configuration', [{ path: 'metering.pathHealth', found, allowed: 'auto or on' }]);
  }
  const { inspect } = applications;
  if (inspect === 'off' && needed.applications) {
    const found = 'off, and a template names elements of applications';
    throw new ConfigError('configuration', [{ path: 'applications.inspect', found, allowed: 'auto or on' }]);
  }
  return {
    encapsulation: needed.encapsulation || flowKey.mpls || flowKey.tunnel || decode.decapsulate.length > 0,
    health: pathHealth === 'on' || needed.health,
    applications: inspect === 'on' || asksForDnsNames(config) || needed.applications,
    networks: needed.networks,
  };
}
