/** `metering.idleTimeout=30s`: one option of a running daemon, changed without its file. */
import { ConfigError } from '../base/errors.ts';
import { type FlowtapConfig, fieldPath } from '../config/config.ts';
import { crossFaults } from '../config/cross-faults.ts';
import { CONFIG_OPTIONS } from '../config/schema.ts';
import { concerns } from '../config/types/config-option.ts';
import { allowedInPlaceOf } from '../config/types/option-types.ts';

const ORIGIN = 'set';

/** Options that take effect while a daemon runs. */
const OPTIONS = CONFIG_OPTIONS.filter((option) => option.onReload !== undefined && concerns(option, 'run'));

/**
 * @param assignment NAME=VALUE, the name as in a configuration file
 * @returns the configuration with that option changed; the given one stays as it is
 * @throws ConfigError for an option that is none or waits for a start, and for a value that it cannot have
 */
export function assignOption(config: FlowtapConfig, assignment: string): FlowtapConfig {
  const [, path = '', text = ''] = /^\s*([\w.]+)\s*=\s*(.*?)\s*$/s.exec(assignment) ?? [];
  const option = OPTIONS.find((one) => one.path === path);
  if (option === undefined) {
    const allowed = `NAME=VALUE with one of ${OPTIONS.map((one) => one.path).join(', ')}`;
    throw new ConfigError(ORIGIN, [{ path: path || 'option', found: JSON.stringify(assignment), allowed }]);
  }
  const value = option.type.parse(text);
  if (value === undefined)
    throw new ConfigError(ORIGIN, [
      { path, found: JSON.stringify(text), allowed: allowedInPlaceOf(text, option.type) },
    ]);
  const changed = structuredClone(config);
  const keys = fieldPath(option).split('.');
  const last = keys.pop()!;
  let parent = changed as unknown as Record<string, unknown>;
  for (const key of keys) parent = parent[key] as Record<string, unknown>;
  parent[last] = value;
  const faults = crossFaults(changed, (name) => name);
  if (faults.length > 0) throw new ConfigError(ORIGIN, faults);
  return changed;
}
