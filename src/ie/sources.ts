/**
 * Where the value of an information element comes from: places in a flow record (metering/flow-layout.ts), described as
 * data. From one description derive the column encoder (columns.ts) and the JSON and CSV values (values.ts).
 *
 * "Forward" is the record seen from its initiator, "reverse" from its responder: the same flow record yields a data
 * record for either direction.
 */

/** The value applies only where these bits of the record have this value; elsewhere it is 0. */
export interface Condition {
  readonly word: number;
  readonly shift: number;
  readonly mask: number;
  readonly equals: number;
}

/** Bits of a word. */
export interface WordSource {
  readonly kind: 'word';
  readonly forward: number;
  readonly reverse: number;
  readonly forwardShift: number;
  readonly reverseShift: number;
  readonly mask: number;
  readonly when?: Condition;
  /** What stands in the upper 32 bits of an unsigned64, while the lower ones are not 0. */
  readonly high?: number;
}

/** A count: a double of the record. */
export interface CountSource {
  readonly kind: 'count';
  readonly forward: number;
  readonly reverse: number;
}

/** An address: one word or four, from the most significant on. */
export interface AddressSource {
  readonly kind: 'address';
  readonly forward: number;
  readonly reverse: number;
  readonly words: 1 | 4;
  readonly when?: Condition;
}

/** The flow's source (or destination) MAC address. */
export interface MacSource {
  readonly kind: 'mac';
  readonly of: 'source' | 'destination';
}

/** A moment, as a double of nanoseconds since the time base, in the encoding of the element's type. */
export interface TimeSource {
  readonly kind: 'time';
  readonly forward: number;
  readonly reverse: number;
  readonly encoding: 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds' | 'sysUpTime';
}

/** Last packet less first packet of the direction, in units of `unitNs`. */
export interface DurationSource {
  readonly kind: 'duration';
  readonly unitNs: number;
}

/** The same in every record. */
export interface ConstantSource {
  readonly kind: 'constant';
  readonly value: number;
}

/** What the exporting process knows and the record does not. */
export interface ContextSource {
  readonly kind: 'context';
  readonly field: 'ingressInterface' | 'egressInterface' | 'observationDomainId' | 'systemInitTime';
}

export type Source =
  | WordSource
  | CountSource
  | AddressSource
  | MacSource
  | TimeSource
  | DurationSource
  | ConstantSource
  | ContextSource;

/** What the exporting process adds to the records it encodes. */
export interface EncodeContext {
  /** ifIndex by observation point (interface index + 1); place 0 is for points beyond the table. */
  readonly ingressInterfaces: Uint32Array;
  readonly egressInterfaces: Uint32Array;
  readonly observationDomainId: number;
  /** Unix time in whole seconds that record times count from, shifted if the export is not at the capture's own time. */
  timeBaseSeconds: number;
  /** Unix time in milliseconds at which sysUpTime is 0. */
  bootMs: number;
}

/** Bits of one word, the same place for both directions. */
export function word(at: number, shift = 0, mask = 0xffffffff, when?: Condition): WordSource {
  const bits = {
    kind: 'word',
    forward: at,
    reverse: at,
    forwardShift: shift,
    reverseShift: shift,
    mask,
  } as const;
  return when === undefined ? bits : { ...bits, when };
}

/** Bits of a word of the direction's own line. */
export function lineWord(offset: number, shift = 0, mask = 0xffffffff): WordSource {
  return { ...word(0, shift, mask), forward: 16 + offset, reverse: 32 + offset };
}

/** A double of the direction's own line. */
export function lineCount(offset: number): CountSource {
  return { kind: 'count', forward: 8 + offset, reverse: 16 + offset };
}

/** A moment of the direction's own line. */
export function lineTime(offset: number, encoding: TimeSource['encoding']): TimeSource {
  return { kind: 'time', forward: 8 + offset, reverse: 16 + offset, encoding };
}

export function constant(value: number): ConstantSource {
  return { kind: 'constant', value };
}
