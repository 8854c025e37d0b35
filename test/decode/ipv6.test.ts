import { describe, expect, it } from 'vitest';
import { DETAIL_FRAGMENT, DETAIL_LATER_FRAGMENT, DETAIL_TCP } from '../../src/records/decoded-batch.ts';
import { decodeOne, hex, SURROUNDING } from './decode-support.ts';
import { FRAMES } from './seed-frames.ts';

const MAC = '020000000002 020000000001';
const ethernet = (type: string, payload: string): Uint8Array => hex(`${MAC} ${type} ${payload}`);

describe('IPv6', () => {
  const SOURCE = '20010db8000000000000000000000001 20010db8000000000000000000000002';
  const UDP = '0457 08ae 000c 0000 61626364';
  const ipv6 = (next: string, payload: string, length = hex(payload).length) =>
    ethernet('86dd', `6000 0000 ${length.toString(16).padStart(4, '0')} ${next} 40 ${SOURCE} ${payload}`);

  it('fields of a TCP packet', () => {
    expect(decodeOne(hex(FRAMES.ipv6Tcp)).packet).toEqual({
      version: 6,
      source: '2001:db8:1::1',
      destination: '2001:db8:1::2',
      protocol: 6,
      sourcePort: 5000,
      destinationPort: 443,
      vlanId: 0,
      customerVlanId: 0,
      priority: 0,
      observationPoint: 1,
      tosInKey: 0,
      ipOctets: 65,
      frameOctets: 79,
      controlBits: 0x18,
      ttl: 9,
      tos: 0xb8,
      detail: DETAIL_TCP,
      flowLabel: 0x12345,
      fragmentId: 0,
      linkOffset: SURROUNDING,
      extensionHeaders: 0,
    });
  });

  // Bits of IE 64: destination 0, hop-by-hop 1, unknown 3, first fragment 4, routing 5, later fragment 6, mobility 12,
  // ESP 13, AH 14, compression 15.
  it('walks hop-by-hop, destination, routing and fragment headers', () => {
    const outcome = decodeOne(hex(FRAMES.ipv6Chain));
    expect(outcome.packet).toMatchObject({
      protocol: 17,
      sourcePort: 3,
      destinationPort: 4,
      fragmentId: 0xdeadbeef,
      detail: DETAIL_FRAGMENT,
      extensionHeaders: 0b11_0011,
    });
    expect(outcome.notices).toEqual(['fragmentFirst']);
  });

  it('later fragments', () => {
    expect(decodeOne(hex(FRAMES.ipv6LaterFragment))).toMatchObject({
      packet: {
        protocol: 17,
        sourcePort: 0,
        destinationPort: 0,
        fragmentId: 0xdeadbeef,
        detail: DETAIL_FRAGMENT | DETAIL_LATER_FRAGMENT,
        extensionHeaders: 1 << 6,
      },
      notices: ['fragmentLater'],
    });
  });

  const cases: [string, Uint8Array, object, string[]][] = [
    [
      'authentication header is walked through',
      ipv6('33', `11 04 0000 00000001 00000001 ${'00'.repeat(12)} ${UDP}`),
      { protocol: 17, destinationPort: 2222, extensionHeaders: 1 << 14 },
      [],
    ],
    [
      'ESP is the protocol',
      ipv6('32', '00000001 00000001'),
      { protocol: 50, destinationPort: 0, extensionHeaders: (1 << 13) | (1 << 3) },
      [],
    ],
    ['no next header', ipv6('3b', '00'), { protocol: 59, destinationPort: 0, extensionHeaders: 1 << 16 }, []],
    ['no next header, no payload', ipv6('3b', ''), { protocol: 59, ipOctets: 40 }, []],
    [
      'mobility header is the protocol',
      ipv6('87', '3b 00 05 00 0000 0000'),
      { protocol: 135, destinationPort: 0, extensionHeaders: (1 << 12) | (1 << 16) },
      [],
    ],
    [
      'atomic fragment is a whole packet',
      ipv6('2c', `11 00 0000 00000007 ${UDP}`),
      { protocol: 17, destinationPort: 2222, detail: 0, fragmentId: 0, extensionHeaders: 1 << 4 },
      [],
    ],
    [
      'hop-by-hop behind another',
      ipv6('3c', `00 00 0104 00000000 11 00 0104 00000000 ${UDP}`),
      { protocol: 0, destinationPort: 0, extensionHeaders: 0b1011 | (1 << 21) },
      ['ipv6HopByHopMisplaced'],
    ],
    [
      'header beyond the packet',
      ipv6('3c', `11 02 0104 00000000 ${UDP}`),
      { protocol: 60, destinationPort: 0, extensionHeaders: 0b1001 | (1 << 21) },
      ['ipv6ChainMalformed'],
    ],
    ['header up to the end of the packet', ipv6('3c', `3b 01 ${'00'.repeat(14)}`), { protocol: 59 }, []],
    [
      'ten headers',
      ipv6('3c', `${'3c 00 0104 00000000'.repeat(9)} 11 00 0104 00000000 ${UDP}`),
      { protocol: 17, destinationPort: 2222 },
      [],
    ],
    [
      'eleven headers',
      ipv6('3c', `${'3c 00 0104 00000000'.repeat(10)} 11 00 0104 00000000 ${UDP}`),
      { protocol: 60, destinationPort: 0 },
      ['ipv6ChainLimit'],
    ],
    [
      '512 octets of headers',
      ipv6('3c', `11 3f ${'00'.repeat(510)} ${UDP}`),
      { protocol: 17, destinationPort: 2222 },
      [],
    ],
    [
      '520 octets of headers',
      ipv6('3c', `11 40 ${'00'.repeat(518)} ${UDP}`),
      { protocol: 60, destinationPort: 0 },
      ['ipv6ChainLimit'],
    ],
    [
      'first fragment that ends within the chain',
      ipv6('2c', '3c 00 0001 00000007 11 02 0104 00000000'),
      { protocol: 60, fragmentId: 7 },
      ['fragmentFirst', 'ipv6FirstFragmentIncomplete'],
    ],
    [
      'first fragment that ends within the transport header',
      ipv6('2c', '11 00 0001 00000007 0457 08ae'),
      { protocol: 17, destinationPort: 2222 },
      ['transportMalformed', 'fragmentFirst', 'ipv6FirstFragmentIncomplete'],
    ],
    [
      'length 0 without a jumbo option',
      ipv6('11', UDP, 0),
      { ipOctets: 52, destinationPort: 2222 },
      ['ipLengthZero'],
    ],
    [
      'jumbo option that is not believed',
      ipv6('00', `11 00 c204 00010000 ${UDP}`, 0),
      { ipOctets: 60, destinationPort: 2222 },
      ['ipLengthZero', 'ipv6ChainMalformed'],
    ],
    [
      'padding without end before a jumbo option',
      ipv6('00', `11 04 ${'00'.repeat(32)} c204 00010000 ${UDP}`, 0),
      { ipOctets: 92 },
      ['ipLengthZero', 'ipv6OptionLimit'],
    ],
  ];
  for (const [name, frame, packet, notices] of cases) {
    it(name, () => {
      const outcome = decodeOne(frame);
      expect(outcome.packet).toMatchObject(packet);
      expect(outcome.notices).toEqual(notices);
    });
  }

  it('jumbo payload, one below and at what the frame holds', () => {
    const frame = ipv6('00', `11 00 c204 00011170 ${UDP}`, 0);
    const payload = 70_000;
    const wire = (octets: number) => decodeOne(frame, { captured: frame.length, wire: octets });
    expect(wire(14 + 40 + payload)).toMatchObject({
      packet: { ipOctets: 40 + payload, destinationPort: 2222 },
      notices: [],
    });
    expect(wire(13 + 40 + payload).notices).toEqual(['ipLengthZero', 'ipv6ChainMalformed']);
    const small = ipv6('00', `11 00 c204 0000ffff ${UDP}`, 0);
    expect(decodeOne(small, { wire: 90_000 })).toMatchObject({ packet: { ipOctets: 90_000 - 14 } });
  });

  it('chain cut by the snap length: metered, with the header that could not be read as its protocol', () => {
    const frame = hex(FRAMES.ipv6Chain);
    const protocols = [0, 60, 43, 44];
    for (let captured = 54; captured < 54 + 32; captured++) {
      const outcome = decodeOne(frame, { captured, wire: frame.length });
      expect(outcome.packet).toMatchObject({
        protocol: protocols[(captured - 54) >> 3],
        destinationPort: 0,
        ipOctets: 84,
      });
      expect(outcome.notices).toEqual(['ipv6ChainTruncated']);
    }
  });

  it('version', () => {
    const frame = hex(FRAMES.ipv6Tcp);
    frame[14] = 0x40;
    expect(decodeOne(frame).reason).toBe('ipv6Version');
  });
});
