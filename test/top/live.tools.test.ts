/** `flowtap top -i`: an interface that it meters by itself, as plain text. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sendFrames } from '../capture/live/support.ts';
import { describeInLab, Lab } from '../lab/lab.ts';
import { LAUNCHER } from '../probe/live/daemon-support.ts';
import { ethernet, ipv4, udp } from '../support/frames.ts';

describeInLab([], 'flowtap top of an interface', () => {
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab('toplive');
  });
  afterEach(() => lab.close());

  it('shows what comes by, and ends by a signal', async () => {
    const [sender, probe] = [lab.namespace('sender'), lab.namespace('probe')];
    const [outside, inside] = lab.connect(sender, probe, { quiet: true });
    const view = probe.start([process.execPath, LAUNCHER, 'top', '-i', inside, '--sort', 'packets']);
    await view.waitForOutput(/ready, up /);
    const frames = [1001, 1001, 1002].map((port) => {
      const packet = udp(port, 53, new Uint8Array(100));
      return ethernet(ipv4({ source: '192.0.2.1', destination: '198.51.100.7', protocol: 17 }, packet));
    });
    await sendFrames(sender, outside, frames, frames.length);
    await view.waitForOutput(/\n192\.0\.2\.1:1001 +198\.51\.100\.7:53 +UDP .*\n192\.0\.2\.1:1002 /);
    const { code, stderr } = await view.stop('SIGTERM');
    expect([code, stderr]).toEqual([143, '']);
  });
});
