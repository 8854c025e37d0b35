/** Options of the exporting process: what all exporters share. Those of single exporters are in exporters.ts. */
import { type ConfigOption, TEMPLATE, UINT32_MAX } from '../types/config-option.ts';
import { choice, integer, SWITCH } from '../types/option-types.ts';
import { EXPORTER_OPTIONS } from './exporters.ts';

export const EXPORTING_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'template.ipv4',
    onReload: 'exporting',
    type: TEMPLATE,
    default: ['default'],
    unit: '',
    flag: 'template-ipv4',
    help: 'Information elements of IPv4 flows, or the name of a profile of them.',
  },
  {
    path: 'template.ipv6',
    onReload: 'exporting',
    type: TEMPLATE,
    default: ['default'],
    unit: '',
    flag: 'template-ipv6',
    help: 'Information elements of IPv6 flows, or the name of a profile of them.',
  },
  {
    path: 'biflow',
    onReload: 'exporting',
    type: SWITCH,
    default: false,
    unit: '',
    flag: 'biflow',
    help: 'One record for both directions (RFC 5103) instead of one for each.',
  },
  {
    path: 'timestamps',
    commands: ['replay'],
    type: choice(['capture', 'now']),
    default: 'capture',
    unit: '',
    flag: 'timestamps',
    help: "Export the capture's own times, or move them so that the capture ends now; a live capture's are both.",
  },
  {
    path: 'privateEnterpriseNumber',
    onReload: 'exporting',
    type: integer(1, UINT32_MAX),
    default: 32_473,
    unit: '',
    help: 'Enterprise number of the elements that IANA has no number for (32473: reserved for documentation).',
  },
  ...EXPORTER_OPTIONS.map((option) => ({ ...option, path: `export.${option.path}` })),
];
