/** When a probe says that it is ready: never without a capture behind it. */
import { expect, it } from 'vitest';
import { flowsOf, sendFrames, useLink } from '../../capture/live/support.ts';
import { describeInLab } from '../../lab/lab.ts';
import { daemonCommand, fetchFrom, scrape, scrapeUntil, startDaemon, total } from './daemon-support.ts';

describeInLab(['curl'], 'readiness', () => {
  const link = useLink('ready');

  it('comes with the rings, and goes with an interface', async () => {
    const daemon = link.right.start(daemonCommand('-i', link.far, '--workers', '2', '--ring-blocks', '8'));
    const answers: number[] = [];
    while (answers.at(-1) !== 200) {
      if (daemon.hasEnded) throw new Error(daemon.output);
      const { status } = await fetchFrom(link.right, '/readyz');
      answers.push(status);
      if (status !== 200) continue;
      const series = await scrape(link.right);
      expect(total(series, 'flowtap_capture_ring_blocks')).toBe(16);
      expect(total(series, 'flowtap_capture_interface_up')).toBe(2);
    }
    // 000: nobody listens yet.
    expect(answers.filter((status) => ![0, 200, 503].includes(status))).toEqual([]);
    link.right.execute('ip', 'link', 'del', link.far);
    await scrapeUntil(link.right, (series) => total(series, 'flowtap_ready') === 0);
    expect(await fetchFrom(link.right, '/readyz')).toMatchObject({
      status: 503,
      body: expect.stringContaining(`a worker of ${link.far} does not capture`),
    });
    expect(await fetchFrom(link.right, '/healthz')).toMatchObject({ status: 200 });
    link.connectAgain();
    await scrapeUntil(link.right, (series) => total(series, 'flowtap_ready') === 1);
    expect(await fetchFrom(link.right, '/readyz')).toEqual({ status: 200, body: 'ok\n' });
    expect((await daemon.stop()).code).toBe(0);
  });

  it('comes with an interface that was not there at the start, where it is waited for', async () => {
    link.right.execute('ip', 'link', 'del', link.far);
    const options = ['-i', link.far, '--workers', '1', '--ring-blocks', '8'];
    const refused = await link.right.run(daemonCommand(...options));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/which is no interface here; .*or any with --wait-for-interfaces on/);
    const daemon = await startDaemon(link.right, ...options, '--wait-for-interfaces', 'on');
    await daemon.waitForOutput(
      new RegExp(`${link.far}: the interface is not there; waiting for it: there are: lo`),
    );
    expect(await fetchFrom(link.right, '/readyz')).toMatchObject({
      status: 503,
      body: expect.stringContaining(`the interface ${link.far} is not there; waiting for it`),
    });
    expect(await fetchFrom(link.right, '/healthz')).toMatchObject({ status: 200 });
    link.connectAgain();
    const opened = await scrapeUntil(link.right, (series) => total(series, 'flowtap_ready') === 1);
    expect(total(opened, 'flowtap_capture_reopened_total')).toBe(0);
    expect(daemon.output).toContain('the interface has come, and is captured');
    await sendFrames(link.left, link.near, flowsOf(2), 100);
    await scrapeUntil(link.right, (series) => total(series, 'flowtap_flow_packets_total') >= 100);
    expect((await daemon.stop()).code).toBe(0);
  });
});
