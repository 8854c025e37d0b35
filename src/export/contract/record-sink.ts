/**
 * What a collector, file or topic looks like to the exporting process: something that takes batches of flow records and
 * counts what became of each. Only types: collector-exporter.ts, udp-sink.ts, session-sink.ts, files/ and kafka/ hold
 * the behaviour, sink-registry.ts knows which scheme of URL leads to which.
 */

import type { FlowRecordBatch } from '../../records/flow-layout.ts';
import type { PathRecordSource } from '../../records/path-record.ts';
import type { RecordSections } from '../../records/record-sections.ts';
import type { AnonymizationConfig } from '../anonymization/anonymizer.ts';
import type { KafkaFaultReason, SendErrorReason } from './fault-reasons.ts';
import type { FlowVolume } from './lost-flows.ts';
import type { MeteringStatistics, SamplingDescription, SamplingForm } from './metering-statistics.ts';
import type { FlowKeyParts, InterfaceDescription, OptionsDataMode } from './options-content.ts';
import type { ExporterProtocol } from './protocols.ts';

/**
 * Options of one exporter: those of its scheme's table (config/exporter-schemes.ts), under the option's name, or name
 * and `Ms` for a duration; `auto` and what was not said are missing. Each sink reads its own.
 */
export interface ExporterOptions {
  readonly [name: string]: unknown;
  /** Messages a second. */
  readonly rate?: number | 'max';
  readonly messageOctetsMax?: number;
  readonly templateRefreshMs?: number;
  readonly templateRefreshMessages?: number;
  /** When sampling rate, interface names and the like are sent. */
  readonly optionsData?: OptionsDataMode;
  /** The forms in which sampling is announced. */
  readonly samplingForms?: readonly SamplingForm[];
  /** The address that is announced as the exporter's. */
  readonly exporterAddress?: string;
  /** Over those that all exporters share. */
  readonly templateIpv4?: readonly string[];
  readonly templateIpv6?: readonly string[];
  readonly biflow?: boolean;
  /** Names of the groups that the exporter shares the flows with, or takes over in. */
  readonly balance?: string;
  readonly failover?: string;
  /** Files: what a row is. Missing: a flow record. */
  readonly records?: 'flows' | 'paths';
  /** Flow records that may wait in memory for this exporter alone (live capture). */
  readonly queueRecords?: number;
}

/** An exporter; config/exporters.ts reads it from URLs and files. */
export interface ExporterConfig {
  readonly protocol: ExporterProtocol;
  /** Empty for files. */
  readonly host: string;
  /** 0 for files. */
  readonly port: number;
  /** File that is written to, or topic; missing for collectors. */
  readonly path?: string;
  /** Further brokers behind the first, as they were given: `host:port`. */
  readonly moreHosts?: readonly string[];
  /** For people and counters: without options, so without secrets. */
  readonly url: string;
  readonly options: ExporterOptions;
}

/** What all exporters share. */
export interface ExportingConfig {
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  /** RFC 5103 records in IPFIX. NetFlow has none, so its collectors get uniflows all the same. */
  readonly biflow: boolean;
  readonly timestamps: 'capture' | 'now';
  readonly privateEnterpriseNumber: number;
  readonly observation: {
    readonly domainId: number;
    readonly ingressInterface: number | 'auto';
    readonly egressInterface: number;
  };
  /** For faults of the templates: `command line` or the configuration file's name. */
  readonly origin?: string;
  /** How packets were selected before they were metered; missing: every one was, or counters have been scaled up. */
  readonly sampling?: SamplingDescription;
  /** Networks of addresses are known: the default of text, files and flow messages has them. */
  readonly hasNetworks?: boolean;
  /** How the records have been anonymized (anonymization/anonymizer.ts), for options data. */
  readonly anonymization?: AnonymizationConfig;
  /** For the flow keys of options data. */
  readonly metering?: { readonly flowKey: FlowKeyParts };
}

/** Counters of one exporter since its start. */
export interface CollectorStatistics {
  readonly url: string;
  /** Messages and octets that the system took. */
  readonly messages: number;
  readonly octets: number;
  /**
   * Flow records: asked for, sent, in messages that could not be sent, and waiting to be sent. At any moment
   * `recordsOffered = dataRecords + recordsFailed + recordsPending + Σ notExportable + Σ recordsDropped`.
   */
  readonly recordsOffered: number;
  readonly dataRecords: number;
  readonly recordsFailed: number;
  readonly recordsPending: number;
  /** Flow records that the protocol cannot carry, by reason. */
  readonly notExportable: {
    readonly ipv6: number;
    /** Flows that last longer than their times can say. */
    readonly time: number;
  };
  readonly templateRecords: number;
  readonly optionsRecords: number;
  /**
   * Messages that could not be sent, by reason; `econnrefused` over UDP: refusals of messages that were sent before, as the
   * system reports them. For sessions, connections that could not be made or were lost.
   */
  readonly errors: Readonly<Partial<Record<SendErrorReason | KafkaFaultReason, number>>>;
  /** Datagrams that a collector on this host dropped; null where that is not known. */
  readonly collectorDrops: number | null;
  /** Flow records given up before they were encoded, by reason: `queueFull`, `unreachable`, `stopped` … */
  readonly recordsDropped?: Readonly<Record<string, number>>;
  /** Flow records of `recordsPending` that wait in the queue in memory, and in the spool on disk. */
  readonly recordsQueued?: number;
  readonly recordsSpooled?: number;
  /** Octets of the spool that could not be read: how many records they held may not be known. */
  readonly spoolDamagedOctets?: number;
  /** Flow records that an earlier run left in the spool, damaged ones too; they count as offered in this run. */
  readonly recordsRecovered?: number;
  /** Flow records sent once more, because a session ended before it was known that they had arrived. */
  readonly recordsRepeated?: number;
  /**
   * Flow records of `dataRecords` that were sent into a refusal: in datagrams of the 2 s before the collector's host said
   * that nobody listens (ICMP port unreachable). Only over UDP without a spool.
   */
  readonly recordsRefused?: number;
  /** Sessions set up. */
  readonly sessions?: number;
  /** The last error, for people. Without a message, the reason says all. */
  readonly lastError?: { readonly reason: SendErrorReason | KafkaFaultReason; readonly message?: string };
  /** Whether the collector can be reached; missing where that cannot be known. */
  readonly isUp?: boolean;
}

/** Something that flow records are exported to. */
export interface RecordSink {
  /** Unique among the sinks, for people and counters. */
  readonly url: string;
  /** The optional sections of records that it reads: the metering process must fill them then. */
  readonly needs: RecordSections;
  /**
   * True while it is known that records cannot be delivered: a failover group goes to the next one then. Missing where
   * that cannot be known.
   */
  readonly isAway?: boolean;
  /**
   * Exports a batch. Does not throw or reject: what cannot be delivered is counted. guarded-sink.ts stands before each
   * sink for the day that one does.
   * @returns undefined when the batch's memory may be reused at once, or a promise of that moment. It is not called
   *   again before that.
   */
  exportBatch(batch: FlowRecordBatch): Promise<void> | undefined;
  /**
   * Announces templates and options again now. Missing where a session has them once and for all, or there are none.
   * @returns the URLs of the exporters that do
   */
  announce?(): readonly string[];
  /** Announces names of interfaces from now on. */
  setInterfaces(interfaces: readonly InterfaceDescription[]): void;
  /**
   * Where statistics for options data come from; missing where there is no options data.
   * @param metering of the stages before the exporting process; undefined where nobody tells
   * @param dropped what was given up on the way to the sink
   */
  setStatistics?(metering: (() => MeteringStatistics) | undefined, dropped: () => FlowVolume): void;
  /** Sends what waits for more records to share a message with. Called every second. */
  flush(): void;
  /** Sends the rest. Resolves when everything has been sent, has failed or is safe in a spool. Never rejects. */
  end(): Promise<void>;
  /** Frees everything. Call `end` before, unless the records are to be lost. Never rejects. */
  close(): Promise<void>;
  statistics(): CollectorStatistics;
  /** The sinks of a group, of which each has counters of its own; missing for one alone. */
  readonly members?: readonly RecordSink[];
  /**
   * Gives the batches back that are not known to have been delivered, the earliest first, and forgets them. For
   * failover; missing where nothing is kept.
   * @param take copies or exports a batch before it resolves
   */
  reclaim?(take: (batch: FlowRecordBatch) => Promise<void> | undefined): Promise<void>;
}

export type SinkLogLevel = 'error' | 'warning' | 'info';

/** What the exporting process gives to a sink. */
export interface SinkContext {
  /** `wait`: a replay, which loses nothing as long as the collector lives. `drop`: live, where nothing may wait long. */
  readonly whenFull: 'wait' | 'drop';
  /** A replay whose packets come as they are observed, from a pipe: time goes on where none comes. Missing: no. */
  readonly isFollowed?: boolean;
  /** Gives the records of named paths. Missing where none are configured. */
  readonly pathRecords?: PathRecordSource;
  /**
   * Prints one line.
   * @param kind constant text that the rate limit counts by
   */
  log(level: SinkLogLevel, kind: string, message: string): void;
}

/**
 * Makes a sink.
 * @throws ConfigError for faults in the templates or options, ExportError for what cannot be opened at all. A collector
 *   that is merely not there yet is no reason: the sink goes on trying.
 */
export type SinkFactory = (
  config: ExportingConfig,
  exporter: ExporterConfig,
  context: SinkContext,
) => Promise<RecordSink>;
