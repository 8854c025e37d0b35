/** First payloads of applications, octet by octet from the documents that define them. Knows nothing of flowtap's code. */

export interface Example {
  readonly name: string;
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  /** What the payload is; no two have the same. */
  readonly what: string;
  readonly octets: readonly number[];
  /** On other ports it says nothing. */
  readonly isByPort?: boolean;
}

const text = (value: string) => [...Buffer.from(value, 'latin1')];
const hex = (value: string) => [...Buffer.from(value.replaceAll(' ', ''), 'hex')];
const zeros = (count: number) => new Array<number>(count).fill(0);

function tcp(name: string, port: number, what: string, octets: readonly number[], isByPort = false): Example {
  return { name, transport: 'tcp', port, what, octets, isByPort };
}

function udp(name: string, port: number, what: string, octets: readonly number[], isByPort = false): Example {
  return { name, transport: 'udp', port, what, octets, isByPort };
}

export const EXAMPLES: readonly Example[] = [
  tcp('bgp', 179, 'KEEPALIVE (RFC 4271 §4.4)', [...new Array<number>(16).fill(255), 0, 19, 4]),
  tcp('smb1', 445, 'Negotiate of SMB 1', [...hex('00000023 ff534d42 72'), ...zeros(30)]),
  tcp('smb', 445, 'NEGOTIATE of SMB 2', [...hex('00000044 fe534d42 4000'), ...zeros(62)]),
  tcp('rdp', 3389, 'X.224 connection request with a cookie', [
    ...hex('0300 0027 22e0 0000 0000 00'),
    ...text('Cookie: mstshash=elton\r\n'),
    ...hex('01000800'),
  ]),
  tcp(
    'rdp',
    3390,
    'X.224 connection request with a negotiation',
    hex('0300 0013 0ee0 0000 0000 00 01000800 03000000'),
  ),
  tcp(
    's7comm',
    102,
    'job of S7',
    hex('0300 0019 02f080 32 01 0000 0400 0008 0000 f0 00 00 01 00 01 01e0'),
    true,
  ),
  tcp('rtsp', 554, 'OPTIONS of RTSP', text('OPTIONS rtsp://example.com/media RTSP/1.0\r\nCSeq: 1\r\n\r\n')),
  tcp('bittorrent', 6999, 'handshake of BitTorrent', [...text('\x13BitTorrent protocol'), ...zeros(48)]),
  tcp('mqtt', 1883, 'CONNECT of MQTT 3.1.1', hex('10 10 0004 4d515454 04 02 003c 0004 64696769')),
  tcp('mqtt', 1884, 'CONNECT of MQTT 3.1', hex('10 12 0006 4d5149736470 03 02 003c 0004 64696769')),
  tcp('vnc', 5901, 'version of RFB', text('RFB 003.008\n')),
  tcp(
    'xmpp',
    5222,
    'stream of XMPP',
    text("<?xml version='1.0'?><stream:stream to='example.com' version='1.0'>"),
  ),
  tcp('postgresql', 5432, 'startup of PostgreSQL', [...hex('00000012 00030000'), ...text('user\0joe\0\0')]),
  tcp('mysql', 3306, 'greeting of MySQL', [...hex('2c000000 0a'), ...text('8.0.36\0'), ...zeros(36)]),
  tcp('redis', 6380, 'command of Redis', text('*1\r\n$4\r\nPING\r\n')),
  tcp('redis', 6379, 'answer of Redis', text('+PONG\r\n'), true),
  tcp('amqp', 5672, 'header of AMQP 0-9-1', hex('414d5150 00000901')),
  tcp(
    'tds',
    1433,
    'prelogin of TDS',
    hex('12 01 001a 0000 01 00 00000b0006 0100110001 ff 0b000c380000 00'),
    true,
  ),
  tcp('pptp', 1723, 'control message of PPTP', [
    ...hex('009c 0001 1a2b3c4d 0001 0000 0100 0000'),
    ...zeros(140),
  ]),
  tcp('socks', 1080, 'methods of SOCKS 5', hex('05 01 00'), true),
  tcp('socks', 1080, 'request of SOCKS 4', hex('04 01 0050 c0000201 00'), true),
  tcp('smtp', 2525, 'EHLO of SMTP', text('EHLO client.example\r\n')),
  tcp('smtp', 2526, 'greeting of SMTP', text('220 mx.example ESMTP ready\r\n')),
  tcp('smtp', 25, 'plain greeting on a mail port', text('220 mx.example\r\n'), true),
  tcp('ftp', 2121, 'greeting of FTP', text('220 ProFTPD Server\r\n')),
  tcp('ftp', 21, 'USER of FTP', text('USER anonymous\r\n'), true),
  tcp('pop3', 1100, 'greeting of POP3', text('+OK POP3 server ready\r\n')),
  tcp('pop3', 110, 'plain greeting on the port of POP3', text('+OK hello\r\n'), true),
  tcp('imap', 1430, 'greeting of IMAP', text('* OK IMAP4rev1 Service Ready\r\n')),
  tcp('imap', 143, 'plain greeting on the port of IMAP', text('* OK hello\r\n'), true),
  tcp('telnet', 2323, 'options of TELNET', hex('fffd18 fffd20')),
  tcp('irc', 6667, 'NICK of IRC', text('NICK Wiz\r\nUSER guest 0 * :Ronnie\r\n'), true),
  tcp('ldap', 1389, 'bind of LDAP', hex('300c 020101 6007 020103 0400 8000')),
  tcp('ldap', 389, 'unbind of LDAP', hex('3005 020102 4200'), true),
  tcp('kerberos', 88, 'AS-REQ over TCP', hex('00000010 6a0e 300c a103 020105 a203 02010a 3000'), true),
  tcp('modbus', 502, 'read of Modbus', hex('0001 0000 0006 11 03 006b 0003'), true),
  tcp('dnp3', 20_000, 'link status of DNP3', hex('0564 05c9 0100 0200 8e7f'), true),
  tcp('iec-104', 2404, 'STARTDT of IEC 104', hex('68 04 07 00 00 00'), true),
  tcp(
    'ethernet-ip',
    44_818,
    'RegisterSession',
    [...hex('6500 0400'), ...zeros(20), ...hex('01000000')],
    true,
  ),
  tcp('opc-ua', 4840, 'hello of OPC UA', [...text('HELF'), ...hex('20000000'), ...zeros(24)]),
  tcp('memcached', 11_211, 'get of memcached', text('get key\r\n'), true),
  tcp(
    'mongodb',
    27_017,
    'message of MongoDB',
    [...hex('24000000 01000000 00000000 dd070000'), ...zeros(20)],
    true,
  ),
  tcp(
    'kafka',
    9092,
    'ApiVersions of Kafka',
    [...hex('0000000f 0012 0000 00000001 0005'), ...text('admin')],
    true,
  ),
  tcp('rsync', 873, 'greeting of rsync', text('@RSYNCD: 31.0\n')),
  tcp(
    'nfs',
    2049,
    'NULL call of NFS',
    hex('80000028 00000001 00000000 00000002 000186a3 00000003 00000000 0000000000000000 0000000000000000'),
  ),
  udp('stun', 3478, 'binding request (RFC 5769)', hex('0001 0000 2112a442 b7e7a701bc34d686fa87dfae')),
  udp('dhcp', 67, 'DISCOVER of DHCP', [
    ...hex('01010600 3903f326'),
    ...zeros(228),
    ...hex('63825363 350101 ff'),
  ]),
  udp(
    'bittorrent',
    6999,
    'ping of the DHT',
    text('d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe'),
  ),
  udp('ssdp', 1900, 'M-SEARCH of SSDP', text('M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n')),
  udp('ssdp', 50_001, 'answer to M-SEARCH', text('HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n')),
  udp(
    'sip',
    5060,
    'INVITE of SIP',
    text('INVITE sip:bob@biloxi.example.com SIP/2.0\r\nVia: SIP/2.0/UDP pc33\r\n\r\n'),
  ),
  udp('sip', 5061, 'answer of SIP', text('SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP server10\r\n\r\n')),
  udp('rtcp', 5005, 'receiver report', hex('80c90001 12345678')),
  udp('ntp', 123, 'request of NTP 4', [0x23, ...zeros(47)], true),
  udp(
    'snmp',
    161,
    'GetRequest of SNMP 2c',
    hex('3026 020101 0406 7075626c6963 a019 020101 020100 020100 300e 300c 06082b06010201010100 0500'),
    true,
  ),
  udp('dhcpv6', 547, 'SOLICIT of DHCPv6', hex('01 123456 0008 0002 0000'), true),
  udp('tftp', 69, 'read request of TFTP', text('\0\x01file\0octet\0'), true),
  udp(
    'syslog',
    514,
    'message of syslog',
    text('<34>1 2003-10-11T22:14:15.003Z host su - ID47 - failed'),
    true,
  ),
  udp(
    'radius',
    1812,
    'Access-Request',
    [...hex('01 00 001c'), ...zeros(16), ...text('\x01\x08nemo12')],
    true,
  ),
  udp('coap', 5683, 'GET of CoAP', hex('40 01 1234 bb 74656d7065726174757265'), true),
  udp('netflow', 2055, 'header of NetFlow v9', hex('0009 0000 00000001 00000002 00000003 00000000'), true),
  udp('sflow', 6343, 'header of sFlow 5', [...hex('00000005 00000001 c0000201'), ...zeros(16)], true),
  udp('gtp', 2152, 'echo request of GTP-U', hex('32 01 0004 00000000 00010000'), true),
  udp(
    'vxlan',
    4789,
    'header of VXLAN',
    [...hex('08000000 00002a00'), ...hex('ffffffffffff 020000000001 0806'), 0],
    true,
  ),
  udp('kerberos', 88, 'AS-REQ over UDP', hex('6a0e 300c a103 020105 a203 02010a 3000'), true),
  udp('ldap', 389, 'search of CLDAP', hex('300c 020101 6307 0400 0a0100 0a01'), true),
  udp(
    'ike',
    500,
    'IKE_SA_INIT',
    [...hex('0102030405060708 0000000000000000 21 20 22 08 00000000 0000001c')],
    true,
  ),
  udp(
    'ike',
    4500,
    'IKE behind four octets of zero',
    [...zeros(4), ...hex('0102030405060708 0000000000000000 21 20 22 08 00000000 0000001c')],
    true,
  ),
  udp('bacnet', 47_808, 'Who-Is of BACnet', hex('81 0b 000c 0120ffff00ff 1008'), true),
  udp('ethernet-ip', 44_818, 'ListIdentity', [...hex('6300 0000'), ...zeros(20)], true),
  udp('dnp3', 20_000, 'DNP3 over UDP', hex('0564 05c9 0100 0200 8e7f'), true),
  udp(
    'nfs',
    2049,
    'NULL call over UDP',
    hex('00000001 00000000 00000002 000186a3 00000003 00000000 0000000000000000 0000000000000000'),
  ),
  udp('memcached', 11_211, 'get over UDP', [...hex('0001 0000 0001 0000'), ...text('get key\r\n')], true),
];
