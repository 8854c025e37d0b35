/** IPv6 extension headers as IE 64 and IE 515 number them. */
import { describe, expect, it } from 'vitest';
import { extensionHeadersComplete, extensionHeadersFull } from '../../src/ie/extension-bits.ts';
import { FlowText } from '../../src/ie/flow-text.ts';
import { CONFIG, collector, exportAll } from '../export/exporter-support.ts';
import { ipv6, recordBatch, type TestFlow } from '../export/records.ts';

const flow = (extensionHeaders: number): TestFlow => ({
  source: ipv6('fd00:0:0:0:0:0:0:1'),
  destination: ipv6('fd00:0:0:0:0:0:0:2'),
  ipVersion: 6,
  protocol: 17,
  ports: [1, 2],
  forward: { packets: 1, octets: 100, firstNs: 0, lastNs: 0, extensionHeaders },
});
// Destination options, fragment (first), ESP with its unknown upper layer, as the decoder notes them.
const SEEN = (1 << 0) | (1 << 4) | (1 << 13) | (1 << 3);
const NAMES = ['ipv6ExtensionHeaders', 'ipv6ExtensionHeadersFull:4', 'ipv6ExtensionHeadersLimit'];

describe('ipv6ExtensionHeadersFull', () => {
  it('has the numbers of RFC 9740', () => {
    expect(extensionHeadersFull(SEEN)).toBe((1 << 0) | (1 << 4) | (1 << 8) | (1 << 3));
    expect(extensionHeadersFull((1 << 12) | (1 << 14) | (1 << 16))).toBe((1 << 7) | (1 << 9) | (1 << 2));
    expect(extensionHeadersComplete(SEEN)).toBe(1);
    expect(extensionHeadersComplete(SEEN | (1 << 21))).toBe(2);
  });

  it('goes out beside the older element, reduced in size, and as text', async () => {
    const template = { ipv4: ['protocolIdentifier'], ipv6: NAMES };
    const batch = recordBatch([flow(SEEN), flow(SEEN | (1 << 21))]);
    const { messages } = await exportAll([batch], collector('ipfix', { optionsData: 'none' }), {
      ...CONFIG,
      template,
    });
    const octets = Buffer.from(messages.at(-1)!).toString('hex');
    expect(octets).toContain('0000201900000119' + '01');
    expect(octets).toContain('0000201900000119' + '02');
    const values = { observationDomainId: 1, ingressInterface: 'auto', egressInterface: 0 } as const;
    const text = new FlowText({ form: 'json', template, biflow: false, values }).batch(batch).toString();
    expect(text.split('\n')[0]).toBe(
      '{"ipv6ExtensionHeaders":8217,"ipv6ExtensionHeadersFull":281,"ipv6ExtensionHeadersLimit":true}',
    );
  });
});
