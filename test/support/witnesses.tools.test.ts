/** The outside witnesses, held against values written by hand: a witness must be right before it is asked. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalAddress, differencesOf, type FlowTotals } from './flow-totals.ts';
import { type CapturedFrame, ethernet, ipv4, ipv6, pcapFile, tcp, udp } from './frames.ts';
import { parseNfdumpJson, startNfcapd, tcpFlagsOf } from './nfcapd.ts';
import { runSoftflowd } from './softflowd.ts';
import { describeWithTools } from './tools.ts';
import { epochNs, witnessFlows } from './tshark.ts';

const T0 = 1_700_000_000_000_000_000n;

describe('outside spellings', () => {
  it('reads times of tshark to the nanosecond', () => {
    expect(epochNs('1763702388.596008687')).toBe(1763702388596008687n);
    expect(epochNs('12.5')).toBe(12_500_000_000n);
    expect(epochNs('-1.000000001')).toBe(-1_000_000_001n);
    expect(() => epochNs('soon')).toThrow('found soon');
  });

  it('reads flags and records of nfdump', () => {
    expect(tcpFlagsOf('...AP.SF')).toBe(0x1b);
    expect(tcpFlagsOf('CEUAPRSF')).toBe(0xff);
    expect(parseNfdumpJson('')).toEqual([]);
    expect(parseNfdumpJson('{"a" : 1},\n{"a" : 2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(parseNfdumpJson('[\n{"a" : 1}\n]\n')).toEqual([{ a: 1 }]);
  });
});

/** Three flows: TCP both ways, a UDP datagram in two fragments, an ICMPv6 echo behind a hop-by-hop header. */
const FRAMES: CapturedFrame[] = (() => {
  const a = '10.0.0.1';
  const b = '10.0.0.2';
  const from = { source: a, destination: b };
  const back = { source: b, destination: a };
  const whole = udp(5000, 53, new Uint8Array(40));
  const fragment = { ...from, protocol: 17, id: 77 };
  const echo = [58, 0, 5, 2, 0, 0, 1, 0, 128, 0, 0, 0, 0, 1, 0, 1];
  return [
    { frame: ethernet(ipv4({ ...from, protocol: 6 }, tcp(1000, 80, 2))), timeNs: T0 },
    { frame: ethernet(ipv4({ ...back, protocol: 6 }, tcp(80, 1000, 18))), timeNs: T0 + 1_000_000n },
    {
      frame: ethernet(ipv4({ ...from, protocol: 6 }, tcp(1000, 80, 24, new Uint8Array(100)))),
      timeNs: T0 + 2_000_000n,
    },
    {
      frame: ethernet(ipv4({ ...fragment, moreFragments: true }, whole.subarray(0, 24))),
      timeNs: T0 + 3_000_000n,
    },
    {
      frame: ethernet(ipv4({ ...fragment, fragmentOffset: 24 }, whole.subarray(24))),
      timeNs: T0 + 4_000_000n,
    },
    {
      frame: ethernet(ipv6({ source: 'fd00::1', destination: 'fd00::2', nextHeader: 0 }, echo)),
      timeNs: T0 + 5_000_000n,
    },
  ];
})();

const EXPECTED: [string, Partial<FlowTotals>][] = [
  [
    '6 10.0.0.1 1000 > 10.0.0.2 80',
    { packets: 2, octets: 180, tcpFlags: 26, firstNs: T0, lastNs: T0 + 2_000_000n },
  ],
  ['6 10.0.0.2 80 > 10.0.0.1 1000', { packets: 1, octets: 40, tcpFlags: 18 }],
  ['17 10.0.0.1 5000 > 10.0.0.2 53', { packets: 2, octets: 88, tcpFlags: 0, lastNs: T0 + 4_000_000n }],
  [
    `58 ${canonicalAddress('fd00::1')} 0 > ${canonicalAddress('fd00::2')} 32768`,
    { packets: 1, octets: 56, firstNs: T0 + 5_000_000n },
  ],
];

describe('witnesses', () => {
  let folder = '';
  let file = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowtap-support-'));
    file = join(folder, 'six.pcap');
    writeFileSync(file, pcapFile(FRAMES));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describeWithTools(['tshark'], 'tshark', () => {
    it('adds packets up to flows', () => {
      const flows = witnessFlows(file);
      expect([...flows.keys()].sort()).toEqual(EXPECTED.map(([key]) => key).sort());
      for (const [key, totals] of EXPECTED) expect(flows.get(key)).toMatchObject(totals);
    });

    it.each([
      ['big-endian', { bigEndian: true }],
      ['nanoseconds', { nanoseconds: true }],
    ])('reads a %s file of ours alike', (name, options) => {
      const path = join(folder, `${name}.pcap`);
      writeFileSync(path, pcapFile(FRAMES, options));
      expect(differencesOf(witnessFlows(path), witnessFlows(file))).toEqual([]);
    });

    it('reads what stands before a cut', () => {
      const path = join(folder, 'cut.pcap');
      writeFileSync(path, pcapFile(FRAMES).subarray(0, -5));
      expect([...witnessFlows(path).keys()]).toHaveLength(3);
    });
  });

  describeWithTools(['softflowd', 'nfcapd', 'nfdump'], 'softflowd and nfcapd', () => {
    it.each([9, 10] as const)('a version %i export arrives as flows', async (version) => {
      const path = join(folder, 'tcp.pcap');
      writeFileSync(path, pcapFile(FRAMES.slice(0, 3)));
      const collector = await startNfcapd();
      const sent = await runSoftflowd(path, { port: collector.port, version });
      const result = await collector.stop();
      expect(sent).toMatchObject({
        packetsProcessed: 3,
        recordsExported: 2,
        fragments: 0,
        ignoredPackets: 0,
      });
      expect(result.badPackets, result.log).toBe(0);
      expect(result.sequenceErrors).toBeGreaterThanOrEqual(0);
      for (const [key, totals] of EXPECTED.slice(0, 2)) {
        const { firstNs: _, lastNs: __, ...counted } = totals;
        expect(result.flows.get(key)).toMatchObject(counted);
      }
    });
  });
});
