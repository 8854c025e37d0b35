/** How the options of `flowtap generate` read, and how flows step through the ranges. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeSides, flowsOf } from '../../src/generate/flow-ranges.ts';
import {
  parseAddresses,
  parseCount,
  parseMacs,
  parsePorts,
  parseRate,
  parseSizes,
  parseTcpFlags,
  parseVlans,
} from '../../src/generate/ranges.ts';
import type { Side } from '../../src/generate/recipe.ts';

const v4 = (last: number, count: number) => ({ version: 4, first: [0, 0, 0, last], count });

describe('ranges', () => {
  it.each([
    ['192.0.2.1', v4(0xc0000201, 1)],
    ['10.26.0.1-10.26.254.254', v4(0x0a1a0001, 254 * 256 + 254)],
    ['10.26.0.1+65025', v4(0x0a1a0001, 65_025)],
    ['10.0.0.7/24', v4(0x0a000001, 254)],
    ['10.0.0.6/31', v4(0x0a000006, 2)],
    ['10.0.0.6/32', v4(0x0a000006, 1)],
    ['2001:db8::/112', { version: 6, first: [0x20010db8, 0, 0, 0], count: 65_536 }],
    ['2001:db8::ffff:fffe+3', { version: 6, first: [0x20010db8, 0, 0, 0xfffffffe], count: 3 }],
    ['::ffff:192.0.2.1', { version: 6, first: [0, 0, 0xffff, 0xc0000201], count: 1 }],
    ['1:2:3:4:5:6:7:8', { version: 6, first: [0x10002, 0x30004, 0x50006, 0x70008], count: 1 }],
  ])('of addresses: %s', (text, range) => expect(parseAddresses(text)).toEqual(range));

  it.each([
    ...[
      '',
      '10.0.0',
      '10.0.0.256',
      '10.0.0.2-10.0.0.1',
      '10.0.0.1-::2',
      '10.0.0.1/33',
      '10.0.0.1+0',
      '::1%eth0',
    ],
    ...['255.255.255.255+2', '::ffff:ffff:ffff:ffff+2', '::/96', '10.0.0.1+', '10.0.0.1-', 'host'],
  ])('refuses as addresses: %s', (text) => expect(parseAddresses(text)).toBeUndefined());

  it('of ports and MAC addresses', () => {
    expect(parsePorts('443')).toEqual({ first: 443, count: 1 });
    expect(parsePorts('1024-65535')).toEqual({ first: 1024, count: 64_512 });
    expect(parsePorts('1024+1k')).toEqual({ first: 1024, count: 1000 });
    for (const wrong of ['', '-1', '65536', '9-8', '65535+2', 'http', '1-']) {
      expect(parsePorts(wrong), wrong).toBeUndefined();
    }
    expect(parseMacs('00:01:00:00:00:00+65025')).toEqual({ first: 0x000100000000, count: 65_025 });
    expect(parseMacs('02:00:00:00:00:0A-02:00:00:00:00:0f')).toEqual({ first: 0x02000000000a, count: 6 });
    for (const wrong of ['', '00:01', '00-01-00-00-00-00', 'ff:ff:ff:ff:ff:ff+2', '0g:00:00:00:00:00']) {
      expect(parseMacs(wrong), wrong).toBeUndefined();
    }
  });

  it('of rates, counts, sizes, flags and VLANs', () => {
    expect(parseRate('100k')).toEqual({ unit: 'packets', perSecond: 100_000 });
    expect(parseRate('1.2Mpps')).toEqual({ unit: 'packets', perSecond: 1_200_000 });
    expect(parseRate('0.5')).toEqual({ unit: 'packets', perSecond: 0.5 });
    expect(parseRate('1Gbit/s')).toEqual({ unit: 'bits', perSecond: 1e9 });
    expect(parseRate('500Mbps')).toEqual({ unit: 'bits', perSecond: 5e8 });
    expect(parseRate('max')).toBe('max');
    for (const wrong of ['', '0', '-1', '1m', '1Tbps', 'fast', '1 k'])
      expect(parseRate(wrong), wrong).toBeUndefined();
    expect([parseCount('4096'), parseCount('100k'), parseCount('1.5M')]).toEqual([4096, 100_000, 1_500_000]);
    expect([parseCount('1.0001k'), parseCount('-1'), parseCount('')]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    expect(parseSizes('64')).toEqual([64]);
    const imix = parseSizes('imix')!;
    expect([64, 590, 1514].map((octets) => imix.filter((size) => size === octets).length)).toEqual([7, 4, 1]);
    expect(parseSizes('64:2,1514:1')).toEqual([64, 1514, 64]);
    for (const wrong of ['', 'big', '64:0', '64:', '64,', '64:1001'])
      expect(parseSizes(wrong), wrong).toBeUndefined();
    expect([parseTcpFlags('S'), parseTcpFlags('pa'), parseTcpFlags('FSRPAUEC')]).toEqual([2, 0x18, 0xff]);
    expect([parseTcpFlags(''), parseTcpFlags('X')]).toEqual([undefined, undefined]);
    expect([parseVlans('100'), parseVlans('7,8'), parseVlans('4096'), parseVlans('1,2,3')]).toEqual([
      [100],
      [7, 8],
      undefined,
      undefined,
    ]);
  });
});

/** Address and port numbers of both sides that flow `f` takes, by the rule in words. */
function valuesOfFlow(f: number, source: Side, destination: Side): string {
  const side = ({ address, port }: Side) =>
    `${f % address.count}:${Math.floor(f / address.count) % port.count}`;
  return `${side(source)} ${side(destination)}`;
}

describe('flows', () => {
  const nothing = { mac: undefined, address: undefined, port: undefined };

  it('as many as are asked for are distinct, and no more can be had', () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(size, size, size, size, (a, b, c, d) => {
        const side = (addresses: number, ports: number): Side => ({
          mac: { first: 0, count: 1 },
          address: { version: 4, first: [0, 0, 0, 1], count: addresses },
          port: { first: 1, count: ports },
        });
        const [source, destination] = [side(a, b), side(c, d)];
        const flows = flowsOf(source, destination, 'udp');
        const seen = new Set(
          Array.from({ length: 2 * flows }, (_, f) => valuesOfFlow(f, source, destination)),
        );
        expect(seen.size).toBe(flows);
      }),
    );
  });

  it('what was not asked for stands still, unless more flows are asked for', () => {
    const alone = completeSides({ source: nothing, destination: nothing }, 4, 'udp', undefined);
    expect(flowsOf(alone.source, alone.destination, 'udp')).toBe(1);
    const million = completeSides({ source: nothing, destination: nothing }, 4, 'udp', 1e6);
    expect(flowsOf(million.source, million.destination, 'udp')).toBeGreaterThanOrEqual(1e6);
    expect(million.destination).toEqual(alone.destination);
    const asked = { ...nothing, address: parseAddresses('10.0.0.1+10') };
    const ten = completeSides({ source: nothing, destination: asked }, 4, 'udp', undefined);
    expect(ten.source).toEqual(alone.source);
    expect(flowsOf(ten.source, ten.destination, 'udp')).toBe(10);
    const more = completeSides({ source: asked, destination: nothing }, 4, 'tcp', 1000);
    expect(more.source.address.count).toBe(10);
    expect(more.source.port.count).toBe(100);
  });

  it('both sides of the recipes that load a switch step together: 65,025 pairs', () => {
    const source = { ...nothing, address: parseAddresses('10.26.0.1+65025') };
    const destination = { ...nothing, address: parseAddresses('10.27.0.1+65025') };
    const sides = completeSides({ source, destination }, 4, 'udp', undefined);
    expect(flowsOf(sides.source, sides.destination, 'udp')).toBe(65_025);
  });

  it('with ICMP only addresses count', () => {
    const sides = completeSides({ source: nothing, destination: nothing }, 6, 'icmp', 1000);
    expect(flowsOf(sides.source, sides.destination, 'icmp')).toBe(1000);
    expect(sides.source.port.count).toBe(1);
  });
});
