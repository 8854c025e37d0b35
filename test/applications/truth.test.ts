/** Payload inspection of real captures against facts that others found. Deviations are listed with their reason. */
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { differences, truthFiles, truths } from '../support/applications-truth.ts';
import { describeWithCaptures } from '../support/captures.ts';
import { inspectCapture } from '../support/inspect-capture.ts';

interface Deviation {
  readonly why: string;
  readonly found: readonly string[];
}

const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  'ndpi-anyconnect-vpn.pcap': {
    why: 'the first question of the flow; nDPI tells that of a later packet (tshark: frames 96 and 208)',
    found: [
      'UDP [fe80::408:3e45:3abc:1552]:5353 > [ff02::fb]:5353: host name _raop._tcp.local is _companion-link._tcp.local',
      'UDP 10.0.0.213:5353 > 224.0.0.251:5353: host name _raop._tcp.local is _companion-link._tcp.local',
    ],
  },
  'ndpi-doq.pcapng': {
    why: 'DNS over QUIC is named apart, by the ALPN that the client offers (doq-i00)',
    found: ['UDP [::1]:47826 > [::1]:784: QUIC is doq'],
  },
  'ndpi-quic_q39.pcap': {
    why: "Google's QUIC before version 1 is named, its own handshake is not read",
    found: ['UDP 170.216.16.209:38620 > 21.157.183.227:443: host name s.youtube.com is undefined'],
  },
  'ndpi-quic_q50.pcap': {
    why: "Google's QUIC before version 1 is named, its own handshake is not read",
    found: [
      'UDP 248.144.129.147:39203 > 184.151.193.237:443: host name www.googletagmanager.com is undefined',
    ],
  },
  'ndpi-youtube_quic.pcap': {
    why: "Google's QUIC before version 1 is named, its own handshake is not read",
    found: [
      'UDP 192.168.1.7:56074 > 216.58.198.33:443: host name yt3.ggpht.com is undefined',
      'UDP 192.168.1.7:53859 > 216.58.205.66:443: host name googleads.g.doubleclick.net is undefined',
      'UDP 192.168.1.7:54997 > 216.58.205.66:443: host name pagead2.googlesyndication.com is undefined',
    ],
  },
  'ndpi-smtp-starttls.pcap': {
    why: 'a hello behind STARTTLS is not read, nor the name in a greeting',
    found: [
      'TCP 10.0.0.1:57406 > 173.194.68.26:25: host name mx.google.com is undefined',
      'TCP [2003:de:2016:125:fc36:8317:4e86:cb72]:7562 > [2003:de:2016:120::a08:53]:25 vlan=125: host name dovecot.weberlab.de is undefined',
      'TCP 10.0.0.1:57406 > 173.194.68.26:25: JA4 t10i290100_cdba58456bdf_e78b541c01a9 is undefined',
      'TCP 2003:de:2016:125:fc36:8317:4e86:cb72:7562 > 2003:de:2016:120::a08:53:25: server name dovecot.weberlab.de is undefined',
      'TCP 2003:de:2016:125:fc36:8317:4e86:cb72:7562 > 2003:de:2016:120::a08:53:25: JA4 t12d150900_073e58a039a6_b44afb9f0e6a is undefined',
    ],
  },
  'ndpi-tls_certificate_too_long.pcap': {
    why: 'the first question of the flow; nDPI tells that of a later packet (tshark: frames 12 and 13)',
    found: [
      'UDP 192.168.1.121:52251 > 8.8.8.8:53: host name 60.21.149.52.in-addr.arpa is 121.1.168.192.in-addr.arpa',
    ],
  },
};

describeWithCaptures(truthFiles, 'what others found in the same captures', () => {
  it.each(truthFiles.map((file) => [basename(file), file]))('%s', async (name, file) => {
    const found = differences(await inspectCapture(file), truths[name]!);
    expect(found).toEqual(DEVIATIONS[name]?.found ?? []);
  });
});
