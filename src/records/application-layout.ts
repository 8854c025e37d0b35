/**
 * Applications: what a flow record carries of payload inspection behind path health. Layout only: metering/applications
 * fills it.
 *
 * A record has APPLICATION_WORDS more words from APPLICATION_WORD on while payload is inspected, and none otherwise
 * (record-sections.ts). A value is only valid where its bit is set; whatever has no bit is unknown: not 0.
 *
 *     words  0, 1    which values are there: bit n of both together is that of row n of application-fields.ts
 *            2       well-known port of an application that payload tells; 0 where it is a guess
 *            3       number of the application in src/applications/applications.ts, from 1; 0 unknown
 *            4       classification engine (RFC 6759 §4.1) of applicationId;  5 its selector
 *            6       octets of text
 *            8 … 47  the values: a number, or of a text its first octet within the texts | its length << 16
 *           48 …     texts in UTF-8, one behind the other, four octets a word, the first of them the lowest
 */
import { APPLICATION_FIELDS, type ApplicationFieldName } from './application-fields.ts';
import { HEALTH_WORD, HEALTH_WORDS } from './path-health-layout.ts';

export const APPLICATION_WORD = HEALTH_WORD + HEALTH_WORDS;

// Words from APPLICATION_WORD on.
export const PRESENT = 0;
export const PORT = 2;
export const APPLICATION = 3;
export const ENGINE = 4;
export const SELECTOR = 5;
export const TEXT_OCTETS = 6;
export const VALUES = 8;
const VALUES_MAX = 40;
export const TEXTS = VALUES + VALUES_MAX;
/** Octets of all texts of a record: those of an HTTP request with a response. */
export const TEXT_OCTETS_MAX = 832;
export const APPLICATION_WORDS = TEXTS + TEXT_OCTETS_MAX / 4;

/** Classification engines: IANA's ports for a guess, and nDPI's registry for what payload says. */
export const ENGINE_IANA_L4 = 3;
export const ENGINE_NDPI = 22;

const PLACES = new Map<string, number>(APPLICATION_FIELDS.map(({ name }, place) => [name, place]));

/** The row of a value. */
export function applicationPlace(name: ApplicationFieldName): number {
  return PLACES.get(name)!;
}
