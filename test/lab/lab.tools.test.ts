/** The laboratory itself: what it makes works, and nothing of it stays. */
import { existsSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { describeInLab, Lab, waitForPort } from './lab.ts';

describeInLab(['ping', 'setpriv'], 'a laboratory', () => {
  let lab: Lab;
  afterEach(() => lab.close());

  it('joins two namespaces, and both address families get across', async () => {
    lab = new Lab('lab');
    const [left, right] = [lab.namespace('left'), lab.namespace('right')];
    const [leftEnd, rightEnd] = lab.connect(left, right, {
      addresses: [
        ['192.0.2.1/24', '2001:db8::1/64'],
        ['192.0.2.2/24', '2001:db8::2/64'],
      ],
    });
    for (const address of ['192.0.2.2', '2001:db8::2']) {
      const { code, stdout } = await left.run(['ping', '-n', '-c', '2', '-i', '0.05', '-W', '2', address]);
      expect(code, stdout).toBe(0);
    }
    expect(right.counters(rightEnd).rxPackets).toBe(left.counters(leftEnd).txPackets);
  });

  it('has links on which nothing moves', async () => {
    lab = new Lab('lab');
    const [left, right] = [lab.namespace('left'), lab.namespace('right')];
    const [, rightEnd] = lab.connect(left, right);
    await left.run(['sleep', '0.3']);
    expect(right.counters(rightEnd)).toMatchObject({ rxPackets: 0, txPackets: 0 });
  });

  it('ends programs at their time limit and with the lab, and leaves no namespace', async () => {
    lab = new Lab('lab');
    const left = lab.namespace('left');
    expect(await left.run(['sleep', '60'], { limitMs: 100 })).toMatchObject({
      code: null,
      signal: 'SIGKILL',
    });
    const sleeper = left.start(['sleep', '60']);
    expect(existsSync(`/run/netns/${left.name}`)).toBe(true);
    await lab.close();
    expect(sleeper.hasEnded).toBe(true);
    expect(existsSync(`/run/netns/${left.name}`)).toBe(false);
  });

  it('waits for output and for ports, and says what came instead', async () => {
    lab = new Lab('lab');
    const left = lab.namespace('left');
    const echo = left.start(['sh', '-c', 'echo ready; sleep 60']);
    await echo.waitForOutput(/ready/);
    await expect(echo.waitForOutput(/never/, 50)).rejects.toThrow(/waited 50 ms without[\s\S]*ready/);
    const script = "require('node:net').createServer().listen(4739, '127.0.0.1')";
    await waitForPort(left.start([process.execPath, '-e', script]), 'tcp', 4739);
    await expect(waitForPort(left.start(['true']), 'tcp', 4740)).rejects.toThrow('ended before port 4740');
  });
});
