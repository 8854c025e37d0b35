/** Payload inspection as a whole: its limits, its buffers, and any octets at all; streams put in order like a plain model. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { APPLICATION_BY_NAME, APPLICATIONS } from '../../src/applications/applications.ts';
import { COUNT_LIMIT, COUNT_PACKETS, INSPECTION_COUNTS } from '../../src/applications/inspection-context.ts';
import { STREAM_OCTETS_MAX, StreamBuffer, StreamBuffers } from '../../src/applications/stream-buffer.ts';
import { EXAMPLES } from '../support/application-examples.ts';
import { cases } from '../support/cases.ts';
import { clientHello, exampleHello, inDatagram, inRecords } from '../support/client-hello.ts';
import { PayloadFlow } from '../support/payload-flow.ts';
import { cryptoFrame, initialPacket } from '../support/quic-initial.ts';

const hello = clientHello(exampleHello());
/** Beginnings that lead far into a parser. */
const HEADS = [
  ...EXAMPLES.map(({ octets }) => [...octets]),
  inRecords(hello),
  inRecords(hello, 90),
  inDatagram(hello, 0, 0, 100),
  initialPacket({ keysOf: [1, 2, 3, 4], frames: cryptoFrame(0, hello.slice(0, 100)), payloadOctets: 200 }),
  [...Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n')],
  [...Buffer.from('SSH-2.0-x')],
  [0, 20, 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 0, 0, 1, 0, 1],
];
const PORTS = [53, 80, 110, 443, 853, 1900, 5353, 50_001, ...EXAMPLES.map(({ port }) => port)];

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 120 }).map((octets) => [...octets]),
  fc
    .tuple(
      fc.constantFrom(...HEADS),
      fc.nat(400),
      fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }),
    )
    .map(([head, length, changes]) => {
      const octets = head.slice(0, length);
      for (const [at, value] of changes) if (at < octets.length) octets[at] = value;
      return octets;
    }),
);

describe('any packets', () => {
  it('end within the limits, hold no control characters, and leave no buffer behind', () => {
    const packets = fc.array(
      fc.tuple(payload, fc.boolean(), fc.integer({ min: -50, max: 50 }), fc.boolean()),
      {
        maxLength: 24,
      },
    );
    fc.assert(
      fc.property(packets, fc.constantFrom(6, 17, 132), fc.constantFrom(...PORTS), (all, protocol, port) => {
        const flow = new PayloadFlow(protocol, 50_000, port, { bufferCount: 4, certificate: true });
        let isDone = false;
        for (const [octets, isReverse, skip, isCut] of all) {
          const done = isReverse ? flow.reply(octets, skip, isCut) : flow.send(octets, skip, isCut);
          expect(isDone && !done).toBe(false);
          isDone = done;
        }
        flow.inspection.finish();
        expect(flow.inspection.packetCount).toBeLessThanOrEqual(16);
        for (const value of Object.values(flow.facts))
          expect(JSON.stringify(value)).not.toMatch(/\\u00|\\[nrtbf]/);
        for (let i = 0; i < 4; i++) expect(flow.context.buffers.take()).toBeDefined();
        expect(flow.context.buffers.take()).toBeUndefined();
      }),
      { numRuns: cases(4000) },
    );
  });
});

describe('limits', () => {
  it('end a flow that goes on for 8 packets of a direction without an answer', () => {
    const flow = new PayloadFlow(6, 50_000, 25);
    flow.send(Buffer.from('EHLO a\r\n'));
    for (let i = 2; i < 8; i++) expect(flow.send(Buffer.from('NOOP\r\n'))).toBe(false);
    expect(flow.send(Buffer.from('NOOP\r\n'))).toBe(true);
    expect(flow.context.counts[COUNT_LIMIT]).toBe(1);
    expect(flow.context.counts[COUNT_PACKETS]).toBe(8);
    expect(flow.send(Buffer.from('NOOP\r\n'))).toBe(true);
    expect(flow.context.counts[COUNT_PACKETS]).toBe(8);
  });

  it('end a flow behind 16 KiB', () => {
    const flow = new PayloadFlow(6, 50_000, 25);
    flow.send(Buffer.from('EHLO a\r\n'));
    expect(flow.send(new Array(16_384).fill(0x41))).toBe(true);
  });

  it('let an answer come behind 15 packets of a request that was read', () => {
    const request = Buffer.from('POST / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    const body = new Array<number>(1400).fill(0x41);
    for (const count of [15, 16]) {
      const flow = new PayloadFlow(6, 50_000, 80);
      flow.send(request);
      for (let i = 1; i <= count; i++) expect(flow.send(body)).toBe(i === 16);
      flow.reply(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'));
      expect(flow.facts.httpStatusCode).toBe(count === 15 ? 204 : undefined);
      expect(flow.context.counts[COUNT_LIMIT]).toBe(count === 15 ? 0 : 1);
    }
  });

  it('pass packets without payload over', () => {
    const flow = new PayloadFlow(6, 50_000, 25);
    for (let i = 0; i < 20; i++) expect(flow.send([])).toBe(false);
    expect(flow.context.counts[COUNT_PACKETS]).toBe(0);
  });
});

describe('an inspection', () => {
  it('made ready for another flow knows nothing of the one before', () => {
    const flow = new PayloadFlow(6, 50_000, 443);
    flow.send(inRecords(hello).slice(0, 100));
    const before = flow.inspection.finish();
    flow.inspection.reset();
    expect(flow.facts).toEqual({});
    flow.send(Buffer.from('SSH-2.0-x\r\n'));
    expect(flow.facts).toEqual({
      ...{ applicationName: 'ssh', applicationConfidence: 2, sshClientVersion: 'SSH-2.0-x' },
    });
    expect(before.applicationName).toBe('tls');
  });

  it('has a name and a meaning for each of its counts', () => {
    const flow = new PayloadFlow(6, 1, 2);
    expect(flow.context.counts).toHaveLength(INSPECTION_COUNTS.length);
  });
});

describe('applications', () => {
  it('have names and descriptions that fit the options table (23 and 54 octets), each once', () => {
    for (const { name, description, number } of APPLICATIONS) {
      // 0 is nDPI's "Unknown".
      expect(number, name).toBeGreaterThan(0);
      expect(name).toMatch(/^[a-z0-9-]{2,23}$/);
      expect(description.length).toBeLessThanOrEqual(54);
    }
    expect(APPLICATION_BY_NAME.size).toBe(APPLICATIONS.length);
  });
});

describe('a stream', () => {
  it('has the octets of a plain model, whatever the pieces', () => {
    const piece = fc.tuple(fc.nat(5000), fc.uint8Array({ minLength: 1, maxLength: 900 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const buffer = new StreamBuffer();
        const model = new Map<number, number>();
        for (const [offset, octets] of pieces) {
          buffer.put(octets, 0, octets.length, offset);
          octets.forEach((octet, i) => {
            const at = offset + i;
            if (at < STREAM_OCTETS_MAX && !model.has(at)) model.set(at, octet);
          });
        }
        let length = 0;
        while (model.has(length)) length++;
        expect(buffer.length).toBe(length);
        for (let i = 0; i < length; i++) expect(buffer.octets[i]).toBe(model.get(i));
      }),
      { numRuns: cases(400) },
    );
  });

  it('remembers 32 pieces with gaps, and drops a further one', () => {
    const buffer = new StreamBuffer();
    for (let i = 1; i <= 32; i++) expect(buffer.put(Uint8Array.of(i), 0, 1, 2 * i)).toBe(true);
    expect(buffer.put(Uint8Array.of(1), 0, 1, 100)).toBe(false);
    const rest = Uint8Array.from({ length: 70 }, (_, i) => i);
    expect(buffer.put(rest, 0, 70, 0)).toBe(true);
    expect(buffer.length).toBe(70);
    expect(buffer.octets[4]).toBe(2);
  });

  it('takes one of a fixed number of buffers', () => {
    const buffers = new StreamBuffers(1);
    const one = buffers.take()!;
    expect(buffers.take()).toBeUndefined();
    one.put(Uint8Array.of(1), 0, 1, 0);
    buffers.giveBack(one);
    expect(buffers.take()!.length).toBe(0);
  });
});
