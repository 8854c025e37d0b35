/**
 * For each record class of row-selection.ts, what its records are encoded with: template, set id and columns; and the
 * template records that announce them.
 */
import { isByApplication } from '../../ie/profiles.ts';
import { compileTemplate, isProfile, type Template, type TemplateOptions } from '../../ie/templates.ts';
import { APPLICATION_KINDS } from '../../records/application-kinds.ts';
import {
  DIRECTION_BOTH,
  DIRECTION_REVERSE,
  DIRECTIONS,
  KINDS,
  RECORD_CLASSES,
} from '../contract/row-selection.ts';
import { type Column, compileColumns, type ExporterValues } from './columns.ts';
import { compileTexts, type TextField } from './columns-text.ts';
import type { CollectorExporterOptions } from './exporter-options.ts';
import { ipfixTemplateRecord } from './ipfix.ts';
import { netflow5Interface, netflow5Record } from './netflow-v5.ts';
import { netflow9TemplateRecord } from './netflow-v9.ts';

export interface RecordClass {
  readonly setId: number;
  readonly recordOctets: number;
  readonly columns: readonly Column[];
  /** Fields of variable length, behind the columns; then records are `recordOctets` long at least. */
  readonly texts: readonly TextField[];
}

export interface RecordClasses {
  /** By record class number; undefined where the protocol cannot carry such records. */
  readonly recordClasses: readonly (RecordClass | undefined)[];
  readonly templates: readonly Template[];
  /** Template records, id included. */
  readonly templateRecords: readonly Uint8Array[];
  /** Whether there are classes for each kind of application, one after the other. */
  readonly isByApplication: boolean;
}

export interface RecordClassOptions {
  readonly protocol: 'netflow5' | 'netflow9' | 'ipfix';
  readonly template: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] };
  readonly isBiflow: boolean;
  readonly privateEnterpriseNumber: number;
  readonly values: ExporterValues;
  /** `command line` or the configuration file's name, for faults. */
  readonly origin: string;
}

const SET_ID_MIN = 1024;
const SET_IDS = 0xffff - SET_ID_MIN + 1;

/**
 * Gives out template ids that follow from the templates' contents: a restart with the same configuration uses the same
 * ones, and one with another configuration others, so that a collector never decodes by a template of an earlier run.
 */
export class TemplateIds {
  readonly #used = new Set<number>();

  /** @param record a template record, whose first two octets (the id itself) do not count */
  take(record: Uint8Array): number {
    let hash = 0x811c9dc5; // FNV-1a
    for (let i = 2; i < record.length; i++) hash = Math.imul(hash ^ record[i]!, 0x01000193);
    let id = SET_ID_MIN + ((hash >>> 0) % SET_IDS);
    while (this.#used.has(id)) id = SET_ID_MIN + ((id - SET_ID_MIN + 1) % SET_IDS);
    this.#used.add(id);
    return id;
  }
}

/** NetFlow v5: the fixed record, for IPv4 alone. */
function netflow5Classes(values: ExporterValues): RecordClasses {
  const template = netflow5Record();
  const { recordOctets } = template;
  const recordClasses: (RecordClass | undefined)[] = [];
  for (let kind = 0; kind < KINDS; kind++) {
    for (let side = 0; side < DIRECTIONS; side++) {
      const isCarried = kind < KINDS / 2 && side !== DIRECTION_BOTH;
      const columns = compileColumns(template, side === DIRECTION_REVERSE, values);
      recordClasses.push(isCarried ? { setId: 0, recordOctets, columns, texts: [] } : undefined);
    }
  }
  return { recordClasses, templates: [template], templateRecords: [], isByApplication: false };
}

/** Compiles templates, and keeps them with their records. */
class TemplateSet {
  readonly templates: Template[] = [];
  readonly templateRecords: Uint8Array[] = [];
  readonly #options: RecordClassOptions;
  readonly #ids: TemplateIds;

  constructor(options: RecordClassOptions, ids: TemplateIds) {
    this.#options = options;
    this.#ids = ids;
  }

  /** The classes of a kind of flow, by side. */
  compile(names: readonly string[], compiled: TemplateOptions): (RecordClass | undefined)[] {
    const { values, isBiflow } = this.#options;
    const fields = (template: Template, isReverse: boolean) => ({
      columns: compileColumns(template, isReverse, values),
      texts: compileTexts(template, isReverse),
    });
    const single = compileTemplate(names, compiled);
    const recordClass = this.#add(single);
    const both = isBiflow ? compileTemplate(names, { ...compiled, withReverse: true }) : undefined;
    return [
      { ...recordClass, ...fields(single, false) },
      { ...recordClass, ...fields(single, true) },
      both && { ...this.#add(both), ...fields(both, false) },
    ];
  }

  #add(template: Template): Pick<RecordClass, 'setId' | 'recordOctets'> {
    const encode = this.#options.protocol === 'ipfix' ? ipfixTemplateRecord : netflow9TemplateRecord;
    const record = encode(0, template);
    const setId = this.#ids.take(record);
    new DataView(record.buffer).setUint16(0, setId);
    this.templates.push(template);
    this.templateRecords.push(record);
    return { setId, recordOctets: template.recordOctets };
  }
}

/**
 * Compiles the templates of a collector.
 * @throws ConfigError with what is wrong in the lists of elements
 */
export function compileRecordClasses(options: RecordClassOptions, ids: TemplateIds): RecordClasses {
  const { protocol, values, template, privateEnterpriseNumber, origin } = options;
  if (protocol === 'netflow5') return netflow5Classes(values);
  const set = new TemplateSet(options, ids);
  const isDivided = isByApplication(template.ipv4) || isByApplication(template.ipv6);
  const recordClasses: (RecordClass | undefined)[] = [];
  for (const application of isDivided ? APPLICATION_KINDS : ([undefined] as const)) {
    for (const ipVersion of [4, 6] as const) {
      const names = ipVersion === 4 ? template.ipv4 : template.ipv6;
      const path = `template.ipv${ipVersion}`;
      for (const isIcmp of [false, true]) {
        const isFirst = recordClasses.length < RECORD_CLASSES;
        const at = recordClasses.length % RECORD_CLASSES;
        if (!isFirst && (isIcmp || !isByApplication(names))) {
          // One for all kinds of application: the first one's.
          recordClasses.push(...recordClasses.slice(at, at + DIRECTIONS));
        } else if (isIcmp && !isProfile(names)) {
          // A list of the user's is one template for all flows of the IP version.
          recordClasses.push(...recordClasses.slice(-DIRECTIONS));
        } else {
          const kind = application === undefined ? {} : { application };
          const compiled = { protocol, ipVersion, isIcmp, privateEnterpriseNumber, path, origin, ...kind };
          recordClasses.push(...set.compile(names, compiled));
        }
      }
    }
  }
  const { templates, templateRecords } = set;
  return { recordClasses, templates, templateRecords, isByApplication: isDivided };
}

/**
 * The record classes of an exporter, and the ids that its options templates may use besides.
 * @throws ConfigError with what is wrong in the lists of elements
 */
export function exporterClasses(options: CollectorExporterOptions): {
  recordClasses: RecordClasses;
  ids: TemplateIds;
} {
  const { protocol, observationDomainId, ingressInterface, egressInterface } = options;
  const fit = (ifIndex: number) => (protocol === 'netflow5' ? netflow5Interface(ifIndex) : ifIndex);
  const ids = new TemplateIds();
  const values = {
    observationDomainId,
    ingressInterface: ingressInterface === 'auto' ? undefined : fit(ingressInterface),
    egressInterface: fit(egressInterface),
    samplingInterval: options.sampling?.interval ?? 1,
  };
  return { recordClasses: compileRecordClasses({ ...options, values }, ids), ids };
}
