/** Tunnels: which packet is metered, and what is told of those around it. */
import { describe, expect, it } from 'vitest';
import {
  DETAIL_ENCAPSULATED,
  MPLS_DEPTH,
  MPLS_STACK,
  OUTER_DESTINATION_ADDRESS,
  OUTER_KIND,
  OUTER_SOURCE_ADDRESS,
  PPPOE_SESSION,
  TUNNEL_ID,
} from '../../src/records/decoded-batch.ts';
import { TUNNEL_KINDS } from '../../src/records/tunnel-kinds.ts';
import { addressText, decodeOne, hex, type Outcome, SURROUNDING } from './decode-support.ts';
import { FRAMES } from './seed-frames.ts';
import { ALL, CASES, V4, V4_TCP, V6 } from './tunnel-cases.ts';

function outerOf(outcome: Outcome): object {
  const words = Int32Array.from(outcome.encapsulation!);
  const version = words[OUTER_KIND]! & 0xff;
  return {
    version,
    kind: words[OUTER_KIND]! >>> 8,
    id: words[TUNNEL_ID]! >>> 0,
    source: addressText(words, OUTER_SOURCE_ADDRESS, version),
    destination: addressText(words, OUTER_DESTINATION_ADDRESS, version),
  };
}

describe('tunnels', () => {
  for (const { frame, kind, id, inner, outer, link = 0, outerProtocol } of CASES) {
    const bytes = hex(FRAMES[frame]);
    const addresses =
      outer === 6
        ? { source: '2001:db8::1', destination: '2001:db8::2' }
        : { source: '192.0.2.1', destination: '192.0.2.2' };

    it(`${frame}: metered on the inner packet where ${kind} is chosen`, () => {
      const outcome = decodeOne(bytes, { decapsulate: [kind] });
      expect(outcome.packet).toMatchObject({
        ...inner,
        frameOctets: bytes.length,
        linkOffset: SURROUNDING + link,
      });
      expect(outcome.packet!.detail & DETAIL_ENCAPSULATED).not.toBe(0);
      expect(outerOf(outcome)).toEqual({
        ...addresses,
        version: outer ?? 4,
        kind: TUNNEL_KINDS[kind].number,
        id,
      });
      expect(outcome.notices).toEqual([]);
    });

    it(`${frame}: metered on the outer packet where it is not chosen, or tunnels are too deep`, () => {
      const others = ALL.filter((name) => name !== kind);
      for (const decapsulate of [[], others]) {
        const outcome = decodeOne(bytes, { decapsulate });
        expect(outcome.packet).toMatchObject({ ...addresses, protocol: outerProtocol });
        expect(outcome.encapsulation).toEqual(outcome.encapsulation!.map(() => 0));
        expect(outcome.notices).toEqual([]);
      }
      const limited = decodeOne(bytes, { decapsulate: ALL, tunnelDepthMax: 0 });
      expect(limited.packet).toMatchObject({ ...addresses, protocol: outerProtocol });
      expect(limited.notices).toEqual(['tunnelNestingLimit']);
    });

    it(`${frame}: cut anywhere, is one of the two packets, and the outer one with a notice`, () => {
      const whole = decodeOne(bytes, { decapsulate: [kind] }).packet!;
      const header = outer === 6 ? 40 : 20;
      for (let captured = 0; captured < bytes.length; captured++) {
        const outcome = decodeOne(bytes, { decapsulate: [kind], captured, wire: bytes.length });
        if (outcome.packet === undefined) {
          expect(captured).toBeLessThan(14 + 4 + header);
          expect(outcome.reason).toMatch(/Truncated$/);
        } else if (outcome.packet.source === whole.source) {
          expect(outcome.packet.ipOctets).toBe(whole.ipOctets);
        } else {
          expect(outcome.packet).toMatchObject({ ...addresses, protocol: outerProtocol });
          expect(
            outcome.notices.filter((name) => /tunnelUndecodable|transportTruncated/.test(name)),
          ).not.toEqual([]);
        }
      }
    });
  }

  it('nested: the encapsulation record is the innermost tunnel', () => {
    const bytes = hex(FRAMES.nested);
    const outcome = decodeOne(bytes, { decapsulate: ['gre', 'vxlan'] });
    expect(outcome.packet).toMatchObject(V6);
    expect(outerOf(outcome)).toMatchObject({ source: '172.16.0.1', kind: TUNNEL_KINDS.vxlan.number, id: 3 });
    const once = decodeOne(bytes, { decapsulate: ['gre', 'vxlan'], tunnelDepthMax: 1 });
    expect(once.packet).toMatchObject({ source: '172.16.0.1', destination: '172.16.0.2', protocol: 17 });
    expect(once.notices).toEqual(['tunnelNestingLimit']);
  });

  it('other UDP ports can be given, in place of IANA’s', () => {
    const bytes = hex(FRAMES.vxlan);
    const at = (udpPorts: number[]) =>
      decodeOne(bytes, { decapsulate: ['vxlan'], udpPorts: { vxlan: udpPorts } });
    expect(at([8472, 4789]).packet).toMatchObject(V4_TCP);
    expect(at([8472]).packet).toMatchObject({ source: '192.0.2.1', destinationPort: 4789 });
  });

  it('what is not IP inside leaves the outer packet and its notice', () => {
    const arp = hex(FRAMES.vxlan);
    arp.set([0x08, 0x06], 62);
    const outcome = decodeOne(arp, { decapsulate: ['vxlan'] });
    expect(outcome.packet).toMatchObject({ source: '192.0.2.1', protocol: 17, destinationPort: 4789 });
    expect(outcome.notices).toEqual(['tunnelNotIp']);
    const echo = hex(FRAMES.gtpu);
    echo[43] = 1;
    expect(decodeOne(echo, { decapsulate: ['gtpu'] }).notices).toEqual(['tunnelNotIp']);
    const damaged = hex(FRAMES.vxlan);
    damaged[64] = 0x44;
    expect(decodeOne(damaged, { decapsulate: ['vxlan'] }).notices).toEqual(['tunnelUndecodable']);
  });

  it('a later fragment is not looked into', () => {
    const bytes = hex(FRAMES.ipip);
    bytes.set([0x00, 0x01], 20);
    expect(decodeOne(bytes, { decapsulate: ['ipip'] }).packet).toMatchObject({
      source: '192.0.2.1',
      protocol: 4,
    });
  });

  it('MPLS labels and PPPoE sessions are kept', () => {
    const mpls = decodeOne(hex(FRAMES.mplsIpv4));
    expect(mpls.packet).toMatchObject(V4);
    expect(mpls.encapsulation!.slice(MPLS_DEPTH, MPLS_STACK + 2)).toEqual([
      2,
      (100 << 12) | (1 << 9) | 9,
      (200 << 12) | (2 << 9) | (1 << 8) | 8,
    ]);
    const pseudowire = decodeOne(hex(FRAMES.mplsPseudowire));
    expect(pseudowire.packet).toMatchObject({ ...V4, linkOffset: SURROUNDING + 22 });
    const pppoe = decodeOne(hex(FRAMES.pppoeIpv6));
    expect(pppoe.packet).toMatchObject(V6);
    expect(pppoe.encapsulation![PPPOE_SESSION]).toBe(0x10077);
  });
});
