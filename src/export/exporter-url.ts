/**
 * Exporter URLs: `ipfix://host:port?option=value`. Only the form is checked; whether the host exists is found out when
 * the exporter starts.
 */
import { ConfigError, type ConfigFault } from '../errors.ts';
import { nearestName } from '../ie/nearest-name.ts';
import type { OptionsDataMode } from './announcer.ts';
import type { ExportProtocol } from './collector-exporter.ts';

/** UDP port of a collector where none is given: IANA's for IPFIX, the usual one for NetFlow. */
export const DEFAULT_PORTS: Readonly<Record<ExportProtocol, number>> = {
  netflow5: 2055,
  netflow9: 2055,
  ipfix: 4739,
};

/** Options of one exporter; what is missing has the default of the configuration. */
export interface ExporterUrlOptions {
  /** Messages a second. */
  readonly rate?: number | 'max';
  readonly messageOctetsMax?: number;
  readonly templateRefreshMs?: number;
  readonly templateRefreshMessages?: number;
  /** When sampling rate, interface names and the like are sent. */
  readonly optionsData?: OptionsDataMode;
}

export interface ExporterUrl {
  readonly protocol: ExportProtocol;
  /** Name or address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly options: ExporterUrlOptions;
  /** `protocol://host:port`, for people and counters. */
  readonly url: string;
}

const OPTIONS_DATA_MODES: readonly OptionsDataMode[] = ['periodic', 'once', 'none'];
const SCHEMES = Object.keys(DEFAULT_PORTS) as ExportProtocol[];
const AVAILABLE = SCHEMES.map((scheme) => `${scheme}://HOST[:PORT]`).join(', ');
const FORM = /^([a-z0-9+-]+):\/\/(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^/:?#[\]\s]+)(?::(\d+))?\/?(?:\?(.*))?$/i;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

interface Option {
  readonly allowed: string;
  /** Undefined where the text is wrong. */
  readonly parse: (text: string) => ExporterUrlOptions | undefined;
}

function wholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

function integerOption(name: keyof ExporterUrlOptions, least: number, most: number): Option {
  return {
    allowed: `a whole number from ${least} to ${most}`,
    parse: (text) => {
      const value = wholeNumber(text, least, most);
      return value === undefined ? undefined : { [name]: value };
    },
  };
}

const OPTIONS: Readonly<Record<string, Option>> = {
  rate: {
    allowed: 'messages a second, from 1 to 10000000, or max',
    parse: (text) => {
      const rate = text === 'max' ? text : wholeNumber(text, 1, 10_000_000);
      return rate === undefined ? undefined : { rate };
    },
  },
  messageOctetsMax: integerOption('messageOctetsMax', 512, 65_507),
  templateRefresh: {
    allowed: 'a time such as 60s or 10m, from 1s to 24h',
    parse: (text) => {
      const [, digits, unit] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
      const templateRefreshMs = Number(digits) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
      return templateRefreshMs >= 1000 && templateRefreshMs <= 86_400_000 ? { templateRefreshMs } : undefined;
    },
  },
  templateRefreshMessages: integerOption('templateRefreshMessages', 1, 1_000_000),
  optionsData: {
    allowed: OPTIONS_DATA_MODES.join(', '),
    parse: (text) => {
      const optionsData = OPTIONS_DATA_MODES.find((mode) => mode === text);
      return optionsData && { optionsData };
    },
  },
};

function parseOptions(query: string, path: string, faults: ConfigFault[]): ExporterUrlOptions {
  let options: ExporterUrlOptions = {};
  for (const [name, text] of new URLSearchParams(query)) {
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (option === undefined) {
      const nearest = nearestName(name, Object.keys(OPTIONS));
      const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      faults.push({ path, found: `option ${name}`, allowed: `${Object.keys(OPTIONS).join(', ')}${hint}` });
      continue;
    }
    const value = option.parse(text);
    if (value === undefined) faults.push({ path, found: `${name}=${text}`, allowed: option.allowed });
    else options = { ...options, ...value };
  }
  return options;
}

function schemeFault(scheme: string, text: string, path: string): ConfigFault {
  const nearest = nearestName(scheme, SCHEMES);
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return { path, found: text, allowed: `an exporter of this version: ${AVAILABLE}${hint}` };
}

/**
 * Reads an exporter URL.
 * @param path where it stands, for faults: `--export` or `exporters[0]`
 * @param origin `command line` or the configuration file's name
 * @throws ConfigError with all faults: unknown schemes and options with the nearest known one
 */
export function parseExporterUrl(text: string, path = '--export', origin = 'command line'): ExporterUrl {
  const match = FORM.exec(text.trim());
  const scheme = (/^([a-z0-9+-]+):/i.exec(text.trim())?.[1] ?? '').toLowerCase();
  const protocol = SCHEMES.find((known) => known === scheme);
  if (protocol === undefined && scheme !== '')
    throw new ConfigError(origin, [schemeFault(scheme, text, path)]);
  if (match === null || protocol === undefined) {
    throw new ConfigError(origin, [
      { path, found: text, allowed: `${AVAILABLE}, IPv6 addresses in brackets` },
    ]);
  }
  const faults: ConfigFault[] = [];
  const host = match[2]!.replace(/^\[|\]$/g, '');
  const port = match[3] === undefined ? DEFAULT_PORTS[protocol] : Number(match[3]);
  if (port < 1 || port > 65_535) faults.push({ path, found: `port ${match[3]}`, allowed: '1 to 65535' });
  const options = parseOptions(match[4] ?? '', path, faults);
  if (faults.length > 0) throw new ConfigError(origin, faults);
  const url = `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { protocol, host, port, options, url };
}
