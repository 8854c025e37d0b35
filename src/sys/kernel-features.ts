/**
 * What flowtap uses of newer kernels, or of parts of a kernel that may be missing, and does without where it is refused:
 * a row for each, and the one function that says so. docs/running.md has the same table ("Older kernels").
 *
 * A line comes once for each feature and process, whichever thread is the first to miss it.
 */
import { getSystemErrorName } from 'node:util';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { createLog, type Log, type LogFields, printLogLine } from '../base/log.ts';

export interface KernelFeature {
  /** What it does. */
  readonly does: string;
  /** The kernel that has it. */
  readonly needs: string;
  /** Names what is lost by it, and what is done instead. */
  readonly without: string;
  /** `warning` where results or their rate are others without it, `info` where it costs processor time alone. */
  readonly level: 'info' | 'warning';
  /** What an operator can do about a refusal, by errno. */
  readonly remedies?: Readonly<Record<string, string>>;
}

const NO_CAP_BPF = 'CAP_BPF is missing (and, under systemd, SystemCallFilter=bpf)';

/** By the name that the kernel's headers have for what is asked of it. */
export const KERNEL_FEATURES = {
  UDP_SEGMENT: {
    does: 'many datagrams in a call, to a collector on this host',
    needs: 'Linux 4.18',
    without: 'they are sent one at a time, and a replay to a collector on this host is slower',
    level: 'info',
  },
  PACKET_IGNORE_OUTGOING: {
    does: 'packets that this host sends stay out of the ring',
    needs: 'Linux 4.20',
    without: 'the filter in the kernel drops them, which takes more of its time',
    level: 'info',
  },
  PACKET_FANOUT_FLAG_IGNORE_OUTGOING: {
    does: 'packets that this host sends are not handed to a group of workers',
    needs: 'Linux 6.2',
    without: 'the filter in the kernel drops them, which takes more of its time',
    level: 'info',
  },
  BPF_FETCH: {
    does: 'systematic sampling in the kernel, by eBPF',
    needs: 'Linux 5.12',
    without: 'every packet is read, and sampled afterwards, each worker by itself',
    level: 'warning',
    remedies: { EPERM: NO_CAP_BPF, EACCES: NO_CAP_BPF },
  },
  MADV_POPULATE_WRITE: {
    does: 'pages of the flow table are made ahead, by another thread',
    needs: 'Linux 5.14',
    without: 'they are made when they are first touched, and a large replay starts slower',
    level: 'info',
  },
  MADV_HUGEPAGE: {
    does: 'huge pages for the flow table',
    needs: 'CONFIG_TRANSPARENT_HUGEPAGE',
    without: 'pages have the usual size, and finding a flow takes more processor time',
    level: 'info',
  },
  SOCK_DIAG_BY_FAMILY: {
    does: 'the queue of a collector on this host is watched',
    needs: 'the module udp_diag',
    without:
      'what the collector drops is not known, and it gets 20,000 messages a second unless a rate is set',
    level: 'warning',
  },
  PACKET_QDISC_BYPASS: {
    does: 'generated frames are sent past the queueing discipline',
    needs: 'Linux 3.14',
    without: 'they go through it, a little more slowly',
    level: 'info',
  },
} as const satisfies Record<string, KernelFeature>;

export type KernelFeatureName = keyof typeof KERNEL_FEATURES;

/** The line that says what is done without. */
export interface MissingFeature {
  readonly level: 'info' | 'warning';
  readonly message: string;
  readonly fields: LogFields;
}

const NAMES = Object.keys(KERNEL_FEATURES) as KernelFeatureName[];
const TOLD_KEY = 'flowtap: kernel features that are missing';

/** A word for each feature, not 0 once it has been told; all threads of the process that this one starts share them. */
function sharedWords(): Int32Array {
  const known = getEnvironmentData(TOLD_KEY);
  if (known instanceof SharedArrayBuffer) return new Int32Array(known);
  const words = new Int32Array(new SharedArrayBuffer(NAMES.length * Int32Array.BYTES_PER_ELEMENT));
  setEnvironmentData(TOLD_KEY, words.buffer);
  return words;
}

const told = sharedWords();

/** Writes a line to a log. */
export function logMissingFeature(log: Log, { level, message, fields }: MissingFeature): void {
  log.write(level, undefined, message, fields);
}

let listener = (line: MissingFeature) =>
  logMissingFeature(createLog({ level: 'info', print: printLogLine }), line);

/** Where the lines of this thread go from now on; before, to standard error. */
export function hearMissingFeatures(hear: (line: MissingFeature) => void): void {
  listener = hear;
}

function lineFor(name: KernelFeatureName, why: number | string): MissingFeature {
  const { does, needs, without, level, remedies }: KernelFeature = KERNEL_FEATURES[name];
  if (typeof why === 'string')
    return { level, message: `not possible here: ${does}: ${why}: ${without}`, fields: { feature: name } };
  const errno = why > 0 ? getSystemErrorName(-why) : 'unknown';
  const remedy = remedies?.[errno] === undefined ? '' : `; ${remedies[errno]}`;
  const message = `the kernel refuses ${name} (${does}), which needs ${needs}: ${without}${remedy}`;
  return { level, message, fields: { feature: name, errno } };
}

/**
 * Says that this process does without a feature, the first time that it does.
 * @param why the errno of the refusal, or a reason that is not the kernel's
 */
export function doWithout(name: KernelFeatureName, why: number | string): void {
  if (Atomics.exchange(told, NAMES.indexOf(name), 1) === 0) listener(lineFor(name, why));
}
