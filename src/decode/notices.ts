/**
 * Oddities of a packet that was metered and that are counted: cut and malformed transport headers, fragments, tunnels
 * that could not be read. The table that counters, metrics, summaries and documentation derive from. A code is the
 * row's position and indexes a counter array; codes may change between releases, names do not.
 */

import {
  NOTICE_CHAIN_LIMIT,
  NOTICE_CHAIN_MALFORMED,
  NOTICE_CHAIN_TRUNCATED,
  NOTICE_FIRST_FRAGMENT_INCOMPLETE,
  NOTICE_FRAGMENT_FIRST,
  NOTICE_FRAGMENT_LATER,
  NOTICE_HOP_BY_HOP_MISPLACED,
  NOTICE_LENGTH_BEYOND_FRAME,
  NOTICE_LENGTH_ZERO,
  NOTICE_MPLS_STACK_CUT,
  NOTICE_OPTION_LIMIT,
  NOTICE_TRANSPORT_MALFORMED,
  NOTICE_TRANSPORT_TRUNCATED,
  NOTICE_TUNNEL_NESTING_LIMIT,
  NOTICE_TUNNEL_NOT_IP,
  NOTICE_TUNNEL_UNDECODABLE,
} from '../records/notice-codes.ts';

export * from '../records/notice-codes.ts';

export interface Notice {
  readonly code: number;
  readonly name: string;
  readonly help: string;
}

/** Every notice, in order of its code. At most 31, as a packet's notices are kept as bits of one integer. */
export const NOTICES: readonly Notice[] = [
  {
    code: NOTICE_TRANSPORT_TRUNCATED,
    name: 'transportTruncated',
    help: 'The snap length cut the transport header: what it hides (ports, flags) is 0.',
  },
  {
    code: NOTICE_TRANSPORT_MALFORMED,
    name: 'transportMalformed',
    help: 'The transport header contradicts itself or does not fit into the IP packet.',
  },
  {
    code: NOTICE_LENGTH_BEYOND_FRAME,
    name: 'ipLengthBeyondFrame',
    help: 'The IP header promises more octets than the frame had on the wire; the promise is counted.',
  },
  {
    code: NOTICE_LENGTH_ZERO,
    name: 'ipLengthZero',
    help: "IP length 0, as super-packets have it: the frame's octets are counted.",
  },
  { code: NOTICE_FRAGMENT_FIRST, name: 'fragmentFirst', help: 'First fragment of a packet.' },
  {
    code: NOTICE_FRAGMENT_LATER,
    name: 'fragmentLater',
    help: 'Later fragment of a packet, without ports of its own.',
  },
  {
    code: NOTICE_FIRST_FRAGMENT_INCOMPLETE,
    name: 'ipv6FirstFragmentIncomplete',
    help: 'IPv6 first fragment without the whole header chain (forbidden by RFC 7112).',
  },
  {
    code: NOTICE_CHAIN_TRUNCATED,
    name: 'ipv6ChainTruncated',
    help: 'The snap length cut the IPv6 header chain: the protocol is the header that could not be read.',
  },
  {
    code: NOTICE_CHAIN_MALFORMED,
    name: 'ipv6ChainMalformed',
    help: 'The IPv6 header chain or an option leaves its bounds: the protocol is the header at fault.',
  },
  {
    code: NOTICE_CHAIN_LIMIT,
    name: 'ipv6ChainLimit',
    help: 'More than 10 IPv6 extension headers or 512 octets of them: the rest was not followed.',
  },
  {
    code: NOTICE_OPTION_LIMIT,
    name: 'ipv6OptionLimit',
    help: 'More than 32 options before a jumbo payload option.',
  },
  {
    code: NOTICE_HOP_BY_HOP_MISPLACED,
    name: 'ipv6HopByHopMisplaced',
    help: 'An IPv6 hop-by-hop header that is not the first one: the chain was not followed further.',
  },
  {
    code: NOTICE_TUNNEL_NOT_IP,
    name: 'tunnelNotIp',
    help: 'A tunnel to look into carried no IP packet that can be read (control, ARP, …): metered on the outer packet.',
  },
  {
    code: NOTICE_TUNNEL_UNDECODABLE,
    name: 'tunnelUndecodable',
    help: 'What a tunnel carried is malformed or cut by the snap length: metered on the outer packet.',
  },
  {
    code: NOTICE_TUNNEL_NESTING_LIMIT,
    name: 'tunnelNestingLimit',
    help: 'Tunnels nested deeper than the limit: metered on the deepest packet within it.',
  },
  {
    code: NOTICE_MPLS_STACK_CUT,
    name: 'mplsStackCut',
    help: 'More than 10 MPLS labels: the top 10 are kept.',
  },
];
