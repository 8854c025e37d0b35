import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { putBillions, putHex, putIPv4, putIPv6, putMac, putNumber } from '../../src/ie/text-octets.ts';

/** What a put function writes into memory that was full of something else; it must not write behind its end. */
function text(put: (out: Uint8Array, at: number) => number): string {
  const out = new Uint8Array(64).fill(0xa5);
  const end = put(out, 3);
  expect(out.subarray(0, 3)).toEqual(new Uint8Array(3).fill(0xa5));
  expect(out.subarray(end)).toEqual(new Uint8Array(64 - end).fill(0xa5));
  return Buffer.from(out.subarray(3, end)).toString('latin1');
}

const ipv6Text = (words: readonly number[]) => text((out, at) => putIPv6(out, at, Int32Array.from(words), 0));

describe('numbers', () => {
  it('are decimal', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(text((out, at) => putNumber(out, at, value))).toBe(String(value));
      }),
    );
  });

  it.each([0, 9, 10, 99, 2 ** 31 - 1, 2 ** 31, 999_999_999, 1e9, 4e9, 2 ** 53])('%d', (value) => {
    expect(text((out, at) => putNumber(out, at, value))).toBe(String(value));
  });

  it('may be above 2^53', () => {
    expect(text((out, at) => putBillions(out, at, 1_700_000_000, 7))).toBe('1700000000000000007');
    expect(text((out, at) => putBillions(out, at, 0, 7))).toBe('7');
  });

  it('are hexadecimal', () => {
    expect(text((out, at) => putHex(out, at, 0x0003e1, 3))).toBe('0003e1');
  });
});

describe('addresses', () => {
  it('of IPv4 are dotted', () => {
    expect(text((out, at) => putIPv4(out, at, 0xc0000201 | 0))).toBe('192.0.2.1');
    expect(text((out, at) => putIPv4(out, at, 0))).toBe('0.0.0.0');
  });

  it('of MAC are six pairs', () => {
    expect(text((out, at) => putMac(out, at, 0x0200, 0x5e0010ff))).toBe('02:00:5e:00:10:ff');
  });

  // RFC 5952 §4 and its own examples.
  it.each([
    [[0x20010db8, 0, 0, 1], '2001:db8::1'],
    [[0x20010db8, 0, 0x00010000, 0x00000001], '2001:db8::1:0:0:1'],
    [[0x20010db8, 0x00000001, 0x00010001, 0x00010001], '2001:db8:0:1:1:1:1:1'],
    [[0, 0, 0, 0], '::'],
    [[0, 0, 0, 1], '::1'],
    [[0xfe800000 | 0, 0, 0, 0], 'fe80::'],
    [[0, 0, 0xffff, 0xc0000201 | 0], '::ffff:192.0.2.1'],
  ])('of IPv6 %j is %s', (words, expected) => {
    expect(ipv6Text(words)).toBe(expected);
  });

  it('of IPv6 are what the URL standard makes of them', () => {
    // Mostly zeros, so that runs occur.
    const group = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(0xffff));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        fc.pre(!(groups.slice(0, 5).every((value) => value === 0) && groups[5] === 0xffff));
        const long = groups.map((value) => value.toString(16)).join(':');
        const words = [0, 2, 4, 6].map((i) => (groups[i]! << 16) | groups[i + 1]!);
        expect(`[${ipv6Text(words)}]`).toBe(new URL(`http://[${long}]/`).hostname);
      }),
    );
  });
});
