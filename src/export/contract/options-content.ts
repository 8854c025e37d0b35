/** What options data shall say, and when: sinks are told by these types. options-data/ makes records of it. */
import type { FlowKeyPart } from '../../ie/element.ts';

/**
 * When options data is sent: all of it with every announcement of templates; descriptions with the first one, after a
 * collector refused messages (so has probably been restarted) and when they change, and statistics from time to time; the
 * same without statistics; or nothing at all. In IPFIX options data counts in the sequence number (RFC 7011 §3.1), which
 * nfcapd up to now forgets: it reports a false failure for options data behind its first flow record. So `statistics`,
 * which sends little, is IPFIX's default, and `periodic` that of NetFlow v9, which counts messages.
 */
export type OptionsDataMode = 'periodic' | 'statistics' | 'once' | 'none';

/** Parts of the flow key that can be chosen; as in the configuration. */
export type FlowKeyParts = Readonly<Record<Exclude<FlowKeyPart, 'always' | 'ingress'>, boolean>>;

/** An interface as collectors are told about it. */
export interface InterfaceDescription {
  /** ingressInterface of its flows. */
  readonly ifIndex: number;
  readonly name: string;
  readonly description: string;
}
