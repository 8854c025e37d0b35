/**
 * Writes what an inspection has found (src/applications/facts.ts) to the words that records have for it
 * (records/application-layout.ts). It runs once for a flow, or once for a record of a flow that is still looked into.
 */
import { APPLICATIONS, type Application } from '../../applications/applications.ts';
import type { ApplicationFacts } from '../../applications/facts.ts';
import { CONFIDENCE_PORT } from '../../applications/facts.ts';
import { wholeParts } from '../../applications/text.ts';
import { APPLICATION_FIELDS, type ApplicationField } from '../../records/application-fields.ts';
import * as words from '../../records/application-layout.ts';
import { KIND_BITS, readFacts } from './read-facts.ts';

/** Numbers of applications by name, from 1. */
const NUMBERS: ReadonlyMap<string, number> = new Map(APPLICATIONS.map(({ name }, i) => [name, i + 1]));

const NAME_PLACE = words.applicationPlace('applicationName');
const DELETE = 0x7f;
const SPACE = 0x20;
const QUESTION_MARK = 0x3f;

/** Values that a guess has are among the first ones. */
const GUESS_VALUES = 2;

const SERVER_NAME_PLACE = words.applicationPlace('serverName');
const TLS_NAME_PLACE = words.applicationPlace('tlsServerName');
const HTTP_HOST_PLACE = words.applicationPlace('httpRequestHost');
/** Of texts, by their places; 0 of numbers. */
const OCTETS_MAX = APPLICATION_FIELDS.map(({ octetsMax = 0 }: ApplicationField) => octetsMax);
/** Of lists, by their places. */
const SEPARATORS = APPLICATION_FIELDS.map(({ separator }: ApplicationField) => separator);

/** Values of one kind whose places follow each other. */
interface Run {
  readonly kind: number;
  readonly first: number;
  end: number;
}

function createRuns(fields: readonly ApplicationField[]): readonly Run[] {
  const runs: Run[] = [];
  fields.forEach(({ kind: name }, place) => {
    const kind = KIND_BITS[name ?? 'any'];
    const last = runs.at(-1);
    if (last !== undefined && last.kind === kind) last.end = place + 1;
    else runs.push({ kind, first: place, end: place + 1 });
  });
  return runs;
}

const RUNS = createRuns(APPLICATION_FIELDS);

/** Values of the flow at hand, by their places; those of kinds that it has none of are an earlier flow's. */
const values: (number | string | undefined)[] = new Array(APPLICATION_FIELDS.length).fill(undefined);

const scratch = Buffer.alloc(words.TEXT_OCTETS_MAX);

/** Cuts a text of `octets` octets in `scratch` to `limit`, at the end of a character (RFC 3629 §3). */
function cut(octets: number, limit: number): number {
  if (octets <= limit) return octets;
  let end = limit;
  while (end > 0 && (scratch[end]! & 0xc0) === 0x80) end--;
  return end;
}

/** Puts a text into `scratch`. @returns its octets, `limit` at most */
function encode(text: string, limit: number): number {
  return cut(scratch.write(text), limit);
}

/** Octets that a record has room for of another text of at most `octetsMax`. */
function roomFor(to: Int32Array, at: number, octetsMax: number): number {
  const room = words.TEXT_OCTETS_MAX - to[at + words.TEXT_OCTETS]!;
  return octetsMax < room ? octetsMax : room;
}

/**
 * Appends a text; what records have no room for is cut off.
 * @returns its place and length as a record has them
 */
function appendText(to: Int32Array, at: number, text: string, octetsMax: number): number {
  const used = to[at + words.TEXT_OCTETS]!;
  const limit = roomFor(to, at, octetsMax);
  let end = text.length < limit ? text.length : limit;
  let isEncoded = false;
  let word = at + words.TEXTS + (used >>> 2);
  let shift = 8 * (used & 3);
  let kept = shift === 0 ? 0 : to[word]!;
  for (let i = 0; i < end; i++) {
    let octet = text.charCodeAt(i);
    if (octet > DELETE && !isEncoded) {
      // All before it is ASCII, and the same in UTF-8.
      isEncoded = true;
      end = encode(text, limit);
      if (i === end) break;
    }
    if (isEncoded) octet = scratch[i]!;
    // Nobody expects control characters in a line.
    kept |= (octet < SPACE || octet === DELETE ? QUESTION_MARK : octet) << shift;
    shift += 8;
    if (shift < 32) continue;
    to[word++] = kept;
    kept = 0;
    shift = 0;
  }
  if (shift !== 0) to[word] = kept;
  to[at + words.TEXT_OCTETS] = used + end;
  return used | (end << 16);
}

/** Nothing is known of a flow. @param at where the application section of its record begins */
export function writeNothing(to: Int32Array, at: number): void {
  for (let w = 0; w < words.VALUES; w++) to[at + w] = 0;
}

/** Where the same text stands already, or 0: names of servers are there twice, mostly. */
function sameText({ serverName }: ApplicationFacts, place: number, to: Int32Array, at: number): number {
  if (place !== TLS_NAME_PLACE && place !== HTTP_HOST_PLACE) return 0;
  return serverName !== undefined && values[place] === serverName
    ? to[at + words.VALUES + SERVER_NAME_PLACE]!
    : 0;
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
  const kinds = readFacts(facts, looks, values);
  for (let i = 0; i < RUNS.length; i++) {
    const run = RUNS[i]!;
    if ((kinds & run.kind) === 0) continue;
    for (let place = run.first; place < run.end; place++) writeValue(to, at, place, facts);
  }
}

function writeValue(to: Int32Array, at: number, place: number, facts: ApplicationFacts): void {
  const value = values[place];
  if (value === undefined) return;
  if (typeof value === 'number') {
    setValue(to, at, place, value | 0);
    return;
  }
  const octetsMax = OCTETS_MAX[place]!;
  const separator = SEPARATORS[place];
  const text = separator === undefined ? value : wholeParts(value, separator, roomFor(to, at, octetsMax));
  setValue(to, at, place, sameText(facts, place, to, at) || appendText(to, at, text, octetsMax));
}

/** Whether a record says the name of the server. @param at where its application section begins */
export function hasServerName(from: Int32Array, at: number): boolean {
  const present = from[at + words.PRESENT + (SERVER_NAME_PLACE >>> 5)]!;
  return ((present >>> (SERVER_NAME_PLACE & 31)) & 1) === 1;
}

/** Adds the name of the server to a record that has none. @param source serverNameSource */
export function writeServerName(to: Int32Array, at: number, name: string, source: number): void {
  setValue(to, at, SERVER_NAME_PLACE, appendText(to, at, name, OCTETS_MAX[SERVER_NAME_PLACE]!));
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
  setValue(section, 0, NAME_PLACE, appendText(section, 0, name, OCTETS_MAX[NAME_PLACE]!));
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
