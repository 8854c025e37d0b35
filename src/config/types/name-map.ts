/** The type of options that map names to names: fields of a message to information elements. */
import type { OptionType } from './option-types.ts';

const MAP_KEY = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
const MAP_VALUE = /^[A-Za-z]\w*$/;

/** A row of a map, or undefined: `key:value|value`. */
function mapRow(key: string, value: unknown): string | undefined {
  const values = Array.isArray(value) ? value : typeof value === 'string' ? value.split('|') : [];
  const words = values.map((word) => (typeof word === 'string' ? word.trim() : ''));
  const isRight = MAP_KEY.test(key) && words.length > 0 && words.every((word) => MAP_VALUE.test(word));
  return isRight ? `${key}:${words.join('|')}` : undefined;
}

/** Keys and values of a map, from YAML or from text. */
function toPairs(raw: unknown): [string, unknown][] | undefined {
  const rows = typeof raw === 'string' ? raw.split(',') : raw;
  if (!Array.isArray(rows)) return typeof raw === 'object' && raw !== null ? Object.entries(raw) : undefined;
  return rows.map((row) => {
    const text = String(row);
    const colon = text.indexOf(':');
    return [text.slice(0, Math.max(colon, 0)).trim(), text.slice(colon + 1)];
  });
}

/**
 * A map from names to one name each, or several: a YAML map, or rows `key:value|value` in a list or with commas between
 * them. Its value is the list of rows, which only a later stage can check; it may be empty.
 */
export function nameMap(allowed: string): OptionType {
  const name = { type: 'string', pattern: MAP_VALUE.source };
  return {
    allowed,
    placeholder: 'FIELD:ELEMENT,…',
    jsonSchema: {
      oneOf: [
        { type: 'string' },
        { type: 'array', items: { type: 'string' } },
        {
          type: 'object',
          propertyNames: { pattern: MAP_KEY.source },
          additionalProperties: { oneOf: [name, { type: 'array', items: name, minItems: 1 }] },
        },
      ],
    },
    isList: true,
    parse(raw) {
      const pairs = toPairs(raw);
      if (pairs === undefined || new Set(pairs.map(([key]) => key)).size < pairs.length) return undefined;
      const rows = pairs.map(([key, value]) => mapRow(key, value));
      return rows.every((row) => row !== undefined) ? rows : undefined;
    },
  };
}
