/**
 * The types that an option can have: how its text or YAML value becomes a value, what is allowed in words for people
 * and as JSON Schema for editors. Flags and configuration files go through the same functions, so they cannot disagree.
 * Nothing here knows an option's name.
 */

import { nearest } from '../../base/nearest.ts';
import { formatCount, formatList } from '../../base/units.ts';

export type OptionValue = string | number | boolean | readonly string[] | readonly number[] | undefined;

export interface OptionType {
  /** What may stand there, to complete "allowed: …". */
  readonly allowed: string;
  /** Stands for the value in a flag's help: `--speed MULTIPLE`; `''` for a switch. */
  readonly placeholder: string;
  /** JSON Schema (draft 2020-12) of the value as it stands in a YAML file. */
  readonly jsonSchema: object;
  /** The words that it may be, for the one that was probably meant. */
  readonly words?: readonly string[];
  /** More values of a repeated flag are added to the list instead of replacing the former. */
  readonly isList?: true;
  /** Milliseconds: the field of the configuration object is called after the option with `Ms` at its end. */
  readonly isDuration?: true;
  /**
   * @param raw text of a flag, or what YAML has there
   * @returns the value, or undefined if it is not allowed
   */
  parse(raw: unknown): OptionValue;
  /** The value as it stands in a YAML file; missing: as it is. */
  readonly write?: (value: OptionValue) => OptionValue;
}

/** What may stand there, with the word that `raw`, which may not, was probably meant to be. */
export function allowedInPlaceOf(raw: unknown, { allowed, words = [] }: OptionType): string {
  const meant = typeof raw === 'string' ? nearest(raw, words) : undefined;
  return meant === undefined ? allowed : `${allowed}; did you mean ${meant}?`;
}

/** The value as it stands in a YAML file. */
export function writtenValue(type: OptionType, value: OptionValue): OptionValue {
  return type.write === undefined ? value : type.write(value);
}

/** A value for people to read; a configuration file's need quotes (yaml-text.ts). */
export function valueText(type: OptionType, value: OptionValue): string {
  const written = writtenValue(type, value);
  return Array.isArray(written) ? `[${written.join(', ')}]` : String(written);
}

const MS_PER_UNIT = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 } as const;
const DURATION = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)?$/;
const DURATION_PATTERN = '^\\d+(\\.\\d+)? ?(ms|s|m|h|d)?$';

/** `15s`, `500ms`, `1.5 h`: the largest unit that leaves a whole number. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  if (durationMs >= 3600e3 && durationMs % 3600e3 === 0) return `${durationMs / 3600e3}h`;
  if (durationMs >= 120e3 && durationMs % 60e3 === 0) return `${durationMs / 60e3}m`;
  return durationMs % 1e3 === 0 ? `${durationMs / 1e3}s` : `${durationMs}ms`;
}

/** A span of time within limits; a plain number counts seconds. Its value is in whole milliseconds. */
export function duration(minMs: number, maxMs: number): OptionType {
  return {
    allowed: `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)} (15s, 500ms, 1m; a plain number is seconds)`,
    placeholder: 'DURATION',
    jsonSchema: {
      oneOf: [
        { type: 'string', pattern: DURATION_PATTERN },
        { type: 'number', minimum: minMs / 1e3 },
      ],
    },
    isDuration: true,
    parse(raw) {
      if (typeof raw !== 'string' && typeof raw !== 'number') return undefined;
      const match = DURATION.exec(String(raw).trim());
      if (match === null) return undefined;
      const unit = (match[2] ?? 's') as keyof typeof MS_PER_UNIT;
      const ms = Math.round(Number(match[1]) * MS_PER_UNIT[unit]);
      return ms >= minMs && ms <= maxMs ? ms : undefined;
    },
    write: (value) => formatDuration(value as number),
  };
}

/** A decimal number in plain digits, or NaN. */
function toNumber(raw: unknown): number {
  if (typeof raw === 'number') return raw;
  return typeof raw === 'string' && /^-?\d+(\.\d+)?$/.test(raw.trim()) ? Number(raw) : Number.NaN;
}

/** A whole number within limits. */
export function integer(min: number, max: number, placeholder = 'N'): OptionType {
  return {
    allowed: `a whole number from ${formatCount(min)} to ${formatCount(max)}`,
    placeholder,
    jsonSchema: { type: 'integer', minimum: min, maximum: max },
    parse(raw) {
      const value = toNumber(raw);
      return Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined;
    },
  };
}

/**
 * A number within limits, or a word instead: `max`, `auto`.
 * @param placeholder for the number
 */
export function numberOrWord(
  words: readonly string[],
  limits: { min: number; max: number; isWhole: boolean },
  placeholder = 'N',
): OptionType {
  const kind = limits.isWhole ? 'whole number' : 'number';
  return {
    allowed: `${words.join(', ')}, or a ${kind} from ${formatCount(limits.min)} to ${formatCount(limits.max)}`,
    placeholder: [placeholder, ...words].join('|'),
    jsonSchema: {
      oneOf: [
        { enum: words },
        { type: limits.isWhole ? 'integer' : 'number', minimum: limits.min, maximum: limits.max },
      ],
    },
    parse(raw) {
      if (words.includes(raw as string)) return raw as string;
      const value = toNumber(raw);
      if (!(value >= limits.min && value <= limits.max)) return undefined;
      return limits.isWhole && !Number.isInteger(value) ? undefined : value;
    },
  };
}

/** A switch. */
export const SWITCH: OptionType = {
  allowed: 'true or false',
  placeholder: '',
  jsonSchema: { type: 'boolean' },
  parse(raw) {
    if (typeof raw === 'boolean') return raw;
    return raw === 'true' ? true : raw === 'false' ? false : undefined;
  },
};

/** One word out of several. */
export function choice(words: readonly string[]): OptionType {
  return {
    allowed: formatList(words, 'or'),
    placeholder: words.join('|'),
    jsonSchema: { enum: words },
    words,
    // YAML takes a word of digits for a number.
    parse: (raw) => words.find((word) => word === raw || (typeof raw === 'number' && word === String(raw))),
  };
}

/** A text on one line, of a certain form. */
export function text(allowed: string, placeholder: string, form = /^[^\n]*$/): OptionType {
  return {
    allowed,
    placeholder,
    jsonSchema: { type: 'string', pattern: form.source },
    parse: (raw) => (typeof raw === 'string' && form.test(raw) ? raw : undefined),
  };
}

const PORT_MAX = 65_535;

/** UDP or TCP ports, each once; at least one. */
export const PORTS: OptionType = {
  allowed: `one or more ports from 1 to ${PORT_MAX}, each once`,
  placeholder: 'PORT,…',
  jsonSchema: {
    oneOf: [
      { type: 'integer', minimum: 1, maximum: PORT_MAX },
      {
        type: 'array',
        items: { type: 'integer', minimum: 1, maximum: PORT_MAX },
        minItems: 1,
        uniqueItems: true,
      },
    ],
  },
  isList: true,
  parse(raw) {
    const items: unknown[] = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(',') : [raw];
    const ports = items.map(toNumber);
    const isRight = ports.every((port) => Number.isInteger(port) && port >= 1 && port <= PORT_MAX);
    return isRight && ports.length > 0 && new Set(ports).size === ports.length ? ports : undefined;
  },
};

/** The words of a list: a YAML list, or text with commas between them. */
function toWords(raw: unknown): string[] | undefined {
  const items = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(',') : undefined;
  if (items === undefined || !items.every((item) => typeof item === 'string')) return undefined;
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

/** Any of several words, each once; `all` stands for every one of them. */
export function choices(words: readonly string[]): OptionType {
  return {
    allowed: `any of ${words.join(', ')}, or all`,
    placeholder: 'NAME,…',
    jsonSchema: {
      oneOf: [{ const: 'all' }, { type: 'array', items: { enum: words }, uniqueItems: true }],
    },
    isList: true,
    parse(raw) {
      const chosen = toWords(raw);
      if (chosen === undefined) return undefined;
      if (chosen.length === 1 && chosen[0] === 'all') return words;
      return chosen.every((word) => words.includes(word)) ? [...new Set(chosen)] : undefined;
    },
  };
}

/** A list of names that only a later stage can check; it may be empty. */
export function nameList(allowed: string, placeholder: string): OptionType {
  return {
    allowed,
    placeholder,
    jsonSchema: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    isList: true,
    parse: (raw) => toWords(raw),
  };
}

/** A power of two within limits that are powers of two. */
export function powerOfTwo(min: number, max: number): OptionType {
  const powers: number[] = [];
  for (let power = min; power <= max; power *= 2) powers.push(power);
  return {
    allowed: `a power of two from ${formatCount(min)} to ${formatCount(max)}`,
    placeholder: 'N',
    jsonSchema: { enum: powers },
    parse(raw) {
      const value = toNumber(raw);
      return powers.includes(value) ? value : undefined;
    },
  };
}

const LISTEN = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):(\d{1,5})$/;

/** Where a server listens: address or name and port, IPv6 in brackets; or `none`. Port 0 takes any free one. */
export function listenAddress(): OptionType {
  return {
    allowed: 'none, or ADDRESS:PORT as in 127.0.0.1:9669 or [::1]:9669',
    placeholder: 'ADDRESS:PORT|none',
    jsonSchema: { oneOf: [{ const: 'none' }, { type: 'string', pattern: LISTEN.source }] },
    parse(raw) {
      if (raw === 'none') return raw;
      if (typeof raw !== 'string') return undefined;
      const port = LISTEN.exec(raw)?.[1];
      return port !== undefined && Number(port) <= 65_535 ? raw : undefined;
    },
  };
}

/** Names that only a later stage can check, at least one. */
export function names(allowed: string): OptionType {
  return {
    allowed,
    placeholder: 'NAME,…',
    jsonSchema: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }] },
    parse(raw) {
      const chosen = toWords(raw);
      return chosen !== undefined && chosen.length > 0 ? chosen : undefined;
    },
    write(value) {
      const words = value as readonly string[];
      return words.length === 1 && !words[0]!.includes(',') ? words[0] : words;
    },
  };
}
