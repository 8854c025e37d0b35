/** The package cap as a source, where its addon is installed; what is said where it is not. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeInLab, type LabProcess } from '../../lab/lab.ts';
import { warnSkipped } from '../../support/skipped.ts';
import {
  flowsOf,
  flowTotal,
  type Link,
  sendFrames,
  startWorkers,
  stopWorkers,
  total,
  useLink,
  waitForPackets,
  waitForResult,
} from './support.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const FLOWTAP = join(REPOSITORY, 'src/flowtap.mjs');
/** cap's buffer has a place of 64 KB for each packet: room for more than a test sends, however late it is read. */
const BLOCKS = 64;
const hasCap =
  spawnSync(process.execPath, ['-e', 'require("cap")'], { cwd: REPOSITORY, stdio: 'ignore' }).status === 0;
if (!hasCap) warnSkipped('cap as a source', 'the package cap, compiled for this Node,');

/** Packets are sent until the process of cap hands the first ones over: it does not say when it listens. */
async function untilCaptured({ left, near }: Link, running: LabProcess): Promise<number> {
  let read = 0;
  const look = () =>
    waitForResult(running, (now) => {
      read = total(now, 'read');
      return true;
    });
  for (let tries = 0; read === 0 && tries < 100; tries++) {
    await sendFrames(left, near, flowsOf(1), 1);
    await look();
  }
  // Those that are on their way.
  await delay(500);
  await look();
  return read;
}

describeInLab([], 'cap', () => {
  const link = useLink('cap');

  it.skipIf(!hasCap)('meters every packet, and does not know what was dropped', async () => {
    const running = await startWorkers(link.right, {
      interface: link.far,
      capture: 'cap',
      blocks: BLOCKS,
      snapLength: 100,
    });
    const readBefore = await untilCaptured(link, running);
    // 242 octets on the wire: longer than the snap length.
    const sent = await sendFrames(link.left, link.near, flowsOf(50, 200), 800);
    await waitForPackets(running, readBefore + sent);
    const result = await stopWorkers(running);
    expect(total(result, 'read')).toBe(readBefore + sent);
    expect(total(result, 'metered')).toBe(readBefore + sent);
    expect(total(result, 'snapped')).toBe(sent);
    expect(total(result, 'octetsRead')).toBe(readBefore * 60 + sent * 242);
    expect(result.workers[0]).toMatchObject({ drops: null, freezes: null, faults: 0, leftOut: 0 });
    expect(flowTotal(result, 'packets')).toBe(readBefore + sent);
    expect(result.flows.length).toBe(50);
    for (const { firstMs } of result.flows) expect(Math.abs(firstMs - Date.now())).toBeLessThan(30_000);
  });

  it.skipIf(!hasCap)('filters, and is sampled by the worker', async () => {
    const sampling = { method: 'systematic', interval: 4 };
    const filter = 'udp and src port 1000';
    const running = await startWorkers(link.right, {
      interface: link.far,
      capture: 'cap',
      blocks: BLOCKS,
      filter,
      sampling,
    });
    const readBefore = await untilCaptured(link, running);
    await sendFrames(link.left, link.near, flowsOf(2), 1_600);
    await waitForPackets(running, readBefore + 800);
    const result = await stopWorkers(running);
    const read = total(result, 'read');
    expect(read).toBe(readBefore + 800);
    expect(Math.abs(total(result, 'metered') - read / 4)).toBeLessThan(1);
    expect(total(result, 'unselected') + total(result, 'metered')).toBe(read);
    expect(result.flows.length).toBe(1);
  });

  it('that is not installed is refused with what it takes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowtap-cap-'));
    const hook = join(folder, 'hook.cjs');
    const lines = [
      "const { Module } = require('node:module');",
      'const load = Module._load;',
      "Module._load = (name, ...rest) => { if (name === 'cap') throw new Error('no cap'); return load(name, ...rest); };",
    ];
    writeFileSync(hook, lines.join('\n'));
    const command = [process.execPath, FLOWTAP, 'count', '-i', link.far, '--capture', 'cap'];
    const result = await link.right.run(command, { env: { NODE_OPTIONS: `--require ${hook}` } });
    rmSync(folder, { recursive: true });
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/libpcap-dev.*npm install cap.*npm_config_nodedir/s);
  });
});
