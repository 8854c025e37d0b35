/**
 * Applications as options data: which name and description each value of applicationId stands for (RFC 6759 §4.1, §4.2).
 * Values of engine 22 are nDPI's numbers, told by payload; those of engine 3 are ports, by which flows are guessed.
 */
import { APPLICATIONS, type Application } from '../../applications/applications.ts';
import { ENGINE_IANA_L4, ENGINE_NDPI } from '../../records/application-layout.ts';
import type { Field, OptionsContent } from './options-records.ts';

const APPLICATION_ID_OCTETS = 5;
const APPLICATION_ID = { id: 95, octets: APPLICATION_ID_OCTETS };
// Fixed lengths in IPFIX too, and a zero octet at the end of each text: nfcapd reads nothing else.
const APPLICATION_NAME = { id: 96, octets: 24 };
const APPLICATION_DESCRIPTION = { id: 94, octets: 55 };

/** Texts of applications that have the same value of applicationId: a port of TCP is another application's of UDP. */
const SEPARATOR = '/';

/** Classification engine, and selector in 4 octets. */
function idOf(engine: number, selector: number): Uint8Array {
  const octets = new Uint8Array(APPLICATION_ID_OCTETS);
  const view = new DataView(octets.buffer);
  view.setUint8(0, engine);
  view.setUint32(1, selector);
  return octets;
}

/** Ports by which flows are guessed to be of an application, each once. */
function portsOf({ tcp = [], udp = [] }: Application): number[] {
  return [...new Set([...tcp, ...udp])];
}

/** Applications by the selector that stands for them in an engine. */
function bySelector(selectors: (application: Application) => readonly number[]): Map<number, Application[]> {
  const all = new Map<number, Application[]>();
  for (const application of APPLICATIONS) {
    for (const selector of selectors(application)) {
      all.set(selector, [...(all.get(selector) ?? []), application]);
    }
  }
  return all;
}

/** Every value of applicationId that records can have, with its texts. */
const ROWS = (
  [
    [ENGINE_NDPI, bySelector(({ number }) => [number])],
    [ENGINE_IANA_L4, bySelector(portsOf)],
  ] as const
).flatMap(([engine, applications]) =>
  [...applications]
    .sort(([a], [b]) => a - b)
    .map(([selector, those]) => ({
      id: idOf(engine, selector),
      name: those.map(({ name }) => name).join(SEPARATOR),
      description: those.map(({ description }) => description).join(SEPARATOR),
    })),
);

/**
 * The names of applications. Collectors look for the id behind the scope, so it is no scope of its own.
 * @param scope the system or observation domain
 */
export function applicationOptions(scope: Field, scopeValue: number): OptionsContent {
  return {
    scope: [scope],
    fields: [APPLICATION_ID, APPLICATION_NAME, APPLICATION_DESCRIPTION],
    rows: ROWS.map(({ id, name, description }) => [scopeValue, id, name, description]),
  };
}
