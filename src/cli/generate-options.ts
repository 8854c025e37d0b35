/**
 * Checks what was asked of `flowtap generate` and completes it: every fault of the command line at once, contradictions
 * included. Opens nothing.
 */

import { ConfigError, type ConfigFault } from '../base/errors.ts';
import type { OptionValue } from '../config/types/option-types.ts';
import { type AskedSide, completeSides, flowsOf } from '../generate/flow-ranges.ts';
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
import type { Pace, Protocol, Recipe } from '../generate/recipe.ts';
import { headerOctets } from '../generate/recipe-frames.ts';
import { type Arguments, COMMAND_LINE } from './command.ts';
import { valueFaults } from './flag-values.ts';
import { GENERATE_FLAGS } from './generate-flags.ts';

/** The flags that describe packets; a capture brings its own. */
const RECIPE_FLAGS: readonly string[] = [
  ...['size', 'protocol', 'ipv6', 'flows', 'packets-per-flow', 'order', 'seed', 'tcp-flags', 'vlan'],
  ...['source', 'destination', 'source-port', 'destination-port', 'source-mac', 'destination-mac'],
];
const CAPTURE_FLAGS: readonly string[] = ['speed', 'loop'];
/** Octets of the longest frame in a file: an IP packet of 65,535 octets and two tags. */
const FRAME_MAX = 65_535 + 14 + 8;
const TCP_ACK = 0x10;
const ETHERNET = 14;
const TAG = 4;

/** A complete order to generate frames. */
export interface GeneratePlan {
  readonly target: { readonly kind: 'interface' | 'file'; readonly name: string };
  readonly frames:
    | { readonly kind: 'recipe'; readonly recipe: Recipe }
    | { readonly kind: 'capture'; readonly file: string; readonly rounds: number };
  readonly pace: Pace;
  readonly packetsMax: number;
  readonly durationMs: number;
  readonly reportEveryMs: number | undefined;
  readonly form: 'text' | 'json';
  readonly anyInterface: boolean;
}

/** The command line's values by flag, with the faults that were met. */
class Values {
  readonly faults: ConfigFault[];
  readonly #args: Arguments;

  constructor(args: Arguments) {
    this.#args = args;
    this.faults = valueFaults(GENERATE_FLAGS, args);
  }

  fault(path: string, found: string, allowed: string): void {
    this.faults.push({ path, found, allowed });
  }

  has(name: string): boolean {
    return this.#args.flags.has(name);
  }

  /** The text of a flag, or undefined where it was not given. */
  text(name: string): string | undefined {
    return this.#args.flags.get(name)?.at(-1);
  }

  /** The value of a flag whose type makes one. */
  value(name: string): OptionValue {
    const text = this.text(name);
    return text === undefined
      ? undefined
      : GENERATE_FLAGS.find((flag) => flag.name === name)!.type!.parse(text);
  }

  /** @throws ConfigError where there is a fault */
  check(): void {
    if (this.faults.length > 0)
      throw new ConfigError(COMMAND_LINE, this.faults, 'see: flowtap generate --help');
  }
}

function planTarget(values: Values): GeneratePlan['target'] {
  const [device, file] = [values.text('interface'), values.text('write')];
  if (device === undefined && file === undefined) {
    values.fault('--interface', 'nothing', 'an interface to send on, or --write FILE');
  }
  if (device !== undefined && file !== undefined) {
    values.fault('--write', 'it beside --interface', 'one of the two');
  }
  return file === undefined ? { kind: 'interface', name: device ?? '' } : { kind: 'file', name: file };
}

function planPace(values: Values, isCapture: boolean, isFile: boolean): Pace {
  const asked = values.text('rate');
  const rate = asked === undefined ? undefined : parseRate(asked);
  const speed = values.value('speed');
  if (rate !== undefined && speed !== undefined)
    values.fault('--speed', 'it beside --rate', 'one of the two');
  const isMax = rate === 'max' || speed === 'max';
  if (isMax && isFile) {
    values.fault(
      rate === 'max' ? '--rate' : '--speed',
      '"max" with --write',
      'a number: it makes the times in the file',
    );
  }
  if (isMax) return { kind: 'max' };
  if (rate !== undefined) return { kind: 'rate', rate: rate as Exclude<typeof rate, 'max'> };
  if (isCapture) return { kind: 'recorded', speed: (speed as number | undefined) ?? 1 };
  return { kind: 'rate', rate: { unit: 'packets', perSecond: 1000 } };
}

function planSide(values: Values, side: 'source' | 'destination'): AskedSide {
  const parse = <T>(name: string, parser: (text: string) => T | undefined): T | undefined => {
    const text = values.text(name);
    return text === undefined ? undefined : parser(text);
  };
  return {
    mac: parse(`${side}-mac`, parseMacs),
    address: parse(side, parseAddresses),
    port: parse(`${side}-port`, parsePorts),
  };
}

/** 4 or 6, as the addresses or --ipv6 say. */
function planVersion(values: Values, source: AskedSide, destination: AskedSide): 4 | 6 {
  const versions = new Set<4 | 6>();
  if (values.has('ipv6')) versions.add(6);
  if (source.address !== undefined) versions.add(source.address.version);
  if (destination.address !== undefined) versions.add(destination.address.version);
  if (versions.size > 1) {
    const found = values.has('ipv6') ? '--ipv6 and an IPv4 address' : 'IPv4 on one side, IPv6 on the other';
    values.fault('--source, --destination', found, 'addresses of one kind');
  }
  return versions.has(6) ? 6 : 4;
}

function planRecipe(values: Values): Recipe {
  const protocol = (values.value('protocol') as Protocol | undefined) ?? 'udp';
  const asked = { source: planSide(values, 'source'), destination: planSide(values, 'destination') };
  const version = planVersion(values, asked.source, asked.destination);
  const wanted = values.has('flows') ? parseCount(values.text('flows')!) : undefined;
  const { source, destination } = completeSides(asked, version, protocol, wanted);
  const possible = Math.min(flowsOf(source, destination, protocol), COUNT_MAX);
  if (wanted !== undefined && wanted > possible) {
    values.fault('--flows', values.text('flows')!, `at most ${possible} with these addresses and ports`);
  }
  if (values.has('tcp-flags') && protocol !== 'tcp') {
    values.fault('--tcp-flags', `it with ${protocol}`, '--protocol tcp');
  }
  if (protocol === 'icmp' && (values.has('destination-port') || (asked.source.port?.count ?? 1) > 1)) {
    values.fault('--source-port, --destination-port', 'they with icmp', 'one --source-port, the identifier');
  }
  const recipe: Recipe = {
    protocol,
    source,
    destination,
    flows: wanted ?? possible,
    packetsPerFlow: (values.value('packets-per-flow') as number | undefined) ?? 1,
    order: (values.value('order') as Recipe['order'] | undefined) ?? 'sequential',
    seed: (values.value('seed') as number | undefined) ?? 1,
    frameOctets: parseSizes(values.text('size') ?? defaultSize(version)) ?? [],
    vlans: parseVlans(values.text('vlan') ?? '-') ?? [],
    tcpFlags: parseTcpFlags(values.text('tcp-flags') ?? '-') ?? TCP_ACK,
  };
  const least = headerOctets(recipe);
  const wrong = recipe.frameOctets.find((octets) => octets < least || octets > FRAME_MAX);
  if (wrong !== undefined) {
    const what = `${least} (the headers of ${protocol} over IPv${version}${recipe.vlans.length > 0 ? ' with VLAN' : ''})`;
    values.fault('--size', String(wrong), `from ${what} to ${FRAME_MAX} octets`);
  }
  return recipe;
}

/** The usual smallest frame; over IPv6 a TCP header does not fit into 64. */
function defaultSize(version: 4 | 6): string {
  return version === 4 ? '64' : '82';
}

function refuse(values: Values, flags: readonly string[], where: string, instead: string): void {
  for (const name of flags) if (values.has(name)) values.fault(`--${name}`, `it ${where}`, instead);
}

/**
 * What the command line asks for.
 * @throws ConfigError with every fault of it
 */
export function generatePlan(args: Arguments): GeneratePlan {
  const values = new Values(args);
  values.check();
  const target = planTarget(values);
  const file = values.text('read');
  const isFile = target.kind === 'file';
  if (file === undefined) refuse(values, CAPTURE_FLAGS, 'without --read', '--read FILE as well');
  else refuse(values, RECIPE_FLAGS, 'beside --read', 'the packets are those of the capture');
  if (isFile) refuse(values, ['yes-this-interface', 'every'], 'with --write', '--interface');
  const packetsMax = parseCount(values.text('count') ?? '') || Number.POSITIVE_INFINITY;
  const durationMs = (values.value('duration') as number | undefined) ?? Number.POSITIVE_INFINITY;
  const loop = (values.value('loop') as number | undefined) ?? 1;
  const isEndless = file === undefined || loop === 0;
  if (
    isFile &&
    isEndless &&
    packetsMax === Number.POSITIVE_INFINITY &&
    durationMs === Number.POSITIVE_INFINITY
  ) {
    values.fault('--write', 'no end', '--count N or --duration DURATION as well');
  }
  const pace = planPace(values, file !== undefined, isFile);
  const frames: GeneratePlan['frames'] =
    file === undefined
      ? { kind: 'recipe', recipe: planRecipe(values) }
      : { kind: 'capture', file, rounds: loop === 0 ? Number.POSITIVE_INFINITY : loop };
  values.check();
  return {
    target,
    frames,
    pace,
    packetsMax,
    durationMs,
    reportEveryMs: values.value('every') as number | undefined,
    form: (values.value('output') as 'text' | 'json' | undefined) ?? 'text',
    anyInterface: values.has('yes-this-interface'),
  };
}

/**
 * @param mtuOctets that the interface takes
 * @throws ConfigError when a frame of the recipe is longer
 */
export function checkMtu(recipe: Recipe, device: string, mtuOctets: number): void {
  // Linux leaves room for one tag.
  const most = mtuOctets + ETHERNET + (recipe.vlans.length > 0 ? TAG : 0);
  const longest = Math.max(...recipe.frameOctets);
  if (longest <= most) return;
  const allowed = `at most ${most} octets on ${device}, whose MTU is ${mtuOctets}`;
  throw new ConfigError(COMMAND_LINE, [{ path: '--size', found: String(longest), allowed }]);
}
