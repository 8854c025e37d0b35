/**
 * Questions about flows as text: `sort`, `top` and `filter` of a URL or a command line. A filter is a list of conditions,
 * `address 192.0.2.0/24 port 443 protocol tcp interface eth1`; those of one kind are alternatives, and a flow has to meet
 * one of each kind.
 */
import { parseNetwork } from '../base/addresses.ts';
import { ConfigError, type ConfigFault } from '../base/errors.ts';
import { formatProtocol } from '../ie/protocol-names.ts';
import {
  FLOW_QUERY_NAMES,
  FLOW_SORTS,
  FLOWS_TOP_MAX,
  type FlowQuery,
  HEALTH_SORTS,
} from '../records/flow-query.ts';
import { type NetworkWords, networkWords } from '../records/network.ts';

/** What a question may refer to in a probe. */
export interface AskedProbe {
  /** Names of the observation points, in order. */
  readonly points: readonly string[];
  readonly measuresHealth: boolean;
  /** Addresses are replaced before anybody sees them. */
  readonly isAnonymizing: boolean;
}

const TOP_DEFAULT = 20;
const PORT_MAX = 65_535;
const PROTOCOL_MAX = 255;
const FILTER_FORM = 'conditions as in: address 192.0.2.0/24 port 443 protocol tcp interface eth1';

type Values = { networks: NetworkWords[]; ports: number[]; protocols: number[]; points: number[] };

/** How a kind of condition is read: false where the value is none of those allowed. */
interface Kind {
  readonly allowed: string;
  read(value: string, into: Values): boolean;
}

function numberUpTo(text: string, max: number): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= max ? Number(text) : undefined;
}

function protocolOf(text: string): number | undefined {
  const number = numberUpTo(text, PROTOCOL_MAX);
  if (number !== undefined) return number;
  for (let protocol = 0; protocol <= PROTOCOL_MAX; protocol++) {
    if (formatProtocol(protocol).toLowerCase() === text.toLowerCase()) return protocol;
  }
  return undefined;
}

function pushed<T>(list: T[], value: T | undefined): boolean {
  if (value !== undefined) list.push(value);
  return value !== undefined;
}

function kindsOf({ points, isAnonymizing }: AskedProbe): Readonly<Record<string, Kind>> {
  const port = `a port from 0 to ${PORT_MAX}`;
  return {
    address: {
      allowed: isAnonymizing
        ? 'no condition on addresses, which are anonymized here'
        : 'an address or a network, as 192.0.2.1 or 2001:db8::/32',
      read: (value, { networks }) => {
        const network = isAnonymizing ? undefined : parseNetwork(value);
        return pushed(networks, network && networkWords(network));
      },
    },
    port: { allowed: port, read: (value, { ports }) => pushed(ports, numberUpTo(value, PORT_MAX)) },
    protocol: {
      allowed: `a number from 0 to ${PROTOCOL_MAX}, or a name as tcp`,
      read: (value, { protocols }) => pushed(protocols, protocolOf(value)),
    },
    interface: {
      allowed: points.join(', '),
      read: (value, into) =>
        pushed(into.points, points.includes(value) ? points.indexOf(value) + 1 : undefined),
    },
  };
}

function readFilter(text: string, probe: AskedProbe, faults: ConfigFault[]): Values {
  const values: Values = { networks: [], ports: [], protocols: [], points: [] };
  const kinds = kindsOf(probe);
  const words = text.split(/[\s,]+/).filter((word) => word !== '' && word !== 'and');
  for (let i = 0; i < words.length; i += 2) {
    const [name, value] = [words[i]!, words[i + 1]];
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      const allowed = `${Object.keys(kinds).join(', ')}, each with a value; ${FILTER_FORM}`;
      faults.push({ path: 'filter', found: JSON.stringify(name), allowed });
      break;
    }
    if (value === undefined || !kind.read(value, values)) {
      const found = value === undefined ? `${name} without a value` : `${name} ${JSON.stringify(value)}`;
      faults.push({ path: 'filter', found, allowed: kind.allowed });
    }
  }
  return values;
}

/**
 * Reads a question.
 * @param given its parameters as text; what is missing has its default: the 20 flows with the most octets
 * @param origin for messages: `query`, or `command line`
 * @throws ConfigError that names each fault with what is allowed
 */
export function parseFlowQuery(
  given: Readonly<Record<string, string>>,
  probe: AskedProbe,
  origin = 'query',
): FlowQuery {
  const faults: ConfigFault[] = [];
  for (const name of Object.keys(given)) {
    if (!FLOW_QUERY_NAMES.some((known) => known === name))
      faults.push({ path: name, found: 'it', allowed: FLOW_QUERY_NAMES.join(', ') });
  }
  const { sort: sortText = 'octets', top: topText = String(TOP_DEFAULT), filter: filterText = '' } = given;
  const sorts = FLOW_SORTS.filter((name) => probe.measuresHealth || !HEALTH_SORTS.has(name));
  const sort = sorts.find((name) => name === sortText);
  if (sort === undefined) {
    const without = sorts.length < FLOW_SORTS.length ? '; loss and rtt with metering.pathHealth' : '';
    faults.push({ path: 'sort', found: JSON.stringify(sortText), allowed: sorts.join(', ') + without });
  }
  const top = numberUpTo(topText, FLOWS_TOP_MAX);
  if (top === undefined || top === 0)
    faults.push({ path: 'top', found: JSON.stringify(topText), allowed: `1 to ${FLOWS_TOP_MAX}` });
  const filter = readFilter(filterText, probe, faults);
  if (faults.length > 0) throw new ConfigError(origin, faults);
  return { sort: sort!, top: top!, filter };
}
