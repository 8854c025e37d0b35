/**
 * Files of protobuf messages: goflow2's file format, read back by protobufjs, which a small loop splits the file
 * for. What they say is compared with `-o json` of the same capture.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProtobufFileSink } from '../../../src/export/files/protobuf-file-sink.ts';
import { runFlowtap } from '../../cli/flowtap.ts';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import { asJsonLine, normalLine, sortedTexts } from '../flow-messages/compare.ts';
import { decodeMessage } from '../flow-messages/support.ts';
import { flowsAt, makeSink, T, temporaryFolder } from './sink-support.ts';
import { split } from './split-messages.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

const DEMO = join(PCAPS_FOLDER, 'demo.pcapng');

describe('files of protobuf messages', () => {
  it('say of a capture what the JSON lines say', () => {
    const file = join(folder, 'flows.bin');
    const flags = ['-q', '-o', 'json', '--path-health', 'off', '-e', `protobuf:${file}`];
    const { code, out, err } = runFlowtap(['replay', DEMO, ...flags]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string | number>);
    const messages = split(readFileSync(file)).map(({ whole }) => decodeMessage(whole));
    expect(messages.length).toBe(lines.length);
    expect(messages.length).toBeGreaterThan(100);
    const total = (of: (i: number) => number, count: number) =>
      Array.from({ length: count }, (_, i) => of(i)).reduce((sum, value) => sum + value, 0);
    expect(total((i) => Number(messages[i]!.bytes), messages.length)).toBe(
      total((i) => Number(lines[i]!.octetDeltaCount), lines.length),
    );
    // Message by message for the lines that have the elements of the first one of TCP.
    const tcp = lines.filter((line) => line.protocolIdentifier === 6 && line.sourceIPv4Address !== undefined);
    const names = Object.fromEntries(Object.entries(tcp[0]!));
    const same = tcp.filter((line) => Object.keys(line).join() === Object.keys(names).join());
    const texts = sortedTexts(same.map(normalLine));
    const ours = sortedTexts(
      messages
        .filter((message) => message.proto === 6 && message.etype === 0x0800)
        .map((message) => asJsonLine(message, names)),
    );
    expect(ours.filter((text) => texts.includes(text))).toEqual(texts);
  });

  it('are rotated, compressed and counted as other files are', async () => {
    const pattern = join(folder, '%H%M.bin.zst');
    const sink = await makeSink(createProtobufFileSink, 'protobuf', pattern, { rotateMs: 60_000 });
    for (const second of [0, 30, 60, 130]) await sink.exportBatch(flowsAt(second, 600));
    await sink.end();
    await sink.close();
    const names = readdirSync(folder).toSorted();
    const minute = (seconds: number) =>
      new Date((T + seconds) * 1000).toISOString().slice(11, 16).replace(':', '');
    expect(names).toEqual([0, 60, 120].map((seconds) => `${minute(seconds)}.bin.zst`));
    const counts = names.map((name) => split(zstdDecompressSync(readFileSync(join(folder, name)))).length);
    const { recordsOffered, dataRecords, recordsFailed, recordsPending } = sink.statistics();
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(dataRecords);
    expect([recordsOffered, recordsFailed, recordsPending]).toEqual([dataRecords, 0, 0]);
    expect(counts[0]).toBe(2 * counts[1]!);
    await expect(makeSink(createProtobufFileSink, 'protobuf', join(folder, '%q.bin'))).rejects.toThrow('%q');
  });
});
