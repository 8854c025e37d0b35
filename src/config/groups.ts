/** A sentence about each group of options, for the sample file, the JSON Schema and the document. */

/** Sentences above a group of options in the sample file and the documents, by the group's path. */
export const CONFIG_GROUPS: Readonly<Record<string, string>> = {
  metering: 'The metering process: when a flow ends, and what makes two packets belong to the same flow.',
  'metering.flowKey': 'Added to or removed from addresses, ports and protocol.',
  decode:
    'The headers that are looked into on the way to the IP packet. VLAN, QinQ, MPLS and PPPoE always are.',
  observation: 'Where the packets were seen, as collectors are told.',
  template: 'What a flow record holds.',
  export: 'How messages are sent, for every exporter that does not say otherwise itself.',
  enrichment:
    'Whose the addresses of a flow are: autonomous systems, countries, names. Looked up once for each record, before ' +
    'addresses are anonymized (docs/networks.md).',
  anonymization: 'How addresses are replaced before exporters, files and printed output see them.',
  exporters:
    'The collectors: URLs (ipfix://HOST[:PORT][?OPTION=VALUE&…] and others, see docs/configuration.md), or objects ' +
    'with protocol, host, port and options, among them those of the group `export`.',
  replay: 'Options of `flowtap replay` alone.',
  live: 'What `flowtap run` captures, and how.',
  'live.ring': 'The ring that the kernel and a worker share: blocks × blockOctets of memory for each worker.',
  'live.sampling':
    'Metering some of the packets only. Counts are those of the sampled packets, never scaled.',
  metrics: 'What `flowtap run` tells Prometheus and whoever watches over it.',
  log: 'Log lines of `flowtap run` on standard error.',
};
