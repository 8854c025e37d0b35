/** A live probe for tests: configuration from option paths, log lines kept, the fake worker in the place of a capture. */

import { createLog, type Log } from '../../../src/base/log.ts';
import { buildConfig, type FlowtapConfig } from '../../../src/config/config.ts';
import { type ExporterConfig, parseExporter } from '../../../src/config/exporters.ts';
import type { OptionValue } from '../../../src/config/types/option-types.ts';
import type { LiveProbeOptions } from '../../../src/probe/live/probe.ts';

export const FAKE_WORKER = new URL('./fake-worker.ts', import.meta.url);

export function liveConfig(
  options: Readonly<Record<string, OptionValue>> = {},
  urls: readonly string[] = [],
): FlowtapConfig {
  const values = new Map<string, OptionValue>([
    ['live.interfaces', ['lo']],
    ['live.workers', 1],
    ['metrics.listen', 'none'],
    ...Object.entries(options),
  ]);
  const exporters = urls.map((url): ExporterConfig => {
    const exporter = parseExporter(url, 'test', []);
    if (exporter === undefined) throw new Error(`no exporter: ${url}`);
    return exporter;
  });
  return buildConfig(values, exporters);
}

export interface KeptLog {
  readonly log: Log;
  readonly lines: string[];
}

export function keptLog(): KeptLog {
  const lines: string[] = [];
  return { lines, log: createLog({ level: 'debug', print: (line) => lines.push(line) }) };
}

export function probeOptions(
  config: FlowtapConfig,
  log: Log,
  testing: LiveProbeOptions['testing'] = {},
): LiveProbeOptions {
  return {
    config,
    log,
    version: '1.2.3',
    signal: new AbortController().signal,
    // Ten seconds without a turn: on a busy machine the fake worker takes a while for its capture.
    testing: { workerModule: FAKE_WORKER, lookMs: 50, looksMax: 200, ...testing },
  };
}
