/** docs/configuration.md, made from the rows of schema.ts. */

import type { ConfigOption } from './config-option.ts';
import { CONFIG_GROUPS } from './groups.ts';
import { EXPORTER_OPTIONS } from './options/exporting.ts';
import { CONFIG_OPTIONS, flagText } from './schema.ts';

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

The collectors that flow records are sent to: a list of URLs or objects, empty by default.

    exporters:
      - ipfix://192.0.2.1                   # UDP port 4739
      - netflow9://[2001:db8::1]:2055?rate=max
      - protocol: netflow5
        host: collector.example.net
        port: 9995
        rate: 500

The protocol is \`netflow5\`, \`netflow9\` (both: UDP port 2055 unless given) or \`ipfix\` (4739). \`-e URL\` on the
command line replaces the file's list, and may be repeated. An exporter can differ from the group \`export\` in
EXPORTER_OPTION_NAMES.
`;

function row(option: ConfigOption): string {
  const unit = option.unit === '' ? '' : ` ${option.unit}`;
  const letter = option.letter === undefined ? '' : `\`-${option.letter}\`, `;
  const flag = option.flag === undefined ? '–' : `${letter}\`${flagText(option)}\``;
  const allowed = option.type.allowed.replaceAll('|', '\\|');
  return `| \`${option.path}\` | \`${option.type.format(option.default)}\` | ${allowed}${unit} | ${flag} | ${option.help} |`;
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
  const exporterNames = EXPORTER_OPTIONS.map((option) => `\`${option.path}\``).join(', ');
  parts.push(EXPORTERS.replace('EXPORTER_OPTION_NAMES', exporterNames));
  return parts.join('');
}
