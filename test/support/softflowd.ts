/** softflowd as a second opinion: replays a capture towards a collector, and tells what it counted. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SoftflowdResult {
  readonly packetsProcessed: number;
  /** Flow records sent, each one direction. */
  readonly recordsExported: number;
  readonly fragments: number;
  readonly ignoredPackets: number;
  readonly log: string;
}

/**
 * Runs `softflowd -r` to the end of the capture.
 * @param version of the export: 5, 9 or 10 (IPFIX)
 * @throws Error with its output when it fails
 */
export async function runSoftflowd(
  file: string,
  collector: { port: number; version: 5 | 9 | 10 },
): Promise<SoftflowdResult> {
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-softflowd-'));
  try {
    const child = spawn(
      'softflowd',
      [
        ...['-r', file, '-d', '-6', '-m', '1000000', '-v', String(collector.version)],
        ...['-n', `127.0.0.1:${collector.port}`, '-c', 'none', '-p', join(folder, 'pid')],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (exitCode !== 0) throw new Error(`softflowd ${file}: exit code ${exitCode}: ${log}`);
    const count = (pattern: RegExp) => Number(pattern.exec(log)?.[1] ?? Number.NaN);
    return {
      packetsProcessed: count(/Packets processed: (\d+)/),
      recordsExported: count(/Flows exported: \d+ \((\d+) records\)/),
      fragments: count(/Fragments: (\d+)/),
      ignoredPackets: count(/Ignored packets: (\d+)/),
      log,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
