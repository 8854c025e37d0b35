/** Interfaces that go down, away and come back; errors on opening; VLAN tags. In network namespaces. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  flowsOf,
  sendFrames,
  startWorkers,
  stopWorkers,
  total,
  useLink,
  waitForOpenings,
  waitForPackets,
} from '../../capture/live/support.ts';
import { describeInLab } from '../../lab/lab.ts';
import { ethernet, ipv4, tcp } from '../../support/frames.ts';

describeInLab([], 'a live interface', () => {
  const link = useLink('interface');

  it('that goes down and comes back is said, and metered again', async () => {
    const running = await startWorkers(link.right, { interface: link.far });
    await sendFrames(link.left, link.near, flowsOf(2), 100);
    link.right.execute('ip', 'link', 'set', link.far, 'down');
    await running.waitForOutput(/"level":"warn","message":"the interface is down/);
    link.right.execute('ip', 'link', 'set', link.far, 'up');
    await running.waitForOutput(/the interface delivers packets again/);
    await sendFrames(link.left, link.near, flowsOf(2), 100);
    await waitForPackets(running, 200);
    const result = await stopWorkers(running);
    expect(total(result, 'metered')).toBe(200);
    expect(total(result, 'reopened')).toBe(0);
    expect(total(result, 'isUp')).toBe(1);
  });

  it('that disappears is opened again when there is one of its name', async () => {
    const running = await startWorkers(link.right, { interface: link.far });
    await sendFrames(link.left, link.near, flowsOf(2), 100);
    link.right.execute('ip', 'link', 'del', link.far);
    await running.waitForOutput(/the interface is gone/);
    await delay(300);
    link.connectAgain();
    await running.waitForOutput(/captured again/);
    await waitForOpenings(running, 2);
    await sendFrames(link.left, link.near, flowsOf(2), 100);
    await waitForPackets(running, 200);
    const result = await stopWorkers(running);
    expect(total(result, 'metered')).toBe(200);
    expect(total(result, 'reopened')).toBe(1);
    expect(result.flows.length).toBe(2);
  });

  it('that is not there, or a filter that is wrong, ends the worker with the reason', async () => {
    const wrong = async (options: object) => {
      const command = [process.execPath, `${import.meta.dirname}/run-worker.ts`, JSON.stringify(options)];
      return (await link.right.run(command)).stderr;
    };
    expect(await wrong({ interface: 'nosuch0' })).toMatch(
      new RegExp(`no such network interface.*there are: .*lo.*${link.far}.*"exitCode":2`),
    );
    expect(await wrong({ interface: link.far, filter: 'tcp prt 80' })).toMatch(
      /does not compile: .*syntax error.*"exitCode":2/,
    );
    expect(await wrong({ interface: link.far, blockOctets: 5000 })).toMatch(/refuses a ring of 16 blocks/);
  });
});

describeInLab(['setpriv'], 'without the capability', () => {
  const link = useLink('interface');

  it('says which one is missing and how to grant it', async () => {
    const options = JSON.stringify({ interface: link.far });
    const { stderr } = await link.right.run([
      ...['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw'],
      ...[process.execPath, `${import.meta.dirname}/run-worker.ts`, options],
    ]);
    expect(stderr).toMatch(/CAP_NET_RAW.*setcap cap_net_raw/);
  });
});

describeInLab([], 'VLAN tags that the kernel took out of frames', () => {
  const link = useLink('interface');
  const packet = ipv4(
    { source: '10.1.0.1', destination: '10.2.0.1', protocol: 6 },
    tcp(1, 2, 0x10, new Uint8Array(100)),
  );
  const untagged = ethernet(packet);
  const octets = untagged.length;

  it('are put back: 802.1Q, and 802.1ad with 802.1Q inside', async () => {
    const running = await startWorkers(link.right, { interface: link.far });
    await sendFrames(link.left, link.near, [untagged], 10);
    await sendFrames(link.left, link.near, [ethernet(packet, { vlans: [10] })], 20);
    const service = ethernet(packet, { vlans: [100, 20] });
    service.set([0x88, 0xa8], 12);
    await sendFrames(link.left, link.near, [service], 30);
    await waitForPackets(running, 60);
    const result = await stopWorkers(running);
    const found = result.flows.map(({ vlan, forward }) => [
      vlan,
      forward.customerVlan,
      forward.packets,
      forward.layer2Octets / forward.packets,
    ]);
    expect(found.sort((a, b) => a[0]! - b[0]!)).toEqual([
      [0, 0, 10, octets],
      [10, 0, 20, octets + 4],
      [100, 20, 30, octets + 8],
    ]);
    expect(total(result, 'octetsRead')).toBe(10 * octets + 20 * (octets + 4) + 30 * (octets + 8));
  });

  it('can be filtered by', async () => {
    const running = await startWorkers(link.right, { interface: link.far, filter: 'vlan 10 and tcp' });
    await sendFrames(link.left, link.near, [untagged], 10);
    await sendFrames(link.left, link.near, [ethernet(packet, { vlans: [10] })], 20);
    await waitForPackets(running, 20);
    const result = await stopWorkers(running);
    expect(result.flows.map(({ vlan, forward }) => [vlan, forward.packets])).toEqual([[10, 20]]);
  });
});
