/** Options of payload inspection: what is looked for in the first packets of each flow. */
import type { ConfigOption } from '../types/config-option.ts';
import { choice, integer, SWITCH } from '../types/option-types.ts';

/** Whose DNS answers name servers. */
export const DNS_NAMES = ['auto', 'off', 'client', 'any', 'clientThenAny'] as const;

export const APPLICATION_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'applications.inspect',
    type: choice(['auto', 'on', 'off']),
    default: 'auto',
    unit: '',
    flag: 'applications',
    help: 'Look into the first packets of each flow for its application and names: DNS, TLS, HTTP …; auto: where a template names such an element.',
  },
  {
    path: 'applications.flows',
    type: integer(16, 2 ** 24 - 2),
    default: 65_536,
    unit: 'flows',
    help: 'Flows whose payload is looked into at a time, and flows whose names are kept: about 2 KB each in each worker, and no more than flowTableEntries.',
  },
  {
    path: 'applications.bufferCount',
    type: integer(0, 65_536),
    default: 1024,
    unit: 'buffers',
    help: 'Messages that come in several packets and are put together at a time, 4 KiB each in each worker.',
  },
  {
    path: 'applications.dnsNames',
    type: { ...choice(DNS_NAMES), placeholder: 'WHOSE' },
    default: 'auto',
    unit: '',
    flag: 'dns-names',
    help:
      'Name the server of a flow by the DNS answer that its own client had for the address, anybody had, or anybody where ' +
      'the client had none; auto: client in a replay’s table, otherwise off.',
  },
  {
    path: 'applications.dnsNameEntries',
    type: integer(1024, 2 ** 24),
    default: 262_144,
    unit: 'addresses',
    help: 'Addresses that are remembered with the name asked for, of each client: about 160 octets each in each worker.',
  },
  {
    path: 'applications.portGuess',
    type: SWITCH,
    default: true,
    unit: '',
    help: 'Where payload says nothing, the port suggests an application, with applicationConfidence 1.',
  },
  {
    path: 'applications.ja4',
    type: SWITCH,
    default: true,
    unit: '',
    help: 'Work out JA4 fingerprints of TLS clients.',
  },
  {
    path: 'applications.httpTarget',
    type: choice(['none', 'path', 'full']),
    default: 'path',
    unit: '',
    help: 'How much of the target of an HTTP request is told: nothing, the path, or the path with its query.',
  },
  {
    path: 'applications.certificate',
    type: SWITCH,
    default: false,
    unit: '',
    help: 'Read name and validity of servers’ certificates, which TLS shows up to version 1.2.',
  },
];
