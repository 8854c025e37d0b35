/** Path health of hand-made captures. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FlowHealth } from '../../../src/records/path-health-figures.ts';
import type { TestFlow } from '../../support/flows.ts';
import { type PipelineOptions, runPipeline } from '../../support/pipeline.ts';
import { type Connection, type Segment, segmentCapture } from '../../support/segments.ts';

export const CONNECTION: Connection = { client: 1_000_000, server: 5_000_000 };

/** What the pipeline makes of a capture file's contents. */
export async function flowsOf(capture: Buffer, options: PipelineOptions = {}): Promise<readonly TestFlow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-health-'));
  try {
    const file = join(folder, 'capture.pcap');
    writeFileSync(file, capture);
    const { flows } = await runPipeline([file], {
      health: 'on',
      idleTimeoutMs: 3_600_000,
      activeTimeoutMs: 3_600_000,
      tcpEndDelayMs: 3_600_000,
      flowTableEntries: 64,
      ...options,
    });
    return flows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Path health of the one flow that these segments are. */
export async function healthOf(
  segments: readonly Segment[],
  connection: Connection = CONNECTION,
  options: PipelineOptions = {},
): Promise<FlowHealth> {
  const flows = await flowsOf(segmentCapture(segments, connection), options);
  if (flows.length !== 1) throw new Error(`one flow expected, found ${flows.length}`);
  return flows[0]!.health!;
}
