/** Which optional parts the records of a run carry, by its configuration and by what its templates read. */

import { ConfigError } from '../base/errors.ts';
import type { FlowtapConfig } from '../config/config.ts';
import type { RecordSections } from '../records/flow-layout.ts';

/**
 * Whether path health is measured: as configured, or where a template reads it.
 * @throws ConfigError where a template reads it though it is switched off
 */
export function measuresHealth({ metering }: FlowtapConfig, needs: RecordSections): boolean {
  const { pathHealth } = metering;
  if (pathHealth === 'off' && needs.health) {
    const found = 'off, and a template names path health';
    throw new ConfigError('configuration', [{ path: 'metering.pathHealth', found, allowed: 'auto or on' }]);
  }
  return pathHealth === 'on' || needs.health;
}
