/** Which optional sections the records of a run carry, by its configuration and by what its templates read. */

import { ConfigError } from '../base/errors.ts';
import type { FlowtapConfig } from '../config/config.ts';
import type { ExportingProcess } from '../export/exporting-process.ts';
import type { FlowWriter } from '../output/flow-writer.ts';
import type { RecordSections } from '../records/flow-layout.ts';

/** Records without any optional section. */
export const NO_SECTIONS: RecordSections = { encapsulation: false, health: false };

/** The optional sections of records that templates of the collectors or of the printed output read. */
export function sectionsNeeded(
  exporting: ExportingProcess | undefined,
  writer?: FlowWriter | undefined,
): RecordSections {
  return {
    encapsulation: exporting?.needsEncapsulation === true || writer?.needsEncapsulation === true,
    health: exporting?.needsHealth === true || writer?.needsHealth === true,
  };
}

/**
 * What records carry: the encapsulation where somebody reads it, the flow key has it or tunnels are looked into; path
 * health as configured, or where a template reads it.
 * @throws ConfigError where a template reads path health though it is switched off
 */
export function sectionsOf({ metering, decode }: FlowtapConfig, needed: RecordSections): RecordSections {
  const { pathHealth, flowKey } = metering;
  if (pathHealth === 'off' && needed.health) {
    const found = 'off, and a template names path health';
    throw new ConfigError('configuration', [{ path: 'metering.pathHealth', found, allowed: 'auto or on' }]);
  }
  return {
    encapsulation: needed.encapsulation || flowKey.mpls || flowKey.tunnel || decode.decapsulate.length > 0,
    health: pathHealth === 'on' || needed.health,
  };
}
