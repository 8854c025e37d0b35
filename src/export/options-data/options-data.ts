/**
 * Options: what a collector should know besides flows. How packets were selected; the system start; names of interfaces;
 * the exporter's address; flow keys; anonymization; names of applications; types of flowtap's own elements; statistics. Each is an options
 * template and its data records, sent together with the templates or, statistics, from time to time.
 */

import { addressOctets } from '../../base/addresses.ts';
import type { InformationElement } from '../../ie/element.ts';
import type { AnonymizationConfig } from '../anonymization/anonymizer.ts';
import type {
  MeteringStatistics,
  SamplingDescription,
  SamplingForm,
} from '../contract/metering-statistics.ts';
import type { FlowKeyParts, InterfaceDescription } from '../contract/options-content.ts';
import { applicationOptions } from './options-applications.ts';
import {
  type Field,
  ipfixOptions,
  netflow9Options,
  type OptionsContent,
  type OptionsSet,
  VARIABLE_LENGTH,
} from './options-records.ts';
import { defaultSamplingForms, samplingOptions } from './options-sampling.ts';
import { type ExportStatistics, ipfixStatistics, netflow9Statistics } from './options-statistics.ts';
import {
  type AnnouncedTemplate,
  anonymizationOptions,
  flowKeyOptions,
  typeInformation,
} from './options-templates.ts';

/** Sizes of names in NetFlow v9, which has no variable lengths. */
const V9_NAME_OCTETS = 32;
const V9_DESCRIPTION_OCTETS = 64;

export interface OptionsContents {
  readonly observationDomainId: number;
  readonly sampling: SamplingDescription;
  /** Undefined: those that most collectors read. */
  readonly samplingForms: readonly SamplingForm[] | undefined;
  readonly systemInitMs: number;
  readonly interfaces: readonly InterfaceDescription[];
  /** Undefined where it is not known. */
  readonly exporterAddress: string | undefined;
  readonly templates: readonly AnnouncedTemplate[];
  /** Undefined where nobody told. */
  readonly flowKey: FlowKeyParts | undefined;
  /** Whether ingressInterface is the observation point. */
  readonly isInterfaceKey: boolean;
  readonly anonymization: AnonymizationConfig | undefined;
  /** Own elements that the templates use. */
  readonly ownElements: readonly InformationElement[];
  readonly privateEnterpriseNumber: number;
  /** Whether templates have applicationId. */
  readonly hasApplications: boolean;
  readonly exported: ExportStatistics;
  readonly metering: MeteringStatistics | undefined;
}

const SCOPE_SYSTEM_V9 = { id: 1, octets: 4 }; // RFC 3954 §6.1
const SCOPE_INTERFACE_V9 = { id: 2, octets: 4 };
const OBSERVATION_DOMAIN_ID = { id: 149, octets: 4 };
const INTERFACE_NAME = 82;
const INTERFACE_DESCRIPTION = 83;
const EXPORTER_IPV4_ADDRESS = { id: 130, octets: 4 };
const EXPORTER_IPV6_ADDRESS = { id: 131, octets: 16 };
const SYSTEM_INIT_MS = { id: 160, octets: 8 };

const interfaceRows = (interfaces: readonly InterfaceDescription[]) =>
  interfaces.map((port) => [port.ifIndex, port.name, port.description]);

/** All options of NetFlow v9. */
export function netflow9OptionsData(contents: OptionsContents): OptionsSet[] {
  const { observationDomainId, sampling, interfaces } = contents;
  const forms = contents.samplingForms ?? defaultSamplingForms(sampling, false);
  const all: OptionsContent[] = [
    ...applicationNames(contents, SCOPE_SYSTEM_V9),
    ...samplingContents(sampling, forms, SCOPE_SYSTEM_V9, observationDomainId),
  ];
  if (interfaces.length > 0) {
    all.push({
      kind: 'interfaces',
      scope: [SCOPE_INTERFACE_V9],
      fields: [
        { id: INTERFACE_NAME, octets: V9_NAME_OCTETS },
        { id: INTERFACE_DESCRIPTION, octets: V9_DESCRIPTION_OCTETS },
      ],
      rows: interfaceRows(interfaces),
    });
  }
  all.push(...netflow9Statistics(SCOPE_SYSTEM_V9, observationDomainId, contents.exported));
  return all.map(netflow9Options);
}

/** All options of IPFIX. The older forms of the sampling rate come first: some collectors stop at what they know. */
export function ipfixOptionsData(contents: OptionsContents): OptionsSet[] {
  const { observationDomainId, sampling, systemInitMs, interfaces, ownElements } = contents;
  const { templates, flowKey, anonymization, privateEnterpriseNumber } = contents;
  const domain = OBSERVATION_DOMAIN_ID;
  const forms = contents.samplingForms ?? defaultSamplingForms(sampling, true);
  const all: OptionsContent[] = [
    ...applicationNames(contents, domain),
    ...samplingContents(sampling, forms, domain, observationDomainId),
    { kind: 'start', scope: [domain], fields: [SYSTEM_INIT_MS], rows: [[observationDomainId, systemInitMs]] },
    ...exporterAddress(contents),
  ];
  if (interfaces.length > 0) {
    all.push({
      kind: 'interfaces',
      scope: [{ id: 10, octets: 4 }],
      fields: [
        { id: INTERFACE_NAME, octets: VARIABLE_LENGTH },
        { id: INTERFACE_DESCRIPTION, octets: VARIABLE_LENGTH },
      ],
      rows: interfaceRows(interfaces),
    });
  }
  if (flowKey !== undefined) all.push(flowKeyOptions(templates, flowKey, contents.isInterfaceKey));
  if (anonymization !== undefined) {
    all.push(...anonymizationOptions(templates, anonymization, privateEnterpriseNumber));
  }
  if (ownElements.length > 0) all.push(typeInformation(ownElements, privateEnterpriseNumber));
  all.push(...ipfixStatistics(observationDomainId, contents.exported, contents.metering));
  return all.map(ipfixOptions);
}

const samplingContents: typeof samplingOptions = (...of) =>
  samplingOptions(...of).map((content) => ({ ...content, kind: 'sampling' }));

const applicationNames = ({ hasApplications, observationDomainId }: OptionsContents, scope: Field) =>
  hasApplications ? [applicationOptions(scope, observationDomainId)] : [];

function exporterAddress(contents: OptionsContents): OptionsContent[] {
  const { exporterAddress: address, observationDomainId } = contents;
  if (address === undefined) return [];
  const field = address.includes(':') ? EXPORTER_IPV6_ADDRESS : EXPORTER_IPV4_ADDRESS;
  return [
    {
      scope: [OBSERVATION_DOMAIN_ID],
      fields: [field],
      rows: [[observationDomainId, addressOctets(address)]],
    },
  ];
}
