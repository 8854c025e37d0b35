/**
 * config/flowtap.schema.json: JSON Schema (draft 2020-12) of the configuration file, made from the rows of schema.ts, so
 * that editors complete and check it. The loader does not use it: option-types.ts says more about what is wrong.
 */

import type { ConfigOption } from './config-option.ts';
import { DEFAULT_PORTS, EXPORTER_PROTOCOLS } from './exporters.ts';
import { CONFIG_GROUPS } from './groups.ts';
import { EXPORTER_OPTIONS } from './options/exporting.ts';
import { CONFIG_OPTIONS } from './schema.ts';

interface SchemaObject {
  type: 'object';
  additionalProperties: false;
  properties: Record<string, object>;
  description?: string;
}

function emptyObject(path: string): SchemaObject {
  const description = CONFIG_GROUPS[path];
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    additionalProperties: false,
    properties: {},
  };
}

function optionSchema(option: ConfigOption): object {
  const shown = option.type.isDuration ? option.type.format(option.default) : option.default;
  const unit = option.unit === '' ? '' : ` Unit: ${option.unit}.`;
  return { description: option.help + unit, ...option.type.jsonSchema, default: shown };
}

function exporterSchema(): object {
  const properties: Record<string, object> = {
    url: { type: 'string', description: 'Instead of protocol, host and port.' },
    protocol: { enum: EXPORTER_PROTOCOLS },
    host: { type: 'string', minLength: 1 },
    port: {
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      description: `Default: ${JSON.stringify(DEFAULT_PORTS)}`,
    },
  };
  for (const option of EXPORTER_OPTIONS) properties[option.path] = optionSchema(option);
  return {
    type: 'array',
    description: CONFIG_GROUPS.exporters,
    default: [],
    items: {
      oneOf: [
        { type: 'string', pattern: `^(${EXPORTER_PROTOCOLS.join('|')})://` },
        {
          type: 'object',
          additionalProperties: false,
          properties,
          oneOf: [
            { required: ['url'], properties: { protocol: false, host: false, port: false } },
            { required: ['protocol', 'host'], properties: { url: false } },
          ],
        },
      ],
    },
  };
}

/** config/flowtap.schema.json: JSON Schema, draft 2020-12. */
export function configurationJsonSchema(): string {
  const root = emptyObject('');
  for (const option of CONFIG_OPTIONS) {
    const keys = option.path.split('.');
    const name = keys.pop()!;
    let parent = root;
    for (const [depth, key] of keys.entries()) {
      const group = parent.properties[key] ?? emptyObject(keys.slice(0, depth + 1).join('.'));
      parent.properties[key] = group;
      parent = group as SchemaObject;
    }
    parent.properties[name] = optionSchema(option);
  }
  root.properties.exporters = exporterSchema();
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'flowtap configuration',
    ...root,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
