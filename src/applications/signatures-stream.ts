/**
 * Signatures of applications over TCP, by the documents that define them: what the first octets of a side's stream say. The
 * first row that matches counts.
 */

import {
  begins,
  berContent,
  contains,
  createIndex,
  firstOf,
  isAt,
  littleDoubleWord,
  littleWord,
  octetsOf,
  type Signature,
} from './signature.ts';
import { TEXT_ROWS } from './signatures-text.ts';
import { doubleWordAt, threeOctetsAt, wordAt } from './text.ts';

const STREAM_TAG = octetsOf('<stream:stream');
const RTSP_REPLY = octetsOf('RTSP/1.0 ');
const RTSP = octetsOf(' RTSP/1.0\r\n');
const COOKIE = octetsOf('Cookie: mstshash');
const isOpcUa = begins('HELF', 'OPNF', 'ACKF');
const POSTGRESQL_SSL = 80_877_103;
const POSTGRESQL_GSS = 80_877_104;
const POSTGRESQL_3 = 0x0003_0000;
const PPTP_COOKIE = 0x1a2b_3c4d;
const NFS_PROGRAM = 100_003;
/** OP_REPLY, OP_UPDATE, OP_QUERY, OP_COMPRESSED, OP_MSG. */
const MONGODB_OPERATIONS: ReadonlySet<number> = new Set([1, 2001, 2004, 2010, 2011, 2012, 2013]);
/** Commands of EtherNet/IP: NOP, ListServices, ListIdentity, ListInterfaces, (Un)RegisterSession, SendRRData, SendUnitData. */
const ETHERNET_IP_COMMANDS: ReadonlySet<number> = new Set([0, 4, 0x63, 0x64, 0x65, 0x66, 0x6f, 0x70]);

function isDigit(octet: number | undefined): boolean {
  return octet !== undefined && octet >= 0x30 && octet <= 0x39;
}

/** A packet of TPKT (RFC 1006) that fills the piece, or its beginning. */
function isTpkt(octets: Uint8Array, at: number, length: number): boolean {
  return length >= 7 && octets[at + 1] === 0 && wordAt(octets, at + 2) >= 7;
}

/** Connection request or confirmation of X.224 with RDP's cookie or negotiation (MS-RDPBCGR §2.2.1.1). */
function isRdp(octets: Uint8Array, at: number, length: number): boolean {
  const total = wordAt(octets, at + 2);
  if (!isTpkt(octets, at, length) || total !== length || octets[at + 4]! !== length - 5) return false;
  const isRequest = octets[at + 5] === 0xe0;
  if (!isRequest && octets[at + 5] !== 0xd0) return false;
  if (isRequest && length > 11 && isAt(octets, at + 11, length - 11, COOKIE)) return true;
  if (length < 19) return false;
  const negotiation = at + length - 8;
  const type = octets[negotiation]!;
  const isNegotiation = isRequest ? type === 1 : type === 2 || type === 3;
  return isNegotiation && octets[negotiation + 2] === 8 && octets[negotiation + 3] === 0;
}

function isMqtt(octets: Uint8Array, at: number, length: number): boolean {
  let remaining = 0;
  let from = 1;
  for (let shift = 0; shift < 28 && from < length; shift += 7) {
    const octet = octets[at + from++]!;
    remaining |= (octet & 0x7f) << shift;
    if (octet < 0x80) break;
  }
  if (from + 6 > length || remaining !== length - from) return false;
  const name = wordAt(octets, at + from);
  return (
    (name === 4 && octets[at + from + 2] === 0x4d && octets[at + from + 3] === 0x51) ||
    (name === 6 && octets[at + from + 2] === 0x4d && octets[at + from + 4] === 0x49)
  );
}

function isPostgresql(octets: Uint8Array, at: number, length: number): boolean {
  if (length < 8 || doubleWordAt(octets, at) !== length) return false;
  const code = doubleWordAt(octets, at + 4);
  return (length === 8 && (code === POSTGRESQL_SSL || code === POSTGRESQL_GSS)) || code === POSTGRESQL_3;
}

/** The server's greeting: version 10 of the protocol, a version in text. */
function isMysql(octets: Uint8Array, at: number, length: number): boolean {
  const body = octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16);
  return (
    length > 20 &&
    body === length - 4 &&
    octets[at + 3] === 0 &&
    octets[at + 4] === 10 &&
    isDigit(octets[at + 5])
  );
}

/** A bind of version 2 or 3, which is how nearly every connection begins (RFC 4511 §4.2). */
function isLdapBind(octets: Uint8Array, at: number, length: number): boolean {
  const content = berContent(octets, at, length);
  if (content === 0 || content + 8 > length || octets[at + content] !== 2) return false;
  const operation = content + 2 + octets[at + content + 1]!;
  if (operation + 5 > length || octets[at + operation] !== 0x60) return false;
  return (
    octets[at + operation + 2] === 2 && octets[at + operation + 3] === 1 && octets[at + operation + 4]! <= 3
  );
}

/** A message: an id, and an operation of RFC 4511 §4.1.1. */
function isLdap(octets: Uint8Array, at: number, length: number): boolean {
  const content = octets[at + 1]! < 0x80 ? 2 : 2 + (octets[at + 1]! & 0x7f);
  if (content + 4 > length || octets[at + content] !== 2 || octets[at + content + 1]! > 4) return false;
  const operation = content + 2 + octets[at + content + 1]!;
  if (operation >= length) return false;
  const tag = octets[at + operation]!;
  return tag >= 0x42 && tag <= 0x79;
}

/** A call of ONC RPC (RFC 5531 §9) for NFS, behind a record mark. */
function isNfs(octets: Uint8Array, at: number, length: number): boolean {
  return (
    length >= 24 &&
    doubleWordAt(octets, at + 8) === 0 &&
    doubleWordAt(octets, at + 12) === 2 &&
    doubleWordAt(octets, at + 16) === NFS_PROGRAM
  );
}

/** `*2\r\n$`: a command as an array of strings. */
function isRedis(octets: Uint8Array, at: number, length: number): boolean {
  let from = 1;
  while (from < 8 && from < length && isDigit(octets[at + from])) from++;
  return (
    from > 1 &&
    from + 4 <= length &&
    octets[at + from] === 0x0d &&
    octets[at + from + 1] === 0x0a &&
    octets[at + from + 2] === 0x24 &&
    isDigit(octets[at + from + 3])
  );
}

const ROWS: readonly Signature[] = [
  {
    name: 'bgp',
    first: [0xff],
    matches: (octets, at, length) => {
      if (length < 19) return false;
      for (let i = 0; i < 16; i++) if (octets[at + i] !== 0xff) return false;
      const total = wordAt(octets, at + 16);
      return total >= 19 && total <= 4096 && octets[at + 18]! >= 1 && octets[at + 18]! <= 5;
    },
  },
  {
    name: 'smb1',
    first: [0],
    matches: (o, at, length) => length >= 8 && doubleWordAt(o, at + 4) === 0xff53_4d42,
  },
  {
    name: 'smb',
    first: [0],
    matches: (o, at, length) =>
      length >= 8 && o[at + 4]! >= 0xfc && o[at + 4]! <= 0xfe && threeOctetsAt(o, at + 5) === 0x53_4d42,
  },
  {
    name: 'rdp',
    first: [3],
    isOuter: true,
    matches: (o, at, length) => length >= 11 && isRdp(o, at, length),
  },
  {
    name: 's7comm',
    first: [3],
    ports: [102],
    // Data of COTP, then S7's protocol number, or that of its newer form.
    matches: (o, at, length) =>
      length >= 8 &&
      isTpkt(o, at, length) &&
      o[at + 5] === 0xf0 &&
      (o[at + 7] === 0x32 || o[at + 7] === 0x72),
  },
  {
    name: 'rtsp',
    first: firstOf('RTSP', 'OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'ANNOUNCE', 'GET_P', 'TEARDOWN'),
    matches: (o, at, length) => isAt(o, at, length, RTSP_REPLY) || contains(o, at, length, RTSP, 512),
  },
  { name: 'bittorrent', first: [0x13], matches: begins('\x13BitTorrent protocol') },
  { name: 'mqtt', first: [0x10], matches: isMqtt },
  { name: 'vnc', first: firstOf('R'), matches: begins('RFB 00') },
  {
    name: 'xmpp',
    first: firstOf('<'),
    isOuter: true,
    matches: (o, at, length) => contains(o, at, length, STREAM_TAG),
  },
  { name: 'postgresql', first: [0], isOuter: true, matches: isPostgresql },
  { name: 'mysql', isToldLater: true, isOuter: true, matches: isMysql },
  { name: 'redis', first: firstOf('*'), matches: isRedis },
  {
    name: 'redis',
    first: firstOf('+', '-', '$'),
    least: 5,
    ports: [6379],
    matches: (_, __, length) => length >= 5,
  },
  { name: 'amqp', first: firstOf('A'), matches: begins('AMQP\x00', 'AMQP\x01', 'AMQP\x02', 'AMQP\x03') },
  {
    name: 'tds',
    first: [0x12, 0x10],
    ports: [1433],
    matches: (o, at, length) => length >= 8 && o[at + 1] === 1 && wordAt(o, at + 2) === length,
  },
  {
    name: 'pptp',
    first: [0],
    matches: (o, at, length) =>
      length >= 8 &&
      wordAt(o, at) === length &&
      wordAt(o, at + 2) === 1 &&
      doubleWordAt(o, at + 4) === PPTP_COOKIE,
  },
  {
    name: 'socks',
    least: 2,
    first: [5],
    ports: [1080],
    isOuter: true,
    matches: (o, at, length) => length >= 2 && (length === 2 || length === 2 + o[at + 1]!),
  },
  {
    name: 'socks',
    least: 2,
    first: [4],
    ports: [1080],
    isOuter: true,
    matches: (o, at, length) =>
      length >= 9 && (o[at + 1] === 1 || o[at + 1] === 2) && o[at + length - 1] === 0,
  },
  ...TEXT_ROWS,
  { name: 'ldap', least: 7, first: [0x30], isOuter: true, matches: isLdapBind },
  { name: 'ldap', least: 7, first: [0x30], ports: [389, 3268], isOuter: true, matches: isLdap },
  {
    name: 'kerberos',
    first: [0],
    ports: [88],
    matches: (o, at, length) =>
      length >= 6 && doubleWordAt(o, at) + 4 >= length && o[at + 4]! >= 0x6a && o[at + 4]! <= 0x7e,
  },
  {
    name: 'modbus',
    ports: [502],
    matches: (o, at, length) =>
      length >= 8 && wordAt(o, at + 2) === 0 && wordAt(o, at + 4) >= 2 && wordAt(o, at + 4) <= length - 6,
  },
  {
    name: 'dnp3',
    first: [5],
    ports: [20_000],
    matches: (o, at, length) => length >= 10 && o[at + 1] === 0x64 && o[at + 2]! >= 5,
  },
  {
    name: 'iec-104',
    least: 6,
    first: [0x68],
    ports: [2404],
    matches: (o, at, length) => length >= 6 && o[at + 1]! >= 4 && o[at + 1]! <= length - 2,
  },
  {
    name: 'ethernet-ip',
    ports: [44_818],
    matches: (o, at, length) =>
      length >= 24 && ETHERNET_IP_COMMANDS.has(littleWord(o, at)) && littleWord(o, at + 2) === length - 24,
  },
  {
    name: 'opc-ua',
    first: firstOf('H', 'O', 'A'),
    matches: (o, at, length) =>
      length >= 8 && isOpcUa(o, at, length) && littleDoubleWord(o, at + 4) === length,
  },
  {
    name: 'memcached',
    ports: [11_211],
    matches: begins('get ', 'gets ', 'set ', 'add ', 'stats', 'version', 'mg ', 'ms ', '\x80'),
  },
  {
    name: 'mongodb',
    ports: [27_017],
    matches: (o, at, length) =>
      length >= 16 &&
      littleDoubleWord(o, at) === length &&
      MONGODB_OPERATIONS.has(littleDoubleWord(o, at + 12)),
  },
  {
    name: 'kafka',
    first: [0],
    ports: [9092],
    matches: (o, at, length) => length >= 14 && doubleWordAt(o, at) === length - 4 && wordAt(o, at + 4) < 100,
  },
  { name: 'rsync', first: firstOf('@'), matches: begins('@RSYNCD: ') },
  { name: 'nfs', first: [0x80], matches: isNfs },
];

export const STREAM_SIGNATURES = createIndex(ROWS);
