/**
 * What `flowtap replay` makes of captures, as a user sees it: golden flows (pcaps/NAME.flows.json) pin every field and
 * how flows are split in time. golden.tools.test.ts, which writes them, compares them with tshark.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { beginsAsCapture, describeWithCaptures, PCAPS_FOLDER, sharedCaptures } from '../support/captures.ts';
import { GOLDEN, goldenText, replayAsJson } from './golden-cases.ts';

/** Links of the project that they come from, stored as text: named like captures, but none. */
const noCaptures = sharedCaptures('real').filter((file) => !beginsAsCapture(file));

describe('our captures give their golden flows', () => {
  it.each(GOLDEN.map((golden) => [golden.name, golden] as const))('%s', async (name, { file, flags }) => {
    const path = join(PCAPS_FOLDER, `${name}.flows.json`);
    expect(existsSync(path), `${path}: make it with FLOWTAP_UPDATE_GOLDEN=1`).toBe(true);
    const run = await replayAsJson(file, flags);
    expect(goldenText(run.stdout)).toBe(readFileSync(path, 'utf8'));
  });
});

describeWithCaptures(noCaptures, 'files that are no captures', () => {
  it.each(noCaptures.map((file) => [basename(file), file] as const))('%s is refused', async (name, file) => {
    const run = await replayAsJson(file);
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain(`${name}: byte 0: expected a pcap or pcapng capture`);
  });
});

/** Packets of each record of the flow with this source port, in order of time. */
function piecesOf(json: string, sourcePort: number): number[] {
  const records = json
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, number>)
    .filter((record) => record.sourceTransportPort === sourcePort);
  records.sort((a, b) => a.flowStartMilliseconds! - b.flowStartMilliseconds!);
  return records.map((record) => record.packetDeltaCount!);
}

describe('flows end when the rules say', () => {
  it('by idle and active timeout', async () => {
    const { stdout } = await replayAsJson(join(PCAPS_FOLDER, 'timeouts.pcap'));
    // One packet each 5 s from 0 to 150 s, active timeout 60 s: a piece holds what came within 60 s of its first one.
    expect(piecesOf(stdout, 5001)).toEqual([12, 12, 7]);
    // 0, 5, 19 s; silence of 21 s; 40, 41 s.
    expect(piecesOf(stdout, 5002)).toEqual([3, 2]);
    // Forward at 0 and 28 s, reverse at 14 s: neither direction alone is idle for long. Then 16 s of silence.
    expect(piecesOf(stdout, 5003)).toEqual([2]);
    expect(piecesOf(stdout, 7)).toEqual([1, 1]);
  });

  it('by timeouts as they are set', async () => {
    const flags = ['--idle-timeout', '30s', '--active-timeout', '1h'];
    const { stdout } = await replayAsJson(join(PCAPS_FOLDER, 'timeouts.pcap'), flags);
    expect(piecesOf(stdout, 5001)).toEqual([31]);
    expect(piecesOf(stdout, 5002)).toEqual([5]);
    expect(piecesOf(stdout, 7)).toEqual([2]);
  });

  it('by the end of a TCP connection, and ports used again are a new flow', async () => {
    const { stdout } = await replayAsJson(join(PCAPS_FOLDER, 'tcp-ends.pcap'));
    expect(piecesOf(stdout, 5001)).toEqual([6, 6]); // SYN, ACK, data, ACK, FIN, and the ACK after the end
    expect(piecesOf(stdout, 5002)).toEqual([4, 4]); // SYN, ACK, data, ACK; the server resets
    expect(piecesOf(stdout, 5003)).toEqual([4]);
  });
});

it('there are captures with golden flows', () => {
  expect(GOLDEN.length).toBeGreaterThan(10);
});
