/** The innermost packet in every tunnel is the one that tshark finds. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithTools } from '../support/tools.ts';
import { decodeOne, hex } from './decode-support.ts';
import { FRAMES } from './seed-frames.ts';
import { ALL, CASES } from './tunnel-cases.ts';

describeWithTools(['tshark'], 'tunnels against tshark', () => {
  it('every frame: the innermost packet is tshark’s last one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowtap-'));
    try {
      const rows = dissectLast(
        join(folder, 'tunnels.pcap'),
        CASES.map(({ frame }) => hex(FRAMES[frame])),
      );
      const ours = CASES.map(({ frame }) => {
        const packet = decodeOne(hex(FRAMES[frame]), { decapsulate: ALL }).packet!;
        return [
          packet.version,
          packet.source,
          packet.destination,
          packet.sourcePort,
          packet.destinationPort,
        ].join(' ');
      });
      expect(ours).toEqual(rows);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Version, addresses and ports of the last packet that tshark finds in each frame. */
function dissectLast(path: string, frames: Uint8Array[]): string[] {
  const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
  const records = frames.flatMap((frame) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  writeFileSync(path, Buffer.concat([header, ...records]));
  const fields = [
    'frame.protocols',
    'ip.src',
    'ip.dst',
    'ipv6.src',
    'ipv6.dst',
    'tcp.port',
    'udp.srcport',
    'udp.dstport',
  ];
  const ports = ['tcp.srcport', 'tcp.dstport'];
  const args = ['-n', '-r', path, '-T', 'fields', '-E', 'occurrence=l', '-E', 'separator=\t'];
  const run = spawnSync('tshark', [...args, ...[...fields, ...ports].flatMap((field) => ['-e', field])], {
    encoding: 'utf8',
  });
  return run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [protocols, src4, dst4, src6, dst6, , udpSource, udpDestination, tcpSource, tcpDestination] =
        line.split('\t');
      const names = protocols!.split(':');
      const six = names.lastIndexOf('ipv6') > names.lastIndexOf('ip');
      const tcp = names.includes('tcp');
      const pair = tcp ? [tcpSource, tcpDestination] : [udpSource, udpDestination];
      return [six ? 6 : 4, six ? src6 : src4, six ? dst6 : dst4, ...pair].join(' ');
    });
}
