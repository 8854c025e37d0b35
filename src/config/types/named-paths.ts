/**
 * The option `paths`: pairs of sites whose traffic is watched under a name. A path is an object in YAML,
 * `{name: ihep-in2p3, from: [202.122.32.0/24], to: [193.48.0.0/16, 2001:660::/32]}`. It is kept as a word,
 * `ihep-in2p3=202.122.32.0/24..193.48.0.0/16+2001:660::/32`, which may stand in YAML, too.
 */
import type { ConfigFault } from '../../base/errors.ts';
import { type NetworkWords, PREFIX_ALLOWED, prefixKey, readPrefix } from '../../records/network.ts';
import type { OptionType } from './option-types.ts';

/** A path as it is configured; its prefixes as they were written. */
export interface NamedPath {
  readonly name: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** What bounds the labels of metrics, and the memory of a day's minutes. */
export const PATHS_MAX = 100;
export const PREFIXES_MAX = 64;

const NAME = '[A-Za-z0-9][\\w.-]{0,62}';
const NAME_ALLOWED = 'a name of letters, digits, dots, dashes and underscores, at most 63';
const NAME_FORM = new RegExp(`^${NAME}$`);
const WORD = /^([^=]*)=(.*)\.\.(.*)$/;
/** Whatever keeps a prefix from being told from its neighbours in a word. */
const UNWRITABLE = /[\s+=,]|\.\./;

/** The paths that the words of the option name. */
export function namedPaths(words: readonly string[]): NamedPath[] {
  return words.map((word) => {
    const [, name = '', from = '', to = ''] = WORD.exec(word) ?? [];
    const prefixes = (text: string) => text.split('+').filter((prefix) => prefix !== '');
    return { name, from: prefixes(from), to: prefixes(to) };
  });
}

/** A prefix alone, or a list of them. */
function prefixesOf(value: unknown): string[] | undefined {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const isRight = items.every((item) => typeof item === 'string' && !UNWRITABLE.test(item.trim()));
  return isRight ? (items as string[]).map((item) => item.trim()) : undefined;
}

/** The word of one item of the list; undefined if it has not the shape of a path. */
function wordOf(item: unknown): string | undefined {
  if (typeof item === 'string') return WORD.test(item.trim()) ? item.trim() : undefined;
  if (typeof item !== 'object' || item === null) return undefined;
  const { name, from, to, ...others } = item as Record<string, unknown>;
  const [there, back] = [prefixesOf(from), prefixesOf(to)];
  if (typeof name !== 'string' || /[=,\s]/.test(name) || Object.keys(others).length > 0) return undefined;
  if (there === undefined || back === undefined) return undefined;
  return `${name}=${there.join('+')}..${back.join('+')}`;
}

const PREFIX_LIST = {
  oneOf: [
    { type: 'string' },
    { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: PREFIXES_MAX, uniqueItems: true },
  ],
};

/** Paths by name. `namedPathFaults` tells the faults within one. */
export const NAMED_PATHS: OptionType = {
  allowed:
    `up to ${PATHS_MAX} paths {name: NAME, from: [PREFIX, PREFIX], to: [PREFIX]}, prefixes of IPv4 or IPv6; ` +
    'or the same as text: NAME=PREFIX+PREFIX..PREFIX',
  placeholder: 'NAME=PREFIX..PREFIX',
  jsonSchema: {
    type: 'array',
    maxItems: PATHS_MAX,
    items: {
      oneOf: [
        { type: 'string', pattern: WORD.source },
        {
          type: 'object',
          additionalProperties: false,
          properties: { name: { type: 'string', pattern: `^${NAME}$` }, from: PREFIX_LIST, to: PREFIX_LIST },
          required: ['name', 'from', 'to'],
        },
      ],
    },
  },
  isList: true,
  parse(raw) {
    const items = Array.isArray(raw) ? raw : undefined;
    const words = items?.map(wordOf);
    return words === undefined || words.includes(undefined) ? undefined : (words as string[]);
  },
};

/** The prefixes of one side that are right; the faults of the others are added. */
function readSide(texts: readonly string[], path: string, faults: ConfigFault[]): NetworkWords[] {
  if (texts.length === 0 || texts.length > PREFIXES_MAX)
    faults.push({ path, found: `${texts.length} prefixes`, allowed: `1 to ${PREFIXES_MAX}` });
  return texts.flatMap((text) => {
    const words = readPrefix(text);
    if (words !== undefined) return [words];
    faults.push({ path, found: JSON.stringify(text), allowed: PREFIX_ALLOWED });
    return [];
  });
}

/** Faults of the paths, each and together. @param path how the user called the option */
export function namedPathFaults(words: readonly string[], path: string): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (words.length > PATHS_MAX)
    faults.push({ path, found: `${words.length} paths`, allowed: `at most ${PATHS_MAX}` });
  const names = new Set<string>();
  const owners = new Map<string, string>();
  for (const [i, { name, from, to }] of namedPaths(words).entries()) {
    const at = `${path}[${i}]`;
    if (!NAME_FORM.test(name))
      faults.push({ path: `${at}.name`, found: JSON.stringify(name), allowed: NAME_ALLOWED });
    if (names.has(name))
      faults.push({ path: `${at}.name`, found: `${JSON.stringify(name)} twice`, allowed: 'each name once' });
    names.add(name);
    const [there, back] = [readSide(from, `${at}.from`, faults), readSide(to, `${at}.to`, faults)];
    for (const [one, other] of there.flatMap((a) => back.map((b) => [prefixKey(a), prefixKey(b)] as const))) {
      if (one === other)
        faults.push({ path: at, found: 'a prefix on both sides', allowed: 'from and to that differ' });
      const owner = owners.get(`${one} ${other}`);
      if (owner !== undefined)
        faults.push({ path: at, found: `prefixes that ${owner} has, too`, allowed: 'each pair in one path' });
      owners.set(`${one} ${other}`, name).set(`${other} ${one}`, name);
    }
  }
  return faults;
}
