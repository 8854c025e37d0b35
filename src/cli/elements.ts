/**
 * `flowtap elements`: the information elements that a template can hold, from the table that the exporters use. Numbers
 * are those of IANA's registry (RFC 7012); `own` marks elements under the private enterprise number.
 */
import { ConfigError } from '../base/errors.ts';
import { type InformationElement, isPrivate } from '../ie/element.ts';
import { findElement, INFORMATION_ELEMENTS, naturalOctets, suggestElement } from '../ie/elements.ts';
import { COMMAND_LINE } from './command.ts';
import { formatListing } from './listing.ts';

/** What programs get of an element. */
function toJson(element: InformationElement) {
  return {
    id: element.id,
    name: element.name,
    type: element.type,
    octets: naturalOctets(element),
    unit: element.unit,
    semantics: element.semantics,
    isEnterprise: element.isEnterprise === true,
    ...(element.enterpriseNumber === undefined ? {} : { enterpriseNumber: element.enterpriseNumber }),
    isReversible: element.isReversible === true,
    protocols: protocols(element),
    description: element.description,
  };
}

/** The protocols that can carry an element in a template; NetFlow v5 has a fixed record instead. */
function protocols(element: InformationElement): string[] {
  return isPrivate(element) && element.v9Id === undefined ? ['ipfix'] : ['netflow9', 'ipfix'];
}

function numberOf({ id, isEnterprise, enterpriseNumber }: InformationElement): string {
  if (isEnterprise) return `own ${id}`;
  return enterpriseNumber === undefined ? String(id) : `${enterpriseNumber}/${id}`;
}

function table(): string {
  const body = INFORMATION_ELEMENTS.map((element) => [
    numberOf(element),
    element.name,
    element.type,
    element.unit === 'none' ? '' : element.unit,
    protocols(element).join(' '),
  ]);
  return formatListing(['Number', 'Name', 'Type', 'Unit', 'Protocols'], body);
}

function details(element: InformationElement): string {
  const { name, id, type, unit, semantics, description } = element;
  const { enterpriseNumber } = element;
  const iana = enterpriseNumber === undefined ? `${id} (IANA)` : `${id}, under ${enterpriseNumber}`;
  const number = element.isEnterprise ? `${id}, under the private enterprise number` : iana;
  const rows = [
    ['Number', number],
    ['Type', `${type}, ${naturalOctets(element)} octets`],
    ['Semantics', semantics],
    ['Unit', unit],
    ['Protocols', protocols(element).join(', ')],
    ['Reverse', element.isReversible ? 'yes, in biflow records (RFC 5103)' : 'no'],
    ['IP version', element.ipVersion === undefined ? 'any' : `only ${element.ipVersion}`],
  ];
  const lines = rows.map(([label, value]) => `  ${label!.padEnd(10)}  ${value}`);
  return `${name}: ${description}\n${lines.join('\n')}\n`;
}

function unknownElement(name: string): ConfigError {
  const meant = suggestElement(name);
  const allowed =
    meant === undefined ? 'a name that `flowtap elements` lists' : `${meant} (did you mean it?)`;
  return new ConfigError(COMMAND_LINE, [{ path: 'NAME', found: JSON.stringify(name), allowed }]);
}

/**
 * Prints all elements, or one of them; resolves to the exit code.
 * @throws ConfigError for a name that no element has
 */
export async function elements(name: string | undefined, form: 'table' | 'json'): Promise<number> {
  const element = name === undefined ? undefined : findElement(name);
  if (name !== undefined && element === undefined) throw unknownElement(name);
  const chosen = element === undefined ? INFORMATION_ELEMENTS : [element];
  if (form === 'json') {
    process.stdout.write(chosen.map((row) => `${JSON.stringify(toJson(row))}\n`).join(''));
  } else {
    process.stdout.write(element === undefined ? table() : details(element));
  }
  return 0;
}
