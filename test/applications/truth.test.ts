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
    why: 'the first question of the flow; nDPI tells that of a later packet (tshark: frames 96 and 208); a group address of SSDP is no name',
    found: [
      'UDP [fe80::408:3e45:3abc:1552]:5353 > [ff02::fb]:5353: host name _raop._tcp.local is _companion-link._tcp.local',
      'UDP 10.0.0.213:5353 > 224.0.0.251:5353: host name _raop._tcp.local is _companion-link._tcp.local',
      'UDP 10.0.0.227:57547 > 239.255.255.250:1900: host name 239.255.255.250:1900 is undefined',
      'UDP 10.0.0.227:61328 > 239.255.255.250:1900: host name 239.255.255.250:1900 is undefined',
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
  'ndpi-http_guessed_host_and_guessed.pcapng': {
    why: 'a guess by ports, both of which are well known; that of the responder counts',
    found: ['TCP 170.33.13.5:110 > 192.168.0.1:179: POP3 is bgp'],
  },
  'ndpi-rdp_over_tls.pcap': {
    why: 'TLS within RDP: the outer protocol keeps the name, the facts of TLS are there',
    found: ['TCP 91.238.181.21:35888 > 89.31.79.12:3389 vlan=77: TLS is rdp'],
  },
  'ndpi-smtp-starttls.pcap': {
    why: 'the name in a greeting is not that of a server; behind STARTTLS the one of the hello is, where there is one',
    found: ['TCP 10.0.0.1:57406 > 173.194.68.26:25: host name mx.google.com is undefined'],
  },
  'ndpi-ssh_unidirectional.pcap': {
    why: 'the identification of SSH is in a value of its own, sshServerVersion',
    found: [
      'TCP 192.168.2.198:50306 > 192.168.2.1:22: host name SSH-2.0-OpenSSH_7.4p1 Debian-10+deb9u7 is undefined',
    ],
  },
  'ndpi-tftp.pcap': {
    why: 'data of TFTP between two ports of their own: two octets and a number say too little',
    found: [
      'UDP 192.168.0.10:3445 > 192.168.0.253:50618: TFTP is undefined',
      'UDP 172.28.5.170:62058 > 172.28.5.91:44618: TFTP is undefined',
      'UDP 192.168.2.200:47649 > 192.168.2.45:35840: TFTP is undefined',
    ],
  },
  'ndpi-websocket.pcap': {
    why: 'the request that made it a WebSocket was not captured',
    found: ['TCP 192.168.43.135:12345 > 192.168.43.1:50999: WebSocket is undefined'],
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
