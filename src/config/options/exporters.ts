/**
 * Options of single exporters. Those of EXPORTER_OPTIONS stand in the group `export` for all of them and may differ in
 * an exporter's own object or URL; the others stand only there. config/exporter-schemes.ts says which scheme reads which.
 */
import { type ConfigOption, DAY_MS, TEMPLATE } from '../types/config-option.ts';
import { choice, choices, duration, integer, numberOrWord, SWITCH, text } from '../types/option-types.ts';

/** Left to the exporter, or to what all exporters share. */
const AUTO = 'auto';
const GROUP_NAME = text('a name of letters, digits, dots and dashes, or auto for none', 'GROUP', /^[\w.-]+$/);
const FILE = text('the name of a file, or auto for none', 'FILE', /^.+$/);

/** Of messages over UDP: pace, size, templates. */
export const MESSAGE_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'rate',
    needs: 'datagrams',
    type: numberOrWord(['auto', 'max'], { min: 1, max: 10_000_000, isWhole: true }),
    default: 'auto',
    unit: 'messages/s',
    flag: 'export-rate',
    help: 'Most messages to a UDP collector in a second; auto: as fast as one on this host reads, else 20,000.',
  },
  {
    path: 'messageOctetsMax',
    type: numberOrWord(['auto'], { min: 512, max: 65_507, isWhole: true }),
    default: 'auto',
    unit: 'octets',
    help: 'Longest message; auto is 1,400 over IPv4 and 1,232 over IPv6, which every path carries in one piece, and 4,096 over TCP.',
  },
  {
    path: 'templateRefresh',
    needs: 'datagrams',
    type: duration(1e3, DAY_MS),
    default: 60e3,
    unit: '',
    help: 'Over UDP, templates and options are sent again after this time …',
  },
  {
    path: 'templateRefreshMessages',
    needs: 'datagrams',
    type: integer(1, 1_000_000),
    default: 1000,
    unit: 'messages',
    help: '… or after this many messages, whichever comes first.',
  },
  {
    path: 'optionsData',
    needs: 'optionsData',
    type: choice(['auto', 'periodic', 'statistics', 'once', 'none']),
    default: 'auto',
    unit: '',
    help:
      'When options data is sent: all of it with every template refresh; descriptions (sampling, interfaces, flow ' +
      'keys …) with the first and statistics from time to time; descriptions alone; or nothing. auto: periodic in ' +
      'NetFlow v9, statistics in IPFIX.',
  },
  {
    path: 'samplingForms',
    needs: 'optionsData',
    type: choices(['auto', 'interval', 'algorithm', 'sampler', 'selector', 'spacing']),
    default: ['auto'],
    unit: '',
    help: 'In which forms the sampling rate is announced; auto: those that most collectors read.',
  },
  {
    path: 'exporterAddress',
    needs: 'exporterAddress',
    type: text('an address, or auto', 'ADDRESS', /^[0-9a-fA-F:.]+$|^auto$/),
    default: AUTO,
    unit: '',
    help: 'Announced as the exporter (exporterIPv4Address, exporterIPv6Address); auto: the address that messages leave from.',
  },
];

/** Of everything that is reached over a network by name or address. */
export const NETWORK_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'sourceAddress',
    type: text('an address of this host, or auto', 'ADDRESS', /^[0-9a-fA-F:.]+(%\S+)?$|^auto$/),
    default: AUTO,
    unit: '',
    help: 'Address that collectors see as the exporter; auto leaves it to the routes.',
  },
  {
    path: 'dscp',
    type: numberOrWord([AUTO], { min: 0, max: 63, isWhole: true }),
    default: AUTO,
    unit: '',
    help: 'Differentiated services code point of what is sent (RFC 2474).',
  },
  {
    path: 'ttl',
    type: numberOrWord([AUTO], { min: 1, max: 255, isWhole: true }),
    default: AUTO,
    unit: '',
    help: 'Time to live, or hop limit, of what is sent.',
  },
  {
    path: 'resolveInterval',
    type: duration(1e3, DAY_MS),
    default: 60e3,
    unit: '',
    help: 'Names of collectors are looked up again after this time, and sooner after errors.',
  },
];

/** Of everything, for a live capture. */
export const QUEUE_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'queueRecords',
    type: integer(512, 16_777_216),
    default: 65_536,
    unit: 'flow records',
    help: 'In a live capture, flow records that wait in memory for one slow exporter; what is beyond is dropped, counted.',
  },
];

/** Of sessions: TCP and TLS. */
export const SESSION_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'reconnectMax',
    type: duration(100, DAY_MS / 24),
    default: 30e3,
    unit: '',
    help: 'Longest pause between attempts to connect: they double from half a second, and vary by half.',
  },
  {
    path: 'giveUpAfter',
    type: duration(0, DAY_MS),
    default: 30e3,
    unit: '',
    help: 'A replay waits this long for a collector that is away or takes nothing; then its records are counted as lost.',
  },
  {
    path: 'spoolDirectory',
    type: text('the name of a directory, or auto', 'DIRECTORY', /^.+$/),
    default: AUTO,
    unit: '',
    help:
      'Where records wait on disk while a collector with sessions is away (over UDP: with spool=true); auto is spool/ in the state directory that ' +
      'systemd gives, and no spool without one.',
  },
  {
    path: 'spoolOctets',
    type: integer(0, 2 ** 44),
    default: 2 ** 30,
    unit: 'octets',
    help: 'Most that the spool of one collector takes on disk; 0 for no spool.',
  },
];

/** Options that stand in `export` too. */
export const EXPORTER_OPTIONS: readonly ConfigOption[] = [
  ...MESSAGE_OPTIONS,
  ...NETWORK_OPTIONS,
  ...QUEUE_OPTIONS,
  ...SESSION_OPTIONS,
];

/** How an exporter shares the flows with others. */
export const GROUP_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'balance',
    type: GROUP_NAME,
    default: AUTO,
    unit: '',
    help: 'Exporters with the same name here share the flows; both directions of a flow always go to the same one.',
  },
  {
    path: 'failover',
    type: GROUP_NAME,
    default: AUTO,
    unit: '',
    help: 'Of the exporters with the same name here, the first one that can be reached gets the flows.',
  },
];

/** What an exporter's flow records hold. */
export const RECORD_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'templateIpv4',
    needs: 'templates',
    type: TEMPLATE,
    default: [AUTO],
    unit: '',
    help: 'Information elements of IPv4 flows for this exporter; auto is template.ipv4.',
  },
  {
    path: 'templateIpv6',
    needs: 'templates',
    type: TEMPLATE,
    default: [AUTO],
    unit: '',
    help: 'The same for IPv6 flows.',
  },
];

/** Of IPFIX. */
export const BIFLOW_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'biflow',
    needs: 'biflows',
    type: { ...SWITCH, allowed: 'true or false' },
    default: AUTO,
    unit: '',
    help: 'One record for both directions for this exporter; auto is the option biflow of all.',
  },
];

/** Of UDP alone. */
export const UDP_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'sourcePort',
    type: numberOrWord([AUTO], { min: 1, max: 65_535, isWhole: true }),
    default: AUTO,
    unit: '',
    help: 'UDP port that messages come from.',
  },
];

/** Of UDP with templates, which a collector can be asked with whether it is there. */
export const UDP_SPOOL_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'spool',
    type: SWITCH,
    default: false,
    unit: '',
    help:
      'Records wait in a spool while the network refuses what is sent to a UDP collector, or its name is unknown; with ' +
      'reconnectMax, giveUpAfter, spoolDirectory and spoolOctets as for sessions.',
  },
];

/** Of TLS (RFC 7011 §11). */
export const TLS_OPTIONS: readonly ConfigOption[] = [
  {
    path: 'caFile',
    type: FILE,
    default: AUTO,
    unit: '',
    help: "PEM file of the authorities that the collector's certificate may come from; auto is those that Node trusts.",
  },
  {
    path: 'certificateFile',
    type: FILE,
    default: AUTO,
    unit: '',
    help: "PEM file of the probe's own certificate, with its chain; RFC 7011 §11.2 wants both sides to have one.",
  },
  {
    path: 'keyFile',
    type: FILE,
    default: AUTO,
    unit: '',
    help: 'PEM file of its private key.',
  },
  {
    path: 'serverName',
    type: text('the name in the certificate, or auto', 'NAME', /^[\w.:-]+$/),
    default: AUTO,
    unit: '',
    help: "Name that the collector's certificate must be for; auto is the host of the URL.",
  },
  {
    path: 'tlsVersionMin',
    type: choice(['1.2', '1.3']),
    default: '1.3',
    unit: '',
    help: 'Oldest version of TLS that is accepted; 1.2 for collectors that know no newer one.',
  },
];
