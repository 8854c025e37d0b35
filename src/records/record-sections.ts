/**
 * The optional sections of flow records: which there are, who needs them, and how long records with them are. The length
 * of a record tells which it has: a batch, a queue and a spool say nothing else of it.
 */
import { APPLICATION_WORD, APPLICATION_WORDS } from './application-layout.ts';
import { ENCAPSULATION_WORDS } from './decoded-batch.ts';
import { ENCAPSULATION_WORD } from './flow-words.ts';
import { HEALTH_WORD, HEALTH_WORDS } from './path-health-layout.ts';

/** Which optional sections flow records carry, or a reader of them needs. */
export interface RecordSections {
  /** The headers around the packets: records/decoded-words.ts. */
  readonly encapsulation: boolean;
  /** Path health: path-health-layout.ts. */
  readonly health: boolean;
  /** Findings of payload inspection: application-layout.ts. */
  readonly applications: boolean;
}

export const NO_SECTIONS: RecordSections = { encapsulation: false, health: false, applications: false };
export const ALL_SECTIONS: RecordSections = { encapsulation: true, health: true, applications: true };

/** What all of these need together; of one that says nothing, nothing. */
export function joinSections(all: readonly (RecordSections | undefined)[]): RecordSections {
  const needs = (section: keyof RecordSections) => all.some((one) => one?.[section] === true);
  return {
    encapsulation: needs('encapsulation'),
    health: needs('health'),
    applications: needs('applications'),
  };
}

const WITH_APPLICATIONS = APPLICATION_WORD + APPLICATION_WORDS;
/** Words behind a record with applications and without path health, by which it is told from one with both. */
const MARK_WORDS = 2;

/**
 * Words of a record: even, so that its doubles are aligned. A section that is behind another one has its place behind it
 * even where that one is not kept: the place is zero then, or says that nothing is known.
 */
export function recordStride({ encapsulation, health, applications }: RecordSections): number {
  if (applications) return WITH_APPLICATIONS + (health ? 0 : MARK_WORDS);
  if (health) return HEALTH_WORD + HEALTH_WORDS;
  return ENCAPSULATION_WORD + (encapsulation ? ENCAPSULATION_WORDS : 0);
}

interface Records {
  readonly stride: number;
}

/** Whether records have a place for what was around the packets. */
export function hasEncapsulation({ stride }: Records): boolean {
  return stride >= ENCAPSULATION_WORD + ENCAPSULATION_WORDS;
}

/** Whether records carry path health. */
export function hasHealth({ stride }: Records): boolean {
  return stride === HEALTH_WORD + HEALTH_WORDS || stride === WITH_APPLICATIONS;
}

/** Whether records carry what payload inspection knows. */
export function hasApplications({ stride }: Records): boolean {
  return stride >= WITH_APPLICATIONS;
}

/** A section that is needed and that records do not carry, or undefined: a reader would read the next record's words. */
export function lackingSection(records: Records, needs: RecordSections): keyof RecordSections | undefined {
  if (needs.encapsulation && !hasEncapsulation(records)) return 'encapsulation';
  if (needs.health && !hasHealth(records)) return 'health';
  return needs.applications && !hasApplications(records) ? 'applications' : undefined;
}
