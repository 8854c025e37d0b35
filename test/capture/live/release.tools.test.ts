/** Rings of threads that died are freed once, and nothing else under their numbers is. On the loopback interface. */
import { closeSync, fstatSync, openSync, readlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RingCapture } from '../../../src/capture/live/ring-capture.ts';
import { releaseRing } from '../../../src/sys/packet-socket.ts';
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
