/** Application and name of the server of a flow record as a cell of a table: `tls www.example.org`, `dns? `. */
import { CONFIDENCE_PORT } from '../applications/facts.ts';
import type { ApplicationFieldName } from '../records/application-fields.ts';
import { readApplicationNumber, readApplicationText } from '../records/read-application.ts';

/** Names, the best first. */
const NAMES: readonly ApplicationFieldName[] = ['serverName', 'dnsQueryName', 'tlsCertificateName'];

/**
 * A question mark behind an application says that only a port suggests it.
 * @param row first word of the record
 */
export function applicationCell(words: Int32Array, row: number): string {
  const application = readApplicationText(words, row, 'applicationName') ?? '';
  const isGuess = readApplicationNumber(words, row, 'applicationConfidence') === CONFIDENCE_PORT;
  const name = NAMES.map((field) => readApplicationText(words, row, field)).find(
    (text) => text !== undefined,
  );
  return [application + (isGuess ? '?' : ''), name ?? ''].filter((part) => part !== '').join(' ');
}
