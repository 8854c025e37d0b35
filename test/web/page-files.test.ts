/** The files of the page: all are served, under a policy without exceptions; and its words for figures and filters. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAGE_FILES, pageRoutes } from '../../src/web/page-routes.ts';

const PAGE = join(import.meta.dirname, '../../src/web/page');
/** The modules are for browsers, and have no types. */
const load = (name: string) =>
  import(join(PAGE, name)) as Promise<Record<string, (...args: unknown[]) => unknown>>;
const { figure, span, milliseconds, share, end, rate } = await load('format.mjs');
const { conditionsOf } = await load('filter.mjs');
const { talkersOf } = await load('flow-columns.mjs');

/** Narrow spaces stand between a number and its unit. */
const plain = (text: unknown) => String(text).replaceAll('\u202f', ' ');

describe('the page', () => {
  it('has each of its files served', () => {
    expect(Object.keys(PAGE_FILES).sort()).toEqual(readdirSync(PAGE).sort());
  });

  it('allows scripts and styles of its own server alone', () => {
    for (const { path, answer } of pageRoutes()) {
      const { headers, body } = answer({}, path) as { headers: Record<string, string>; body: Buffer };
      expect(headers['Content-Security-Policy']).toContain(
        "default-src 'none'; script-src 'self'; style-src 'self'",
      );
      expect(headers['Content-Security-Policy']).not.toContain('unsafe');
      // Of our own files: nothing that such a policy would keep from working, nothing that takes HTML, no other server.
      const wrong =
        /\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write|https?:\/\/(?!www\.w3\.org)/;
      if (!path.includes('uPlot')) expect([path, wrong.exec(String(body))]).toEqual([path, null]);
    }
  });
});

describe('figures', () => {
  it.each([
    [0, 'bit/s', '0 bit/s'],
    [0.0421, 'packets/s', '0.042 packets/s'],
    [7.5, 'B', '7.5 B'],
    [999.4, 'B', '999 B'],
    [999.6, 'B', '1 kB'],
    [12_345, 'bit/s', '12.3 kbit/s'],
    [1_420_000_000, 'bit/s', '1.42 Gbit/s'],
    [null, 'bit/s', '– bit/s'],
  ])('%s %s is %s', (value, unit, expected) => {
    expect(plain(figure!(value, unit))).toBe(expected);
  });

  it('of time and shares have their units', () => {
    expect([0, 59, 61, 3600, 90_061].map((seconds) => plain(span!(seconds)))).toEqual([
      ...['0 s', '59 s', '1 min 1 s', '1 h', '1 d 1 h'],
    ]);
    expect([0.081, 12.34, 2345].map((ms) => plain(milliseconds!(ms)))).toEqual([
      '0.081 ms',
      '12.3 ms',
      '2.35 s',
    ]);
    expect([0, 0.000045, 0.5, 1].map((part) => plain(share!(part)))).toEqual([
      '0 %',
      '0.0045 %',
      '50 %',
      '100 %',
    ]);
    expect((rate!(121_000, 'packets') as string[]).map(plain)).toEqual(['121 k', 'packets/s']);
  });

  it('of ends have ports where their protocol has some', () => {
    const v6 = { sourceIPv6Address: '2001:db8::1', sourceTransportPort: 443 };
    expect(end!(v6, 'source')).toBe('[2001:db8::1]:443');
    const ping = { sourceIPv4Address: '192.0.2.1', sourceTransportPort: 8, icmpTypeCodeIPv4: 2048 };
    expect(end!(ping, 'source')).toBe('192.0.2.1');
  });
});

describe('a filter', () => {
  it.each([
    ['192.0.2.1', 'address 192.0.2.1'],
    ['2001:db8::/32 and 443', 'address 2001:db8::/32 port 443'],
    ['tcp eth0.100', 'protocol tcp interface eth0.100'],
    ['protocol 17, Port 53', 'protocol 17 port 53'],
    ['[2001:db8::1]', 'address 2001:db8::1'],
    ['address', 'address'],
    ['', ''],
  ])('%j asks for %j', (text, expected) => {
    expect(conditionsOf!(text, ['eth0.100', 'eth1'])).toBe(expected);
  });
});

describe('hosts', () => {
  it('have the sums of their flows, in either role', () => {
    const flow = (source: string, destination: string, sent: number, back: number, verdict?: string) => ({
      sourceIPv4Address: source,
      destinationIPv4Address: destination,
      octetDeltaCount: sent,
      reverseOctetDeltaCount: back,
      bitsPerSecond: sent,
      reverseBitsPerSecond: back,
      ...(verdict === undefined ? {} : { verdict }),
    });
    const flows = [
      flow('192.0.2.1', '192.0.2.9', 100, 7, 'stalled'),
      flow('192.0.2.9', '192.0.2.2', 30, 1, 'healthy'),
      flow('192.0.2.1', '192.0.2.9', 5, 0, 'stalled'),
    ];
    const hosts = talkersOf!(flows) as {
      address: string;
      peers: Set<string>;
      verdicts: Map<string, number>;
    }[];
    const host = hosts.find(({ address }) => address === '192.0.2.9')!;
    expect(host).toMatchObject({ sent: 7 + 30, received: 100 + 1 + 5, octets: 143, rate: 143, flows: 3 });
    expect([...host.peers]).toEqual(['192.0.2.1', '192.0.2.2']);
    expect([...host.verdicts]).toEqual([
      ['stalled', 2],
      ['healthy', 1],
    ]);
  });
});
