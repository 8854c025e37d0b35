/**
 * The configuration as YAML: the commented sample file and the effective configuration of `check-config --print`. Both
 * are made from the rows of schema.ts.
 */
import { type FlowtapConfig, fieldPath } from './config.ts';
import { EXPORTER_SCHEMES } from './exporter-schemes.ts';
import type { ExporterConfig } from './exporters.ts';
import { CONFIG_GROUPS } from './groups.ts';
import { CONFIG_OPTIONS, flagText } from './schema.ts';
import type { ConfigOption } from './types/config-option.ts';
import { type OptionValue, SWITCH, writtenValue } from './types/option-types.ts';
import { yamlLine } from './yaml-text.ts';

const COMMENT_WIDTH = 110;

function optionValue(config: FlowtapConfig, option: ConfigOption): OptionValue {
  let value: unknown = config;
  for (const key of fieldPath(option).split('.')) value = (value as Record<string, unknown>)[key];
  return value as OptionValue;
}

/** `text` as comment lines, broken between words. */
function commentLines(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > COMMENT_WIDTH) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  lines.push(line);
  return lines;
}

/** What an option does, and on a line of its own what it may be. */
function optionComment(option: ConfigOption, indent: string): string[] {
  const lines = commentLines(option.help, indent);
  const unit = option.unit === '' ? '' : ` ${option.unit}`;
  const flag = option.flag === undefined ? '' : ` Flag: ${flagText(option)}.`;
  const allowed = option.type === SWITCH ? '' : ` Allowed: ${option.type.allowed}${unit}.`;
  if (allowed + flag !== '') lines.push(...commentLines(`${allowed}${flag}`.trim(), indent));
  return lines;
}

function exporterLines(exporters: readonly ExporterConfig[]): string[] {
  if (exporters.length === 0) return ['exporters: []'];
  const lines = ['exporters:'];
  for (const { protocol, host, port, path, moreHosts = [], options, url } of exporters) {
    const { form, options: rows } = EXPORTER_SCHEMES[protocol];
    const place: [key: string, value: unknown][] =
      moreHosts.length > 0 ? [['url', url]] : [['protocol', protocol]];
    if (moreHosts.length === 0) {
      if (form !== 'path') place.push(['host', host], ['port', port]);
      if (path !== undefined) place.push([form === 'topic' ? 'topic' : 'path', path]);
    }
    for (const option of rows) {
      const value = options[fieldPath(option)] as OptionValue;
      if (value !== undefined) place.push([option.path, writtenValue(option.type, value)]);
    }
    const rendered = place.map(([key, value]) => yamlLine(key, value));
    lines.push(...rendered.map((line, i) => `${i === 0 ? '  - ' : '    '}${line}`));
  }
  return lines;
}

/**
 * A configuration as a YAML file that gives the same configuration again.
 * @param withComments a sentence above each option
 */
export function renderYaml(config: FlowtapConfig, withComments: boolean): string {
  const lines: string[] = [];
  let group: string[] = [];
  for (const option of CONFIG_OPTIONS) {
    const keys = option.path.split('.');
    const name = keys.pop()!;
    for (let depth = 0; depth < keys.length; depth++) {
      if (group.length > depth && group[depth] === keys[depth]) continue;
      const path = keys.slice(0, depth + 1).join('.');
      const indent = '  '.repeat(depth);
      if (depth === 0 && path === 'replay') lines.push(...exportersSection(config, withComments));
      if (withComments) {
        lines.push('');
        if (CONFIG_GROUPS[path] !== undefined) lines.push(...commentLines(CONFIG_GROUPS[path], indent));
      }
      lines.push(`${indent}${keys[depth]}:`);
      group = keys.slice(0, depth + 1);
    }
    if (withComments && keys.length === 0) lines.push('');
    group = keys;
    const indent = '  '.repeat(keys.length);
    if (withComments) lines.push(...optionComment(option, indent));
    lines.push(`${indent}${yamlLine(name, writtenValue(option.type, optionValue(config, option)))}`);
  }
  return `${lines.join('\n')}\n`;
}

function exportersSection(config: FlowtapConfig, withComments: boolean): string[] {
  const lines = exporterLines(config.exporters);
  if (!withComments) return lines;
  const example = ['# exporters:', '#   - ipfix://192.0.2.1:4739', '#   - netflow9://192.0.2.2?rate=max'];
  return ['', ...commentLines(CONFIG_GROUPS.exporters!, ''), ...example, ...lines];
}

/** The sample file config/flowtap.yaml. */
export function sampleYaml(defaults: FlowtapConfig): string {
  const head = [
    '# yaml-language-server: $schema=./flowtap.schema.json',
    '#',
    '# Every option of flowtap with its default. Generated from src/config/schema.ts by `npm run docs`.',
    '# Use it with `flowtap run -c FILE` or `flowtap replay -c FILE`, try it with `flowtap check-config FILE`; what is',
    '# left out has its default. A flag on the command line wins over the file.',
  ];
  return `${head.join('\n')}\n${renderYaml(defaults, true)}`;
}
