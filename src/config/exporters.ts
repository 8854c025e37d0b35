/**
 * Exporters as the user writes them, URL or YAML object, brought into one shape. Only the form is checked: whether the
 * host exists is found out when the exporter starts.
 */
import type { ConfigFault } from '../errors.ts';
import type { ExporterOptions } from '../export/exporting-process.ts';
import type { OptionValue } from './option-types.ts';
import { EXPORTER_OPTIONS } from './options/exporting.ts';

/** UDP port of a collector where none is given: IANA's for IPFIX, the usual one for NetFlow. */
export const DEFAULT_PORTS = { netflow5: 2055, netflow9: 2055, ipfix: 4739 } as const;

export type ExporterProtocol = keyof typeof DEFAULT_PORTS;
export const EXPORTER_PROTOCOLS = Object.keys(DEFAULT_PORTS) as readonly ExporterProtocol[];

export interface ExporterConfig {
  readonly protocol: ExporterProtocol;
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** What the configuration leaves open is missing: the exporter decides. */
  readonly options: ExporterOptions;
  /** `protocol://host:port`, for people and counters. */
  readonly url: string;
}

const URL_ALLOWED = `${EXPORTER_PROTOCOLS.join(', ')} as in ipfix://HOST[:PORT][?OPTION=VALUE&…]`;
const FORM = /^([a-z0-9+]+):\/\/(\[[0-9a-fA-F:.%a-z]+\]|[^/:?#[\]\s]+)(?::(\d+))?\/?(?:\?(.*))?$/;

interface Parts {
  protocol: unknown;
  host: unknown;
  port: unknown;
  options: Record<string, unknown>;
}

function splitUrl(text: string): Parts | undefined {
  const match = FORM.exec(text.trim());
  if (match === null) return undefined;
  const host = match[2]!.replace(/^\[|\]$/g, '');
  const options = Object.fromEntries(new URLSearchParams(match[4] ?? ''));
  return { protocol: match[1], host, port: match[3], options };
}

function splitObject(raw: Record<string, unknown>): Parts | undefined {
  const { url, protocol, host, port, ...options } = raw;
  if (url === undefined) return { protocol, host, port, options };
  const parts = typeof url === 'string' ? splitUrl(url) : undefined;
  if (parts === undefined || protocol !== undefined || host !== undefined || port !== undefined)
    return undefined;
  return { ...parts, options: { ...parts.options, ...options } };
}

function parseOptions(raw: Record<string, unknown>, path: string, faults: ConfigFault[]): ExporterOptions {
  const options: Record<string, OptionValue> = {};
  for (const [name, found] of Object.entries(raw)) {
    const option = EXPORTER_OPTIONS.find((row) => row.path === name);
    const value = option?.type.parse(found);
    if (option === undefined) {
      const known = EXPORTER_OPTIONS.map((row) => row.path).join(', ');
      faults.push({ path: `${path}.${name}`, found: 'an unknown option', allowed: known });
    } else if (value === undefined) {
      faults.push({ path: `${path}.${name}`, found: JSON.stringify(found), allowed: option.type.allowed });
    } else {
      options[option.type.isDuration ? `${name}Ms` : name] = value;
    }
  }
  return options as ExporterOptions;
}

/**
 * Reads one exporter.
 * @param raw a URL, or an object with `url` or `protocol`, `host`, `port`, and options
 * @param path of the exporter, for faults: `exporters[0]` or `--export`
 * @param faults what is wrong is added here
 * @returns undefined where there was a fault
 */
export function parseExporter(raw: unknown, path: string, faults: ConfigFault[]): ExporterConfig | undefined {
  const isObject = typeof raw === 'object' && raw !== null && !Array.isArray(raw);
  const parts =
    typeof raw === 'string'
      ? splitUrl(raw)
      : isObject
        ? splitObject(raw as Record<string, unknown>)
        : undefined;
  const before = faults.length;
  const protocol = EXPORTER_PROTOCOLS.find((name) => name === parts?.protocol);
  if (parts === undefined || protocol === undefined || typeof parts.host !== 'string' || parts.host === '') {
    faults.push({ path, found: JSON.stringify(raw), allowed: URL_ALLOWED });
    return undefined;
  }
  const port = parts.port === undefined ? DEFAULT_PORTS[protocol] : Number(parts.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    faults.push({ path, found: `port ${parts.port}`, allowed: 'a port from 1 to 65,535' });
  }
  const options = parseOptions(parts.options, path, faults);
  if (faults.length > before) return undefined;
  const host = parts.host;
  const url = `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { protocol, host, port, options, url };
}
