/** `flowtap ctl` and a daemon that meters what comes by: what each word does, seen in the daemon and at its collector. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sendFrames } from '../capture/live/support.ts';
import { describeInLab, Lab, type LabProcess, type LabResult, type Namespace } from '../lab/lab.ts';
import {
  collected,
  LAUNCHER,
  scrapeUntil,
  startCollector,
  startDaemon,
  stopCollector,
  total,
} from '../probe/live/daemon-support.ts';
import { ethernet, ipv4, udp } from '../support/frames.ts';

const PORT = 4739;
const FLOWS = 40;

/** One packet of each flow. */
const FRAMES = Array.from({ length: FLOWS }, (_, i) =>
  ethernet(
    ipv4(
      { source: '192.0.2.1', destination: '198.51.100.7', protocol: 17 },
      udp(1000 + i, 53, new Uint8Array(i)),
    ),
  ),
);

describeInLab(['curl', 'nfcapd', 'nfdump'], 'flowtap ctl', () => {
  let lab: Lab;
  let sender: Namespace;
  let probe: Namespace;
  let outside: string;
  let folder: string;
  /** What the collector gets. */
  let stored: string;
  let socket: string;
  let daemon: LabProcess;
  let collector: LabProcess;

  const ctl = (...args: string[]): Promise<LabResult> =>
    probe.run([process.execPath, LAUNCHER, 'ctl', '--socket', socket, ...args]);
  const done = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await ctl(...args);
    expect([args, code, stderr]).toEqual([args, 0, '']);
    return stdout;
  };
  const status = async () => JSON.parse(await done('status', '--json')) as Record<string, unknown>;
  const send = async () => {
    await sendFrames(sender, outside, FRAMES, FLOWS);
  };
  /** Until so many packets are metered or passed over: the kernel has counted them before it hands their block over. */
  const read = (packets: number) =>
    scrapeUntil(
      probe,
      (series) =>
        total(series, 'flowtap_flow_packets_total') +
          total(series, 'flowtap_capture_packets_paused_total') ===
        packets,
    );

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'flowtap-ctl-'));
    socket = join(folder, 'flowtap.sock');
    lab = new Lab('ctl');
    sender = lab.namespace('sender');
    probe = lab.namespace('probe');
    const [near, inside] = lab.connect(sender, probe, { quiet: true });
    outside = near;
    stored = join(folder, 'stored');
    mkdirSync(stored);
    collector = await startCollector(probe, stored, PORT);
    const file = join(folder, 'flowtap.yaml');
    const lines = [
      `live: { interfaces: [${inside}] }`,
      // Flows stay in the table however slow the machine is.
      'metering: { idleTimeout: 10m, activeTimeout: 10m }',
      `control: { socket: ${socket} }`,
      `exporters: ['ipfix://127.0.0.1:${PORT}']`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    daemon = await startDaemon(probe, '-c', file);
  });
  afterEach(async () => {
    await daemon.stop('SIGTERM');
    await collector.stop('SIGTERM');
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('exports all flows, and says how many', async () => {
    await send();
    await read(FLOWS);
    expect(await done('flows', '--sort', 'octets', '--top', '1')).toMatch(
      /192\.0\.2\.1:1039 +198\.51\.100\.7:53 +UDP/,
    );
    expect(await done('expire-all')).toBe(`exported ${FLOWS} flows\n`);
    expect(await status()).toMatchObject({ interfaces: [{ activeFlows: 0, meteredPackets: FLOWS }] });
    expect(await done('export-all')).toBe('exported 0 flows\n');
    // Metering goes on: the next packets are of new flows.
    await send();
    await read(2 * FLOWS);
    expect(await status()).toMatchObject({ interfaces: [{ activeFlows: FLOWS, meteredPackets: 2 * FLOWS }] });
    expect(await done('templates')).toBe(`templates announced to ipfix://127.0.0.1:${PORT}\n`);
    expect(await done('shutdown')).toContain('exporting what is in the flow tables');
    const { code, stderr } = await daemon.ended;
    expect(code).toBe(0);
    expect(stderr).toContain(`control: export-all: exported ${FLOWS} flows`);
    await stopCollector(collector, PORT);
    expect(await collected(probe, stored)).toMatchObject({ flows: 2 * FLOWS, packets: 2 * FLOWS });
  });

  it('pauses and resumes, with every packet in the account', async () => {
    expect(await done('pause')).toContain('paused');
    expect(await done('stop-gather')).toContain('it is paused already');
    await send();
    await read(FLOWS);
    expect(await status()).toMatchObject({
      isPaused: true,
      workers: [
        { pausedPackets: FLOWS, notSelectedPackets: 0, meteredPackets: 0, flowTable: { activeFlows: 0 } },
      ],
    });
    expect(await done('resume')).toContain('packets are metered again');
    await send();
    await read(2 * FLOWS);
    expect(await status()).toMatchObject({ isPaused: false, workers: [{ meteredPackets: FLOWS }] });
    await done('stop');
    const { stderr } = await daemon.ended;
    expect(stderr).toContain(
      `${2 * FLOWS} offered = ${FLOWS} in flow records + ${FLOWS} left out while paused`,
    );
  });

  it('sets options until the configuration is read again', async () => {
    expect(await done('set', 'metering.tcpEndDelay=7s')).toBe('changed: metering.tcpEndDelay\n');
    expect(await status()).toMatchObject({ configuration: { 'metering.tcpEndDelay': '7s' } });
    expect(await done('timeouts')).toContain('idleTimeout 10m, activeTimeout 10m, tcpEndDelay 7s');
    expect(await done('reload')).toContain('changed: metering.tcpEndDelay');
    expect(await status()).toMatchObject({ configuration: { 'metering.tcpEndDelay': '2s' } });
    const refused = await ctl('set', 'metering.idleTimeout=1d');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('found 24h; allowed: at most metering.activeTimeout');
    writeFileSync(join(folder, 'flowtap.yaml'), 'metering: { idleTimeout: never }\n');
    const wrong = await ctl('reload', '--json');
    expect([wrong.code, JSON.parse(wrong.stdout)]).toMatchObject([1, { isDone: false }]);
    expect(wrong.stdout).toContain('metering.idleTimeout');
    expect(await status()).toMatchObject({ isConfigurationAccepted: false });
  });

  it('says what it does not know, and where nobody answers', async () => {
    const unknown = await ctl('expire');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('allowed: status, flows, export-all');
    const nobody = await ctl('status', '--socket', join(folder, 'none.sock'));
    expect(nobody.code).toBe(1);
    expect(nobody.stderr).toContain('no daemon answers');
    // Over TCP there is nothing to tell it.
    const url = 'http://127.0.0.1:9669/api/v1/control/stop';
    const { stdout } = await probe.run([
      'curl',
      '-s',
      '-X',
      'POST',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      url,
    ]);
    expect(stdout).toBe('405');
  });
});
