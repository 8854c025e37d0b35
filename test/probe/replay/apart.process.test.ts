/** A replay with two workers, of which one reads and one meters: what it gives is what one worker gives, octet for octet. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { CAPTURE_OCTETS } from '../../../src/capture/files/capture-source.ts';
import { divideMemory } from '../../../src/engine/engine.ts';
import { createHashSeeds } from '../../../src/metering/table/flow-key.ts';
import { runCounters } from '../../../src/probe/counters.ts';
import { ApartInput } from '../../../src/probe/replay/apart-input.ts';
import { batchRingOctets } from '../../../src/probe/replay/batch-ring.ts';
import { NO_SECTIONS } from '../../../src/records/record-sections.ts';
import { LAUNCHER } from '../../cli/flowtap.ts';
import { capturesIn, describeWithCaptures, PCAPS_FOLDER, sharedCaptures } from '../../support/captures.ts';
import { ethernet, ipv4, pcapFile, udp } from '../../support/frames.ts';

const OUTPUT_MAX = 2 ** 29;

/** All that a replay prints, without the time that it took. */
function replay(files: readonly string[], args: readonly string[]) {
  const all = [LAUNCHER, 'replay', ...files, '-o', 'json', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, {
    encoding: 'utf8',
    maxBuffer: OUTPUT_MAX,
  });
  return { status, stdout, stderr: stderr.replaceAll(/^Took .*\n/gm, '') };
}

const folder = mkdtempSync(join(tmpdir(), 'flowtap-apart-'));
afterAll(() => rmSync(folder, { recursive: true }));
const config = join(folder, 'flowtap.yaml');
/** Whatever is kept of frames, which lie where they were read, and stands beside the records of a batch. */
const EVERYTHING = `
metering:
  pathHealth: on
  flowKey: { mac: true, mpls: true, tunnel: true }
applications: { inspect: on }
decode: { decapsulate: [all] }
template: { ipv4: health, ipv6: applications }
replay: { reorderWindow: 0ms }
`;
writeFileSync(config, EVERYTHING);

function sameOutput(files: readonly string[]): void {
  it.each([
    { title: 'with a full flow table', args: ['--flow-table-entries', '16'] },
    { title: 'with all that is kept of a packet', args: ['--config', config] },
  ])('gives the same flows, in their order, and the same summary, $title', ({ args }) => {
    const one = replay(files, [...args, '--workers', '1']);
    const two = replay(files, [...args, '--workers', '2']);
    expect([one.stdout.length > 1000, one.stderr]).toEqual([true, expect.stringContaining('Metered')]);
    expect({ ...two, stdout: two.stdout === one.stdout }).toEqual({ ...one, stdout: true });
  });
}

describe('our own captures', () => sameOutput(capturesIn(PCAPS_FOLDER)));
const REAL = sharedCaptures('real');
describeWithCaptures(REAL, 'real captures', () => sameOutput(REAL));
const HOSTILE = sharedCaptures('hostile');
describeWithCaptures(HOSTILE, 'hostile captures', () => sameOutput(HOSTILE));

describe('a large capture of long records, which is mapped', () => {
  const frames = Array.from({ length: 13_000 }, (_, i) => ({
    frame: ethernet(
      ipv4(
        { source: `10.0.${i % 7}.1`, destination: '10.1.0.1', protocol: 17 },
        udp(1000, 53, 'a'.repeat(1300)),
      ),
    ),
    timeNs: 1_700_000_000_000_000_000n + BigInt(i) * 1000n,
  }));
  const capture = join(folder, 'long.pcap');
  writeFileSync(capture, pcapFile(frames));
  sameOutput([capture]);
});

describe('the thread that reads', () => {
  const flowKey = { mac: false, mpls: false, tunnel: false, vlan: true, tos: false };
  const ringOptions = { capacity: 8, flowKey, sections: NO_SECTIONS };

  /** @param readerOctets of its engine's memory */
  function start(readerOctets: number, files: readonly string[]) {
    const [reader, ring] = divideMemory([readerOctets, batchRingOctets(ringOptions)]);
    const options = { ...ringOptions, files, capture: {}, decode: {}, reader, ring };
    const input = new ApartInput(options, runCounters(), () => {});
    return { input, batches: input.createBatches(createHashSeeds()) };
  }

  it('is not missed when it has gone by the time the meter asks for more', async () => {
    const started = once(process, 'worker') as Promise<[Worker]>;
    const { input, batches } = start(CAPTURE_OCTETS, [join(PCAPS_FOLDER, 'big-endian.pcap')]);
    const [thread] = await started;
    let isGone = false;
    thread.once('exit', () => {
      isGone = true;
    });
    let packets = 0;
    while (!isGone) {
      if (batches.read()) packets += batches.prepare().count;
      else await setImmediate();
    }
    expect(await input.more()).toBe(false);
    // As capinfos counts them.
    expect(packets).toBe(9);
    expect((await input.end()).errors).toEqual([]);
  });

  it('is missed when it dies', async () => {
    // There is no room for what a capture is read into.
    const { input } = start(0, []);
    await expect(input.more()).rejects.toThrow('is full');
    await expect(input.end()).rejects.toThrow('is full');
  });

  it('is missed when it ends before the capture', async () => {
    const { input, batches } = start(CAPTURE_OCTETS, capturesIn(PCAPS_FOLDER));
    expect(await input.more()).toBe(true);
    await input.abandon();
    const readOn = async () => {
      while (batches.read() || (await input.more()));
    };
    await expect(readOn()).rejects.toThrow('the thread that reads the capture ended before the capture');
  });
});
