/** Questions about flows as text: what they mean, and what is said of those that mean nothing. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { parseFlowQuery } from '../../src/control/flow-query.ts';

const PROBE = { points: ['eth0', 'tap'], measuresHealth: true, isAnonymizing: false };

function faultsOf(given: Record<string, string>, probe = PROBE): string {
  try {
    parseFlowQuery(given, probe);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  return '';
}

describe('a question about flows', () => {
  it('without anything is for the 20 with the most octets', () => {
    const filter = { networks: [], ports: [], protocols: [], points: [] };
    expect(parseFlowQuery({}, PROBE)).toEqual({ sort: 'octets', top: 20, filter });
  });

  it('has conditions of four kinds', () => {
    const filter =
      'address 192.0.2.128/25 and address 2001:db8::1 port 443,port 53 protocol tcp protocol 17 interface tap';
    expect(parseFlowQuery({ sort: 'rtt', top: '200', filter }, PROBE)).toEqual({
      sort: 'rtt',
      top: 200,
      filter: {
        networks: [
          { isIPv6: false, words: Int32Array.of(0xc0000280 | 0, 0, 0, 0), bits: 25 },
          { isIPv6: true, words: Int32Array.of(0x20010db8, 0, 0, 1), bits: 128 },
        ],
        ports: [443, 53],
        protocols: [6, 17],
        points: [2],
      },
    });
  });

  it.each([
    [{ sort: 'size' }, 'sort: found "size"; allowed: octets, packets, rate, loss, rtt, start'],
    [{ top: '0' }, 'top: found "0"; allowed: 1 to 200'],
    [{ top: '201' }, 'allowed: 1 to 200'],
    [{ top: '1e1' }, 'top: found "1e1"'],
    [{ limit: '5' }, 'limit: found it; allowed: sort, top, filter'],
    [{ filter: 'host 192.0.2.1' }, 'filter: found "host"; allowed: address, port, protocol, interface'],
    [{ filter: 'constructor x' }, 'filter: found "constructor"'],
    [{ filter: 'port' }, 'filter: found port without a value; allowed: a port from 0 to 65535'],
    [{ filter: 'port 65536' }, 'filter: found port "65536"'],
    [
      { filter: 'address 192.0.2.0/33' },
      'filter: found address "192.0.2.0/33"; allowed: an address or a network',
    ],
    [{ filter: 'protocol xyz' }, 'allowed: a number from 0 to 255, or a name as tcp'],
    [{ filter: 'interface eth9' }, 'filter: found interface "eth9"; allowed: eth0, tap'],
  ])('%j is refused', (given, message) => expect(faultsOf(given)).toContain(message));

  it('names all of its faults', () => {
    expect(faultsOf({ sort: 'x', top: 'y', filter: 'port z' }).split('\n')).toHaveLength(3);
  });

  it('cannot be about what is not measured, or not shown', () => {
    expect(faultsOf({ sort: 'loss' }, { ...PROBE, measuresHealth: false })).toContain(
      'with metering.pathHealth',
    );
    expect(faultsOf({ filter: 'address 192.0.2.1' }, { ...PROBE, isAnonymizing: true })).toContain(
      'anonymized',
    );
  });
});
