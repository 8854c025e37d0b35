/**
 * Names of rotated files: patterns with strftime's conversions, in UTC, and which files on disk a pattern has named
 * before. Whatever stands in the pattern's folders is replaced as well.
 */
import { readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';

const two = (value: number) => String(value).padStart(2, '0');

/** What each conversion stands for, and what matches it. */
const CONVERSIONS: Readonly<Record<string, { of: (time: Date) => string; pattern: string }>> = {
  Y: { of: (time) => String(time.getUTCFullYear()).padStart(4, '0'), pattern: '\\d{4}' },
  m: { of: (time) => two(time.getUTCMonth() + 1), pattern: '\\d{2}' },
  d: { of: (time) => two(time.getUTCDate()), pattern: '\\d{2}' },
  H: { of: (time) => two(time.getUTCHours()), pattern: '\\d{2}' },
  M: { of: (time) => two(time.getUTCMinutes()), pattern: '\\d{2}' },
  S: { of: (time) => two(time.getUTCSeconds()), pattern: '\\d{2}' },
  s: { of: (time) => String(Math.floor(time.getTime() / 1000)), pattern: '\\d+' },
  '%': { of: () => '%', pattern: '%' },
};
const CONVERSION = /%(.?)/g;

/** The conversions that a pattern may have, for errors. */
export const CONVERSIONS_ALLOWED = Object.keys(CONVERSIONS)
  .map((letter) => `%${letter}`)
  .join(' ');

/** The first conversion of a pattern that is not known, or undefined. */
export function unknownConversion(pattern: string): string | undefined {
  for (const [text, letter] of pattern.matchAll(CONVERSION)) {
    if (!Object.hasOwn(CONVERSIONS, letter!)) return text;
  }
  return undefined;
}

/** Whether names made at different times differ. */
export function hasTime(pattern: string): boolean {
  return [...pattern.matchAll(CONVERSION)].some(([, letter]) => letter !== '%');
}

/** The pattern with what a rotated file's name needs: a time, in front of the endings, where it has none. */
export function withTime(pattern: string): string {
  if (hasTime(pattern)) return pattern;
  const folderEnd = pattern.lastIndexOf('/') + 1;
  const dot = pattern.indexOf('.', folderEnd + 1);
  const at = dot < 0 ? pattern.length : dot;
  return `${pattern.slice(0, at)}-%Y%m%dT%H%M%SZ${pattern.slice(at)}`;
}

/** The name for a time, in ms since 1970. */
export function fileName(pattern: string, timeMs: number): string {
  const time = new Date(timeMs);
  return pattern.replace(CONVERSION, (_, letter: string) => CONVERSIONS[letter]?.of(time) ?? '');
}

/** The name with a number in front of its endings, for a second file of the same time. */
export function numberedName(name: string, number: number): string {
  if (number === 0) return name;
  const folderEnd = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', folderEnd + 1);
  const at = dot < 0 ? name.length : dot;
  return `${name.slice(0, at)}-${number}${name.slice(at)}`;
}

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What one part of a path matches; in the last one the number of a second file is allowed. */
function partPattern(part: string, isLast: boolean): RegExp {
  const dot = part.indexOf('.', 1);
  const [stem, endings] = isLast && dot >= 0 ? [part.slice(0, dot), part.slice(dot)] : [part, ''];
  const compile = (text: string) => {
    let source = '';
    let from = 0;
    for (const match of text.matchAll(CONVERSION)) {
      source += quoted(text.slice(from, match.index)) + (CONVERSIONS[match[1]!]?.pattern ?? '');
      from = match.index + match[0].length;
    }
    return source + quoted(text.slice(from));
  };
  return new RegExp(`^${compile(stem)}${isLast ? '(-\\d+)?' : ''}${compile(endings)}$`);
}

/** How many parts of a path have no conversion and lead to one that has: `..`, `.`, and the root among them. */
function fixedParts(parts: readonly string[]): number {
  const first = parts.findIndex((part) => part.includes('%'));
  return first < 0 ? parts.length - 1 : Math.min(first, parts.length - 1);
}

/** The folder that must be there: all before the first part that has a time; `''` for where the program runs. */
export function baseFolder(pattern: string): string {
  const parts = pattern.split('/');
  const count = fixedParts(parts);
  return pattern.startsWith('/') ? `/${parts.slice(1, count).join('/')}` : parts.slice(0, count).join('/');
}

export interface NamedFile {
  readonly name: string;
  readonly octets: number;
  readonly modifiedMs: number;
}

/** The files that the pattern has named, the oldest first. What cannot be read is left out. */
export function filesNamedBy(pattern: string): NamedFile[] {
  const parts = pattern.split('/');
  const found: NamedFile[] = [];
  const walk = (folder: string, index: number) => {
    const isLast = index === parts.length - 1;
    const matches = partPattern(parts[index]!, isLast);
    const entries = readdirSync(folder === '' ? '.' : folder, { withFileTypes: true });
    for (const entry of entries) {
      if (!matches.test(entry.name)) continue;
      const name = folder === '' ? entry.name : folder === sep ? `/${entry.name}` : join(folder, entry.name);
      if (!isLast) {
        if (entry.isDirectory()) walk(name, index + 1);
        continue;
      }
      if (!entry.isFile()) continue;
      const { size, mtimeMs } = statSync(name);
      found.push({ name, octets: size, modifiedMs: mtimeMs });
    }
  };
  try {
    walk(baseFolder(pattern), fixedParts(parts));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return found.sort((a, b) => a.modifiedMs - b.modifiedMs || (a.name < b.name ? -1 : 1));
}
