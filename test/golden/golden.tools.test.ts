/**
 * What `flowtap replay` makes of captures, as a user sees it, against tshark, whose packets are added up to flows
 * independently: every capture of pcaps/ and of the shared folder. Golden flows are written only while tshark agrees:
 *
 *     FLOWTAP_UPDATE_GOLDEN=1 npx vitest run test/golden
 */
import { statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { beginsAsCapture, describeWithCaptures, PCAPS_FOLDER, sharedCaptures } from '../support/captures.ts';
import { differencesOf, flowsOfJson } from '../support/flow-totals.ts';
import { describeWithTools, requireTools } from '../support/tools.ts';
import { type WitnessOptions, witnessFlows } from '../support/tshark.ts';
import { GOLDEN, goldenText, replayAsJson } from './golden-cases.ts';

const isUpdating = process.env.FLOWTAP_UPDATE_GOLDEN === '1';
const realCaptures = sharedCaptures('real').filter(beginsAsCapture);

/** Captures that end in the middle, by intention. */
const DAMAGED: ReadonlySet<string> = new Set(['truncated.pcap']);

/** tshark runs while flowtap does. */
async function compareWithTshark(file: string, flags: readonly string[] = [], witness: WitnessOptions = {}) {
  const running = replayAsJson(file, flags);
  const expected = statSync(file).size === 0 ? new Map() : witnessFlows(file, witness);
  const run = await running;
  return { run, differences: differencesOf(flowsOfJson(run.stdout), expected) };
}

describeWithTools(['tshark'], 'our captures, added up, are what tshark says', () => {
  it.each(GOLDEN.map((golden) => [golden.name, golden] as const))('%s', async (name, golden) => {
    const { run, differences } = await compareWithTshark(golden.file, golden.flags, golden.witness);
    expect(differences).toEqual([]);
    expect(run.exitCode, run.stderr).toBe(DAMAGED.has(basename(golden.file)) ? 1 : 0);
    if (isUpdating) writeFileSync(join(PCAPS_FOLDER, `${name}.flows.json`), goldenText(run.stdout));
  });
});

describeWithCaptures(
  realCaptures,
  'real captures, added up, are what tshark says',
  () => {
    it.each(realCaptures.map((file) => [basename(file), file] as const))('%s', async (_, file) => {
      const { run, differences } = await compareWithTshark(file);
      expect(differences).toEqual([]);
      expect(run.exitCode, run.stderr).toBe(0);
    });
  },
  requireTools('real captures', 'tshark'),
);
