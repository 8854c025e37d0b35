/** Files of protobuf messages, as protoc reads them. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runFlowtap } from '../../cli/flowtap.ts';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import { describeWithTools } from '../../support/tools.ts';
import { FLOW_PROTO_FOLDER } from '../flow-messages/support.ts';
import { temporaryFolder } from './sink-support.ts';
import { split } from './split-messages.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

const DEMO = join(PCAPS_FOLDER, 'demo.pcapng');

describeWithTools(['protoc'], 'files of protobuf messages', () => {
  it('are read by protoc, one message after the other', () => {
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
});
