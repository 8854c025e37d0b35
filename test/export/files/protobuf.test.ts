/**
 * Files of protobuf messages: goflow2's file format, read back by protobufjs and by protoc, which a small loop splits the
 * file for. What they say is compared with `-o json` of the same capture.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProtobufFileSink } from '../../../src/export/files/protobuf-file-sink.ts';
import { runFlowtap } from '../../cli/flowtap.ts';
import { PCAPS_FOLDER, requireTools } from '../../support/tools.ts';
import { asJsonLine, normalLine, sortedTexts } from '../flow-messages/compare.ts';
import { decodeMessage, FLOW_PROTO_FOLDER } from '../flow-messages/support.ts';
import { flowsAt, makeSink, T, temporaryFolder } from './sink-support.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

const DEMO = join(PCAPS_FOLDER, 'demo.pcapng');

/** Splits a file: each message behind its length, a varint (protobuf, "Base 128 Varints"). */
function split(octets: Buffer): { whole: Buffer; message: Buffer }[] {
  const found: { whole: Buffer; message: Buffer }[] = [];
  for (let at = 0; at < octets.length; ) {
    let length = 0;
    let from = at;
    for (let shift = 0; ; shift += 7) {
      const octet = octets[from++]!;
      length += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) break;
    }
    found.push({ whole: octets.subarray(at, from + length), message: octets.subarray(from, from + length) });
    at = from + length;
  }
  return found;
}

describe('files of protobuf messages', () => {
  it('say of a capture what the JSON lines say', () => {
    const file = join(folder, 'flows.bin');
    const { code, out, err } = runFlowtap(['replay', DEMO, '-q', '-o', 'json', '-e', `protobuf:${file}`]);
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

  it('are read by protoc, one message after the other', ({ skip }) => {
    if (!requireTools('protoc --decode', 'protoc')) skip();
    const file = join(folder, 'flows.bin');
    const options =
      'fields=src_addr:sourceIPv4Address|sourceIPv6Address,bytes:octetDeltaCount,proto:protocolIdentifier';
    const run = runFlowtap(['replay', DEMO, '-q', '-o', 'json', '-e', `protobuf:${file}?${options}`]);
    const lines = run.out.trimEnd().split('\n');
    // Messages one behind the other, each as a field 1 of a message that holds them all: what protoc reads at once.
    const inner = split(readFileSync(file)).map(({ whole }) => Buffer.concat([Buffer.of(0x0a), whole]));
    const schema = readFileSync(join(FLOW_PROTO_FOLDER, 'flow.proto'), 'utf8');
    writeFileSync(join(folder, 'all.proto'), `${schema}\nmessage All { repeated FlowMessage flow = 1; }\n`);
    const args = [`--proto_path=${folder}`, '--decode=flowpb.All', 'all.proto'];
    const text = execFileSync('protoc', args, { input: Buffer.concat(inner), encoding: 'utf8' });
    expect(text.match(/^flow \{$/gm)).toHaveLength(lines.length);
    const octets = [...text.matchAll(/^ {2}bytes: (\d+)$/gm)].map(([, value]) => Number(value));
    const expected = lines.map((line) =>
      Number((JSON.parse(line) as { octetDeltaCount: number }).octetDeltaCount),
    );
    expect(octets.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
    // Of the three fields and no other.
    expect(text).not.toMatch(/^ {2}(?!src_addr|bytes|proto)\w+:/m);
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
