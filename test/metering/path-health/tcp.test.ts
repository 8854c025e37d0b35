/** What path health makes of TCP connections whose truth is known, one rule at a time. */
import { describe, expect, it } from 'vitest';
import type { DirectionHealth } from '../../../src/records/path-health-figures.ts';
import { pcapFile } from '../../support/frames.ts';
import { handshake, type Segment, segmentCapture, segmentFrame } from '../../support/segments.ts';
import { CONNECTION, flowsOf, healthOf } from './support.ts';

/** `count` full segments of the client from `seq` on, a millisecond apart. */
const burst = (ms: number, seq: number, count: number, more: Partial<Segment> = {}): Segment[] =>
  Array.from({ length: count }, (_, i) => ({
    ms: ms + i,
    from: 'client',
    seq: seq + i * 1000,
    ack: 1,
    payload: 1000,
    ...more,
  }));
const ack = (ms: number, number: number, more: Partial<Segment> = {}): Segment => ({
  ms,
  from: 'server',
  seq: 1,
  ack: number,
  ...more,
});

const CLEAN = {
  retransmittedSegments: 0,
  retransmittedOctets: 0,
  lossEvents: 0,
  lostUpstreamSegments: 0,
  lostDownstreamSegments: 0,
  spuriousRetransmissions: 0,
  outOfOrderSegments: 0,
  mirrorDuplicates: 0,
  captureLostSegments: 0,
  captureLostOctets: 0,
  keepAlives: 0,
} satisfies Partial<DirectionHealth>;

/** What only acknowledgements of the other side tell. */
const ONE_SIDED = { captureLostSegments: Number.NaN, captureLostOctets: Number.NaN };

describe('the handshake', () => {
  it('is split at the probe', async () => {
    const health = await healthOf(handshake());
    expect(health).toMatchObject({
      isTcp: true,
      handshakeServerMs: 20,
      handshakeClientMs: 4,
      synSeen: true,
      synAckSeen: true,
      isEstablished: true,
      isRefused: false,
    });
    expect(health.roundTrip).toMatchObject({ minMs: 24, meanMs: 24 });
    expect(health.forward).toMatchObject({
      maximumSegmentOctets: 1460,
      windowScale: 7,
      initialSequenceNumber: 1_000_000,
      synCount: 1,
      ...CLEAN,
    });
    expect(health.reverse).toMatchObject({ initialSequenceNumber: 5_000_000, synCount: 1 });
  });

  it('has no time to a server when the SYN was sent twice', async () => {
    const [syn, synAck, third] = handshake();
    const health = await healthOf([{ ...syn!, ms: -1000 }, syn!, synAck!, third!]);
    expect(health.handshakeServerMs).toBeNaN();
    expect(health.handshakeClientMs).toBe(4);
    expect(health.forward).toMatchObject({ synCount: 2, retransmittedSegments: 1 });
  });

  it('has no time to a client when the SYN/ACK was sent twice', async () => {
    const [syn, synAck, third] = handshake();
    const health = await healthOf([syn!, synAck!, { ...synAck!, ms: 22 }, third!]);
    expect(health.handshakeServerMs).toBe(20);
    expect(health.handshakeClientMs).toBeNaN();
  });

  it('has no time to a server behind data in the SYN (RFC 7413)', async () => {
    const [syn, synAck, third] = handshake();
    const health = await healthOf([
      { ...syn!, payload: 100 },
      { ...synAck!, ack: 101 },
      { ...third!, seq: 101 },
    ]);
    expect(health.handshakeServerMs).toBeNaN();
    expect(health.forward).toMatchObject(CLEAN);
  });

  it('is refused by RST, and unanswered without anything', async () => {
    const [syn] = handshake();
    const refused = await healthOf([syn!, { ms: 20, from: 'server', seq: 0, ack: 1, flags: 'R' }]);
    expect(refused).toMatchObject({ isRefused: true, synAckSeen: false, isEstablished: false });
    expect(refused.reverse.rstCount).toBe(1);
    const unanswered = await healthOf([syn!, { ...syn!, ms: 1000 }, { ...syn!, ms: 3000 }]);
    expect(unanswered).toMatchObject({ isRefused: false, synSeen: true, synAckSeen: false });
    expect(unanswered.forward.synCount).toBe(3);
  });

  it('is unknown in the middle of a connection, and so are windows and round trips of the handshake', async () => {
    const health = await healthOf([...burst(0, 5001, 2), ack(10, 7001)]);
    expect(health.handshakeServerMs).toBeNaN();
    expect(health.forward.windowScale).toBeNaN();
    expect(health.reverse.windowMaxOctets).toBeNaN();
    expect(health.forward.initialSequenceNumber).toBeNaN();
    expect(health.forward.ackRtt).toMatchObject({ samples: 1, minMs: 9 });
    expect(health.forward).toMatchObject({ ...CLEAN, dataSegments: 2 });
  });
});

describe('round trips', () => {
  it('are those of the segment that an acknowledgement answers', async () => {
    // Acknowledged two by two: the second segment's arrival sends the ACK off.
    const health = await healthOf([
      ...handshake(),
      ...burst(100, 1, 2),
      ack(121, 2001),
      ...burst(200, 2001, 2),
      ack(231, 4001),
    ]);
    expect(health.forward.ackRtt).toMatchObject({ samples: 2, minMs: 20, meanMs: 25, maxMs: 30 });
    expect(health.forward.ackRtt.jitterMs).toBeCloseTo(10 / 16, 2);
    expect(health.roundTrip).toMatchObject({ minMs: 24, maxMs: 34 });
  });

  it('leave retransmitted data out (Karn)', async () => {
    const health = await healthOf([
      ...handshake(),
      ...burst(100, 1, 1),
      { ...burst(400, 1, 1)[0]! },
      ack(405, 1001),
      ...burst(500, 1001, 1),
      ack(520, 2001),
    ]);
    expect(health.forward.ackRtt).toMatchObject({ samples: 1, minMs: 20, maxMs: 20 });
  });

  it('come from timestamps too, each value at its first sight', async () => {
    const stamped = (ms: number, seq: number, value: number): Segment => ({
      ms,
      from: 'client',
      seq,
      ack: 1,
      payload: 1000,
      timestamps: [value, 50],
    });
    const health = await healthOf([
      stamped(0, 1, 10),
      stamped(0.5, 1001, 10),
      ack(20, 2001, { timestamps: [60, 10] }),
      stamped(100, 2001, 110),
      ack(118, 3001, { timestamps: [70, 110] }),
    ]);
    expect(health.forward.timestampRtt).toMatchObject({ samples: 2, minMs: 18, maxMs: 20, meanMs: 19 });
  });

  it('tell how long an answer took', async () => {
    const health = await healthOf([
      ...handshake(),
      ...burst(100, 1, 1),
      ack(120, 1001),
      { ms: 350, from: 'server', seq: 1, ack: 1001, payload: 500 },
      { ms: 351, from: 'server', seq: 501, ack: 1001, payload: 500 },
    ]);
    expect(health.reverse.response).toMatchObject({ samples: 1, minMs: 250, maxMs: 250 });
    expect(health.forward.response.samples).toBe(0);
  });
});

describe('losses', () => {
  const [a, b, c, d] = burst(100, 1, 4, { id: 7 }).map((one, i) => ({ ...one, id: 100 + i }));

  it('behind the probe: the segment was seen before and not acknowledged', async () => {
    const health = await healthOf([
      ...handshake(),
      a!,
      b!,
      c!,
      d!,
      ack(121, 1001),
      ack(123, 1001),
      ack(124, 1001),
      { ...b!, ms: 130, id: 104 },
      ack(151, 4001),
    ]);
    expect(health.forward).toMatchObject({
      ...CLEAN,
      dataSegments: 5,
      retransmittedSegments: 1,
      retransmittedOctets: 1000,
      lostDownstreamSegments: 1,
      lossEvents: 1,
      payloadOctets: 5000,
    });
    expect(health.reverse.duplicateAcks).toBe(2);
    expect(health.forward.intervalOctets).toEqual([4000]);
  });

  it('in front of the probe: a gap that is filled a round trip later', async () => {
    const health = await healthOf([
      ...handshake(),
      a!,
      c!,
      d!,
      ack(121, 1001),
      ack(123, 1001),
      ack(124, 1001),
      { ...b!, ms: 130, id: 104 },
      ack(151, 4001),
    ]);
    expect(health.forward).toMatchObject({
      ...CLEAN,
      dataSegments: 4,
      retransmittedSegments: 1,
      retransmittedOctets: 1000,
      lostUpstreamSegments: 1,
      lossEvents: 1,
    });
    expect(health.forward.intervalOctets).toEqual([4000]);
  });

  it('of one window are one event, of two windows two', async () => {
    const again = (ms: number, seq: number): Segment => ({
      ms,
      from: 'client',
      seq,
      ack: 1,
      payload: 1000,
      id: 200 + ms,
    });
    const health = await healthOf([
      ...handshake(),
      a!,
      b!,
      c!,
      d!,
      again(140, 1),
      again(141, 2001),
      ack(170, 4001),
      ...burst(200, 4001, 3),
      again(240, 5001),
      ack(260, 7001),
    ]);
    expect(health.forward).toMatchObject({
      retransmittedSegments: 3,
      lostDownstreamSegments: 3,
      lossEvents: 2,
    });
  });

  it('are none when only the order changed, by IP identification, by timestamp, by time', async () => {
    const byId = await healthOf([...handshake(), a!, c!, { ...b!, ms: 190 }, d!]);
    expect(byId.forward).toMatchObject({ ...CLEAN, outOfOrderSegments: 1 });
    const stamped = (ms: number, seq: number, value: number): Segment => ({
      ms,
      from: 'client',
      seq,
      ack: 1,
      payload: 1000,
      timestamps: [value, 50],
    });
    const byTimestamp = await healthOf([stamped(0, 1, 10), stamped(2, 2001, 12), stamped(90, 1001, 11)]);
    expect(byTimestamp.forward).toMatchObject({ ...CLEAN, ...ONE_SIDED, outOfOrderSegments: 1 });
    const sentAgain = await healthOf([stamped(0, 1, 10), stamped(2, 2001, 12), stamped(2.5, 1001, 13)]);
    expect(sentAgain.forward).toMatchObject({
      ...CLEAN,
      ...ONE_SIDED,
      retransmittedSegments: 1,
      retransmittedOctets: 1000,
      lostUpstreamSegments: 1,
      lossEvents: 1,
    });
    const plain = (ms: number, seq: number): Segment => ({ ms, from: 'client', seq, ack: 1, payload: 1000 });
    const soon = await healthOf([...handshake(), plain(100, 1), plain(101, 2001), plain(120, 1001)]);
    expect(soon.forward.outOfOrderSegments).toBe(1);
    const late = await healthOf([...handshake(), plain(100, 1), plain(101, 2001), plain(124, 1001)]);
    expect(late.forward).toMatchObject({ outOfOrderSegments: 0, lostUpstreamSegments: 1 });
  });

  it('are none when the data had arrived: acknowledged, or reported by DSACK', async () => {
    const seen = await healthOf([...handshake(), a!, ack(120, 1001), { ...a!, ms: 300, id: 300 }]);
    expect(seen.forward).toMatchObject({
      ...CLEAN,
      retransmittedSegments: 1,
      retransmittedOctets: 1000,
      spuriousRetransmissions: 1,
    });
    const reported = await healthOf([
      ...handshake(),
      a!,
      { ...a!, ms: 300, id: 300 },
      ack(320, 1001),
      ack(321, 1001, { sack: [[1, 1001]] }),
    ]);
    expect(reported.forward).toMatchObject({
      ...CLEAN,
      retransmittedSegments: 1,
      retransmittedOctets: 1000,
      spuriousRetransmissions: 1,
      lossEvents: 1,
    });
    expect(reported.reverse).toMatchObject({ duplicateSacks: 1, sackBlocks: 1 });
  });

  it('are the capture’s when the receiver has what the probe never saw', async () => {
    const health = await healthOf([...handshake(), a!, c!, ack(121, 3001), ack(130, 5001)]);
    expect(health.forward).toMatchObject({ ...CLEAN, captureLostOctets: 3000, captureLostSegments: 3 });
  });

  it('are none when a mirror port delivers a packet twice', async () => {
    const health = await healthOf([
      ...handshake(),
      a!,
      { ...a!, ms: 100.01 },
      b!,
      ack(121, 2001, { id: 9 }),
      ack(122, 2001, { id: 9 }),
    ]);
    expect(health.forward).toMatchObject({ ...CLEAN, mirrorDuplicates: 1, dataSegments: 2 });
  });

  it('are counted in segments where super-packets carry several', async () => {
    const big = (ms: number, seq: number): Segment => ({
      ms,
      from: 'client',
      seq,
      ack: 1,
      payload: 14_600,
      id: ms,
    });
    const health = await healthOf([
      ...handshake(),
      big(100, 1),
      big(101, 14_601),
      big(200, 1),
      ack(220, 29_201),
    ]);
    expect(health.forward).toMatchObject({
      dataSegments: 30,
      retransmittedSegments: 10,
      retransmittedOctets: 14_600,
      lostDownstreamSegments: 10,
      lossEvents: 1,
      largestSegmentOctets: 1460,
      inFlightMaxOctets: 29_200,
    });
  });
});

describe('windows', () => {
  it('are scaled by what both SYNs said', async () => {
    const health = await healthOf([...handshake(), ack(30, 1, { window: 200 }), ack(31, 1, { window: 50 })]);
    expect(health.reverse).toMatchObject({
      windowMaxOctets: 200 << 7,
      windowMinOctets: 50 << 7,
      windowScale: 7,
    });
  });

  it('are not scaled if one SYN had no scale', async () => {
    const [syn, synAck, third] = handshake();
    const { scale: _, ...plain } = synAck!;
    const health = await healthOf([syn!, plain, third!, ack(30, 1, { window: 200 })]);
    expect(health.reverse).toMatchObject({ windowMaxOctets: 200, windowScale: 0 });
    expect(health.forward.windowScale).toBe(0);
  });

  it('that are closed are counted and timed; probes and keep-alives are left out', async () => {
    const health = await healthOf([
      ...handshake(),
      ...burst(100, 1, 1),
      ack(120, 1001, { window: 0 }),
      { ms: 320, from: 'client', seq: 1001, ack: 1, payload: 1 },
      ack(340, 1001, { window: 0 }),
      ack(620, 1001, { window: 500 }),
      ...burst(630, 1001, 1),
      ack(650, 2001),
      { ms: 60_000, from: 'client', seq: 2000, ack: 1 },
      ack(60_020, 2001),
      { ms: 90_000, from: 'client', seq: 2000, ack: 1, payload: 1 },
      ack(90_020, 2001),
    ]);
    expect(health.reverse).toMatchObject({ zeroWindowEpisodes: 1, zeroWindowMs: 500, duplicateAcks: 0 });
    expect(health.forward).toMatchObject({ ...CLEAN, keepAlives: 3, dataSegments: 2, payloadOctets: 2000 });
  });

  it('that are filled are counted, and what is in flight is measured', async () => {
    const health = await healthOf([
      ...handshake({ scale: 0 }),
      ack(30, 1, { window: 3000 }),
      ...burst(100, 1, 3),
      ack(121, 3001),
    ]);
    expect(health.forward).toMatchObject({ windowFullSegments: 1, inFlightMaxOctets: 3000 });
  });

  it('are unknown where the SYN’s options were cut off by the snap length', async () => {
    const [syn, ...rest] = handshake();
    const health = await healthOf([{ ...syn!, snap: 54 }, ...rest, ack(30, 1, { window: 200 })]);
    expect(health.reverse.windowMaxOctets).toBeNaN();
    expect(health.forward.maximumSegmentOctets).toBeNaN();
    expect(health.handshakeServerMs).toBe(20);
  });
});

describe('marks and counts', () => {
  it('of ECN, FIN and RST', async () => {
    const health = await healthOf([
      ...handshake(),
      ...burst(100, 1, 2, { tos: 2 }),
      ...burst(110, 2001, 1, { tos: 3 }),
      ack(121, 3001, { flags: 'E' }),
      ack(122, 3001, { flags: 'E', payload: 10 }),
      ...burst(130, 3001, 1, { flags: 'C', tos: 2 }),
      { ms: 140, from: 'client', seq: 4001, ack: 11, flags: 'F' },
      { ms: 150, from: 'client', seq: 4002, ack: 11, flags: 'R' },
    ]);
    expect(health.forward).toMatchObject({
      ectPackets: 4,
      cePackets: 1,
      cwrSegments: 1,
      finCount: 1,
      rstCount: 1,
    });
    expect(health.reverse).toMatchObject({ eceSegments: 2, ectPackets: 0 });
  });

  it('are of one direction where only that was seen', async () => {
    const oneSided = await healthOf([...burst(0, 1, 3), ...burst(500, 1001, 1)]);
    expect(oneSided.forward).toMatchObject({ retransmittedSegments: 1, lostDownstreamSegments: 1 });
    expect(oneSided.forward.inFlightMaxOctets).toBeNaN();
    expect(oneSided.forward.captureLostOctets).toBeNaN();
    expect(oneSided.reverse.isTcp).toBe(false);
    expect(oneSided.reverse.retransmittedSegments).toBeNaN();
    const acks = await healthOf([ack(0, 1001), ack(10, 5001), ack(11, 5001), ack(12, 5001)]);
    expect(acks.forward.duplicateAcks).toBe(2);
  });

  it('of a direction whose segments come in fragments leave its sequence alone', async () => {
    const { frame, timeNs } = segmentFrame(burst(0, 1, 1)[0]!, CONNECTION);
    const packet = Uint8Array.from(frame as Uint8Array);
    packet[20] = 0x20; // more fragments
    const flows = await flowsOf(pcapFile([{ frame: packet, timeNs }, segmentFrame(ack(1, 1), CONNECTION)]));
    const { forward } = flows[0]!.health!;
    expect(forward.retransmittedSegments).toBeNaN();
    expect(forward.captureLostSegments).toBeNaN();
  });
});

describe('over time', () => {
  it('a stall has data outstanding, an idle time has none', async () => {
    const health = await healthOf([
      ...handshake(),
      ...burst(100, 1, 1),
      ack(120, 1001),
      // Nothing to send for 3 s, then data that is answered 5 s later.
      ...burst(3100, 1001, 2),
      { ...burst(4100, 1001, 1)[0]! },
      ack(8100, 3001),
      ...burst(8105, 3001, 1),
      ack(8125, 4001),
    ]);
    expect(health.forward).toMatchObject({
      stalls: 1,
      longestStallMs: 4999,
      stalledMs: 4999,
      longestIdleMs: 3000,
    });
  });

  it('a repaired loss makes no stall of the idle time behind it', async () => {
    const health = await healthOf([
      ...handshake(),
      ...burst(100, 1, 2),
      { ...burst(140, 1, 1)[0]! },
      ack(160, 2001),
      ...burst(6000, 2001, 1),
    ]);
    expect(health.forward).toMatchObject({ stalls: 0, longestIdleMs: 5899, retransmittedSegments: 1 });
  });

  it('a closed window is a stall from the last data to its opening', async () => {
    const health = await healthOf([
      ...handshake(),
      ...burst(100, 1, 2),
      ack(120, 2001, { window: 0 }),
      ack(3101, 2001, { window: 100 }),
      ...burst(9101, 2001, 1),
    ]);
    expect(health.forward).toMatchObject({ stalls: 1, stalledMs: 3000, longestIdleMs: 6000 });
  });

  it('a stall at the end lasts to the last packet', async () => {
    const health = await healthOf([
      ...handshake(),
      ...burst(100, 1, 2),
      { ...burst(1000, 1, 1)[0]! },
      { ...burst(3000, 1, 1)[0]! },
      { ...burst(7101, 1, 1)[0]! },
    ]);
    expect(health.forward).toMatchObject({ stalls: 1, longestStallMs: 7000, retransmittedSegments: 3 });
  });

  it('intervals are multiples of their length and double when there are too many', async () => {
    // Base time is whole seconds; 1,700,000,000 is a multiple of 5.
    const every = Array.from({ length: 40 }, (_, i): Segment => burst(i * 5000 + 100, 1 + i * 1000, 1)[0]!);
    const health = await healthOf(every);
    expect(health).toMatchObject({ intervalMs: 10_000, firstInterval: 0 });
    expect(health.forward.intervalOctets).toEqual(new Array(20).fill(2000));
    // 40,000 octets in 195 s, which is more than 2,000 in 10 s.
    expect(health.forward.meanBitsPerSecond).toBe(1641);
    expect(health.forward.peakBitsPerSecond).toBe(1641);
  });

  it('a flow that is cut goes on with what is known, and counts anew', async () => {
    const flows = await flowsOf(
      segmentCapture(
        [
          ...handshake(),
          ...burst(100, 1, 2),
          ack(121, 2001),
          ...burst(2100, 2001, 2),
          ack(2121, 4001),
          ...burst(2200, 3001, 1),
        ],
        CONNECTION,
      ),
      { activeTimeoutMs: 1000 },
    );
    expect(flows).toHaveLength(2);
    const [first, second] = flows.map((flow) => flow.health!);
    expect(first!.forward).toMatchObject({ dataSegments: 2, payloadOctets: 2000, synCount: 1 });
    expect(second!.forward).toMatchObject({
      dataSegments: 3,
      payloadOctets: 3000,
      synCount: 0,
      retransmittedSegments: 1,
      maximumSegmentOctets: 1460,
      initialSequenceNumber: 1_000_000,
    });
    expect(second).toMatchObject({ handshakeServerMs: 20, isEstablished: true });
    expect(second!.forward.ackRtt).toMatchObject({ samples: 1 });
  });

  it('a sampled link has nothing of this, and says so', async () => {
    const flows = await flowsOf(segmentCapture([...handshake(), ...burst(100, 1, 2)], CONNECTION), {
      health: 'sampled',
    });
    const { health } = flows[0]!;
    expect(health).toMatchObject({ isSampled: true, isTcp: false });
    expect(health!.forward.retransmittedSegments).toBeNaN();
    expect(health!.forward.intervalOctets).toEqual([]);
  });
});
