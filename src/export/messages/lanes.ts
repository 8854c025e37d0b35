/**
 * For each lane of row-selection.ts, what its records are encoded with: template, set id and columns; and the template
 * records that announce them.
 */
import { compileTemplate, isProfile, type Template, type TemplateOptions } from '../../ie/templates.ts';
import { KINDS, SIDE_BOTH, SIDE_REVERSE, SIDES } from '../contract/row-selection.ts';
import { type Column, compileColumns, type ExporterValues } from './columns.ts';
import type { CollectorExporterOptions } from './exporter-options.ts';
import { ipfixTemplateRecord } from './ipfix.ts';
import { netflow5Interface, netflow5Record } from './netflow-v5.ts';
import { netflow9TemplateRecord } from './netflow-v9.ts';

export interface Lane {
  readonly setId: number;
  readonly recordOctets: number;
  readonly columns: readonly Column[];
}

export interface Lanes {
  /** By lane number; undefined where the protocol cannot carry such records. */
  readonly lanes: readonly (Lane | undefined)[];
  readonly templates: readonly Template[];
  /** Template records, id included. */
  readonly templateRecords: readonly Uint8Array[];
}

export interface LanesOptions {
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
function netflow5Lanes(values: ExporterValues): Lanes {
  const template = netflow5Record();
  const { recordOctets } = template;
  const lanes: (Lane | undefined)[] = [];
  for (let kind = 0; kind < KINDS; kind++) {
    for (let side = 0; side < SIDES; side++) {
      const isCarried = kind < KINDS / 2 && side !== SIDE_BOTH;
      const columns = compileColumns(template, side === SIDE_REVERSE, values);
      lanes.push(isCarried ? { setId: 0, recordOctets, columns } : undefined);
    }
  }
  return { lanes, templates: [template], templateRecords: [] };
}

/**
 * Compiles the templates of a collector.
 * @throws ConfigError with what is wrong in the lists of elements
 */
export function compileLanes(options: LanesOptions, ids: TemplateIds): Lanes {
  const { protocol, values, isBiflow, privateEnterpriseNumber, origin } = options;
  if (protocol === 'netflow5') return netflow5Lanes(values);
  const encode = protocol === 'ipfix' ? ipfixTemplateRecord : netflow9TemplateRecord;
  const lanes: (Lane | undefined)[] = [];
  const templates: Template[] = [];
  const templateRecords: Uint8Array[] = [];
  for (const ipVersion of [4, 6] as const) {
    const names = ipVersion === 4 ? options.template.ipv4 : options.template.ipv6;
    const path = `template.ipv${ipVersion}`;
    const firstLane = lanes.length;
    for (const isIcmp of [false, true]) {
      if (isIcmp && !isProfile(names)) {
        // A list of the user's is one template for all flows of the IP version.
        lanes.push(...lanes.slice(firstLane));
        continue;
      }
      const compiled: TemplateOptions = {
        protocol,
        ipVersion,
        isIcmp,
        privateEnterpriseNumber,
        path,
        origin,
      };
      const add = (template: Template): Pick<Lane, 'setId' | 'recordOctets'> => {
        const record = encode(0, template);
        const setId = ids.take(record);
        new DataView(record.buffer).setUint16(0, setId);
        templates.push(template);
        templateRecords.push(record);
        return { setId, recordOctets: template.recordOctets };
      };
      const single = compileTemplate(names, compiled);
      const lane = add(single);
      lanes.push({ ...lane, columns: compileColumns(single, false, values) });
      lanes.push({ ...lane, columns: compileColumns(single, true, values) });
      const both = isBiflow ? compileTemplate(names, { ...compiled, withReverse: true }) : undefined;
      lanes.push(both && { ...add(both), columns: compileColumns(both, false, values) });
    }
  }
  return { lanes, templates, templateRecords };
}

/**
 * The lanes of an exporter, and the ids that its options templates may use besides.
 * @throws ConfigError with what is wrong in the lists of elements
 */
export function exporterLanes(options: CollectorExporterOptions): { lanes: Lanes; ids: TemplateIds } {
  const { protocol, observationDomainId, ingressInterface, egressInterface } = options;
  const fit = (ifIndex: number) => (protocol === 'netflow5' ? netflow5Interface(ifIndex) : ifIndex);
  const ids = new TemplateIds();
  const values = {
    observationDomainId,
    ingressInterface: ingressInterface === 'auto' ? undefined : fit(ingressInterface),
    egressInterface: fit(egressInterface),
    samplingInterval: options.sampling?.interval ?? 1,
  };
  return { lanes: compileLanes({ ...options, values }, ids), ids };
}
