/**
 * Names of EtherTypes are those that tshark has for their numbers: of the type itself, of the protocol that it leads
 * to, or of the same number behind GRE, which takes EtherTypes (RFC 2784 §2.4).
 */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { nameOfEtherType } from '../../src/decode/ether-type-names.ts';
import { describeWithTools } from '../support/tools.ts';

function report(name: string): string[][] {
  const { stdout, error } = spawnSync('tshark', ['-G', name], { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (error !== undefined) throw error;
  return stdout.split('\n').map((line) => line.split('\t'));
}

/** What tshark says of each EtherType, all of it. */
function tsharkNames(): Map<number, string[]> {
  const names = new Map<number, string[]>();
  const add = (number: string, name: string) =>
    names.set(Number(number), [...(names.get(Number(number)) ?? []), name]);
  for (const [kind, field, number, name] of report('values'))
    if (kind === 'V' && (field === 'eth.type' || field === 'gre.proto')) add(number!, name!);
  const longNames = new Map(report('protocols').map(([name, , short]) => [short, name]));
  for (const [table, number, protocol] of report('decodes'))
    if (table === 'ethertype') add(number!, longNames.get(protocol) ?? protocol!);
  return names;
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
/** They tell no protocol from another. */
const COMMON: ReadonlySet<string> = new Set(['ethernet', 'over', 'protocol', 'local']);

/** Whether names have a word in common, or one is the initials of the other. */
function areAlike(ours: string, theirs: string): boolean {
  const words = wordsOf(theirs);
  const text = words.join('');
  const initials = words.map((word) => word[0]).join('');
  const whole = wordsOf(ours).join('');
  return (
    initials.includes(whole) ||
    text.includes(whole) ||
    wordsOf(ours).some((word) => !COMMON.has(word) && words.includes(word))
  );
}

/** What tshark calls otherwise: DECnet is the routing of DEC's network architecture. */
const OTHERWISE: ReadonlyMap<string, string> = new Map([
  ['DECnet', 'DNA routing'],
  ['TRILL IS-IS', 'ISIS'],
]);

describeWithTools(['tshark'], 'EtherTypes with a name', () => {
  it('have that of tshark', () => {
    const known = tsharkNames();
    const wrong: string[] = [];
    let named = 0;
    for (let etherType = 0x600; etherType <= 0xffff; etherType++) {
      const name = /\((.*)\)$/.exec(nameOfEtherType(etherType))?.[1];
      if (name === undefined) continue;
      named++;
      const theirs = known.get(etherType) ?? [];
      if (!theirs.some((one) => areAlike(OTHERWISE.get(name) ?? name, one)))
        wrong.push(`${nameOfEtherType(etherType)}: ${theirs.join('; ')}`);
    }
    expect(wrong).toEqual([]);
    expect(named).toBeGreaterThan(40);
  });

  it('are told from others by the comparison', () => {
    const names = tsharkNames();
    expect(names.get(0x88f7)!.some((one) => areAlike('CFM', one))).toBe(false);
    expect(names.get(0x88a4)!.some((one) => areAlike('PROFINET', one))).toBe(false);
  });
});
