/**
 * How many octets of a frame the kernel copies while payload is inspected, as the end of the program of a ring (bpf.ts): the
 * headers of frames whose payload can say nothing, more of all others. Most octets of a link are those of downloads, and
 * of these the headers are all that is metered.
 *
 * A frame is cut where the engine's first look would leave it out (engine/assembly/first-look.ts, the same conditions or
 * wider ones), and its segment cannot go on with what a client has begun to say: hellos and requests need not end with
 * their first segment. Everything that the program would have to search for keeps more: tunnels, MPLS, PPPoE,
 * extension headers of IPv6, fragments of it.
 */
import { DATAGRAMS, firstOctets, STREAMS, specialPorts } from '../../applications/first-octets.ts';
import { numbersFrom } from '../../applications/signature.ts';
import { TLS_PORTS } from '../../applications/tell-hello.ts';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../records/protocol-numbers.ts';
import * as linux from '../../sys/linux-constants.ts';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../link-types.ts';
import { type Instruction, keep, keepIf, keepWithin, rangesOf, step, when } from './classic-program.ts';

/** Octets that are kept of a frame. */
export interface PayloadSnap {
  /** Of one whose payload can say nothing: the program reads as many itself, without looking where the frame ends. */
  readonly headers: number;
  /** Of any other. */
  readonly payload: number;
  /** UDP ports of tunnels that are looked into. */
  readonly tunnelPorts: readonly number[];
}

/** Behind two VLAN tags, the longest headers of IPv4 and of TCP, and 24 octets of payload. */
export const HEADERS_OCTETS_MIN = 14 + 8 + 60 + 60 + 24;

const ETHER_TYPE_AT = 12;
const ETHERNET_OCTETS = 14;
const TAG_OCTETS = 4;
const ETHER_TYPES = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, serviceVlan: 0x88a8 };
const ESP = 50;
const UDP_HEADER_OCTETS = 8;
const IPV6_HEADER_OCTETS = 40;

/** Ports from here on are those that systems give to clients (Linux; others begin higher): neither end may be the server's. */
const CLIENT_PORTS = numbersFrom(32_768, 0xffff);

// Of UDP, what is known by later octets, as engine/assembly/first-look.ts has it.
const LONG_HEADERS = numbersFrom(0xc0, 0xff);
const DNS_FLAGS = 0x7840;
const STUN_COOKIE = 0x2112_a442;
const WIREGUARD_INITIATION = 0x0100_0000;
const WIREGUARD_DATA = 0x0400_0000;

// Of TCP.
const OPENVPN_RESETS = [0x38, 0x50];
const VERSION_2_HELLO = 1;
const VERSION_2_LENGTH = 0x80;
/** MySQL's greeting: number of the packet, version of the protocol. */
const MYSQL_GREETING = 0x000a;

// Words of a program's scratch memory.
const HEADER_AT = 0;
const VALUE = 1;

const { BPF_JMP_JEQ_K: EQUALS, BPF_JMP_JGE_K: IS_AT_LEAST, BPF_JMP_JSET_K: HAS_ANY_BIT } = linux;

/** A := an octet, two or four from so far behind X. */
const octetAt = (k: number) => step(linux.BPF_LD_B_IND, k);
const halfAt = (k: number) => step(linux.BPF_LD_H_IND, k);
const wordAt = (k: number) => step(linux.BPF_LD_W_IND, k);

/** X := X + A. */
const SKIP: readonly Instruction[] = [step(linux.BPF_ALU_ADD_X), step(linux.BPF_MISC_TAX)];

/** X is where a TCP header begins. */
function tcpProgram({ headers, payload }: PayloadSnap): Instruction[] {
  const special = specialPorts(STREAMS);
  return [
    halfAt(2),
    ...keepWithin(rangesOf([...special, ...TLS_PORTS]), payload),
    step(linux.BPF_ST, VALUE),
    halfAt(0),
    ...keepWithin(rangesOf([...special, ...CLIENT_PORTS]), payload),
    // To the lower port: what a client says, of which any segment may be a part.
    step(linux.BPF_STX, HEADER_AT),
    step(linux.BPF_LDX_MEM, VALUE),
    ...keepIf(linux.BPF_JMP_JGE_X, 0, payload),
    step(linux.BPF_LDX_MEM, HEADER_AT),
    octetAt(12),
    step(linux.BPF_ALU_AND_K, 0xf0),
    step(linux.BPF_ALU_RSH_K, 2),
    ...SKIP,
    octetAt(0),
    ...keepWithin(rangesOf(firstOctets(STREAMS, undefined)), payload),
    ...when(IS_AT_LEAST, VERSION_2_LENGTH, [octetAt(2), ...keepIf(EQUALS, VERSION_2_HELLO, payload)]),
    octetAt(2),
    ...keepWithin(rangesOf(OPENVPN_RESETS), payload),
    halfAt(3),
    ...keepIf(EQUALS, MYSQL_GREETING, payload),
    keep(headers),
  ];
}

/** X is where a UDP header begins. */
function udpProgram({ headers, payload, tunnelPorts }: PayloadSnap): Instruction[] {
  const ports = rangesOf([...specialPorts(DATAGRAMS), ...tunnelPorts]);
  const at = UDP_HEADER_OCTETS;
  return [
    halfAt(0),
    ...keepWithin(ports, payload),
    halfAt(2),
    ...keepWithin(ports, payload),
    octetAt(at),
    ...keepWithin(rangesOf([...firstOctets(DATAGRAMS, undefined), ...LONG_HEADERS]), payload),
    // A plain query of DNS or its response, with one question.
    halfAt(at + 2),
    [HAS_ANY_BIT, 3, 0, DNS_FLAGS],
    halfAt(at + 4),
    ...keepIf(EQUALS, 1, payload),
    wordAt(at + 4),
    ...keepIf(EQUALS, STUN_COOKIE, payload),
    // A call of ONC RPC.
    ...when(EQUALS, 0, [wordAt(at + 8), ...keepIf(EQUALS, 2, payload)]),
    wordAt(at),
    ...keepIf(EQUALS, WIREGUARD_INITIATION, payload),
    ...keepIf(EQUALS, WIREGUARD_DATA, payload),
    keep(headers),
  ];
}

/** A is the protocol, X where its header begins. */
function transportProgram(snap: PayloadSnap): Instruction[] {
  return [
    ...when(EQUALS, PROTOCOL_TCP, tcpProgram(snap)),
    ...when(EQUALS, PROTOCOL_UDP, udpProgram(snap)),
    ...keepIf(EQUALS, ESP, snap.headers),
    keep(snap.payload),
  ];
}

/** X is where an IPv4 header begins. Ends with the protocol in A and X behind the header. */
function ipv4Program({ headers }: PayloadSnap): Instruction[] {
  return [
    halfAt(6),
    // A later fragment has no header of its own, and is not looked into.
    ...keepIf(HAS_ANY_BIT, 0x1fff, headers),
    octetAt(9),
    step(linux.BPF_ST, VALUE),
    octetAt(0),
    step(linux.BPF_ALU_AND_K, 0x0f),
    step(linux.BPF_ALU_LSH_K, 2),
    ...SKIP,
    step(linux.BPF_LD_MEM, VALUE),
  ];
}

/** X is where an IPv6 header begins. Ends with the next header in A and X behind it. */
function ipv6Program(): Instruction[] {
  return [
    octetAt(6),
    step(linux.BPF_ST, VALUE),
    step(linux.BPF_MISC_TXA),
    step(linux.BPF_ALU_ADD_K, IPV6_HEADER_OCTETS),
    step(linux.BPF_MISC_TAX),
    step(linux.BPF_LD_MEM, VALUE),
  ];
}

/** Has A, where X says that a frame's packet begins, say which version it is of: `ipv4` or `ipv6`. */
function packetProgram(ipv4: number, ipv6: number, snap: PayloadSnap): Instruction[] {
  const version4 = ipv4Program(snap);
  const version6 = ipv6Program();
  return [
    ...when(EQUALS, ipv4, [...version4, step(linux.BPF_JMP_JA, 2 + version6.length)]),
    [EQUALS, 1, 0, ipv6],
    keep(snap.payload),
    ...version6,
    ...transportProgram(snap),
  ];
}

/** Leaves the Ethernet type in A, behind up to two VLAN tags, and in X where what it tells of begins. */
function ethernetProgram(): Instruction[] {
  const tag = (octets: number): Instruction[] => [
    step(linux.BPF_LDX_IMM, ETHERNET_OCTETS + octets),
    step(linux.BPF_LD_H_ABS, ETHER_TYPE_AT + octets),
  ];
  // The second tag is looked for where the first one was found, the inner type is read last.
  const isTag = (next: readonly Instruction[]): Instruction[] => [
    [EQUALS, 1, 0, ETHER_TYPES.vlan],
    [EQUALS, 0, next.length, ETHER_TYPES.serviceVlan],
    ...next,
  ];
  return [...tag(0), ...isTag([...tag(TAG_OCTETS), ...isTag(tag(2 * TAG_OCTETS))])];
}

/**
 * The end of a program, that says how many octets of a frame are kept.
 * @returns undefined for links whose headers are not known here: their frames are all kept alike
 * @throws RangeError if `headers` is less than HEADERS_OCTETS_MIN
 */
export function createPayloadSnap(linkType: number, snap: PayloadSnap): Instruction[] | undefined {
  if (snap.headers < HEADERS_OCTETS_MIN)
    throw new RangeError(`${snap.headers} octets of headers, at least ${HEADERS_OCTETS_MIN} are read`);
  // The length first: a load from behind a frame's end would drop it.
  const start = [
    step(linux.BPF_LD_W_LEN),
    [linux.BPF_JMP_JGT_K, 1, 0, snap.headers] as const,
    keep(snap.payload),
  ];
  if (linkType === LINKTYPE_ETHERNET) {
    const { ipv4, ipv6 } = ETHER_TYPES;
    return [...start, ...ethernetProgram(), ...packetProgram(ipv4, ipv6, snap)];
  }
  if (linkType !== LINKTYPE_RAW) return undefined;
  const version = [step(linux.BPF_LDX_IMM, 0), step(linux.BPF_LD_B_ABS, 0), step(linux.BPF_ALU_RSH_K, 4)];
  return [...start, ...version, ...packetProgram(4, 6, snap)];
}
