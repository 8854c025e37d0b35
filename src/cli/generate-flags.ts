/** The flags of `flowtap generate`: their types and help. What they mean together is for generate-options.ts. */
import { choice, duration, integer, numberOrWord, type OptionType } from '../config/types/option-types.ts';
import {
  COUNT_MAX,
  parseAddresses,
  parseCount,
  parseMacs,
  parsePorts,
  parseRate,
  parseSizes,
  parseTcpFlags,
  parseVlans,
} from '../generate/ranges.ts';
import type { Flag } from './command.ts';

/** A type whose values stay text; what parses it later has been asked already whether it can. */
function text(allowed: string, placeholder: string, isAllowed: (raw: string) => boolean): OptionType {
  return {
    allowed,
    placeholder,
    jsonSchema: { type: 'string' },
    parse: (raw) => (typeof raw === 'string' && isAllowed(raw) ? raw : undefined),
  };
}

function count(min: number, max: number): OptionType {
  return text(`a whole number from ${min} to ${max}, k or M behind it if wanted`, 'N', (raw) => {
    const value = parseCount(raw);
    return value >= min && value <= max;
  });
}

const anyText = (allowed: string, placeholder: string) => text(allowed, placeholder, (raw) => raw !== '');
const DAY_MS = 86_400e3;
const ADDRESSES = text(
  'an address, FIRST-LAST, FIRST+COUNT, or ADDRESS/PREFIX, of at most 2,147,483,647 addresses',
  'RANGE',
  (raw) => parseAddresses(raw) !== undefined,
);
const PORTS = text(
  'a port, FIRST-LAST or FIRST+COUNT, from 0 to 65535',
  'RANGE',
  (raw) => parsePorts(raw) !== undefined,
);
const MACS = text(
  'a MAC address (00:01:00:00:00:00), FIRST-LAST or FIRST+COUNT',
  'RANGE',
  (raw) => parseMacs(raw) !== undefined,
);
const RATE = text(
  'max, packets a second (100k, 1.2Mpps), or bits a second (500Mbps, 1Gbit/s)',
  'RATE',
  (raw) => parseRate(raw) !== undefined,
);
const SIZES = text(
  'octets, imix, or OCTETS:WEIGHT,… (64:7,590:4,1514:1)',
  'OCTETS|imix',
  (raw) => parseSizes(raw) !== undefined,
);
const TCP_FLAGS = text('letters of FSRPAUEC', 'LETTERS', (raw) => parseTcpFlags(raw) !== undefined);
const VLANS = text(
  'an identifier from 0 to 4095, or two: outer,inner',
  'ID',
  (raw) => parseVlans(raw) !== undefined,
);

/** In the order in which the help shows them. */
export const GENERATE_FLAGS: readonly Flag[] = [
  {
    name: 'interface',
    letter: 'i',
    type: anyText('the name of an interface', 'IFACE'),
    help: 'Send on this interface',
  },
  {
    name: 'write',
    letter: 'w',
    type: anyText('the name of a file', 'FILE'),
    help: 'Write a capture file instead',
  },
  { name: 'rate', type: RATE, help: 'Packets (100k) or bits (1Gbit/s) a second, or max [1k]' },
  {
    name: 'count',
    letter: 'n',
    type: count(1, Number.MAX_SAFE_INTEGER),
    help: 'Stop after this many packets',
  },
  { name: 'duration', type: duration(1, 365 * DAY_MS), help: 'Stop after this long' },
  { name: 'size', type: SIZES, help: 'Octets of a frame without its check sequence, or a mix [64]' },
  { name: 'protocol', type: choice(['tcp', 'udp', 'icmp']), help: 'What the packets carry [udp]' },
  { name: 'ipv6', letter: '6', help: 'IPv6, where no address says so' },
  { name: 'flows', type: count(1, COUNT_MAX), help: 'Distinct flows [as many as the ranges make]' },
  {
    name: 'packets-per-flow',
    type: integer(1, COUNT_MAX),
    help: "Packets before it is the next flow's turn [1]",
  },
  { name: 'order', type: choice(['sequential', 'random']), help: 'Which flow is next [sequential]' },
  {
    name: 'seed',
    type: integer(0, 2 ** 32 - 1),
    help: 'Of the random order; equal seeds, equal packets [1]',
  },
  { name: 'source', type: ADDRESSES, help: 'A, A-B, A+COUNT or A/PREFIX: steps with the flow' },
  { name: 'destination', type: ADDRESSES, help: 'The same for the other side' },
  { name: 'source-port', type: PORTS, help: 'Steps when the addresses begin again' },
  { name: 'destination-port', type: PORTS, help: 'The same for the other side [9]' },
  { name: 'source-mac', type: MACS, help: 'Steps with the flow' },
  { name: 'destination-mac', type: MACS, help: 'The same for the other side' },
  { name: 'tcp-flags', type: TCP_FLAGS, help: 'Letters of FSRPAUEC [A]' },
  { name: 'vlan', type: VLANS, help: 'VLAN tag of every frame; two: outer,inner' },
  {
    name: 'read',
    letter: 'r',
    type: anyText('the name of a capture file', 'FILE'),
    help: 'Send the frames of a capture instead',
  },
  {
    name: 'speed',
    type: numberOrWord(['max'], { min: 0.001, max: 1e6, isWhole: false }, 'MULTIPLE'),
    help: "Multiple of the capture's own speed [1]",
  },
  { name: 'loop', type: integer(0, COUNT_MAX), help: 'Send the capture so often; 0: without end [1]' },
  { name: 'every', type: duration(100, DAY_MS), help: 'Report on standard error this often' },
  { name: 'output', letter: 'o', type: choice(['text', 'json']), help: 'Form of the report [text]' },
  { name: 'yes-this-interface', help: 'Send although other systems can be reached from it' },
];
