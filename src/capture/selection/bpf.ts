/**
 * The one classic BPF program that the kernel runs for each packet before it enters the ring: which interfaces
 * it is from, what this host sends, random sampling, the filter, and the snap length, which is the value that the program
 * returns. A packet that it returns 0 for never leaves the kernel.
 *
 *     [ another interface? drop ]  [ outgoing? drop ]  [ random word mod N not 0? drop ]  [ filter ]  return snap length
 *
 * While payload is inspected, the snap length is worked out for each frame (payload-snap.ts).
 *
 * The parts stand in front of each other unchanged, since jumps of classic BPF are relative.
 */
import { CaptureError } from '../../base/errors.ts';
import { errorBuffer, type Libpcap, libpcap, programBuffer } from '../../sys/libpcap.ts';
import * as linux from '../../sys/linux-constants.ts';
import { dltOfLinkType } from '../link-types.ts';
import type { HeadersSnap } from '../live-options.ts';
import { assemble, followedBy, type Instruction, keep } from './classic-program.ts';
import { createPayloadSnap } from './payload-snap.ts';

/** What the kernel returns for whole frames, and libpcap's largest snap length. */
export const SNAP_LENGTH_MAX = 262_144;
/** No netmask is known: only `broadcast` of IPv4 needs one. */
const PCAP_NETMASK_UNKNOWN = 0xffff_ffff;
/** Octets of the buffer of a handle that only compiles. */
const COMPILE_BUFFER_OCTETS = 65_536;

export interface BpfOptions {
  /** The interface's name, for errors and for libpcap. */
  readonly name: string;
  readonly linkType: number;
  /** Octets; 0 for whole frames. */
  readonly snapLength: number;
  /** How frames are cut whose payload can say nothing; undefined: as all others. */
  readonly headersSnap?: HeadersSnap | undefined;
  readonly filter: string;
  /** Keep each packet with a chance of 1 in so many; 1 keeps all. */
  readonly randomInterval: number;
  /** Drop what this host sends. */
  readonly withoutOutgoing: boolean;
  /** Numbers of the interfaces whose packets are kept; undefined: the socket sees those of one alone. */
  readonly ifIndexes?: readonly number[] | undefined;
}

const DROP = keep(0);

/** Drops the packets of all other interfaces. */
function onlyInterfaces(ifIndexes: readonly number[]): Instruction[] {
  // No interface has number 0: without any, every packet is dropped.
  const kept = ifIndexes.length === 0 ? [0] : ifIndexes;
  const jumps = kept.map((ifIndex, i): Instruction => [linux.BPF_JMP_JEQ_K, kept.length - i, 0, ifIndex]);
  return [[linux.BPF_LD_W_ABS, 0, 0, linux.SKF_AD_OFF + linux.SKF_AD_IFINDEX], ...jumps, DROP];
}

/**
 * The whole program (struct sock_filter one after the other).
 * @throws CaptureError for a filter that does not compile, with libpcap's message
 */
export function compileProgram(options: BpfOptions): Uint8Array {
  const snapLength = options.snapLength === 0 ? SNAP_LENGTH_MAX : options.snapLength;
  const before: Instruction[] = options.ifIndexes === undefined ? [] : onlyInterfaces(options.ifIndexes);
  if (options.withoutOutgoing) {
    before.push([linux.BPF_LD_W_ABS, 0, 0, linux.SKF_AD_OFF + linux.SKF_AD_PKTTYPE]);
    before.push([linux.BPF_JMP_JEQ_K, 0, 1, linux.PACKET_OUTGOING], DROP);
  }
  if (options.randomInterval > 1) {
    before.push([linux.BPF_LD_W_ABS, 0, 0, linux.SKF_AD_OFF + linux.SKF_AD_RANDOM]);
    before.push([linux.BPF_ALU_MOD_K, 0, 0, options.randomInterval], [linux.BPF_JMP_JEQ_K, 1, 0, 0], DROP);
  }
  const first = assemble(before);
  const filter =
    options.filter === ''
      ? assemble([keep(snapLength)])
      : compileFilter(options.name, options.filter, options.linkType, snapLength);
  const instructions = (first.length + filter.length) / linux.SOCK_FILTER_OCTETS;
  if (instructions > linux.BPF_MAXINSNS) {
    throw new CaptureError(options.name, `the filter takes ${instructions} instructions`, {
      remedy: `the kernel takes ${linux.BPF_MAXINSNS}: make it simpler`,
      exitCode: 2,
    });
  }
  return joined(first, snappingFilter(filter, snapLength, options, linux.BPF_MAXINSNS - instructions));
}

function joined(first: Uint8Array, rest: Uint8Array): Uint8Array {
  const program = new Uint8Array(first.length + rest.length);
  program.set(first);
  program.set(rest, first.length);
  return program;
}

/** The filter, with a snap length for each frame where that is wanted, and possible within `room` more instructions. */
function snappingFilter(
  filter: Uint8Array,
  snapLength: number,
  { linkType, headersSnap }: BpfOptions,
  room: number,
): Uint8Array {
  if (headersSnap === undefined) return filter;
  const { octets: headers, tunnelPorts } = headersSnap;
  const snap = createPayloadSnap(linkType, { headers, payload: snapLength, tunnelPorts });
  if (snap === undefined || snap.length > room) return filter;
  return followedBy(filter, snap) ?? filter;
}

/**
 * A filter expression in tcpdump's syntax (pcap-filter(7)) as instructions that return the snap length or 0.
 * @throws CaptureError with libpcap's message, or where libpcap is not installed
 */
function compileFilter(name: string, filter: string, linkType: number, snapLength: number): Uint8Array {
  const library = libpcap(name, 'a filter');
  const live = liveHandle(library, name, linkType, snapLength);
  const pcap = live === 0 ? library.openDead(dltOfLinkType(linkType), snapLength) : live;
  const program = programBuffer();
  try {
    if (library.compile(pcap, program, filter, 1, PCAP_NETMASK_UNKNOWN) !== 0) {
      const reason = library.errorText(pcap);
      throw new CaptureError(name, `the filter ${JSON.stringify(filter)} does not compile: ${reason}`, {
        remedy: "filters are in tcpdump's syntax: see man pcap-filter",
        exitCode: 2,
      });
    }
    const instructions = library.instructions(program);
    library.freeCode(program);
    return instructions;
  } finally {
    library.close(pcap);
  }
}

/**
 * A handle on the interface itself, whose filters know that the kernel takes VLAN tags out of frames; `vlan 10` would
 * never match without. 0 where there is none to be had, or it sees another link type than the ring.
 */
function liveHandle(library: Libpcap, name: string, linkType: number, snapLength: number): number | bigint {
  const pcap = library.create(name, errorBuffer());
  if (pcap === 0) return 0;
  library.setSnapLength(pcap, snapLength);
  library.setBufferSize(pcap, COMPILE_BUFFER_OCTETS);
  // Warnings are positive.
  if (library.activate(pcap) >= 0 && library.datalink(pcap) === dltOfLinkType(linkType)) return pcap;
  library.close(pcap);
  return 0;
}
