/**
 * Flow records as lines of text: JSON, one object a line, with IANA's names as keys, or CSV.
 *
 * Addresses are text (IPv6 by RFC 5952), MAC addresses aa:bb:cc:dd:ee:ff, octet arrays hexadecimal. Integers are
 * numbers, and strings where they can exceed 2^53. Times are whole numbers of the element's own unit since 1970. System
 * up times and times before the export belong to messages; text has none.
 */

import {
  FLOW_PROTOCOL,
  type FlowRecordBatch,
  FORWARD_DOUBLE,
  PACKETS,
  REVERSE_DOUBLE,
} from '../records/flow-layout.ts';
import { joinSections, type RecordSections } from '../records/record-sections.ts';
import { isProfile, type TemplateField } from './templates.ts';
import { ABSENT, nameOf, putColumn, type TextColumn, type TextValues, textColumn } from './text-columns.ts';
import { VALUE_OCTETS_MAX } from './text-octets.ts';
import { compileTextTemplates, mergeNames, type TextTemplates } from './text-templates.ts';
import { INTERVALS_TEXT_OCTETS_MAX } from './text-values.ts';

const COMMA = 0x2c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const LINE_FEED = 0x0a;
/** Quotes, colon and comma around a key and its value. */
const PUNCTUATION_OCTETS = 8;
/** Octets of text for one of a value: a semicolon of a list becomes two quotes and a comma. */
const TEXT_GROWTH_MAX = 3;

export interface FlowTextOptions {
  readonly form: 'json' | 'csv';
  /** Lists of elements, or the name of a profile. */
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  /** One line for both directions of a flow, the reverse values as `reverse…`; otherwise a line for each. */
  readonly biflow: boolean;
  readonly values: TextValues;
  /** For faults of the templates: `command line` or the configuration file's name. */
  readonly origin?: string;
}

/** Columns of a line; in CSV with undefined for what a kind of record never has. */
type Columns = readonly (TextColumn | undefined)[];

/** The lines that flows of one IP version can have. */
interface Lines {
  readonly forward: Columns;
  readonly reverse: Columns;
  readonly both: Columns;
}

/** Turns batches of flow records into lines. */
export class FlowText {
  /** The names of CSV's columns and a line feed; empty in JSON. */
  readonly header: string;
  /** The optional sections of records that templates read. */
  readonly needs: RecordSections;
  readonly #isJson: boolean;
  readonly #isBiflow: boolean;
  readonly #ipv4: Lines;
  readonly #ipv6: Lines;
  readonly #lineOctetsMax: number;
  #lines = 0;
  #out = Buffer.alloc(0);

  /** @throws ConfigError for faults in the templates */
  constructor(options: FlowTextOptions) {
    this.#isJson = options.form === 'json';
    this.#isBiflow = options.biflow;
    const ipv4 = compileTextTemplates(options, 4);
    const ipv6 = compileTextTemplates(options, 6);
    this.needs = joinSections([ipv4.single.needs, ipv6.single.needs]);
    const names = mergeNames(ipv6.both.fields.map(nameOf), ipv4.both.fields.map(nameOf));
    this.header = this.#isJson ? '' : `${names.join(',')}\n`;
    this.#ipv4 = compileLines(ipv4, options, options.template.ipv4, names);
    this.#ipv6 = compileLines(ipv6, options, options.template.ipv6, names);
    this.#lineOctetsMax = names.reduce(
      (octets, name) => octets + name.length + VALUE_OCTETS_MAX,
      PUNCTUATION_OCTETS,
    );
    this.#lineOctetsMax += names.length * PUNCTUATION_OCTETS + 2 * INTERVALS_TEXT_OCTETS_MAX;
    for (const { element } of [...ipv4.both.fields, ...ipv6.both.fields])
      this.#lineOctetsMax += TEXT_GROWTH_MAX * (element.octetsMax ?? 0);
  }

  /** Lines made so far. */
  get lines(): number {
    return this.#lines;
  }

  /**
   * The lines of a batch.
   * @returns memory that the next call overwrites
   */
  batch(batch: FlowRecordBatch): Buffer {
    const octetsMax = 2 * batch.count * this.#lineOctetsMax;
    if (this.#out.length < octetsMax) this.#out = Buffer.alloc(octetsMax);
    const out = this.#out;
    const { words, doubles, stride } = batch;
    let at = 0;
    for (let i = 0; i < batch.count; i++) {
      const row = i * stride;
      const lines = ((words[row + FLOW_PROTOCOL]! >>> 8) & 0xf) === 6 ? this.#ipv6 : this.#ipv4;
      const hasForward = doubles[(row >>> 1) + FORWARD_DOUBLE + PACKETS]! > 0;
      const hasReverse = doubles[(row >>> 1) + REVERSE_DOUBLE + PACKETS]! > 0;
      if (this.#isBiflow && hasForward && hasReverse) {
        at = this.#line(lines.both, batch, row, out, at);
        continue;
      }
      if (hasForward) at = this.#line(lines.forward, batch, row, out, at);
      if (hasReverse) at = this.#line(lines.reverse, batch, row, out, at);
    }
    return out.subarray(0, at);
  }

  #line(columns: Columns, batch: FlowRecordBatch, row: number, out: Uint8Array, start: number): number {
    this.#lines++;
    let at = start;
    if (!this.#isJson) {
      for (let c = 0; c < columns.length; c++) {
        if (c > 0) out[at++] = COMMA;
        const column = columns[c];
        if (column === undefined) continue;
        const end = putColumn(column, batch, row, this.#lines, out, at);
        if (end !== ABSENT) at = end;
      }
      out[at++] = LINE_FEED;
      return at;
    }
    // A comma in front of each value; the first becomes the brace.
    for (let c = 0; c < columns.length; c++) {
      const end = putColumn(columns[c]!, batch, row, this.#lines, out, at + 1);
      if (end === ABSENT) continue;
      out[at] = COMMA;
      at = end;
    }
    if (at === start) at++;
    out[start] = OPENING_BRACE;
    out[at++] = CLOSING_BRACE;
    out[at++] = LINE_FEED;
    return at;
  }
}

/** @param names of all columns of CSV */
function compileLines(
  { single, both }: TextTemplates,
  { form, values }: FlowTextOptions,
  template: readonly string[],
  names: readonly string[],
): Lines {
  const isJson = form === 'json';
  const isOptional = isProfile(template);
  const compile = (fields: readonly TemplateField[], isReverse: boolean): Columns => {
    const column = (field: TemplateField) => textColumn(field, { isReverse, isOptional, isJson, values });
    if (isJson) return fields.map(column).filter((compiled) => compiled !== undefined);
    return names.map((name) => {
      const field = fields.find((candidate) => nameOf(candidate) === name);
      return field && column(field);
    });
  };
  return {
    forward: compile(single.fields, false),
    reverse: compile(single.fields, true),
    both: compile(both.fields, false),
  };
}
