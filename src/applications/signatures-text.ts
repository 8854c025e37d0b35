/**
 * Signatures of protocols that people can type: mail, files, terminals, chat. A greeting names its protocol where it says its
 * name; `220` and `+OK` alone count at their ports.
 */

import { begins, contains, firstOf, isAt, octetsOf, type Signature } from './signature.ts';

const FTP = octetsOf('FTP');
const SMTP = octetsOf('SMTP');
const POP3 = octetsOf('POP3');
const IMAP = octetsOf('IMAP');
const POP3_READY = octetsOf('+OK');
const IMAP_READY = octetsOf('* OK');
const READY = octetsOf('220');
const MAIL_PORTS = [25, 465, 587];

const isReply = (octets: Uint8Array, at: number, length: number) =>
  length >= 5 && (octets[at + 3] === 0x20 || octets[at + 3] === 0x2d);

/** A command of TELNET with an option (RFC 854, RFC 855). */
function isTelnetOption(octets: Uint8Array, at: number): boolean {
  return octets[at] === 0xff && octets[at + 1]! >= 0xfb && octets[at + 1] !== 0xff;
}

export const TEXT_ROWS: readonly Signature[] = [
  {
    name: 'smtp',
    first: [0x32],
    isOuter: true,
    matches: (o, at, length) =>
      isAt(o, at, length, READY) && isReply(o, at, length) && contains(o, at, length, SMTP),
  },
  { name: 'smtp', first: firstOf('E', 'H'), isOuter: true, matches: begins('EHLO ', 'HELO ') },
  {
    name: 'ftp',
    first: [0x32],
    isOuter: true,
    matches: (o, at, length) =>
      isAt(o, at, length, READY) && isReply(o, at, length) && contains(o, at, length, FTP),
  },
  {
    name: 'smtp',
    first: [0x32],
    ports: MAIL_PORTS,
    isOuter: true,
    matches: (o, at, length) => isAt(o, at, length, READY) && isReply(o, at, length),
  },
  {
    name: 'ftp',
    first: firstOf('2', 'U', 'A'),
    ports: [21],
    isOuter: true,
    matches: begins('220 ', '220-', 'USER ', 'AUTH '),
  },
  {
    name: 'pop3',
    least: 5,
    first: firstOf('+'),
    isOuter: true,
    matches: (o, at, length) => isAt(o, at, length, POP3_READY) && contains(o, at, length, POP3),
  },
  {
    name: 'pop3',
    least: 5,
    first: firstOf('+', 'C'),
    ports: [110],
    isOuter: true,
    matches: begins('+OK', 'CAPA'),
  },
  {
    name: 'imap',
    least: 5,
    first: firstOf('*'),
    isOuter: true,
    matches: (o, at, length) => isAt(o, at, length, IMAP_READY) && contains(o, at, length, IMAP),
  },
  {
    name: 'imap',
    least: 5,
    first: firstOf('*'),
    ports: [143],
    isOuter: true,
    matches: begins('* OK', '* PREAUTH'),
  },
  {
    name: 'telnet',
    least: 3,
    first: [0xff],
    matches: (o, at, length) =>
      length >= 6 && isTelnetOption(o, at) && (o[at + 1] === 0xfa || isTelnetOption(o, at + 3)),
  },
  {
    name: 'telnet',
    least: 3,
    first: [0xff],
    ports: [23],
    matches: (o, at, length) => length >= 3 && isTelnetOption(o, at),
  },
  {
    name: 'irc',
    least: 5,
    first: firstOf('N', 'U', 'C', ':'),
    ports: [6665, 6666, 6667, 6668, 6669],
    isOuter: true,
    matches: begins('NICK ', 'USER ', 'CAP LS', ':'),
  },
];
