/**
 * The option `live.interfaces`: interfaces, and groups of them that are one observation point, such as the two ports of a
 * TAP. A group is an object in YAML, `{name: tap, members: [eth1, eth2]}`, and `tap=eth1/eth2` in a flag and in what is
 * kept: Linux has no interface with a `/` in its name, so a group is never taken for one.
 */
import type { ConfigFault } from '../../base/errors.ts';
import { interfacesOf, MEMBERS_MAX, type ObservationPoint } from '../../records/observation-points.ts';
import type { OptionType } from './option-types.ts';

const NAME = '[^\\s/=,:]+';
const MEMBER = '[^\\s/,]+';
const GROUP_NAME = new RegExp(`^${NAME}$`);
const GROUP = new RegExp(`^(${NAME})=(${MEMBER}(?:/${MEMBER})+)$`);

/** The observation points that the words of the option name. */
export function observationPoints(words: readonly string[]): ObservationPoint[] {
  return words.map((word) => {
    const [, name, members] = GROUP.exec(word) ?? [];
    return name === undefined ? { name: word } : { name, members: members!.split('/') };
  });
}

/** The word of one item of the list; undefined if it is none. */
function wordOf(item: unknown): string | undefined {
  if (typeof item === 'string') {
    const word = item.trim();
    const isMeantAsGroup = word.includes('=') && word.includes('/');
    return isMeantAsGroup && !isGroup(word) ? undefined : word;
  }
  if (typeof item !== 'object' || item === null) return undefined;
  const { name, members, ...others } = item as Record<string, unknown>;
  if (Object.keys(others).length > 0 || !Array.isArray(members)) return undefined;
  if (typeof name !== 'string' || !GROUP_NAME.test(name)) return undefined;
  if (!members.every((member) => typeof member === 'string' && !member.includes('/'))) return undefined;
  const word = `${name}=${members.join('/')}`;
  return isGroup(word) ? word : undefined;
}

function isGroup(word: string): boolean {
  const members = GROUP.exec(word)?.[2]?.split('/').length ?? 0;
  return members >= 2 && members <= MEMBERS_MAX;
}

/** Names of interfaces, and groups of them. */
export const LIVE_INTERFACES: OptionType = {
  allowed:
    `names of network interfaces (see: flowtap interfaces), and groups of 2 to ${MEMBERS_MAX} of them: ` +
    'NAME=INTERFACE/INTERFACE, in YAML also {name: NAME, members: [INTERFACE, INTERFACE]}',
  placeholder: 'NAME',
  jsonSchema: {
    oneOf: [
      { type: 'string' },
      {
        type: 'array',
        items: {
          oneOf: [
            { type: 'string' },
            {
              type: 'object',
              additionalProperties: false,
              properties: {
                name: { type: 'string', pattern: `^${NAME}$` },
                members: {
                  type: 'array',
                  items: { type: 'string', pattern: `^${MEMBER}$` },
                  minItems: 2,
                  maxItems: MEMBERS_MAX,
                  uniqueItems: true,
                },
              },
              required: ['name', 'members'],
            },
          ],
        },
      },
    ],
  },
  isList: true,
  parse(raw) {
    const items = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(',') : undefined;
    const words = items?.map(wordOf);
    if (words === undefined || words.includes(undefined)) return undefined;
    return (words as string[]).filter((word) => word !== '');
  },
};

/** Faults of the interfaces together. @param path how the user called the option */
export function observationPointFaults(words: readonly string[], path: string): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const owners = new Map<string, string>();
  const points = observationPoints(words);
  for (const point of points) {
    for (const name of interfacesOf(point)) {
      const owner = owners.get(name);
      owners.set(name, point.name);
      if (owner === undefined) continue;
      const where = owner === point.name ? '' : `, in ${owner} and in ${point.name}`;
      faults.push({
        path,
        found: `${JSON.stringify(name)} twice${where}`,
        allowed: 'each interface once; live.workers shares one out',
      });
    }
  }
  for (const [i, { name, members }] of points.entries()) {
    const isTaken = owners.has(name) || points.findIndex((other) => other.name === name) !== i;
    if (members === undefined || !isTaken) continue;
    faults.push({
      path,
      found: `the group ${JSON.stringify(name)}, which is the name of another interface or group`,
      allowed: 'a name of its own for each group',
    });
  }
  return faults;
}
