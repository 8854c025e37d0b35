/** Rings of threads that died are freed once, and nothing else under their numbers is. On the loopback interface. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { RingCapture } from '../../../src/capture/live/ring-capture.ts';
import { allocateRing } from '../../../src/capture/live/ring-socket.ts';
import { createLiveBatch } from '../../../src/capture/live-batch.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { addressOf } from '../../../src/sys/koffi.ts';
import { EINVAL } from '../../../src/sys/linux-constants.ts';
import { PacketSocket, releaseRing } from '../../../src/sys/packet-socket.ts';
import { describeInLab } from '../../lab/lab.ts';

const OPTIONS = {
  capture: 'ring',
  interface: 'lo',
  interfaceIndex: 0,
  blockOctets: 4096,
  blocks: 4,
  blockTimeoutMs: 10,
  snapLength: 64,
  promiscuous: false,
  outgoing: false,
} as const;

const open = (descriptor: number) => {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
};

describeInLab([], 'the ring of a thread that died', () => {
  it('is freed, and a second time does nothing', () => {
    const { handles } = new RingCapture(OPTIONS, 0);
    expect(open(handles.descriptor)).toBe(handles.socket);
    releaseRing(handles);
    expect(open(handles.descriptor)).not.toBe(handles.socket);
    releaseRing(handles);
  });

  it('is left alone where the thread had given it back, and its numbers are others’', () => {
    const first = new RingCapture(OPTIONS, 0);
    first.close();
    const { descriptor } = first.handles;
    const files: number[] = [];
    while (!files.includes(descriptor)) files.push(openSync('/dev/null', 'r'));
    // Its memory may be mapped at the same address.
    const second = new RingCapture(OPTIONS, 0);
    releaseRing(first.handles);
    expect(fstatSync(descriptor).isCharacterDevice()).toBe(true);
    expect(second.blocksUsed()).toBe(0);
    second.close();
    for (const file of files) closeSync(file);
  });
});

/** Pages of an engine's memory for the ring of OPTIONS, and what is mapped there (proc_pid_maps(5)). */
function ringMemory() {
  const octets = OPTIONS.blocks * OPTIONS.blockOctets;
  const memory = { ...createEngine(octets).allocatePages(octets), octets };
  const address = addressOf(new Uint8Array(memory.buffer)) + BigInt(memory.byteOffset);
  const mapped = () =>
    readFileSync('/proc/self/maps', 'latin1')
      .split('\n')
      .filter((line) => {
        const [from, to] = line.split(/[- ]/, 2).map((place) => BigInt(`0x${place || '0'}`));
        return from! <= address && address < to!;
      })
      .map((line) => /socket:\[\d+\]$/.exec(line)?.[0] ?? 'memory');
  const octetsThere = new Uint8Array(memory.buffer, memory.byteOffset, octets);
  return { memory, address, mapped, octets: octetsThere };
}

/** Fails where the pages cannot be written, or are not zero. */
function expectMemory(octets: Uint8Array): void {
  expect(octets.every((octet) => octet === 0)).toBe(true);
  octets.fill(7);
  expect(octets.every((octet) => octet === 7)).toBe(true);
}

describeInLab([], 'the ring in the memory of an engine', () => {
  it('lies there while the capture is open, and is memory again behind it, time after time', () => {
    const { memory, address, mapped, octets } = ringMemory();
    expect(mapped()).toEqual(['memory']);
    for (let time = 0; time < 3; time++) {
      const capture = new RingCapture(OPTIONS, 0, memory);
      const { handles } = capture;
      expect(capture.placeFault).toBeUndefined();
      expect([handles.address, handles.isInPlace]).toEqual([address, true]);
      expect(mapped()).toEqual([handles.socket]);
      capture.close();
      expect(mapped()).toEqual(['memory']);
      expect(open(handles.descriptor)).not.toBe(handles.socket);
      expectMemory(octets);
    }
  });

  it('is memory again where a thread that died had it', () => {
    const { memory, mapped, octets } = ringMemory();
    const { handles } = new RingCapture(OPTIONS, 0, memory);
    releaseRing(handles);
    expect(mapped()).toEqual(['memory']);
    expect(open(handles.descriptor)).not.toBe(handles.socket);
    expectMemory(octets);
    releaseRing(handles);
    expect(octets.every((octet) => octet === 7)).toBe(true);
  });

  it('is memory again where the system refuses', () => {
    const { address, mapped, octets } = ringMemory();
    octets.fill(1);
    const socket = new PacketSocket('lo');
    allocateRing(socket, OPTIONS);
    // Only the whole of a ring can be mapped.
    expect(socket.mapInPlace(address, octets.length / 2)).toBe(EINVAL);
    expect(mapped()).toEqual(['memory']);
    expectMemory(octets.subarray(0, octets.length / 2));
    socket.close();
  });

  it('is read elsewhere where it cannot lie there, which the capture says', () => {
    const { memory, mapped } = ringMemory();
    const refused = vi.spyOn(PacketSocket.prototype, 'mapInPlace').mockReturnValue(EINVAL);
    const capture = new RingCapture(OPTIONS, 0, memory);
    refused.mockRestore();
    expect(capture.placeFault).toBe(`mmap failed with error number ${EINVAL}`);
    expect(capture.handles.isInPlace).toBe(false);
    expect(mapped()).toEqual(['memory']);
    expect(capture.blocksUsed()).toBe(0);
    capture.close();
  });

  it('is copied there block by block where it has no room, with the same packets', async () => {
    const receiver = createSocket('udp4');
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const { port } = receiver.address();
    const options = { ...OPTIONS, blocks: 64, outgoing: true, filter: `udp dst port ${port}` };
    const engine = createEngine(65 * 65_536);
    const [whole, block] = [64 * 4096, 4096].map((octets) => ({ ...engine.allocatePages(octets), octets }));
    const captures = [new RingCapture(options, 0, whole), new RingCapture(options, 0, block)];
    expect(captures.map(({ placeFault }) => placeFault)).toEqual([
      undefined,
      'a ring of 262144 octets has no room beside the flow table',
    ]);
    const batch = createLiveBatch(16);
    const read: string[][] = [[], []];
    const drain = () => {
      for (const [i, capture] of captures.entries()) {
        while (capture.readBatch(batch) > 0) {
          expect(batch.view.buffer).toBe(engine.buffer);
          for (let p = 0; p < batch.count; p++) {
            const from = batch.view.byteOffset + batch.frameOffset[p]!;
            const frame = Buffer.from(engine.buffer, from, batch.capturedLength[p]!);
            read[i]!.push(`${batch.timeNs[p]} ${batch.wireLength[p]} ${frame.toString('hex')}`);
          }
        }
      }
    };
    // Each comes twice: going out, and coming in. More blocks than there are pass by.
    const [packets, together] = [4000, 40];
    for (let sent = 0; sent < packets; sent += together) {
      for (let i = sent; i < sent + together; i++) receiver.send(`packet ${i}`, port, '127.0.0.1');
      for (
        let tries = 0;
        tries < 1000 && read.some(({ length }) => length < 2 * (sent + together));
        tries++
      ) {
        await setTimeout(1);
        drain();
      }
    }
    expect(read[0]!.length).toBe(2 * packets);
    // Times are those of each capture.
    const framesOf = (all: readonly string[]) => all.map((packet) => packet.slice(packet.indexOf(' ')));
    expect(framesOf(read[1]!)).toEqual(framesOf(read[0]!));
    for (const capture of captures) {
      expect(capture.faults).toBe(0);
      capture.close();
    }
    receiver.close();
  });
});
