/** Makes sinks for files in a folder of the test's own, and flows to put into them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  ExporterConfig,
  ExportingConfig,
  RecordSink,
  SinkFactory,
} from '../../../src/export/contract/record-sink.ts';
import type { FlowRecordBatch } from '../../../src/records/flow-layout.ts';
import { CONFIG } from '../exporter-support.ts';
import { ipv4, ipv6, recordBatch, type TestFlow } from '../records.ts';

/** Unix time of the first flow: the start of an hour. */
export const T = 1_699_999_200;

/** Makes a folder; the second function removes it. */
export function temporaryFolder(): [folder: string, remove: () => void] {
  const folder = mkdtempSync(join(tmpdir(), 'flowtap-files-'));
  return [folder, () => rmSync(folder, { recursive: true, force: true })];
}

export interface SinkLog {
  readonly lines: string[];
}

export function makeSink(
  factory: SinkFactory,
  protocol: ExporterConfig['protocol'],
  path: string,
  options: ExporterConfig['options'] = {},
  config: Partial<ExportingConfig> = {},
  log: SinkLog = { lines: [] },
  isFollowed = false,
): Promise<RecordSink> {
  const exporter = { protocol, host: '', port: 0, path, url: `${protocol}:${path}`, options };
  const context = {
    whenFull: 'wait' as const,
    isFollowed,
    log: (level: string, _: string, message: string) => log.lines.push(`${level} ${message}`),
  };
  return factory({ ...CONFIG, ...config }, exporter, context);
}

/** TCP of both IP versions, each second one answered, at `second` after T. */
export function flowsAt(second: number, count: number): FlowRecordBatch {
  const line = (i: number) => ({
    packets: 1 + (i % 5),
    octets: 100 + i * 1000,
    layer2Octets: 114 + i * 1000,
    firstNs: second * 1e9 + i * 1e6,
    lastNs: second * 1e9 + i * 1e6 + 3e8,
    tcpFlags: 0x1b,
    ttl: [60, 64] as const,
    lengths: [40, 1500] as const,
  });
  const flows = Array.from({ length: count }, (_, i): TestFlow => {
    const isIPv6 = i % 2 === 1;
    return {
      source: isIPv6 ? ipv6(`2001:db8:0:0:0:0:1:${(1 + i).toString(16)}`) : ipv4(`10.0.${i >> 8}.${i & 255}`),
      destination: isIPv6 ? ipv6('2001:db8:0:0:0:0:2:1') : ipv4('192.0.2.1'),
      ipVersion: isIPv6 ? 6 : 4,
      protocol: 6,
      ports: [1024 + i, 443],
      vlan: i % 4,
      endReason: 3,
      forward: line(i),
      ...(i % 2 === 0 ? { reverse: line(i + 1) } : {}),
    };
  });
  return recordBatch(flows, { timeBaseSeconds: T, clockNs: second * 1e9 + 1e9 });
}

/** Records that the flows of `flowsAt` are, as uniflows. */
export const uniflows = (count: number) => count + Math.ceil(count / 2);
