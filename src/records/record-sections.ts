/**
 * The optional sections of flow records: which there are, who needs them, and how long records with them are. The length
 * of a record tells which it has: a batch, a queue and a spool say nothing else of it.
 */
import { APPLICATION_WORD, APPLICATION_WORDS } from './application-layout.ts';
import { ENCAPSULATION_WORDS } from './decoded-batch.ts';
import { ENCAPSULATION_WORD } from './flow-words.ts';
import { NETWORK_WORD, NETWORK_WORDS } from './network-layout.ts';
import { HEALTH_WORD, HEALTH_WORDS } from './path-health-layout.ts';

/** Which optional sections flow records carry, or a reader of them needs. */
export interface RecordSections {
  /** The headers around the packets: records/decoded-words.ts. */
  readonly encapsulation: boolean;
  /** Path health: path-health-layout.ts. */
  readonly health: boolean;
  /** Findings of payload inspection: application-layout.ts. */
  readonly applications: boolean;
  /** Names of networks: network-layout.ts. */
  readonly networks: boolean;
}

export const NO_SECTIONS: RecordSections = {
  encapsulation: false,
  health: false,
  applications: false,
  networks: false,
};
export const ALL_SECTIONS: RecordSections = {
  encapsulation: true,
  health: true,
  applications: true,
  networks: true,
};

const NAMES = Object.keys(NO_SECTIONS) as readonly (keyof RecordSections)[];

/** A record's sections, each by itself. */
function sectionsWhere(has: (section: keyof RecordSections) => boolean): RecordSections {
  return Object.fromEntries(NAMES.map((name) => [name, has(name)])) as unknown as RecordSections;
}

/** What all of these need together; of one that says nothing, nothing. */
export function joinSections(all: readonly (RecordSections | undefined)[]): RecordSections {
  return sectionsWhere((section) => all.some((one) => one?.[section] === true));
}

/** Words behind a record without a section that has its place before another one, by which it is told from one with it. */
const WITHOUT_HEALTH_WORDS = 2;
const WITHOUT_APPLICATIONS_WORDS = 4;

/**
 * Words of a record: even, so that its doubles are aligned. A section that is behind another one has its place behind it
 * even where that one is not kept: the place is zero then, or says that nothing is known.
 */
export function recordStride({ encapsulation, health, applications, networks }: RecordSections): number {
  const withoutHealth = health ? 0 : WITHOUT_HEALTH_WORDS;
  if (networks)
    return NETWORK_WORD + NETWORK_WORDS + withoutHealth + (applications ? 0 : WITHOUT_APPLICATIONS_WORDS);
  if (applications) return APPLICATION_WORD + APPLICATION_WORDS + withoutHealth;
  if (health) return HEALTH_WORD + HEALTH_WORDS;
  return ENCAPSULATION_WORD + (encapsulation ? ENCAPSULATION_WORDS : 0);
}

/** What records of a length have; those that have a place for the encapsulation have one. */
const BY_STRIDE: ReadonlyMap<number, RecordSections> = new Map(
  Array.from({ length: 2 ** NAMES.length }, (_, bits) => {
    // Of two that are of one length, the later one counts: with the encapsulation.
    const sections = sectionsWhere((name) => ((bits >>> (NAMES.length - 1 - NAMES.indexOf(name))) & 1) === 1);
    return [recordStride(sections), sections];
  }),
);

interface Records {
  readonly stride: number;
}

/** What records carry; of a length that no record has, nothing. */
function sectionsOf({ stride }: Records): RecordSections {
  return BY_STRIDE.get(stride) ?? NO_SECTIONS;
}

/** Whether records have a place for what was around the packets. */
export function hasEncapsulation(records: Records): boolean {
  return sectionsOf(records).encapsulation;
}

/** Whether records carry path health. */
export function hasHealth(records: Records): boolean {
  return sectionsOf(records).health;
}

/** Whether records carry what payload inspection knows. */
export function hasApplications(records: Records): boolean {
  return sectionsOf(records).applications;
}

/** Whether records have a place for names of networks. */
export function hasNetworks(records: Records): boolean {
  return sectionsOf(records).networks;
}

/** A section that is needed and that records do not carry, or undefined: a reader would read the next record's words. */
export function lackingSection(records: Records, needs: RecordSections): keyof RecordSections | undefined {
  const carried = sectionsOf(records);
  return NAMES.find((name) => needs[name] && !carried[name]);
}
