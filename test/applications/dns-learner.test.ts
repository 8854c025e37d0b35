/**
 * Names that are learned from the DNS that comes by: answers of the question's name over aliases, of either IP version, over UDP and
 * TCP; and nothing from what nobody asked for, from errors, from records of other names, or from any octets at all.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DnsLearner } from '../../src/applications/dns-learner.ts';
import * as counts from '../../src/applications/dns-name-counts.ts';
import { DnsNames } from '../../src/applications/dns-names.ts';
import { createInspectedPacket } from '../../src/applications/inspected-packet.ts';
import { InspectionContext } from '../../src/applications/inspection-context.ts';
import { cases } from '../support/cases.ts';
import { a, aaaa, cname, dnsQuery, dnsResponse, https, TYPE, withLength } from '../support/dns-messages.ts';

const UDP = 17;
const TCP = 6;
const S = 1e9;
const mapped = (text: string) => {
  const [w, x, y, z] = text.split('.').map(Number) as [number, number, number, number];
  return Int32Array.of(0, 0, 0xffff, (w << 24) | (x << 16) | (y << 8) | z);
};
const long = (...words: number[]) => Int32Array.from(words);
const CLIENT = mapped('192.0.2.1');
const RESOLVER = mapped('192.0.2.53');
const NAME = 'www.example.org';

interface PacketOptions {
  readonly protocol?: number;
  readonly port?: number;
  readonly client?: Int32Array;
  readonly timeNs?: number;
  readonly sequence?: number;
  readonly cut?: boolean;
  readonly flow?: number;
}

class Tried {
  readonly counts = new Float64Array(counts.DNS_NAME_COUNTS.length);
  readonly names = new DnsNames(1024, 'client', this.counts);
  readonly learner = new DnsLearner(this.names, new InspectionContext());

  hand(octets: readonly number[], isResponse: boolean, options: PacketOptions = {}): this {
    const { protocol = UDP, port = 40_000, client = CLIENT, timeNs = S, sequence = 1 } = options;
    const packet = createInspectedPacket();
    // Octets before and behind, which must not be read.
    packet.octets = Uint8Array.from([...new Array(7).fill(0x3f), ...octets, ...new Array(80).fill(0x3f)]);
    packet.start = 7;
    packet.end = 7 + octets.length;
    packet.protocol = protocol;
    packet.reverse = isResponse;
    packet.sourcePort = isResponse ? 53 : port;
    packet.destinationPort = isResponse ? port : 53;
    packet.timeNs = timeNs;
    packet.sequence = sequence;
    packet.cut = options.cut ?? false;
    this.learner.source.set(isResponse ? RESOLVER : client);
    this.learner.destination.set(isResponse ? client : RESOLVER);
    this.learner.take(packet, options.flow ?? 1);
    return this;
  }

  nameOf(server: Int32Array, client = CLIENT): string | undefined {
    const found = this.names.lookUp(client, server, 10 * S);
    return found < 0 ? undefined : this.names.pool.text(found & 0xfffffff);
  }

  count(which: number): number {
    return this.counts[which]!;
  }
}

const asked = (name = NAME, type: number = TYPE.A) => new Tried().hand(dnsQuery(7, name, type), false);

describe('a response to a question', () => {
  it('names its addresses by the question, in lower case, of the client that asked', () => {
    const tried = asked('WWW.Example.ORG').hand(
      dnsResponse(7, 'www.EXAMPLE.org', [a('www.example.org', '198.51.100.1'), a(NAME, '198.51.100.2')]),
      true,
    );
    expect(tried.nameOf(mapped('198.51.100.1'))).toBe(NAME);
    expect(tried.nameOf(mapped('198.51.100.2'))).toBe(NAME);
    expect(tried.nameOf(mapped('198.51.100.1'), mapped('192.0.2.2'))).toBeUndefined();
    expect(tried.count(counts.COUNT_REMEMBERED)).toBe(2);
  });

  it('leads over aliases, in any order, back to what was asked for', () => {
    const chain = [
      a('edge.cdn.example', '198.51.100.1'),
      cname('alias.cdn.example', 'edge.cdn.example'),
      cname(NAME, 'alias.cdn.example'),
    ];
    for (const records of [chain, [...chain].reverse()])
      expect(
        asked()
          .hand(dnsResponse(7, NAME, records), true)
          .nameOf(mapped('198.51.100.1')),
      ).toBe(NAME);
  });

  it('says nothing of records of other names, or of aliases that go in a circle', () => {
    const records = [
      cname(NAME, 'b.example'),
      cname('b.example', NAME),
      a('bank.example', '198.51.100.1'),
      a('b.example', '198.51.100.2'),
    ];
    const tried = asked().hand(dnsResponse(7, NAME, records), true);
    expect(tried.nameOf(mapped('198.51.100.1'))).toBeUndefined();
    expect(tried.nameOf(mapped('198.51.100.2'))).toBe(NAME);
  });

  it('may have IPv6 addresses, asked for over IPv6', () => {
    const client = long(0x20010db8, 0, 0, 1);
    const tried = new Tried()
      .hand(dnsQuery(7, NAME, TYPE.AAAA), false, { client })
      .hand(dnsResponse(7, NAME, [aaaa(NAME, '2001:db8:0:0:0:0:0:99')], { type: TYPE.AAAA }), true, {
        client,
      });
    expect(tried.nameOf(long(0x20010db8, 0, 0, 0x99), client)).toBe(NAME);
    expect(tried.nameOf(long(0x20010db8, 0, 0, 0x99))).toBeUndefined();
  });

  it('may have more addresses than the facts of a flow', () => {
    const records = Array.from({ length: 20 }, (_, i) => a(NAME, `198.51.100.${i}`));
    const tried = asked().hand(dnsResponse(7, NAME, records), true);
    expect(tried.nameOf(mapped('198.51.100.19'))).toBe(NAME);
  });

  it('may have address hints of an HTTPS record, of a service on another port too', () => {
    for (const name of [NAME, `_8443._https.${NAME}`]) {
      const tried = asked(name, TYPE.HTTPS);
      tried.hand(dnsResponse(7, name, [https(name, '198.51.100.9')], { type: TYPE.HTTPS }), true);
      expect(tried.nameOf(mapped('198.51.100.9'))).toBe(NAME);
    }
  });

  it('counts once: a second one, of whoever, changes nothing', () => {
    const tried = asked()
      .hand(dnsResponse(7, NAME, [a(NAME, '198.51.100.1')]), true)
      .hand(dnsResponse(7, NAME, [a(NAME, '203.0.113.66')]), true);
    expect(tried.nameOf(mapped('203.0.113.66'))).toBeUndefined();
    expect(tried.count(counts.COUNT_UNASKED)).toBe(1);
  });
});

describe('nothing is learned', () => {
  const records = [a(NAME, '198.51.100.1')];
  const answer = dnsResponse(7, NAME, records);
  it.each<[string, Tried]>([
    ['without a question', new Tried().hand(answer, true)],
    ['to another id', asked().hand(dnsResponse(8, NAME, records), true)],
    ['to another port', asked().hand(answer, true, { port: 40_001 })],
    ['to another client', asked().hand(answer, true, { client: mapped('192.0.2.2') })],
    ['over another protocol', asked().hand(withLength(answer), true, { protocol: TCP })],
    [
      'for another name',
      asked().hand(dnsResponse(7, 'bank.example', [a('bank.example', '198.51.100.1')]), true),
    ],
    ['for another type', asked().hand(dnsResponse(7, NAME, records, { type: TYPE.AAAA }), true)],
    ['half a minute later', asked().hand(answer, true, { timeNs: 32 * S })],
  ])('from a response %s', (_, tried) => {
    expect(tried.nameOf(mapped('198.51.100.1'))).toBeUndefined();
    expect(tried.count(counts.COUNT_UNASKED)).toBe(1);
  });

  it('from errors and other opcodes', () => {
    for (const flags of [0x8183, 0x8182, 0x8980]) {
      const tried = asked().hand(dnsResponse(7, NAME, records, { flags }), true);
      expect(tried.nameOf(mapped('198.51.100.1'))).toBeUndefined();
    }
  });

  it('from a truncated response, which its client passes over as well', () => {
    const tried = asked().hand(dnsResponse(7, NAME, records, { flags: 0x8380 }), true);
    expect(tried.nameOf(mapped('198.51.100.1'))).toBeUndefined();
    expect(tried.count(counts.COUNT_CUT)).toBe(1);
  });

  it('but from the part that the capture has of one', () => {
    const whole = dnsResponse(7, NAME, [a(NAME, '198.51.100.1'), a(NAME, '198.51.100.2')]);
    const tried = asked().hand(whole.slice(0, -3), true, { cut: true });
    expect(tried.nameOf(mapped('198.51.100.1'))).toBe(NAME);
    expect(tried.nameOf(mapped('198.51.100.2'))).toBeUndefined();
    expect(tried.count(counts.COUNT_CUT)).toBe(1);
  });
});

describe('over TCP', () => {
  const response = (id: number, last: number) =>
    withLength(dnsResponse(id, `n${id}.example`, [a(`n${id}.example`, `198.51.100.${last}`)]));
  const queries = [1, 2, 3].flatMap((id) => withLength(dnsQuery(id, `n${id}.example`)));

  it('several messages may be in a segment, and a message in several', () => {
    const stream = [...response(1, 1), ...response(2, 2), ...response(3, 3)];
    fc.assert(
      fc.property(fc.array(fc.nat({ max: stream.length }), { maxLength: 6 }), (places) => {
        const tried = new Tried().hand(queries, false, { protocol: TCP });
        const cuts = [0, ...places.sort((x, y) => x - y), stream.length];
        for (let i = 1; i < cuts.length; i++) {
          const piece = stream.slice(cuts[i - 1]!, cuts[i]!);
          const options = { protocol: TCP, sequence: 1 + cuts[i - 1]! };
          if (piece.length > 0) tried.hand(piece, true, options);
        }
        for (const last of [1, 2, 3])
          expect(tried.nameOf(mapped(`198.51.100.${last}`))).toBe(`n${last}.example`);
        expect(tried.count(counts.COUNT_CUT)).toBe(0);
      }),
      { numRuns: cases(200) },
    );
  });

  it('a connection that got the place of another one is read from its beginning', () => {
    const tried = new Tried().hand(queries, false, { protocol: TCP });
    tried.hand(response(1, 1).slice(0, 9), true, { protocol: TCP, sequence: 100 });
    tried.hand(response(2, 2), true, { protocol: TCP, sequence: 0x7000_0000 });
    expect(tried.nameOf(mapped('198.51.100.2'))).toBe('n2.example');
  });

  it('more half messages than are kept at a time do no harm', () => {
    const tried = new Tried().hand(queries, false, { protocol: TCP });
    for (let flow = 1; flow <= 40; flow++)
      tried.hand(response(1, 1).slice(0, 9), true, { protocol: TCP, flow, sequence: 1 });
    const [head, rest] = [response(3, 3).slice(0, 20), response(3, 3).slice(20)];
    tried.hand(head, true, { protocol: TCP, flow: 50, sequence: 1 });
    tried.hand(rest, true, { protocol: TCP, flow: 50, sequence: 21 });
    expect(tried.nameOf(mapped('198.51.100.3'))).toBe('n3.example');
  });
});

it('takes any octets, whole or cut, over either protocol', () => {
  const message = fc.oneof(
    fc.array(fc.nat({ max: 255 }), { maxLength: 90 }),
    fc
      .tuple(fc.nat({ max: 80 }), fc.nat({ max: 255 }))
      .map(([at, octet]) =>
        dnsResponse(7, NAME, [cname(NAME, 'b.example'), a('b.example', '198.51.100.1')]).map((old, i) =>
          i === at ? octet : old,
        ),
      ),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(message, fc.boolean(), fc.boolean(), fc.boolean())), (packets) => {
      const tried = asked();
      for (const [octets, isResponse, isTcp, cut] of packets)
        tried.hand(octets, isResponse, { protocol: isTcp ? TCP : UDP, cut });
      expect(tried.names.size).toBeLessThanOrEqual(1024);
    }),
    { numRuns: cases(400) },
  );
});
