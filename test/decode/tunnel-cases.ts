/** Frames of every tunnel, and the packet that is metered when it is looked into. */
import { TUNNEL_KINDS, type TunnelName } from '../../src/records/tunnel-kinds.ts';
import type { Decoded } from './decode-support.ts';
import type { FRAMES } from './seed-frames.ts';

export const ALL = Object.keys(TUNNEL_KINDS) as TunnelName[];

export const V4 = {
  source: '10.0.0.1',
  destination: '10.0.0.2',
  protocol: 17,
  sourcePort: 1111,
  destinationPort: 2222,
  ttl: 33,
  tos: 0x28,
  ipOctets: 32,
};
export const V4_TCP = {
  source: '10.0.0.1',
  destination: '10.0.0.2',
  protocol: 6,
  sourcePort: 1234,
  destinationPort: 80,
  controlBits: 0xc2,
  ipOctets: 40,
};
export const V6 = {
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

export interface TunnelCase {
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

export const CASES: TunnelCase[] = [
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
