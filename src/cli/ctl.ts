/**
 * `flowtap ctl`: asks and tells a running daemon, over its control socket. What it prints is the daemon's answer; the exit
 * code is 0 where that was done, 1 where it was not, and 2 for a command line that says nothing.
 */
import { ConfigError, type ConfigFault, ControlError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { formatCount, formatCounted } from '../base/units.ts';
import { CONTROL_PATH } from '../control/control-words.ts';
import { askDaemon, refusalOf } from '../control/daemon-client.ts';
import { endOf, type FlowObject } from '../control/flow-objects.ts';
import { USUAL_SOCKET } from '../control/socket-path.ts';
import { formatProtocol } from '../ie/protocol-names.ts';
import { FLOW_QUERY_NAMES } from '../records/flow-query.ts';
import { type Arguments, COMMAND_LINE } from './command.ts';
import { ALIASES, CTL_WORDS } from './ctl-flags.ts';
import { formatListing } from './listing.ts';

function checkedWords({ operands, flags }: Arguments): { word: string; argument: string } {
  const [given = '', ...rest] = operands;
  const word = Object.hasOwn(ALIASES, given) ? ALIASES[given]! : given;
  const faults: ConfigFault[] = [];
  if (!CTL_WORDS.includes(word)) {
    const all = [...CTL_WORDS, ...Object.keys(ALIASES)];
    const close = nearest(given, all);
    const hint = close === undefined ? '' : ` (${close}?)`;
    faults.push({ path: 'ctl', found: JSON.stringify(given) + hint, allowed: all.join(', ') });
  } else if (word === 'set' ? rest.length !== 1 : rest.length > 0) {
    const allowed =
      word === 'set' ? 'one NAME=VALUE, as metering.idleTimeout=30s' : `nothing behind ${given}`;
    faults.push({ path: 'ctl', found: rest.length === 0 ? 'nothing' : rest.join(' '), allowed });
  }
  if (word !== 'flows') {
    for (const name of FLOW_QUERY_NAMES)
      if (flags.has(name))
        faults.push({ path: `--${name}`, found: `with ${given}`, allowed: 'only with flows' });
  }
  if (faults.length > 0) throw new ConfigError(COMMAND_LINE, faults);
  return { word, argument: rest[0] ?? '' };
}

function pathOf(word: string, argument: string, flags: Arguments['flags']): string {
  const query = new URLSearchParams();
  if (word === 'flows') {
    for (const name of FLOW_QUERY_NAMES) {
      const value = flags.get(name)?.at(-1);
      if (value !== undefined) query.set(name, value);
    }
  } else if (argument !== '') query.set('argument', argument);
  const base = word === 'status' || word === 'flows' ? `/api/v1/${word}` : `${CONTROL_PATH}/${word}`;
  return query.size === 0 ? base : `${base}?${query}`;
}

interface Status {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly isReady: boolean;
  readonly isPaused: boolean;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly interfaces: readonly {
    readonly name: string;
    readonly isUp: boolean;
    readonly meteredPackets: number;
    readonly meteredOctets: number;
    readonly droppedPackets: number;
    readonly activeFlows: number;
  }[];
  readonly collectors: readonly {
    readonly url: string;
    readonly isUp: boolean | null;
    readonly exportedFlowRecordTotalCount: number;
    readonly recordsPending: number;
    readonly lastError: { readonly reason: string; readonly message?: string } | null;
  }[];
  readonly losses: readonly {
    readonly subject: string;
    readonly count: number;
    readonly what: string;
    readonly remedy: string;
  }[];
}

function statusText({ configuration, interfaces, collectors, losses, ...status }: Status): string {
  const condition = status.isPaused ? 'paused' : status.isReady ? 'ready' : 'not ready';
  const timeouts = ['idleTimeout', 'activeTimeout', 'tcpEndDelay'].map(
    (name) => `${name} ${configuration[`metering.${name}`]}`,
  );
  const parts = [
    `flowtap ${status.version}, ${condition}, up ${formatCount(status.uptimeSeconds)} s; ${timeouts.join(', ')}\n`,
    formatListing(
      ['interface', 'up', 'packets', 'octets', 'dropped', 'flows'],
      interfaces.map((one) => [
        one.name,
        one.isUp ? 'yes' : 'no',
        one.meteredPackets,
        one.meteredOctets,
        one.droppedPackets,
        one.activeFlows,
      ]),
    ),
  ];
  if (collectors.length > 0) {
    const rows = collectors.map((one) => [
      one.url,
      one.isUp === null ? 'unknown' : one.isUp ? 'yes' : 'no',
      one.exportedFlowRecordTotalCount,
      one.recordsPending,
      one.lastError?.message ?? one.lastError?.reason ?? '',
    ]);
    parts.push(formatListing(['collector', 'up', 'records', 'pending', 'last error'], rows));
  }
  const lines = losses.map(
    ({ subject, count, what, remedy }) => `${subject}: ${formatCounted(count, what)}; ${remedy}\n`,
  );
  return parts.join('\n') + (lines.length === 0 ? '\nnothing was lost\n' : `\n${lines.join('')}`);
}

function flowsText(flows: readonly FlowObject[]): string {
  const rows = flows.map((flow) => [
    flow.interface,
    endOf(flow, 'source'),
    endOf(flow, 'destination'),
    formatProtocol(Number(flow.protocolIdentifier)),
    Number(flow.packetDeltaCount ?? 0) + Number(flow.reversePacketDeltaCount ?? 0),
    Number(flow.octetDeltaCount ?? 0) + Number(flow.reverseOctetDeltaCount ?? 0),
    flow.bitsPerSecond + flow.reverseBitsPerSecond,
    Math.round(flow.ageMilliseconds / 1e3),
    flow.verdict ?? '',
  ]);
  const head = [
    'interface',
    'initiator',
    'responder',
    'protocol',
    'packets',
    'octets',
    'bit/s',
    'age s',
    'verdict',
  ];
  return formatListing(head, rows);
}

/**
 * Runs the command.
 * @returns the exit code
 * @throws ConfigError for a wrong command line; ControlError where no daemon answers, or it has not done it
 */
export async function ctl(args: Arguments): Promise<number> {
  const { word, argument } = checkedWords(args);
  const socket = args.flags.get('socket')?.at(-1) ?? USUAL_SOCKET;
  const isQuestion = word === 'status' || word === 'flows';
  const reply = await askDaemon(socket, isQuestion ? 'GET' : 'POST', pathOf(word, argument, args.flags));
  const isDone = reply.status === 200;
  if (args.flags.has('json')) {
    process.stdout.write(reply.text);
    return isDone ? 0 : 1;
  }
  if (!isDone) throw new ControlError(refusalOf(reply));
  const answer = JSON.parse(reply.text) as Status & { flows: readonly FlowObject[]; message: string };
  if (word === 'status') process.stdout.write(statusText(answer));
  else if (word === 'flows') process.stdout.write(flowsText(answer.flows));
  else process.stdout.write(`${answer.message}\n`);
  return 0;
}
