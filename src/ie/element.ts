/**
 * What a row of the table of information elements says, and where in a flow record its value stands. Shapes and small
 * helpers only: the rows are in elements-*.ts. Wire columns (export/messages/columns.ts), the columns of all other
 * writers (value-column.ts) and docs/ are made from them.
 */

import { APPLICATION_WORD } from '../records/application-layout.ts';
import {
  ADDRESS_A,
  ADDRESS_B,
  ENCAPSULATION_WORD,
  FLOW_PROTOCOL,
  FORWARD_DOUBLE,
  FORWARD_WORD,
  REVERSE_DOUBLE,
  REVERSE_WORD,
} from '../records/flow-layout.ts';
import { NETWORK_WORD } from '../records/network-layout.ts';
import { HEALTH_WORD } from '../records/path-health-layout.ts';
import type { RecordSections } from '../records/record-sections.ts';
import type { AbstractTypeName, SemanticsName, UnitName } from './abstract-types.ts';

/** An integer within a 32-bit word of the record: `(words[word] >>> shift) & mask`. */
export interface WordField {
  readonly word: number;
  readonly shift: number;
}

/** The value counts only where `(words[word] >>> shift) & mask` equals `equals`; elsewhere it is 0. */
export interface Condition extends WordField {
  readonly mask: number;
  readonly equals: number;
}

/**
 * Parts of the flow key: `always` is in every key, `ingress` where `interface` is and ingressInterface is the observation
 * point.
 */
export type FlowKeyPart =
  | 'always'
  | 'interface'
  | 'ingress'
  | 'vlan'
  | 'pppoe'
  | 'tos'
  | 'mac'
  | 'mpls'
  | 'tunnel';

/** Values that the exporter knows, not the record. */
export type ExporterValue = 'observationDomainId' | 'samplingInterval' | 'systemInitTimeMilliseconds';

/**
 * Where a value stands, in words or doubles from the start of the record, for either direction. Forward is from A to B.
 * Where `reverse` is missing, the value of that direction is not known: it is 0 on the wire and left out of text.
 */
export type ValueSource =
  | {
      readonly kind: 'word';
      readonly forward: WordField;
      readonly reverse?: WordField;
      readonly mask: number;
      readonly when?: Condition;
      /** The condition of the reverse direction, where it has one of its own. */
      readonly whenReverse?: Condition;
      /** The value is so many times smaller, and rounded. */
      readonly divisor?: number;
      /** Set above the value, in the high word of 64 bits, where the value is not 0 by its condition. */
      readonly highWord?: number;
    }
  | {
      readonly kind: 'double';
      readonly forward: number;
      readonly reverse: number;
      readonly when?: Condition;
      readonly whenReverse?: Condition;
    }
  /** Nanoseconds since the time base; `since` says what the element counts from. */
  | {
      readonly kind: 'time';
      readonly forward: number;
      readonly reverse: number;
      readonly since: 'epoch' | 'systemInit' | 'exportTime';
    }
  /** The difference of two neighbouring times, the earlier first. */
  | { readonly kind: 'duration'; readonly forward: number; readonly reverse: number; readonly unitNs: number }
  | {
      readonly kind: 'address';
      readonly forward: number;
      readonly reverse: number;
      readonly words: 1 | 4;
      readonly when?: Condition;
      readonly whenReverse?: Condition;
    }
  /** The intervals of a direction's block of path health, which starts at this word. */
  | {
      readonly kind: 'intervals';
      readonly forward: number;
      readonly reverse: number;
      readonly when: Condition;
    }
  /** Of the IPv6 extension headers seen: ipv6ExtensionHeadersFull, or whether all of them were seen. */
  | {
      readonly kind: 'extensions';
      readonly forward: number;
      readonly reverse: number;
      readonly which: 'full' | 'complete';
    }
  /** A text: the word that says where it stands, 0 where there is none, and the first word of all texts of the record. */
  | {
      readonly kind: 'text';
      readonly forward: number;
      readonly reverse: number;
      readonly texts: number;
      readonly when?: Condition;
    }
  /** Two letters, the first of them the lower octet; 0 where they are not known. */
  | { readonly kind: 'letters'; readonly forward: WordField; readonly reverse: WordField }
  /** applicationId (RFC 6759 §4): classification engine and selector, 5 octets. */
  | { readonly kind: 'applicationId'; readonly forward: number }
  | { readonly kind: 'mac'; readonly forward: 'source' | 'destination' }
  | { readonly kind: 'constant'; readonly forward: number; readonly reverse: number }
  | { readonly kind: 'exporter'; readonly value: ExporterValue }
  /** A number that no other record of this exporter has. */
  | { readonly kind: 'recordNumber' }
  | { readonly kind: 'padding' };

export interface InformationElement {
  readonly id: number;
  /** One of our own: its number is under the private enterprise number of the configuration. */
  readonly isEnterprise?: true;
  readonly name: string;
  readonly type: AbstractTypeName;
  /** Octets, where the type has no size of its own. */
  readonly octets?: number;
  /** Texts: octets of the longest value. */
  readonly octetsMax?: number;
  /** A text that is a list, with semicolons between its parts. */
  readonly isList?: true;
  /** Octets in NetFlow v9 where they differ from the type's. */
  readonly v9Octets?: number;
  readonly unit: UnitName;
  readonly semantics: SemanticsName;
  /** It is another maker's, under that enterprise number. */
  readonly enterpriseNumber?: number;
  /** The element of the same meaning that profiles have in NetFlow v9, as that has no enterprise elements. */
  readonly inV9?: string;
  /** Its number in NetFlow v9 where that is not `id`. */
  readonly v9Id?: number;
  /** A biflow record has it a second time for the reverse direction (RFC 5103 §6.1). */
  readonly isReversible?: true;
  /** Flows of the other IP version do not have it. */
  readonly ipVersion?: 4 | 6;
  /** It is a flow key (RFC 7011 §2), always or where the configuration puts this part into the key. */
  readonly isFlowKeyOf?: FlowKeyPart;
  /** The profile `full` leaves it out: another element says the same, or it is about the exporter. */
  readonly inFull?: false;
  /** An identifier: what is sent where it does not fit into a reduced size, as another one would be wrong. */
  readonly whenTooLarge?: number;
  /** Text output leaves it out where it is 0, since 0 says that there is none. */
  readonly isAbsentWhenZero?: true;
  /** One sentence. */
  readonly description: string;
  readonly source: ValueSource;
}

/** A `word` source of both directions' lines. */
export function lineWord(
  offset: number,
  shift: number,
  mask: number,
): Extract<ValueSource, { kind: 'word' }> {
  return {
    kind: 'word',
    forward: { word: FORWARD_WORD + offset, shift },
    reverse: { word: REVERSE_WORD + offset, shift },
    mask,
  };
}

/** A `word` source that both directions share. */
export function sharedWord(
  word: number,
  shift: number,
  mask: number,
): Extract<ValueSource, { kind: 'word' }> {
  return { kind: 'word', forward: { word, shift }, reverse: { word, shift }, mask };
}

/** A counter of both directions' lines. */
export function lineDouble(offset: number): ValueSource {
  return { kind: 'double', forward: FORWARD_DOUBLE + offset, reverse: REVERSE_DOUBLE + offset };
}

/** A time of both directions' lines. */
export function lineTime(offset: number, since: 'epoch' | 'systemInit' | 'exportTime'): ValueSource {
  return { kind: 'time', forward: FORWARD_DOUBLE + offset, reverse: REVERSE_DOUBLE + offset, since };
}

/** The address that a direction's packets come from, or go to. */
export function endpointAddress(end: 'source' | 'destination', words: 1 | 4): ValueSource {
  const isSource = end === 'source';
  return {
    kind: 'address',
    forward: isSource ? ADDRESS_A : ADDRESS_B,
    reverse: isSource ? ADDRESS_B : ADDRESS_A,
    words,
  };
}

/** The protocol of the flow is `protocol`. */
export function whenProtocol(protocol: number): Condition {
  return { word: FLOW_PROTOCOL, shift: 0, mask: 0xff, equals: protocol };
}

/** Where a source's value stands in one direction. */
export function placeFor<T>(source: { readonly forward: T; readonly reverse: T }, isReverse: boolean): T {
  return isReverse ? source.reverse : source.forward;
}

/** The condition of a source in one direction. */
export function conditionFor(
  source: { readonly when?: Condition; readonly whenReverse?: Condition },
  isReverse: boolean,
): Condition | undefined {
  return (isReverse ? source.whenReverse : undefined) ?? source.when;
}

/** Whether an element is under an enterprise number, ours or another maker's. */
export function isPrivate({ isEnterprise, enterpriseNumber }: InformationElement): boolean {
  return isEnterprise === true || enterpriseNumber !== undefined;
}

/** The optional sections of the record that a source reads, which are filled only on demand. */
export function sectionsRead(source: ValueSource): RecordSections {
  const word = firstWord(source);
  return {
    encapsulation: word >= ENCAPSULATION_WORD && word < HEALTH_WORD,
    health: word >= HEALTH_WORD && word < APPLICATION_WORD,
    applications: word >= APPLICATION_WORD && word < NETWORK_WORD,
    networks: word >= NETWORK_WORD,
  };
}

/** The first word that a source reads of the record's optional parts; 0 where it reads none of them. */
function firstWord(source: ValueSource): number {
  switch (source.kind) {
    case 'word':
      return source.forward.word;
    case 'address':
    case 'intervals':
    case 'text':
    case 'applicationId':
      return source.forward;
    case 'double':
      return source.forward * 2;
    default:
      return 0;
  }
}
