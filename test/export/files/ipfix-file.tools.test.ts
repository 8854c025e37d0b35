/**
 * IPFIX files (RFC 5655) as tshark reads them, which knows their format: the same records as over UDP, each file
 * complete in itself.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ExporterConfig, RecordSink } from '../../../src/export/contract/record-sink.ts';
import { createIpfixFileSink } from '../../../src/export/files/ipfix-file-sink.ts';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import { collectDatagrams } from '../../support/network.ts';
import { runFlowtap } from '../../support/run-flowtap.ts';
import { describeWithTools } from '../../support/tools.ts';
import { collector, exportAll } from '../exporter-support.ts';
import { tshark } from '../messages/outside-tools.ts';
import { flowsAt, makeSink, temporaryFolder, uniflows } from './sink-support.ts';

let folder = '';
let remove = () => {};
beforeEach(() => {
  [folder, remove] = temporaryFolder();
});
afterEach(() => remove());

const makeIpfix = (path: string, options: ExporterConfig['options'] = {}) =>
  makeSink(createIpfixFileSink, 'ipfix-file', path, options);

/** What tshark prints of an IPFIX file. */
function readWithTshark(file: string): string {
  return execFileSync('tshark', ['-n', '-r', file, '-V'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

const COMPARED = /^(SrcAddr|DstAddr|SrcPort|DstPort|Octets|Packets|StartTime|EndTime|Protocol|TCP Flags): /;

/** The flows in what tshark prints: their fields without those that depend on how messages are cut. */
function recordsIn(text: string): string[] {
  return text
    .split(/^\s+Flow \d+$/m)
    .slice(1)
    .map((flow) =>
      flow
        .split('\n')
        // Less deep stand the headers of the next datagram.
        .filter((line) => line.startsWith('            '))
        .map((line) => line.trim())
        .filter((line) => COMPARED.test(line))
        .join(' '),
    )
    .filter((flow) => flow.includes('Octets: '))
    .sort();
}

const faults = (text: string) =>
  text.split('\n').filter((line) => /malformed|unknown|expert|expected|No template/i.test(line));

async function fill(sink: RecordSink, seconds: readonly number[], count = 100): Promise<void> {
  for (const second of seconds) await sink.exportBatch(flowsAt(second, count));
  await sink.end();
}

describeWithTools(['tshark'], 'tshark reads an IPFIX file', () => {
  it.each(['ipfix', 'ipfix.gz'])('with the records that go over UDP: .%s', async (ending) => {
    const file = join(folder, `f.${ending}`);
    const sink = await makeIpfix(file);
    await fill(sink, [1, 2, 3]);
    const text = readWithTshark(file);
    expect(faults(text)).toEqual([]);
    const batches = [1, 2, 3].map((second) => flowsAt(second, 100));
    const { messages } = await exportAll(batches, collector('ipfix'));
    const overUdp = recordsIn(tshark(messages, ['-V']));
    expect(overUdp).toHaveLength(3 * uniflows(100));
    expect(recordsIn(text)).toEqual(overUdp);
  });

  it('and each file that rotation made', async () => {
    const sink = await makeIpfix(join(folder, 'f-%S.ipfix'), { rotateMs: 1000 });
    await fill(sink, [1, 2, 3]);
    for (const name of readdirSync(folder)) {
      const text = readWithTshark(join(folder, name));
      expect(faults(text)).toEqual([]);
      expect(recordsIn(text)).toHaveLength(uniflows(100));
    }
  });

  it.each(['demo.pcapng', 'icmp.pcap', 'ipv6-extensions.pcap', 'timeouts.pcap'])(
    'of a replay, as it goes over UDP: %s',
    async (name) => {
      const collected = await collectDatagrams();
      const file = join(folder, 'f.ipfix');
      const url = `ipfix://127.0.0.1:${collected.port}`;
      const capture = join(PCAPS_FOLDER, name);
      const run = await runFlowtap([
        'replay',
        capture,
        '-q',
        '-o',
        'none',
        '-e',
        `ipfix-file:${file}`,
        '-e',
        url,
      ]);
      expect(run.exitCode, run.stderr).toBe(0);
      await collected.close();
      const fromFile = readWithTshark(file);
      expect(faults(fromFile)).toEqual([]);
      expect(recordsIn(fromFile).length).toBeGreaterThan(2);
      expect(recordsIn(fromFile)).toEqual(recordsIn(tshark(collected.datagrams, ['-V'])));
    },
  );

  it('with statistics at its end, what was refused among them', async () => {
    const file = join(folder, 'f.ipfix');
    const capture = join(PCAPS_FOLDER, 'demo.pcapng');
    const run = await runFlowtap(['replay', capture, '-o', 'none', '-e', `ipfix-file:${file}`]);
    const refused = /Refused +([\d,]+) packets/.exec(run.stderr)?.[1]?.replaceAll(',', '');
    expect(Number(refused), run.stderr).toBeGreaterThan(0);
    const text = readWithTshark(file);
    expect(text).toMatch(new RegExp(`Ignored Packets: ${refused}$`, 'm'));
    expect(text).toMatch(/FlowsExp: 189$/m);
    expect(text).toMatch(/Not Sent Flows: 0$/m);
  });
});
