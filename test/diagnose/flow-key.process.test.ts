/**
 * `flowtap diagnose` where a transfer comes by two interfaces or files, out of order, or in a tunnel: what its flags
 * `--merge`, `--flow-key` and `--reorder-window` say, and what belongs to one transfer.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DiagnosisLine } from '../lab/wire.ts';
import { PCAPS_FOLDER } from '../support/captures.ts';
import { type CapturedFrame, ethernet, ipv4, pcapFile, udp, withHeaderChecksum } from '../support/frames.ts';
import { runFlowtap } from '../support/run-flowtap.ts';
import { handshake, type Segment, segmentCapture, segmentFrame } from '../support/segments.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'flowtap-diagnose-key-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));

function written(name: string, content: Buffer): string {
  const file = join(FOLDER, name);
  writeFileSync(file, content);
  return file;
}

async function diagnosed(...args: string[]): Promise<{ lines: DiagnosisLine[]; stderr: string }> {
  const { exitCode, stdout, stderr } = await runFlowtap(['diagnose', ...args, '-o', 'json']);
  expect(exitCode, stderr).toBe(0);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { lines: lines.map((line) => JSON.parse(line) as DiagnosisLine), stderr };
}

/** Directions with packets: where they come from, packets, segments that were sent again. */
function directions(lines: readonly DiagnosisLine[]): [string, number, number | null][] {
  return lines
    .filter(({ packets }) => packets > 0)
    .map((line): [string, number, number | null] => [
      line.sourceIPv4Address,
      line.packets,
      line.retransmittedPackets,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const CONNECTION = { client: 1000, server: 7000 };
const SEGMENTS = 40;

/** The server sends segments, which the client acknowledges: 2 + 40 packets from the client, 1 + 40 from the server. */
function transfer(): Segment[] {
  const segments = handshake();
  for (let i = 0; i < SEGMENTS; i++) {
    segments.push({ ms: 50 + 10 * i, from: 'server', seq: 1 + 1000 * i, ack: 1, payload: 1000 });
    segments.push({ ms: 54 + 10 * i, from: 'client', seq: 1, ack: 1 + 1000 * (i + 1) });
  }
  return segments;
}

const TRANSFER: [string, number, number | null][] = [
  ['10.0.0.1', 2 + SEGMENTS, 0],
  ['10.0.0.2', 1 + SEGMENTS, 0],
];

describe('a TAP, which hands over each direction by a port of its own', () => {
  const tap = join(PCAPS_FOLDER, 'tap.pcapng');
  const whole: [string, number, number | null][] = [
    ['192.0.2.1', 104, 0],
    ['198.51.100.2', 103, 0],
  ];

  it('is one transfer with --flow-key no-interface', async () => {
    const { lines } = await diagnosed(tap, '--flow-key', 'no-interface');
    expect(lines).toHaveLength(2);
    expect(directions(lines)).toEqual(whole);
    const data = lines.find(({ sourceIPv4Address }) => sourceIPv4Address === '198.51.100.2')!;
    expect(data.verdict).toBe('healthy');
    // The request is acknowledged after 9.8 ms, the SYN after 10; the client takes 0.02 ms, its handshake 0.1.
    expect(data.roundTripTimeMs.mean! / 9.95).toBeCloseTo(1, 2);
  });

  it('is two halves without it, of which neither has a round trip', async () => {
    const { lines } = await diagnosed(tap);
    expect(lines.filter(({ packets }) => packets > 0).map(({ verdict }) => verdict)).toEqual([
      'unknown',
      'unknown',
    ]);
    expect(directions(lines)).toEqual(whole);
  });

  it('in two files is one transfer with --merge', async () => {
    const segments = transfer();
    const files = (['client', 'server'] as const).map((side) =>
      written(
        `${side}.pcap`,
        segmentCapture(
          segments.filter(({ from }) => from === side),
          CONNECTION,
        ),
      ),
    );
    const { lines } = await diagnosed(...files, '--merge', '--flow-key', 'no-interface');
    expect(lines).toHaveLength(2);
    expect(directions(lines)).toEqual(TRANSFER);
    // The probe is 20 ms from the server and back, and 4 from the client.
    expect(lines[0]!.roundTripTimeMs.mean).toBeCloseTo(24, 5);
    // One after the other, the server's port comes when all of the client's is over: no acknowledgement is behind its data.
    const apart = await diagnosed(...files, '--flow-key', 'no-interface');
    for (const { roundTripTimeMs } of apart.lines) expect(roundTripTimeMs.mean).not.toBeCloseTo(24, 0);
  });

  it('whose transfer lasts for several records joins them, whatever the interface of each', async () => {
    // A record ends after 22 intervals of a second: the second one begins with the server's port.
    const late = transfer()
      .slice(3)
      .map((segment): Segment => ({ ...segment, ms: segment.ms + 23_000 }));
    const frames = [...transfer().slice(0, 3), ...late].map((segment) => ({
      side: segment.from,
      ...segmentFrame(segment, CONNECTION),
    }));
    const files = ['client', 'server'].map((name) =>
      written(
        `late-${name}.pcap`,
        pcapFile(
          frames.filter(({ side }) => side === name),
          { nanoseconds: true },
        ),
      ),
    );
    const { lines } = await diagnosed(...files, '--merge', '--flow-key', 'no-interface', '--interval', '1s');
    expect(directions(lines)).toEqual(TRANSFER);
  });
});

describe('records out of order', () => {
  const capture = join(PCAPS_FOLDER, 'out-of-order.pcap');
  const dataOf = (lines: readonly DiagnosisLine[]) => lines.find(({ packets }) => packets === 103)!;

  it('are put back in order within --reorder-window', async () => {
    const { lines, stderr } = await diagnosed(capture);
    expect(dataOf(lines)).toMatchObject({ retransmittedPackets: 0, verdict: 'healthy' });
    expect(stderr).toContain('100 records out of order, put back in the order of time');
    // The SYN that is 8 ms late is so as well.
    const wide = await diagnosed(capture, '--reorder-window', '10ms');
    expect(dataOf(wide.lines)).toMatchObject({ retransmittedPackets: 0, verdict: 'healthy' });
    expect(wide.stderr).toContain('101 records out of order, put back in the order of time');
  });

  it('are taken as they stand with --reorder-window 0', async () => {
    const { lines, stderr } = await diagnosed(capture, '--reorder-window', '0');
    expect(dataOf(lines).retransmittedPackets).toBe(100);
    expect(stderr).not.toContain('out of order');
  });
});

type Tunnel = (id: number, frame: Uint8Array) => Uint8Array;

const outer = (protocol: number, payload: Uint8Array): Uint8Array =>
  ethernet(ipv4({ source: '172.16.0.1', destination: '172.16.0.2', protocol }, payload));
const octets = (...parts: (readonly number[] | Uint8Array)[]) =>
  Uint8Array.from(parts.flatMap((part) => [...part]));
const u16 = (value: number) => [value >> 8, value & 0xff];

/** Tunnels around a frame, by RFC 7348, RFC 8926, RFC 2890 and 3GPP TS 29.281. */
const TUNNELS: Record<'vxlan' | 'geneve' | 'gre' | 'gtpu', Tunnel> = {
  vxlan: (id, frame) => outer(17, udp(5000, 4789, octets([8, 0, 0, 0, 0, 0, id, 0], frame))),
  geneve: (id, frame) => outer(17, udp(5000, 6081, octets([0, 0, 0x65, 0x58, 0, 0, id, 0], frame))),
  gre: (id, frame) => outer(47, octets([0x20, 0, 0x65, 0x58, 0, 0, 0, id], frame)),
  gtpu: (id, frame) => {
    const packet = withHeaderChecksum(frame.subarray(14));
    return outer(17, udp(2152, 2152, octets([0x30, 0xff, ...u16(packet.length), 0, 0, 0, id], packet)));
  },
};

/** The transfer in a tunnel. @param idOf by the side that sends */
function inTunnel(tunnel: Tunnel, idOf: (from: Segment['from']) => number, laterMs = 0): CapturedFrame[] {
  return transfer().map((segment) => {
    const { frame, timeNs } = segmentFrame({ ...segment, ms: segment.ms + laterMs }, CONNECTION);
    return { frame: tunnel(idOf(segment.from), frame as Uint8Array), timeNs };
  });
}

const byTime = (a: CapturedFrame, b: CapturedFrame) => Number(a.timeNs - b.timeNs);

describe('transfers in tunnels', () => {
  it.each(['vxlan', 'geneve', 'gre'] as const)(
    'of two ids of %s are two, though their addresses are the same',
    async (name) => {
      const frames = [1, 2].flatMap((id) => inTunnel(TUNNELS[name], () => id, id));
      const file = written(`${name}.pcap`, pcapFile(frames.sort(byTime), { nanoseconds: true }));
      const { lines } = await diagnosed(file, '--decapsulate', 'all');
      expect(directions(lines)).toEqual([TRANSFER[0], TRANSFER[0], TRANSFER[1], TRANSFER[1]]);
      for (const { roundTripTimeMs } of lines) expect(roundTripTimeMs.mean).toBeCloseTo(24, 5);
    },
  );

  it('whose directions have ids of their own are one', async () => {
    const frames = inTunnel(TUNNELS.gtpu, (from) => (from === 'client' ? 1 : 2));
    const file = written('gtpu.pcap', pcapFile(frames, { nanoseconds: true }));
    const { lines } = await diagnosed(file, '--decapsulate', 'all');
    expect(lines).toHaveLength(2);
    expect(directions(lines)).toEqual(TRANSFER);
    // Asked for by name, every tunnel is in the key: neither half has a round trip.
    const apart = await diagnosed(file, '--decapsulate', 'all', '--flow-key', 'tunnel');
    expect(apart.lines.map(({ roundTripTimeMs }) => roundTripTimeMs.mean)).toEqual([null, null]);
  });

  it('of which one direction alone is in the tunnel are one', async () => {
    const plain = transfer().map((segment) => segmentFrame(segment, CONNECTION));
    const gre: Tunnel = (_, frame) => outer(47, octets([0, 0, 0x65, 0x58], frame));
    const frames = inTunnel(gre, () => 0).map((one, i) =>
      transfer()[i]!.from === 'client' ? one : plain[i]!,
    );
    const file = written('one-way.pcap', pcapFile(frames, { nanoseconds: true }));
    const { lines } = await diagnosed(file, '--decapsulate', 'all');
    expect(directions(lines)).toEqual(TRANSFER);
  });
});

describe('transfers that differ by a part of --flow-key', () => {
  const macs = (id: number, { frame, timeNs }: CapturedFrame): CapturedFrame => {
    const changed = Uint8Array.from(frame as Uint8Array);
    changed[0] = 2 * id;
    changed[6] = 2 * id;
    return { frame: changed, timeNs };
  };
  const label = (id: number, { frame, timeNs }: CapturedFrame): CapturedFrame => {
    const plain = frame as Uint8Array;
    return {
      frame: octets(
        plain.subarray(0, 12),
        [0x88, 0x47, 0, 0, (id << 4) | 1, 64],
        withHeaderChecksum(plain.subarray(14)),
      ),
      timeNs,
    };
  };

  it.each([
    ['mac', macs],
    ['mpls', label],
  ] as const)('%s are two with it, one without', async (part, change) => {
    const frames = [1, 2].flatMap((id) =>
      transfer().map((segment) => change(id, segmentFrame({ ...segment, ms: segment.ms + id }, CONNECTION))),
    );
    const file = written(`${part}.pcap`, pcapFile(frames.sort(byTime), { nanoseconds: true }));
    const apart = await diagnosed(file, '--flow-key', part);
    expect(directions(apart.lines)).toEqual([TRANSFER[0], TRANSFER[0], TRANSFER[1], TRANSFER[1]]);
    const together = await diagnosed(file);
    expect(together.lines).toHaveLength(2);
  });
});
