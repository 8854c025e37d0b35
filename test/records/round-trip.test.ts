/** Round trips and losses out of the words of records laid out by hand. */
import { expect, it } from 'vitest';
import { lostSegments, roundTripMeanUs } from '../../src/records/round-trip.ts';
import { healthBatch, type TestRecord } from '../diagnose/path-health-records.ts';

const RECORD: TestRecord = {
  a: [0xc0000201],
  b: [0xc6336402],
  ports: [40_000, 443],
  startS: 0,
  endS: 1,
  forward: { packets: 10, octets: 9000, segments: 8, lost: 2, ackRttMs: [4, 10, 20, 30] },
  reverse: { packets: 8, octets: 400, segments: 1, lost: 1, ackRttMs: [1, 3, 3, 3] },
};
const { ackRttMs: _, ...withoutAcks } = RECORD.reverse;

it.each([
  ['of acknowledgements both ways', RECORD, 23_000],
  [
    'of a side without any by the handshake',
    { ...RECORD, reverse: withoutAcks, handshakeClientMs: 5 },
    25_000,
  ],
  ['of acknowledgements, though the handshake says another', { ...RECORD, handshakeClientMs: 5 }, 23_000],
  ['unknown where one side is', { ...RECORD, reverse: withoutAcks }, Number.NaN],
] as const)('a round trip is %s', (_, record, expected) => {
  const { words, stride } = healthBatch([RECORD, record]);
  expect(roundTripMeanUs(words, stride)).toBe(expected);
});

it('losses are those of both directions, as far as they are known', () => {
  const oneWay = { ...RECORD, reverse: { packets: 8, octets: 400 } };
  const { words, stride } = healthBatch([RECORD, oneWay, { ...oneWay, forward: { packets: 1, octets: 40 } }]);
  expect([0, 1, 2].map((i) => lostSegments(words, i * stride))).toEqual([3, 2, Number.NaN]);
});
