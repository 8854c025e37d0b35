/** Addresses, networks, ports and sizes that a diagnosis is restricted to. */
import { describe, expect, it } from 'vitest';
import { parseNetwork } from '../../src/base/addresses.ts';
import { selector } from '../../src/diagnose/select.ts';
import { Transfer } from '../../src/diagnose/transfer.ts';
import { healthBatch, transferRecord } from './path-health-records.ts';

function transfer(a: readonly number[], b: readonly number[]): Transfer {
  const batch = healthBatch([{ ...transferRecord([1e6]), a, b }]);
  const found = new Transfer(batch, 0);
  found.add(batch, 0, false);
  return found;
}

const IPV4 = transfer([0xc0000201 | 0], [0xc6336402 | 0]);
const IPV6 = transfer([0x20010db8, 0, 0, 1], [0x20010db8, 0x00010000, 0, 0x80000001 | 0]);
const selects = (text: string, found: Transfer) =>
  selector({ networks: [parseNetwork(text)!], ports: [], octetsMin: 0 })(found);

describe('networks', () => {
  it.each([
    ['192.0.2.1', IPV4, true],
    ['192.0.2.0/31', IPV4, true],
    ['192.0.2.2/31', IPV4, false],
    ['198.51.100.0/24', IPV4, true],
    ['0.0.0.0/0', IPV4, true],
    ['0.0.0.0/0', IPV6, false],
    ['::/0', IPV6, true],
    ['::/0', IPV4, false],
    ['::ffff:192.0.2.0/120', IPV4, false],
    ['2001:db8::0.0.0.1', IPV6, true],
    ['2001:db8:1::/48', IPV6, true],
    ['2001:db8:2::/48', IPV6, false],
    ['2001:db8:1::8000:1', IPV6, true],
    ['2001:db8:1::8000:0/128', IPV6, false],
    ['2001:db8:1::8000:0/127', IPV6, true],
  ] as const)('%s', (text, found, expected) => expect(selects(text, found)).toBe(expected));

  it.each([
    '',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.1/33',
    '::/129',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'g::',
    '1:2',
    'fe80::1%eth0',
    '192.0.2.1/',
    '192.0.2.01',
  ])('%j is none', (text) => expect(parseNetwork(text)).toBeUndefined());
});

it('ports of either end, and sizes', () => {
  const only = (ports: readonly number[], octetsMin = 0) =>
    selector({ networks: [], ports, octetsMin })(IPV4);
  expect([only([]), only([5001]), only([40_000]), only([80])]).toEqual([true, true, true, false]);
  expect([only([], IPV4.octets), only([], IPV4.octets + 1)]).toEqual([true, false]);
});
