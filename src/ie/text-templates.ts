/**
 * Templates of what is not sent in messages: the fields of lines and of columns, without those that mean something only
 * next to a message's header.
 */
import { compileTemplate, type Template } from './templates.ts';
import { isPrintable } from './text-columns.ts';

export interface TextTemplateOptions {
  /** Lists of elements, or the name of a profile. */
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  /** Whether there are records for both directions of a flow. */
  readonly biflow: boolean;
  /** For faults of the templates: `command line` or the configuration file's name. */
  readonly origin?: string;
}

/** The templates of an IP version for lines about one direction, and for lines about both where there are such. */
export interface TextTemplates {
  readonly single: Template;
  readonly both: Template;
}

/**
 * Compiles the templates of an IP version.
 * @throws ConfigError for faults in the templates
 */
export function compileTextTemplates(options: TextTemplateOptions, ipVersion: 4 | 6): TextTemplates {
  const names = ipVersion === 4 ? options.template.ipv4 : options.template.ipv6;
  const path = `template.ipv${ipVersion}`;
  const origin = options.origin ?? 'configuration';
  const compile = (withReverse: boolean) => {
    const template = compileTemplate(names, { protocol: 'text', ipVersion, withReverse, path, origin });
    return { ...template, fields: template.fields.filter(({ element }) => isPrintable(element)) };
  };
  return { single: compile(false), both: compile(options.biflow) };
}

/** Both lists in one, each name before those that follow it in its own list where that is possible. */
export function mergeNames(first: readonly string[], second: readonly string[]): string[] {
  const merged = [...first];
  let place = 0;
  for (const name of second) {
    const known = merged.indexOf(name);
    if (known >= 0) place = known + 1;
    else merged.splice(place++, 0, name);
  }
  return merged;
}
