/**
 * A second opinion on real captures: tshark's `tcp.analysis`. Where the two differ, the reason stands here, and the test
 * fails if the difference goes away or changes. tshark's figures of all connections of a capture are added up, and ours.
 */
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import type { DirectionHealth } from '../../../src/records/path-health-figures.ts';
import { describeWithCaptures, sharedCaptures } from '../../support/captures.ts';
import { runPipeline } from '../../support/pipeline.ts';
import { requireTools } from '../../support/tools.ts';
import { type FieldRow, readFields } from '../../support/tshark.ts';

interface Figures {
  /** Retransmissions and out-of-order segments together: tshark tells them apart by other rules. */
  readonly again: number;
  readonly keepAlives: number;
  readonly duplicateAcks: number;
  /** Sum of round trips of handshakes, in µs, rounded to ten. */
  readonly initialRtt: number;
}

const DUPLICATE_ACKS =
  'tshark counts repeated ACKs with nothing outstanding (RFC 5681 §2 asks for that), and DSACKs';
const HANDSHAKE =
  'a handshake with a repeated SYN or SYN/ACK, whose times tshark takes from the first of them';

/** Ours less tshark's, and why. */
const EXPLAINED: Readonly<Record<string, readonly [Partial<Figures>, string]>> = {
  'ndpi-afp.pcap': [{ duplicateAcks: -4 }, DUPLICATE_ACKS],
  'ndpi-anyconnect-vpn.pcap': [
    { again: -1, keepAlives: 2, duplicateAcks: -4 },
    'two FINs sent again one number before the next',
  ],
  'ndpi-hpvirtgrp.pcap': [{ duplicateAcks: -4, initialRtt: -6400 }, DUPLICATE_ACKS],
  'ndpi-nest_log_sink.pcap': [
    { keepAlives: 1, duplicateAcks: -4 },
    'a keep-alive in the middle of a connection',
  ],
  'ndpi-ocs.pcap': [{ initialRtt: -838_400 }, HANDSHAKE],
  'ndpi-s7comm-plus.pcap': [
    { again: 1, duplicateAcks: -1, initialRtt: -920 },
    'a mirror port that delivers twice',
  ],
  'ndpi-tls_certificate_too_long.pcap': [{ duplicateAcks: -4 }, DUPLICATE_ACKS],
  'ndpi-tls_long_cert.pcap': [{ duplicateAcks: -1 }, DUPLICATE_ACKS],
  'ndpi-tls_port_80.pcapng': [{ initialRtt: -7_455_650 }, HANDSHAKE],
  'ndpi-whois.pcapng': [{ initialRtt: -222_940 }, HANDSHAKE],
};

const FIELDS = [
  'tcp.stream',
  'tcp.analysis.retransmission',
  'tcp.analysis.out_of_order',
  'tcp.analysis.keep_alive',
  'tcp.analysis.duplicate_ack',
  'tcp.analysis.initial_rtt',
];

function tsharkFigures(file: string): Figures | undefined {
  let rows: FieldRow[];
  try {
    rows = readFields(file, FIELDS, { arguments: ['-Y', 'tcp and not icmp'] });
  } catch {
    return undefined;
  }
  if (rows.length === 0) return undefined;
  const count = (field: string) => rows.filter((row) => row[field]!.length > 0).length;
  const timed = rows.filter((row) => row['tcp.analysis.initial_rtt']!.length > 0);
  const byStream = new Map(
    timed.map((row) => [row['tcp.stream']![0], Number(row['tcp.analysis.initial_rtt']![0])]),
  );
  return {
    again: count('tcp.analysis.retransmission') + count('tcp.analysis.out_of_order'),
    keepAlives: count('tcp.analysis.keep_alive'),
    duplicateAcks: count('tcp.analysis.duplicate_ack'),
    initialRtt: 10 * Math.round([...byStream.values()].reduce((sum, rtt) => sum + rtt, 0) * 1e5),
  };
}

async function ourFigures(file: string): Promise<Figures> {
  const { flows } = await runPipeline([file], {
    health: 'on',
    idleTimeoutMs: 3_600_000,
    activeTimeoutMs: 36_000_000,
  });
  const healths = flows.flatMap(({ health }) => (health?.isTcp ? [health] : []));
  const directions = healths.flatMap(({ forward, reverse }) => [forward, reverse]);
  const sum = (value: (one: DirectionHealth) => number) =>
    directions.reduce((total, one) => total + (Number.isNaN(value(one)) ? 0 : value(one)), 0);
  const handshakes = healths.map((one) => one.handshakeServerMs + one.handshakeClientMs);
  return {
    again: sum((one) => one.retransmittedSegments + one.outOfOrderSegments + one.mirrorDuplicates),
    keepAlives: sum((one) => one.keepAlives),
    duplicateAcks: sum((one) => one.duplicateAcks),
    initialRtt:
      10 * Math.round(handshakes.reduce((total, ms) => total + (Number.isNaN(ms) ? 0 : ms), 0) * 100),
  };
}

const NONE: Figures = { again: 0, keepAlives: 0, duplicateAcks: 0, initialRtt: 0 };
/** Captures without a difference; most others have no retransmission, and tshark takes a second to start. */
const ALIKE = [
  'ipfixprobe-rtsp.pcap',
  'ndpi-ethereum.pcap',
  'ndpi-ipp.pcap',
  'ndpi-dropbox.pcap',
  'ndpi-443-safari.pcap',
];
const CHOSEN = new Set([...Object.keys(EXPLAINED), ...ALIKE]);
const files = sharedCaptures('real').filter((file) => CHOSEN.has(basename(file)));

describeWithCaptures(
  files,
  'path health of real captures',
  () => {
    it('agrees with tshark, or differs as explained', async () => {
      const differences: Record<string, unknown> = {};
      let compared = 0;
      for (const file of files) {
        const theirs = tsharkFigures(file);
        if (theirs === undefined) continue;
        compared++;
        const ours = await ourFigures(file);
        const name = basename(file);
        const [explained] = EXPLAINED[name] ?? [{}];
        const found = Object.fromEntries(
          Object.keys(NONE).map((key) => [key, ours[key as keyof Figures] - theirs[key as keyof Figures]]),
        );
        const expected = { ...NONE, ...explained };
        const isAsExpected = Object.entries(expected).every(
          ([key, value]) => Math.abs(found[key]! - value) <= (key === 'initialRtt' ? 10 : 0),
        );
        if (!isAsExpected) differences[name] = found;
      }
      expect(differences).toEqual({});
      expect(compared).toBeGreaterThan(files.length / 2);
    }, 300_000);
  },
  requireTools('path health against tshark', 'tshark'),
);
