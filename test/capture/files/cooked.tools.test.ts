/** Interfaces and directions of Linux cooked captures, packets by packet, against tshark. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CaptureContext } from '../../../src/capture/files/capture-format.ts';
import { createPacketBatch } from '../../../src/records/packet-batch.ts';
import { runFlowtap } from '../../cli/flowtap.ts';
import { PCAPS_FOLDER } from '../../support/captures.ts';
import { describeWithTools } from '../../support/tools.ts';
import { readFields } from '../../support/tshark.ts';

const SLL2 = join(PCAPS_FOLDER, 'any-sll2.pcap');
const SLL = join(PCAPS_FOLDER, 'any-sll.pcap');

/** Packets of each direction of each flow, with `place` of it. */
function countsOf(rows: readonly (readonly [place: string, key: string, packets: number])[]) {
  const counts = new Map<string, number>();
  for (const [place, key, packets] of rows) {
    if (packets > 0) counts.set(`${place} ${key}`, (counts.get(`${place} ${key}`) ?? 0) + packets);
  }
  return Object.fromEntries([...counts].sort());
}

function flowtapRows(file: string, flags: readonly string[], placeOf: (ingress: number) => string) {
  const { out, code } = runFlowtap(['replay', file, '-q', '-o', 'json', ...flags]);
  expect(code).toBe(0);
  return countsOf(
    out
      .trim()
      .split('\n')
      .flatMap((line) => {
        const flow = JSON.parse(line);
        const ports = [flow.sourceTransportPort, flow.destinationTransportPort];
        const place = placeOf(flow.ingressInterface);
        return [
          [place, ports.join(' '), flow.packetDeltaCount] as const,
          [place, ports.toReversed().join(' '), flow.reversePacketDeltaCount ?? 0] as const,
        ];
      }),
  );
}

describeWithTools(['tshark'], 'Linux cooked captures', () => {
  const tsharkRows = (file: string, field: string, placeOf: (value: string) => string) =>
    countsOf(
      readFields(file, [field, 'tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport']).map((row) => {
        const ports = ['srcport', 'dstport'].map((end) => (row[`tcp.${end}`]![0] ?? row[`udp.${end}`]![0])!);
        return [placeOf(row[field]![0]!), ports.join(' '), 1] as const;
      }),
    );

  it('SLL2: each interface is an observation point, with the number that the kernel gave it', () => {
    const expected = tsharkRows(SLL2, 'sll.ifindex', String);
    expect(Object.keys(expected).length).toBe(7);
    expect(flowtapRows(SLL2, [], String)).toEqual(expected);
    expect(flowtapRows(SLL2, ['--workers', '2'], String)).toEqual(expected);
  });

  it('SLL2: no-interface joins them again', () => {
    const expected = tsharkRows(SLL2, 'sll.ifindex', () => 'any');
    expect(flowtapRows(SLL2, ['--flow-key', 'no-interface'], () => 'any')).toEqual(expected);
  });

  it('SLL: outgoing packets are flows of their own on demand', () => {
    const together = tsharkRows(SLL, 'sll.pkttype', () => 'any');
    expect(flowtapRows(SLL, [], () => 'any')).toEqual(together);
    const apart = tsharkRows(SLL, 'sll.pkttype', (type) => (type === '4' ? 'out' : 'in'));
    const placeOf = (ingress: number) => (ingress === 1 ? 'in' : 'out');
    expect(flowtapRows(SLL, ['--flow-key', 'direction'], placeOf)).toEqual(apart);
  });
});

describe('interfaces of a Linux cooked capture', () => {
  const cooked = (ifIndexes: readonly number[], captured = 20) => {
    const batch = createPacketBatch(ifIndexes.length);
    batch.view = new DataView(new ArrayBuffer(20 * ifIndexes.length));
    for (const [i, ifIndex] of ifIndexes.entries()) {
      batch.frameOffset[i] = 20 * i;
      batch.capturedLength[i] = captured;
      batch.view.setUint32(20 * i + 4, ifIndex);
    }
    batch.count = ifIndexes.length;
    return batch;
  };
  const described = { name: 'any', linkType: 276, snapLength: 0 };

  it('have the kernel’s number up to 4,096, and never share one with another interface', () => {
    const context = new CaptureContext();
    const ethernet = context.intern(0, { name: 'eth0', linkType: 1, snapLength: 0 });
    const own = context.intern(1, described);
    const batch = cooked([5, 1, 5, 4096, 4_000_000_000, 2]);
    batch.interfaceIndex.fill(own);
    context.cooked!.apply(batch, 0);
    const [five, one, again, last, large, two] = batch.interfaceIndex;
    expect([five, again, last, two]).toEqual([4, 4, 4095, 1]);
    // Number 1 is Ethernet's, and beyond the limit numbers are the next ones of the capture.
    expect([one, large]).toEqual([5, 4096]);
    expect(new Set([ethernet, five, one, last, large, two]).size).toBe(6);
    expect(context.interfaces.filter(({ linkType }) => linkType === 1)).toEqual([context.interfaces[0]]);
    expect(context.interfaces.slice(1).every(({ name, linkType }) => name === '' && linkType === 276)).toBe(
      true,
    );
  });

  it('are no more than an index can tell, however many a hostile capture names', () => {
    const context = new CaptureContext();
    const own = context.intern(0, described);
    const batch = cooked(Array.from({ length: 1000 }, (_, i) => i));
    for (let turn = 0; turn < 100; turn++) {
      batch.interfaceIndex.fill(own);
      for (let i = 0; i < 1000; i++) batch.view.setUint32(20 * i + 4, 0x10000 + turn * 1000 + i);
      context.cooked!.apply(batch, 0);
    }
    expect(context.interfaces.length).toBe(0xffff);
    expect(batch.interfaceIndex[999]).toBe(0xfffe);
  });

  it('are not looked for in a header that was cut', () => {
    const context = new CaptureContext();
    const own = context.intern(0, described);
    const batch = cooked([7], 19);
    batch.interfaceIndex[0] = own;
    context.cooked!.apply(batch, 0);
    expect(batch.interfaceIndex[0]).toBe(own);
  });
});
