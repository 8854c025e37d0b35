/** Log lines: levels, formats, and the limit on a kind that repeats. */
import { describe, expect, it } from 'vitest';
import { createLog, detectLogFormat } from '../../src/base/log.ts';

describe('createLog', () => {
  it('leaves out what is below its level', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'warning', print: (line) => lines.push(line) });
    log.write('info', 'a', 'not this');
    log.write('error', 'a', 'this');
    expect(lines).toEqual(['flowtap: error: this']);
  });

  it('holds back a kind that repeats, others not, and says how many', () => {
    let now = 0;
    const lines: string[] = [];
    const log = createLog({ level: 'info', print: (line) => lines.push(line), now: () => now });
    for (let i = 0; i < 100; i++) log.write('warning', 'send failed', `n ${i}`);
    log.write('warning', 'other', 'once');
    expect(lines).toHaveLength(6);
    now = 10_000;
    log.write('warning', 'send failed', 'again');
    expect(lines.slice(6)).toEqual([
      'flowtap: warning: 95 more like this held back: send failed',
      'flowtap: warning: again',
    ]);
  });

  it('never holds back a line without a kind', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', print: (line) => lines.push(line), now: () => 0 });
    for (let i = 0; i < 20; i++) log.write('info', undefined, 'asked for');
    expect(lines).toHaveLength(20);
  });

  it.each([
    ['plain', 'flowtap: warning: ring full interface=eth0 packets=7 remedy="raise it"'],
    ['journal', '<4>ring full interface=eth0 packets=7 remedy="raise it"'],
    [
      'terminal',
      'flowtap: \x1b[33mwarning\x1b[0m: ring full\x1b[90m interface=eth0 packets=7 remedy="raise it"\x1b[0m',
    ],
  ] as const)('writes for %s', (format, line) => {
    const lines: string[] = [];
    const log = createLog({ level: 'info', format, print: (text) => lines.push(text) });
    log.write('warning', 'ring', 'ring full', { interface: 'eth0', packets: 7, remedy: 'raise it' });
    expect(lines).toEqual([line]);
  });

  it('keeps every message on one line, and takes another style', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'error', print: (line) => lines.push(line) });
    log.write('info', undefined, 'not yet');
    log.setStyle('debug', 'journal');
    log.write('debug', undefined, 'two\nlines', { empty: '' });
    expect(lines).toEqual(['<7>two lines empty=""']);
  });
});

describe('detectLogFormat', () => {
  it('sees journald by its pipe, and a terminal', () => {
    const stat = { dev: 8, ino: 77 };
    expect(detectLogFormat(false, stat, '8:77')).toBe('journal');
    // The environment of a shell that was started by a service: standard error is another pipe.
    expect(detectLogFormat(false, stat, '8:78')).toBe('plain');
    expect(detectLogFormat(true, stat, undefined)).toBe('terminal');
  });
});
