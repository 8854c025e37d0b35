/**
 * Path health of a live capture with super-packets in it, against what the sender's kernel counts (MIB-II's TCP group,
 * RFC 4022) of a transfer of known size, of which packets are lost behind the probe.
 */
import { expect, it } from 'vitest';
import { startWorkers, stopWorkers, total, useLink, waitUntilQuiet } from '../../capture/live/support.ts';
import { describeInLab, type Namespace, waitForPort } from '../../lab/lab.ts';

const OCTETS = 64 * 2 ** 20;
const PORT = 5201;
/** Reads until the other side has sent all, and says how much that was. */
const SERVER = `
import socket
listening = socket.create_server(('192.0.2.2', ${PORT}))
connection = listening.accept()[0]
total = 0
while octets := connection.recv(1 << 20):
    total += len(octets)
connection.sendall(b'%d' % total)
connection.close()
`;
/** Sends all, and waits for the answer. */
const CLIENT = `
import socket
connection = socket.create_connection(('192.0.2.2', ${PORT}))
connection.sendall(bytes(${OCTETS}))
connection.shutdown(socket.SHUT_WR)
print(connection.recv(100).decode())
`;

/** Counters of TCP in the namespace's kernel. */
function tcpCounters(namespace: Namespace): Map<string, number> {
  const [names, values] = namespace
    .execute('cat', '/proc/net/snmp')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  return new Map(names!.map((name, i) => [name, Number(values![i])]));
}

describeInLab(['python3', 'nft'], 'path health of a live capture', () => {
  const link = useLink('health');

  it('has the octets that were sent, and the segments that were sent again', async () => {
    const { left, right, near, far } = link;
    left.execute('ip', 'addr', 'add', '192.0.2.1/24', 'dev', near);
    right.execute('ip', 'addr', 'add', '192.0.2.2/24', 'dev', far);
    right.execute('nft', 'add table ip loss');
    right.execute('nft', 'add chain ip loss in { type filter hook input priority 0; }');
    right.execute('nft', `add rule ip loss in tcp dport ${PORT} numgen inc mod 100 == 99 drop`);
    const listening = right.start(['python3', '-c', SERVER]);
    const running = await startWorkers(left, {
      interface: near,
      filter: 'tcp',
      outgoing: true,
      blocks: 64,
      health: 'on',
    });
    await waitForPort(listening, 'tcp', PORT);
    expect(await left.run(['python3', '-c', CLIENT])).toMatchObject({ code: 0, stdout: `${OCTETS}\n` });
    await waitUntilQuiet(running);
    const result = await stopWorkers(running);
    expect(total(result, 'drops')).toBe(0);
    expect(total(result, 'superPackets')).toBeGreaterThan(100);
    expect(result.flows.length).toBe(1);
    const { forward, reverse } = result.flows[0]!.health!;
    const counters = tcpCounters(left);
    expect(forward.intervalOctets.reduce((sum, octets) => sum + octets, 0)).toBe(OCTETS);
    expect(counters.get('RetransSegs')).toBeGreaterThan(0);
    expect(forward).toMatchObject({
      retransmittedSegments: counters.get('RetransSegs'),
      lostUpstreamSegments: 0,
      captureLostSegments: 0,
      captureLostOctets: 0,
      largestSegmentOctets: 1448,
    });
    expect(result.flows[0]!.forward.packets).toBe(counters.get('OutSegs')! + counters.get('RetransSegs')!);
    expect(reverse).toMatchObject({ retransmittedSegments: 0, captureLostSegments: 0 });
    expect(reverse.sackBlocks).toBeGreaterThan(0);
  });
});
