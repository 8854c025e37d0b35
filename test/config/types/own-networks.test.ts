/** The option enrichment.networks: what may stand in a file, as objects and as text, and every fault of it in words. */
import { expect, it } from 'vitest';
import { OWN_NETWORKS, ownNetworkFaults, ownNetworks } from '../../../src/config/types/own-networks.ts';

const PATH = 'enrichment.networks';
const PREFIXES = 'prefixes as 192.0.2.0/24 or 2001:db8::/32, without bits behind the prefix';
const TEXT = 'a text of 1 to 64 octets on one line, without a semicolon';

it('are objects of YAML, or the same as text', () => {
  const words = OWN_NETWORKS.parse([
    { prefix: '192.0.2.0/24', name: 'campus net', as: 64_496, site: 'Lyon' },
    { prefix: '2001:db8::/32', as: 'AS65536' },
    '10.0.0.0/8;site=Beijing',
  ]) as string[];
  expect(ownNetworks(words)).toEqual([
    { prefix: '192.0.2.0/24', name: 'campus net', as: 64_496, site: 'Lyon' },
    { prefix: '2001:db8::/32', as: 65_536 },
    { prefix: '10.0.0.0/8', site: 'Beijing' },
  ]);
  expect(ownNetworkFaults(words, PATH)).toEqual([]);
  expect(OWN_NETWORKS.parse(words)).toEqual(words);
});

it.each([
  'a text',
  { prefix: '192.0.2.0/24' },
  [],
  [{ prefix: '192.0.2.0/24' }, 7],
  [{ name: 'without a prefix' }],
  [{ prefix: '192.0.2.0/24', nmae: 'misspelt' }],
  [{ prefix: '192.0.2.0/24', name: 'a;b' }],
  [{ prefix: '192.0.2.0/24', name: 7 }],
  ['192.0.2.0/24'],
])('are no such thing: %j', (raw) => {
  if (Array.isArray(raw) && raw.length === 0) expect(OWN_NETWORKS.parse(raw)).toEqual([]);
  else expect(OWN_NETWORKS.parse(raw)).toBeUndefined();
});

it('may lie within one another', () => {
  const words = ['10.0.0.0/8;name=a', '10.0.0.0/9;name=b', '0.0.0.0/0;name=c', '::/0;name=d'];
  expect(ownNetworkFaults(words, PATH)).toEqual([]);
});

it.each([
  ['192.0.2.1/24;name=a', '.prefix', '"192.0.2.1/24"', PREFIXES],
  ['192.0.2.0/33;name=a', '.prefix', '"192.0.2.0/33"', PREFIXES],
  ['campus;name=a', '.prefix', '"campus"', PREFIXES],
  ['192.0.2.0/24;as=0', '.as', '192.0.2.0/24;as=0', 'a number from 1 to 4294967295'],
  ['192.0.2.0/24;as=4294967296', '.as', '192.0.2.0/24;as=4294967296', 'a number from 1 to 4294967295'],
  ['192.0.2.0/24;as=campus', '.as', '192.0.2.0/24;as=campus', 'a number from 1 to 4294967295'],
  ['192.0.2.0/24;name=', '.name', '""', TEXT],
  [`192.0.2.0/24;site=${'é'.repeat(33)}`, '.site', JSON.stringify('é'.repeat(33)), TEXT],
])('has a fault: %s', (word, field, found, allowed) => {
  expect(ownNetworkFaults([word], PATH)).toEqual([{ path: `${PATH}[0]${field}`, found, allowed }]);
});

it('has a fault where one prefix stands twice, however it is written', () => {
  const words = ['2001:db8::/32;name=a', '10.0.0.0/8;name=b', '2001:0db8:0::/32;name=c'];
  const allowed = 'each prefix once; of prefixes within one another the longest that fits counts';
  expect(ownNetworkFaults(words, PATH)).toEqual([
    { path: `${PATH}[2].prefix`, found: `2001:0db8:0::/32, as in ${PATH}[0]`, allowed },
  ]);
});
