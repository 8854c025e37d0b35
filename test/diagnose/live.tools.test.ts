/** `flowtap diagnose --live`: the same verdicts while it happens, in a network namespace. */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { describeInLab, type LabProcess } from '../lab/lab.ts';
import { type DiagnosisLine, towardsPort, WIRE_TOOLS, Wire } from '../lab/wire.ts';
import { scrapeUntil, startDaemon, total } from '../probe/live/daemon-support.ts';
import { waitFor } from '../support/wait.ts';

/** A packet socket that is bound to an interface and receives, as /proc/net/packet shows it. */
const RUNNING = /^\S+\s+\d+\s+\d+\s+\S+\s+[1-9]\d*\s+1\s/gm;
const ENTRY = join(import.meta.dirname, '../../src/flowtap.mjs');

describeInLab([...WIRE_TOOLS, 'curl'], 'the daemon with path health', () => {
  const wire = new Wire('daemon');
  afterAll(() => wire.close());

  it('serves verdicts, losses and round trips by interface', async () => {
    await wire.relay('-d', '10000', '-n', '50');
    await wire.serve('5001:rcvbuf=32768');
    const flags = ['--path-health', 'on', '--outgoing', '--tcp-end-delay', '100ms'];
    const daemon = await startDaemon(wire.left, '-i', 'wire', '--ring-blocks', '8', ...flags);
    await wire.send('5001:octets=2000000', '5008:octets=1');
    const lost = 'flowtap_path_tcp_lost_segments_total';
    const series = await scrapeUntil(wire.left, (all) => total(all, lost) > 0);
    const { forward } = await wire.stopRelay();
    const counted = total(series, lost, 'interface="wire"');
    expect(Math.abs(counted - forward.dropped)).toBeLessThanOrEqual(Math.max(1, 0.1 * forward.dropped));
    expect(total(series, 'flowtap_path_flow_records_total', 'verdict="refused"')).toBe(1);
    expect(total(series, 'flowtap_path_round_trip_seconds_bucket', 'le="0.05"')).toBeGreaterThan(0);
    expect([...series.keys()].filter((key) => key.includes('192.0.2.'))).toEqual([]);
    await daemon.stop();
  });
});

describeInLab(WIRE_TOOLS, 'diagnose --live', () => {
  const wire = new Wire('live');
  afterAll(() => wire.close());

  async function startDiagnosis(...flags: string[]): Promise<LabProcess> {
    const sockets = () => wire.left.execute('cat', '/proc/net/packet').match(RUNNING)?.length ?? 0;
    const before = sockets();
    const command = [process.execPath, ENTRY, 'diagnose', '--live', '-i', 'wire', '-o', 'json', ...flags];
    const diagnosis = wire.left.start(command);
    await waitFor('the capture', () => sockets() > before || diagnosis.hasEnded);
    return diagnosis;
  }

  it('judges connections when a signal ends it', async () => {
    await wire.relay('-d', '10000');
    await wire.serve('5001:rcvbuf=32768', '5007:after=500000,reset=1');
    const diagnosis = await startDiagnosis();
    await wire.send('5001:seconds=3', '5007:octets=3000000,sndbuf=65536', '5008:octets=1');
    const { code, stdout, stderr } = await diagnosis.stop('SIGINT');
    expect(code, stderr).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as DiagnosisLine);
    expect(towardsPort(lines, 5001).verdict).toBe('window-limited');
    expect(towardsPort(lines, 5007).verdict).toBe('reset');
    expect(towardsPort(lines, 5008).verdict).toBe('refused');
    expect(Math.abs(towardsPort(lines, 5001).roundTripTimeMs.min! - 20)).toBeLessThan(1);
  });

  it('ends by itself when its time is up', async () => {
    const diagnosis = await startDiagnosis('--duration', '1s', '-q');
    const { code, stdout, stderr } = await diagnosis.ended;
    expect([code, stdout, stderr]).toEqual([0, '', '']);
  });

  it('says when there is no such interface', async () => {
    const command = [process.execPath, ENTRY, 'diagnose', '--live', '-i', 'nowhere'];
    const { code, stderr } = await wire.left.run(command);
    expect([code, stderr.includes('nowhere')]).toEqual([2, true]);
  });
});
