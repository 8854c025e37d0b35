/** The frames of recipes, written to a file and read back octet by octet by tshark. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runFlowtap } from '../cli/flowtap.ts';
import { ethernet, ipv4, pcapFile, udp } from '../support/frames.ts';
import { describeWithTools } from '../support/tools.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowtap-generate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `flowtap generate -w FILE …`, and gives the file. */
function write(name: string, ...options: string[]): string {
  const path = join(folder, name);
  const { code, err } = runFlowtap(['generate', '-w', path, ...options]);
  expect([code, err]).toEqual([0, '']);
  return path;
}

/** Without its opinions on streams of which there is one side. */
const OPTIONS = [
  ...['ip', 'udp', 'tcp'].flatMap((name) => ['-o', `${name}.check_checksum:TRUE`]),
  ...['-o', 'tcp.analyze_sequence_numbers:FALSE'],
];

function fields(path: string, ...names: string[]): string[][] {
  const wanted = names.flatMap((name) => ['-e', name]);
  const text = execFileSync('tshark', ['-r', path, '-n', ...OPTIONS, '-T', 'fields', ...wanted], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  });
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
}

const FIELDS_OF_ADDRESSES = ['ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst'];

describeWithTools(['tshark', 'capinfos'], 'written files', () => {
  const STATUS = ['ip', 'udp', 'tcp', 'icmp', 'icmpv6'].map((name) => `${name}.checksum.status`);

  it.each(
    ['udp', 'tcp', 'icmp'].flatMap((protocol) =>
      [[], ['-6']].flatMap((version) =>
        [[], ['--vlan', '5'], ['--vlan', '7,8']].map((vlan) => ['--protocol', protocol, ...version, ...vlan]),
      ),
    ),
  )('have right checksums and lengths: %s %s %s %s %s', (...options) => {
    const words = options.filter((word) => typeof word === 'string');
    const sizes = '90:3,91:2,1200:1';
    const path = write(
      'all.pcap',
      '-n',
      '600',
      '--flows',
      '50k',
      '--order',
      'random',
      '--size',
      sizes,
      ...words,
    );
    const rows = fields(path, 'frame.len', '_ws.malformed', '_ws.expert.severity', ...STATUS);
    expect(rows.length).toBe(600);
    const isV6 = words.includes('-6');
    for (const [length, malformed, severity, ...statuses] of rows) {
      expect(['90', '91', '1200']).toContain(length);
      expect(malformed).toBe('');
      // Error is 0x800000, warning 0x600000.
      expect(Math.max(0, ...severity!.split(',').map(Number))).toBeLessThan(0x600000);
      // 1 is good; IPv6 has none of its own.
      expect(statuses.filter((status) => status !== '')).toEqual(isV6 ? ['1'] : ['1', '1']);
    }
    expect(rows.filter(([length]) => length === '1200').length).toBe(100);
  });

  it('hold as many packets, octets and seconds as were asked for', () => {
    const path = write('exact.pcap', '-n', '5000', '--rate', '10k', '--size', '200');
    const info = execFileSync('capinfos', ['-TrM', '-c', '-d', '-u', path], { encoding: 'utf8' })
      .trim()
      .split('\t');
    expect(info.slice(1).map(Number)).toEqual([5000, 1_000_000, 0.4999]);
    const { out } = runFlowtap([
      'generate',
      '-w',
      path,
      '--duration',
      '2s',
      '--rate',
      '8Mbit/s',
      '--size',
      '1000',
      '-o',
      'json',
    ]);
    expect(JSON.parse(out)).toEqual({
      packets: 2000,
      octets: 2_000_000,
      errors: {},
      elapsedSeconds: 2,
      packetsPerSecond: 1000,
      bitsPerSecond: 8e6,
    });
  });

  it('step both sides of a link, and the MAC addresses alongside', () => {
    const ranges = [
      '--source',
      '10.26.0.1+300',
      '--destination',
      '10.27.0.1+300',
      '--source-mac',
      '00:01:00:00:00:00+300',
    ];
    const rows = fields(
      write('steps.pcap', '-n', '600', '--size', '1514', ...ranges),
      'ip.src',
      'ip.dst',
      'eth.src',
    );
    const pairs = new Map<string, number>();
    for (const row of rows) pairs.set(row.join(), (pairs.get(row.join()) ?? 0) + 1);
    expect(pairs.size).toBe(300);
    expect([...pairs.values()].every((count) => count === 2)).toBe(true);
    expect(rows[299]).toEqual(['10.26.1.44', '10.27.1.44', '00:01:00:00:01:2b']);
  });

  it('step IPv6 addresses across a word', () => {
    const rows = fields(
      write('carry.pcap', '-n', '3', '--source', '2001:db8::ffff:fffe+3', '--size', '100'),
      'ipv6.src',
    );
    expect(rows.flat()).toEqual(['2001:db8::ffff:fffe', '2001:db8::ffff:ffff', '2001:db8::1:0:0']);
  });

  it('have as many flows as were asked for, in runs if wanted', () => {
    const path = write(
      'flows.pcap',
      '-n',
      '4000',
      '--flows',
      '1000',
      '--packets-per-flow',
      '2',
      '--protocol',
      'tcp',
      '--size',
      '100',
    );
    const rows = fields(path, ...FIELDS_OF_ADDRESSES, 'tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.len');
    const next = new Map<string, number>();
    for (const [i, row] of rows.entries()) {
      const flow = row.slice(0, 6).join();
      if (i % 2 === 1) expect(flow).toBe(rows[i - 1]!.slice(0, 6).join());
      // Sequence numbers follow, as if nothing had been lost or sent again.
      expect(Number(row[6])).toBe(next.get(flow) ?? 1);
      next.set(flow, Number(row[6]) + Number(row[7]));
    }
    expect(next.size).toBe(1000);
  });

  it('are the same for the same seed, and others for another', () => {
    const random = ['-n', '200', '--flows', '100k', '--order', 'random'];
    const list = (seed: string) =>
      fields(write(`seed${seed}.pcap`, ...random, '--seed', seed), 'ip.src').join();
    expect(list('7')).toBe(list('7'));
    expect(list('7')).not.toBe(list('8'));
  });

  it('repeat a capture at another speed', () => {
    const packet = ethernet(
      ipv4({ source: '192.0.2.1', destination: '192.0.2.2', protocol: 17 }, udp(1, 2, [1, 2])),
    );
    const capture = join(folder, 'in.pcap');
    const times = [5_000_000_000n, 5_400_000_000n, 6_000_000_000n];
    writeFileSync(capture, pcapFile(times.map((timeNs) => ({ frame: packet, timeNs }))));
    const rows = fields(
      write('out.pcap', '-r', capture, '--speed', '2', '--loop', '2'),
      'frame.time_relative',
      'udp.length',
    );
    expect(rows.map(([time]) => Number(time))).toEqual([0, 0.2, 0.5, 0.5000005, 0.7000005, 1.0000005]);
    expect(rows.every(([, length]) => length === '10')).toBe(true);
  });
});
