import { describe, expect, it } from 'vitest';
import { decodeOne, hex } from './decode-support.ts';

const MAC = '020000000002 020000000001';
const IPV4_UDP = '4500 0020 0000 0000 4011 0000 0a000001 0a000002 | 0457 08ae 000c 0000 61626364';
const IPV6_UDP =
  '6000 0000 000c 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002 | 0457 08ae 000c 0000 61626364';
const V4 = {
  version: 4,
  source: '10.0.0.1',
  destination: '10.0.0.2',
  protocol: 17,
  sourcePort: 1111,
  destinationPort: 2222,
  ipOctets: 32,
};
const V6 = { ...V4, version: 6, source: '2001:db8::1', destination: '2001:db8::2', ipOctets: 52 };
/** Two words of present bits, alignment, TSFT, and flags that tell of a padded 802.11 header. */
const RADIOTAP_WITH_PAD = '00 00 1900 03000080 00000000 00000000 0000000000000000 20';

describe('link types', () => {
  const WLAN = `${MAC} 020000000003 0000`;
  const SNAP = 'aaaa03 000000';
  /** The last is octets of the text that are no part of the frame: what whoever captured has written. */
  const cases: [string, number, string, typeof V4, number?][] = [
    ['raw IPv4', 101, IPV4_UDP, V4],
    ['raw IPv6', 101, IPV6_UDP, V6],
    ['raw of BSD', 12, IPV4_UDP, V4],
    ['raw of OpenBSD', 14, IPV6_UDP, V6],
    ['IPv4', 228, IPV4_UDP, V4],
    ['IPv6', 229, IPV6_UDP, V6],
    ['null, little endian', 0, `02000000 ${IPV4_UDP}`, V4],
    ['null, big endian', 0, `00000002 ${IPV4_UDP}`, V4],
    ['null, IPv6 of Darwin', 0, `1e000000 ${IPV6_UDP}`, V6],
    ['null, IPv6 of FreeBSD', 0, `0000001c ${IPV6_UDP}`, V6],
    ['loop, IPv6 of OpenBSD', 108, `00000018 ${IPV6_UDP}`, V6],
    ['cooked', 113, `0000 0001 0006 0200000000010000 0800 ${IPV4_UDP}`, V4, 16],
    ['cooked 2', 276, `86dd 0000 00000002 0001 00 06 0200000000010000 ${IPV6_UDP}`, V6, 20],
    ['cooked with LLC', 113, `0000 0001 0006 0200000000010000 0004 ${SNAP} 0800 ${IPV4_UDP}`, V4, 16],
    ['PPP', 9, `ff03 0021 ${IPV4_UDP}`, V4],
    ['PPP without address', 9, `0057 ${IPV6_UDP}`, V6],
    ['PPP, protocol of one octet', 9, `21 ${IPV4_UDP}`, V4],
    ['PPP serial', 50, `ff03 21 ${IPV4_UDP}`, V4],
    ['PPP serial with Cisco HDLC', 50, `0f00 0800 ${IPV4_UDP}`, V4],
    ['PPPoE', 51, `11 00 0001 0022 0021 ${IPV4_UDP}`, V4],
    ['PPP with direction', 204, `01 ff03 0021 ${IPV4_UDP}`, V4, 1],
    ['Cisco HDLC', 104, `8f00 86dd ${IPV6_UDP}`, V6],
    ['Cisco HDLC with direction', 205, `00 0f00 0800 ${IPV4_UDP}`, V4, 1],
    ['frame relay, NLPID', 107, `1841 03 cc ${IPV4_UDP}`, V4],
    ['frame relay, NLPID of IPv6 with pad', 107, `1841 03 00 8e ${IPV6_UDP}`, V6],
    ['frame relay, SNAP', 107, `1841 03 00 80 000000 0800 ${IPV4_UDP}`, V4],
    ['frame relay of Cisco, long address', 107, `18400041 0800 ${IPV4_UDP}`, V4],
    ['frame relay with direction', 206, `01 1841 03 cc ${IPV4_UDP}`, V4, 1],
    ['RFC 1483', 100, `${SNAP} 0800 ${IPV4_UDP}`, V4],
    ['802.11', 105, `0801 0000 ${WLAN} ${SNAP} 0800 ${IPV4_UDP}`, V4],
    ['802.11 QoS, four addresses', 105, `8803 0000 ${WLAN} 020000000004 0000 ${SNAP} 86dd ${IPV6_UDP}`, V6],
    ['radiotap', 127, `00 00 0800 00000000 0802 0000 ${WLAN} ${SNAP} 0800 ${IPV4_UDP}`, V4, 8],
    [
      'radiotap, padded header',
      127,
      `${RADIOTAP_WITH_PAD} 8802 0000 ${WLAN} 0000 0000 ${SNAP} 0800 ${IPV4_UDP}`,
      V4,
      25,
    ],
    ['PPI', 192, `00 00 0800 69000000 0801 0000 ${WLAN} ${SNAP} 0800 ${IPV4_UDP}`, V4, 8],
    ['AVS', 163, `80211001 00000040 ${'00'.repeat(56)} 0801 0000 ${WLAN} ${SNAP} 0800 ${IPV4_UDP}`, V4, 64],
    [
      'Prism',
      119,
      `44000000 90000000 ${'00'.repeat(136)} 0801 0000 ${WLAN} ${SNAP} 0800 ${IPV4_UDP}`,
      V4,
      144,
    ],
    ['token ring', 6, `10 40 ${MAC} ${SNAP} 0800 ${IPV4_UDP}`, V4],
    ['token ring, routed', 6, `10 40 020000000002 820000000001 0630 0011 0010 ${SNAP} 0800 ${IPV4_UDP}`, V4],
    ['FDDI', 10, `51 ${MAC} ${SNAP} 0800 ${IPV4_UDP}`, V4],
    ['pflog', 117, `3d 02 00 00 ${'00'.repeat(60)} ${IPV4_UDP}`, V4, 64],
    ['ipnet', 226, `${'00'.repeat(24)} ${IPV6_UDP}`, V6, 24],
    ['nflog', 239, `02 00 0000 0800 0100 08000000 2400 0900 ${IPV4_UDP}`, V4, 16],
    ['pktap', 258, `0c000000 01000000 0c000000 ${IPV4_UDP}`, V4, 12],
    ['DSA tag', 284, `${MAC} 40000000 0800 ${IPV4_UDP}`, V4],
    ['EDSA tag', 285, `${MAC} dada0000 40000000 0800 ${IPV4_UDP}`, V4],
    ['Broadcom tag', 281, `${MAC} 20000008 0800 ${IPV4_UDP}`, V4],
    ['Broadcom tag before the frame', 282, `20000008 ${MAC} 0800 ${IPV4_UDP}`, V4],
    ['Ethernet, SNAP', 1, `${MAC} 0028 ${SNAP} 0800 ${IPV4_UDP}`, V4],
    ['Ethernet, LLC of IP', 1, `${MAC} 0023 060603 ${IPV4_UDP}`, V4],
    [
      'NSH, one in another',
      1,
      `${MAC} 894f 0fc60104 000001ff ${'00'.repeat(16)} 0fc20201 000001fe ${IPV4_UDP}`,
      V4,
    ],
    ['NSH before a frame', 1, `${MAC} 894f 0fc20203 000001ff ${MAC} 86dd ${IPV6_UDP}`, V6],
    ['batman-adv, unicast', 1, `${MAC} 4305 400f3201 0200000000aa ${MAC} 0800 ${IPV4_UDP}`, V4],
    ['batman-adv, broadcast', 1, `${MAC} 4305 010f3200 00000001 0200000000aa ${MAC} 0800 ${IPV4_UDP}`, V4],
    [
      'batman-adv, four addresses',
      1,
      `${MAC} 4305 420f3201 0200000000aa 0200000000bb 0100 ${MAC} 0800 ${IPV4_UDP}`,
      V4,
    ],
    ['Arista, 64 bits', 1, `${MAC} d28b 0001 0111 6955b900 00000001 0800 ${IPV4_UDP}`, V4],
    ['Arista, 48 bits', 1, `${MAC} d28b 0001 0020 b900 00000001 86dd ${IPV6_UDP}`, V6],
    ['Gigamon', 1, `${MAC} 22e5 0a 0203 018019 0102 0044 0800 ${IPV4_UDP}`, V4],
    ['FabricPath', 1, `${MAC} 8903 0140 ${MAC} 0800 ${IPV4_UDP}`, V4],
    [
      'MACsec in the clear',
      1,
      `${MAC} 88e5 20 20 00000001 0200000000010001 0800 ${IPV4_UDP} ${'cc'.repeat(16)}`,
      V4,
    ],
  ];
  for (const [name, linkType, text, packet, leftOut = 0] of cases) {
    it(`${name}, and cut at every length`, () => {
      const bytes = hex(text);
      const whole = decodeOne(bytes, { linkType });
      expect(whole.reason).toBe('accepted');
      expect(whole.packet).toMatchObject({ ...packet, frameOctets: bytes.length - leftOut });
      expect(whole.notices).toEqual([]);
      const ip =
        text.replace(/[\s|]/g, '').indexOf((packet === V4 ? IPV4_UDP : IPV6_UDP).replace(/[\s|]/g, '')) / 2;
      const header = packet === V4 ? 20 : 40;
      for (let captured = 0; captured < ip + header + 8; captured++) {
        const cut = decodeOne(bytes, { linkType, captured, wire: bytes.length });
        const short = decodeOne(bytes.subarray(0, captured), { linkType });
        if (captured < ip + header) {
          expect(cut.reason).toMatch(/Truncated$/);
          expect(short.reason).toMatch(/TooShort$/);
        } else {
          expect(cut.notices).toEqual(['transportTruncated']);
          expect(short.notices).toEqual(['transportMalformed', 'ipLengthBeyondFrame']);
        }
      }
    });
  }

  it('headers of capture cards and routers do not count to the frame', () => {
    const ethernet = `${MAC} 0800 ${IPV4_UDP}`;
    const erf = (type: string, extensions = '') =>
      `${'00'.repeat(8)} ${type} 04 0000 0000 0000 ${extensions}`;
    const headers: [header: string, linkType: number, frame: string][] = [
      [`${erf('02')} 0000`, 197, ethernet],
      [`${erf('82', '00'.repeat(8))} 0000`, 197, ethernet],
      [erf('16'), 197, IPV4_UDP],
      [erf('01'), 197, `0f00 0800 ${IPV4_UDP}`],
      ['4d474300', 178, ethernet],
      ['4d474380 0006 000000000000', 178, ethernet],
      ['4d474302 02000000', 178, IPV4_UDP],
      ['4d474301', 179, `ff03 0021 ${IPV4_UDP}`],
    ];
    for (const [header, linkType, frame] of headers) {
      const { packet } = decodeOne(hex(`${header} ${frame}`), { linkType });
      expect(packet?.frameOctets, header).toBe(hex(frame).length);
    }
  });

  it('a check sequence that radiotap or PPI tell of does not count to the frame', () => {
    const frame = `0801 0000 ${WLAN} ${SNAP} 0800 ${IPV4_UDP}`;
    const common = (flags: string) =>
      `00 00 2000 69000000 0200 1400 0000000000000000 ${flags} 0000 0000 0000 00 00 00 00`;
    const cases: [header: string, linkType: number, checkOctets: number][] = [
      ['00 00 0900 02000000 10', 127, 4],
      ['00 00 0900 02000000 00', 127, 0],
      [common('0100'), 192, 4],
      [common('0000'), 192, 0],
    ];
    for (const [header, linkType, checkOctets] of cases) {
      const bytes = hex(`${header} ${frame} ${'fc'.repeat(checkOctets)}`);
      expect(decodeOne(bytes, { linkType }).packet, header).toMatchObject({
        ...V4,
        frameOctets: hex(frame).length,
      });
    }
  });

  it('any other is unsupported', () => {
    for (const linkType of [2, 195, 147, 65535]) {
      expect(decodeOne(hex(IPV4_UDP), { linkType }).reason).toBe('unsupportedLinkType');
    }
  });
});

describe('frames that are not IP', () => {
  const cases: [string, string, number?][] = [
    ['arp', `${MAC} 0806 0001`],
    ['rarp', `${MAC} 8035 0001`],
    ['lldp', `${MAC} 88cc 0207`],
    ['spanningTree', `${MAC} 0026 424203 0000`],
    ['llc', `${MAC} 0026 f0f003 0000`],
    ['snap', `${MAC} 0026 aaaa03 00000c 2000 0000`],
    ['snap', `${MAC} 0026 aaaa03 000000 0010 0000`],
    ['ipx', `${MAC} 0026 ffff 0022`],
    ['ipx', `${MAC} 8137 ffff`],
    ['isoOsi', `${MAC} 0026 fefe03 83`],
    ['eapol', `${MAC} 888e 0100`],
    ['pppoeDiscovery', `${MAC} 8863 1109`],
    ['slowProtocol', `${MAC} 8809 0101`],
    ['flowControl', `${MAC} 8808 0001`],
    ['ptp', `${MAC} 88f7 0002`],
    ['macsec', `${MAC} 88e5 2c00 00000001`],
    ['otherEtherType', `${MAC} 9000 0000`],
    ['otherEtherType', `${MAC} 05dd 0000`],
    ['pppControl', 'ff03 c021 0101', 9],
    ['pppOther', '002b 0000', 9],
    ['pppCompressed', '002d 0000', 9],
    ['pppoeMalformed', `${MAC} 8864 2100 0001 0002 0021`],
    ['hdlcKeepalive', '8f00 8035 00000002', 104],
    ['mplsNotIp', `${MAC} 8847 00001140 10000000`],
    ['wlanNotData', '8000 0000', 105],
    ['wlanNotData', '4801 0000', 105],
    ['wlanProtected', '0841 0000', 105],
    ['wlanAggregate', `8801 0000 ${MAC} 020000000003 0000 8000`, 105],
    ['otherLinkProtocol', '00000007', 0],
    ['otherLinkProtocol', '0000 0338 0000 0000000000000000 0000', 113],
    ['ipVersion', '50', 101],
    ['linkMalformed', `${MAC} 894f 0fc10101 000001ff`],
    ['linkMalformed', `${MAC} 22e5 00 0800`],
    ['otherEtherType', `${MAC} 894f 4fc20201 000001ff`],
    ['otherEtherType', `${MAC} 894f 0fc20206 000001ff`],
    ['otherEtherType', `${MAC} 4305 000f3200 00000001`],
    ['otherEtherType', `${MAC} 4305 400e3201 0200000000aa`],
    ['otherEtherType', `${MAC} d28b cafe 0001`],
    ['otherEtherType', `${MAC} d28b 0001 0030`],
    ['linkTooShort', `${MAC} 893f e001 0064 0000 08`],
    ['linkTooShort', `${MAC} 88e7 00abcdef ${MAC} 08`],
    ['linkTooShort', `${MAC} 22f3 003f 0001`],
    ['lldp', `${MAC} 8926 00640001 88cc`],
    ['linkMalformed', '4d474400 020000000002', 178],
    ['linkTooShort', '4d474380 00', 178],
    ['otherLinkProtocol', '4d474302 07000000 45', 178],
    ['linkTooShort', `${'00'.repeat(8)} 82 04 0000 0000 0000 00`, 197],
    ['linkMalformed', `${'00'.repeat(8)} 82 04 0000 0000 0000 ${'80'.repeat(136)}`, 197],
    ['otherLinkProtocol', `${'00'.repeat(8)} 1b 04 0000 0000 0000 00`, 197],
    ['otherLinkProtocol', '00000063 00000001 00000002 45', 109],
    ['linkTooShort', '00'.repeat(43), 242],
    ['vlanTagLimit', `${MAC} 8100 ${'0001 8100'.repeat(9)}`],
    ['mplsLabelLimit', `${MAC} 8847 ${'00001040'.repeat(33)}`],
  ];
  for (const [reason, text, linkType = 1] of cases) {
    it(`${reason}: ${text.slice(0, 60)}`, () => {
      expect(decodeOne(hex(text), { linkType })).toMatchObject({ reason, packet: undefined });
    });
  }
});

describe('a frame behind a refused label stack', () => {
  it.each([
    ['that goes on too long', `${MAC} 8847 ${'00001040'.repeat(33)}`, 'mplsLabelLimit'],
    ['that is cut', `${MAC} 8847 00064209 0000`, 'linkTooShort'],
  ])('has none of its labels: one %s', (_, text, reason) => {
    expect(decodeOne(hex(text)).reason).toBe(reason);
    // IPv4 with a fragment goes the general way, whose record is used again.
    const next = decodeOne(hex(`${MAC} 0800 ${IPV4_UDP.replace('0000 0000 4011', '0000 2000 4011')}`));
    expect(next.encapsulation!.every((word) => word === 0)).toBe(true);
  });
});
