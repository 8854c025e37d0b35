/**
 * Reads a YAML configuration file: every fault of it at once, each with its line. Values are checked by the option's
 * own type (option-types.ts); how options go together is checked where they are merged with flags.
 */
import { readFileSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { OptionValues } from './config.ts';
import { type ExporterConfig, parseExporter } from './exporters.ts';
import { CONFIG_OPTIONS } from './schema.ts';
import type { ConfigOption } from './types/config-option.ts';
import { allowedInPlaceOf } from './types/option-types.ts';

export interface ConfigFile {
  /** Only what the file says, by option path. */
  readonly values: OptionValues;
  readonly exporters: readonly ExporterConfig[];
  /** Line of each option that the file sets, from 1. */
  readonly lines: ReadonlyMap<string, number>;
}

/** The options as a tree, the way they stand in the file. */
interface OptionTree {
  [key: string]: ConfigOption | OptionTree;
}

const EXPORTERS = 'exporters';

function optionTree(): OptionTree {
  const tree: OptionTree = {};
  for (const option of CONFIG_OPTIONS) {
    const keys = option.path.split('.');
    const last = keys.pop()!;
    let parent = tree;
    for (const key of keys) parent = (parent[key] ??= {}) as OptionTree;
    parent[last] = option;
  }
  return tree;
}

function isOption(entry: ConfigOption | OptionTree): entry is ConfigOption {
  return typeof entry.path === 'string';
}

/** What one file holds, collected while walking through it. */
class Reader {
  readonly values: OptionValues = new Map();
  readonly exporters: ExporterConfig[] = [];
  readonly lines = new Map<string, number>();
  readonly faults: ConfigFault[] = [];
  readonly #document: Document;
  readonly #lineCounter: LineCounter;

  constructor(text: string) {
    this.#lineCounter = new LineCounter();
    // Without its own pretty errors, yaml's messages are one line, as ours are.
    this.#document = parseDocument(text, { lineCounter: this.#lineCounter, prettyErrors: false });
    for (const error of this.#document.errors) {
      this.faults.push({
        path: 'YAML',
        found: error.message,
        allowed: 'a well-formed YAML document',
        line: this.#lineCounter.linePos(error.pos[0]).line,
      });
    }
    const contents = this.#document.contents;
    if (this.faults.length > 0 || contents === null) return;
    if (isMap(contents)) this.#readGroup(contents, optionTree(), '');
    else this.#fault('the file', contents, this.#found(contents), 'options as KEY: VALUE');
  }

  #line(node: Node): number | undefined {
    return node.range ? this.#lineCounter.linePos(node.range[0]).line : undefined;
  }

  #fault(path: string, node: Node, found: string, allowed: string): void {
    this.faults.push({ path, found, allowed, line: this.#line(node) });
  }

  /** A value as text for a message. */
  #found(node: Node | null): string {
    const value = node === null ? null : (node.toJS(this.#document) as unknown);
    return value === null ? 'nothing' : JSON.stringify(value);
  }

  #readGroup(group: YAMLMap, tree: OptionTree, prefix: string): void {
    for (const pair of group.items as Pair<Node, Node | null>[]) {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const path = prefix + key;
      const value = isAlias(pair.value) ? (pair.value.resolve(this.#document) ?? null) : pair.value;
      const entry = Object.hasOwn(tree, key) ? tree[key] : undefined;
      if (path === EXPORTERS) this.#readExporters(pair.key, value);
      else if (entry === undefined) this.#unknownKey(pair.key, key, path, tree);
      else if (isOption(entry)) this.#readOption(pair.key, value, entry);
      else if (isMap(value)) this.#readGroup(value, entry, `${path}.`);
      else this.#fault(path, pair.key, this.#found(value), `a group of ${Object.keys(entry).join(', ')}`);
    }
  }

  #readOption(key: Node, node: Node | null, option: ConfigOption): void {
    const raw = node === null ? undefined : (node.toJS(this.#document) as unknown);
    const value = node === null ? undefined : option.type.parse(raw);
    if (value === undefined) {
      const allowed = allowedInPlaceOf(raw, option.type);
      this.#fault(option.path, node?.range ? node : key, this.#found(node), allowed);
      return;
    }
    this.values.set(option.path, value);
    this.lines.set(option.path, this.#line(key) ?? 1);
  }

  #readExporters(key: Node, list: Node | null): void {
    if (!isSeq(list)) {
      this.#fault(EXPORTERS, list ?? key, this.#found(list), 'a list of URLs or objects');
      return;
    }
    this.lines.set(EXPORTERS, this.#line(key) ?? 1);
    for (const [index, item] of (list.items as Node[]).entries()) {
      const faults: ConfigFault[] = [];
      const exporter = parseExporter(item.toJS(this.#document), `${EXPORTERS}[${index}]`, faults);
      for (const fault of faults) this.faults.push({ ...fault, line: this.#line(item) });
      if (exporter !== undefined) this.exporters.push(exporter);
    }
  }

  #unknownKey(node: Node, key: string, path: string, tree: OptionTree): void {
    const isTop = path === key;
    const known = isTop ? [...Object.keys(tree), EXPORTERS] : Object.keys(tree);
    const meant = nearest(key, known) ?? this.#elsewhere(key);
    const allowed = meant === undefined ? known.join(', ') : `${meant} (did you mean it?)`;
    this.#fault(path, node, 'an unknown option', allowed);
  }

  /** The path of an option that is called like this in another group. */
  #elsewhere(key: string): string | undefined {
    return CONFIG_OPTIONS.find((option) => option.path.split('.').at(-1) === key)?.path;
  }
}

/**
 * @param name of the file, for messages
 * @throws ConfigError with every fault of the text
 */
export function parseConfigFile(name: string, text: string): ConfigFile {
  const reader = new Reader(text);
  if (reader.faults.length > 0) throw new ConfigError(name, reader.faults);
  return reader;
}

/** @throws ConfigError when the file cannot be read, or with every fault of it */
export function readConfigFile(file: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ConfigError(file, [{ path: 'the file', found, allowed: 'a YAML file that can be read' }]);
  }
  return parseConfigFile(file, text);
}
