/** `flowtap run` with what it cannot do: no such interface, no permission, an address in use, options at odds. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInLab, Lab, type Namespace } from '../../lab/lab.ts';
import { daemonCommand, LAUNCHER, startDaemon } from '../../probe/live/daemon-support.ts';

let lab: Lab;
let probe: Namespace;
let inside: string;

beforeEach(() => {
  lab = new Lab('refusals');
  probe = lab.namespace('probe');
  [, inside] = lab.connect(lab.namespace('sender'), probe, { quiet: true });
});
afterEach(() => lab.close());

describeInLab(['curl', 'setpriv'], 'flowtap run that cannot', () => {
  const fails = (...args: string[]) => probe.run(daemonCommand(...args));

  it('names the interfaces there are when one is not', async () => {
    const { code, stderr } = await fails('-i', 'eth77');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^flowtap: command line: --interface: found "eth77", which is no interface here; allowed: /,
    );
    expect(stderr).toContain(inside);
    expect(await fails()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--interface: found nothing'),
    });
  });

  it('says what is wrong with a group of interfaces', async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await fails(...args);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused('-i', `lo=${inside}/lo`)).toContain('found the group "lo", which is the name of');
    expect(await refused('-i', `tap=${inside}/`)).toContain(
      'groups of 2 to 8 of them: NAME=INTERFACE/INTERFACE',
    );
    expect(await refused('-i', `${inside},tap=${inside}/lo`)).toContain(`found "${inside}" twice`);
    expect(await refused('-i', `tap=${inside}/lo`, '--capture', 'libpcap')).toContain(
      'found the group tap with --capture libpcap',
    );
    const count = [process.execPath, LAUNCHER, 'count', '-i', `tap=${inside}/lo`];
    expect((await probe.run(count)).stderr).toContain('allowed: one interface');
  });

  it('says which capability it lacks, and needs no other', async () => {
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const { code, stderr } = await probe.run([...nobody, ...daemonCommand('-i', inside)]);
    expect(code).toBe(1);
    expect(stderr).toContain('CAP_NET_RAW');
    const raw = ['--inh-caps', '-all,+net_raw', '--ambient-caps', '-all,+net_raw'];
    const bounded = ['--bounding-set', '-all,+net_raw', '--no-new-privs'];
    const daemon = probe.start([
      ...nobody,
      ...raw,
      ...bounded,
      ...daemonCommand('-i', inside, '--workers', '2'),
    ]);
    await daemon.waitForOutput(/metering .* by ring, 2 workers each/);
    expect(await daemon.stop()).toMatchObject({ code: 0 });
  });

  it('says that an address is in use', async () => {
    const first = await startDaemon(probe, '-i', inside);
    const { code, stderr } = await fails('-i', inside);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot serve metrics on 127.0.0.1:9669: the address is in use (EADDRINUSE)');
    expect(stderr).toContain('choose another --metrics');
    expect(await first.stop()).toMatchObject({ code: 0 });
  });

  it('passes on what libpcap says of a filter', async () => {
    const { code, stderr } = await fails('-i', inside, '--filter', 'tcp prot 80');
    expect(code).toBe(2);
    expect(stderr).toMatch(/syntax error|parse/);
  });

  it.each([
    [['--capture', 'libpcap', '--ring-blocks', '8'], '--ring-blocks: found with --capture libpcap'],
    [['--capture', 'libpcap', '--workers', '2'], '--workers: found 2 with --capture libpcap'],
    [['--workers', '2', '--decapsulate', 'gre'], '--workers: found 2; allowed: 1 with --decapsulate'],
    [['--sampling-method', 'hash'], '--sampling-method: found hash; allowed: only with'],
    [['--metrics', '9669'], '--metrics: found "9669"; allowed: none, or ADDRESS:PORT'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await fails('-i', inside, ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
