/** Zones of IPv6 addresses (RFC 4007 §11, RFC 6874), and what is said where they are missing or wrong. */
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { ConfigFault } from '../../../src/base/errors.ts';
import { parseExporter } from '../../../src/config/exporters.ts';
import { resolveCollector } from '../../../src/export/transport/collector-address.ts';

const hostOf = (url: string) => {
  const faults: ConfigFault[] = [];
  const host = parseExporter(url, 'exporters[0]', faults)?.host;
  expect(faults).toEqual([]);
  return host;
};

describe('the zone of an IPv6 address', () => {
  it.each([
    ['ipfix://[fe80::1%25eth0]:4739', 'fe80::1%eth0'],
    ['ipfix://[fe80::1%eth0]', 'fe80::1%eth0'],
    ['ipfix://[fe80::1%25br-lan.7]', 'fe80::1%br-lan.7'],
    ['ipfix+tcp://[fe80::1%25enp3S0_1]', 'fe80::1%enp3S0_1'],
    ['ipfix://[2001:db8::1]', '2001:db8::1'],
  ])('%s leads to %s', (url, host) => {
    expect(hostOf(url)).toBe(host);
  });

  it.each([
    ['fe80::1', /fe80::1 is an address of one link, and has no zone/],
    ['fe80::1%nosuch0', /the zone nosuch0 of fe80::1%nosuch0 is no interface/],
    ['ff02::1', /has no zone/],
  ])('is asked for, with the interfaces there are: %s', async (host, message) => {
    const error = await resolveCollector(host, `ipfix://[${host}]:4739`).catch((reason: Error) => reason);
    expect(String((error as Error).message)).toMatch(message);
    for (const name of Object.keys(networkInterfaces())) {
      expect((error as { remedy?: string }).remedy).toContain(name);
    }
  });

  it.each(['fe80::1%lo', 'fe80::1%1', '2001:db8::1', '::1'])('is right: %s', async (host) => {
    expect(await resolveCollector(host, 'ipfix://x:1')).toEqual([{ address: host, family: 6 }]);
  });
});
