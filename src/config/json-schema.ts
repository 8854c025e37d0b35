/**
 * config/flowtap.schema.json: JSON Schema (draft 2020-12) of the configuration file, made from the rows of schema.ts, so
 * that editors complete and check it. The loader does not use it: option-types.ts says more about what is wrong.
 */

import { EXPORTER_PROTOCOLS, exporterScheme } from './exporter-schemes.ts';
import { CONFIG_GROUPS } from './groups.ts';
import { CONFIG_OPTIONS } from './schema.ts';
import type { ConfigOption } from './types/config-option.ts';
import { writtenValue } from './types/option-types.ts';

const URL_PATTERN = `^(${EXPORTER_PROTOCOLS.map((name) => name.replace('+', '\\+')).join('|')}):`;

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
  const shown = option.type.isDuration ? writtenValue(option.type, option.default) : option.default;
  const unit = option.unit === '' ? '' : ` Unit: ${option.unit}.`;
  const { jsonSchema } = option.type;
  // An open value has a word of its own, whatever the type is.
  const type =
    option.default === 'auto' && !option.type.allowed.includes('auto')
      ? { anyOf: [{ const: 'auto' }, jsonSchema] }
      : jsonSchema;
  return { description: option.help + unit, ...type, default: shown };
}

/** Objects of one scheme. */
function schemeSchema(protocol: (typeof EXPORTER_PROTOCOLS)[number]): object {
  const { form, defaultPort, options, help } = exporterScheme(protocol);
  const properties: Record<string, object> = { protocol: { const: protocol } };
  if (form !== 'path') {
    properties.host = { type: 'string', minLength: 1 };
    properties.port = { type: 'integer', minimum: 1, maximum: 65_535, default: defaultPort };
  }
  const place = form === 'topic' ? 'topic' : 'path';
  if (form !== 'host') properties[place] = { type: 'string', minLength: 1 };
  for (const option of options) properties[option.path] = optionSchema(option);
  const required = ['protocol', ...(form === 'path' ? [] : ['host']), ...(form === 'host' ? [] : [place])];
  return { type: 'object', description: help, additionalProperties: false, properties, required };
}

/** Objects with a URL: any option of any scheme may stand beside it. */
function urlSchema(): object {
  const properties: Record<string, object> = { url: { type: 'string', pattern: URL_PATTERN } };
  for (const protocol of EXPORTER_PROTOCOLS) {
    for (const option of exporterScheme(protocol).options) properties[option.path] ??= optionSchema(option);
  }
  return { type: 'object', additionalProperties: false, properties, required: ['url'] };
}

function exporterSchema(): object {
  return {
    type: 'array',
    description: CONFIG_GROUPS.exporters,
    default: [],
    items: {
      anyOf: [{ type: 'string', pattern: URL_PATTERN }, urlSchema(), ...EXPORTER_PROTOCOLS.map(schemeSchema)],
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
