/**
 * Writes every generated document and sample file: `npm run docs`. Each is the text that one function makes from a table
 * of the sources; test/docs checks that the files are current. Paths are relative to the package.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConfig } from '../config/config.ts';
import { configurationJsonSchema } from '../config/json-schema.ts';
import { configurationMarkdown } from '../config/markdown.ts';
import { sampleYaml } from '../config/render.ts';
import { completionScript } from './completion-scripts.ts';
import { elementsMarkdown } from './elements-document.ts';
import { grafanaDashboard } from './grafana-dashboard.ts';
import { commandPage, configurationPage } from './manual-pages.ts';
import { metricsMarkdown } from './metrics-document.ts';

/** Path of each generated file, with the function that makes its text. */
export const GENERATED: Readonly<Record<string, () => string>> = {
  'config/flowtap.yaml': () => sampleYaml(buildConfig(new Map(), [])),
  'config/flowtap.schema.json': configurationJsonSchema,
  'docs/configuration.md': configurationMarkdown,
  'docs/elements.md': elementsMarkdown,
  'docs/metrics.md': metricsMarkdown,
  'config/grafana/flowtap.json': grafanaDashboard,
  'packaging/share/man/man1/flowtap.1': commandPage,
  'packaging/share/man/man5/flowtap.yaml.5': configurationPage,
  'packaging/share/bash-completion/completions/flowtap': () => completionScript('bash'),
  'packaging/share/zsh/vendor-completions/_flowtap': () => completionScript('zsh'),
  'packaging/share/fish/vendor_completions.d/flowtap.fish': () => completionScript('fish'),
};

function writeAll(): void {
  for (const [path, makeText] of Object.entries(GENERATED)) {
    const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, makeText());
    process.stdout.write(`${path}\n`);
  }
}

if (import.meta.main) writeAll();
