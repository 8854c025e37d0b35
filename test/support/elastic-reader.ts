/**
 * The NetFlow decoder of Elastic's Filebeat as a collector: elastic-reader/main.go around it, built once by .ci/run
 * through the Go module proxy. Knows nothing of flowtap's code.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ended, type RunningCollector } from './goflow2.ts';
import { freeUdpPort, isUdpPortBound, waitUntilQuiet } from './network.ts';
import { warnSkipped } from './skipped.ts';
import { waitFor } from './wait.ts';

const BUILT = join(homedir(), '.cache/flowtap-ci/bin/elastic-reader');

/** Fields by IANA's names: of a flow, or of options data with their scope. */
export interface ElasticRecord {
  readonly type: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Type of options data. */
export const ELASTIC_OPTIONS = 1;

/** The program, or undefined with a warning. */
export function elasticReader(): string | undefined {
  if (existsSync(BUILT)) return BUILT;
  warnSkipped('the decoder of Filebeat', 'elastic-reader (.ci/run builds it where there is Go)');
  return undefined;
}

/** Starts it; resolves when it listens. */
export async function startElasticReader(program: string): Promise<RunningCollector<ElasticRecord>> {
  const port = await freeUdpPort();
  const child = spawn(program, [String(port)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let log = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (log += text));
  await waitFor('Filebeat’s decoder listens', () => child.exitCode !== null || isUdpPortBound(port));
  return {
    port,
    stop: async () => {
      try {
        await waitUntilQuiet({ pid: child.pid!, port, quietMs: 300 }, () => output.length);
        child.stdin.end();
        await ended(child);
        const lines = output.split('\n').filter((line) => line !== '');
        return { records: lines.map((line) => JSON.parse(line) as ElasticRecord), log };
      } finally {
        child.kill('SIGKILL');
      }
    },
  };
}
