/** `flowtap check-config`: says that a configuration file is right, or throws the list of what is not. */
import { loadConfig } from '../config/load.ts';
import { renderYaml } from '../config/render.ts';
import type { Arguments } from './command.ts';

/** @throws ConfigError with every fault of the file */
export async function checkConfig(args: Arguments): Promise<number> {
  const file = args.operands[0]!;
  const config = loadConfig(file);
  if (args.flags.has('print')) {
    process.stdout.write(renderYaml(config, false));
    process.stderr.write(`${file}: OK\n`);
  } else {
    process.stdout.write(`${file}: OK\n`);
  }
  return 0;
}
