/** The flags of `flowtap top`, and what their texts come to. */
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import { choice, integer, names, numberOrWord, text } from '../config/types/option-types.ts';
import { USUAL_SOCKET } from '../control/socket-path.ts';
import { FLOW_SORTS, type FlowSort } from '../records/flow-query.ts';
import { type Arguments, COMMAND_LINE, type Flag } from './command.ts';
import { valueFaults } from './flag-values.ts';

const SPEED = numberOrWord([], { min: 0.001, max: 1_000_000, isWhole: false }, 'MULTIPLE');

export const TOP_FLAGS: readonly Flag[] = [
  {
    name: 'interface',
    letter: 'i',
    type: { ...names('the name of an interface (see: flowtap interfaces)'), placeholder: 'NAME' },
    help: 'Meter this interface; without it, ask a daemon',
  },
  {
    name: 'socket',
    letter: 's',
    type: text('the path of a Unix socket', 'PATH'),
    help: `Where the daemon answers (${USUAL_SOCKET})`,
  },
  {
    name: 'speed',
    type: { ...SPEED, allowed: 'a number from 0.001 to 1,000,000', placeholder: 'N' },
    help: 'Of a capture: multiple of real time [1]',
  },
  {
    name: 'sort',
    type: { ...choice(FLOW_SORTS), placeholder: 'MEASURE' },
    help: `${FLOW_SORTS.join(', ')} [rate]`,
  },
  {
    name: 'filter',
    letter: 'f',
    type: text("conditions as in 'address 192.0.2.0/24 port 443'", 'CONDITIONS'),
    help: 'By address, port, protocol, interface',
  },
  {
    name: 'count',
    letter: 'n',
    type: integer(1, 1_000_000),
    help: 'End after so many looks, printed as plain text',
  },
];

export interface TopOptions {
  readonly files: readonly string[];
  readonly interface: string | undefined;
  readonly socket: string;
  readonly speed: number;
  readonly sort: FlowSort;
  readonly filter: string;
  readonly count: number | undefined;
}

/** Faults of what was given together. */
function togetherFaults({ operands, flags }: Arguments): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const file = operands[0];
  if (file !== undefined && flags.has('interface'))
    faults.push({ path: '--interface', found: `with ${JSON.stringify(file)}`, allowed: 'a FILE or -i NAME' });
  if (flags.has('socket') && (file !== undefined || flags.has('interface')))
    faults.push({ path: '--socket', found: 'with a FILE or -i', allowed: 'one of them: whom to look at' });
  if (flags.has('speed') && file === undefined)
    faults.push({ path: '--speed', found: 'without a FILE', allowed: 'a capture beside it' });
  return faults;
}

/** @throws ConfigError with all faults */
export function topOptions(args: Arguments): TopOptions {
  const faults = [...valueFaults(TOP_FLAGS, args), ...togetherFaults(args)];
  if (faults.length > 0) throw new ConfigError(COMMAND_LINE, faults, 'see: flowtap top --help');
  const last = (name: string) => args.flags.get(name)?.at(-1);
  const count = last('count');
  return {
    files: args.operands,
    interface: last('interface'),
    socket: last('socket') ?? USUAL_SOCKET,
    speed: Number(last('speed') ?? 1),
    sort: (last('sort') ?? 'rate') as FlowSort,
    filter: last('filter') ?? '',
    count: count === undefined ? undefined : Number(count),
  };
}
