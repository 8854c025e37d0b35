/** docs/configuration.md, made from the rows of schema.ts. */

import { fieldPath } from './config.ts';
import { EXPORTER_PROTOCOLS, EXPORTER_SCHEMES } from './exporter-schemes.ts';
import { CONFIG_GROUPS } from './groups.ts';
import { CONFIG_OPTIONS, flagText } from './schema.ts';
import type { ConfigOption } from './types/config-option.ts';
import { valueText } from './types/option-types.ts';

const HEAD = `# Configuration

<!-- Generated from src/config/schema.ts by \`npm run docs\`. Do not edit. -->

Every option has a default, so flowtap runs without any configuration. Options come from a YAML file
(\`flowtap run -c FILE\`, \`flowtap replay -c FILE\`), and many of them are flags as well; a flag wins over the file. The file
[config/flowtap.yaml](../config/flowtap.yaml) shows every option with its default, and
[config/flowtap.schema.json](../config/flowtap.schema.json) lets editors check it while you type.
\`flowtap check-config FILE\` names every fault with its line; with \`--print\` it shows what is in effect.

Durations are written as \`500ms\`, \`15s\`, \`1m\`, \`1h\`, \`1d\`; a plain number counts seconds.
`;

const EXPORTERS = `
## exporters

What flow records are exported to: a list of URLs or objects, empty by default.

    exporters:
      - ipfix://192.0.2.1                   # UDP port 4739
      - netflow9://[2001:db8::1]:2055?rate=max
      - protocol: netflow5
        host: collector.example.net
        port: 9995
        rate: 500

\`-e URL\` on the command line replaces the file's list, and may be repeated. [exporting.md](exporting.md) says how
several collectors share the flows, and what happens when one is away.

`;

/** A table of what URLs there are, and one of the options, with the schemes that read each. */
function exportersMarkdown(): string {
  const forms = { host: '://HOST[:PORT]', path: ':PATH', topic: '://HOST[:PORT][,HOST…]/TOPIC' };
  const lines = ['| URL | usual port | |', '|---|---|---|'];
  const readers = new Map<string, { option: ConfigOption; protocols: string[] }>();
  for (const protocol of EXPORTER_PROTOCOLS) {
    const { form, defaultPort, help, options } = EXPORTER_SCHEMES[protocol];
    lines.push(`| \`${protocol}${forms[form]}\` | ${defaultPort || '–'} | ${help} |`);
    for (const option of options) {
      const reader = readers.get(fieldPath(option)) ?? { option, protocols: [] };
      reader.protocols.push(protocol);
      readers.set(fieldPath(option), reader);
    }
  }
  lines.push(
    '',
    'Options of single exporters, in the object or behind the `?` of the URL; those of the group',
    '`export` have their default there.',
    '',
  );
  lines.push('| option | default | allowed | read by | meaning |', '|---|---|---|---|---|');
  for (const { option, protocols } of readers.values()) {
    const unit = option.unit === '' ? '' : ` ${option.unit}`;
    const isShared = CONFIG_OPTIONS.some((row) => row.path === `export.${option.path}`);
    const shown = isShared
      ? `see \`export.${option.path}\``
      : `\`${valueText(option.type, option.default)}\``;
    const who = protocols.length === EXPORTER_PROTOCOLS.length ? 'all' : protocols.join(', ');
    const allowed = option.type.allowed.replaceAll('|', '\\|');
    lines.push(`| \`${option.path}\` | ${shown} | ${allowed}${unit} | ${who} | ${option.help} |`);
  }
  return `${lines.join('\n')}\n`;
}

function row(option: ConfigOption): string {
  const unit = option.unit === '' ? '' : ` ${option.unit}`;
  const letter = option.letter === undefined ? '' : `\`-${option.letter}\`, `;
  const flag = option.flag === undefined ? '–' : `${letter}\`${flagText(option)}\``;
  const allowed = option.type.allowed.replaceAll('|', '\\|');
  return `| \`${option.path}\` | \`${valueText(option.type, option.default)}\` | ${allowed}${unit} | ${flag} | ${option.help} |`;
}

/** The document's text. */
export function configurationMarkdown(): string {
  const parts = [HEAD];
  let group: string | undefined;
  for (const option of CONFIG_OPTIONS) {
    const key = option.path.includes('.') ? option.path.split('.')[0]! : '';
    if (key !== group) {
      group = key;
      const title = key === '' ? 'Further options' : key;
      const sentence = CONFIG_GROUPS[key] === undefined ? '' : `\n${CONFIG_GROUPS[key]}\n`;
      parts.push(
        `\n## ${title}\n${sentence}\n| option | default | allowed | flag | meaning |\n|---|---|---|---|---|\n`,
      );
    }
    parts.push(`${row(option)}\n`);
  }
  parts.push(EXPORTERS, exportersMarkdown());
  return parts.join('');
}
