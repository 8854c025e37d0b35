/** What flow messages are made by, from the configuration of an exporter: shared by Kafka and by files of messages. */
import { isIP } from 'node:net';
import { ConfigError } from '../../base/errors.ts';
import type { ExporterConfig, ExportingConfig } from '../contract/record-sink.ts';
import { textTemplate } from '../contract/text-template.ts';
import { ownAddress, type ProbeValues } from './message-values.ts';

export interface FlowMessageOptions {
  readonly format: 'protobuf' | 'json';
  /** protobuf: the length stands in front of each message, as a varint. */
  readonly isDelimited: boolean;
  /** Each message stands behind its key and size, as message-block.ts says. */
  readonly hasEntryHeads: boolean;
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  readonly isBiflow: boolean;
  readonly timestamps: 'capture' | 'now';
  readonly values: ProbeValues;
  /** A .proto file and the message in it; missing: config/flow.proto. */
  readonly schema?: string;
  readonly message?: string;
  /** `field:element|element`; missing: fields are filled by their names. */
  readonly fields?: readonly string[];
  /** Of the exporter and the configuration, for faults. */
  readonly url: string;
  readonly origin: string;
}

/** The text, unless it is `auto`. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== 'auto' ? value : undefined;
}

/** @throws ConfigError for options that do not fit together */
export function flowMessageOptions(config: ExportingConfig, to: ExporterConfig): FlowMessageOptions {
  const origin = config.origin ?? 'configuration';
  const { options, url } = to;
  const fault = (name: string, found: string, allowed: string) =>
    new ConfigError(origin, [{ path: `${url} ${name}`, found, allowed }]);
  const { domainId, ingressInterface, egressInterface } = config.observation;
  const samplerAddress = textOf(options.samplerAddress) ?? ownAddress();
  if (isIP(samplerAddress) === 0) throw fault('samplerAddress', samplerAddress, 'an IPv4 or IPv6 address');
  const { templateIpv4, templateIpv6, biflow } = options;
  const fields = Array.isArray(options.fields) ? (options.fields as readonly string[]) : [];
  const own = templateIpv4 === undefined ? templateIpv6 && 'templateIpv6' : 'templateIpv4';
  if (fields.length > 0 && own !== undefined) {
    throw fault(own, `${own} and fields`, 'one of them: fields name the elements themselves');
  }
  const [schema, message] = [textOf(options.schema), textOf(options.message)];
  return {
    format: options.format === 'json' ? 'json' : 'protobuf',
    isDelimited: options.lengthPrefix !== false,
    hasEntryHeads: true,
    template: textTemplate(config, to),
    isBiflow: biflow ?? config.biflow,
    timestamps: config.timestamps,
    values: {
      observationDomainId: domainId,
      ingressInterface,
      egressInterface,
      samplingInterval: config.sampling?.interval ?? 1,
      samplerAddress,
    },
    ...(schema === undefined ? {} : { schema }),
    ...(message === undefined ? {} : { message }),
    ...(fields.length === 0 ? {} : { fields }),
    url,
    origin,
  };
}
