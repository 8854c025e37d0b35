/**
 * tshark says of applications in real captures what test/golden/applications.jsonl has of them: of a few captures, one at least
 * of each protocol. This writes the file, of all captures, with
 *
 *     FLOWTAP_UPDATE_GOLDEN=1 npx vitest run test/golden/applications.tools.test.ts
 */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { beginsAsCapture, describeWithCaptures, sharedCaptures } from '../support/captures.ts';
import { STORED_APPLICATIONS, storedApplications } from '../support/stored-applications.ts';
import { requireTools } from '../support/tools.ts';
import { applicationsByTshark } from '../support/tshark-applications.ts';

const isUpdating = process.env.FLOWTAP_UPDATE_GOLDEN === '1';
const TOLD_AGAIN: ReadonlySet<string> = new Set([
  ...['ndpi-anyconnect-vpn.pcap', 'ndpi-conncheck.pcap', 'ndpi-dns_fragmented.pcap', 'ndpi-firefox.pcap'],
  ...['ndpi-ssh_unidirectional.pcap', 'ndpi-quic-v2.pcapng', 'ndpi-dtls_old_version.pcapng'],
]);
const captures = sharedCaptures('real').filter(beginsAsCapture);
const files = captures.filter((file) => TOLD_AGAIN.has(basename(file)));

describeWithCaptures(
  files,
  'tshark says what is stored of',
  () => {
    if (isUpdating) {
      const lines = captures.flatMap(applicationsByTshark).map((flow) => `${JSON.stringify(flow)}\n`);
      writeFileSync(STORED_APPLICATIONS, lines.join(''));
    }
    const stored = storedApplications();
    it.each(files.map((file) => [basename(file), file]))('%s', (name, file) => {
      expect(applicationsByTshark(file)).toEqual(stored.filter(({ capture }) => capture === name));
    });
  },
  requireTools('values by tshark', 'tshark'),
);
