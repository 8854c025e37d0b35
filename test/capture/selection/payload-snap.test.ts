/**
 * How many octets of a frame are kept while payload is inspected: no frame that the engine's first look would hand over is
 * cut to its headers, whatever its octets are.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPayloadSnap, HEADERS_OCTETS_MIN } from '../../../src/capture/selection/payload-snap.ts';
import { EXAMPLES } from '../../support/application-examples.ts';
import { cases } from '../../support/cases.ts';
import { ethernet, ipv4, ipv6, tcp, udp } from '../../support/frames.ts';
import { ETHERNET, HEADERS, isWanted, kept, PAYLOAD, RAW } from './payload-snap-support.ts';

const TCP = 6;
const UDP = 17;

const fill = (length: number, octet = 0x99) => new Uint8Array(length).fill(octet);

/** A packet of TCP or UDP. @param options  octets of TCP's options, a multiple of 4 */
function transportOf(
  protocol: number,
  source: number,
  destination: number,
  payload: Uint8Array,
  options = 0,
) {
  if (protocol !== TCP) return udp(source, destination, payload);
  const segment = tcp(source, destination, 0x18, [...new Uint8Array(options).fill(1), ...payload]);
  segment[12] = ((20 + options) / 4) << 4;
  return segment;
}

const DOWNLOAD = transportOf(TCP, 443, 50_000, fill(1400));
const V4 = { source: '192.0.2.1', destination: '192.0.2.2' };
const V6 = { source: '2001:db8::1', destination: '2001:db8::2' };

/** An IPv4 packet with options. */
function ipv4WithOptions(words: number, protocol: number, body: Uint8Array): Uint8Array {
  const packet = ipv4({ ...V4, protocol }, [...new Uint8Array(4 * words).fill(1), ...body]);
  packet[0] = 0x45 + words;
  return packet;
}

describe('of a frame is kept', () => {
  const plain = ipv4({ ...V4, protocol: TCP }, DOWNLOAD);
  it.each([
    ['TCP from a server', ethernet(plain)],
    ['the same over IPv6', ethernet(ipv6({ ...V6, nextHeader: TCP }, DOWNLOAD))],
    ['the same behind a VLAN tag', ethernet(plain, { vlans: [7] })],
    ['the same behind two', ethernet(plain, { vlans: [7, 8] })],
    ['the same behind the longest header of IPv4', ethernet(ipv4WithOptions(10, TCP, DOWNLOAD))],
    [
      'the same behind the longest header of TCP',
      ethernet(ipv4({ ...V4, protocol: TCP }, transportOf(TCP, 443, 50_000, fill(1400), 40))),
    ],
    [
      'QUIC behind its handshake',
      ethernet(ipv4({ ...V4, protocol: UDP }, udp(443, 50_000, fill(1200, 0x5b)))),
    ],
    ['a later fragment', ethernet(ipv4({ ...V4, protocol: UDP, fragmentOffset: 1480 }, fill(1400, 0x16)))],
    ['ESP', ethernet(ipv4({ ...V4, protocol: 50 }, fill(1400)))],
  ])('its headers alone: %s', (_, frame) => {
    expect(kept(frame)).toBe(HEADERS);
  });

  const query = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  const tcp4 = (source: number, destination: number, payload: readonly number[]) =>
    ethernet(ipv4({ ...V4, protocol: TCP }, tcp(source, destination, 0x18, [...payload, ...fill(1300)])));
  const udp4 = (source: number, destination: number, payload: readonly number[]) =>
    ethernet(ipv4({ ...V4, protocol: UDP }, udp(source, destination, [...payload, ...fill(1300)])));
  it.each([
    ['a ServerHello', tcp4(443, 50_000, [0x16, 3, 3])],
    ['what a client goes on with', tcp4(50_000, 443, [0x99])],
    ['the same to a port that TLS has not by itself', tcp4(50_000, 10_443, [0x99])],
    ['between ports of clients', tcp4(40_000, 50_000, [0x99])],
    ['a response of HTTP', tcp4(80, 50_000, [0x48, 0x54, 0x54, 0x50])],
    ['DNS over TCP', tcp4(53, 50_000, [0x99])],
    ['a greeting of MySQL', tcp4(3306, 50_000, [0x99, 0, 0, 0, 10])],
    ['OpenVPN over TCP', tcp4(1194, 50_000, [0x99, 0, 0x38])],
    ['a hello in the form of SSL 2.0', tcp4(1443, 50_000, [0x99, 0x99, 1])],
    ['DNS', udp4(53, 50_000, [0x99])],
    ['DNS at another port', udp4(5300, 50_000, [0x99, 0x99, ...query.slice(2)])],
    ['a long header of QUIC', udp4(443, 50_000, [0xc3, 0, 0, 0, 1])],
    ['STUN', udp4(9000, 50_000, [0, 0, 0x05, 0x00, 0x21, 0x12, 0xa4, 0x42])],
    ['a call of ONC RPC', udp4(111, 50_000, [0x99, 0x99, 0x99, 0x99, 0, 0, 0, 0, 0, 0, 0, 2])],
    ['WireGuard', udp4(51_820, 50_000, [4, 0, 0, 0])],
    ['VXLAN', udp4(50_000, 4789, [8, 0, 0, 0])],
    ['GRE', ethernet(ipv4({ ...V4, protocol: 47 }, fill(1400)))],
    ['IPv4 in IPv6', ethernet(ipv6({ ...V6, nextHeader: 4 }, plain))],
    ['an extension header', ethernet(ipv6({ ...V6, nextHeader: 0 }, [6, 0, 0, 0, 0, 0, 0, 0, ...DOWNLOAD]))],
    ['three VLAN tags', ethernet(plain, { vlans: [7, 8, 9] })],
    ['MPLS', ethernet(plain, { etherType: 0x8847 })],
  ])('more: %s', (_, frame) => {
    expect(kept(frame)).toBe(PAYLOAD);
  });

  it('what it has, where it is no longer than its headers may be', () => {
    for (let length = 0; length <= HEADERS; length++) expect(kept(fill(length))).toBe(PAYLOAD);
  });

  it('as much of every frame, on a link whose headers are not known', () => {
    expect(kept(ethernet(plain), 147)).toBe(PAYLOAD);
  });

  it('the same of a packet without a header of the link', () => {
    expect(kept(ipv4({ ...V4, protocol: TCP }, DOWNLOAD), RAW)).toBe(HEADERS);
    expect(kept(ipv6({ ...V6, nextHeader: TCP }, DOWNLOAD), RAW)).toBe(HEADERS);
    expect(kept(fill(1400, 0x50), RAW)).toBe(PAYLOAD);
  });

  it('never less than the program reads itself', () => {
    const snap = { headers: HEADERS_OCTETS_MIN - 1, payload: PAYLOAD, tunnelPorts: [] };
    expect(() => createPayloadSnap(ETHERNET, snap)).toThrow(/165 octets of headers, at least 166 are read/);
  });
});

const PORTS = [...new Set(EXAMPLES.map(({ port }) => port)), 443, 853, 5353, 137, 51_820, 1194, 4789, 40_000];
const anyPort = fc.oneof(fc.constantFrom(...PORTS), fc.nat(65_535));
const anyPayload = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...EXAMPLES).map(({ octets }) => Uint8Array.from(octets)),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.array(fc.constantFrom(0, 1, 2, 4, 10, 0x16, 0x38, 0x50, 0xc0, 0xff), {
        minLength: 1,
        maxLength: 40,
      }),
    ),
    fc.nat(600),
    fc.nat(255),
  )
  .map(([octets, more, octet]) => Uint8Array.from([...octets, ...fill(more, octet)]));
const anyTransport = fc
  .tuple(fc.constantFrom(TCP, UDP), anyPort, anyPort, anyPayload, fc.nat(10))
  .map(([protocol, from, to, payload, options]) => ({
    protocol,
    octets: transportOf(protocol, from, to, payload, 4 * options),
  }));
const anyPacket = fc
  .tuple(anyTransport, fc.nat(11), fc.boolean())
  .map(([{ protocol, octets }, options, moreFragments]) => {
    if (options === 11) return ipv6({ ...V6, nextHeader: protocol }, octets);
    return options === 0
      ? ipv4({ ...V4, protocol, moreFragments }, octets)
      : ipv4WithOptions(options, protocol, octets);
  });
/** Packets, and packets in packets. */
const anyOuter = fc.oneof(
  { arbitrary: anyPacket, weight: 4 },
  {
    arbitrary: fc.tuple(anyPacket, fc.boolean()).map(([inner, isSix]) => {
      const number = inner[0]! >>> 4 === 6 ? 41 : 4;
      return isSix ? ipv6({ ...V6, nextHeader: number }, inner) : ipv4({ ...V4, protocol: number }, inner);
    }),
    weight: 1,
  },
);
const anyFrame = fc
  .tuple(
    anyOuter,
    fc.array(fc.nat(4095), { maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(160), fc.nat(255)), { maxLength: 2 }),
  )
  .map(([packet, vlans, changes]) => {
    const frame = ethernet(packet, { vlans });
    for (const [at, value] of changes) if (at < frame.length) frame[at] = value;
    return frame;
  });

describe('a frame that the first look would hand over', () => {
  it('is never cut to its headers, whatever its octets are', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const octets = kept(frame);
        expect([HEADERS, PAYLOAD]).toContain(octets);
        if (octets === HEADERS) expect(isWanted(frame)).toBe(false);
      }),
      { numRuns: cases(10_000) },
    );
  });

  it('is never cut behind a packet without a link’s header either', () => {
    fc.assert(
      fc.property(anyOuter, (packet) => {
        if (kept(packet, RAW) === HEADERS) expect(isWanted(packet, RAW)).toBe(false);
      }),
      { numRuns: cases(2000) },
    );
  });
});
