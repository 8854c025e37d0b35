/** The screen of `flowtap top`: it fits, says what is lost, and obeys nothing that comes from elsewhere. */
import { describe, expect, it } from 'vitest';
import type { FlowObject } from '../../src/control/flow-objects.ts';
import type { Look } from '../../src/top/look.ts';
import { plainText, screenLines } from '../../src/top/screen.ts';
import { firstState } from '../../src/top/state.ts';

const flow = (port: number, changes: Partial<FlowObject> = {}): FlowObject => ({
  interface: 'eth1',
  sourceIPv4Address: '192.0.2.1',
  destinationIPv4Address: '198.51.100.7',
  sourceTransportPort: port,
  destinationTransportPort: 443,
  protocolIdentifier: 6,
  protocolName: 'TCP',
  octetDeltaCount: 1000,
  reverseOctetDeltaCount: 500,
  packetDeltaCount: 10,
  reversePacketDeltaCount: 5,
  ageMilliseconds: 61_000,
  idleMilliseconds: 0,
  bitsPerSecond: 1e6,
  reverseBitsPerSecond: 5e5,
  verdict: 'loss-limited',
  roundTripTimeMs: { min: 1, mean: 12.34, max: 20 },
  lostPackets: 3,
  ...changes,
});

const look = (changes: Partial<Look> = {}): Look => ({
  title: 'flowtap 1.2.3',
  nowMs: 10_000,
  interfaces: [{ name: 'eth1', isUp: true, packets: 1000, octets: 1e6, droppedPackets: 0, activeFlows: 40 }],
  losses: [],
  flows: Array.from({ length: 40 }, (_, i) => flow(1000 + i)),
  isComplete: true,
  isOver: false,
  ...changes,
});
const state = firstState({ sort: 'rate', filter: '' });
const textOf = (lines: readonly { readonly text: string }[]) => lines.map(({ text }) => text).join('\n');

describe('a screen', () => {
  it('is never larger than the terminal', () => {
    for (const columns of [1, 20, 40, 60, 79, 80, 100, 132, 300]) {
      for (const rows of [1, 2, 5, 6, 24, 60]) {
        for (const isHelp of [false, true]) {
          const lines = screenLines({ ...state, isHelp }, look(), undefined, { columns, rows });
          expect(lines.length).toBeLessThanOrEqual(rows);
          for (const { text } of lines) expect(text.length).toBeLessThanOrEqual(columns);
        }
      }
    }
  });

  it('lets the least important columns go first', () => {
    const head = (columns: number) =>
      screenLines(state, look(), undefined, { columns, rows: 24 })
        .find(({ style }) => style === 'head')!
        .text.trim()
        .split(/ {2,}/);
    const gone: string[] = [];
    let shown = head(300);
    expect(shown).toHaveLength(11);
    for (let columns = 300; shown.length > 3; columns--) {
      const left = head(columns);
      gone.push(...shown.filter((title) => !left.includes(title)));
      shown = left;
    }
    expect(gone).toEqual(['Interface', 'Age', 'Packets', 'Lost', 'RTT ms', 'Octets', 'Proto', 'Verdict']);
    expect(shown).toEqual(['Initiator', 'Responder', 'bit/s']);
  });

  it('tells rates since the look before', () => {
    const before = look({
      nowMs: 8000,
      interfaces: [{ ...look().interfaces[0]!, packets: 800, octets: 900_000 }],
    });
    expect(textOf(screenLines(state, look(), before, { columns: 120, rows: 24 }))).toContain(
      '100 packets/s  400 k bit/s  40 flows',
    );
  });

  it('says one flow, not one flows', () => {
    const interfaces = [{ ...look().interfaces[0]!, activeFlows: 1, packets: 1 }];
    const text = textOf(screenLines(state, look({ interfaces }), undefined, { columns: 120, rows: 24 }));
    expect(text).toContain('1 flow  1 packet  0 lost');
  });

  it('has the flows that the scrolling leaves, up to the last one', () => {
    const shown = (offset: number) => {
      const text = textOf(screenLines({ ...state, offset }, look(), undefined, { columns: 120, rows: 16 }));
      return [...text.matchAll(/:(1\d\d\d) /g)].map(([, port]) => Number(port));
    };
    expect(shown(0)).toEqual(Array.from({ length: 10 }, (_, i) => 1000 + i));
    expect(shown(5)[0]).toBe(1005);
    expect(shown(1000)).toEqual(Array.from({ length: 10 }, (_, i) => 1030 + i));
  });

  it('shows losses, and interfaces that are down', () => {
    const losses = ['eth1: 12 packets were dropped; raise live.ring.blocks', 'a', 'b', 'c'];
    const interfaces = [{ ...look().interfaces[0]!, isUp: false }];
    const lines = screenLines(state, look({ losses, interfaces }), undefined, { columns: 120, rows: 24 });
    const alarms = lines.filter(({ style }) => style === 'alarm').map(({ text }) => text);
    expect(alarms).toEqual([expect.stringContaining('eth1  DOWN'), losses[0], 'a', 'b']);
    expect(textOf(lines)).toContain('… and 1 more');
  });

  it('says unknown figures as unknown', () => {
    const unknown = flow(1, { roundTripTimeMs: { min: Number.NaN, mean: Number.NaN, max: Number.NaN } });
    expect(plainText(state, look({ flows: [unknown] }), undefined)).toMatch(/ 15 +– +3 /);
  });

  it('obeys no name that comes from elsewhere', () => {
    const name = '\x1b[2Jeth\u202e1\r\n';
    const hostile = look({
      title: name,
      losses: [name],
      interfaces: [{ ...look().interfaces[0]!, name }],
      flows: [flow(1, { interface: name, verdict: name })],
    });
    const message = { ...state, message: name, question: { ...state.question, filter: name } };
    for (const one of [state, message]) {
      const text = textOf(screenLines(one, hostile, undefined, { columns: 200, rows: 24 }));
      expect(text).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
    }
  });
});
