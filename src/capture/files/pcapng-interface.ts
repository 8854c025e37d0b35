/**
 * An interface of a pcapng section: its options, and its clock (draft-ietf-opsawg-pcapng §4.2). Times come as 64 bits
 * of units that each interface chooses; they are brought to nanoseconds from the run's time base without a BigInt per
 * packet: the base is kept in the interface's own units, as two halves. Only units that are no whole nanoseconds (binary
 * ones, and those finer than a nanosecond) take a BigInt, to be exact: they are rounded down, as tshark does.
 */
import { NS_PER_S } from '../../base/clock.ts';
import { type CaptureContext, ROUNDING_NS } from './capture-format.ts';

const OPTION_END = 0;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const IF_FCSLEN = 13;
const IF_TSOFFSET = 14;
const DEFAULT_TSRESOL = 6;
const TWO_TO_32 = 2 ** 32;
const NS_PER_S_BIG = BigInt(NS_PER_S);
/** Unix times from 0 to below this, in seconds, can be said in every format that flows go out in: 1970 to 2106. */
const SECONDS_END = 2 ** 32;

export interface InterfaceOptions {
  name: string;
  /** if_tsresol: negative power of 10, or of 2 with the top bit set. */
  timeResolution: number;
  /** if_tsoffset in seconds. */
  timeOffsetSeconds: bigint;
  /** if_fcslen, in octets. */
  checkOctets: number;
}

/** Reads an interface's options from `at` to `end`; options that do not fit are left out. */
export function readInterfaceOptions(
  view: DataView,
  at: number,
  end: number,
  littleEndian: boolean,
): InterfaceOptions {
  const options: InterfaceOptions = {
    name: '',
    timeResolution: DEFAULT_TSRESOL,
    timeOffsetSeconds: 0n,
    checkOctets: 0,
  };
  while (at + 4 <= end) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    const value = at + 4;
    if (code === OPTION_END || value + length > end) break;
    if (code === IF_NAME) options.name = readString(view, value, length);
    if (code === IF_TSRESOL && length >= 1) options.timeResolution = view.getUint8(value);
    if (code === IF_FCSLEN && length >= 1) options.checkOctets = checkOctetsOf(view.getUint8(value));
    if (code === IF_TSOFFSET && length >= 8)
      options.timeOffsetSeconds = view.getBigInt64(value, littleEndian);
    at = value + length + ((4 - (length % 4)) % 4);
  }
  return options;
}

/** The specification says bits and gives 4 as its example, as writers do; no frame check sequence has 8 octets. */
function checkOctetsOf(length: number): number {
  return length >= 8 ? length >>> 3 : length;
}

function readString(view: DataView, at: number, length: number): string {
  const text = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, length));
  return text.split('\0', 1)[0]!;
}

export interface InterfaceTime {
  readonly unitsPerSecond: bigint;
  /** Where that is whole, else 0. */
  readonly nsPerUnit: number;
  readonly timeOffsetSeconds: bigint;
  /** The run's time base in this interface's units, as value = high × 2^32 + low; NaN until it is known. */
  baseHigh: number;
  baseLow: number;
  /** Times from the first to below the second can be said, in nanoseconds from the time base. */
  startNs: number;
  endNs: number;
}

export function createTimeScale(options: InterfaceOptions): InterfaceTime {
  const exponent = options.timeResolution & 0x7f;
  const unitsPerSecond =
    (options.timeResolution & 0x80) === 0 ? 10n ** BigInt(exponent) : 2n ** BigInt(exponent);
  const isWhole = NS_PER_S_BIG % unitsPerSecond === 0n;
  return {
    unitsPerSecond,
    nsPerUnit: isWhole ? Number(NS_PER_S_BIG / unitsPerSecond) : 0,
    timeOffsetSeconds: options.timeOffsetSeconds,
    baseHigh: Number.NaN,
    baseLow: Number.NaN,
    startNs: Number.NaN,
    endNs: Number.NaN,
  };
}

/**
 * A packet's time, given as two 32-bit halves in the interface's units, in nanoseconds since the run's time base.
 * @returns NaN for a time before 1970 or after 2106, which sets no time base either
 */
export function unitsToNs(time: InterfaceTime, high: number, low: number, context: CaptureContext): number {
  if (Number.isNaN(time.baseHigh) && !setBase(time, high, low, context)) return Number.NaN;
  let ns: number;
  if (time.nsPerUnit > 0) {
    const highNs = (high - time.baseHigh) * TWO_TO_32 * time.nsPerUnit;
    const lowNs = (low - time.baseLow) * time.nsPerUnit;
    ns = highNs + lowNs;
    if (ns - highNs < lowNs) ns += ROUNDING_NS;
  } else ns = finerUnitsToNs(time, high, low, context.timeBaseSeconds);
  return ns >= time.startNs && ns < time.endNs ? ns : Number.NaN;
}

function finerUnitsToNs(time: InterfaceTime, high: number, low: number, baseSeconds: number): number {
  const units = (BigInt(high) << 32n) | BigInt(low);
  const ns = (units * NS_PER_S_BIG) / time.unitsPerSecond;
  return Number(ns + (time.timeOffsetSeconds - BigInt(baseSeconds)) * NS_PER_S_BIG);
}

/** False where nothing can be counted from this time. */
function setBase(time: InterfaceTime, high: number, low: number, context: CaptureContext): boolean {
  if (Number.isNaN(context.timeBaseSeconds)) {
    const units = (BigInt(high) << 32n) | BigInt(low);
    const seconds = units / time.unitsPerSecond + time.timeOffsetSeconds;
    if (seconds < 0n || seconds >= BigInt(SECONDS_END)) return false;
    context.timeBaseSeconds = Number(seconds);
  }
  const base = (BigInt(context.timeBaseSeconds) - time.timeOffsetSeconds) * time.unitsPerSecond;
  time.baseHigh = Number(base >> 32n);
  time.baseLow = Number(base & 0xffffffffn);
  time.startNs = -context.timeBaseSeconds * NS_PER_S;
  time.endNs = (SECONDS_END - context.timeBaseSeconds) * NS_PER_S;
  return true;
}
