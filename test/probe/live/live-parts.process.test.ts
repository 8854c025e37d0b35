/** The parts of a live probe by themselves: plan, losses over time, interface counters, what a reload may change. */

import { describe, expect, it } from 'vitest';
import { createDecodeCounters } from '../../../src/decode/counters.ts';
import { OTHER_ETHER_TYPE } from '../../../src/decode/reasons.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { METERED_PACKETS } from '../../../src/metering/table/counters.ts';
import { createHashSeeds } from '../../../src/metering/table/flow-key.ts';
import { FlowTable, flowTableOctets, tableOctets } from '../../../src/metering/table/flow-table.ts';
import { balanceOf } from '../../../src/metrics/balance.ts';
import { asLogLines } from '../../../src/output/summary-sections.ts';
import * as run from '../../../src/probe/counters.ts';
import {
  PACKETS_LEFT_OUT,
  PACKETS_PAUSED,
  PACKETS_READ,
  PACKETS_UNSELECTED,
  runCounters,
} from '../../../src/probe/counters.ts';
import { InterfaceLosses } from '../../../src/probe/live/interfaces.ts';
import { type Loss, LossWatcher, lossesOf } from '../../../src/probe/live/losses.ts';
import { planLive, workersPerInterface } from '../../../src/probe/live/plan.ts';
import { compareConfigs } from '../../../src/probe/live/reload.ts';
import { liveSummary } from '../../../src/probe/live/summary.ts';
import { NUMBERS_EVER_TOLD, ToldNumbers } from '../../../src/probe/live/told-numbers.ts';
import { WorkerCounters, type WorkerIdentity } from '../../../src/probe/live/totals.ts';
import { meteringStatistics } from '../../../src/probe/statistics.ts';
import { NO_SECTIONS } from '../../../src/records/record-sections.ts';
import { collectorState, liveState, workerState } from '../../metrics/states.ts';
import { keptLog, liveConfig } from './live-support.ts';

const identityOf = (name: string, members: readonly string[] = []): WorkerIdentity => ({
  interface: name,
  ring: 0,
  members,
  capacity: 1,
  tableOctets: 1,
  queueCapacity: 1,
});

describe('workers', () => {
  it.each([
    [8, ['a'], {}, 7],
    [8, ['a', 'b'], {}, 3],
    [2, ['a', 'b'], {}, 1],
    [1, ['a'], {}, 1],
    [128, ['a'], {}, 16],
    [8, ['a'], { 'live.capture': 'libpcap' }, 1],
    [8, ['a'], { 'decode.decapsulate': ['gre'] }, 1],
    [2, ['a'], { 'live.workers': 5 }, 5],
  ])('of %d cores for %j with %j: %d', (cores, interfaces, options, workers) => {
    const config = liveConfig({ 'live.workers': 'auto', 'live.interfaces': interfaces, ...options });
    expect(workersPerInterface(config, cores)).toBe(workers);
  });

  it('of one interface share a fanout group, and a single one has none', () => {
    const machine = { cores: 4, pid: 70_000 };
    const config = liveConfig({ 'live.interfaces': ['a', 'b'], 'live.workers': 2 });
    const groups = planLive(config, NO_SECTIONS, machine).workers.map(
      ({ data }) => data.capture.fanoutGroup!,
    );
    expect(groups[0]).toBe(groups[1]);
    expect(groups[2]).toBe(groups[3]);
    expect(groups[0]).not.toBe(groups[2]);
    for (const group of groups) expect(group > 0 && group < 65_536).toBe(true);
    const single = planLive(liveConfig(), NO_SECTIONS, machine);
    expect(single.workers.map(({ data }) => data.capture.fanoutGroup)).toEqual([undefined]);
  });

  it.each([
    ['auto', false, false],
    ['auto', true, true],
    ['on', false, true],
    ['off', true, false],
  ])('with waitForInterfaces %s, as a service %s: wait %s', (wanted, isService, waits) => {
    const config = liveConfig({ 'live.waitForInterfaces': wanted });
    const [worker] = planLive(config, NO_SECTIONS, { cores: 4, pid: 1, isService }).workers;
    expect(worker!.data.capture.waitForInterface).toBe(waits);
  });

  it('take the memory that the configuration says', () => {
    const config = liveConfig({
      'live.workers': 3,
      'live.ring.blocks': 8,
      'metering.flowTableEntries': 1000,
    });
    const plan = planLive(config, NO_SECTIONS, { cores: 4, pid: 1 });
    expect(plan.ringOctets).toBe(8 * 2 ** 20);
    // Entry, link details, wheel, end of TCP; the index is the next power of two above twice the flows.
    expect(plan.tableOctets).toBe(1000 * (192 + 16 + 8 + 8) + 2048 * 4);
    expect(plan.totalOctets).toBe(3 * (plan.ringOctets + plan.tableOctets + plan.queueOctets));
    // Hot words, eight lines, a rare block, a wide histogram, PDM, ICMP; and a line, a block and a histogram of nobody's.
    expect(plan.healthOctetsMax).toBe(1000 * (128 + 8 * 64 + 640 + 384 + 256 + 64) + 64 + 640 + 384);
    const withoutHealth = liveConfig({ 'metering.pathHealth': 'off' });
    expect(planLive(withoutHealth, NO_SECTIONS, { cores: 4, pid: 1 }).healthOctetsMax).toBe(0);
    const libpcap = liveConfig({ 'live.capture': 'libpcap' });
    expect(planLive(libpcap, NO_SECTIONS, { cores: 4, pid: 1 }).ringOctets).toBe(0);
  });
});

describe('the memory of a flow table', () => {
  it.each([
    { capacity: 1000, keyExtension: false, encapsulation: false, health: 'off' },
    { capacity: 1000, keyExtension: true, encapsulation: true, health: 'off' },
    { capacity: 4096, keyExtension: false, encapsulation: false, health: 'on' },
  ] as const)('is what its arrays take: %j', (options) => {
    const engine = createEngine(tableOctets(options.capacity));
    const table = new FlowTable({ ...options, seeds: createHashSeeds(), engine });
    const { words, index, link, schedule, keyExtension, encapsulation } = table;
    const { hot, lines, loss, wide, pdm, icmp } = table.health ?? {};
    const arrays = [words, index, link, schedule, keyExtension, encapsulation];
    const taken = [...arrays, hot, lines, loss, wide, pdm, icmp].map((array) => array?.byteLength ?? 0);
    expect(flowTableOctets(options)).toBe(taken.reduce((sum, one) => sum + one, 0));
  });
});

describe('a loss', () => {
  const loss = (count: number): Loss => ({
    key: 'ring eth0/0',
    subject: 'eth0',
    count,
    what: 'packets lost',
    remedy: 'raise it',
    level: 'warning',
  });

  it('is told when it starts, each minute while it lasts, and when it is over', () => {
    const { log, lines } = keptLog();
    const watcher = new LossWatcher(log);
    const look = (count: number, seconds: number) => watcher.look([loss(count)], seconds * 1000);
    look(0, 0);
    look(0, 1);
    expect(lines).toEqual([]);
    look(5, 2);
    expect(lines.splice(0)).toEqual(['flowtap: warning: eth0: 5 packets lost; raise it total=5']);
    for (let second = 3; second < 62; second++) look(5 + second, second);
    expect(lines).toEqual([]);
    look(100, 62);
    expect(lines.splice(0)).toEqual([
      'flowtap: warning: eth0: 100 packets lost in 60 s, and it goes on; raise it total=100',
    ]);
    look(101, 63);
    for (let second = 64; second < 73; second++) look(101, second);
    expect(lines).toEqual([]);
    look(101, 73);
    expect(lines.splice(0)).toEqual(['flowtap: info: eth0: over: 101 packets lost, within 61 s total=101']);
    look(102, 100);
    expect(lines).toEqual(['flowtap: warning: eth0: 1 packet lost; raise it total=102']);
  });

  it('of every kind names its place and its remedy', () => {
    const state = liveState({ collectors: [collectorState('ipfix://h:1', { collectorDrops: 4 })] });
    const losses = lossesOf(state, liveConfig());
    const texts = losses
      .filter(({ count }) => count > 0)
      .map(({ subject, what, remedy }) => `${subject}: ${what}; ${remedy}`);
    for (const part of [
      'eth0: packets lost before the ring, says rx_missed_errors of the interface; the card had no room: enlarge its rings (ethtool -G eth0',
      'eth0: packets lost, the ring was full; raise live.ring.blocks (--ring-blocks), now 64',
      'eth0: flow records lost, the exporting process is behind; raise export.rate',
      'eth0: flows exported early, the flow table was full; raise metering.flowTableEntries (--flow-table-entries), now 262144',
      'eth0: packets lost with a worker that died',
      'eth0: packets not metered: ipv4Truncated; raise live.snapLength (--snap-length), now auto',
      "ipfix://h:1: refusals by the collector's host: econnrefused; nothing listens on that port",
      'ipfix://h:1: messages not sent: enobufs; the network interface is behind',
      "ipfix://h:1: messages dropped by the collector's socket; enlarge its buffer (sysctl net.core.rmem_max)",
    ]) {
      expect(
        texts.some((text) => text.startsWith(part)),
        `${part}\n${texts.join('\n')}`,
      ).toBe(true);
    }
    expect(losses.some(({ what }) => what.includes('rx_fifo_errors'))).toBe(false);
    expect(losses.some(({ what }) => what.includes('arp'))).toBe(false);
  });
});

describe('the account', () => {
  it('counts super-packets as their segments, and says when it does not balance', () => {
    const worker = workerState('eth0', 0);
    const balance = balanceOf({ workers: [worker] });
    // 1000 read, 154 segments more than super-packets, 13 dropped by the ring, 19 lost in faulty blocks.
    expect(balance).toEqual({
      offered: 1000 + 154 + 13 + 19,
      refused: 100,
      unselected: 12,
      paused: 0,
      lost: 13 + 19 + 44 + 45,
      inRecords: 1000,
      rest: 1000 + 154 - 100 - 12 - 44 - 45 - 1000,
    });
    const lines = asLogLines(liveSummary(liveState({ workers: [worker], isStopping: true }), liveConfig()));
    expect(lines).toContain('Packets: -47 packets unaccounted for: a defect of flowtap, please report it');
  });

  it('has what the kernel’s sampling left out among the offered and the not selected', () => {
    const known = workerState('eth0', 0);
    const worker = { ...known, capture: { ...known.capture, leftOut: 7000 } };
    const [before, after] = [known, worker].map((one) => balanceOf({ workers: [one] }));
    expect(after).toEqual({
      ...before,
      offered: before!.offered + 7000,
      unselected: before!.unselected + 7000,
    });
  });

  it('has packets of a pause under a count of their own', () => {
    const known = workerState('eth0', 0);
    const worker = { ...known, capture: { ...known.capture, paused: 300 } };
    const [before, after] = [known, worker].map((one) => balanceOf({ workers: [one] }));
    expect(after).toEqual({ ...before, paused: 300, rest: before!.rest - 300 });
    expect(asLogLines(liveSummary(liveState({ workers: [worker] }), liveConfig())).join('\n')).toContain(
      '12 not selected + 300 left out while paused + ',
    );
  });

  it('takes drops that are not known for none, and says that they are not', () => {
    const known = workerState('eth0', 0);
    const worker = { ...known, capture: { ...known.capture, ringDrops: Number.NaN } };
    expect(balanceOf({ workers: [worker] }).offered).toBe(1000 + 154 + 19);
    expect(asLogLines(liveSummary(liveState({ workers: [worker] }), liveConfig()))[1]).toBe(
      'Captured: eth0: 1,000 packets, 640,000 octets, drops unknown',
    );
  });
});

describe('EtherTypes that are told', () => {
  const counted = (packetsOf: Readonly<Record<number, number>>) => {
    const counters = createDecodeCounters();
    for (const [etherType, packets] of Object.entries(packetsOf)) {
      counters.packetsByEtherType[Number(etherType)] = packets;
      counters.packetsByReason[OTHER_ETHER_TYPE]! += packets;
    }
    return counters;
  };

  it('are the ten most frequent, with their names', () => {
    const counters = counted(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [0x8900 + i, 100 - i])));
    const rows = new ToldNumbers().of(OTHER_ETHER_TYPE, [counters, counted({ 35074: 1000 })]);
    expect(rows.map(({ number }) => number - 0x8900)).toEqual([2, 0, 1, 3, 4, 5, 6, 7, 8, 9]);
    expect(rows[0]).toEqual({ number: 0x8902, name: '0x8902 (CFM)', packets: 1098 });
    expect(rows[1]!.name).toBe('0x8900');
  });

  it('stay told when others get more frequent, and are so few that metrics may have them', () => {
    const told = new ToldNumbers();
    const counts: Record<number, number> = {};
    let before = new Map<number, number>();
    for (let etherType = 0x7000; etherType < 0x7064; etherType++) {
      counts[etherType] = etherType;
      const rows = told.of(OTHER_ETHER_TYPE, [counted(counts)]);
      const now = new Map(rows.map(({ number, packets }) => [number, packets]));
      for (const [number, packets] of before) expect(now.get(number)).toBeGreaterThanOrEqual(packets);
      before = now;
    }
    expect(before.size).toBe(NUMBERS_EVER_TOLD);
  });

  it('go on after a worker died, and are in the summary', () => {
    const counters = new WorkerCounters();
    for (let life = 0; life < 2; life++) {
      const { decode } = counters.renew();
      decode.packetsByEtherType[0x9000] = 3;
      decode.packetsByReason[OTHER_ETHER_TYPE] = 3;
    }
    const identity = identityOf('eth0');
    const worker = counters.state(identity, { isRunning: true, ringOctets: 0, queueBatches: 0 });
    const lines = asLogLines(liveSummary(liveState({ workers: [worker] }), liveConfig()));
    expect(lines).toContain('Refused:     6  0x9000 (loopback test)');
  });
});

describe('a pause', () => {
  it('goes on when a worker that died is started again', () => {
    const counters = new WorkerCounters();
    expect(counters.renew().capture[run.PAUSE_REQUESTED]).toBe(0);
    counters.current.capture[run.PAUSE_REQUESTED] = 1;
    expect(counters.renew().capture[run.PAUSE_REQUESTED]).toBe(1);
  });
});

describe('interfaces of a group', () => {
  it('go on counting after a worker died, and are in the summary', () => {
    const counters = new WorkerCounters();
    for (let life = 0; life < 2; life++) {
      const { capture } = counters.renew();
      capture[run.PACKETS_READ] = 7;
      capture.set([3, 300, 1, 4, 400, 0], run.MEMBERS);
      capture.set([run.MEMBER_UP, run.MEMBER_GONE], run.MEMBER_STATES);
    }
    const identity = identityOf('tap', ['eth1', 'eth2']);
    const worker = counters.state(identity, { isRunning: true, ringOctets: 0, queueBatches: 0 });
    expect(worker.members).toEqual([
      { interface: 'eth1', packets: 6, octets: 600, isThere: true, isUp: 1, reopened: 2 },
      { interface: 'eth2', packets: 8, octets: 800, isThere: false, isUp: 0, reopened: 0 },
    ]);
    const lines = asLogLines(liveSummary(liveState({ workers: [worker] }), liveConfig()));
    expect(lines).toContain('Captured: tap: 14 packets (eth1 6, eth2 8), 0 octets, 0 dropped by the ring');
  });

  it('have one plan: a ring for each worker, the group as its observation point', () => {
    const config = liveConfig({ 'live.interfaces': ['eth0', 'tap=eth1/eth2'], 'live.workers': 2 });
    const plans = planLive(config, NO_SECTIONS, { cores: 8, pid: 1 }).workers.map(({ data }) => data.capture);
    expect(
      plans.map(({ interface: name, members, interfaceIndex }) => [name, members, interfaceIndex]),
    ).toEqual([...Array(2).fill(['eth0', undefined, 0]), ...Array(2).fill(['tap', ['eth1', 'eth2'], 1])]);
    expect(new Set(plans.map(({ fanoutGroup }) => fanoutGroup)).size).toBe(2);
  });
});

describe('counters of an interface', () => {
  it('only grow, also when another interface takes its name, and are unknown while they were never read', () => {
    let now = { rx_dropped: 100, rx_missed_errors: 5, rx_fifo_errors: Number.NaN };
    const traffic = () => ({ rx_packets: 0, tx_packets: 0 });
    const losses = new InterfaceLosses('eth0', { read: { losses: () => now, traffic } });
    expect(losses.counts()).toEqual({ rx_dropped: 0, rx_missed_errors: 0, rx_fifo_errors: Number.NaN });
    now = { ...now, rx_dropped: 130 };
    expect(losses.counts().rx_dropped).toBe(30);
    now = { rx_dropped: Number.NaN, rx_missed_errors: Number.NaN, rx_fifo_errors: Number.NaN };
    expect(losses.counts().rx_dropped).toBe(30);
    now = { rx_dropped: 7, rx_missed_errors: 6, rx_fifo_errors: Number.NaN };
    expect(losses.counts()).toEqual({ rx_dropped: 37, rx_missed_errors: 1, rx_fifo_errors: Number.NaN });
  });
});

describe('what rx_dropped counts', () => {
  const watched = (outgoing = false) => {
    const now = { rx_dropped: 10, rx_packets: 1000, tx_packets: 500 };
    const read = {
      losses: () => ({ rx_dropped: now.rx_dropped, rx_missed_errors: 0, rx_fifo_errors: 0 }),
      traffic: () => now,
    };
    return { now, losses: new InterfaceLosses('eth0', { outgoing, read }) };
  };

  it('is no loss where the ring has seen every packet of the interface', () => {
    const { now, losses } = watched();
    losses.opened(0);
    Object.assign(now, { rx_dropped: 110, rx_packets: 1100 });
    expect(losses.unseen(0, 0)).toBe(0);
    expect(losses.unseen(100, 1000)).toBe(0);
    expect(losses.counts().rx_dropped).toBe(100);
  });

  it('is one as far as packets are missing in the ring, and once the workers have had time to count them', () => {
    const { now, losses } = watched();
    losses.opened(0);
    Object.assign(now, { rx_dropped: 110, rx_packets: 1200 });
    losses.unseen(0, 0);
    expect(losses.unseen(0, 900)).toBe(0);
    expect(losses.unseen(170, 1000)).toBe(30);
    Object.assign(now, { rx_dropped: 110, rx_packets: 5000 });
    losses.unseen(4000, 2000);
    expect(losses.unseen(3970, 3000)).toBe(30);
    // Never more than the counter says: others are told elsewhere, as those of the ring.
    expect(losses.unseen(0, 4000)).toBe(100);
  });

  it('begins with the ring, is not known with a filter, and ends with the stop', () => {
    const { now, losses } = watched();
    Object.assign(now, { rx_dropped: 60, rx_packets: 1050 });
    losses.opened(0);
    expect(losses.unseen(Number.NaN, 0)).toBeNaN();
    Object.assign(now, { rx_dropped: 70, rx_packets: 1090 });
    losses.freeze();
    Object.assign(now, { rx_dropped: 5000, rx_packets: 9000 });
    expect(losses.unseen(40, 1)).toBe(0);
    expect(losses.unseen(33, 1)).toBe(7);
  });

  it('is compared with what is sent, too, where the ring sees that', () => {
    const { now, losses } = watched(true);
    losses.opened(0);
    Object.assign(now, { rx_dropped: 110, rx_packets: 1100, tx_packets: 600 });
    losses.unseen(0, 0);
    expect(losses.unseen(200, 1000)).toBe(0);
    expect(losses.unseen(140, 2000)).toBe(60);
  });
});

describe('a new configuration', () => {
  it('is taken over where that loses nothing; the rest keeps its values', () => {
    const before = liveConfig({}, ['ipfix://h']);
    const after = liveConfig(
      { 'live.snapLength': 512, 'metering.activeTimeout': 30_000, biflow: true, 'log.format': 'plain' },
      ['ipfix://h?rate=9'],
    );
    const { applied, needRestart, parts, effective } = compareConfigs(before, after);
    expect(applied).toEqual(['metering.activeTimeout', 'biflow', 'log.format', 'exporters']);
    expect([...parts].sort()).toEqual(['exporting', 'log', 'metering']);
    expect(needRestart).toEqual(['live.snapLength']);
    expect(effective.live.snapLength).toBe('auto');
    expect(effective.metering.activeTimeoutMs).toBe(30_000);
    expect(after.live.snapLength).toBe(512);
  });

  it('does not mind what concerns replays alone', () => {
    const { applied, needRestart } = compareConfigs(liveConfig(), liveConfig({ 'replay.top': 7 }));
    expect([applied, needRestart]).toEqual([[], []]);
  });
});

describe('what collectors are told of selection', () => {
  const told = (fill: (capture: Float64Array) => void) => {
    const counters = runCounters();
    fill(counters.capture);
    counters.metering[METERED_PACKETS] = 1000;
    return meteringStatistics(() => [counters])();
  };

  it('has nothing of a pause in it', () => {
    const paused = told((capture) => {
      capture[PACKETS_READ] = 1000;
      capture[PACKETS_PAUSED] = 400;
    });
    expect(paused.observedPackets).toBeNaN();
    const both = told((capture) => {
      capture[PACKETS_READ] = 8400;
      capture[PACKETS_PAUSED] = 400;
      capture[PACKETS_UNSELECTED] = 7000;
    });
    expect(both.observedPackets).toBe(8000);
  });

  it('is the same whether the kernel or the worker sampled', () => {
    const byWorker = told((capture) => {
      capture[PACKETS_READ] = 8000;
      capture[PACKETS_UNSELECTED] = 7000;
    });
    const byKernel = told((capture) => {
      capture[PACKETS_READ] = 1000;
      capture[PACKETS_LEFT_OUT] = 7000;
    });
    expect(byWorker).toMatchObject({ observedPackets: 8000, selectedPackets: 1000 });
    expect(byKernel).toEqual(byWorker);
    expect(told((capture) => capture.fill(0)).observedPackets).toBeNaN();
  });
});
