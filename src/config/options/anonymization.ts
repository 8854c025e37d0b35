/** Options of anonymization: what is done to addresses before anybody sees them. */
import type { ConfigOption } from '../types/config-option.ts';
import { choice, integer, type OptionType } from '../types/option-types.ts';

/** The name of a file; reading it tells whether it can be read. */
const FILE: OptionType = {
  allowed: 'the name of a file',
  placeholder: 'FILE',
  jsonSchema: { type: 'string' },
  parse: (raw) => (typeof raw === 'string' ? raw : undefined),
};

export const ANONYMIZATION_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'anonymization.method',
    type: { ...choice(['none', 'cryptopan', 'truncate']), placeholder: 'METHOD' },
    default: 'none',
    unit: '',
    flag: 'anonymize',
    help: 'cryptopan keeps common prefixes common (Crypto-PAn, needs a key), truncate sets the last bits to 0.',
  },
  {
    path: 'anonymization.keyFile',
    type: FILE,
    default: '',
    unit: '',
    flag: 'anonymization-key',
    help: 'The key of cryptopan: a file with 32 octets, or 64 hexadecimal digits.',
  },
  {
    path: 'anonymization.ipv4PrefixLength',
    type: integer(0, 32),
    default: 24,
    unit: 'bits',
    help: 'What truncate leaves of an IPv4 address.',
  },
  {
    path: 'anonymization.ipv6PrefixLength',
    type: integer(0, 128),
    default: 48,
    unit: 'bits',
    help: 'What truncate leaves of an IPv6 address.',
  },
  {
    path: 'anonymization.macAddresses',
    type: choice(['keep', 'vendor', 'zero']),
    default: 'keep',
    unit: '',
    help: 'What stays of MAC addresses: all, the three octets of the vendor, or nothing.',
  },
  {
    path: 'anonymization.names',
    type: choice(['drop', 'keep']),
    default: 'drop',
    unit: '',
    help: 'Where addresses are replaced, names of servers, hosts and DNS questions, of own networks, sites and cities are dropped with them, or kept.',
  },
  {
    path: 'anonymization.networks',
    type: choice(['keep', 'drop']),
    default: 'keep',
    unit: '',
    help: 'Where addresses are replaced, autonomous systems and countries are kept, or dropped with them; prefix lengths always are dropped.',
  },
];
