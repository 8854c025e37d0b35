/**
 * Sampling as options data, in the forms that collectors look for (docs/collectors.md says which one looks for which):
 * the older ones of NetFlow v9, and those of RFC 5477.
 */
import type { SamplingDescription, SamplingForm } from '../contract/metering-statistics.ts';
import type { Field, OptionsContent, Value } from './options-records.ts';

const SAMPLING_INTERVAL_FIELD = { id: 34, octets: 4 };
/** 1 deterministic, 2 random: not the numbers of selectorAlgorithm. */
const SAMPLING_ALGORITHM = { id: 35, octets: 1 };
const SAMPLER_ID = { id: 48, octets: 1 };
const SAMPLER_MODE = { id: 49, octets: 1 };
const SAMPLER_RANDOM_INTERVAL = { id: 50, octets: 4 };
const SELECTOR_ID = { id: 302, octets: 8 };
const SELECTOR_ALGORITHM = { id: 304, octets: 2 };
const PACKET_INTERVAL = { id: 305, octets: 4 };
const PACKET_SPACE = { id: 306, octets: 4 };
const PROBABILITY = { id: 311, octets: 8 };

const SCOPE_SYSTEM_V9 = 1; // RFC 3954 §6.1

// selectorAlgorithm (RFC 5477 §8.2.3).
const SYSTEMATIC_COUNT = 1;
const UNIFORM_PROBABILITY = 4;
const HASH_BOB = 6;

/** The one selector that there is. */
export const SELECTOR = 1;

/** Every packet: what is announced without sampling. */
export const EVERY_PACKET: SamplingDescription = { method: 'systematic', interval: 1 };

/**
 * The forms where none are chosen. samplingPacketInterval is left out where it would be taken for the rate (goflow2
 * takes the last of 305, 50 and 34 that it meets, and 305 is 1 for one packet in many).
 */
export function defaultSamplingForms(
  { method, interval }: SamplingDescription,
  isIpfix: boolean,
): SamplingForm[] {
  if (!isIpfix) return ['interval', 'algorithm'];
  const isMisread = method === 'systematic' && interval > 1;
  return isMisread ? ['interval', 'algorithm'] : ['interval', 'algorithm', 'selector'];
}

function selectorFields({ method, interval }: SamplingDescription): [Field[], Value[]] {
  if (method === 'systematic') {
    const fields = [SELECTOR_ALGORITHM, PACKET_INTERVAL, PACKET_SPACE];
    return [fields, [SYSTEMATIC_COUNT, 1, interval - 1]];
  }
  const algorithm = method === 'hash' ? HASH_BOB : UNIFORM_PROBABILITY;
  // Of a hash, the share that it selects; its range and seed stay secret (RFC 5475 §6.2.2).
  return [
    [SELECTOR_ALGORITHM, PROBABILITY],
    [algorithm, { float64: 1 / interval }],
  ];
}

/**
 * @param scope the system or observation domain
 * @returns one for each form, in the order given
 */
export function samplingOptions(
  sampling: SamplingDescription,
  forms: readonly SamplingForm[],
  scope: Field,
  scopeValue: number,
): OptionsContent[] {
  const { method, interval } = sampling;
  const mode = method === 'systematic' ? 1 : 2;
  const space = interval - 1;
  const contents: Record<SamplingForm, () => OptionsContent> = {
    interval: () => ({ scope: [scope], fields: [SAMPLING_INTERVAL_FIELD], rows: [[scopeValue, interval]] }),
    algorithm: () => ({
      scope: [scope],
      fields: [SAMPLING_INTERVAL_FIELD, SAMPLING_ALGORITHM],
      rows: [[scopeValue, interval, mode]],
    }),
    sampler: () => ({
      scope: [scope],
      fields: [SAMPLER_ID, SAMPLER_MODE, SAMPLER_RANDOM_INTERVAL],
      rows: [[scopeValue, SELECTOR, mode, interval]],
    }),
    spacing: () => ({
      scope: [scope],
      fields: [PACKET_INTERVAL, PACKET_SPACE],
      rows: [[scopeValue, 1, space]],
    }),
    selector: () => {
      const [fields, values] = selectorFields(sampling);
      // NetFlow v9 knows five scopes, and a selector is none of them.
      return scope.id === SCOPE_SYSTEM_V9
        ? { scope: [scope], fields: [SELECTOR_ID, ...fields], rows: [[scopeValue, SELECTOR, ...values]] }
        : { scope: [SELECTOR_ID], fields, rows: [[SELECTOR, ...values]] };
    },
  };
  return forms.map((form) => contents[form]());
}
