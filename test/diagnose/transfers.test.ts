/** Records of one flow join to one transfer, whoever began each; memory stays bounded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntervalSum } from '../../src/diagnose/interval-sum.ts';
import type { Transfer } from '../../src/diagnose/transfer.ts';
import type { TransferKey } from '../../src/diagnose/transfer-key.ts';
import { Transfers } from '../../src/diagnose/transfers.ts';
import { healthBatch, type TestRecord, transferRecord } from './path-health-records.ts';

function join(records: readonly TestRecord[], key?: TransferKey, countMax?: number): Transfer[] {
  const ended: Transfer[] = [];
  const transfers = new Transfers((transfer) => ended.push(transfer), key, countMax);
  for (const record of records) transfers.add(healthBatch([record]));
  transfers.end();
  return ended;
}

/** The same record as if its responder had sent its first packet. */
function turned(record: TestRecord): TestRecord {
  const [port, other] = record.ports;
  return {
    ...record,
    a: record.b,
    b: record.a,
    ports: [other, port],
    forward: record.reverse,
    reverse: record.forward,
  };
}

const first = transferRecord([1e6, 2e6, 3e6]);
const second = transferRecord([4e6, 5e6], 0, {
  startS: 15,
  endS: 24.9,
  firstInterval: 3,
  handshakeClientMs: undefined as unknown as number,
});

describe('pieces of a flow', () => {
  it.each([
    ['in the same direction', second],
    ['begun by the other side', turned(second)],
  ])('%s add up', (_, piece) => {
    const [transfer, ...others] = join([first, piece]);
    expect(others).toEqual([]);
    const { forward, reverse, intervalMs, roundTripMs } = transfer!.figures();
    expect(forward.intervals).toEqual([1e6, 2e6, 3e6, 4e6, 5e6]);
    expect(reverse.intervals).toEqual([0, 0, 0, 0, 0]);
    expect(intervalMs).toBe(5000);
    expect(forward.segments).toBe(first.forward.segments! + second.forward.segments!);
    expect([forward.firstNs, forward.lastNs]).toEqual([0, 24.9e9]);
    // The handshake of the first piece stands for the side towards the initiator in all of them.
    expect(roundTripMs.mean).toBeCloseTo(51.1, 6);
    expect(forward.windowOctets).toBe(6e6);
  });

  it('of two PPPoE sessions with the same addresses are two transfers', () => {
    const sessions = join([
      { ...first, pppoeSession: 1 },
      { ...second, pppoeSession: 2 },
      { ...second, pppoeSession: 1 },
    ]);
    expect(sessions.map((transfer) => transfer.figures().forward.segments)).toEqual([
      second.forward.segments!,
      first.forward.segments! + second.forward.segments!,
    ]);
  });

  it('with a silence between them keep it as intervals without octets', () => {
    const later = { ...second, startS: 40, endS: 49.9, firstInterval: 8 };
    expect(join([first, later])[0]!.figures().forward.intervals).toEqual([
      1e6, 2e6, 3e6, 0, 0, 0, 0, 0, 4e6, 5e6,
    ]);
  });

  it('of different interval lengths come to the longer one', () => {
    const coarse = { ...second, intervalMs: 10_000, firstInterval: 2, startS: 20, endS: 39 };
    const { forward, intervalMs } = join([first, coarse])[0]!.figures();
    expect(intervalMs).toBe(10_000);
    expect(forward.intervals).toEqual([3e6, 3e6, 4e6, 5e6]);
  });

  it('are two transfers when a new connection begins on its ports', () => {
    expect(join([{ ...first, endReason: 3 }, second])).toHaveLength(2);
    const acknowledging = { ...second, forward: { ...second.forward, flags: 0x10 } };
    expect(join([{ ...first, endReason: 3 }, acknowledging])).toHaveLength(1);
  });

  it('are two transfers after a very long silence', () => {
    const late = { ...second, startS: 3600, endS: 3610, firstInterval: 720 };
    expect(join([first, late])).toHaveLength(2);
  });
});

describe('memory', () => {
  it('holds so many transfers: the one whose record came longest ago ends', () => {
    const flows = [1, 2, 3].map((port) => ({ ...first, ports: [port, 80] as const }));
    const ended: number[] = [];
    const transfers = new Transfers(({ initiatorPort }) => ended.push(initiatorPort), {}, 2);
    transfers.add(healthBatch(flows.slice(0, 2)));
    transfers.add(healthBatch([flows[0]!]));
    transfers.add(healthBatch([flows[2]!]));
    expect([ended, transfers.evicted]).toEqual([[2], 1]);
    transfers.end();
    expect(ended).toEqual([2, 1, 3]);
  });

  it('lets go of transfers that have been silent for long', () => {
    const ended: number[] = [];
    const transfers = new Transfers(({ initiatorPort }) => ended.push(initiatorPort));
    transfers.add(healthBatch([first]));
    transfers.add(healthBatch([{ ...first, ports: [1, 2], startS: 900, endS: 901 }]));
    expect(ended).toEqual([40_000]);
  });
});

describe('the sum of intervals', () => {
  const piece = fc.record({
    exponent: fc.integer({ min: 0, max: 4 }),
    first: fc.integer({ min: 0, max: 4000 }),
    octets: fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 24 }),
  });

  it('keeps every octet at its time, in any order of pieces', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
        const sum = new IntervalSum();
        for (const { exponent, first: number, octets } of pieces)
          sum.add(5000 * 2 ** exponent, number, octets, octets);
        expect(sum.forward.length).toBeLessThanOrEqual(512);
        expect(sum.forward).toEqual(sum.reverse);
        const expected = new Array<number>(sum.forward.length).fill(0);
        for (const { exponent, first: number, octets } of pieces)
          for (const [i, value] of octets.entries()) {
            const atMs = (number + i) * 5000 * 2 ** exponent;
            expected[Math.floor(atMs / sum.lengthMs) - sum.first]! += value;
          }
        expect(sum.forward).toEqual(expected);
      }),
    );
  });
});

describe('echo requests and their replies', () => {
  const silent = { packets: 0, octets: 0 };
  const times = { startS: 0, endS: 3, reverse: silent };
  const request = { ...times, a: [0x0a000001], b: [0x0a000002], forward: { packets: 4, octets: 336 } };
  const reply = { ...times, a: [0x0a000002], b: [0x0a000001], forward: { packets: 3, octets: 252 } };

  it.each([
    ['ICMP', 1, 0x0800, 0x0000],
    ['ICMPv6', 58, 0x8000, 0x8100],
  ])(
    'of %s, which are flows of their own, are the two directions of one transfer',
    (_, protocol, asks, says) => {
      const v6 = (address: readonly number[]) =>
        protocol === 58 ? [0xfd000000, 0, 0, address[0]!] : address;
      const of = (record: typeof request, type: number): TestRecord => ({
        ...record,
        a: v6(record.a),
        b: v6(record.b),
        protocol,
        ports: [0, type],
      });
      const [transfer, ...others] = join([of(request, asks), of(reply, says)]);
      expect(others).toEqual([]);
      const { forward, reverse } = transfer!.figures();
      expect([forward.packets, reverse.packets]).toEqual([4, 3]);
    },
  );

  it('between a host and itself too', () => {
    const self = { a: [0x7f000001], b: [0x7f000001], protocol: 1 };
    const records = [
      { ...request, ...self, ports: [0, 0x0800] as const },
      { ...reply, ...self, ports: [0, 0] as const },
    ];
    const [transfer, ...others] = join(records);
    expect(others).toEqual([]);
    expect(transfer!.figures().reverse.packets).toBe(3);
  });

  it('of another code stay apart', () => {
    const other = { ...request, protocol: 1, ports: [0, 0x0300] as const };
    expect(join([{ ...request, protocol: 1, ports: [0, 0x0800] }, other])).toHaveLength(2);
  });
});
