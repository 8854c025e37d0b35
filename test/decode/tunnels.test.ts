import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { TUNNEL_KINDS, type TunnelName } from '../../src/records/tunnel-kinds.ts';
import { addressText, type Decoded, decodeOne, hex, type Outcome, SURROUNDING } from './decode-support.ts';
import { FRAMES } from './seed-frames.ts';

const ALL = Object.keys(TUNNEL_KINDS) as TunnelName[];

const V4 = {
  source: '10.0.0.1',
  destination: '10.0.0.2',
  protocol: 17,
  sourcePort: 1111,
  destinationPort: 2222,
  ttl: 33,
  tos: 0x28,
  ipOctets: 32,
};
const V4_TCP = {
  source: '10.0.0.1',
  destination: '10.0.0.2',
  protocol: 6,
  sourcePort: 1234,
  destinationPort: 80,
  controlBits: 0xc2,
  ipOctets: 40,
};
const V6 = {
  source: '2001:db8:1::1',
  destination: '2001:db8:1::2',
  protocol: 6,
  sourcePort: 5000,
  destinationPort: 443,
  controlBits: 0x18,
  flowLabel: 0x12345,
  tos: 0xb8,
  ttl: 9,
  ipOctets: 65,
};

interface TunnelCase {
  frame: keyof typeof FRAMES;
  kind: TunnelName;
  id: number;
  inner: Partial<Decoded>;
  outer?: 6;
  /** Octets from the frame's start to the Ethernet header next to the packet; default 0. */
  link?: number;
  /** Protocol of the outer packet. */
  outerProtocol: number;
}

const CASES: TunnelCase[] = [
  { frame: 'greIpv4', kind: 'gre', id: 0, inner: V4, outerProtocol: 47 },
  { frame: 'greKeySequenceChecksum', kind: 'gre', id: 0xabcdef01, inner: V6, outerProtocol: 47 },
  {
    frame: 'greBridged',
    kind: 'gre',
    id: 5,
    inner: { ...V4, vlanId: 77 },
    outer: 6,
    link: 62,
    outerProtocol: 47,
  },
  { frame: 'greMpls', kind: 'gre', id: 0, inner: V4, outerProtocol: 47 },
  { frame: 'pptp', kind: 'gre', id: 0x55, inner: V4, outerProtocol: 47 },
  { frame: 'erspan1', kind: 'erspan', id: 0, inner: V4, link: 38, outerProtocol: 47 },
  { frame: 'erspan2', kind: 'erspan', id: 0x123, inner: V4, link: 50, outerProtocol: 47 },
  { frame: 'erspan3', kind: 'erspan', id: 0x3ff, inner: { ...V6, vlanId: 6 }, link: 54, outerProtocol: 47 },
  { frame: 'ipip', kind: 'ipip', id: 0, inner: V4_TCP, outerProtocol: 4 },
  { frame: 'ipip6in6', kind: 'ipip', id: 0, inner: V6, outer: 6, outerProtocol: 41 },
  { frame: 'ipip4in6', kind: 'ipip', id: 0, inner: V4, outer: 6, outerProtocol: 4 },
  { frame: '6in4', kind: '6in4', id: 0, inner: V6, outerProtocol: 41 },
  { frame: 'vxlan', kind: 'vxlan', id: 0xabcdef, inner: V4_TCP, link: 50, outerProtocol: 17 },
  {
    frame: 'vxlanOverIpv6Vlan',
    kind: 'vxlan',
    id: 42,
    inner: { ...V6, vlanId: 8, priority: 1 },
    outer: 6,
    link: 74,
    outerProtocol: 17,
  },
  { frame: 'geneveOptions', kind: 'geneve', id: 77, inner: V4, link: 58, outerProtocol: 17 },
  { frame: 'geneveIpv4', kind: 'geneve', id: 78, inner: V4, outerProtocol: 17 },
  { frame: 'gtpu', kind: 'gtpu', id: 0x11223344, inner: V4, outerProtocol: 17 },
  { frame: 'gtpuExtension', kind: 'gtpu', id: 0x55667788, inner: V6, outerProtocol: 17 },
  { frame: 'l2tp', kind: 'l2tp', id: 0x01020304, inner: V4, outerProtocol: 17 },
  { frame: 'l2tpSequenceOffset', kind: 'l2tp', id: 0x00010002, inner: V6, outerProtocol: 17 },
  { frame: 'teredo', kind: 'teredo', id: 0, inner: V6, outerProtocol: 17 },
  { frame: 'teredoAuthOrigin', kind: 'teredo', id: 0, inner: V6, outerProtocol: 17 },
];

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
      expect(outerOf(outcome)).toEqual({ ...addresses, version: outer ?? 4, kind: TUNNEL_KINDS[kind], id });
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
    expect(outerOf(outcome)).toMatchObject({ source: '172.16.0.1', kind: TUNNEL_KINDS.vxlan, id: 3 });
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

const hasTshark = spawnSync('tshark', ['--version']).status === 0;
if (!hasTshark) console.warn('SKIPPED: tunnels against tshark: tshark is not installed (apt install tshark)');

describe.skipIf(!hasTshark)('tunnels against tshark', () => {
  it('every frame: the innermost packet is tshark’s last one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowtap-'));
    try {
      const rows = dissectLast(
        join(folder, 'tunnels.pcap'),
        CASES.map(({ frame }) => hex(FRAMES[frame])),
      );
      const ours = CASES.map(({ frame }) => {
        const packet = decodeOne(hex(FRAMES[frame]), { decapsulate: ALL }).packet!;
        return [
          packet.version,
          packet.source,
          packet.destination,
          packet.sourcePort,
          packet.destinationPort,
        ].join(' ');
      });
      expect(ours).toEqual(rows);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Version, addresses and ports of the last packet that tshark finds in each frame. */
function dissectLast(path: string, frames: Uint8Array[]): string[] {
  const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
  const records = frames.flatMap((frame) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  writeFileSync(path, Buffer.concat([header, ...records]));
  const fields = [
    'frame.protocols',
    'ip.src',
    'ip.dst',
    'ipv6.src',
    'ipv6.dst',
    'tcp.port',
    'udp.srcport',
    'udp.dstport',
  ];
  const ports = ['tcp.srcport', 'tcp.dstport'];
  const args = ['-n', '-r', path, '-T', 'fields', '-E', 'occurrence=l', '-E', 'separator=\t'];
  const run = spawnSync('tshark', [...args, ...[...fields, ...ports].flatMap((field) => ['-e', field])], {
    encoding: 'utf8',
  });
  return run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [protocols, src4, dst4, src6, dst6, , udpSource, udpDestination, tcpSource, tcpDestination] =
        line.split('\t');
      const names = protocols!.split(':');
      const six = names.lastIndexOf('ipv6') > names.lastIndexOf('ip');
      const tcp = names.includes('tcp');
      const pair = tcp ? [tcpSource, tcpDestination] : [udpSource, udpDestination];
      return [six ? 6 : 4, six ? src6 : src4, six ? dst6 : dst4, ...pair].join(' ');
    });
}
