/** `flowtap replay` from the command line to the last octet, on the capture that comes along. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LAUNCHER, runFlowtap } from './flowtap.ts';

const DEMO = fileURLToPath(new URL('../../pcaps/demo.pcapng', import.meta.url));

describe('flowtap replay', () => {
  it('prints one JSON object a line, and nothing else on standard output', () => {
    const { code, out, err } = runFlowtap(['replay', DEMO, '-o', 'json']);
    expect(code).toBe(0);
    const flows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const packets = flows.reduce((sum, flow) => sum + flow.packetDeltaCount, 0);
    const octets = flows.reduce((sum, flow) => sum + flow.octetDeltaCount, 0);
    const counted = `${packets.toLocaleString('en-US')} packets, ${octets.toLocaleString('en-US')} IP octets`;
    expect(err).toContain(`Metered   ${counted}`);
  });

  it('prints CSV with as many columns everywhere, and as many lines as JSON', () => {
    const lines = runFlowtap(['replay', DEMO, '-o', 'csv', '-q']).out.trimEnd().split('\n');
    const columns = new Set(lines.map((line) => line.split(',').length));
    expect(columns.size).toBe(1);
    const json = runFlowtap(['replay', DEMO, '-o', 'json', '-q']).out.trimEnd().split('\n');
    expect(lines).toHaveLength(json.length + 1);
  });

  it('reads standard input like the file', () => {
    const args = [LAUNCHER, 'replay', '-', '-o', 'json', '-q'];
    const piped = spawnSync(process.execPath, args, { input: readFileSync(DEMO), encoding: 'utf8' });
    expect(piped.status).toBe(0);
    expect(piped.stdout).toBe(runFlowtap(['replay', DEMO, '-o', 'json', '-q']).out);
  });

  it('tells with -q, too, that nothing could be metered, and why', () => {
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-replay-'));
    try {
      const file = join(directory, 'can.pcap');
      // A header of link type 227 (CAN), and one record of 16 octets.
      const words = [0xa1b2c3d4, 0x00040002, 0, 0, 65535, 227, 1, 0, 16, 16, 0, 0, 0, 0];
      writeFileSync(file, Uint8Array.from(new Uint8Array(Uint32Array.from(words).buffer)));
      const { code, out, err } = runFlowtap(['replay', file, '-q', '-o', 'json']);
      expect([code, out]).toEqual([0, '']);
      const name = 'link type 227 (CAN_SOCKETCAN)';
      const help = "The interface's link type is not one that is decoded.";
      expect(err).toBe(
        `flowtap: ${file}: no packet could be metered: unsupportedLinkType 1 (${help}; ${name}: 1)\n`,
      );
      // Also beside files that are metered, in any order and by several workers.
      for (const order of [
        [DEMO, file],
        [file, DEMO],
        [DEMO, file, '--workers', '2'],
        [DEMO, file, '--merge'],
      ]) {
        const some = runFlowtap(['replay', ...order, '-q', '-o', 'json']);
        expect(some.err).toBe(`flowtap: ${file}: ${name} is not decoded: 1 packet not metered\n`);
        expect(some.out.split('\n').length).toBeGreaterThan(10);
      }
      expect(runFlowtap(['replay', DEMO, '-q', '-o', 'none']).err).toBe('');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it.each(['given', 'merged'])('names what is no capture, and does not count it as read (%s)', (order) => {
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-replay-'));
    try {
      const empty = join(directory, 'empty.pcap');
      const none = join(directory, 'none.pcap');
      writeFileSync(empty, '');
      const merge = order === 'merged' ? ['--merge'] : [];
      const { code, err } = runFlowtap(['replay', ...merge, empty, DEMO, none, DEMO, '-o', 'none']);
      expect(code).toBe(1);
      expect(err).toMatch(/^Read {6}2 files: /m);
      expect(err).toContain(`flowtap: ${empty}: expected a pcap or pcapng capture`);
      expect(err).toContain('found an empty file (0 octets)');
      expect(err).toMatch(/flowtap: .*none\.pcap: expected .*; found no such file/);
      const { code: quiet, out, err: told } = runFlowtap(['replay', empty, '-q', '-o', 'json']);
      expect([quiet, out]).toEqual([1, '']);
      expect(told).toContain('found an empty file (0 octets)');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('tells of a capture without any packet, even where it is to be quiet', () => {
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-replay-'));
    try {
      const file = join(directory, 'none.pcap');
      // The header of a capture that tcpdump was stopped in before anything came.
      writeFileSync(
        file,
        Buffer.from('d4c3b2a1020004000000000000000000000004000100000'.padEnd(48, '0'), 'hex'),
      );
      const { code, out, err } = runFlowtap(['replay', file, '-q', '-o', 'json']);
      expect([code, out]).toEqual([0, '']);
      expect(err).toBe(`flowtap: ${file}: a capture without any packet, so there are no flows\n`);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('ends quietly when nobody reads on', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-replay-'));
    try {
      // 20,000 flows print 10 MB: more than pipes take before anyone has read.
      const file = join(directory, 'flows.pcap');
      const made = runFlowtap(['generate', '-w', file, '-n', '20000', '--source', '10.0.0.0+20000']);
      expect(made.code, made.err).toBe(0);
      const child = spawn(process.execPath, [LAUNCHER, 'replay', file, '-o', 'json']);
      let err = '';
      child.stderr.on('data', (text) => {
        err += text;
      });
      child.stdout.once('data', () => child.stdout.destroy());
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect([code, err]).toEqual([0, '']);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('meters what stands before the damage of a file, names it, and exits with 1', () => {
    const directory = mkdtempSync(join(tmpdir(), 'flowtap-replay-'));
    try {
      const file = join(directory, 'cut.pcapng');
      const whole = readFileSync(DEMO);
      writeFileSync(file, whole.subarray(0, whole.length >> 1));
      const { code, out, err } = runFlowtap(['replay', file, '-o', 'json']);
      expect(code).toBe(1);
      expect(out.split('\n').length).toBeGreaterThan(10);
      expect(err).toMatch(/^flowtap: .*cut\.pcapng: byte \d+: expected .+; found .+$/m);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('checks the templates before it reads anything', () => {
    const { code, out, err } = runFlowtap(['replay', DEMO, '--template', 'octetDelta', '-o', 'json']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('template.ipv4: found octetDelta; allowed: ');
  });
});
