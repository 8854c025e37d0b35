/**
 * Command line of the workload generator: `npm run bench:generate -- [NAME…] [options]`. Writes NAME.pcap and NAME.json
 * (what is in it) into `--out`. Does not run anything; see run.ts.
 */
import { parseArgs } from 'node:util';
import { DATA_FOLDER, prepareMade } from './ready.ts';
import { MADE } from './workloads.ts';

const HELP = `usage: node bench/generate.ts [NAME…] [options]
NAME        ${Object.keys(MADE).join(', ')}
            (default: all of 64 octets and those stored in part; any other name starts from the first one's options)
--packets N --flows N --frame OCTETS --stored OCTETS --ipv6-share 0…1 --rate PACKETS/S --skew EXPONENT --seed N
            change what the named workloads hold
--out DIR   default bench/data`;

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      packets: { type: 'string' },
      flows: { type: 'string' },
      frame: { type: 'string' },
      stored: { type: 'string' },
      'ipv6-share': { type: 'string' },
      rate: { type: 'string' },
      skew: { type: 'string' },
      seed: { type: 'string' },
      out: { type: 'string', default: DATA_FOLDER },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const names =
    positionals.length > 0
      ? positionals
      : Object.keys(MADE).filter((name) => MADE[name]!.storedOctets < 1500);
  for (const name of names) {
    const preset = MADE[name] ?? Object.values(MADE)[0]!;
    const number = (text: string | undefined, fallback: number) =>
      text === undefined ? fallback : Number(text);
    prepareMade(
      name,
      {
        packets: number(values.packets, preset.packets),
        flows: number(values.flows, preset.flows),
        frameOctets: number(values.frame, preset.frameOctets),
        storedOctets: number(values.stored, preset.storedOctets),
        ipv6Share: number(values['ipv6-share'], preset.ipv6Share),
        packetsPerSecond: number(values.rate, preset.packetsPerSecond),
        skew: number(values.skew, preset.skew),
        seed: number(values.seed, preset.seed),
      },
      values.out,
    );
  }
}

if (import.meta.main) main();
