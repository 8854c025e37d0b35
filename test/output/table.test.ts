/** The table for people: layout, order, what a narrow terminal does to it. */
import { describe, expect, it } from 'vitest';
import { type TableOptions, TableWriter } from '../../src/output/table.ts';
import { healthBatch } from '../diagnose/path-health-records.ts';
import { recordBatch, type TestFlow } from './records.ts';
import { textOutput } from './text-output.ts';

const FLOWS: readonly TestFlow[] = [
  {
    a: [0xc0000201],
    b: [0xc6336407],
    ports: [51_234, 443],
    protocol: 6,
    startNs: 123e6,
    endNs: 2_623e6,
    counts: [12, 1_400, 1_240, 1_499_999],
    flags: [0x02, 0x1b],
    endReason: 3,
  },
  {
    a: [0x20010db8, 0, 0, 1],
    b: [0x20010db8, 0x12345678, 0x9abcdef0, 0x12345678],
    ports: [40_000, 53],
    protocol: 17,
    startNs: 500e6,
    endNs: 600e6,
    counts: [1, 80, 1, 300],
  },
  { a: [0x0a000001], b: [0x0a000002], ports: [0, 0x0800], protocol: 1, counts: [4, 336, 4, 336] },
  { a: [0x0a000001], b: [0xe0000001], protocol: 2, counts: [1, 32, 0, 0], endReason: 4 },
];

async function render(flows: readonly TestFlow[], options: Partial<TableOptions> = {}): Promise<string> {
  const { output, text } = textOutput();
  const writer = new TableWriter(output, {
    top: 25,
    columns: undefined,
    color: false,
    hasApplications: false,
    hasNetworks: false,
    ...options,
  });
  // In two batches, as they come.
  writer.write(recordBatch(flows.slice(0, 1)));
  writer.write(recordBatch(flows.slice(1)));
  await writer.end();
  return text();
}

describe('TableWriter', () => {
  it('prints the busiest flow first, both directions in a row', async () => {
    expect(await render([...FLOWS].reverse())).toMatchInlineSnapshot(`
      "2023-11-14    Duration  Proto  Initiator             Responder                                    Packets   reply  Octets   reply  Flags     End
      22:13:20.123   2.500 s  TCP    192.0.2.1:51234     → 198.51.100.7:443                                  12  1.24 k  1.40 k  1.50 M  ...AP.SF  TCP end
      22:13:20.000   0.000 s  ICMP   10.0.0.1            → 10.0.0.2                                           4       4     336     336  type 8/0  idle
      22:13:20.500   0.100 s  UDP    [2001:db8::1]:40000 → [2001:db8:1234:5678:9abc:def0:1234:5678]:53        1       1      80     300            idle
      22:13:20.000   0.000 s  IGMP   10.0.0.1            → 224.0.0.1                                          1       0      32       0            input end
      "
    `);
  });

  it('has round trip and lost segments of flows with path health, where there is room for them', async () => {
    const flow = { a: [0xc0000201], b: [0xc6336407], ports: [51_234, 443], startS: 0, endS: 2.5 } as const;
    const forward = { packets: 12, octets: 1_400, segments: 8, lost: 2, ackRttMs: [1, 11, 11, 11] } as const;
    const reverse = {
      packets: 9,
      octets: 1_200,
      segments: 1,
      lost: 1,
      ackRttMs: [1, 3.5, 3.5, 3.5],
    } as const;
    const renderHealth = async (columns: number | undefined) => {
      const { output, text } = textOutput();
      const writer = new TableWriter(output, {
        top: 25,
        columns,
        color: false,
        hasApplications: false,
        hasNetworks: false,
      });
      writer.write(healthBatch([{ ...flow, forward, reverse }]));
      await writer.end();
      return text();
    };
    const wide = await renderHealth(undefined);
    expect(wide).toMatch(/ {6}RTT {2}Lost {2}Flags .*\n.* {2}14\.5 ms {5}3 {2}\.\.\.A\.\.\.\. {2}active/);
    const columns = Math.max(...wide.split('\n').map(({ length }) => length));
    expect(await renderHealth(columns)).toBe(wide);
    const narrower = await renderHealth(columns - 1);
    expect(narrower).not.toMatch(/RTT|Lost/);
    // They go first: all others are as they were.
    expect(narrower).toMatch(/ {2}Flags .*End\n.*192\.0\.2\.1:51234 → 198\.51\.100\.7:443 /);
  });

  it.each([72, 80, 100, 120])('fits %d columns and keeps every flow', async (columns) => {
    const lines = (await render(FLOWS, { columns })).trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns);
  });

  it('leaves IPv4 flows whole on 110 columns', async () => {
    const text = await render([FLOWS[0]!, FLOWS[2]!], { columns: 110 });
    expect(text).toContain('192.0.2.1:51234 → 198.51.100.7:443');
    expect(text).toContain('TCP end');
    expect(text).not.toContain('…');
  });

  it('shows the top N and says how many more there are', async () => {
    const text = await render(FLOWS, { top: 2 });
    expect(text.split('\n')).toHaveLength(5);
    expect(text).toContain('… and 2 more flows (--top 0 shows all)');
    expect(text).not.toContain('224.0.0.1');
    expect(await render(FLOWS, { top: 0 })).not.toContain('more flow');
  });

  it('shows dates where flows start on different days', async () => {
    const text = await render([FLOWS[0]!, { ...FLOWS[2]!, startNs: 86_400e9 }]);
    expect(text).toContain('2023-11-14 22:13:20.123');
    expect(text).toContain('2023-11-15 22:13:20.000');
  });

  it('uses colour only when told to', async () => {
    expect(await render(FLOWS, { color: true })).toContain('\x1b[1m');
    expect(await render(FLOWS)).not.toContain('\x1b');
  });

  it('says that there are none', async () => expect(await render([])).toBe('No flows.\n'));
});
