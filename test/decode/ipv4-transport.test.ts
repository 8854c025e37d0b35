import { describe, expect, it } from 'vitest';
import {
  DETAIL_DONT_FRAGMENT,
  DETAIL_FRAGMENT,
  DETAIL_LATER_FRAGMENT,
  DETAIL_TCP,
} from '../../src/records/decoded-batch.ts';
import { decodeOne, hex, SURROUNDING } from './decode-support.ts';
import { FRAMES } from './seed-frames.ts';

const MAC = '020000000002 020000000001';
const IPV4_UDP = '4500 0020 0000 0000 4011 0000 0a000001 0a000002 | 0457 08ae 000c 0000 61626364';
const V4 = {
  version: 4,
  source: '10.0.0.1',
  destination: '10.0.0.2',
  protocol: 17,
  sourcePort: 1111,
  destinationPort: 2222,
  ipOctets: 32,
};
const ethernet = (type: string, payload: string): Uint8Array => hex(`${MAC} ${type} ${payload}`);
const ipv4 = (payload: string): Uint8Array => ethernet('0800', payload);

describe('VLAN', () => {
  it('outer tag, customer tag and priority; tags in the flow key or not', () => {
    const qinq = hex(FRAMES.qinqIpv6Udp);
    expect(decodeOne(qinq).packet).toMatchObject({
      vlanId: 10,
      customerVlanId: 20,
      priority: 3,
      source: '2001:db8::1',
    });
    expect(decodeOne(qinq, { flowKey: { tos: false, vlan: false } }).packet).toMatchObject({
      vlanId: 0,
      customerVlanId: 0,
    });
    const tagged = hex(FRAMES.vlanIpv4Tcp);
    expect(decodeOne(tagged).packet).toMatchObject({
      vlanId: 100,
      priority: 5,
      destinationPort: 65535,
      controlBits: 1,
    });
    expect(decodeOne(tagged, { flowKey: { tos: true, vlan: false } }).packet).toMatchObject({
      vlanId: 0,
      tosInKey: 0x10,
    });
    const eight = decodeOne(ethernet('8100', `${'0005 8100'.repeat(7)} 0005 0800 ${IPV4_UDP}`));
    expect(eight.packet).toMatchObject({ ...V4, vlanId: 5, customerVlanId: 5 });
  });
});

describe('IPv4', () => {
  it('fields of a TCP packet', () => {
    expect(decodeOne(hex(FRAMES.ipv4Tcp)).packet).toEqual({
      version: 4,
      source: '192.0.2.1',
      destination: '192.0.2.2',
      protocol: 6,
      sourcePort: 40000,
      destinationPort: 443,
      vlanId: 0,
      customerVlanId: 0,
      priority: 0,
      observationPoint: 1,
      tosInKey: 0,
      ipOctets: 41,
      frameOctets: 55,
      controlBits: 0x12,
      ttl: 60,
      tos: 0x10,
      detail: DETAIL_TCP,
      flowLabel: 0,
      fragmentId: 0,
      linkOffset: SURROUNDING,
      extensionHeaders: 0,
    });
  });

  it('header length and total length, one below and at their bounds', () => {
    const rest = '0000 0000 40ff 0000 0a000001 0a000002';
    const reasonOf = (start: string, more = ''): string => decodeOne(ipv4(`${start} ${rest} ${more}`)).reason;
    expect(reasonOf('4400 0014')).toBe('ipv4HeaderLengthShort');
    expect(reasonOf('4500 0014')).toBe('accepted');
    expect(reasonOf('4500 0013')).toBe('ipv4TotalLengthShort');
    expect(reasonOf('4600 0017', '00000000')).toBe('ipv4HeaderLengthLong');
    expect(reasonOf('4600 0018', '00000000')).toBe('accepted');
    expect(reasonOf('6500 0014')).toBe('ipv4Version');
    expect(decodeOne(ipv4(`4500 0015 ${rest}`)).notices).toEqual(['ipLengthBeyondFrame']);
  });

  it('total length 0: what the frame holds', () => {
    const frame = hex(FRAMES.ipv4Udp);
    frame.set([0, 0], 16);
    const outcome = decodeOne(frame, { wire: 70_014 });
    expect(outcome.packet).toMatchObject({ ipOctets: 70_000, frameOctets: 70_014, destinationPort: 53 });
    expect(outcome.notices).toEqual(['ipLengthZero']);
  });

  it('Ethernet padding is no part of the packet', () => {
    const outcome = decodeOne(
      ipv4(`4500 0016 0000 4000 4006 0000 0a000001 0a000002 0102 ${'ff'.repeat(24)}`),
    );
    expect(outcome.packet).toMatchObject({
      ipOctets: 22,
      sourcePort: 0,
      controlBits: 0,
      detail: DETAIL_DONT_FRAGMENT,
    });
    expect(outcome.notices).toEqual(['transportMalformed']);
  });

  it('options are skipped', () => {
    expect(decodeOne(hex(FRAMES.ipv4Options)).packet).toMatchObject({
      sourcePort: 7,
      destinationPort: 8,
      controlBits: 0x10,
    });
  });

  it('fragments: the first has ports, later ones have none; both have the identification', () => {
    const first = decodeOne(hex(FRAMES.ipv4FirstFragment));
    expect(first.packet).toMatchObject({
      sourcePort: 9,
      destinationPort: 10,
      fragmentId: 0x1234,
      detail: DETAIL_FRAGMENT,
    });
    expect(first.notices).toEqual(['fragmentFirst']);
    const later = decodeOne(hex(FRAMES.ipv4LaterFragment));
    expect(later.packet).toMatchObject({
      sourcePort: 0,
      destinationPort: 0,
      fragmentId: 0x1234,
      protocol: 17,
    });
    expect(later.packet!.detail).toBe(DETAIL_FRAGMENT | DETAIL_LATER_FRAGMENT);
    expect(later.notices).toEqual(['fragmentLater']);
  });
});

describe('transport', () => {
  const packet = (protocol: string, payload: string) => {
    const octets = (20 + hex(payload).length).toString(16).padStart(4, '0');
    return decodeOne(ipv4(`4500 ${octets} 0000 0000 40${protocol} 0000 0a000001 0a000002 ${payload}`));
  };
  it('ICMP, ICMPv6 and IGMP: type and code as the destination port', () => {
    expect(decodeOne(hex(FRAMES.ipv4Icmp)).packet).toMatchObject({ sourcePort: 0, destinationPort: 0x0304 });
    expect(decodeOne(hex(FRAMES.ipv6Icmp)).packet).toMatchObject({
      protocol: 58,
      sourcePort: 0,
      destinationPort: 0x8000,
    });
    expect(packet('02', '16 64 0000 e0000001').packet).toMatchObject({
      sourcePort: 0,
      destinationPort: 0x1600,
    });
  });
  it('UDP-Lite, SCTP and DCCP have ports; AH, ESP and GRE have none', () => {
    for (const protocol of ['88', '84', '21']) {
      expect(packet(protocol, '0001 0002 00000000 00000000')).toMatchObject({
        packet: { sourcePort: 1, destinationPort: 2 },
        notices: [],
      });
    }
    for (const protocol of ['33', '32', '2f']) {
      expect(packet(protocol, '0001 0002 00000000')).toMatchObject({
        packet: { sourcePort: 0, destinationPort: 0 },
        notices: [],
      });
    }
  });
  it('TCP: twelve control bits; header length one below, at and above its bounds', () => {
    const tcp = (offsetFlags: string) =>
      packet('06', `0001 0002 00000000 00000000 ${offsetFlags} 0000 00000000`);
    expect(tcp('5fff')).toMatchObject({ packet: { controlBits: 0xfff, detail: DETAIL_TCP }, notices: [] });
    expect(tcp('4002')).toMatchObject({ packet: { controlBits: 2 }, notices: ['transportMalformed'] });
    expect(tcp('6002')).toMatchObject({ packet: { controlBits: 2 }, notices: ['transportMalformed'] });
  });
  it('UDP: length one below, at and above its bounds', () => {
    const udp = (length: string) => packet('11', `0001 0002 ${length} 0000 aa`);
    for (const length of ['0000', '0007', '000a', 'ffff']) {
      expect(udp(length)).toMatchObject({
        packet: { sourcePort: 1, destinationPort: 2 },
        notices: ['transportMalformed'],
      });
    }
    for (const length of ['0008', '0009']) expect(udp(length).notices).toEqual([]);
  });
  it('cut by the snap length: what is there is read, the rest is 0', () => {
    const frame = hex(FRAMES.ipv4Tcp);
    const cut = (captured: number) => decodeOne(frame, { captured, wire: frame.length });
    expect(cut(37)).toMatchObject({
      packet: { sourcePort: 0, controlBits: 0, detail: 0 },
      notices: ['transportTruncated'],
    });
    expect(cut(38)).toMatchObject({ packet: { sourcePort: 40000, controlBits: 0, detail: 0 } });
    expect(cut(47)).toMatchObject({ packet: { sourcePort: 40000, controlBits: 0, detail: 0 } });
    expect(cut(48)).toMatchObject({
      packet: { controlBits: 0x12, detail: DETAIL_TCP },
      notices: ['transportTruncated'],
    });
    expect(cut(54)).toMatchObject({ packet: { controlBits: 0x12 }, notices: [] });
  });
});
