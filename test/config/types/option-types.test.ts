/** The types of options: text and YAML values in, values or refusals out. */
import { describe, expect, it } from 'vitest';
import {
  choices,
  duration,
  formatDuration,
  integer,
  listenAddress,
  nameList,
  names,
  numberOrWord,
  powerOfTwo,
  SWITCH,
  text,
} from '../../../src/config/types/option-types.ts';

describe('duration', () => {
  const type = duration(10, 86_400e3);
  it.each([
    ['15s', 15_000],
    ['500ms', 500],
    ['1m', 60_000],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
    ['15', 15_000],
    [15, 15_000],
    [0.25, 250],
    [' 2 s ', 2_000],
  ])('reads %j as %d ms', (raw, ms) => expect(type.parse(raw)).toBe(ms));

  it.each(['', 's', '15x', '-1s', '1s2', '9ms', '2d', true, null, Number.NaN, '1e3', [['1s']]])(
    'refuses %j',
    (raw) => expect(type.parse(raw)).toBeUndefined(),
  );

  it.each([0, 1, 10, 999, 1000, 15_000, 60_000, 120_000, 3_600_000, 90_061_000])(
    'reads %d ms again from what it writes',
    (ms) => expect(duration(0, 1e12).parse(formatDuration(ms))).toBe(ms),
  );
});

describe('numbers', () => {
  it('keeps integers within both limits', () => {
    const type = integer(1, 65_535);
    expect(['1', 65_535, '0', 65_536, '1.5', '1e3', '', 'x', '0x10'].map((raw) => type.parse(raw))).toEqual([
      1,
      65_535,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(type.allowed).toBe('a whole number from 1 to 65,535');
  });

  it('takes a word instead of a number', () => {
    const type = numberOrWord(['max'], { min: 0.5, max: 10, isWhole: false });
    expect(['max', '0.5', 10, 'MAX', 0.4, 11].map((raw) => type.parse(raw))).toEqual([
      'max',
      0.5,
      10,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('has only true and false for a switch', () => {
    expect([true, 'false', 'yes', 1].map((raw) => SWITCH.parse(raw))).toEqual([
      true,
      false,
      undefined,
      undefined,
    ]);
  });
});

describe('lists', () => {
  it('reads text with commas and YAML lists alike, each word once', () => {
    const type = choices(['gre', 'vxlan']);
    expect(type.parse('gre, vxlan,gre')).toEqual(['gre', 'vxlan']);
    expect(type.parse(['vxlan'])).toEqual(['vxlan']);
    expect(type.parse('all')).toEqual(['gre', 'vxlan']);
    expect(type.parse([])).toEqual([]);
    expect(type.parse('gre,ipsec')).toBeUndefined();
    expect(type.parse([1])).toBeUndefined();
  });

  it('wants at least one name', () => {
    expect(names('x').parse(' , ')).toBeUndefined();
    expect(names('x').parse('a,b')).toEqual(['a', 'b']);
  });
});

describe('texts', () => {
  it('may be empty, but have one line', () => {
    expect(['', 'tcp port 80', 'a\nb', 7].map((raw) => text('x', 'X').parse(raw))).toEqual([
      '',
      'tcp port 80',
      undefined,
      undefined,
    ]);
  });

  it('a list of names may be empty', () => {
    expect([[], 'eth0,eth1', ['eth0'], [7]].map((raw) => nameList('x', 'X').parse(raw))).toEqual([
      [],
      ['eth0', 'eth1'],
      ['eth0'],
      undefined,
    ]);
  });

  it('a size that is a power of two', () => {
    expect([4096, '8192', 5000, 2048, 32_768].map((raw) => powerOfTwo(4096, 16_384).parse(raw))).toEqual([
      4096,
      8192,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each(['none', '127.0.0.1:9669', '[::1]:0', 'localhost:65535', '0.0.0.0:1'])('listens at %s', (raw) =>
    expect(listenAddress().parse(raw)).toBe(raw),
  );

  it.each(['', '9669', ':9669', '::1:9669', '127.0.0.1', '127.0.0.1:65536', 'a b:1', 9669])(
    'does not listen at %j',
    (raw) => expect(listenAddress().parse(raw)).toBeUndefined(),
  );
});
