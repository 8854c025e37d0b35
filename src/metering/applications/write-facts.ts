/**
 * Writes what an inspection has found (src/applications/facts.ts) to the words that records have for it
 * (records/application-layout.ts). It runs once for a flow, or once for a record of a flow that is still looked into.
 */
import { APPLICATIONS, type Application } from '../../applications/applications.ts';
import type { ApplicationFacts } from '../../applications/facts.ts';
import { CONFIDENCE_PORT } from '../../applications/facts.ts';
import { wholeParts } from '../../applications/text.ts';
import {
  APPLICATION_FIELDS,
  type ApplicationField,
  type ApplicationFieldName,
} from '../../records/application-fields.ts';
import * as words from '../../records/application-layout.ts';
import { readFacts } from './read-facts.ts';

/** Numbers of applications by name, from 1. */
const NUMBERS: ReadonlyMap<string, number> = new Map(APPLICATIONS.map(({ name }, i) => [name, i + 1]));

const NAME_PLACE = words.applicationPlace('applicationName');
const NAME_FIELD: ApplicationField = APPLICATION_FIELDS[NAME_PLACE]!;
const NAME_OCTETS_MAX = NAME_FIELD.octetsMax ?? 0;
const DELETE = 0x7f;
const SPACE = 0x20;
const QUESTION_MARK = 0x3f;

/** Values that a guess has are among the first ones. */
const GUESS_VALUES = 2;

/** Values of the flow at hand, by their places. */
const values: (number | string | undefined)[] = new Array(APPLICATION_FIELDS.length).fill(undefined);

const scratch = Buffer.alloc(words.TEXT_OCTETS_MAX);

/** Cuts a text of `octets` octets in `scratch` to `limit`, at the end of a character (RFC 3629 §3). */
function cut(octets: number, limit: number): number {
  if (octets <= limit) return octets;
  let end = limit;
  while (end > 0 && (scratch[end]! & 0xc0) === 0x80) end--;
  return end;
}

/** Puts a text of at most `limit` octets into `scratch`. @returns its octets */
function putText(text: string, limit: number): number {
  const { length } = text;
  const end = length < limit ? length : limit;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code > DELETE) return cut(scratch.write(text), limit);
    scratch[i] = code;
  }
  return end;
}

/**
 * Appends a text; what records have no room for is cut off.
 * @param separator of a list, which is cut behind a whole part
 * @returns its place and length as a record has them
 */
function appendText(
  to: Int32Array,
  at: number,
  text: string,
  octetsMax: number,
  separator: string | undefined,
): number {
  const used = to[at + words.TEXT_OCTETS]!;
  const room = words.TEXT_OCTETS_MAX - used;
  const limit = octetsMax < room ? octetsMax : room;
  const octets = putText(separator === undefined ? text : wholeParts(text, separator, limit), limit);
  let word = at + words.TEXTS + (used >>> 2);
  let shift = 8 * (used & 3);
  let kept = shift === 0 ? 0 : to[word]!;
  for (let i = 0; i < octets; i++) {
    const octet = scratch[i]!;
    // Nobody expects control characters in a line.
    kept |= (octet < SPACE || octet === DELETE ? QUESTION_MARK : octet) << shift;
    shift += 8;
    if (shift < 32) continue;
    to[word++] = kept;
    kept = 0;
    shift = 0;
  }
  if (shift !== 0) to[word] = kept;
  to[at + words.TEXT_OCTETS] = used + octets;
  return used | (octets << 16);
}

/** Nothing is known of a flow. @param at where the application section of its record begins */
export function writeNothing(to: Int32Array, at: number): void {
  for (let w = 0; w < words.VALUES; w++) to[at + w] = 0;
}

/** Where the same text stands already, or 0: names of servers are there twice, mostly. */
function sameText(facts: ApplicationFacts, name: ApplicationFieldName, to: Int32Array, at: number): number {
  const { serverName } = facts;
  if (serverName === undefined) return 0;
  const isSame =
    (name === 'tlsServerName' && facts.tlsServerName === serverName) ||
    (name === 'httpRequestHost' && facts.httpRequestHost === serverName);
  return isSame ? to[at + words.VALUES + words.applicationPlace('serverName')]! : 0;
}

function setValue(to: Int32Array, at: number, place: number, value: number): void {
  const present = at + words.PRESENT + (place >>> 5);
  to[present] = to[present]! | (1 << (place & 31));
  to[at + words.VALUES + place] = value;
}

/**
 * Writes facts.
 * @param at where the application section of a record, or a block, begins
 * @param looks packets that were looked into
 */
export function writeFacts(to: Int32Array, at: number, facts: ApplicationFacts, looks: number): void {
  writeNothing(to, at);
  const name = facts.applicationName;
  if (name !== undefined)
    writeNumber(to, at, NUMBERS.get(name) ?? 0, facts.applicationConfidence === CONFIDENCE_PORT);
  readFacts(facts, looks, values);
  for (let place = 0; place < values.length; place++) {
    const value = values[place];
    if (value === undefined) continue;
    if (typeof value === 'number') setValue(to, at, place, value | 0);
    else {
      const { name: key, octetsMax, separator }: ApplicationField = APPLICATION_FIELDS[place]!;
      const same = sameText(facts, key as ApplicationFieldName, to, at);
      setValue(to, at, place, same || appendText(to, at, value, octetsMax!, separator));
    }
  }
}

const SERVER_NAME_PLACE = words.applicationPlace('serverName');
const SERVER_NAME_FIELD: ApplicationField = APPLICATION_FIELDS[SERVER_NAME_PLACE]!;
const SERVER_NAME_OCTETS_MAX = SERVER_NAME_FIELD.octetsMax ?? 0;

/** Whether a record says the name of the server. @param at where its application section begins */
export function hasServerName(from: Int32Array, at: number): boolean {
  const present = from[at + words.PRESENT + (SERVER_NAME_PLACE >>> 5)]!;
  return ((present >>> (SERVER_NAME_PLACE & 31)) & 1) === 1;
}

/** Adds the name of the server to a record that has none. @param source serverNameSource */
export function writeServerName(to: Int32Array, at: number, name: string, source: number): void {
  setValue(to, at, SERVER_NAME_PLACE, appendText(to, at, name, SERVER_NAME_OCTETS_MAX, undefined));
  setValue(to, at, words.applicationPlace('serverNameSource'), source);
}

/** The first well-known port of each application, over TCP where it has one; 0 of those without. */
const PORTS = APPLICATIONS.map(({ tcp, udp }: Application) => tcp?.[0] ?? udp?.[0] ?? 0);

/** Number, port, classification engine and selector of an application that payload tells; a guess has its port as the selector. */
function writeNumber(to: Int32Array, at: number, number: number, isGuess: boolean): void {
  to[at + words.APPLICATION] = number;
  if (isGuess || number === 0) return;
  to[at + words.PORT] = PORTS[number - 1]!;
  to[at + words.ENGINE] = words.ENGINE_NDPI;
  to[at + words.SELECTOR] = APPLICATIONS[number - 1]!.number;
}

/** The section of a guess, but for its selector: the same for all flows of an application. */
const GUESSES: readonly Int32Array[] = APPLICATIONS.map(({ name }, i) => {
  const section = new Int32Array(words.APPLICATION_WORDS);
  writeNumber(section, 0, i + 1, true);
  section[words.ENGINE] = words.ENGINE_IANA_L4;
  setValue(section, 0, NAME_PLACE, appendText(section, 0, name, NAME_OCTETS_MAX, undefined));
  setValue(section, 0, words.applicationPlace('applicationConfidence'), CONFIDENCE_PORT);
  return section.slice(0, words.TEXTS + ((section[words.TEXT_OCTETS]! + 3) >>> 2));
});

/**
 * Writes an application that only the ports suggest.
 * @param number of its row in APPLICATIONS, from 1
 * @param port that suggests it
 */
export function writeGuess(to: Int32Array, at: number, number: number, port: number): void {
  const guess = GUESSES[number - 1]!;
  for (let w = 0; w < words.VALUES + GUESS_VALUES; w++) to[at + w] = guess[w]!;
  for (let w = words.TEXTS; w < guess.length; w++) to[at + w] = guess[w]!;
  to[at + words.SELECTOR] = port;
}
