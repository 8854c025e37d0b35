/**
 * What a new configuration changes in a probe that runs: which options differ, which of those can take effect without
 * losing a flow, and which wait for a restart. Applies nothing itself.
 */
import { type FlowtapConfig, fieldPath } from '../../config/config.ts';
import { CONFIG_OPTIONS } from '../../config/schema.ts';
import { type ConfigOption, concerns, type ReloadedPart } from '../../config/types/config-option.ts';

export interface ConfigChange {
  /** Paths of options whose new values take effect. */
  readonly applied: readonly string[];
  readonly parts: ReadonlySet<ReloadedPart>;
  /** Paths of options that keep their old values until the next start. */
  readonly needRestart: readonly string[];
  /** The new configuration with the old values of those. */
  readonly effective: FlowtapConfig;
}

type Tree = Record<string, unknown>;

function valueAt(config: FlowtapConfig, option: ConfigOption): unknown {
  let value: unknown = config;
  for (const key of fieldPath(option).split('.')) value = (value as Tree)[key];
  return value;
}

function putAt(config: FlowtapConfig, option: ConfigOption, value: unknown): void {
  const keys = fieldPath(option).split('.');
  const last = keys.pop()!;
  let parent = config as unknown as Tree;
  for (const key of keys) parent = parent[key] as Tree;
  parent[last] = value;
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Compares two complete configurations of `flowtap run`. */
export function compareConfigs(before: FlowtapConfig, after: FlowtapConfig): ConfigChange {
  const applied: string[] = [];
  const needRestart: string[] = [];
  const parts = new Set<ReloadedPart>();
  const effective = structuredClone(after);
  const note = (path: string, part: ReloadedPart | undefined): boolean => {
    if (part === undefined) needRestart.push(path);
    else {
      applied.push(path);
      parts.add(part);
    }
    return part !== undefined;
  };
  for (const option of CONFIG_OPTIONS) {
    if (!concerns(option, 'run')) continue;
    const old = valueAt(before, option);
    if (!isEqual(old, valueAt(after, option)) && !note(option.path, option.onReload))
      putAt(effective, option, old);
  }
  if (!isEqual(before.exporters, after.exporters)) note('exporters', 'exporting');
  return { applied, parts, needRestart, effective };
}
