/** ICMP and ICMPv6 errors tied to the flows that they quote, and what they tell of a path, hop by hop. */
import { describe, expect, it } from 'vitest';
import { type CapturedFrame, ethernet, ipv4, ipv6, pcapFile, udp } from '../../support/frames.ts';
import { flowsOf } from './support.ts';

const START_NS = 1_700_000_000_000_000_000n;
const at = (frames: readonly Uint8Array[]): CapturedFrame[] =>
  frames.map((frame, i) => ({ frame, timeNs: START_NS + BigInt(i) * 1_000_000n }));
/** An error of this type and code that quotes a packet. */
const error = (type: number, code: number, quoted: Uint8Array) =>
  Uint8Array.from([type, code, 0, 0, 0, 0, 0, 0, ...quoted]);
/** A packet with another hop limit, as a router quotes it. */
const withHopLimit = (packet: Uint8Array, place: number, hopLimit: number) => {
  const copy = Uint8Array.from(packet);
  copy[place] = hopLimit;
  return copy;
};

/** Destination options with PDM and padding, then UDP. */
const PDM = [17, 1, 0x0f, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0];
const probe6 = (port: number, hopLimit: number, options: readonly number[]) =>
  ipv6(
    { source: 'fd00::1', destination: 'fd00::2', nextHeader: options.length > 0 ? 60 : 17, hopLimit },
    Uint8Array.from([...options, ...udp(50_000, port, [1, 2, 3, 4])]),
  );

describe('a traceroute', () => {
  it('can be read from flow records: at which hop an option vanished', async () => {
    const frames: Uint8Array[] = [];
    for (let hop = 1; hop <= 4; hop++) {
      const sent = probe6(33434 + hop, hop, PDM);
      // From the third hop on the option is gone.
      const seen = hop < 3 ? sent : probe6(33434 + hop, hop, []);
      const answer = error(3, 0, withHopLimit(seen, 7, 1));
      const router = ipv6(
        { source: `fd00::a${hop}`, destination: 'fd00::1', nextHeader: 58, hopLimit: 65 - hop },
        answer,
      );
      frames.push(ethernet(sent), ethernet(router));
    }
    const flows = (await flowsOf(pcapFile(at(frames)))).filter(({ key }) => key.includes(' p17 '));
    expect(flows).toHaveLength(4);
    const errors = flows
      .map(({ health }) => health!.forward.icmpError!)
      .sort((one, other) => one.routerAddress[3] - other.routerAddress[3]);
    expect(errors.map(({ type, code, errors: count }) => [type, code, count])).toEqual(
      new Array(4).fill([3, 0, 1]),
    );
    expect(errors.map((one) => one.routerAddress[3])).toEqual([0xa1, 0xa2, 0xa3, 0xa4]);
    expect(errors.map((one) => one.errorHopLimit)).toEqual([64, 63, 62, 61]);
    expect(errors.map((one) => one.quotedHopLimit)).toEqual([1, 1, 1, 1]);
    expect(errors.map((one) => one.quotedPdm)).toEqual([true, true, false, false]);
    expect(errors.map((one) => one.quotedExtensionHeaders & 1)).toEqual([1, 1, 0, 0]);
  });
});

describe('an ICMP error', () => {
  const hosts = { source: '10.0.0.1', destination: '10.0.0.2' };
  const datagram = ipv4({ ...hosts, protocol: 17 }, udp(40_000, 53, [1, 2, 3, 4]));
  const unreachable = (quoted: Uint8Array, type = 3) =>
    ipv4({ source: '10.0.0.254', destination: '10.0.0.1', protocol: 1, ttl: 250 }, error(type, 1, quoted));

  it('belongs to the direction whose packet it quotes, in IPv4 with 8 octets of it', async () => {
    const answer = ipv4({ source: '10.0.0.2', destination: '10.0.0.1', protocol: 17 }, udp(53, 40_000));
    const frames = [datagram, answer, unreachable(withHopLimit(datagram, 8, 9).subarray(0, 28))];
    const flows = await flowsOf(pcapFile(at(frames.map((packet) => ethernet(packet)))));
    const { forward, reverse } = flows.find(({ key }) => key.includes(' p17 '))!.health!;
    expect(forward.icmpError).toEqual({
      errors: 1,
      type: 3,
      code: 1,
      routerAddress: [0x0a0000fe, 0, 0, 0],
      quotedHopLimit: 9,
      errorHopLimit: 250,
      quotedExtensionHeaders: 0,
      quotedPdm: false,
    });
    expect(reverse.icmpError).toBeUndefined();
  });

  it('of a flow that is not known ties to none, and echo is no error', async () => {
    const other = ipv4({ ...hosts, protocol: 17 }, udp(1, 2, [1, 2, 3, 4]));
    const frames = [datagram, unreachable(other), unreachable(datagram, 8)];
    const flows = await flowsOf(pcapFile(at(frames.map((packet) => ethernet(packet)))));
    for (const { health } of flows) expect(health!.forward.icmpError).toBeUndefined();
  });

  it('whose quotation is cut is left alone', async () => {
    for (let octets = 0; octets <= 24; octets++) {
      const frames = [datagram, unreachable(datagram.subarray(0, octets))];
      const flows = await flowsOf(pcapFile(at(frames.map((packet) => ethernet(packet)))));
      const error = flows.find(({ key }) => key.includes(' p17 '))!.health!.forward.icmpError;
      expect(error?.errors).toBe(octets < 24 ? undefined : 1);
    }
  });
});
