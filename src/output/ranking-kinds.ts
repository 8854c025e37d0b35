/** What the rows of a ranking can be about: a row for each, with how a flow record tells it. */
import { CONFIDENCE_PORT } from '../applications/facts.ts';
import type { TopBy } from '../config/config.ts';
import { ADDRESS_A, ADDRESS_B, AS_A, AS_B, FLOW_PROTOCOL } from '../records/flow-words.ts';
import { readApplicationNumber, readApplicationText } from '../records/read-application.ts';
import { NO_SECTIONS, type RecordSections } from '../records/record-sections.ts';
import { formatIPv4, formatIPv6 } from './addresses.ts';
import { countryCode, networkName } from './network-cell.ts';

export interface RankingKind {
  /** Title of the column for people. */
  readonly title: string;
  /** Names of what `values` gives, for programs. */
  readonly fields: readonly string[];
  readonly needs: RecordSections;
  /** Each end of a flow is of one, so that a flow is in two rows; otherwise the flow as a whole is. */
  readonly isOfEnds: boolean;
  /**
   * The name of a record's row; empty where it is not known.
   * @param row first word of the record
   * @param isResponder of the responder's end, where ends are told apart
   */
  name(words: Int32Array, row: number, isResponder: boolean): string;
  /** The name as people read it. */
  label(name: string): string;
  /** The name as programs read it; null: not known. */
  values(name: string): readonly (string | number | boolean | null)[];
}

const WITH_APPLICATIONS: RecordSections = { ...NO_SECTIONS, applications: true };
const WITH_NETWORKS: RecordSections = { ...NO_SECTIONS, networks: true };
const UNKNOWN = '(unknown)';
/** Behind an application that only a port suggests. */
const GUESS = '?';
const WORD_BITS = 16;

/** The words of an address as a text of 2 or 8 characters: a key that is quickly made. */
function addressKey(words: Int32Array, at: number, isIPv6: boolean): string {
  const [a, b, c, d] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
  const high = (word: number) => word >>> WORD_BITS;
  const low = (word: number) => word & 0xffff;
  if (!isIPv6) return String.fromCharCode(high(a), low(a));
  return String.fromCharCode(high(a), low(a), high(b), low(b), high(c), low(c), high(d), low(d));
}

function addressOfKey(key: string): string {
  const word = (at: number) => (key.charCodeAt(at) << WORD_BITS) | key.charCodeAt(at + 1);
  return key.length === 2
    ? formatIPv4(word(0))
    : formatIPv6(Int32Array.of(word(0), word(2), word(4), word(6)), 0);
}

export const RANKING_KINDS: Readonly<Record<Exclude<TopBy, 'flow'>, RankingKind>> = {
  application: {
    title: 'Application',
    fields: ['applicationName', 'isGuess'],
    needs: WITH_APPLICATIONS,
    isOfEnds: false,
    name(words, row) {
      const application = readApplicationText(words, row, 'applicationName') ?? '';
      const isGuess = readApplicationNumber(words, row, 'applicationConfidence') === CONFIDENCE_PORT;
      return isGuess ? application + GUESS : application;
    },
    label: (name) => name || UNKNOWN,
    values: (name) => [name.replace(GUESS, '') || null, name.endsWith(GUESS)],
  },
  serverName: {
    title: 'Server name',
    fields: ['serverName'],
    needs: WITH_APPLICATIONS,
    isOfEnds: false,
    name: (words, row) => readApplicationText(words, row, 'serverName') ?? '',
    label: (name) => name || UNKNOWN,
    values: (name) => [name || null],
  },
  host: {
    title: 'Host',
    fields: ['hostAddress'],
    needs: NO_SECTIONS,
    isOfEnds: true,
    name(words, row, isResponder) {
      const isIPv6 = ((words[row + FLOW_PROTOCOL]! >>> 8) & 0xf) === 6;
      return addressKey(words, row + (isResponder ? ADDRESS_B : ADDRESS_A), isIPv6);
    },
    label: addressOfKey,
    values: (name) => [addressOfKey(name)],
  },
  as: {
    title: 'Autonomous system',
    fields: ['bgpAsNumber', 'asName'],
    needs: WITH_NETWORKS,
    isOfEnds: true,
    name(words, row, isResponder) {
      const number = words[row + (isResponder ? AS_B : AS_A)]! >>> 0;
      return number === 0 ? '' : `${number} ${networkName(words, row, 'AsName', isResponder)}`;
    },
    label: (name) => (name === '' ? UNKNOWN : `AS${name.trimEnd()}`),
    values(name) {
      const [number = '', ...rest] = name.split(' ');
      return [number === '' ? null : Number(number), rest.join(' ') || null];
    },
  },
  country: {
    title: 'Country',
    fields: ['countryCode'],
    needs: NO_SECTIONS,
    isOfEnds: true,
    name: countryCode,
    label: (name) => name || UNKNOWN,
    values: (name) => [name || null],
  },
  network: {
    title: 'Network',
    fields: ['networkName'],
    needs: WITH_NETWORKS,
    isOfEnds: true,
    name: (words, row, isResponder) => networkName(words, row, 'NetworkName', isResponder),
    label: (name) => name || UNKNOWN,
    values: (name) => [name || null],
  },
};
