/** Two flows whose records have a value of its own in nearly every place, for tests of what is written of them. */
import { ipv4, ipv6, type TestFlow } from '../export/records.ts';

/** Both directions, IPv4; octets that 32 bits do not hold, a MAC address that a signed number does not. */
export const TCP: TestFlow = {
  source: ipv4('10.0.0.1'),
  destination: ipv4('192.0.2.1'),
  ipVersion: 4,
  protocol: 6,
  ports: [40_000, 443],
  vlan: 7,
  observationPoint: 2,
  endReason: 3,
  macs: [
    [0x82, 0, 0, 0, 0, 1],
    [2, 0, 0, 0, 0, 0xff],
  ],
  forward: {
    packets: 3,
    octets: 2 ** 40 + 1,
    layer2Octets: 2 ** 40 + 42,
    firstNs: 1_999_999,
    lastNs: 2_000_000_001,
    tcpFlags: 0x1b,
    tos: 0x10,
    ttl: [63, 64],
    lengths: [40, 1500],
  },
  reverse: {
    packets: 2,
    octets: 99,
    firstNs: 5e6,
    lastNs: 6e6,
    tcpFlags: 0x12,
    ttl: [50, 50],
    lengths: [40, 59],
  },
};

/** An echo request over IPv6, with a code to tell the octets of type and code apart. */
export const PING6: TestFlow = {
  source: ipv6('2001:db8:0:0:0:0:0:1'),
  destination: ipv6('2001:db8:0:0:0:0:0:2'),
  ipVersion: 6,
  protocol: 58,
  ports: [0, 0x8001],
  forward: { packets: 1, octets: 104, firstNs: 0, lastNs: 0, ttl: [255, 255], flowLabel: 0xabcde },
};
