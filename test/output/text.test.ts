/** Numbers, addresses and flags for people. */
import { describe, expect, it } from 'vitest';
import { formatCount, formatOctets, formatShort, formatSpan, formatTime } from '../../src/base/units.ts';
import { formatProtocol } from '../../src/ie/protocol-names.ts';
import { formatIPv4, formatIPv6, formatTcpFlags } from '../../src/output/addresses.ts';

/** Words of an IPv6 address written in full. */
function words(text: string): Int32Array {
  const groups = text.split(':').map((group) => Number.parseInt(group, 16));
  return Int32Array.from({ length: 4 }, (_, w) => (groups[2 * w]! << 16) | groups[2 * w + 1]!);
}

describe('addresses', () => {
  it('writes IPv4 with dots', () => {
    expect([0, 0xffffffff | 0, 0xc0000201 | 0].map(formatIPv4)).toEqual([
      '0.0.0.0',
      '255.255.255.255',
      '192.0.2.1',
    ]);
  });

  // RFC 5952 §4 and §5.
  it.each([
    ['2001:0db8:0000:0000:0000:0000:0002:0001', '2001:db8::2:1'],
    ['2001:0db8:0000:0001:0001:0001:0001:0001', '2001:db8:0:1:1:1:1:1'],
    ['2001:0000:0000:0001:0000:0000:0000:0001', '2001:0:0:1::1'],
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['0000:0000:0000:0000:0000:0000:0000:0000', '::'],
    ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
    ['fe80:0000:0000:0000:0000:0000:0000:0000', 'fe80::'],
    ['0000:0000:0000:0000:0000:ffff:c000:0201', '::ffff:192.0.2.1'],
    ['aaaa:bbbb:cccc:dddd:eeee:ffff:aaaa:0bbb', 'aaaa:bbbb:cccc:dddd:eeee:ffff:aaaa:bbb'],
    ['0000:0001:0000:0001:0000:0001:0000:0001', '0:1:0:1:0:1:0:1'],
  ])('writes %s as %s', (full, short) => expect(formatIPv6(words(full), 0)).toBe(short));

  it('writes flags and protocols', () => {
    expect([0, 0x1b, 0xff, 0x12].map(formatTcpFlags)).toEqual([
      '........',
      '...AP.SF',
      'CEUAPRSF',
      '...A..S.',
    ]);
    expect([1, 6, 17, 58, 89, 253].map(formatProtocol)).toEqual([
      'ICMP',
      'TCP',
      'UDP',
      'ICMPv6',
      'OSPF',
      '253',
    ]);
    // IANA calls 61 “any host internal protocol”.
    expect([61, 97, 132].map(formatProtocol)).toEqual(['61', 'ETHERIP', 'SCTP']);
  });
});

describe('units', () => {
  it('groups digits', () => {
    expect([0, 999, 1000, 1_234_567, 0.001].map(formatCount)).toEqual([
      '0',
      '999',
      '1,000',
      '1,234,567',
      '0.001',
    ]);
  });

  it('shortens to three digits without rounding to four', () => {
    expect([0, 999, 1000, 9_994, 9_995, 99_949, 99_950, 999_499, 999_500, 1e15].map(formatShort)).toEqual([
      '0',
      '999',
      '1.00 k',
      '9.99 k',
      '10.0 k',
      '99.9 k',
      '100 k',
      '999 k',
      '1.00 M',
      '1.00 P',
    ]);
    expect([512, 2_500_000].map(formatOctets)).toEqual(['512 B', '2.50 MB']);
  });

  it('writes spans', () => {
    expect([0, 12, 59_999, 60_000, 723_000, 3_600_000, 90_000_000].map(formatSpan)).toEqual([
      '0.000 s',
      '0.012 s',
      '59.999 s',
      '1m 00s',
      '12m 03s',
      '1h 00m',
      '1d 01h',
    ]);
  });

  it('writes times, and survives those that no calendar has', () => {
    expect(formatTime(1_700_000_000_123e6)).toBe('2023-11-14 22:13:20.123');
    expect(formatTime(1e300)).toBe('?');
  });
});
