/** The pacer on a clock of its own, and the check for a namespace on a /proc of its own. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { whyNotIsolated } from '../../src/generate/own-namespace.ts';
import { Pacer } from '../../src/generate/pacer.ts';

/** Sends whatever is allowed, looking at the clock at times that `steps` (ms) apart. */
function sendAlong(
  pacer: Pacer,
  octets: number,
  steps: readonly number[],
): { frames: number; timeMs: number } {
  let frames = 0;
  let timeMs = 0;
  for (const step of steps) {
    const count = pacer.allowance(timeMs);
    pacer.spend(count, count * octets);
    frames += count;
    timeMs += step;
  }
  return { frames, timeMs };
}

describe('the pacer', () => {
  it('keeps to the rate in packets and in bits, however unevenly it is asked', () => {
    const steps = fc.array(fc.double({ min: 0.01, max: 20, noNaN: true }), { minLength: 50, maxLength: 500 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 10, max: 1_000_000 }), fc.boolean(), (list, perSecond, inBits) => {
        const rate = {
          unit: inBits ? 'bits' : 'packets',
          perSecond: inBits ? perSecond * 800 : perSecond,
        } as const;
        const { frames, timeMs } = sendAlong(new Pacer(rate, 60, 0), 100, [...list, 0]);
        const due = (timeMs * perSecond) / 1000;
        // One at the start; the rate in bits learns the size of a frame from the first ones.
        expect(frames).toBeGreaterThanOrEqual(due - 2);
        expect(frames).toBeLessThanOrEqual(due + 2 + (inBits ? due * 0.01 + perSecond * 0.02 : 0));
      }),
    );
  });

  it('makes up for a short delay, not for a long one', () => {
    const pacer = new Pacer({ unit: 'packets', perSecond: 1000 }, 64, 0);
    expect(sendAlong(pacer, 64, [30, 0]).frames).toBe(31);
    expect(pacer.allowance(10_000)).toBeLessThanOrEqual(51);
  });

  it('says how long to wait', () => {
    const pacer = new Pacer({ unit: 'packets', perSecond: 10 }, 64, 0);
    expect([pacer.allowance(0), pacer.waitMs(0)]).toEqual([1, 0]);
    pacer.spend(1, 64);
    expect([pacer.allowance(40), pacer.waitMs(40)]).toEqual([0, 60]);
  });
});

describe('a namespace of its own', () => {
  let root: string;
  afterEach(() => rmSync(root, { recursive: true }));

  interface FakeProcess {
    readonly parent: number;
    readonly namespace: string;
    readonly group: string;
  }

  /** A /proc with these processes; each namespace is a file that they share. */
  function fakeProc(processes: Readonly<Record<string, FakeProcess>>): string {
    root = mkdtempSync(join(tmpdir(), 'flowtap-proc-'));
    for (const [pid, { parent, namespace, group }] of Object.entries(processes)) {
      const folder = join(root, pid, 'net');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(root, namespace), '');
      symlinkSync(join(root, namespace), join(folder, 'dev'));
      writeFileSync(join(dirname(folder), 'status'), `Name:\tx\nPPid:\t${parent}\n`);
      writeFileSync(join(dirname(folder), 'cgroup'), `0::/${group}\n`);
    }
    return root;
  }

  const isolated = (processes: Readonly<Record<string, FakeProcess>>, device = 'veth0') => {
    const procRoot = fakeProc(processes);
    const interfacesRoot = join(procRoot, 'class');
    mkdirSync(join(interfacesRoot, 'eth9/device'), { recursive: true });
    return whyNotIsolated(device, { procRoot, interfacesRoot, parentPid: 50 });
  };
  const init: FakeProcess = { parent: 0, namespace: 'first', group: 'init' };
  const shell: FakeProcess = { parent: 1, namespace: 'first', group: 'session' };
  const self: FakeProcess = { parent: 50, namespace: 'other', group: 'session' };

  it('is one that a shell of the same session has made', () => {
    expect(isolated({ 1: init, 50: shell, self })).toBeUndefined();
    const inner: FakeProcess = { ...self, parent: 40 };
    expect(isolated({ 1: init, 40: shell, 50: inner, self })).toBeUndefined();
  });

  it('is not that of the system, nor that of a container, its own or its host’s processes in sight', () => {
    expect(isolated({ 1: init, 50: shell, self: { ...self, namespace: 'first' } })).toContain('itself');
    const runtime: FakeProcess = { parent: 1, namespace: 'first', group: 'runtime' };
    const inner: FakeProcess = { parent: 40, namespace: 'other', group: 'session' };
    expect(isolated({ 1: init, 40: runtime, 50: inner, self })).toContain('container');
  });

  it('is not one that cannot be compared, nor one with a hardware adapter', () => {
    expect(isolated({ 50: shell, self })).toContain('cannot be compared');
    expect(isolated({ 1: init, 50: shell, self }, 'eth9')).toContain('hardware');
  });
});
