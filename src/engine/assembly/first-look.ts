/**
 * The first look at payload: whether a packet can say anything known at all (src/applications/recognize.ts). Most that do
 * not are left out here, without a call into JavaScript. A wrong yes costs time; a wrong no would lose a name.
 */
import * as place from '../../records/engine-words';
import { half, word } from './octets';
import { firstLook } from './table';

/** A segment of fewer octets may be the beginning of anything. */
const SHORT_OCTETS: usize = 16;
/** Fewer octets of zero may be the beginning of a length. */
const ZERO_OCTETS_MIN: usize = 4;

const DNS_OCTETS: usize = 12;
const STUN_OCTETS: usize = 20;
const STUN_COOKIE: u32 = 0x2112_a442;
const CALL_OCTETS: usize = 24;
const WIREGUARD_OCTETS: usize = 32;
const LONG_HEADER_OCTETS: usize = 7;
const QUIC_V2: u32 = 0x6b33_43cf;
const MYSQL_OCTETS: usize = 21;
/** Letters of Google's versions of QUIC. */
const QUIC_Q: u32 = 0x51;
const QUIC_T: u32 = 0x54;
/** OpenVPN's resets of a client. */
const RESET_V2: u32 = 0x38;
const RESET_V3: u32 = 0x50;

/** Whether something may begin with this octet at a port of this class. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function mayBegin(classes: usize, ofPort: u32, octet: u32): bool {
  const at = classes + <usize>(ofPort & ~place.FIRST_LOOK_TLS) * place.FIRST_LOOK_CLASS_OCTETS;
  return ((load<u8>(at + <usize>(octet >>> 3)) >>> (octet & 7)) & 1) !== 0;
}

/** Whether a payload has fewer octets than SHORT_OCTETS, all of them zero: padding. */
function isPadding(start: usize, length: usize): bool {
  if (length < ZERO_OCTETS_MIN || length >= SHORT_OCTETS) return false;
  for (let i: usize = 0; i < length; i++) if (load<u8>(start + i) !== 0) return false;
  return true;
}

/** Of a segment of SHORT_OCTETS at least: what begins with any octet and is told by a later one. */
function mayBeStream(start: usize, first: u32, length: usize): bool {
  const third: u32 = load<u8>(start, 2);
  // A hello in the form of SSL 2.0.
  if (first >= 0x80 && third === 1) return true;
  // OpenVPN behind a length, and MySQL's greeting.
  if (third === RESET_V2 || third === RESET_V3) return true;
  return length >= MYSQL_OCTETS && load<u8>(start, 3) === 0 && load<u8>(start, 4) === 10;
}

/** Versions of QUIC that are known, as src/applications/quic-packet.ts has them, and a few beside them. */
function isQuicVersion(version: u32): bool {
  if (version <= 1 || version === QUIC_V2 || (version & 0xffff_ff00) === 0xff00_0000) return true;
  const letter = version >>> 24;
  if (letter === QUIC_Q || letter === QUIC_T) return true;
  return (version & 0xffff_fff0) === 0xface_b000 || (version & 0x0f0f_0f0f) === 0x0a0a_0a0a;
}

/** What begins with any octet and is told by later ones. */
function mayBeDatagram(start: usize, first: u32, length: usize): bool {
  if (length < LONG_HEADER_OCTETS) return false;
  if (first >= 0xc0 && isQuicVersion(word(start + 1))) return true;
  if (length < DNS_OCTETS) return false;
  // DNS: a plain query or its response, with one question.
  if ((half(start + 2) & 0x7840) === 0 && half(start + 4) === 1) return true;
  if (length < STUN_OCTETS) return false;
  if (word(start + 4) === STUN_COOKIE) return true;
  if (length < CALL_OCTETS) return false;
  // A call of ONC RPC.
  if (word(start + 4) === 0 && word(start + 8) === 2) return true;
  const type = load<u32>(start);
  return length >= WIREGUARD_OCTETS && (type === 1 || type === 4);
}

/**
 * Whether a packet says nothing known, whatever follows it.
 * @param source,destination  its ports
 * @param start,end  where its payload lies, of which there is some
 */
export function saysNothing(isTcp: bool, source: u32, destination: u32, start: usize, end: usize): bool {
  const length = end - start;
  const first: u32 = load<u8>(start);
  const ports = firstLook + (isTcp ? 0 : place.FIRST_LOOK_PORTS);
  const classes = firstLook + (isTcp ? place.FIRST_LOOK_CLASSES : place.FIRST_LOOK_UDP_CLASSES);
  const ofSource: u32 = load<u8>(ports + <usize>source);
  const ofDestination: u32 = load<u8>(ports + <usize>destination);
  if ((ofSource & ~place.FIRST_LOOK_TLS) !== 0 && mayBegin(classes, ofSource, first)) return false;
  if ((ofDestination & ~place.FIRST_LOOK_TLS) !== 0 && mayBegin(classes, ofDestination, first)) return false;
  if (!isTcp) return !mayBegin(classes, 0, first) && !mayBeDatagram(start, first, length);
  if (isPadding(start, length)) return true;
  if (length < SHORT_OCTETS || (ofDestination & place.FIRST_LOOK_TLS) !== 0) return false;
  return !mayBegin(classes, 0, first) && !mayBeStream(start, first, length);
}
