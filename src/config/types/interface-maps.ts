/** Types of the options that map VLANs and MAC addresses to interfaces. */
import { UINT32_MAX } from './config-option.ts';
import type { OptionType } from './option-types.ts';

const MAC = '[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}';
const VLAN_MAX = 4094;

function toWords(raw: unknown): string[] | undefined {
  const items = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(',') : undefined;
  if (items === undefined || !items.every((item) => typeof item === 'string')) return undefined;
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

/** A list of words that may be empty, each of one form, and no key twice. */
function wordList(
  allowed: string,
  pattern: string,
  placeholder: string,
  isRight: (key: string, value: string | undefined) => boolean,
): OptionType {
  const form = new RegExp(`^${pattern}$`);
  return {
    allowed,
    placeholder,
    jsonSchema: {
      oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string', pattern: `^${pattern}$` } }],
    },
    isList: true,
    parse(raw) {
      const words = toWords(raw);
      if (words === undefined || !words.every((word) => form.test(word))) return undefined;
      const pairs = words.map((word) => word.toLowerCase().replaceAll('-', ':').split('='));
      const keys = new Set(pairs.map(([key]) => key));
      if (keys.size < pairs.length) return undefined;
      return pairs.every(([key, value]) => isRight(key!, value))
        ? pairs.map((pair) => pair.join('='))
        : undefined;
    },
  };
}

const isIfIndex = (text: string | undefined) => Number(text) >= 1 && Number(text) <= UINT32_MAX;

/** `VLAN=IFINDEX` pairs. */
export const VLAN_INTERFACES: OptionType = wordList(
  `pairs VLAN=IFINDEX as in 10=1001, each VLAN (1 to ${VLAN_MAX}) once`,
  '\\d{1,4}=\\d{1,10}',
  'VLAN=IFINDEX,…',
  (vlan, ifIndex) => Number(vlan) >= 1 && Number(vlan) <= VLAN_MAX && isIfIndex(ifIndex),
);

/** `MAC=IFINDEX` pairs. */
export const MAC_INTERFACES: OptionType = wordList(
  'pairs MAC=IFINDEX as in 02:00:00:00:00:01=1001, each address once',
  `${MAC}=\\d{1,10}`,
  'MAC=IFINDEX,…',
  (_, ifIndex) => isIfIndex(ifIndex),
);

/** MAC addresses. */
export const MAC_LIST: OptionType = wordList(
  'MAC addresses as in 02:00:00:00:00:01, each once',
  MAC,
  'MAC,…',
  () => true,
);
