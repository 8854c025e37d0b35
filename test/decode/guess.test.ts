/**
 * What follows a label stack or GTP-U is told by whether it fits. MAC addresses are chosen to look like IP; tshark, told
 * by label what there is, agrees with pcaps/eompls.pcap (test/golden).
 */
import { describe, expect, it } from 'vitest';
import { decodeOne, hex, SURROUNDING } from './decode-support.ts';
import { FRAMES } from './seed-frames.ts';

const LABEL = '020000000002 020000000001 8847 00064140';
const SOURCE = '02000000a001';
/** 10.0.0.1:1111 > 10.0.0.2:2222, 32 octets; the checksum was computed by hand (RFC 1071). */
const IPV4 = '4500 0020 0000 0000 4011 66cb 0a000001 0a000002 | 0457 08ae 000c 0000 61626364';
const IPV6 =
  '6000 0000 000c 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002 | 0457 08ae 000c 0000 61626364';
const FLOW4 = { source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 1111, ipOctets: 32 };
const FLOW6 = { source: '2001:db8::1', destination: '2001:db8::2', sourcePort: 1111, ipOctets: 52 };

/** Frames on the wire hold at least 64 octets: what follows is padding. */
const PAD = '00'.repeat(18);

describe('behind a label stack', () => {
  const accepted: [string, string, object][] = [
    ['IPv4', IPV4, { ...FLOW4, linkOffset: SURROUNDING + 0 }],
    ['IPv4, padded', `${IPV4} ${PAD}`, { ...FLOW4, linkOffset: SURROUNDING + 0 }],
    ['IPv6', IPV6, { ...FLOW6, linkOffset: SURROUNDING + 0 }],
    ['IPv6 and a frame check sequence', `${IPV6} 01020304`, FLOW6],
    [
      'an address that begins with 4',
      `441b21000a02 ${SOURCE} 0800 ${IPV4}`,
      { ...FLOW4, linkOffset: SURROUNDING + 18 },
    ],
    [
      'an address like an IPv4 header',
      `45000020a002 ${SOURCE} 0800 ${IPV4}`,
      { ...FLOW4, linkOffset: SURROUNDING + 18 },
    ],
    [
      'an address that begins with 6',
      `601b21000a02 ${SOURCE} 0800 ${IPV4}`,
      { ...FLOW4, linkOffset: SURROUNDING + 18 },
    ],
    [
      'one that fits IPv6, too',
      `601b2100002e ${SOURCE} 0800 ${IPV4} ${PAD}`,
      { ...FLOW4, linkOffset: SURROUNDING + 18 },
    ],
    [
      'IPv6 in such a frame',
      `601b2100002e ${SOURCE} 86dd ${IPV6}`,
      { ...FLOW6, linkOffset: SURROUNDING + 18 },
    ],
    [
      'an address that begins with 0',
      `001b21000a02 ${SOURCE} 0800 ${IPV4}`,
      { ...FLOW4, linkOffset: SURROUNDING + 18 },
    ],
    [
      'one that begins with 5',
      `541b21000a02 ${SOURCE} 0800 ${IPV4}`,
      { ...FLOW4, linkOffset: SURROUNDING + 18 },
    ],
    [
      'tags in a pseudo-wire',
      `441b21000a02 ${SOURCE} 88a8 0005 8100 0007 0800 ${IPV4}`,
      { ...FLOW4, vlanId: 5, customerVlanId: 7 },
    ],
    [
      'a control word',
      `00000000 441b21000a02 ${SOURCE} 0800 ${IPV4}`,
      { ...FLOW4, linkOffset: SURROUNDING + 22 },
    ],
    [
      'a sequence number',
      `0000a001 001b21000a02 ${SOURCE} 0800 ${IPV4}`,
      { ...FLOW4, linkOffset: SURROUNDING + 22 },
    ],
    ['LLC and SNAP', `441b21000a02 ${SOURCE} 0028 aaaa03 000000 0800 ${IPV4}`, FLOW4],
  ];
  it.each(accepted)('%s is found', (_, payload, packet) => {
    const outcome = decodeOne(hex(`${LABEL} ${payload}`));
    expect(outcome).toMatchObject({ reason: 'accepted', notices: [], packet });
  });

  const refused: [string, string, string][] = [
    ['IPv4 with a wrong checksum', IPV4.replace('66cb', '66cc'), 'mplsNotIp'],
    ['IPv4 longer than the frame', IPV4.replace('4500 0020', '4500 0120'), 'mplsNotIp'],
    ['IPv4 with a header of 16 octets', IPV4.replace('4500', '4400'), 'mplsNotIp'],
    ['IPv4 of no length', IPV4.replace('4500 0020', '4500 0000'), 'mplsNotIp'],
    ['IPv6 longer than the frame', IPV6.replace('000c 11 40', '010c 11 40'), 'mplsNotIp'],
    ['IPv6 with most of the frame behind it', `${IPV6} ${'00'.repeat(65)}`, 'mplsNotIp'],
    ['ARP in a pseudo-wire', `441b21000a02 ${SOURCE} 0806 0001 0800 0604 0001`, 'arp'],
    ['ARP behind a control word', `00000000 441b21000a02 ${SOURCE} 0806 0001 0800 0604 0001`, 'arp'],
    ['a spanning tree', `0180c2000000 ${SOURCE} 0003 424203`, 'spanningTree'],
    ['a frame from a group address', `441b21000a02 03000000a001 0800 ${IPV4}`, 'mplsNotIp'],
    ['a frame of an unknown EtherType', `441b21000a02 ${SOURCE} 1234 ${IPV4}`, 'mplsNotIp'],
    ['EtherType IPv4 without IPv4', `441b21000a02 ${SOURCE} 0800 5500`, 'mplsNotIp'],
    ['few octets', '44', 'mplsNotIp'],
  ];
  it.each(refused)('%s is refused', (_, payload, reason) => {
    expect(decodeOne(hex(`${LABEL} ${payload}`))).toMatchObject({ reason, packet: undefined });
  });

  it('what was cut by the snap length is refused as that, and never metered on a guess', () => {
    const ether = hex(`${LABEL} 541b21000a02 ${SOURCE} 0800 ${IPV4}`);
    expect(decodeOne(ether, { captured: 25, wire: ether.length }).reason).toBe('linkTruncated');
    expect(decodeOne(ether, { captured: 40, wire: ether.length }).reason).toBe('ipv4Truncated');
    const ip = hex(`${LABEL} ${IPV4}`);
    expect(decodeOne(ip, { captured: 30, wire: ip.length }).reason).toBe('ipv4Truncated');
    expect(decodeOne(ip, { captured: 38, wire: ip.length }).packet).toMatchObject({ source: '10.0.0.1' });
  });
});

describe('in GTP-U', () => {
  const gtpu = hex(FRAMES.gtpu);
  /** The seed's user packet (from octet 50) replaced, and the lengths of GTP-U, UDP and IPv4 with it. */
  function withPayload(payload: string): Uint8Array {
    const inside = hex(payload);
    const frame = new Uint8Array(50 + inside.length);
    frame.set(gtpu.subarray(0, 50));
    frame.set(inside, 50);
    const view = new DataView(frame.buffer);
    view.setUint16(16, frame.length - 14);
    view.setUint16(38, frame.length - 34);
    view.setUint16(44, inside.length);
    return frame;
  }
  const cases: [string, string, object, string[]][] = [
    ['IPv4', IPV4, FLOW4, []],
    ['IPv6', IPV6, FLOW6, []],
    [
      'an Ethernet session',
      `441b21000a02 ${SOURCE} 0800 ${IPV4}`,
      { ...FLOW4, linkOffset: SURROUNDING + 50 },
      [],
    ],
    ['IPv4 with a wrong checksum', IPV4.replace('66cb', '66cc'), { source: '192.0.2.1' }, ['tunnelNotIp']],
    ['IPv4 too long', IPV4.replace('4500 0020', '4500 0021'), { source: '192.0.2.1' }, ['tunnelNotIp']],
    ['IPv6 too long', IPV6.replace('000c 11', '000d 11'), { source: '192.0.2.1' }, ['tunnelNotIp']],
    ['a control word', `00000000 ${IPV4}`, { source: '192.0.2.1' }, ['tunnelNotIp']],
  ];
  it.each(cases)('%s', (_, payload, packet, notices) => {
    const outcome = decodeOne(withPayload(payload), { decapsulate: ['gtpu'] });
    expect(outcome).toMatchObject({ reason: 'accepted', packet, notices });
  });
});
