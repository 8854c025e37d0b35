/**
 * The option `enrichment.networks`: networks of the user's own, with a name, an autonomous system and a site. One is an
 * object in YAML, `{prefix: 192.0.2.0/24, name: campus, as: 64496, site: Lyon}`. It is kept as a word,
 * `192.0.2.0/24;name=campus;as=64496;site=Lyon`, which may stand in YAML, too.
 */
import type { ConfigFault } from '../../base/errors.ts';
import { PREFIX_ALLOWED, prefixKey, readPrefix } from '../../records/network.ts';
import { NAME_OCTETS_MAX } from '../../records/network-layout.ts';
import type { OptionType } from './option-types.ts';

/** A network as it is configured; its prefix as it was written. */
export interface OwnNetwork {
  readonly prefix: string;
  readonly name?: string;
  readonly as?: number;
  readonly site?: string;
}

export const OWN_NETWORKS_MAX = 65_536;
const AS_MAX = 2 ** 32 - 1;
const KEYS = ['name', 'as', 'site'] as const;
const WORD = /^[^;]*(;(name|as|site)=[^;]*)+$/;
const AS_FORM = /^(?:AS)?(\d{1,10})$/i;
/** Texts of one line, without what parts the word. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is not allowed
const TEXT_FORM = /^[^;\u0000-\u001f\u007f]+$/;
const TEXT_ALLOWED = `a text of 1 to ${NAME_OCTETS_MAX} octets on one line, without a semicolon`;

/** The networks that the words of the option say. Their numbers are right where `ownNetworkFaults` finds nothing. */
export function ownNetworks(words: readonly string[]): OwnNetwork[] {
  return words.map((word) => {
    const [prefix = '', ...parts] = word.split(';');
    const values = new Map(
      parts.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]),
    );
    const [name, as, site] = KEYS.map((key) => values.get(key));
    return {
      prefix,
      ...(name === undefined ? {} : { name }),
      ...(as === undefined ? {} : { as: Number(AS_FORM.exec(as)?.[1] ?? Number.NaN) }),
      ...(site === undefined ? {} : { site }),
    };
  });
}

/** The word of one item of the list; undefined if it has not the shape of a network. */
function wordOf(item: unknown): string | undefined {
  if (typeof item === 'string') return WORD.test(item.trim()) ? item.trim() : undefined;
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined;
  const { prefix, ...others } = item as Record<string, unknown>;
  const keys = Object.keys(others);
  if (typeof prefix !== 'string' || keys.length === 0) return undefined;
  const values = KEYS.flatMap((key) => (key in others ? [[key, others[key]] as const] : []));
  const isText = ([key, value]: readonly [string, unknown]) =>
    (typeof value === 'string' && !value.includes(';')) || (key === 'as' && typeof value === 'number');
  if (values.length !== keys.length || prefix.includes(';') || !values.every(isText)) return undefined;
  return [prefix.trim(), ...values.map(([key, value]) => `${key}=${value}`)].join(';');
}

/** Networks by prefix. `ownNetworkFaults` tells the faults within one. */
export const OWN_NETWORKS: OptionType = {
  allowed:
    `up to ${OWN_NETWORKS_MAX} networks {prefix: PREFIX, name: TEXT, as: NUMBER, site: TEXT}, of which one of name, as ` +
    'and site at least; or the same as text: PREFIX;name=TEXT;as=NUMBER;site=TEXT',
  placeholder: 'PREFIX;name=TEXT',
  jsonSchema: {
    type: 'array',
    maxItems: OWN_NETWORKS_MAX,
    items: {
      oneOf: [
        { type: 'string', pattern: WORD.source },
        {
          type: 'object',
          additionalProperties: false,
          properties: {
            prefix: { type: 'string' },
            name: { type: 'string', minLength: 1, maxLength: NAME_OCTETS_MAX },
            as: {
              oneOf: [
                { type: 'integer', minimum: 1, maximum: AS_MAX },
                { type: 'string', pattern: AS_FORM.source },
              ],
            },
            site: { type: 'string', minLength: 1, maxLength: NAME_OCTETS_MAX },
          },
          required: ['prefix'],
          minProperties: 2,
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

function textFaults(text: string | undefined, path: string): ConfigFault[] {
  if (text === undefined || (TEXT_FORM.test(text) && Buffer.byteLength(text) <= NAME_OCTETS_MAX)) return [];
  return [{ path, found: JSON.stringify(text), allowed: TEXT_ALLOWED }];
}

/** Faults of the networks, each and together: networks within one another are none. @param path how the user called the option */
export function ownNetworkFaults(words: readonly string[], path: string): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (words.length > OWN_NETWORKS_MAX)
    faults.push({ path, found: `${words.length} networks`, allowed: `at most ${OWN_NETWORKS_MAX}` });
  const owners = new Map<string, string>();
  for (const [i, { prefix, name, as, site }] of ownNetworks(words).entries()) {
    const at = `${path}[${i}]`;
    const network = readPrefix(prefix);
    if (network === undefined)
      faults.push({ path: `${at}.prefix`, found: JSON.stringify(prefix), allowed: PREFIX_ALLOWED });
    else {
      const key = prefixKey(network);
      const owner = owners.get(key);
      const allowed = 'each prefix once; of prefixes within one another the longest that fits counts';
      if (owner !== undefined)
        faults.push({ path: `${at}.prefix`, found: `${prefix}, as in ${owner}`, allowed });
      else owners.set(key, at);
    }
    if (as !== undefined && !(as >= 1 && as <= AS_MAX))
      faults.push({ path: `${at}.as`, found: String(words[i]), allowed: `a number from 1 to ${AS_MAX}` });
    faults.push(...textFaults(name, `${at}.name`), ...textFaults(site, `${at}.site`));
  }
  return faults;
}
