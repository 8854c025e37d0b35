/**
 * Runs one command and measures it from outside: wall time, processor time, and the most memory it held. Reads /proc
 * (Linux) while the command runs, so processor time is exact to two clock ticks and memory to the last 10 ms.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Measurement {
  readonly wallSeconds: number;
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  readonly peakRssMiB: number;
  readonly exitCode: number | null;
  /** Standard output and error together. */
  readonly output: string;
}

const POLL_MS = 10;
const TICKS_PER_SECOND = 100;
const OUTPUT_CHARACTERS_MAX = 1 << 20;

/** Processor seconds and peak resident MiB of a living process; undefined where there is nothing to read. */
function sample(pid: number): { cpuSeconds: number; peakRssMiB: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return peak === null ? undefined : { cpuSeconds, peakRssMiB: Number(peak[1]) / 1024 };
  } catch {
    return undefined;
  }
}

/**
 * Runs `command` to its end, or ends it after `limitSeconds`.
 * @throws Error when the command cannot be started
 */
export function measure(
  command: readonly string[],
  options: { cwd?: string; limitSeconds: number },
): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command[0]!, command.slice(1), {
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let peakRssMiB = 0;
    let cpuSeconds = 0;
    const collect = (text: Buffer) => {
      if (output.length < OUTPUT_CHARACTERS_MAX) output += text.toString('latin1');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const poll = setInterval(() => {
      const now = child.pid === undefined ? undefined : sample(child.pid);
      if (now === undefined) return;
      cpuSeconds = now.cpuSeconds;
      peakRssMiB = Math.max(peakRssMiB, now.peakRssMiB);
    }, POLL_MS);
    const limit = setTimeout(() => child.kill('SIGKILL'), options.limitSeconds * 1000);
    let wallSeconds = 0;
    child.on('error', (error) => {
      clearInterval(poll);
      clearTimeout(limit);
      reject(error);
    });
    child.on('exit', () => {
      wallSeconds = (performance.now() - started) / 1000;
      clearInterval(poll);
      clearTimeout(limit);
    });
    child.on('close', (exitCode) => resolve({ wallSeconds, cpuSeconds, peakRssMiB, exitCode, output }));
  });
}
