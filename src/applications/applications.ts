/**
 * The applications that payload inspection can name: a row for each, with its number in nDPI's registry, which is the
 * selector of applicationId with classification engine 22 (RFC 6759, IANA classificationEngineIds), and the ports by which
 * a flow is guessed to be one of it. Names are IANA's service names in lower case where these are in use.
 */

export interface Application {
  readonly name: string;
  /** nDPI's number; two that nDPI takes for one have the same, as LDAP with TLS and without. */
  readonly number: number;
  /** For the options table (applicationDescription): at most 54 octets. */
  readonly description: string;
  /** Ports of servers, for a guess. */
  readonly tcp?: readonly number[];
  readonly udp?: readonly number[];
}

export const APPLICATIONS = [
  { name: 'ftp', number: 1, description: 'File Transfer Protocol', tcp: [21] },
  { name: 'pop3', number: 2, description: 'Post Office Protocol', tcp: [110] },
  { name: 'smtp', number: 3, description: 'Simple Mail Transfer Protocol', tcp: [25, 587] },
  { name: 'imap', number: 4, description: 'Internet Message Access Protocol', tcp: [143] },
  { name: 'dns', number: 5, description: 'Domain Name System', tcp: [53], udp: [53] },
  { name: 'http', number: 7, description: 'Hypertext Transfer Protocol', tcp: [80, 8080, 3128, 8000] },
  { name: 'mdns', number: 8, description: 'Multicast DNS', udp: [5353] },
  { name: 'ntp', number: 9, description: 'Network Time Protocol', udp: [123] },
  { name: 'netbios-ns', number: 10, description: 'NetBIOS name service', udp: [137] },
  { name: 'nfs', number: 11, description: 'Network File System', tcp: [2049], udp: [2049] },
  { name: 'ssdp', number: 12, description: 'Simple Service Discovery Protocol', udp: [1900] },
  { name: 'bgp', number: 13, description: 'Border Gateway Protocol', tcp: [179] },
  { name: 'snmp', number: 14, description: 'Simple Network Management Protocol', udp: [161, 162] },
  { name: 'smb1', number: 16, description: 'Server Message Block 1' },
  { name: 'syslog', number: 17, description: 'Syslog', tcp: [514], udp: [514] },
  { name: 'dhcp', number: 18, description: 'Dynamic Host Configuration Protocol', udp: [67, 68] },
  { name: 'postgresql', number: 19, description: 'PostgreSQL', tcp: [5432] },
  { name: 'mysql', number: 20, description: 'MySQL and MariaDB', tcp: [3306] },
  { name: 'pop3s', number: 23, description: 'Post Office Protocol over TLS', tcp: [995] },
  { name: 'coap', number: 27, description: 'Constrained Application Protocol', udp: [5683] },
  { name: 'smtps', number: 29, description: 'Mail submission over TLS', tcp: [465] },
  { name: 'dtls', number: 30, description: 'Datagram Transport Layer Security' },
  { name: 'bittorrent', number: 37, description: 'BitTorrent', tcp: [6881], udp: [6881] },
  { name: 'memcached', number: 40, description: 'Memcached', tcp: [11211], udp: [11211] },
  { name: 'smb', number: 41, description: 'Server Message Block 2 and 3', tcp: [445] },
  { name: 'modbus', number: 44, description: 'Modbus', tcp: [502] },
  { name: 'rtsp', number: 50, description: 'Real-Time Streaming Protocol', tcp: [554] },
  { name: 'imaps', number: 51, description: 'Internet Message Access Protocol over TLS', tcp: [993] },
  { name: 'mongodb', number: 60, description: 'MongoDB', tcp: [27017] },
  { name: 'vxlan', number: 64, description: 'Virtual eXtensible LAN', udp: [4789] },
  { name: 'irc', number: 65, description: 'Internet Relay Chat', tcp: [6667] },
  { name: 'xmpp', number: 67, description: 'Extensible Messaging and Presence Protocol', tcp: [5222, 5269] },
  { name: 'telnet', number: 77, description: 'Telnet', tcp: [23] },
  { name: 'stun', number: 78, description: 'Session Traversal Utilities for NAT', tcp: [3478], udp: [3478] },
  { name: 'ike', number: 79, description: 'Internet Key Exchange', udp: [500, 4500] },
  { name: 'rtp', number: 87, description: 'Real-time Transport Protocol' },
  { name: 'rdp', number: 88, description: 'Remote Desktop Protocol', tcp: [3389], udp: [3389] },
  { name: 'vnc', number: 89, description: 'Virtual Network Computing (RFB)', tcp: [5900] },
  { name: 'tls', number: 91, description: 'Transport Layer Security', tcp: [443, 8443] },
  { name: 'ssh', number: 92, description: 'Secure Shell', tcp: [22] },
  { name: 'tftp', number: 96, description: 'Trivial File Transfer Protocol', udp: [69] },
  { name: 'sip', number: 100, description: 'Session Initiation Protocol', tcp: [5060], udp: [5060] },
  {
    name: 'dhcpv6',
    number: 103,
    description: 'Dynamic Host Configuration Protocol for IPv6',
    udp: [546, 547],
  },
  { name: 'kerberos', number: 111, description: 'Kerberos', tcp: [88], udp: [88] },
  {
    name: 'ldap',
    number: 112,
    description: 'Lightweight Directory Access Protocol',
    tcp: [389, 3268],
    udp: [389],
  },
  { name: 'ldaps', number: 112, description: 'LDAP over TLS', tcp: [636] },
  { name: 'tds', number: 114, description: 'Tabular Data Stream (SQL Server)', tcp: [1433] },
  { name: 'pptp', number: 115, description: 'Point-to-Point Tunneling Protocol', tcp: [1723] },
  { name: 'netflow', number: 128, description: 'NetFlow and IPFIX', tcp: [4739], udp: [2055, 4739, 9995] },
  { name: 'sflow', number: 129, description: 'sFlow', udp: [6343] },
  { name: 'radius', number: 146, description: 'RADIUS', udp: [1812, 1813, 1645, 1646] },
  { name: 'gtp', number: 152, description: 'GPRS Tunnelling Protocol', udp: [2123, 2152] },
  {
    name: 'llmnr',
    number: 154,
    description: 'Link-local multicast name resolution',
    tcp: [5355],
    udp: [5355],
  },
  { name: 'openvpn', number: 159, description: 'OpenVPN', tcp: [1194], udp: [1194] },
  { name: 'rtcp', number: 165, description: 'RTP Control Protocol' },
  { name: 'rsync', number: 166, description: 'rsync', tcp: [873] },
  { name: 'socks', number: 172, description: 'SOCKS', tcp: [1080] },
  { name: 'redis', number: 182, description: 'Redis', tcp: [6379] },
  { name: 'quic', number: 188, description: 'QUIC', udp: [443] },
  { name: 'amqp', number: 192, description: 'Advanced Message Queuing Protocol', tcp: [5672] },
  { name: 'dot', number: 196, description: 'DNS over TLS', tcp: [853] },
  { name: 'doq', number: 196, description: 'DNS over QUIC', udp: [853] },
  { name: 'wireguard', number: 206, description: 'WireGuard', udp: [51820] },
  { name: 'mqtt', number: 222, description: 'Message Queuing Telemetry Transport', tcp: [1883] },
  { name: 'dnp3', number: 244, description: 'Distributed Network Protocol 3', tcp: [20000], udp: [20000] },
  { name: 'iec-104', number: 245, description: 'IEC 60870-5-104', tcp: [2404] },
  { name: 's7comm', number: 249, description: 'S7 Communication', tcp: [102] },
  { name: 'ethernet-ip', number: 278, description: 'EtherNet/IP', tcp: [44818], udp: [44818] },
  { name: 'bacnet', number: 334, description: 'BACnet/IP', udp: [47808] },
  { name: 'opc-ua', number: 360, description: 'OPC Unified Architecture', tcp: [4840] },
  { name: 'kafka', number: 377, description: 'Apache Kafka', tcp: [9092] },
] as const satisfies readonly Application[];

export type ApplicationName = (typeof APPLICATIONS)[number]['name'];

/** Rows by name. */
export const APPLICATION_BY_NAME: ReadonlyMap<ApplicationName, Application> = new Map(
  APPLICATIONS.map((row) => [row.name, row]),
);

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

const PORTS = 65_536;

/** Number of the row that a port suggests, from 1; 0 for none. */
function portsOf(ports: (row: Application) => readonly number[] | undefined): Uint8Array {
  const numbers = new Uint8Array(PORTS);
  APPLICATIONS.forEach((row, i) => {
    for (const port of ports(row) ?? []) numbers[port] = i + 1;
  });
  return numbers;
}

const BY_TCP_PORT = portsOf((row) => row.tcp);
const BY_UDP_PORT = portsOf((row) => row.udp);

/**
 * The application that one port alone suggests: a guess, CONFIDENCE_PORT.
 * @param protocol IP protocol; only TCP (6) and UDP (17) have ports that suggest something
 * @returns the number of its row in APPLICATIONS, from 1; 0 for none
 */
export function guessByPort(protocol: number, port: number): number {
  if (protocol === PROTOCOL_TCP) return BY_TCP_PORT[port]!;
  return protocol === PROTOCOL_UDP ? BY_UDP_PORT[port]! : 0;
}

/**
 * The application that ports alone suggest: a guess, CONFIDENCE_PORT. The responder's port counts first.
 * @param protocol IP protocol; only TCP (6) and UDP (17) have ports that suggest something
 */
export function guessApplication(
  protocol: number,
  initiatorPort: number,
  responderPort: number,
): ApplicationName | undefined {
  const number = guessByPort(protocol, responderPort) || guessByPort(protocol, initiatorPort);
  return number === 0 ? undefined : APPLICATIONS[number - 1]!.name;
}
