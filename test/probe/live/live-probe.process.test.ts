/** The daemon's side of a live capture, with workers that capture nothing: start, state, losses, restarts, reload, stop. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, ListenError, RelayedError } from '../../../src/base/errors.ts';
import { balanceOf } from '../../../src/metrics/balance.ts';
import { asLogLines } from '../../../src/output/summary-sections.ts';
import { type LiveProbe, type LiveProbeOptions, startLiveProbe } from '../../../src/probe/live/probe.ts';
import { liveSummary } from '../../../src/probe/live/summary.ts';
import { collectDatagrams } from '../../support/network.ts';
import { waitFor } from '../../support/wait.ts';
import { keptLog, liveConfig, probeOptions } from './live-support.ts';

/** Frames of pcaps/demo.pcapng, told by capinfos. */
const PACKETS = 1675;

let running: LiveProbe | undefined;
async function start(options: LiveProbeOptions): Promise<LiveProbe> {
  running = await startLiveProbe(options);
  return running;
}
async function stop(probe: LiveProbe) {
  running = undefined;
  return probe.stop();
}
afterEach(() => running?.stop());

const packetsRead = (probe: LiveProbe) =>
  probe.state().workers.reduce((sum, { capture }) => sum + capture.packets, 0);

describe('a live probe', () => {
  it('meters without any collector, and everything is accounted for at its end', async () => {
    const { log } = keptLog();
    const config = liveConfig({ 'live.interfaces': ['lo', 'other'], 'live.workers': 2 });
    const probe = await start(probeOptions(config, log));
    await waitFor('all is read', () => packetsRead(probe) === 4 * PACKETS);
    const during = probe.state();
    expect(during).toMatchObject({ isReady: true, isStopping: false });
    expect(during.workers.map((worker) => [worker.interface, worker.ring, worker.isRunning])).toEqual([
      ['lo', 0, true],
      ['lo', 1, true],
      ['other', 0, true],
      ['other', 1, true],
    ]);
    expect(balanceOf(during).rest).toBeGreaterThan(0);
    expect(during.workers[0]!.flows.active).toBeGreaterThan(10);
    const final = await stop(probe);
    const balance = balanceOf(final);
    expect(balance).toMatchObject({ offered: 4 * PACKETS, lost: 0, rest: 0 });
    expect(balance.inRecords).toBeGreaterThan(balance.refused);
    expect(final.workers[0]!.flows.active).toBe(0);
    const lines = asLogLines(liveSummary(final, config)).join('\n');
    expect(lines).toContain(`Packets: ${(4 * PACKETS).toLocaleString('en')} offered = `);
    expect(lines).not.toContain('unaccounted');
  });

  it('exports every flow of a stop', async () => {
    const collector = await collectDatagrams();
    const { log } = keptLog();
    const url = `netflow9://127.0.0.1:${collector.port}`;
    const probe = await start(probeOptions(liveConfig({}, [url]), log));
    await waitFor('all is read', () => packetsRead(probe) === PACKETS);
    const { collectors, workers } = await stop(probe);
    const [one] = collectors;
    await waitFor('all has arrived', () => collector.datagrams.length === one!.messages);
    await collector.close();
    expect(one).toMatchObject({ url, recordsFailed: 0, recordsPending: 0 });
    expect(one!.dataRecords).toBeGreaterThanOrEqual(workers[0]!.queue.recordsTaken);
  });

  it('lets somebody see the records on their way', async () => {
    let records = 0;
    const options = probeOptions(liveConfig(), keptLog().log);
    const probe = await start({ ...options, onRecords: (batch) => (records += batch.count) });
    await waitFor('all is read', () => packetsRead(probe) === PACKETS);
    const { workers } = await stop(probe);
    expect(records).toBe(workers[0]!.queue.recordsTaken);
    expect(records).toBeGreaterThan(0);
  });

  it('says why a capture cannot be opened', async () => {
    const { log } = keptLog();
    const failed = start(probeOptions(liveConfig({ 'live.filter': 'refuse' }), log));
    await expect(failed).rejects.toThrow(RelayedError);
    await expect(failed).rejects.toMatchObject({
      message: 'EPERM',
      remedy: 'grant CAP_NET_RAW',
      exitCode: 1,
    });
  });

  it('gives a start up that is told to end', async () => {
    const controller = new AbortController();
    controller.abort(new Error('SIGTERM'));
    const options = { ...probeOptions(liveConfig(), keptLog().log), signal: controller.signal };
    await expect(start(options)).rejects.toThrow('SIGTERM');
  });

  it('refuses an address that is in use, and names the option', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const config = liveConfig({ 'metrics.listen': `127.0.0.1:${port}` });
    const failed = start(probeOptions(config, keptLog().log));
    await expect(failed).rejects.toThrow(ListenError);
    await expect(failed).rejects.toMatchObject({
      message: `cannot serve metrics on 127.0.0.1:${port}: the address is in use (EADDRINUSE)`,
      remedy: expect.stringContaining('--metrics'),
    });
    server.close();
  });
});

describe('a worker', () => {
  it('that dies is started again, its loss counted, and the daemon stays up', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowtap-live-'));
    const { log, lines } = keptLog();
    const mark = join(folder, 'first');
    const probe = await start(probeOptions(liveConfig({ 'live.filter': `once:${mark}` }), log));
    await waitFor('the second life has read all', () => packetsRead(probe) === 2 * PACKETS);
    const [worker] = probe.state().workers;
    expect(worker).toMatchObject({ isRunning: true, restarts: 1 });
    expect(worker!.lost.flows).toBe(worker!.flows.active);
    const final = await stop(probe);
    rmSync(folder, { recursive: true });
    const balance = balanceOf(final);
    expect(balance).toMatchObject({ offered: 2 * PACKETS, rest: 0 });
    // One life exported what the other lost.
    expect(balance.lost).toBe(balance.inRecords);
    expect(lines.join('\n')).toContain('lo: the worker died: a defect of the test; it starts again in 0.5 s');
    expect(lines.join('\n')).toContain('lo: the capture is open again');
  });

  it('that hangs is ended by the watchdog and started again', async () => {
    const { log, lines } = keptLog();
    const options = probeOptions(liveConfig({ 'live.filter': 'hang' }), log, { lookMs: 100, looksMax: 20 });
    const probe = await start(options);
    await waitFor('it is started again', () => probe.state().workers[0]!.restarts > 0);
    expect(lines.join('\n')).toContain('does not turn any more');
    const { workers } = await stop(probe);
    expect(workers[0]!.lost.packets).toBeGreaterThan(0);
  });

  it('that keeps dying is started with longer pauses, and readiness says so', async () => {
    const { log, lines } = keptLog();
    const probe = await start(probeOptions(liveConfig({ 'live.filter': 'crash' }), log));
    await waitFor('two restarts', () => probe.state().workers[0]!.restarts === 2);
    await waitFor('it is dead again', () => !probe.state().workers[0]!.isRunning);
    expect(probe.state().isReady).toBe(false);
    const pauses = () => lines.flatMap((line) => /again in ([\d.]+) s/.exec(line)?.[1] ?? []);
    // A pause is cut short by a stop; this one is long enough to tell.
    await waitFor('it is told', () => pauses().length === 5);
    expect(pauses()).toEqual(['0.5', '1', '2', '4', '8']);
    const began = performance.now();
    const final = await stop(probe);
    expect(performance.now() - began).toBeLessThan(7500);
    expect(balanceOf(final)).toMatchObject({ offered: 5 * PACKETS, rest: 0, inRecords: 0 });
  });
});

describe('losses', () => {
  it('are told when they start, with the remedy, and are in the balance', async () => {
    const { log, lines } = keptLog();
    const probe = await start(probeOptions(liveConfig({ 'live.filter': 'lose' }), log));
    await waitFor('it is told', () => lines.some((line) => line.includes('the ring was full')));
    expect(lines.find((line) => line.includes('the ring was full'))).toBe(
      'flowtap: warning: lo: 7 packets lost, the ring was full; ' +
        'raise live.ring.blocks (--ring-blocks), now 64, live.ring.blockTimeout, or live.workers (--workers) total=7',
    );
    expect(balanceOf(await stop(probe))).toMatchObject({ offered: PACKETS + 7, lost: 7, rest: 0 });
  });
});

describe('a reload', () => {
  it('changes timeouts, log and collectors, and names what has to wait for a restart', async () => {
    const [first, second] = [await collectDatagrams(), await collectDatagrams()];
    const { log, lines } = keptLog();
    const before = liveConfig({}, [`netflow9://127.0.0.1:${first.port}`]);
    const probe = await start(probeOptions(before, log));
    await waitFor('all is read', () => packetsRead(probe) === PACKETS);
    const after = liveConfig(
      { 'metering.idleTimeout': 5000, 'live.ring.blocks': 128, 'log.level': 'debug' },
      [`ipfix://127.0.0.1:${second.port}`],
    );
    const { applied, needRestart } = await probe.reload(after);
    expect([...applied].sort()).toEqual(['exporters', 'log.level', 'metering.idleTimeout']);
    expect(needRestart).toEqual(['live.ring.blocks']);
    expect(probe.config.live.ring.blocks).toBe(64);
    expect(probe.config.metering.idleTimeoutMs).toBe(5000);
    await waitFor('the worker has heard of it', () => lines.some((line) => line.includes('idle=5000')));
    // The same again: only what still waits is named.
    expect(await probe.reload(after)).toEqual({ applied: [], needRestart: ['live.ring.blocks'] });
    const { collectors, workers } = await stop(probe);
    await Promise.all([first.close(), second.close()]);
    // Templates and sampling, which are announced at once.
    expect(first.datagrams).toHaveLength(1);
    expect(collectors).toHaveLength(1);
    expect(collectors[0]!.dataRecords).toBeGreaterThanOrEqual(workers[0]!.queue.recordsTaken);
  });

  it('refuses templates and addresses that cannot be, and keeps everything', async () => {
    const collector = await collectDatagrams();
    const url = `netflow9://127.0.0.1:${collector.port}`;
    const probe = await start(probeOptions(liveConfig({}, [url]), keptLog().log));
    const wrong = liveConfig({ 'template.ipv4': ['octetDeltaCont'] }, [url]);
    await expect(probe.reload(wrong)).rejects.toThrow(ConfigError);
    expect(probe.state().reload.isSuccessful).toBe(false);
    const nowhere = liveConfig({ 'metrics.listen': '192.0.2.77:1' }, [url]);
    await expect(probe.reload(nowhere)).rejects.toThrow('EADDRNOTAVAIL');
    expect(probe.config.template.ipv4).toEqual(['default']);
    await probe.reload(liveConfig({}, [url]));
    expect(probe.state().reload.isSuccessful).toBe(true);
    await waitFor('all is read', () => packetsRead(probe) === PACKETS);
    await stop(probe);
    await collector.close();
    expect(collector.datagrams.length).toBeGreaterThan(0);
  });

  it('touches no exporter when metrics cannot move, and serves where it did when exporters cannot change', async () => {
    const [first, second] = await Promise.all([collectDatagrams(), collectDatagrams()]);
    const [before, after] = [first, second].map(({ port }) => [`netflow5://127.0.0.1:${port}`]);
    const { log, lines } = keptLog();
    const listen = '127.0.0.1:0';
    const probe = await start(probeOptions(liveConfig({ 'metrics.listen': listen }, before), log));
    const url = probe.metricsUrl!;
    const isServed = async (where: string) => {
      return fetch(`${where}/metrics`).then(
        ({ status }) => status === 200,
        () => false,
      );
    };
    await expect(probe.reload(liveConfig({ 'metrics.listen': '192.0.2.77:1' }, after))).rejects.toThrow(
      'EADDRNOTAVAIL',
    );
    expect(lines.filter((line) => line.includes('no longer in use'))).toEqual([]);
    expect(probe.state().collectors.map((one) => one.url)).toEqual(before);
    expect(probe.metricsUrl).toBe(url);
    const unknown = liveConfig({ 'metrics.listen': '[::1]:0', 'template.ipv4': ['octetDeltaCont'] }, [
      `ipfix://127.0.0.1:${second.port}`,
    ]);
    await expect(probe.reload(unknown)).rejects.toThrow(ConfigError);
    expect([probe.metricsUrl, await isServed(url)]).toEqual([url, true]);
    // One port cannot be had twice: the former address goes first, and comes back.
    const port = new URL(url).port;
    const overlapping = { 'metrics.listen': `0.0.0.0:${port}` };
    await expect(
      probe.reload(
        liveConfig({ ...overlapping, 'template.ipv4': ['octetDeltaCont'] }, [unknown.exporters[0]!.url]),
      ),
    ).rejects.toThrow(ConfigError);
    expect(await isServed(probe.metricsUrl!)).toBe(true);
    expect(new URL(probe.metricsUrl!).hostname).toBe('127.0.0.1');
    await probe.reload(liveConfig({ 'metrics.listen': '[::1]:0' }, after));
    expect(probe.metricsUrl).toMatch('[::1]');
    expect([await isServed(probe.metricsUrl!), await isServed(url)]).toEqual([true, false]);
    expect(probe.state().collectors.map((one) => one.url)).toEqual(after);
    await stop(probe);
    await Promise.all([first.close(), second.close()]);
  });
});
