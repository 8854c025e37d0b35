/** Options of `flowtap run` alone: what is captured and how, metrics, the control socket, and the log. */
import type { ConfigOption } from '../types/config-option.ts';
import { LIVE_INTERFACES } from '../types/live-interfaces.ts';
import {
  choice,
  duration,
  integer,
  listenAddress,
  numberOrWord,
  powerOfTwo,
  SWITCH,
  text,
} from '../types/option-types.ts';
import { SOCKET_PATH } from '../types/socket-path.ts';

export const CAPTURE_KINDS = ['ring', 'libpcap', 'cap'] as const;
export const SAMPLING_METHODS = ['random', 'systematic', 'hash'] as const;
export const WAIT_FOR_INTERFACES = ['auto', 'on', 'off'] as const;
export const LOG_LEVELS = ['error', 'warning', 'info', 'debug'] as const;
export const LOG_FORMATS = ['auto', 'journal', 'plain', 'terminal'] as const;

const ONLY: Pick<ConfigOption, 'commands'> = { commands: ['run'] };
/** What says how packets are captured concerns `flowtap count` too. */
const CAPTURE: Pick<ConfigOption, 'commands'> = { commands: ['run', 'count'] };

const CAPTURE_OPTIONS: readonly ConfigOption[] = [
  {
    ...CAPTURE,
    path: 'live.interfaces',
    type: LIVE_INTERFACES,
    default: [],
    unit: '',
    flag: 'interface',
    letter: 'i',
    help: 'Interfaces to meter, each with its own workers; those of a group, such as the two ports of a TAP, are one observation point.',
  },
  {
    ...ONLY,
    path: 'live.waitForInterfaces',
    type: { ...choice(WAIT_FOR_INTERFACES), placeholder: 'WHEN' },
    default: 'auto',
    unit: '',
    flag: 'wait-for-interfaces',
    help: 'Wait for interfaces that are not there at the start instead of ending; auto: as a service of systemd.',
  },
  {
    ...CAPTURE,
    path: 'live.capture',
    type: choice(CAPTURE_KINDS),
    default: 'ring',
    unit: '',
    flag: 'capture',
    help: 'How packets are captured: a ring shared with the kernel (Linux), libpcap, or the optional package cap.',
  },
  {
    ...ONLY,
    path: 'live.workers',
    type: numberOrWord(['auto'], { min: 1, max: 64, isWhole: true }),
    default: 'auto',
    unit: 'threads',
    flag: 'workers',
    help: 'Threads for each interface, each with its own ring and flow table; auto shares the cores, less one, out.',
  },
  {
    ...CAPTURE,
    path: 'live.filter',
    type: text("an expression in tcpdump's syntax, or nothing", 'EXPRESSION'),
    default: '',
    unit: '',
    flag: 'filter',
    letter: 'f',
    help: "Meter only packets that match this expression in tcpdump's syntax; the kernel leaves the others out.",
  },
  {
    ...CAPTURE,
    path: 'live.snapLength',
    type: numberOrWord(['auto'], { min: 64, max: 65_535, isWhole: true }),
    default: 'auto',
    unit: 'octets',
    flag: 'snap-length',
    help: 'Octets of each frame that are captured; lengths are counted as they were on the wire all the same. auto: 256; while payload is inspected, 2,048 of frames that may say something, as a ClientHello has more.',
  },
  {
    ...CAPTURE,
    path: 'live.promiscuous',
    type: SWITCH,
    default: true,
    unit: '',
    flag: 'promiscuous',
    help: 'Receive frames for other stations too, as a mirror port needs it; ends with the capture.',
  },
  {
    ...CAPTURE,
    path: 'live.outgoing',
    type: SWITCH,
    default: false,
    unit: '',
    flag: 'outgoing',
    help: 'Meter what this machine sends on the interface too; a mirror port has nothing of that.',
  },
];

const RING_OPTIONS: readonly ConfigOption[] = [
  {
    ...CAPTURE,
    path: 'live.ring.blocks',
    type: integer(2, 65_536),
    default: 64,
    unit: 'blocks',
    flag: 'ring-blocks',
    help: 'Blocks of the ring of each worker: what it can hold while the worker is busy.',
  },
  {
    ...CAPTURE,
    path: 'live.ring.blockOctets',
    type: powerOfTwo(4096, 2 ** 27),
    default: 2 ** 20,
    unit: 'octets',
    help: 'Size of a block; its memory is the kernel’s and in one piece, so large ones may not be had.',
  },
  {
    ...CAPTURE,
    path: 'live.ring.blockTimeout',
    type: duration(1, 10e3),
    default: 50,
    unit: '',
    help: 'A block that is not full is handed over after this time: how late a packet may be seen.',
  },
];

const SAMPLING_OPTIONS: readonly ConfigOption[] = [
  {
    ...CAPTURE,
    path: 'live.sampling.interval',
    type: integer(1, 1_000_000),
    default: 1,
    unit: 'packets',
    flag: 'sampling',
    help: 'Meter one packet in so many, and tell collectors so; 1 meters all of them.',
  },
  {
    ...CAPTURE,
    path: 'live.sampling.method',
    type: { ...choice(SAMPLING_METHODS), placeholder: 'METHOD' },
    default: 'random',
    unit: '',
    flag: 'sampling-method',
    help: 'Which packet: any with equal chance, every N-th, or by a hash of its content (RFC 5475). Every N-th in the kernel takes CAP_BPF.',
  },
  {
    ...ONLY,
    path: 'live.sampling.scale',
    type: SWITCH,
    default: false,
    unit: '',
    flag: 'scale',
    help: 'Multiply counters by the interval and announce no sampling, for collectors that do not understand it.',
  },
];

export const LIVE_OPTIONS: readonly ConfigOption[] = [
  ...CAPTURE_OPTIONS,
  ...RING_OPTIONS,
  ...SAMPLING_OPTIONS,
  {
    ...ONLY,
    path: 'metrics.listen',
    onReload: 'metrics',
    type: listenAddress(),
    default: '127.0.0.1:9669',
    unit: '',
    flag: 'metrics',
    help: 'Where /metrics, /healthz and /readyz are served, without any authentication; none: nowhere.',
  },
  {
    ...ONLY,
    path: 'web.enabled',
    onReload: 'metrics',
    type: SWITCH,
    default: true,
    unit: '',
    flag: 'web',
    help: 'The page and the API beside the metrics; off leaves only /metrics, /healthz and /readyz.',
  },
  {
    ...ONLY,
    path: 'control.socket',
    type: SOCKET_PATH,
    default: 'auto',
    unit: '',
    flag: 'control-socket',
    help: 'The Unix socket on which the daemon answers its owner and its group; auto: flowtap.sock in the folder that systemd makes, or in /run/flowtap where that is there.',
  },
  {
    ...ONLY,
    path: 'log.level',
    onReload: 'log',
    type: { ...choice(LOG_LEVELS), placeholder: 'LEVEL' },
    default: 'info',
    unit: '',
    flag: 'log-level',
    help: 'The least important lines that are written.',
  },
  {
    ...ONLY,
    path: 'log.format',
    onReload: 'log',
    type: choice(LOG_FORMATS),
    default: 'auto',
    unit: '',
    help: 'Lines with priorities for journald, with colours for a terminal, or plain; auto looks at standard error.',
  },
];
