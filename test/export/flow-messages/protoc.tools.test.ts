/** Flow messages as protoc reads them: of flow.proto, and of a schema that a user brings. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithTools } from '../../support/tools.ts';
import { PING6, TCP } from '../../support/two-flows.ts';
import { recordBatch } from '../records.ts';
import { FIELDS, writeOwnSchema } from './own-schema.ts';
import { encodeAll, FLOW_PROTO_FOLDER } from './support.ts';

const T = 1_700_000_000;

describeWithTools(['protoc'], 'flow messages, as protoc reads them', () => {
  let folder: string;
  let own: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowtap-protoc-'));
    own = writeOwnSchema(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const options = () => ({ schema: own, message: 'acme.Flow', fields: FIELDS });

  it('are the same to protoc', () => {
    const [entry] = encodeAll([recordBatch([TCP], { timeBaseSeconds: T })]);
    // The length in front has two octets here.
    const text = execFileSync(
      'protoc',
      [`--proto_path=${FLOW_PROTO_FOLDER}`, '--decode=flowpb.FlowMessage', 'flow.proto'],
      {
        input: entry!.value.subarray(2),
        encoding: 'latin1',
      },
    );
    for (const line of [
      'src_addr: "\\n\\000\\000\\001"',
      `bytes: ${2 ** 40 + 1}`,
      'src_port: 40000',
      'flow_end_reason: 3',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    // A field that flow.proto does not have would be a bare number.
    expect(text).not.toMatch(/^\d+:/m);
  });

  it("of a user's schema say what the fields were filled with", () => {
    const entries = encodeAll([recordBatch([TCP, PING6], { timeBaseSeconds: T, clockNs: 3e9 })], options());
    const args = [`--proto_path=${folder}`, '--decode=acme.Flow', own];
    // Messages of more than 127 octets: their length has two.
    const [tcp, , ping] = entries.map(({ value }) =>
      execFileSync('protoc', args, { input: value.subarray(2), encoding: 'utf8' }),
    );
    const lines = (text: string) => text.split('\n').map((line) => line.trim());
    expect(lines(tcp!)).toEqual([
      ...['source {', `v4: ${0x0a000001}`, 'port: 40000', 'mac: "82:00:00:00:00:01"', '}'],
      ...['destination {', 'port: 443', '}'],
      ...['start {', `seconds: ${T}`, 'nanos: 1999000', '}'],
      ...['octets: 1099511627777', 'packets: 3', 'protocol: TCP', 'ports: 40000', 'ports: 443', 'tos: 16'],
      ...['addresses: "10.0.0.1"', 'addresses: "192.0.2.1"'],
      'exporter: " \\001\\r\\270\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\007"',
      ...['ttl: 63', `mac: ${0x0200000000ff}`, 'ttls: 63', 'ttls: 64'],
      ...['mac_octets: "\\202\\000\\000\\000\\000\\001"', `end: "${T + 2}000"`, ''],
    ]);
    expect(ping).toContain('addresses: "2001:db8::1"');
    expect(ping).toContain('  v6: " \\001\\r\\270');
    expect(ping).not.toContain('v4:');
  });
});
