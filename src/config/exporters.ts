/**
 * Exporters as the user writes them, URL or YAML object, brought into one shape. Only the form is checked: whether the
 * host exists is found out when the exporter starts.
 */
import type { ConfigFault } from '../base/errors.ts';
import type { ExporterConfig, ExporterOptions } from '../export/contract/record-sink.ts';
import { EXPORTER_PROTOCOLS, EXPORTER_SCHEMES, type ExporterScheme } from './exporter-schemes.ts';
import { allowedInPlaceOf, type OptionValue } from './types/option-types.ts';

export type { ExporterConfig } from '../export/contract/record-sink.ts';

const URL_ALLOWED = `${EXPORTER_PROTOCOLS.join(', ')} as in ipfix://HOST[:PORT][?OPTION=VALUE&…]`;
/** What may stand behind the scheme, by the scheme's form. */
const FORMS: Readonly<Record<ExporterScheme['form'], string>> = {
  host: '://HOST[:PORT][?OPTION=VALUE&…]',
  path: ':PATH[?OPTION=VALUE&…]',
  topic: '://HOST[:PORT][,HOST[:PORT]…]/TOPIC[?OPTION=VALUE&…]',
};
const SCHEME = /^([a-z0-9+-]+):(.*)$/s;
const AUTHORITY = /^\/\/([^/?\s]+)(?:\/([^?]*))?$/;
const HOST_PORT = /^(\[[0-9a-fA-F:.]+(?:%[^\]\s,]+)?\]|[^/:?#[\]\s,]+)(?::(\d+))?$/;

interface Parts {
  protocol: unknown;
  host?: unknown;
  port?: unknown;
  path?: unknown;
  moreHosts?: readonly string[];
  options: Record<string, unknown>;
}

/**
 * The zone of an IPv6 address as the system writes it (RFC 4007 §11), where it stands as in a URI: `%25eth0` (RFC 6874).
 */
function withPlainZone(host: string): string {
  const [, address, zone] = /^([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)%25(.+)$/.exec(host) ?? [];
  return address === undefined ? host : `${address}%${zone}`;
}

/** @returns undefined for what is no URL of an exporter */
function splitUrl(url: string): Parts | undefined {
  const [, protocol, rest = ''] = SCHEME.exec(url.trim()) ?? [];
  const known = EXPORTER_PROTOCOLS.find((name) => name === protocol);
  if (known === undefined) return undefined;
  const { form } = EXPORTER_SCHEMES[known];
  const question = rest.indexOf('?');
  const place = question < 0 ? rest : rest.slice(0, question);
  const options = Object.fromEntries(new URLSearchParams(question < 0 ? '' : rest.slice(question + 1)));
  if (form === 'path') return { protocol, path: place, options };
  const [, authority = '', path = ''] = AUTHORITY.exec(place) ?? [];
  const [first = '', ...moreHosts] = authority.split(',');
  const [, host, port] = HOST_PORT.exec(first) ?? [];
  if (host === undefined) return undefined;
  const parts = { protocol, host: withPlainZone(host.replace(/^\[|\]$/g, '')), port, options };
  if (form === 'topic') return { ...parts, path, moreHosts };
  return path === '' && moreHosts.length === 0 ? parts : undefined;
}

function splitObject(raw: Record<string, unknown>): Parts | undefined {
  const { url, protocol, host, port, path, topic, ...options } = raw;
  const place = path ?? topic;
  if (url === undefined) return { protocol, host, port, path: place, options };
  const parts = typeof url === 'string' ? splitUrl(url) : undefined;
  const isTwice = [protocol, host, port, place].some((part) => part !== undefined);
  if (parts === undefined || isTwice) return undefined;
  return { ...parts, options: { ...parts.options, ...options } };
}

function parseOptions(
  raw: Record<string, unknown>,
  scheme: ExporterScheme,
  path: string,
  faults: ConfigFault[],
): ExporterOptions {
  const options: Record<string, OptionValue> = {};
  for (const [name, found] of Object.entries(raw)) {
    const option = scheme.options.find((row) => row.path === name);
    const value = found === 'auto' && option?.default === 'auto' ? 'auto' : option?.type.parse(found);
    if (option === undefined) {
      const known = scheme.options.map((row) => row.path).join(', ');
      faults.push({ path: `${path}.${name}`, found: 'an unknown option', allowed: known });
    } else if (value === undefined) {
      faults.push({
        path: `${path}.${name}`,
        found: JSON.stringify(found),
        allowed: allowedInPlaceOf(found, option.type),
      });
    } else {
      options[option.type.isDuration ? `${name}Ms` : name] = value;
    }
  }
  return options as ExporterOptions;
}

/** The URL without options: what names an exporter. */
function nameOf(protocol: string, scheme: ExporterScheme, parts: Parts, port: number): string {
  if (scheme.form === 'path') return `${protocol}:${parts.path}`;
  const host = String(parts.host);
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (scheme.form === 'host') return `${protocol}://${authority}`;
  return `${protocol}://${[authority, ...(parts.moreHosts ?? [])].join(',')}/${parts.path}`;
}

/** The fault of an exporter's address or path; undefined where there is none. */
function placeFault(scheme: ExporterScheme, { host, path, moreHosts }: Parts): string | undefined {
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  if (scheme.form === 'path') return isText(path) && host === undefined ? undefined : 'a file';
  if (!isText(host)) return 'a host';
  if (scheme.form === 'topic' && !isText(path)) return 'a topic';
  if (scheme.form === 'host' && path !== undefined) return 'no path';
  return moreHosts?.every((more) => HOST_PORT.test(more)) === false
    ? 'HOST[:PORT] between commas'
    : undefined;
}

/**
 * Reads one exporter.
 * @param raw a URL, or an object with `url` or `protocol`, `host`, `port`, `path`, `topic`, and options
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
  if (parts === undefined || protocol === undefined) {
    faults.push({ path, found: JSON.stringify(raw), allowed: URL_ALLOWED });
    return undefined;
  }
  const scheme = EXPORTER_SCHEMES[protocol];
  const wrong = placeFault(scheme, parts);
  if (wrong !== undefined) {
    const allowed = `${protocol}${FORMS[scheme.form]}, with ${wrong}`;
    faults.push({ path, found: JSON.stringify(raw), allowed });
  }
  const port = parts.port === undefined ? scheme.defaultPort : Number(parts.port);
  if (scheme.form !== 'path' && (!Number.isInteger(port) || port < 1 || port > 65_535)) {
    faults.push({ path, found: `port ${parts.port}`, allowed: 'a port from 1 to 65,535' });
  }
  const options = parseOptions(parts.options, scheme, path, faults);
  if (options.balance !== undefined && options.failover !== undefined) {
    faults.push({ path, found: 'balance and failover', allowed: 'one of them' });
  }
  if (faults.length > before) return undefined;
  return {
    protocol,
    host: scheme.form === 'path' ? '' : String(parts.host),
    port,
    ...(scheme.form === 'host' ? {} : { path: String(parts.path) }),
    ...(parts.moreHosts?.length ? { moreHosts: parts.moreHosts } : {}),
    options,
    url: nameOf(protocol, scheme, parts, port),
  };
}
