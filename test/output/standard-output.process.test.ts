/** Standard output in earnest: a slow reader loses nothing, and one that goes away ends the writer quietly. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MODULE = fileURLToPath(new URL('../../src/output/standard-output.ts', import.meta.url));

/** Writes numbered lines until the output is closed or all are written, then tells on standard error. */
const SCRIPT = `
import { DescriptorOutput } from ${JSON.stringify(MODULE)};
const output = new DescriptorOutput(1);
let written = 0;
for (; written < 2000 && !output.isClosed; written++) {
  await output.write(Buffer.from(String(written).padEnd(999) + '\\n'));
}
process.stderr.write(JSON.stringify({ written, isClosed: output.isClosed, error: output.error?.message }));
`;

function start() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT]);
  let err = '';
  child.stderr.on('data', (text) => {
    err += text;
  });
  const ended = new Promise<{ code: number | null; err: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, err })),
  );
  return { child, ended };
}

describe('DescriptorOutput', () => {
  it('waits for a slow reader, whose pipe does not block, and writes everything once', async () => {
    const { child, ended } = start();
    let text = '';
    for await (const piece of child.stdout) {
      text += piece;
      if (text.length < 200_000) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { code, err } = await ended;
    expect([code, err]).toEqual([0, '{"written":2000,"isClosed":false}']);
    const numbers = text.split('\n').slice(0, -1).map(Number);
    expect(numbers).toEqual(Array.from({ length: 2000 }, (_, i) => i));
  });

  it('is closed, without an error, once the reader is gone', async () => {
    const { child, ended } = start();
    child.stdout.once('data', () => child.stdout.destroy());
    const { code, err } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(err)).toMatchObject({ isClosed: true });
    expect(JSON.parse(err)).not.toHaveProperty('error');
    expect(JSON.parse(err).written).toBeLessThan(2000);
  });
});
