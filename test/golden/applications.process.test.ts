/**
 * Applications of real captures as `flowtap replay -o json --applications on` tells them, against what tshark says of the same
 * flows (applications.jsonl) and what others found (../shared/applications-truth.json). application-deviations.ts lists each
 * difference with its reason; a row of it that is no difference any more fails as well.
 */
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ApplicationFacts } from '../../src/applications/facts.ts';
import {
  type Difference,
  differences,
  isChosenAlpn,
  type ToldFlow,
  truthFiles,
  truths,
} from '../support/applications-truth.ts';
import { beginsAsCapture, describeWithCaptures, sharedCaptures } from '../support/captures.ts';
import { storedApplications, type WitnessedApplication } from '../support/stored-applications.ts';
import { DEVIATIONS } from './application-deviations.ts';
import { replayAsJson } from './golden-cases.ts';

const FLAGS = ['--applications', 'on', '--path-health', 'off'];

type JsonRecord = Readonly<Record<string, string | number>>;

const endpoint = (four: unknown, six: unknown, port: unknown) =>
  four === undefined ? `[${six}]:${port}` : `${four}:${port}`;

/** Flows of records; of one that comes in pieces, the first piece that has a value tells it. */
function flowsOf(json: string): ToldFlow[] {
  const records = json
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonRecord);
  records.sort((a, b) => Number(a.flowStartMilliseconds) - Number(b.flowStartMilliseconds));
  const flows = new Map<string, ToldFlow>();
  for (const record of records) {
    const { sourceIPv4Address, sourceIPv6Address, sourceTransportPort } = record;
    const { destinationIPv4Address, destinationIPv6Address, destinationTransportPort } = record;
    const source = endpoint(sourceIPv4Address, sourceIPv6Address, sourceTransportPort);
    const destination = endpoint(destinationIPv4Address, destinationIPv6Address, destinationTransportPort);
    const protocol = Number(record.protocolIdentifier);
    const key = [protocol, record.vlanId, ...[source, destination].sort()].join(' ');
    const facts = { ...record, ...flows.get(key)?.facts } as unknown as ApplicationFacts;
    flows.set(key, { source, destination, protocol, ...flows.get(key), facts });
  }
  return [...flows.values()];
}

const PROTOCOLS = { TCP: 6, UDP: 17 };

const isAddress = (text: string) => /^[\d.]+$|:/.test(text);

/** Where a flow differs from what tshark says of it. */
function compareWitness(flows: readonly ToldFlow[], witness: WitnessedApplication): Difference[] {
  const { ends, transport, values } = witness;
  const flow = flows.find(
    (one) => one.protocol === PROTOCOLS[transport] && [one.source, one.destination].sort().join(' ') === ends,
  );
  const facts = (flow?.facts ?? {}) as unknown as Readonly<Record<string, unknown>>;
  return Object.entries(values).flatMap(([field, theirs]) => {
    const ours = facts[field === 'tlsAlpnOffered' ? 'tlsAlpn' : field];
    const text = (value: unknown) => (value === undefined ? undefined : String(value));
    if (field === 'tlsAlpnOffered') {
      const version = Number(facts.tlsVersion ?? 0);
      if (isChosenAlpn(text(ours), theirs as string[], version)) return [];
    }
    // Ours has names of CNAMEs, and no more than 8; theirs has addresses of the other sections too.
    const isPart =
      field === 'dnsAnswers' &&
      ((ours ?? []) as string[]).filter(isAddress).every((one) => (theirs as string[]).includes(one));
    if (isPart || text(ours) === (text(theirs) || undefined)) return [];
    return [{ flow: `${transport} ${ends}`, field, ours: text(ours), theirs: text(theirs) }];
  });
}

const captures = sharedCaptures('real').filter(beginsAsCapture);
const stored = storedApplications();
const hasTruth = new Set(truthFiles);
const hasWitness = new Set(stored.map(({ capture }) => capture));
const files = captures.filter((file) => hasTruth.has(file) || hasWitness.has(basename(file)));

describeWithCaptures(files, 'applications that a replay tells', () => {
  describe.concurrent('are those that others tell', () => {
    it.each(files.map((file) => [basename(file), file]))('%s', async (name, file) => {
      const run = await replayAsJson(file, FLAGS);
      const flows = flowsOf(run.stdout);
      const found = [
        ...(hasTruth.has(file) ? differences(flows, truths[name]!) : []),
        ...stored.filter(({ capture }) => capture === name).flatMap((one) => compareWitness(flows, one)),
      ];
      const known = DEVIATIONS.filter(({ capture }) => capture === name);
      const row = ({ flow, field, ours, theirs }: Difference) => ({ flow, field, ours, theirs });
      expect(found.map(row)).toEqual(known.map(row));
    });
  });

  it('deviate in captures that are there', () => {
    const names = new Set(files.map((file) => basename(file)));
    // Where only a few captures are, rows of the others say nothing.
    const missing = DEVIATIONS.filter(({ capture }) => !names.has(capture));
    expect(hasTruth.size > 0 ? missing : []).toEqual([]);
  });
});
