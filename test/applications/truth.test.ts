/** Payload inspection of real captures against facts that others found. Deviations are listed with their reason. */
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { differences, truthFiles, truths } from '../support/applications-truth.ts';
import { describeWithCaptures } from '../support/captures.ts';
import { inspectCapture } from '../support/inspect-capture.ts';

interface Deviation {
  readonly why: string;
  readonly found: readonly string[];
}

const DEVIATIONS: Readonly<Record<string, Deviation>> = {
  'ndpi-anyconnect-vpn.pcap': {
    why: 'the first question of the flow; nDPI tells that of a later packet (tshark: frames 96 and 208)',
    found: [
      'UDP [fe80::408:3e45:3abc:1552]:5353 > [ff02::fb]:5353: host name _raop._tcp.local is _companion-link._tcp.local',
      'UDP 10.0.0.213:5353 > 224.0.0.251:5353: host name _raop._tcp.local is _companion-link._tcp.local',
    ],
  },
  'ndpi-smtp-starttls.pcap': {
    why: 'names of mail servers by their greetings are not read',
    found: [
      'TCP 10.0.0.1:57406 > 173.194.68.26:25: host name mx.google.com is undefined',
      'TCP [2003:de:2016:125:fc36:8317:4e86:cb72]:7562 > [2003:de:2016:120::a08:53]:25 vlan=125: host name dovecot.weberlab.de is undefined',
    ],
  },
  'ndpi-tls_certificate_too_long.pcap': {
    why: 'the first question of the flow; nDPI tells that of a later packet (tshark: frames 12 and 13)',
    found: [
      'UDP 192.168.1.121:52251 > 8.8.8.8:53: host name 60.21.149.52.in-addr.arpa is 121.1.168.192.in-addr.arpa',
    ],
  },
};

describeWithCaptures(truthFiles, 'what others found in the same captures', () => {
  it.each(truthFiles.map((file) => [basename(file), file]))('%s', async (name, file) => {
    const found = differences(await inspectCapture(file), truths[name]!);
    expect(found).toEqual(DEVIATIONS[name]?.found ?? []);
  });
});
