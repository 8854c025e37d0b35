/**
 * Every packet of the real captures, field by field against tshark's dissection. `expected` writes down how one's terms
 * translate into the other's; nothing else may differ.
 * - A frame may hold several packets (tunnels, ICMP errors quoting their cause): tshark's first ones are the outer ones,
 *   which is what is metered without decapsulation.
 * - ipv6.nxt is the fixed header's; the protocol is the last extension header's (IE 4 protocolIdentifier).
 * - A later fragment has no ports, though tshark may find some in its payload.
 * - Ports of IGMP: type << 8.
 */
import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { beginsAsCapture, describeWithCaptures, sharedCaptures } from '../support/captures.ts';
import { requireTools } from '../support/tools.ts';
import { type Decoded, decodeOne } from './decode-support.ts';
import { readCapture } from './read-capture.ts';

const files = sharedCaptures('real').filter(beginsAsCapture);

const FIELDS = [
  'frame.protocols',
  'ip.version',
  'ip.src',
  'ip.dst',
  'ip.proto',
  'ip.len',
  'ip.ttl',
  'ip.dsfield',
  'ip.flags.df',
  'ip.flags.mf',
  'ip.frag_offset',
  'ip.id',
  'ipv6.src',
  'ipv6.dst',
  'ipv6.plen',
  'ipv6.hlim',
  'ipv6.tclass',
  'ipv6.flow',
  'ipv6.nxt',
  'ipv6.hopopts.nxt',
  'ipv6.dstopts.nxt',
  'ipv6.routing.nxt',
  'ipv6.fraghdr.nxt',
  'ah.next_header',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.flags',
  'udp.srcport',
  'udp.dstport',
  'sctp.srcport',
  'sctp.dstport',
  'icmp.type',
  'icmp.code',
  'icmpv6.type',
  'icmpv6.code',
  'igmp.type',
  'vlan.id',
  'vlan.priority',
  'frame.len',
] as const;
type Row = Record<(typeof FIELDS)[number], string>;

/** tshark's fields of each frame: the first occurrence, which is the outer packet's. No reassembly, no port guessing. */
function dissect(path: string): Row[] {
  const options = ['-n', '-r', path, '-T', 'fields', '-E', 'occurrence=f', '-E', 'separator=\t'];
  const preferences = ['ip.defragment:FALSE', 'ipv6.defragment:FALSE', 'tcp.desegment_tcp_streams:FALSE'];
  const args = [
    ...options,
    ...preferences.flatMap((preference) => ['-o', preference]),
    ...FIELDS.flatMap((field) => ['-e', field]),
  ];
  const run = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.error !== undefined) throw run.error;
  return run.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const values = line.split('\t');
      return Object.fromEntries(FIELDS.map((field, index) => [field, values[index] ?? ''])) as Row;
    });
}

/** Headers that the capture wrote and no wire had, by tshark's name: https://www.tcpdump.org/linktypes.html. */
const CAPTURE_HEADER_OCTETS: Readonly<Record<string, number>> = { sll: 16 };

/** What tshark saw, in the decoder's terms; undefined where it saw no IP. */
function expected(row: Row): Record<string, string | number> | undefined {
  const protocols = row['frame.protocols'].split(':');
  const ipAt = protocols.findIndex((name) => name === 'ip' || name === 'ipv6');
  const version = ipAt < 0 ? 0 : protocols[ipAt] === 'ip' ? 4 : 6;
  if (version === 0) return undefined;
  // The layer right behind IP is the one whose ports are the flow's; anything later is quoted or tunnelled.
  const transport = protocols.slice(ipAt + 1).find((name) => !name.startsWith('ipv6.'));
  const number = (text: string): number => Number(text === '' ? 0 : text);
  let sourcePort = 0;
  let destinationPort = 0;
  let controlBits = 0;
  const later = version === 4 && number(row['ip.frag_offset']) !== 0;
  if (transport === 'tcp') {
    sourcePort = number(row['tcp.srcport']);
    destinationPort = number(row['tcp.dstport']);
    controlBits = number(row['tcp.flags']);
  } else if (transport === 'udp') {
    sourcePort = number(row['udp.srcport']);
    destinationPort = number(row['udp.dstport']);
  } else if (transport === 'sctp') {
    sourcePort = number(row['sctp.srcport']);
    destinationPort = number(row['sctp.dstport']);
  } else if (transport === 'icmp') {
    destinationPort = (number(row['icmp.type']) << 8) | number(row['icmp.code']);
  } else if (transport === 'icmpv6') {
    destinationPort = (number(row['icmpv6.type']) << 8) | number(row['icmpv6.code']);
  } else if (transport === 'igmp') {
    destinationPort = number(row['igmp.type']) << 8;
  }
  const ports = later
    ? { sourcePort: 0, destinationPort: 0, controlBits: 0 }
    : { sourcePort, destinationPort, controlBits };
  const link = {
    vlanId: number(row['vlan.id']),
    priority: number(row['vlan.priority']),
    frameOctets: number(row['frame.len']) - (CAPTURE_HEADER_OCTETS[protocols[0]!] ?? 0),
  };
  if (version === 4) {
    return {
      ...ports,
      ...link,
      version,
      source: row['ip.src'],
      destination: row['ip.dst'],
      protocol: number(row['ip.proto']),
      ipOctets: number(row['ip.len']),
      ttl: number(row['ip.ttl']),
      tos: number(row['ip.dsfield']),
      flowLabel: 0,
    };
  }
  return {
    ...ports,
    ...link,
    version,
    source: row['ipv6.src'],
    destination: row['ipv6.dst'],
    protocol: number(row[lastHeader(protocols, ipAt)]),
    ipOctets: number(row['ipv6.plen']) + 40,
    ttl: number(row['ipv6.hlim']),
    tos: number(row['ipv6.tclass']),
    flowLabel: number(row['ipv6.flow']),
  };
}

/** The field that names the upper layer: of the last header of the IPv6 chain behind layer `at`. */
function lastHeader(protocols: string[], at: number): (typeof FIELDS)[number] {
  let field: (typeof FIELDS)[number] = 'ipv6.nxt';
  for (const name of protocols.slice(at + 1)) {
    const next = name === 'ah' ? 'ah.next_header' : `${name}.nxt`;
    if (!FIELDS.includes(next as never)) break;
    field = next as (typeof FIELDS)[number];
  }
  return field;
}

describeWithCaptures(
  files,
  'real captures, each packet against tshark',
  () => {
    for (const file of files) {
      it(basename(file), () => {
        const rows = dissect(file);
        const frames = readCapture(file);
        expect(frames.length).toBe(rows.length);
        expect(rows.length).toBeGreaterThan(0);
        const differences: unknown[] = [];
        for (const [index, frame] of frames.entries()) {
          const { packet, reason } = decodeOne(frame.bytes, {
            linkType: frame.linkType,
            wire: frame.wireLength,
          });
          const want = expected(rows[index]!);
          const got = pick(packet, want);
          if (JSON.stringify(got) !== JSON.stringify(want)) {
            differences.push({
              frame: index + 1,
              protocols: rows[index]!['frame.protocols'],
              reason,
              got,
              want,
            });
          }
        }
        expect(differences.slice(0, 3)).toEqual([]);
      });
    }
  },
  requireTools('real captures', 'tshark'),
);

function pick(packet: Decoded | undefined, want: object | undefined): object | undefined {
  if (packet === undefined) return undefined;
  if (want === undefined) return packet;
  return Object.fromEntries(Object.keys(want).map((key) => [key, packet[key as keyof Decoded]]));
}
