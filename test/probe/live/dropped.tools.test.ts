/** Frames that the kernel has no use for and counts in rx_dropped, though the ring has them: no loss. In namespaces. */
import { expect, it } from 'vitest';
import { sendFrames, useLink } from '../../capture/live/support.ts';
import { describeInLab } from '../../lab/lab.ts';
import { ethernet, ipv4, udp, withHeaderChecksum } from '../../support/frames.ts';
import { scrapeUntil, startDaemon, total } from './daemon-support.ts';

const packet = withHeaderChecksum(
  ipv4({ source: '10.1.0.1', destination: '10.2.0.1', protocol: 17 }, udp(1, 2, new Uint8Array(40))),
);
const MAC_ADDRESSES = ethernet(packet).subarray(0, 12);
const behind = (header: number[], payload: Uint8Array = packet) =>
  Uint8Array.from([...MAC_ADDRESSES, ...header, ...payload]);
const TAG = [0x81, 0x00, 0x00, 0x0a];
const PPPOE = [0x88, 0x64, 0x11, 0x00, 0x00, 0x01, 0x00, packet.length + 2, 0x00, 0x21];
const MPLS = [0x88, 0x47, 0x00, 0x01, 0x01, 0x40];
const LLC = Uint8Array.from([0x42, 0x42, 0x03, ...new Uint8Array(43)]);

/** Frames of each kind that are sent. */
const COUNT = 100;

describeInLab(['curl'], 'what the kernel drops after the ring has seen it', () => {
  const link = useLink('dropped');

  /** Sends what the kernel has no use for, to a probe. @returns rx_dropped as the probe's metrics have it, and its log */
  async function probe(): Promise<{ dropped: number; log: string }> {
    const daemon = await startDaemon(link.right, '-i', link.far, '--workers', '1', '--ring-blocks', '8');
    const metered = [
      behind([...TAG, ...PPPOE]),
      behind([...TAG, ...MPLS]),
      behind([...TAG, 0x81, 0x00, 0x00, 0x14, 0x08, 0x00]),
    ];
    await sendFrames(link.left, link.near, metered, 3 * COUNT);
    await sendFrames(link.left, link.near, [behind([...TAG, 0x00, LLC.length], LLC)], COUNT);
    const series = await scrapeUntil(link.right, (all) => {
      return total(all, 'flowtap_decode_packets_total', 'metered') >= 3 * COUNT;
    });
    // Two looks later a loss would have been told.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    const { code } = await daemon.stop();
    expect(code).toBe(0);
    return {
      dropped: total(series, 'flowtap_interface_lost_packets_total', 'rx_dropped'),
      log: daemon.output,
    };
  }

  it('is no loss: behind a VLAN tag PPPoE, MPLS, a second tag and LLC', async () => {
    const { dropped, log } = await probe();
    expect(dropped).toBeGreaterThanOrEqual(3 * COUNT);
    expect(log).not.toContain('lost before the ring');
  });

  it('is no loss on a port of a bridge either', async () => {
    const ip = (...args: string[]) => link.right.run(['ip', 'link', ...args]);
    await ip('add', 'bridge0', 'type', 'bridge');
    try {
      await ip('set', link.far, 'master', 'bridge0');
      await ip('set', 'bridge0', 'up');
      const { log } = await probe();
      expect(log).not.toContain('lost before the ring');
    } finally {
      await ip('delete', 'bridge0');
    }
  });
});
