/** What records have of any facts: each value under its own name, and texts cut at the end of a character. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ApplicationFacts, type DnsAnswer } from '../../../src/applications/facts.ts';
import { writeFacts } from '../../../src/metering/applications/write-facts.ts';
import { APPLICATION_FIELDS, type ApplicationField } from '../../../src/records/application-fields.ts';
import * as layout from '../../../src/records/application-layout.ts';
import { readApplicationNumber, readApplicationText } from '../../../src/records/read-application.ts';
import { cases } from '../../support/cases.ts';

const TYPE_A = 1;
const fields: readonly ApplicationField[] = APPLICATION_FIELDS;
const LOOKS = 3;

/** Octets of a record's text: UTF-8 as Node has it, whole characters, no control characters. */
function expectedText(text: string, limit: number): string {
  let kept = '';
  for (const character of text.slice(0, 2 * limit)) {
    if (Buffer.byteLength(kept + character) > limit) break;
    kept += character;
  }
  return [...kept].map((one) => (one < ' ' || one === '\x7f' ? '?' : one)).join('');
}

/** A value of each field, of some kinds only, as a flow has them. */
const anyFacts = fc
  .record({
    kinds: fc.subarray(['dns', 'tls', 'http', 'ssh'] as const),
    left: fc.array(fc.boolean(), { minLength: fields.length, maxLength: fields.length }),
    texts: fc.array(fc.string({ unit: 'binary', maxLength: 80 }), {
      minLength: fields.length,
      maxLength: fields.length,
    }),
    numbers: fc.array(fc.nat(0x7fff_ffff), { minLength: fields.length, maxLength: fields.length }),
  })
  .map(({ kinds, left, texts, numbers }) => {
    const values = new Map<string, string | number>();
    fields.forEach(({ name, octetsMax, kind }, place) => {
      if (left[place] || (kind !== undefined && !kinds.some((one) => one === kind))) return;
      values.set(name, octetsMax === undefined ? numbers[place]! : (texts[place] ?? ''));
    });
    values.set('inspectedPacketDeltaCount', LOOKS);
    return values;
  });

function factsOf(values: ReadonlyMap<string, string | number>): ApplicationFacts {
  const facts = Object.assign(new ApplicationFacts(), Object.fromEntries(values));
  const answers = values.get('dnsAnswers');
  const one: DnsAnswer = { type: TYPE_A, text: String(answers), timeToLive: 1 };
  if (answers !== undefined) facts.dnsAnswers = [one];
  return facts;
}

// One record for all of them: what an earlier flow had must not be there.
const record = new Int32Array(layout.APPLICATION_WORD + layout.APPLICATION_WORDS).fill(-1);

it('has every value of any facts, and no other', () => {
  fc.assert(
    fc.property(anyFacts, (values) => {
      writeFacts(record, layout.APPLICATION_WORD, factsOf(values), LOOKS);
      let room = layout.TEXT_OCTETS_MAX;
      for (const { name, octetsMax } of APPLICATION_FIELDS as readonly (ApplicationField & {
        name: (typeof APPLICATION_FIELDS)[number]['name'];
      })[]) {
        const value = values.get(name);
        if (octetsMax === undefined) {
          expect([name, readApplicationNumber(record, 0, name)]).toEqual([name, value]);
          continue;
        }
        const text = value === undefined ? undefined : expectedText(String(value), Math.min(octetsMax, room));
        expect([name, readApplicationText(record, 0, name)]).toEqual([name, text]);
        const isSame = name !== 'serverName' && value === values.get('serverName');
        const isShared = isSame && (name === 'tlsServerName' || name === 'httpRequestHost');
        room -= isShared ? 0 : Buffer.byteLength(text ?? '');
      }
    }),
    { numRuns: cases(800) },
  );
});
