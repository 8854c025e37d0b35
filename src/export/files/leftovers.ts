/**
 * Files that an earlier run was killed over: they still have their temporary names. They are told of and not touched:
 * another process may still be writing them, and somebody may want what is in them.
 */

import { basename, dirname, join } from 'node:path';
import { formatCounted } from '../../base/units.ts';
import type { SinkContext } from '../contract/record-sink.ts';
import { filesNamedBy } from './file-name.ts';

/** Names in a line; of more the number is told. */
const NAMES = 3;

/**
 * Tells of incomplete files that a pattern has named before.
 * @param isReadable what is in them can be read up to the last whole piece
 */
export function tellLeftovers(
  url: string,
  pattern: string,
  isReadable: boolean,
  log: SinkContext['log'],
): void {
  let files: readonly { readonly name: string; readonly octets: number }[];
  try {
    files = filesNamedBy(join(dirname(pattern), `.${basename(pattern)}.part`));
  } catch {
    // A folder that cannot be read will be heard of when it is written to.
    return;
  }
  if (files.length === 0) return;
  const shown = files
    .slice(0, NAMES)
    .map(({ name, octets }) => `${name} (${formatCounted(octets, 'octets')})`);
  const more = files.length > NAMES ? ` and ${files.length - NAMES} more` : '';
  const remedy = isReadable
    ? 'each is whole up to its last piece: rename it to read it, or delete it'
    : 'they lack the index at their end and cannot be read: delete them';
  const message = `${url}: not completed by an earlier run, or being written by another: ${shown.join(', ')}${more}; ${remedy}`;
  log('warning', 'incomplete files', message);
}
