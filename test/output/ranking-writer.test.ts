/** Rankings as table, JSON and CSV: rows, shares, all others, what is not known, flows within one host. */
import { describe, expect, it } from 'vitest';
import { type RankingOptions, RankingWriter } from '../../src/output/ranking-writer.ts';
import { recordBatch, type TestFlow } from './records.ts';
import { textOutput } from './text-output.ts';

const HOST = 0xc0000201;
const FLOWS: readonly TestFlow[] = [
  { a: [HOST], b: [0xc6336407], protocol: 6, counts: [10, 1000, 20, 29_000] },
  { a: [0xc6336407], b: [HOST], protocol: 6, counts: [1, 500, 1, 500] },
  { a: [0x20010db8, 0, 0, 1], b: [0x20010db8, 0, 0, 2], protocol: 17, counts: [1, 8000, 0, 0] },
  { a: [0x7f000001], b: [0x7f000001], protocol: 17, counts: [3, 600, 2, 400] },
];

async function render(flows: readonly TestFlow[], options: Partial<RankingOptions> = {}): Promise<string> {
  const { output, text } = textOutput();
  const writer = new RankingWriter(output, {
    topBy: 'host',
    form: 'table',
    top: 25,
    columns: undefined,
    health: false,
    ...options,
  });
  writer.write(recordBatch(flows.slice(0, 1)));
  writer.write(recordBatch(flows.slice(1)));
  await writer.end();
  return text();
}

const objects = async (options: Partial<RankingOptions>) =>
  (await render(FLOWS, { form: 'json', ...options }))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('RankingWriter', () => {
  it('has a row for each host, both directions apart', async () => {
    expect(await render(FLOWS)).toMatchInlineSnapshot(`
      "Host           Octets   share     sent  received  Packets  Flows
      192.0.2.1     31.0 kB  77.5 %  1.50 kB   29.5 kB       32      2
      198.51.100.7  31.0 kB  77.5 %  29.5 kB   1.50 kB       32      2
      2001:db8::1   8.00 kB  20.0 %  8.00 kB       0 B        1      1
      2001:db8::2   8.00 kB  20.0 %      0 B   8.00 kB        1      1
      127.0.0.1     1.00 kB   2.5 %  1.00 kB   1.00 kB        5      1
      "
    `);
  });

  it('sums what it does not show in one row', async () => {
    const [first, others, ...more] = await objects({ top: 1 });
    expect(more).toEqual([]);
    expect(first).toMatchObject({ rank: 1, octetDeltaCount: 31_000, deltaFlowCount: 2, octetShare: 0.775 });
    // The other end of the first host's flows, both IPv6 hosts, and the flow within one host once.
    expect(others).toMatchObject({ rank: null, hostAddress: null, octetDeltaCount: 31_000 + 16_000 + 1000 });
    expect(await render(FLOWS, { top: 1 })).toMatch(/\n\(others\) +48\.0 kB.*\n\(--top 0 shows all\)\n$/);
    expect(await objects({ top: 0 })).toHaveLength(5);
  });

  it('counts a flow within one host once, as sent and as received', async () => {
    const row = (await objects({})).find(({ hostAddress }) => hostAddress === '127.0.0.1');
    expect(row).toMatchObject({ octetDeltaCount: 1000, packetDeltaCount: 5, deltaFlowCount: 1 });
    expect(row).toMatchObject({ sentOctets: 1000, receivedOctets: 1000, sentPackets: 5, receivedPackets: 5 });
  });

  it('is CSV with a head, also of no flow', async () => {
    const lines = (await render(FLOWS, { form: 'csv', top: 1 })).split('\n');
    expect(lines[0]).toBe(
      'rank,hostAddress,octetDeltaCount,packetDeltaCount,deltaFlowCount,octetShare,sentOctets,receivedOctets,sentPackets,receivedPackets,octetsMissedMax',
    );
    expect(lines[1]).toBe('1,192.0.2.1,31000,32,2,0.775,1500,29500,11,21,0');
    // Sent: 29,500 by the other end, 8,000 and 1,000; received: 1,500, 8,000 and 1,000.
    expect(lines[2]).toBe(',,48000,39,5,1.2,38500,10500,27,17,0');
    expect(await render([], { form: 'csv' })).toBe(`${lines[0]}\n`);
    expect(await render([])).toBe('No flows.\n');
    expect(await render([], { form: 'json' })).toBe('');
  });

  it('says what a row may lack once there were more names than it keeps', async () => {
    const text = await render(FLOWS, { namesMax: 2 });
    expect(text).toMatch(/\(others\)/);
    expect(text).toMatch(/More than 2 names: a row may lack \d.* at most, which are with \(others\)\.\n$/);
    const rows = await objects({ namesMax: 2 });
    const octets = rows.reduce((sum, row) => sum + Number(row.octetDeltaCount), 0);
    expect(octets).toBe(2 * 31_000 + 2 * 8000 + 1000);
  });

  it('cuts names on a narrow terminal', async () => {
    const long: TestFlow = {
      a: [0x20010db8, 0x12345678, 0x9abcdef0, 0x12345678],
      b: [HOST],
      protocol: 6,
      counts: [1, 100, 1, 100],
    };
    const lines = (await render([long], { columns: 72 })).trimEnd().split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(72);
    expect(lines.join()).toContain('…');
  });
});
