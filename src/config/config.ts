/**
 * The configuration as the program uses it: one typed object, complete, checked, with units in its names. It is built
 * from a map of option paths to values, which files and flags fill. Rules that concern several options at once are
 * in cross-faults.ts; those of a single one are in schema.ts.
 */

import type { AnonymizationConfig } from '../export/anonymization/anonymizer.ts';
import type { OptionsDataMode } from '../export/contract/options-content.ts';
import type { TunnelName, UdpTunnelName } from '../records/tunnel-kinds.ts';
import { EXPORTER_SCHEMES } from './exporter-schemes.ts';
import type { ExporterConfig } from './exporters.ts';
import type { DNS_NAMES } from './options/applications.ts';
import type {
  CAPTURE_KINDS,
  LOG_FORMATS,
  LOG_LEVELS,
  SAMPLING_METHODS,
  WAIT_FOR_INTERFACES,
} from './options/live.ts';
import type { OUTPUTS, TOP_BY } from './options/replay.ts';
import { CONFIG_OPTIONS } from './schema.ts';
import type { ConfigOption } from './types/config-option.ts';
import type { OptionValue } from './types/option-types.ts';

export type OutputName = (typeof OUTPUTS)[number];
export type TopBy = (typeof TOP_BY)[number];

export interface FlowtapConfig {
  readonly metering: {
    readonly idleTimeoutMs: number;
    readonly activeTimeoutMs: number;
    readonly tcpEndDelayMs: number;
    readonly flowTableEntries: number;
    readonly pathHealth: 'auto' | 'on' | 'off';
    readonly pathHealthIntervalMs: number;
    readonly flowKey: {
      readonly vlan: boolean;
      readonly pppoe: boolean;
      readonly interface: boolean;
      readonly direction: boolean;
      readonly tos: boolean;
      readonly mac: boolean;
      readonly mpls: boolean;
      readonly tunnel: boolean;
      /** What a diagnosis asks for; it is no option. */
      readonly sharedTunnel?: boolean;
    };
  };
  readonly applications: {
    readonly inspect: 'auto' | 'on' | 'off';
    readonly flows: number;
    /** Whose DNS answers name servers; auto: client for a replay's table, otherwise off. */
    readonly dnsNames: (typeof DNS_NAMES)[number];
    readonly dnsNameEntries: number;
    readonly bufferCount: number;
    readonly portGuess: boolean;
    readonly ja4: boolean;
    readonly httpTarget: 'none' | 'path' | 'full';
    readonly certificate: boolean;
  };
  readonly decode: {
    readonly decapsulate: readonly TunnelName[];
    readonly tunnelDepthMax: number;
    /** No port belongs to two of the tunnels that are looked into. */
    readonly udpPorts: Readonly<Record<UdpTunnelName, readonly number[]>>;
  };
  readonly observation: {
    readonly domainId: number;
    /** `auto`: the number of the interface within the capture, from 1. */
    readonly ingressInterface: number | 'auto';
    readonly egressInterface: number;
    /** `VLAN=IFINDEX`, `MAC=IFINDEX`, MAC addresses in lower case with colons. */
    readonly vlanInterfaces: readonly string[];
    readonly macInterfaces: readonly string[];
    readonly localMacs: readonly string[];
  };
  /** Names of information elements, or one name of a profile. */
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  readonly biflow: boolean;
  readonly timestamps: 'capture' | 'now';
  readonly privateEnterpriseNumber: number;
  /** Done to every record before anything else sees it. */
  readonly anonymization: AnonymizationConfig;
  /** What the exporters' options are unless they say otherwise; it is part of each exporter's own options already. */
  readonly export: {
    /** Messages a second. */
    readonly rate: number | 'max' | 'auto';
    readonly messageOctetsMax: number | 'auto';
    readonly templateRefreshMs: number;
    readonly templateRefreshMessages: number;
    readonly optionsData: OptionsDataMode | 'auto';
    /** SamplingForm of export/contract/metering-statistics.ts, or `auto` alone. */
    readonly samplingForms: readonly string[];
    readonly exporterAddress: string;
    /** Address of this host that messages come from. */
    readonly sourceAddress: string;
    readonly dscp: number | 'auto';
    readonly ttl: number | 'auto';
    readonly resolveIntervalMs: number;
    readonly queueRecords: number;
    readonly reconnectMaxMs: number;
    readonly giveUpAfterMs: number;
    readonly spoolDirectory: string;
    readonly spoolOctets: number;
  };
  readonly exporters: readonly ExporterConfig[];
  readonly enrichment: {
    /** Files. */
    readonly databases: readonly string[];
    /** Words that `ownNetworks` of types/own-networks.ts takes apart. */
    readonly networks: readonly string[];
    readonly prefixLengths: boolean;
  };
  /** Words that `namedPaths` of types/named-paths.ts takes apart. */
  readonly paths: readonly string[];
  readonly replay: {
    readonly output: OutputName;
    /** Named paths are printed instead of flows. */
    readonly paths: boolean;
    /** Rows of the table; 0 for all. */
    readonly top: number;
    /** What rows are about; another than `flow` is printed instead of flows. */
    readonly topBy: TopBy;
    /** Multiple of real time. */
    readonly speed: number | 'max';
    readonly merge: boolean;
    readonly reorderWindowMs: number;
    /** Threads. */
    readonly workers: number | 'auto';
  };
  readonly live: {
    /** Names, and groups `NAME=MEMBER/MEMBER…`: see `observationPoints` of live-interfaces.ts. */
    readonly interfaces: readonly string[];
    /** For those that are not there at the start; auto: where a service manager started the probe. */
    readonly waitForInterfaces: (typeof WAIT_FOR_INTERFACES)[number];
    readonly capture: (typeof CAPTURE_KINDS)[number];
    /** Threads for each interface. */
    readonly workers: number | 'auto';
    /** `''`: none. */
    readonly filter: string;
    /** Octets; `auto`: as many as what is measured needs (probe/live/snap-length.ts). */
    readonly snapLength: number | 'auto';
    readonly promiscuous: boolean;
    readonly outgoing: boolean;
    readonly ring: {
      readonly blocks: number;
      readonly blockOctets: number;
      readonly blockTimeoutMs: number;
    };
    /** `interval` 1: every packet. */
    readonly sampling: {
      readonly method: (typeof SAMPLING_METHODS)[number];
      readonly interval: number;
      /** Counters are multiplied by the interval. */
      readonly scale: boolean;
    };
  };
  readonly metrics: {
    /** `ADDRESS:PORT`, or `none`. */
    readonly listen: string;
  };
  readonly web: {
    /** The page and the API beside the metrics. */
    readonly enabled: boolean;
  };
  readonly control: {
    /** An absolute path, `none`, or `auto`: see `socketOf` of control/socket-path.ts. */
    readonly socket: string;
  };
  readonly log: {
    readonly level: (typeof LOG_LEVELS)[number];
    readonly format: (typeof LOG_FORMATS)[number];
  };
}

/** Values by option path; what is missing has its default. */
export type OptionValues = Map<string, OptionValue>;

/** Path of an option's field in `FlowtapConfig`: durations are in milliseconds there, and say so. */
export function fieldPath(option: ConfigOption): string {
  return option.type.isDuration ? `${option.path}Ms` : option.path;
}

/** An exporter's own options over those of the group `export`; what is left to the exporter (`auto`) is not in them. */
function completeOptions(exporter: ExporterConfig, group: Record<string, unknown>): ExporterConfig {
  const options: Record<string, unknown> = {};
  for (const option of EXPORTER_SCHEMES[exporter.protocol].options) {
    const field = fieldPath(option);
    const value = exporter.options[field] ?? group[field] ?? option.default;
    if (value !== 'auto' && !(Array.isArray(value) && value[0] === 'auto')) options[field] = value;
  }
  return { ...exporter, options };
}

/** The configuration that `values` and the defaults make together. */
export function buildConfig(values: OptionValues, exporters: readonly ExporterConfig[]): FlowtapConfig {
  const config: Record<string, unknown> = {};
  for (const option of CONFIG_OPTIONS) {
    const keys = fieldPath(option).split('.');
    const last = keys.pop()!;
    let parent = config;
    for (const key of keys) parent = (parent[key] ??= {}) as Record<string, unknown>;
    parent[last] = values.has(option.path) ? values.get(option.path) : option.default;
  }
  config.exporters = exporters.map((exporter) =>
    completeOptions(exporter, config.export as Record<string, unknown>),
  );
  return config as unknown as FlowtapConfig;
}
