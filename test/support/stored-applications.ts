/**
 * Applications in real captures as tshark tells them (tshark-applications.ts), stored in test/golden/applications.jsonl.
 * Values are called as ApplicationFacts calls them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One flow, whichever of its ends began it. */
export interface WitnessedApplication {
  /** Name of the capture. */
  readonly capture: string;
  readonly transport: 'TCP' | 'UDP';
  /** Both ends, `192.0.2.1:53` or `[2001:db8::1]:53`, sorted. */
  readonly ends: string;
  readonly values: Readonly<Record<string, WitnessedValue>>;
}

export type WitnessedValue = string | number | readonly string[];

/** A flow a line. */
export const STORED_APPLICATIONS = join(import.meta.dirname, '../golden/applications.jsonl');

export function storedApplications(): WitnessedApplication[] {
  if (!existsSync(STORED_APPLICATIONS)) return [];
  const lines = readFileSync(STORED_APPLICATIONS, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as WitnessedApplication);
}
