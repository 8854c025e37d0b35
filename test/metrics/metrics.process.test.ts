/** The table of metrics, its text for Prometheus, and the server that hands it out. */
import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/metrics/registry.ts';
import { metricsRoutes } from '../../src/metrics/routes.ts';
import { METRICS } from '../../src/metrics/table.ts';
import { startWebServer, type WebServer } from '../../src/web/server.ts';
import { collectorState, liveState, workerState } from './states.ts';

/** Our own series, one a line, without those of the process and of Node. */
async function series(state = liveState()): Promise<string[]> {
  const { body } = await createMetrics(() => state)();
  return body.split('\n').filter((line) => line.startsWith('flowtap_'));
}

describe('metrics', () => {
  it.each([
    'flowtap_capture_packets_total{interface="eth0",ring="0"} 1000',
    'flowtap_capture_bytes_total{interface="eth0",ring="1"} 640000',
    'flowtap_capture_packets_dropped_total{interface="eth0",ring="0",reason="ring_full"} 13',
    'flowtap_capture_packets_dropped_total{interface="eth0",ring="0",reason="queue_full"} 44',
    'flowtap_capture_packets_dropped_total{interface="eth0",ring="0",reason="worker_lost"} 45',
    'flowtap_interface_lost_packets_total{interface="eth0",counter="rx_missed_errors"} 52',
    'flowtap_capture_packets_truncated_total{interface="eth0",ring="0"} 11',
    'flowtap_capture_ring_blocks_used{interface="eth0",ring="0"} 3',
    'flowtap_capture_last_packet_timestamp_seconds{interface="eth0",ring="0"} 1700000000.25',
    'flowtap_worker_restarts_total{interface="eth0",ring="1"} 2',
    'flowtap_sampling_interval{interface="eth0"} 100',
    // Two workers share the interface.
    'flowtap_decode_packets_total{interface="eth0",result="metered"} 1800',
    'flowtap_decode_packets_total{interface="eth0",result="not_ip"} 136',
    'flowtap_decode_errors_total{interface="eth0",reason="ipv4TooShort"} 40',
    'flowtap_decode_non_ip_packets_total{interface="eth0",protocol="arp"} 120',
    'flowtap_decode_other_ether_type_packets_total{interface="eth0",ether_type="0x8902"} 8',
    'flowtap_decode_other_ether_type_packets_total{interface="eth0",ether_type="0x1234"} 4',
    'flowtap_decode_notices_total{interface="eth0",notice="fragmentFirst"} 36',
    'flowtap_flows_active{interface="eth0",ring="0"} 21',
    'flowtap_flows_expired_total{interface="eth0",ring="0",reason="idle"} 31',
    'flowtap_flows_expired_total{interface="eth0",ring="0",reason="cache_full"} 35',
    'flowtap_flow_cache_evictions_total{interface="eth0",ring="0"} 35',
    'flowtap_flow_fragments_total{interface="eth0",ring="0",result="unmatched"} 42',
    'flowtap_inspection_packets_total{interface="eth0",ring="1"} 61',
    'flowtap_inspections_active{interface="eth0",ring="0"} 62',
    'flowtap_inspection_refused_flows_total{interface="eth0",ring="0",reason="no_inspection"} 63',
    'flowtap_inspection_incomplete_total{interface="eth0",ring="0",reason="limit"} 66',
    'flowtap_dns_names_addresses{interface="eth0",ring="0"} 44',
    'flowtap_dns_names_total{interface="eth0",ring="0",result="unasked"} 46',
    'flowtap_export_records_total{collector="ipfix://192.0.2.1:4739",protocol="ipfix",kind="data"} 300',
    'flowtap_export_errors_total{collector="ipfix://192.0.2.1:4739",protocol="ipfix",reason="enobufs"} 1',
    'flowtap_export_records_dropped_total{collector="ipfix://192.0.2.1:4739",protocol="ipfix",reason="send_failed"} 12',
    'flowtap_export_records_dropped_total{collector="ipfix://192.0.2.1:4739",protocol="ipfix",reason="ipv6_not_exportable"} 3',
    'flowtap_export_pending_records{collector="ipfix://192.0.2.1:4739",protocol="ipfix"} 5',
    `flowtap_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
    'flowtap_ready 1',
    'flowtap_start_time_seconds 1700000000.5',
    'flowtap_config_last_reload_successful 1',
    'flowtap_config_last_reload_success_timestamp_seconds 1700000000.75',
  ])('hold %s', async (line) => expect(await series()).toContain(line));

  it('leave out what is not known, instead of saying 0', async () => {
    const unknown = workerState('eth0', 0);
    const capture = { ...unknown.capture, ringDrops: Number.NaN, lastPacketSeconds: Number.NaN };
    const text = (await series(liveState({ workers: [{ ...unknown, capture }] }))).join('\n');
    expect(text).not.toContain('ring_full');
    expect(text).not.toContain('last_packet_timestamp');
    expect(text).not.toContain('rx_fifo_errors');
    expect(text).not.toContain('collector_drops');
    const known = liveState({ collectors: [collectorState('ipfix://h:1', { collectorDrops: 4 })] });
    expect(await series(known)).toContain(
      'flowtap_export_collector_drops_total{collector="ipfix://h:1",protocol="ipfix"} 4',
    );
  });

  it('are read anew for each scrape, and forget what is no more', async () => {
    let state = liveState();
    const scrape = createMetrics(() => state);
    expect((await scrape()).body).toContain('collector="ipfix://192.0.2.1:4739"');
    state = liveState({ collectors: [], isReady: false });
    const { body } = await scrape();
    expect(body).not.toContain('collector=');
    expect(body).toContain('flowtap_ready 0');
  });

  it('tell of the process and of Node, too', async () => {
    const { body } = await createMetrics(() => liveState())();
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(body).toMatch(/^nodejs_eventloop_lag_seconds /m);
  });

  it('are named as Prometheus wants it', () => {
    for (const { name, type, labels, help } of METRICS) {
      expect(name).toMatch(/^flowtap_[a-z0-9]+(_[a-z0-9]+)*$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
      expect(labels).not.toContain('type');
    }
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
  });
});

describe('the metrics server', () => {
  let server: WebServer | undefined;
  afterEach(() => server?.close());
  let faults: string[] = [];
  const serve = async (listen = '127.0.0.1:0') => {
    faults = [];
    const check = () => faults;
    const metrics = createMetrics(() => liveState());
    server = await startWebServer({
      listen,
      routes: metricsRoutes({ metrics, health: check, readiness: check }),
    });
    return server.url;
  };

  it('serves metrics as Prometheus reads them', async () => {
    const response = await fetch(`${await serve()}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).toContain('flowtap_ready 1');
  });

  it('says whether it is well, and what is wrong', async () => {
    const url = await serve();
    for (const path of ['/healthz', '/readyz?verbose']) {
      faults = [];
      const well = await fetch(url + path);
      expect([well.status, await well.text()]).toEqual([200, 'ok\n']);
      faults = ['no worker captures'];
      const ill = await fetch(url + path);
      expect([ill.status, await ill.text()]).toEqual([503, 'no worker captures\n']);
    }
  });

  it('has nothing else, and takes nothing', async () => {
    const url = await serve();
    expect((await fetch(`${url}/etc/passwd`)).status).toBe(404);
    const posted = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(`${url}/readyz`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('listens on IPv6 too, and closes with clients connected', async () => {
    const url = await serve('[::1]:0').catch(() => undefined);
    if (url === undefined) return console.warn('SKIPPED metrics over IPv6: no ::1 here');
    const client = request(`${url}/readyz`, { agent: false, headers: { connection: 'keep-alive' } });
    client.on('error', () => {});
    const status = await new Promise((resolve) => client.on('response', (r) => resolve(r.statusCode)).end());
    expect(status).toBe(200);
    await server!.close();
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
  });
});
