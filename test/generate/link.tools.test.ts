/** Sending on an interface: what arrives at the other end of a link is what was reported. And what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GenerateReport } from '../../src/generate/generate.ts';
import { LAUNCHER, runFlowtap } from '../cli/flowtap.ts';
import { describeInLab, Lab, type LabResult, type Namespace } from '../lab/lab.ts';
import { ethernet, ipv4, pcapFile, udp } from '../support/frames.ts';

const GENERATE = [process.execPath, LAUNCHER, 'generate'];

describeInLab(['tcpdump'], 'flowtap generate -i', () => {
  let lab: Lab;
  let sender: Namespace;
  let receiver: Namespace;
  let folder: string;
  beforeAll(() => {
    lab = new Lab('generate');
    [sender, receiver] = [lab.namespace('sender'), lab.namespace('receiver')];
    lab.connect(sender, receiver, { names: ['out0', 'in0'] });
    folder = mkdtempSync(join(tmpdir(), 'flowtap-link-'));
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true });
  });

  /** Runs the generator to its end; what it reported, and by how much the receiver's counters rose. */
  async function send(
    ...options: string[]
  ): Promise<{ run: LabResult; report: GenerateReport; arrived: [number, number] }> {
    const before = receiver.counters('in0');
    const run = await sender.run([...GENERATE, '-i', 'out0', '-o', 'json', ...options]);
    const after = receiver.counters('in0');
    const report = JSON.parse(run.stdout) as GenerateReport;
    return { run, report, arrived: [after.rxPackets - before.rxPackets, after.rxOctets - before.rxOctets] };
  }

  it.each([
    ['-n 5k --rate max --size 64'],
    ['-n 20k --rate max --size imix --flows 4096 --order random'],
    ['-n 3001 --rate 20k --protocol tcp -6 --size 100'],
    ['-n 1000 --rate max --protocol icmp --vlan 100 --size 1518'],
    ['--duration 300ms --rate 10Mbit/s --size 1514'],
  ])('what it reports arrives: %s', async (options) => {
    const { run, report, arrived } = await send(...options.split(' '));
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(report.errors).toEqual({});
    expect(arrived).toEqual([report.packets, report.octets]);
    const asked = /-n (\d+)(k?)/.exec(options);
    if (asked !== null) expect(report.packets).toBe(Number(asked[1]) * (asked[2] === 'k' ? 1000 : 1));
  });

  it('a capture arrives as it is, cut packets filled up to their length on the wire', async () => {
    const frame = ethernet(
      ipv4({ source: '192.0.2.1', destination: '192.0.2.2', protocol: 17 }, udp(1, 2, [1, 2, 3])),
    );
    const path = join(folder, 'cut.pcap');
    writeFileSync(
      path,
      pcapFile([
        { frame, timeNs: 0n },
        { frame: frame.slice(0, 42), timeNs: 1_000_000n, wireLength: 1000 },
        { frame, timeNs: 20_000_000n },
      ]),
    );
    const { report, arrived } = await send('-r', path, '--loop', '3');
    expect(arrived).toEqual([9, 3 * (2 * frame.length + 1000)]);
    expect(arrived).toEqual([report.packets, report.octets]);
    // The capture takes 20 ms, three times.
    expect(report.elapsedSeconds).toBeGreaterThan(0.06);
  });

  it('arrives octet by octet', async () => {
    const path = join(folder, 'in.pcap');
    const dump = receiver.start(['tcpdump', '-i', 'in0', '-w', path, '-U', '-c', '50', '--immediate-mode']);
    await dump.waitForOutput(/listening on/);
    const recipe = ['-n', '50', '--rate', '1k', '--flows', '50', '--protocol', 'tcp', '--size', '80:1,200:1'];
    await send(...recipe);
    await dump.ended;
    const expected = join(folder, 'expected.pcap');
    runFlowtap(['generate', '-w', expected, ...recipe]);
    const frames = (file: string) =>
      receiver.execute('tcpdump', '-r', file, '-n', '-t', '-xx').replaceAll(/^reading.*\n/gm, '');
    expect(frames(path)).toBe(frames(expected));
  });

  it('ends with its report and the signal’s exit code', async () => {
    const run = sender.start([...GENERATE, '-i', 'out0', '--rate', '1k', '--every', '100ms']);
    await run.waitForOutput(/packets\/s/);
    const { code, stdout } = await run.stop('SIGINT');
    expect(code).toBe(130);
    expect(stdout).toMatch(
      /^[\d,]+ packets, [\d,]+ octets sent on out0\nin .* packets\/s, .*bit\/s\nerrors: none\n$/,
    );
  });

  it('sends on an interface of the system only when told so', () => {
    const loopback = ['generate', '-i', 'lo', '-n', '1'];
    expect(runFlowtap(loopback).code).toBe(2);
    const { code, out, err } = runFlowtap([...loopback, '--yes-this-interface']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('1 packet, 64 octets sent on lo');
  });

  it('says which capability it lacks', async () => {
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const { code, stderr } = await sender.run([...nobody, ...GENERATE, '-i', 'out0', '-n', '1']);
    expect(code).toBe(1);
    expect(stderr).toContain('out0: socket(AF_PACKET) failed with EPERM');
    expect(stderr).toContain('CAP_NET_RAW');
  });

  it('counts what is refused, and stops when the interface is down', async () => {
    const long = ethernet(
      ipv4({ source: '192.0.2.1', destination: '192.0.2.2', protocol: 17 }, new Uint8Array(2000)),
    );
    const short = ethernet(
      ipv4({ source: '192.0.2.1', destination: '192.0.2.2', protocol: 17 }, new Uint8Array(20)),
    );
    const path = join(folder, 'long.pcap');
    writeFileSync(path, pcapFile([short, long, short].map((frame) => ({ frame, timeNs: 0n }))));
    const { run, report, arrived } = await send('-r', path, '--speed', 'max');
    expect([run.code, report.errors, arrived[0]]).toEqual([1, { EMSGSIZE: 1 }, 2]);
    sender.execute('ip', 'link', 'set', 'out0', 'down');
    try {
      const { run: failed, report: none } = await send('-n', '10');
      expect([failed.code, none.packets, none.errors]).toEqual([1, 0, { ENETDOWN: 1 }]);
      expect(failed.stderr).toContain('out0: sendmmsg failed with ENETDOWN');
    } finally {
      sender.execute('ip', 'link', 'set', 'out0', 'up');
    }
  });

  it('refuses frames longer than the interface takes, and other interfaces than there are', async () => {
    const { code, stderr } = await sender.run([...GENERATE, '-i', 'out0', '--size', '1515']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('--size: found 1515; allowed: at most 1514 octets on out0'),
    ]);
    const none = await sender.run([...GENERATE, '-i', 'out9']);
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringMatching(/no interface "out9"; allowed: .*out0/),
    ]);
  });
});

describe('a wrong command line', () => {
  it.each([
    [[], ['--interface: found nothing; allowed: an interface to send on, or --write FILE']],
    [['-i', 'a', '-w', 'b', '-n', '1'], ['--write: found it beside --interface']],
    [['-w', 'x'], ['--write: found no end; allowed: --count N or --duration']],
    [['-w', 'x', '-n', '1', '--rate', 'max'], ['--rate: found "max" with --write']],
    [
      ['-w', 'x', '-n', '1', '--size', '41'],
      ['--size: found 41; allowed: from 42 (the headers of udp over IPv4) to'],
    ],
    [
      ['-w', 'x', '-n', '1', '--size', '90:1,20:1', '-6'],
      ['--size: found 20; allowed: from 62 (the headers of udp over IPv6)'],
    ],
    [
      ['-w', 'x', '-n', '1', '--flows', '9', '--source', '10.0.0.1+2', '--source-port', '5+4'],
      ['--flows: found 9; allowed: at most 8'],
    ],
    [
      ['-w', 'x', '-n', '1', '--source', '10.0.0.1', '--destination', '::1'],
      ['found IPv4 on one side, IPv6 on the other'],
    ],
    [['-w', 'x', '-n', '1', '-6', '--source', '10.0.0.1'], ['found --ipv6 and an IPv4 address']],
    [
      ['-w', 'x', '-r', 'y', '--flows', '5', '--vlan', '1'],
      ['--flows: found it beside --read', '--vlan: found it beside --read'],
    ],
    [['-w', 'x', '-n', '1', '--speed', '2'], ['--speed: found it without --read']],
    [['-i', 'x', '-r', 'y', '--rate', '5', '--speed', '2'], ['--speed: found it beside --rate']],
    [['-w', 'x', '-n', '1', '--tcp-flags', 'S'], ['--tcp-flags: found it with udp']],
    [
      ['-w', 'x', '-n', '0', '--rate', 'fast', '--source', 'host'],
      ['--count: found "0"', '--rate: found "fast"', '--source: found "host"'],
    ],
  ])('%j', (args, messages) => {
    const { code, out, err } = runFlowtap(['generate', ...args]);
    expect([code, out]).toEqual([2, '']);
    for (const message of messages) expect(err).toContain(message);
  });

  it('an interface of the system itself is refused, loopback too', () => {
    const { code, err } = runFlowtap(['generate', '-i', 'lo', '-n', '1']);
    expect(code).toBe(2);
    expect(err).toMatch(/--interface: found lo: .*; allowed: an interface in a network namespace of its own/);
    expect(err).toContain('--yes-this-interface');
  });

  it('a capture that is none, or not of Ethernet, is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowtap-generate-'));
    const [raw, out] = [join(folder, 'raw.pcap'), join(folder, 'out.pcap')];
    try {
      writeFileSync(raw, pcapFile([{ frame: [0x45, 0, 0, 20], timeNs: 0n }], { linkType: 101 }));
      const wrongLink = runFlowtap(['generate', '-w', out, '-r', raw]);
      expect([wrongLink.code, wrongLink.err]).toEqual([1, expect.stringContaining('found link type 101')]);
      const missing = runFlowtap(['generate', '-w', out, '-r', join(folder, 'none.pcap')]);
      expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('none.pcap')]);
      const nowhere = runFlowtap(['generate', '-w', join(folder, 'no/out.pcap'), '-n', '1']);
      expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('open failed with ENOENT')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
