/** `flowtap check-config`: says that a configuration file is right, or throws the list of what is not. */

import { availableParallelism } from 'node:os';
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import type { FlowtapConfig } from '../config/config.ts';
import { renderYaml } from '../config/render.ts';
import { EXPORT_PROTOCOLS } from '../export/contract/protocols.ts';
import { compileTemplate } from '../ie/templates.ts';
import { checkFlowMessages } from '../probe/check-messages.ts';
import { networksOctets } from '../probe/memory-text.ts';
import { joinSections, type RecordSections } from '../records/record-sections.ts';
import type { Arguments } from './command.ts';
import { mergeConfig } from './flag-config.ts';
import { contradictions } from './run-config.ts';

/**
 * Compiles the templates as the exporters would, and as JSON and CSV do without any exporter.
 * @returns the sections of records that the exporters' read
 */
function checkTemplates(file: string, config: FlowtapConfig): RecordSections {
  const faults = new Map<string, ConfigFault>();
  const needs: RecordSections[] = [];
  const { privateEnterpriseNumber, template } = config;
  const check = (
    protocol: 'netflow9' | 'ipfix' | 'text',
    ipVersion: 4 | 6,
    names: readonly string[],
    path: string,
    biflow: boolean,
  ) => {
    const withReverse = biflow && protocol === 'ipfix';
    try {
      const options = { protocol, ipVersion, path, privateEnterpriseNumber, withReverse };
      const template = compileTemplate(names, options);
      // Without an exporter nobody reads what it has.
      if (config.exporters.length > 0) needs.push(template.needs);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const fault of error.faults) faults.set(`${fault.path} ${fault.found}`, fault);
    }
  };
  if (config.exporters.length === 0) {
    for (const ipVersion of [4, 6] as const) {
      const path = `template.ipv${ipVersion}`;
      check('text', ipVersion, template[`ipv${ipVersion}`], path, config.biflow);
    }
  }
  config.exporters.forEach((exporter, i) => {
    const protocol = EXPORT_PROTOCOLS[exporter.protocol].template;
    if (protocol === undefined) return;
    const { templateIpv4, templateIpv6, biflow = config.biflow } = exporter.options;
    const own = (names: readonly string[] | undefined, ipVersion: 4 | 6) =>
      names === undefined ? `template.ipv${ipVersion}` : `exporters[${i}].templateIpv${ipVersion}`;
    check(protocol, 4, templateIpv4 ?? template.ipv4, own(templateIpv4, 4), biflow);
    check(protocol, 6, templateIpv6 ?? template.ipv6, own(templateIpv6, 6), biflow);
  });
  if (faults.size > 0) throw new ConfigError(file, [...faults.values()]);
  return joinSections(needs);
}

/** Reads the databases as a probe would. */
async function checkDatabases(file: string, { enrichment }: FlowtapConfig): Promise<void> {
  if (enrichment.databases.length === 0) return;
  const { openEach, readDatabase } = await import('../networks/open-networks.ts');
  await openEach(enrichment.databases, readDatabase, file);
}

/** What `flowtap run` would take of this machine's memory, as its log says. */
async function memoryLine(config: FlowtapConfig, needs: RecordSections): Promise<string> {
  const [{ planLive }, { liveMemoryLine }] = await Promise.all([
    import('../probe/live/plan.ts'),
    import('../probe/live/memory-line.ts'),
  ]);
  const plan = planLive(
    config,
    { ...needs, health: needs.health || config.paths.length > 0 },
    { cores: availableParallelism(), pid: process.pid },
  );
  return liveMemoryLine(plan, config, await networksOctets(config));
}

/** @throws ConfigError with every fault of the file */
export async function checkConfig(args: Arguments): Promise<number> {
  const file = args.operands[0]!;
  // As `flowtap run` reads it, but for the interfaces: they need not be those of the machine where it is checked.
  const flags = new Map([['config', [file]]]);
  const config = await mergeConfig('run', { operands: [], flags }, contradictions);
  const needs = checkTemplates(file, config);
  await checkDatabases(file, config);
  const messages = await checkFlowMessages(config);
  if (messages.faults.length > 0) throw new ConfigError(file, messages.faults);
  const memory = await memoryLine(config, joinSections([needs, messages.needs]));
  if (args.flags.has('print')) {
    process.stdout.write(renderYaml(config, false));
    process.stderr.write(`${file}: OK\n${memory}\n`);
  } else {
    process.stdout.write(`${file}: OK\n${memory}\n`);
  }
  return 0;
}
