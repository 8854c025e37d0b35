/**
 * The table of options: one row each. The loader, the flags and their help, the sample file config/flowtap.yaml, the
 * JSON Schema for editors and docs/configuration.md derive from it; a new option is a row in a file of `options/` and a
 * field in config.ts. Each stage gives its options their meaning.
 */

import { ANONYMIZATION_OPTIONS } from './options/anonymization.ts';
import { APPLICATION_OPTIONS } from './options/applications.ts';
import { ENRICHMENT_OPTIONS } from './options/enrichment.ts';
import { EXPORTING_OPTIONS } from './options/exporting.ts';
import { LIVE_OPTIONS } from './options/live.ts';
import { METERING_OPTIONS } from './options/metering.ts';
import { OBSERVATION_OPTIONS } from './options/observation.ts';
import { PATH_OPTIONS } from './options/paths.ts';
import { REPLAY_OPTIONS } from './options/replay.ts';
import type { ConfigOption } from './types/config-option.ts';

/** Every option with a path of its own, in the order in which files and documents show them. */
export const CONFIG_OPTIONS: readonly ConfigOption[] = [
  ...METERING_OPTIONS,
  ...APPLICATION_OPTIONS,
  ...OBSERVATION_OPTIONS,
  ...EXPORTING_OPTIONS,
  ...ANONYMIZATION_OPTIONS,
  ...ENRICHMENT_OPTIONS,
  ...PATH_OPTIONS,
  ...REPLAY_OPTIONS,
  ...LIVE_OPTIONS,
];

/** The flag of an option as it is typed: a switch that is on by default has one that turns it off. */
export function flagText(option: ConfigOption): string {
  return `--${option.default === true ? 'no-' : ''}${option.flag}`;
}
