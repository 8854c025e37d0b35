/** What `flowtap replay` does around the probe: output, summary, exit codes, signals. The probe is a fake. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const FAKE = fileURLToPath(new URL('fake-replay.ts', import.meta.url));
const { npm_lifecycle_event: _, ...ENVIRONMENT } = process.env;

function run(batches: number, args: readonly string[], env: NodeJS.ProcessEnv = ENVIRONMENT) {
  const argv = [FAKE, String(batches), ...args];
  const result = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 120_000, env });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

describe('replay', () => {
  it('prints the table on standard output and the summary on standard error', () => {
    const { code, out, err } = run(1, ['a.pcap', '--top', '3']);
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(5);
    expect(out).toContain('… and 97 more flows');
    expect(err).toMatch(/^Read {6}a\.pcap: 100 packets/m);
    expect(err).not.toContain('Where to go next');
  });

  it('prints nothing with -o none, and no summary with -q', () => {
    expect(run(1, ['a.pcap', '-o', 'none', '-q'])).toEqual({
      code: 0,
      out: '',
      err: 'up {"files":["a.pcap"],"exporters":0}\n',
    });
  });

  it('tells after npm start where to go next', () => {
    const { err } = run(1, ['a.pcap'], { ...ENVIRONMENT, npm_lifecycle_event: 'start' });
    expect(err).toContain('Where to go next:');
  });

  it('exits with 1 after a fault, and tells it even when quiet', () => {
    const { code, err } = run(1, ['damaged.pcap', '-o', 'none', '-q']);
    expect(code).toBe(1);
    expect(err).toContain('flowtap: damaged.pcap: byte 24: expected a record; found the end\n');
  });

  it('passes operands and flags on', () => {
    const { err } = run(0, [
      'a.pcap',
      '-',
      '-e',
      'ipfix://192.0.2.1',
      '--export',
      'netflow5://h',
      '-o',
      'none',
    ]);
    expect(err).toContain('up {"files":["a.pcap","-"],"exporters":2}');
  });
});

describe('signals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends a replay early, with its summary and exit code %d', async (signal, code) => {
    const child = spawn(process.execPath, [FAKE, '1000000000', '-', '-o', 'none'], { env: ENVIRONMENT });
    let err = '';
    child.stderr.on('data', (text) => {
      // The fake says `up` only once it can be stopped.
      if (err === '') child.kill(signal);
      err += text;
    });
    const exited = await new Promise((resolve) => child.on('close', (exitCode) => resolve(exitCode)));
    expect(exited).toBe(code);
    expect(err).toMatch(/^Took .*interrupted$/m);
  });
});
