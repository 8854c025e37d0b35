/**
 * `flowtap replay` with a probe that is not there: hands out the same batch until it is stopped or has done so a number
 * of times, and tells what it was asked. Run by replay.process.test.ts as a process of its own.
 *
 *     node fake-replay.ts BATCHES ARGUMENT...
 */

import { setImmediate } from 'node:timers/promises';
import { parseCommandLine } from '../../src/cli/arguments.ts';
import { type RunReplay, replay } from '../../src/cli/replay.ts';
import { countByEndReason } from '../../src/ie/end-reasons.ts';
import { createWriter } from '../../src/output/create-writer.ts';
import { DescriptorOutput } from '../../src/output/standard-output.ts';
import { recordBatch } from '../output/records.ts';

const [batches, ...argv] = process.argv.slice(2);
const batch = recordBatch(
  Array.from({ length: 100 }, (_, i) => ({ a: [1], b: [2], protocol: 17, counts: [1, i, 0, 0] as const })),
);

const run: RunReplay = async ({ files, config, columns, signal, onProgress }) => {
  const output = new DescriptorOutput(1);
  const writer = await createWriter(config, output, columns);
  process.stderr.write(`up ${JSON.stringify({ files, exporters: config.exporters.length })}\n`);
  let exported = 0;
  for (let i = 0; i < Number(batches) && !signal.aborted && !output.isClosed; i++) {
    await writer?.write(batch);
    exported += batch.count;
    onProgress?.({ octets: i, octetsTotal: Number(batches), packets: i });
    await setImmediate();
  }
  await writer?.end();
  return {
    files,
    packets: exported,
    octets: 0,
    snapped: 0,
    outOfOrder: 0,
    tooLate: 0,
    recordedDrops: 0,
    firstTimeNs: undefined,
    lastTimeNs: undefined,
    metered: { packets: exported, octets: 0, frameOctets: 0 },
    refused: [],
    undecoded: [],
    health: undefined,
    notices: [],
    notInspected: { noInspection: 0, noRoom: 0 },
    flows: {
      created: exported,
      active: 0,
      exported,
      byEndReason: countByEndReason(() => 0),
      evicted: 0,
      peak: 0,
      capacity: 1,
    },
    memory: [],
    exporters: [],
    output: { isClosed: output.isClosed, error: output.error?.message },
    elapsedMs: 1,
    errors: files.includes('damaged.pcap') ? ['damaged.pcap: byte 24: expected a record; found the end'] : [],
  };
};

const commandLine = parseCommandLine(['replay', ...argv]);
if (commandLine.kind !== 'run') throw new Error(commandLine.text);
process.exitCode = await replay(commandLine.args, async () => run);
