/** The lock of a spool's directory: one process of many that ask at once gets it, and a dead one has it no more. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { releaseLock, takeLock } from '../../../src/export/spool/lock.ts';
import { until } from './numbered-batches.ts';

const LOCK = join(import.meta.dirname, '../../../src/export/spool/lock.ts');
const PROCESSES = 6;
let directory: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  rmSync(directory, { recursive: true });
});

/** A process that asks for the lock as soon as the file `go` is there, says what it got, and stays. */
function asker() {
  const script = `
    const { existsSync } = await import('node:fs');
    const { takeLock } = await import(${JSON.stringify(LOCK)});
    console.log('ready');
    while (!existsSync(${JSON.stringify(join(directory, 'go'))}));
    console.log(takeLock(${JSON.stringify(directory)}) ?? 'taken');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: string[] = [];
  createInterface(child.stdout!).on('line', (line) => lines.push(line));
  return { child, lines };
}

it('is given to one of several that find a dead one’s at the same moment', async () => {
  for (let round = 0; round < 3; round++) {
    rmSync(join(directory, 'go'), { force: true });
    writeFileSync(join(directory, 'lock'), '4194303 12345 00000000-0000-0000-0000-000000000000\n');
    const askers = Array.from({ length: PROCESSES }, asker);
    await until(() => askers.every(({ lines }) => lines.length > 0));
    writeFileSync(join(directory, 'go'), '');
    await until(() => askers.every(({ lines }) => lines.length > 1));
    const takers = askers.filter(({ lines }) => lines[1] === 'taken');
    expect(takers).toHaveLength(1);
    const holder = `process ${takers[0]!.child.pid}`;
    for (const { lines } of askers) expect(['taken', holder, 'another process']).toContain(lines[1]);
    expect(readFileSync(join(directory, 'lock'), 'latin1')).toMatch(new RegExp(`^${takers[0]!.child.pid} `));
    for (const { child } of askers) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
});

it('is free when its holder was killed, and belongs to this process until all of its users give it back', async () => {
  writeFileSync(join(directory, 'go'), '');
  const { child, lines } = asker();
  await until(() => lines.length > 1);
  expect(takeLock(directory)).toBe(`process ${child.pid}`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(takeLock(directory)).toBeUndefined();
  expect(takeLock(directory)).toBeUndefined();
  releaseLock(directory);
  const second = asker();
  await until(() => second.lines.length > 1);
  expect(second.lines[1]).toBe(`process ${process.pid}`);
  releaseLock(directory);
  const third = asker();
  await until(() => third.lines.length > 1);
  expect(third.lines[1]).toBe('taken');
});

it('is another process’s when that wrote its name as earlier versions did, without the system’s lock', () => {
  const stat = readFileSync(`/proc/${process.ppid}/stat`, 'latin1');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  writeFileSync(join(directory, 'lock'), `${process.ppid} ${started} ${boot}\n`);
  expect(takeLock(directory)).toBe(`process ${process.ppid}`);
});
