/** Announcements while no record comes: a collector that was started meanwhile need not wait for the next flow. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createCollectorExporter } from '../../../src/export/collector/collector-options.ts';
import { MessageArena } from '../../../src/export/transport/message-arena.ts';
import { CONFIG, collector } from '../exporter-support.ts';
import { flowsAt } from '../files/sink-support.ts';
import { CollectingTransport } from '../transport/collecting-transport.ts';

const REFRESH_MS = 300;
/** Set ids of templates: RFC 7011 §3.3.2 and RFC 3954 §5.2. */
const CASES = [
  ['ipfix', 16, 2],
  ['netflow9', 20, 0],
] as const;

function make(protocol: 'ipfix' | 'netflow9', isReliable = false) {
  const arena = new MessageArena(1400);
  const transport = new CollectingTransport(arena);
  const to = collector(protocol, { templateRefreshMs: REFRESH_MS });
  const exporter = createCollectorExporter(arena, transport, CONFIG, to, isReliable);
  const take = () => transport.messages.splice(0);
  return { exporter, take };
}

const firstSet = (message: Uint8Array, at: number) => Buffer.from(message).readUInt16BE(at);

describe.each(CASES)('%s on a quiet link', (protocol, setAt, templateSet) => {
  it('has its templates again when they are due, once', async () => {
    const { exporter, take } = make(protocol);
    await exporter.exportBatch(flowsAt(1, 3));
    exporter.flush();
    take();
    exporter.flush();
    expect(take()).toEqual([]);
    for (let i = 0; i < 2; i++) {
      await delay(REFRESH_MS + 20);
      exporter.flush();
      expect(firstSet(take()[0]!, setAt)).toBe(templateSet);
      exporter.flush();
      expect(take()).toEqual([]);
    }
  });

  it('has none before its first record', async () => {
    const { exporter, take } = make(protocol);
    await delay(REFRESH_MS + 20);
    exporter.flush();
    expect(take()).toEqual([]);
  });

  it('is told the interfaces that appear', async () => {
    const { exporter, take } = make(protocol);
    await exporter.exportBatch(flowsAt(1, 3));
    exporter.flush();
    take();
    exporter.setInterfaces([{ ifIndex: 3, name: 'late0', description: 'late0' }]);
    exporter.flush();
    expect(Buffer.concat(take()).includes('late0')).toBe(true);
  });
});
