/** `flowtap check-config`: says that a configuration file is right, or throws the list of what is not. */
import type { FlowtapConfig } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { renderYaml } from '../config/render.ts';
import { ConfigError, type ConfigFault } from '../errors.ts';
import { compileTemplate } from '../ie/templates.ts';
import type { Arguments } from './command.ts';

/** Compiles the templates as the exporters would, and as JSON and CSV do without any exporter. */
function checkTemplates(file: string, config: FlowtapConfig): void {
  const faults = new Map<string, ConfigFault>();
  const protocols = new Set(
    config.exporters.map((exporter) => exporter.protocol).filter((name) => name !== 'netflow5'),
  );
  for (const protocol of protocols.size === 0 ? (['text'] as const) : protocols) {
    for (const ipVersion of [4, 6] as const) {
      const path = `template.ipv${ipVersion}`;
      const names = ipVersion === 4 ? config.template.ipv4 : config.template.ipv6;
      const { privateEnterpriseNumber } = config;
      try {
        compileTemplate(names, {
          protocol,
          ipVersion,
          path,
          privateEnterpriseNumber,
          withReverse: config.biflow && protocol === 'ipfix',
        });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        for (const fault of error.faults) faults.set(`${fault.path} ${fault.found}`, fault);
      }
    }
  }
  if (faults.size > 0) throw new ConfigError(file, [...faults.values()]);
}

/** @throws ConfigError with every fault of the file */
export async function checkConfig(args: Arguments): Promise<number> {
  const file = args.operands[0]!;
  const config = loadConfig(file);
  checkTemplates(file, config);
  if (args.flags.has('print')) {
    process.stdout.write(renderYaml(config, false));
    process.stderr.write(`${file}: OK\n`);
  } else {
    process.stdout.write(`${file}: OK\n`);
  }
  return 0;
}
