/**
 * Captures that tests read: our own, and those of other projects, of which a few are in pcaps/ and most may lie beside the
 * repository. Tests of the latter say so in their title: in a clone that has none beside it they read the few, or skip, and
 * .ci/report.mjs excuses them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { describe } from 'vitest';
import { warnSkipped } from './skipped.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

/** Our own captures. */
export const PCAPS_FOLDER = join(REPOSITORY, 'pcaps');
/** Real captures of another project that come with the repository; pcaps/README.md has source and licence. */
const KEPT_FOLDER = join(PCAPS_FOLDER, 'ipfixprobe');
/** Captures of other projects, beside the repository; absent in a clone. */
export const SHARED_PCAPS_FOLDER = join(REPOSITORY, '../shared/pcaps');

/** Stands in the title of every test that needs captures of other projects; .ci/report.mjs knows it. */
const MARK = 'of ../shared/pcaps';

/** Folders of SHARED_PCAPS_FOLDER: real applications and links, and what was made to crash readers. */
export type SharedFolder = 'real' | 'hostile';

/** Full paths of the captures in `folder`, sorted; none, with a warning, where the folder is absent. */
export function capturesIn(folder: string): string[] {
  if (!existsSync(folder)) {
    warnSkipped('captures', relative(REPOSITORY, folder));
    return [];
  }
  const names = readdirSync(folder).filter((name) => /\.(pcap|pcapng|cap)(\.gz)?$/.test(name));
  return names.sort().map((name) => join(folder, name));
}

/** Full paths of the captures of other projects; of real ones a few, else none, with a warning, where they are absent. */
export function sharedCaptures(...folders: readonly SharedFolder[]): string[] {
  return folders.flatMap((folder) => {
    const beside = capturesIn(join(SHARED_PCAPS_FOLDER, folder));
    if (folder === 'hostile') return beside;
    const names = new Set(beside.map((file) => basename(file)));
    return [...capturesIn(KEPT_FOLDER).filter((file) => !names.has(basename(file))), ...beside];
  });
}

/**
 * `describe` for tests of captures of other projects: skipped, loudly, where there are none.
 * @param isAble whether what they need besides is here
 */
export function describeWithCaptures(
  files: readonly string[],
  title: string,
  body: () => void,
  isAble = true,
): void {
  describe.skipIf(files.length === 0 || !isAble)(`${title} (${MARK})`, body);
}

/** Whether the file's first octets are those of pcap (either byte order and resolution), pcapng or gzip. */
export function beginsAsCapture(file: string): boolean {
  const magic = readFileSync(file).subarray(0, 4).toString('hex');
  return /^(a1b2c3d4|d4c3b2a1|a1b23c4d|4d3cb2a1|a1b2cd34|34cdb2a1|0a0d0d0a|1f8b....)$/.test(magic);
}
