/** The help of flowtap and of each command: usage, flags with their defaults, examples. At most 100 columns wide. */
import { COMMON_FLAGS } from './arguments.ts';
import type { Command, Flag } from './command.ts';

/** Names and examples take at most this many columns before their sentence. */
const LEFT_COLUMNS = 38;

function rows(pairs: readonly (readonly [string, string])[], columnsMax = LEFT_COLUMNS): string {
  const width = Math.min(columnsMax, Math.max(...pairs.map(([left]) => left.length)));
  return pairs.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

function flagRow({ name, letter, type, help }: Flag): [string, string] {
  const short = letter === undefined ? '    ' : `-${letter}, `;
  const value = type === undefined ? '' : ` ${type.placeholder}`;
  return [`${short}--${name}${value}`, help];
}

/** Help of one command. */
export function commandHelp(command: Command): string {
  return [
    `${command.summary}\n\n`,
    `Usage: flowtap ${command.name} ${command.usage}\n\n`,
    `Options:\n${rows([...command.flags, ...COMMON_FLAGS].map(flagRow))}\n`,
    `Examples:\n${rows(command.examples, 60)}`,
  ].join('');
}

/** Help of flowtap itself. */
export function mainHelp(commands: readonly Command[]): string {
  return [
    'A NetFlow v5, NetFlow v9 and IPFIX probe: packets in, flow records out\n\n',
    'Usage: flowtap COMMAND [OPTION]...\n\n',
    `Commands:\n${rows(commands.map((command) => [command.name, command.summary]))}\n`,
    `Options:\n${rows([
      ['-h, --help', 'Show help; flowtap COMMAND --help shows that of a command'],
      ['-V, --version', 'Show the version'],
    ])}\n`,
    `Examples:\n${rows(
      [
        ['flowtap run -i eth1 -e ipfix://192.0.2.1', 'meter a mirror port, for good'],
        ['flowtap replay office.pcapng', 'the busiest flows of a capture'],
        ['flowtap replay office.pcapng -e ipfix://192.0.2.1', 'send its flows to a collector'],
      ],
      60,
    )}`,
  ].join('');
}
