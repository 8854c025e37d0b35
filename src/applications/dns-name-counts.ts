/** Counts of names by DNS: places in a Float64Array, in the order of DNS_NAME_COUNTS. */
export const COUNT_REMEMBERED = 0;
export const COUNT_UNASKED = 1;
export const COUNT_CUT = 2;
export const COUNT_EVICTED = 3;
export const COUNT_REFUSED = 4;
export const COUNT_LOOKUPS = 5;
export const COUNT_FOUND = 6;
export const COUNT_MISSED = 7;

export const DNS_NAME_COUNTS: readonly { readonly name: string; readonly help: string }[] = [
  { name: 'remembered', help: 'addresses in DNS answers that were remembered with the name asked for' },
  {
    name: 'unasked',
    help: 'DNS responses without a question that was seen before them, of which nothing is believed',
  },
  { name: 'cut', help: 'DNS responses that were truncated, cut by the capture or damaged' },
  { name: 'evicted', help: 'addresses forgotten before their time, since there was no room for another one' },
  { name: 'refused', help: 'addresses that were not remembered, since there was no room for their name' },
  { name: 'lookups', help: 'flows that were looked up' },
  { name: 'found', help: 'flows whose name was found' },
  { name: 'missed', help: 'addresses that another worker learned faster than this one could take them over' },
];
