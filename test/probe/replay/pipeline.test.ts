/**
 * The stages together: nothing is lost without a counter, whatever the input; and how input is cut into windows,
 * batches and workers' shares changes nothing.
 */
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capturesIn, describeWithCaptures, PCAPS_FOLDER, sharedCaptures } from '../../support/captures.ts';
import type { TestFlow } from '../../support/flows.ts';
import { runPipeline } from '../../support/pipeline.ts';
import { replayCaptures } from '../../support/replay-batches.ts';

const OWN = capturesIn(PCAPS_FOLDER);
const REAL = sharedCaptures('real');
const HOSTILE = sharedCaptures('hostile');

/**
 * Octets of the headers that systems, capture cards and routers put before frames: read, and in no frame. Of a link type
 * (https://www.tcpdump.org/linktypes.html: LINUX_SLL, IPNET, LINUX_SLL2) before each packet that is metered, and of a
 * capture in all, where its link types have different ones (`make_links` of pcaps/make.py).
 */
const HEADER_OCTETS: Readonly<Record<number, number>> = { 113: 16, 226: 24, 276: 20 };
const HEADER_OCTETS_OF: Readonly<Record<string, number>> = { 'links.pcapng': 124 };

const lines = (flows: readonly TestFlow[]) => flows.map((flow) => JSON.stringify(flow)).sort();

const packetsOf = (flows: readonly TestFlow[]) =>
  flows.reduce((total, { forward, reverse }) => total + forward.packets + reverse.packets, 0);

function conservation(files: readonly string[]): void {
  it('conserve packets and octets: read = exported + refused', async () => {
    for (const file of files) {
      const { flows, read, metered, refused, linkTypes } = await runPipeline([file], {
        flowTableEntries: 16,
      });
      const packets = flows.reduce(
        (total, { forward, reverse }) => total + forward.packets + reverse.packets,
        0,
      );
      const octets = flows.reduce(
        (total, { forward, reverse }) => total + forward.octets + reverse.octets,
        0,
      );
      expect({ file, packets, octets }).toEqual({ file, packets: metered.packets, octets: metered.octets });
      expect({ file, packets: metered.packets + refused.packets }).toEqual({ file, packets: read.packets });
      const each = linkTypes.length === 1 ? (HEADER_OCTETS[linkTypes[0]!] ?? 0) : 0;
      const headers = HEADER_OCTETS_OF[basename(file)] ?? each * metered.packets;
      const octetsFound = metered.frameOctets + refused.octets + headers;
      expect({ file, octets: octetsFound }).toEqual({ file, octets: read.octets });
    }
  });

  it('give the same flows wherever their frames lie', async () => {
    for (const file of files) {
      const inside = await runPipeline([file], { flowTableEntries: 16, keepsLink: true });
      const outside = await runPipeline([file], {
        flowTableEntries: 16,
        keepsLink: true,
        framesOutside: true,
        windowOctets: 100_000,
      });
      expect(outside.flows).toEqual(inside.flows);
    }
  });

  it('give the same flows and errors however they are cut', async () => {
    for (const file of files) {
      const whole = await runPipeline([file]);
      const chopped = await runPipeline([file], { batchCapacity: 3, windowOctets: 100, readOctets: 7 });
      expect(lines(chopped.flows)).toEqual(lines(whole.flows));
      expect(chopped.errors).toEqual(whole.errors);
    }
  });

  it('give the same flows to a replay, which takes a shorter way', async () => {
    for (const file of files) {
      const { flows, errors, read } = await runPipeline([file], { flowTableEntries: 16, keepsLink: true });
      for (const capacity of [1, 1024]) {
        const replayed = await replayCaptures([file], { flowTableEntries: 16, capacity });
        expect(replayed).toMatchObject({ flows, errors, read, untold: 0 });
      }
    }
    const all = await replayCaptures(files);
    expect([all.flows.length > 0, all.untold]).toEqual([true, 0]);
  });

  it('give the same flows by that way where MAC addresses, labels and tunnels are in the key', async () => {
    const key = { mac: true, mpls: true, tunnel: true };
    let direct = 0;
    for (const file of files) {
      const options = { flowTableEntries: 16, key, encapsulation: true };
      const { flows, errors, read } = await replayCaptures([file], { ...options, capacity: 1 });
      const { directBatches, ...replayed } = await replayCaptures([file], options);
      expect(replayed).toMatchObject({ flows, errors, read, untold: 0 });
      direct += directBatches;
    }
    expect(direct).toBeGreaterThan(0);
  });

  it('give every worker of a replay its share and the times of all, and the first one counts what was read', async () => {
    for (const file of files) {
      const { flows, firstNs, lastNs, read } = await replayCaptures([file]);
      const none = { packets: 0, octets: 0 };
      const packets: number[] = [];
      for (const worker of [0, 1]) {
        const share = await replayCaptures([file], { worker, workers: 2 });
        expect(share).toMatchObject({ firstNs, lastNs, read: worker === 0 ? read : none, untold: 0 });
        packets.push(packetsOf(share.flows));
      }
      expect(packets[0]! + packets[1]!).toBe(packetsOf(flows));
    }
  });

  it('give the same flows to any number of workers', async () => {
    for (const file of files) {
      const whole = await runPipeline([file]);
      const shares = await Promise.all(
        [0, 1, 2].map((worker) => runPipeline([file], { worker, workers: 3 })),
      );
      const metered = shares.reduce((total, share) => total + share.metered.packets, 0);
      expect(metered).toBe(whole.metered.packets);
      // Which of several flows a late packet goes to depends on what else a worker sees; how much there is does not.
      const keys = (flows: readonly TestFlow[]) => {
        const totals = new Map<string, number>();
        for (const { key, forward, reverse } of flows) {
          totals.set(key, (totals.get(key) ?? 0) + forward.packets + reverse.packets);
        }
        return [...totals].sort(([a], [b]) => (a < b ? -1 : 1));
      };
      expect(keys(shares.flatMap(({ flows }) => flows))).toEqual(keys(whole.flows));
    }
  });
}

describe('our own captures', () => conservation(OWN));
describeWithCaptures(REAL, 'real captures', () => conservation(REAL));
describeWithCaptures(HOSTILE, 'hostile captures', () => conservation(HOSTILE));
