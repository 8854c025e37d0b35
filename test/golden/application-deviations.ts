/**
 * Where applications that flowtap tells of real captures differ from what others tell: each value of each flow, with the reason
 * and who is right. applications.process.test.ts holds it against what both say: no row may be missing, none too many.
 */
import type { Difference } from '../support/applications-truth.ts';

export interface Deviation extends Difference {
  readonly capture: string;
  readonly why: string;
  /** Whose value a user would expect; both: they mean different things. */
  readonly right: 'ours' | 'theirs' | 'both';
}

/** Values of one capture that differ for one reason: flow, field, ours, theirs. */
function of(
  capture: string,
  right: Deviation['right'],
  why: string,
  ...values: readonly (readonly [flow: string, field: string, ours: string | undefined, theirs: string])[]
): Deviation[] {
  return values.map(([flow, field, ours, theirs]) => ({ capture, flow, field, ours, theirs, why, right }));
}

export const DEVIATIONS: readonly Deviation[] = [
  ...of(
    'ndpi-anyconnect-vpn.pcap',
    'both',
    'the first question of the flow; nDPI tells that of a later packet (tshark: frames 96 and 208)',
    [
      'UDP [fe80::408:3e45:3abc:1552]:5353 > [ff02::fb]:5353',
      'serverName',
      '_companion-link._tcp.local',
      '_raop._tcp.local',
    ],
    [
      'UDP 10.0.0.213:5353 > 224.0.0.251:5353',
      'serverName',
      '_companion-link._tcp.local',
      '_raop._tcp.local',
    ],
  ),
  ...of(
    'ndpi-anyconnect-vpn.pcap',
    'ours',
    'a group address of SSDP is no name',
    ['UDP 10.0.0.227:57547 > 239.255.255.250:1900', 'serverName', undefined, '239.255.255.250:1900'],
    ['UDP 10.0.0.227:61328 > 239.255.255.250:1900', 'serverName', undefined, '239.255.255.250:1900'],
  ),
  ...of(
    'ndpi-dns_fragmented.pcap',
    'both',
    'the answer comes in fragments: ours is the time to its first, tshark reassembles and takes the last',
    ['UDP 172.217.40.76:56680 193.24.227.238:53', 'dnsResponseTimeMicroseconds', '572', '589'],
    [
      'UDP [2001:470:765b::a25:53]:53 [2a00:1450:4013:c03::10a]:46433',
      'dnsResponseTimeMicroseconds',
      '679',
      '697',
    ],
    [
      'UDP [2001:470:765b::a25:53]:53 [2a00:1450:4013:c06::105]:63369',
      'dnsResponseTimeMicroseconds',
      '584',
      '603',
    ],
    ['UDP 173.194.169.104:59464 193.24.227.238:53', 'dnsResponseTimeMicroseconds', '608', '625'],
    ['UDP 193.24.227.238:53 74.125.47.136:59330', 'dnsResponseTimeMicroseconds', '263', '303'],
  ),
  ...of(
    'ndpi-dns_fragmented.pcap',
    'both',
    'the question was asked again after 5 s: ours counts from the first one, tshark from the second',
    [
      'UDP [2001:470:1f0b:16b0:20c:29ff:fe7c:a4cb]:55729 [2001:470:765b::a25:53]:53',
      'dnsResponseTimeMicroseconds',
      '5010515',
      '10415',
    ],
  ),
  ...of(
    'ndpi-dns_fragmented.pcap',
    'both',
    'the answer comes in fragments: ours is the time to its first, tshark reassembles and takes the last',
    ['UDP 193.24.227.238:53 194.247.5.6:51791', 'dnsResponseTimeMicroseconds', '12970', '13008'],
  ),
  ...of(
    'ndpi-doq.pcapng',
    'ours',
    'DNS over QUIC is named apart, by the ALPN that the client offers (doq-i00)',
    ['UDP [::1]:47826 > [::1]:784', 'applicationName', 'doq', 'QUIC'],
  ),
  ...of(
    'ndpi-http_guessed_host_and_guessed.pcapng',
    'both',
    'a guess by ports, both of which are well known; that of the responder counts',
    ['TCP 170.33.13.5:110 > 192.168.0.1:179', 'applicationName', 'bgp', 'POP3'],
  ),
  ...of(
    'ndpi-ipp.pcap',
    'theirs',
    'the response comes behind 200 segments of the request, of which 16 are waited for',
    ['TCP 10.10.10.251:631 10.10.10.49:55342', 'httpStatusCode', undefined, '200'],
    ['TCP 10.10.10.251:631 10.10.10.49:55342', 'httpContentType', undefined, 'application/ipp'],
  ),
  ...of(
    'ndpi-quic-forcing-vn-with-data.pcapng',
    'both',
    'ours is the version that was agreed on behind a Version Negotiation, theirs that of the first packet',
    ['UDP 192.168.56.103:55523 192.168.56.104:4433', 'quicVersion', '1', '3132799674'],
  ),
  ...of(
    'ndpi-quic_frags_ch_in_multiple_packets.pcapng',
    'theirs',
    'a record has room for 64 octets of them, and has the first ones whole',
    [
      'UDP ::1:58822 > ::1:4443',
      'tlsAlpn',
      'h3-34,hq-34,h3-33,hq-33,h3-32,hq-32,h3-31,hq-31,h3-29,hq-29',
      'h3-34,hq-34,h3-33,hq-33,h3-32,hq-32,h3-31,hq-31,h3-29,hq-29,h3-30,hq-30,h3-28,hq-28,h3-27,hq-27,h3,hq-interop',
    ],
    [
      'UDP [::1]:4443 [::1]:58822',
      'tlsAlpnOffered',
      'h3-34,hq-34,h3-33,hq-33,h3-32,hq-32,h3-31,hq-31,h3-29,hq-29',
      'h3-34,hq-34,h3-33,hq-33,h3-32,hq-32,h3-31,hq-31,h3-29,hq-29,h3-30,hq-30,h3-28,hq-28,h3-27,hq-27,h3,hq-interop',
    ],
  ),
  ...of(
    'ndpi-quic_q39.pcap',
    'theirs',
    "Google's QUIC before version 1 is named, its own handshake is not read",
    ['UDP 170.216.16.209:38620 > 21.157.183.227:443', 'serverName', undefined, 's.youtube.com'],
  ),
  ...of(
    'ndpi-quic_q50.pcap',
    'theirs',
    "Google's QUIC before version 1 is named, its own handshake is not read",
    ['UDP 248.144.129.147:39203 > 184.151.193.237:443', 'serverName', undefined, 'www.googletagmanager.com'],
  ),
  ...of(
    'ndpi-rdp2.pcap',
    'theirs',
    'TLS within RDP over UDP (MS-RDPEUDP) is not read',
    [
      'UDP 192.168.122.181:54759 192.168.122.2:3389',
      'tlsServerName',
      undefined,
      'win-8qso0d3okbi.hardening.com',
    ],
    [
      'UDP 192.168.122.181:54759 192.168.122.2:3389',
      'tlsJa4',
      undefined,
      't11d070600_c50f5591e341_950472255fe9',
    ],
  ),
  ...of(
    'ndpi-rdp_over_tls.pcap',
    'both',
    'TLS within RDP: the outer protocol keeps the name, the facts of TLS are there',
    ['TCP 91.238.181.21:35888 > 89.31.79.12:3389 vlan=77', 'applicationName', 'rdp', 'TLS'],
  ),
  ...of(
    'ndpi-smtp-starttls.pcap',
    'ours',
    'the name in a greeting is not that of a server; behind STARTTLS the one of the hello is, where there is one',
    ['TCP 10.0.0.1:57406 > 173.194.68.26:25', 'serverName', undefined, 'mx.google.com'],
  ),
  ...of(
    'ndpi-ssh_unidirectional.pcap',
    'ours',
    'the identification of SSH is in a value of its own, sshServerVersion',
    [
      'TCP 192.168.2.198:50306 > 192.168.2.1:22',
      'serverName',
      undefined,
      'SSH-2.0-OpenSSH_7.4p1 Debian-10+deb9u7',
    ],
  ),
  ...of(
    'ndpi-tailscale.pcap',
    'theirs',
    "a flow that begins with three packets that say nothing known, of Tailscale's own here, is given up",
    ['UDP 192.168.88.3:41641 > 18.196.71.179:41641', 'applicationName', undefined, 'Tailscale'],
  ),
  ...of(
    'ndpi-tftp.pcap',
    'theirs',
    'data of TFTP between two ports of their own: two octets and a number say too little',
    ['UDP 192.168.0.10:3445 > 192.168.0.253:50618', 'applicationName', undefined, 'TFTP'],
    ['UDP 172.28.5.170:62058 > 172.28.5.91:44618', 'applicationName', undefined, 'TFTP'],
    ['UDP 192.168.2.200:47649 > 192.168.2.45:35840', 'applicationName', undefined, 'TFTP'],
  ),
  ...of(
    'ndpi-tls_certificate_too_long.pcap',
    'both',
    'the first question of the flow; nDPI tells that of a later packet (tshark: frames 12 and 13)',
    [
      'UDP 192.168.1.121:52251 > 8.8.8.8:53',
      'serverName',
      '121.1.168.192.in-addr.arpa',
      '60.21.149.52.in-addr.arpa',
    ],
  ),
  ...of('ndpi-websocket.pcap', 'theirs', 'the request that made it a WebSocket was not captured', [
    'TCP 192.168.43.135:12345 > 192.168.43.1:50999',
    'applicationName',
    undefined,
    'WebSocket',
  ]),
  ...of(
    'ndpi-youtube_quic.pcap',
    'theirs',
    "Google's QUIC before version 1 is named, its own handshake is not read",
    ['UDP 192.168.1.7:56074 > 216.58.198.33:443', 'serverName', undefined, 'yt3.ggpht.com'],
    ['UDP 192.168.1.7:53859 > 216.58.205.66:443', 'serverName', undefined, 'googleads.g.doubleclick.net'],
    ['UDP 192.168.1.7:54997 > 216.58.205.66:443', 'serverName', undefined, 'pagead2.googlesyndication.com'],
  ),
];
