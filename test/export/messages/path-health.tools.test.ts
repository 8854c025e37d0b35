/** Path health on the wire: tshark reads ntop's numbers. */
import { expect, it } from 'vitest';
import { vendorNames } from '../../../src/ie/elements-vendor.ts';
import { describeWithTools } from '../../support/tools.ts';
import { CONFIG, collector, exportAll } from '../exporter-support.ts';
import { tshark } from './outside-tools.ts';
import { healthFlow } from './path-health-record.ts';

describeWithTools(['tshark'], 'path health, as tshark reads it', () => {
  it('is read under ntop’s numbers, in IPFIX and in NetFlow v9', async () => {
    const { record } = await healthFlow();
    for (const protocol of ['ipfix', 'netflow9'] as const) {
      const names = vendorNames('nprobe');
      const template = { ipv4: names, ipv6: names };
      const { messages } = await exportAll([record], collector(protocol), { ...CONFIG, template });
      const fields = [
        'retransmitted_in_pkts',
        'retransmitted_out_pkts',
        'tcp_win_mss_in',
        'tcp_win_scale_in',
        'client_nw_latency_ms',
      ];
      const text = tshark(messages, [
        '-T',
        'fields',
        ...fields.flatMap((field) => ['-e', `cflow.pie.ntop.${field}`]),
      ]);
      const rows = text
        .split('\n')
        .map((line) => line.split('\t'))
        .filter(([first]) => first);
      expect(rows).toEqual([['1,0', '0,1', '1460,1460', '7,7', '2,2']]);
    }
  });
});
