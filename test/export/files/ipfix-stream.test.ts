/** IPFIX files (RFC 5655): each is a stream of its own. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ExporterConfig, RecordSink } from '../../../src/export/contract/record-sink.ts';
import { createIpfixFileSink } from '../../../src/export/files/ipfix-file-sink.ts';
import { flowsAt, makeSink, temporaryFolder, uniflows } from './sink-support.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

const makeIpfix = (path: string, options: ExporterConfig['options'] = {}) =>
  makeSink(createIpfixFileSink, 'ipfix-file', path, options);

async function fill(sink: RecordSink, seconds: readonly number[], count = 100): Promise<void> {
  for (const second of seconds) await sink.exportBatch(flowsAt(second, count));
  await sink.end();
}

/** The message headers of a file: length, sequence number, first set id. */
function messagesOf(file: string): { sequence: number; set: number }[] {
  const octets = readFileSync(file);
  const found: { sequence: number; set: number }[] = [];
  let at = 0;
  for (; at < octets.length; at += octets.readUInt16BE(at + 2)) {
    expect(octets.readUInt16BE(at)).toBe(10);
    found.push({ sequence: octets.readUInt32BE(at + 8), set: octets.readUInt16BE(at + 16) });
  }
  expect(at).toBe(octets.length);
  return found;
}

it('every file is a stream of its own', async () => {
  const sink = await makeIpfix(join(folder, 'f-%S.ipfix'), { rotateMs: 1000 });
  sink.setInterfaces([{ ifIndex: 1, name: 'eth0', description: '' }]);
  await fill(sink, [1, 2, 3], 500);
  expect(readdirSync(folder)).toHaveLength(3);
  for (const name of readdirSync(folder)) {
    const messages = messagesOf(join(folder, name));
    expect(messages[0]).toEqual({ sequence: 0, set: 2 });
    expect(messages.length).toBeGreaterThan(1);
  }
  const statistics = sink.statistics();
  expect(statistics).toMatchObject({ recordsOffered: 3 * uniflows(500), dataRecords: 3 * uniflows(500) });
  expect(statistics.templateRecords).toBeGreaterThanOrEqual(12);
});
